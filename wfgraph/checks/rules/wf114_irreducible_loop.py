"""WF114: a loop that is entered in two places.

Jumps make a loop that is entered in two places, so no task in it is met first in every case (it is irreducible). It
runs as it is written, but it has no head that could be read as a condition, and it is drawn and compiled badly.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the first step back into each such loop."""
    told: set[int] = set()
    for source, target in sorted(context.flow.second_entries):
        if target in told:
            continue
        told.add(target)
        yield Finding(
            f"the loop from {context.label(target)} to {context.label(source)} is also entered in another place",
            source,
            hint="let every way into it lead to one task; WHILE makes such loops",
            witness=context.spots([*context.flow.path_to(source), target]),
        )


RULE = Rule(
    code="WF114",
    name="loop-with-two-entries",
    severity="warning",
    sound=True,
    about=__doc__ or "",
    find=find,
)
