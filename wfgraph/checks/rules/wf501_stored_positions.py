"""WF501: a stored position that is lost.

Runs may be halted at this task of the version that the definition is compared with (``--baseline``), and the definition
has no task any more that is certainly the same: they can't go on by themselves. For a task of which is not known
whether it halts, this is only told.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.difference import Reason, Stranded
from wfgraph.graph.identity import identities

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the tasks of the baseline that may hold runs, and are lost for another reason than a new guard."""
    old = context.baseline
    if old is None:
        return
    names = identities(old)
    for lost in context.stranded:
        if lost.reason is Reason.GUARDED:
            continue
        node = old.nodes[lost.node]
        yield Finding(
            f"runs that are halted in {names[lost.node].short}, which stood at {old.where(lost.node)}, "
            f"can't go on: it {lost.reason.value}{_near(context, lost)}",
            address=node.item.address if node.lane is None else (),
            hint="keep the task until no run is halted in it, give it an id (@task(id=...)), or name the task that "
            "takes its place when they are resumed",
            severity=None if context.halts(old, node) else "info",
        )


def _near(context: Context, lost: Stranded) -> str:
    return f"; see {context.places(lost.candidates)}" if lost.candidates else ""


RULE = Rule(
    code="WF501",
    name="stored-position-lost",
    severity="error",
    sound=True,
    about=__doc__ or "",
    find=find,
)
