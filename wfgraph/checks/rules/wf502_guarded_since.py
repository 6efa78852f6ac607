"""WF502: a guard now stands before a stored position.

Runs may be halted at this task of the version that the definition is compared with (``--baseline``). Since then the
task was put under a condition or a loop: a run that goes on there was never asked it. So it is refused to go on by
itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.difference import Reason

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the tasks that may hold runs and stand under more patterns than they did."""
    old = context.baseline
    if old is None:
        return
    for lost in context.stranded:
        if lost.reason is not Reason.GUARDED:
            continue
        node = old.nodes[lost.node]
        yield Finding(
            f"{context.label(lost.candidates[0])} now stands under {' and '.join(map(repr, lost.guards))}; "
            f"runs that were halted in it at {old.where(lost.node)} have not passed that",
            lost.candidates[0],
            hint="let them go on elsewhere: say where when they are resumed, or keep the task as it was beside the new one",
            severity=None if context.halts(old, node) else "info",
        )


RULE = Rule(
    code="WF502",
    name="guarded-since",
    severity="error",
    sound=True,
    about=__doc__ or "",
    find=find,
)
