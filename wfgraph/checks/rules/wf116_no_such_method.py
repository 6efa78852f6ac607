"""WF116: a task calls a method that the engine does not have.

The call fails with an ``AttributeError`` when the task runs. Name your engine's class (``--engine module:Class``, or
``check(..., engine=Class)``), so that its own methods are known; without it the finding is a warning, because the engine
that is used may have the method. It is wrong for methods that are only set on an instance.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.compiler.inference import NoteKind
from wfgraph.compiler.inference.controls import HARMLESS, STEERING

GENERIC = "GenericWorkflowEngine"


__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the tasks that call what the engine's class lacks."""
    engine = context.reading.inference.engine
    for node, note in context.notes(NoteKind.NO_METHOD):
        name = GENERIC if engine is None else engine.__name__
        near = get_close_matches(note.detail, STEERING | HARMLESS, 1, 0.7)
        yield Finding(
            f"{context.label(node.id)} calls eng.{note.detail}() (line {note.line}), which {name} does not have",
            node.id,
            hint=f"did you mean eng.{near[0]}?" if near else "correct the name, or say which engine class has it",
            severity="warning" if engine is None else None,
        )


RULE = Rule(
    code="WF116",
    name="no-such-method",
    severity="error",
    sound=False,
    about=__doc__ or "",
    find=find,
)
