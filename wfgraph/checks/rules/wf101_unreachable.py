"""WF101: a task that no run can get to.

No run from the start can get to this task: every step that a task can take, and every step that a task of which
nothing is known might take, has been looked at. One finding tells of a whole region. What stands right behind a task
that never goes on is told by WF106.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.regions import Region, never_goes_on, regions
from wfgraph.checks.rule import Finding, Rule

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield one finding per region that is jumped over or cut off."""
    for region in regions(context):
        if region.cause is not None and never_goes_on(context.graph.nodes[region.cause]):
            continue
        what = "is" if len(region.tasks) == 1 else f"and {len(region.tasks) - 1} more from there on are"
        yield Finding(
            f"{context.label(region.tasks[0])} {what} never reached{_why(context, region)}",
            region.tasks[0],
            hint="take it out, or let a task before it lead there",
            witness=() if region.cause is None else context.spots(context.flow.path_to(region.cause)),
        )


def _why(context: Context, region: Region) -> str:
    if region.cause is None:
        return ""
    node = context.graph.nodes[region.cause]
    goals = sorted({edge.target for edge in context.graph.out_edges(node.id)})
    led = ", ".join(context.graph.where(goal) for goal in goals)
    return f": {context.label(node.id)} before it leads only to {led}"


RULE = Rule(
    code="WF101",
    name="unreachable-task",
    severity="warning",
    sound=True,
    about=__doc__ or "",
    find=find,
)
