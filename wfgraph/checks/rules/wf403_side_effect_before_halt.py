"""WF403: a task acts on the world, and may halt afterwards.

Who resumes a halted run at the same task does it again: a second mail, a second ticket. What counts as acting is
guessed from the modules that are called, so it may be wrong in both ways.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.outcomes import HALT

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the tasks that call other programs or services before they may halt."""
    for node in context.reached():
        found = context.effects(node)
        if found is not None and not found.opaque and found.acts and HALT in found.outcomes:
            yield Finding(
                f"{context.label(node.id)} acts before it may halt: who runs it again does that again",
                node.id,
                hint="halt in a task of its own, before or after the one that acts",
            )


RULE = Rule(
    code="WF403",
    name="side-effect-before-halt",
    severity="info",
    sound=False,
    about=__doc__ or "",
    find=find,
)
