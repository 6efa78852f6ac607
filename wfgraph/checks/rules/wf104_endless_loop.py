"""WF104: a loop that is never left.

A token that gets into this loop never gets out: no task in it can end, leave or halt, and no condition of it is ever
false. Only an error, or `engine.max_steps`, ends the run.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.endless import clamped_traps, jumps_to_itself
from wfgraph.checks.rule import Finding, Rule

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the loops that are never left."""
    clamped = clamped_traps(context)
    for trap in context.flow.traps:
        if any(number in clamped for number in trap):
            continue
        if len(trap) == 1 and jumps_to_itself(context, context.graph.nodes[trap[0]]):
            continue
        yield Finding(
            f"the loop of {len(trap)} tasks from {context.label(trap[0])} to {context.label(trap[-1])} has no way out",
            trap[0],
            hint="give it a condition (WHILE, TASK_JUMP_IF), a BREAK, or a HALT",
            witness=context.spots([*trap, trap[0]]),
        )


RULE = Rule(
    code="WF104",
    name="loop-without-exit",
    severity="error",
    sound=True,
    about=__doc__ or "",
    find=find,
)
