"""WF006: a task makes a coroutine and never awaits it.

A task, or a condition, calls an `async def` and drops or returns what that gives: nothing of the body runs, and a condition
holds always. (An `async def` that is itself a task is WF003.) It is wrong where a name stands for something else when the
workflow runs.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.compiler.inference import NoteKind
from wfgraph.utils import escape_control

__all__ = ["RULE"]

_HINT = "run it: asyncio.run(...); see docs/howto/async.md"


def find(context: Context) -> Iterator[Finding]:
    """Yield the tasks that drop a coroutine, and the patterns that would."""
    for fault in context.reading.faults:
        if fault.code == "WF006":
            yield Finding(fault.message, address=fault.address, location=fault.location, hint=_HINT)
    for node, note in context.notes(NoteKind.NOT_AWAITED):
        where = f" (line {note.line})" if note.line else ""
        yield Finding(
            f"{context.label(node.id)} makes a coroutine of {escape_control(note.detail)}(){where} and never awaits it",
            node.id,
            hint=_HINT,
        )


RULE = Rule(
    code="WF006",
    name="coroutine-never-awaited",
    severity="error",
    sound=False,
    about=__doc__ or "",
    find=find,
)
