"""WF002: a task can't be called with the token and the engine.

A task is called with the token and the engine. This one can't be called so: the call would fail when its turn came.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the faulty items of this kind."""
    for fault in context.reading.faults:
        if fault.code == "WF002":
            yield Finding(
                fault.message,
                address=fault.address,
                location=fault.location,
                hint="give it the parameters (obj, eng); if it makes a task, call it: name(...)",
            )


RULE = Rule(
    code="WF002",
    name="task-takes-other-arguments",
    severity="error",
    sound=True,
    about=__doc__ or "",
    find=find,
)
