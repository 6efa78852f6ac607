"""WF117: a task sets the position by itself.

After it, the token goes on wherever the new position says. Nothing can be told of the flow behind such a task, and a
position in numbers is wrong as soon as the definition changes.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.compiler.inference import NoteKind

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the tasks that change ``eng.state``."""
    for node, note in context.notes(NoteKind.MOVES):
        yield Finding(
            f"{context.label(node.id)} sets the position by hand (line {note.line})",
            node.id,
            hint="use eng.jump_call(), a loop or a condition, which the graph can show",
        )


RULE = Rule(
    code="WF117",
    name="position-by-hand",
    severity="info",
    sound=True,
    about=__doc__ or "",
    find=find,
)
