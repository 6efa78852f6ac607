"""WF115: what steers the token is caught by a handler of errors.

``eng.halt()``, a jump and the like are exceptions. A handler for ``Exception`` (or a bare ``except``, or a ``finally`` that
returns) around them takes them for a failure, and the token goes on as if nothing had been said.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.compiler.inference import NoteKind

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the tasks whose own handlers catch what they tell the engine."""
    for node, note in context.notes(NoteKind.SWALLOWS):
        yield Finding(
            f"{context.label(node.id)} catches its own {note.detail} (line {note.line}): the engine never gets it",
            node.id,
            hint="let WorkflowTransition pass: `except WorkflowTransition: raise` before the handler",
        )


RULE = Rule(
    code="WF115",
    name="swallowed-control",
    severity="warning",
    sound=True,
    about=__doc__ or "",
    find=find,
)
