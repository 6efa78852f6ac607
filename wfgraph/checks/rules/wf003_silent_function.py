"""WF003: a coroutine or generator function as a task.

Calling an `async def` or a generator function runs nothing of its body. As a task it would silently do nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the faulty items of this kind."""
    for fault in context.reading.faults:
        if fault.code == "WF003":
            yield Finding(
                fault.message,
                address=fault.address,
                location=fault.location,
                hint="make it a plain function that does its work when it is called",
            )


RULE = Rule(
    code="WF003",
    name="task-does-nothing-when-called",
    severity="error",
    sound=True,
    about=__doc__ or "",
    find=find,
)
