"""WF306: what steers the token is raised in another thread.

A halt, a jump and the like are exceptions. Raised in a thread that a task starts, they end that thread and never reach
the engine.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.compiler.inference import NoteKind

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the tasks that start a thread which would steer."""
    for node, note in context.notes(NoteKind.THREAD):
        yield Finding(
            f"{context.label(node.id)} starts a thread whose {note.detail} (line {note.line}) never reaches the engine",
            node.id,
            hint="let the thread return what it found, and the task steer",
        )


RULE = Rule(
    code="WF306",
    name="control-in-thread",
    severity="warning",
    sound=True,
    about=__doc__ or "",
    find=find,
)
