"""WF004: the definition contains itself.

A list stands, directly or further in, inside itself (or a parallel pattern inside one of its own branches). There is
no end to such a definition.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the faulty items of this kind."""
    for fault in context.reading.faults:
        if fault.code == "WF004":
            yield Finding(fault.message, address=fault.address, hint="use WHILE, FOR or a jump to repeat tasks")


RULE = Rule(
    code="WF004",
    name="definition-contains-itself",
    severity="error",
    sound=True,
    about=__doc__ or "",
    find=find,
)
