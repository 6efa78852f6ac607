"""WF105: no path leads to the end from here.

From this task on, no path leads to an end of the token: whatever happens, it gets into a loop that is never left. (In
the words of workflow nets: the option to complete is lost here.) The witness is a path from the start, through this
task, into the loop; WF103, WF104 or WF111 tells of the loop.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield, for each loop that is never left, the first task before it that leads there only."""
    flow = context.flow
    for trap in flow.traps:
        lost = flow.lost_at(trap[0])
        if lost in trap or lost >= flow.count:
            continue
        yield Finding(
            f"from {context.label(lost)} on, no path leads to the end: all of them lead into the loop at "
            f"{context.graph.where(trap[0])}, which is never left",
            lost,
            hint="give the loop a way out, or lead the flow around it",
            witness=context.spots([*flow.path_to(trap[0]), *trap[1:], trap[0]]),
        )


RULE = Rule(
    code="WF105",
    name="no-way-to-the-end",
    severity="error",
    sound=True,
    about=__doc__ or "",
    find=find,
)
