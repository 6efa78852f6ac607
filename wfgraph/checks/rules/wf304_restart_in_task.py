"""WF304: a task restarts the run that it is a part of.

``eng.restart()`` inside a task runs the workflow within the task, and the task goes on afterwards: every restart
nests the run deeper, and the tasks that follow run once for each of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.compiler.inference import NoteKind

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the tasks that call ``restart``."""
    for node, note in context.notes(NoteKind.RESTARTS):
        yield Finding(
            f"{context.label(node.id)} calls eng.{note.detail}() (line {note.line}): a run within the run",
            node.id,
            hint="use eng.rewind(), which does not nest",
        )


RULE = Rule(
    code="WF304",
    name="restart-in-task",
    severity="warning",
    sound=True,
    about=__doc__ or "",
    find=find,
)
