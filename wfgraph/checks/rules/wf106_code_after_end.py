"""WF106: tasks behind one that never goes on.

What stands behind a task that always stops the run, leaves the token or the list, or fails, is never reached: STOP,
BREAK, OBJ_NEXT, ERROR, and tasks that do the same on every path. (What stands behind HALT is reached: a run that was
halted goes on there.)
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.regions import never_goes_on, regions
from wfgraph.checks.rule import Finding, Rule

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield one finding per region behind a task that never goes on."""
    for region in regions(context):
        if region.cause is None or not never_goes_on(context.graph.nodes[region.cause]):
            continue
        count = len(region.tasks)
        rest = "" if count == 1 else f" and the {count - 1} after it"
        yield Finding(
            f"{context.label(region.tasks[0])}{rest} can't be reached: {context.label(region.cause)} never goes on",
            region.tasks[0],
            hint="take it out, or put it before that task",
            witness=context.spots(context.flow.path_to(region.cause)),
        )


RULE = Rule(
    code="WF106",
    name="code-after-the-end",
    severity="warning",
    sound=True,
    about=__doc__ or "",
    find=find,
)
