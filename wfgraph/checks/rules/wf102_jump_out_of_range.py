"""WF102: a jump out of its list.

A jump counts within the list that holds the task, and never leaves it: one that goes further is cut off at the list's
first task or at its end. So it does not lead where its number says. A jump to just behind the last item leaves the
list, and is no finding. It is an error when the task always jumps so, and a warning when it may.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.endless import clamped_traps
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.outcomes import Control

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the jumps that are cut off."""
    told = clamped_traps(context)
    for node in context.that(Control.JUMP):
        size = len(context.graph.block_of(node).slots)
        for outcome, certain in context.ways(node, Control.JUMP):
            if outcome.offset is None or 0 <= node.item.index + outcome.offset <= size or node.id in told:
                continue
            ahead = outcome.offset > 0
            yield Finding(
                f"{context.label(node.id)} jumps by {outcome.offset:+d}, out of its list of {size}: it is cut off at "
                f"the list's {'end' if ahead else 'first item'}",
                node.id,
                hint=f"the furthest that it can go is {size - node.item.index if ahead else -node.item.index:+d}; "
                "to leave the list, use break_current_loop() (BREAK)",
                severity="error" if certain else "warning",
            )


RULE = Rule(
    code="WF102",
    name="jump-out-of-range",
    severity="error",
    sound=True,
    about=__doc__ or "",
    find=find,
)
