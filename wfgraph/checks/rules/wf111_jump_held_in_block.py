"""WF111: a jump back that is cut off inside a pattern, and so never ends.

A jump never leaves the list that holds the task, and the branch of a pattern is a list of its own. A jump back that
was meant to lead out of it is cut off at its first task, and so repeats the branch for ever.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.endless import clamped_traps
from wfgraph.checks.rule import Finding, Rule

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the jumps back out of a nested list that make an endless loop in it."""
    for number, trap in clamped_traps(context).items():
        yield Finding(
            f"{context.label(number)} jumps back out of its list, which no jump can: it is cut off at "
            f"{context.graph.where(trap[0])}, and the loop from there is never left",
            number,
            hint="jump from a task in the outer list (TASK_JUMP_IF in place of IF), or use WHILE",
            witness=context.spots([*trap, trap[0]]),
        )


RULE = Rule(
    code="WF111",
    name="jump-held-in-its-block",
    severity="error",
    sound=True,
    about=__doc__ or "",
    find=find,
)
