"""WF001: an item is no task and no list.

An item of the definition is neither a task nor a list of tasks: a text, a number, a set, a dict, a generator. The
definition can't be registered.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the faulty items of this kind."""
    for fault in context.reading.faults:
        if fault.code == "WF001":
            yield Finding(
                fault.message,
                address=fault.address,
                location=fault.location,
                hint="put a callable that takes (obj, eng), or a list of them, there",
            )


RULE = Rule(
    code="WF001",
    name="item-not-callable",
    severity="error",
    sound=True,
    about=__doc__ or "",
    find=find,
)
