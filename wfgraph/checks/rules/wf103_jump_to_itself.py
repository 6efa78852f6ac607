"""WF103: a task that repeats itself, or its token, for ever.

The task jumps to itself and does nothing else: `jump_call(0)`, or a jump back from the first item of a list. It is
repeated for ever. The same holds for `jump_token(0)` where every token meets it: the token is repeated for ever.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.endless import jumps_to_itself, token_jumps
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.outcomes import Control

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the tasks that do nothing but repeat themselves or their token."""
    for node in context.that(Control.JUMP):
        if jumps_to_itself(context, node):
            yield Finding(
                f"{context.label(node.id)} always jumps to itself: it is repeated for ever",
                node.id,
                hint="jump elsewhere, or only as long as a condition holds (WHILE, TASK_JUMP_IF)",
                witness=context.spots([*context.flow.path_to(node.id), node.id]),
            )
    for number in token_jumps(context):
        ways = context.ways(context.graph.nodes[number], Control.JUMP_TOKEN)
        if any(outcome.offset == 0 for outcome, _ in ways):
            yield Finding(
                f"{context.label(number)} repeats its token, and no token gets past it: the run never ends",
                number,
                hint="guard it with a condition that ends to hold, or go on with OBJ_NEXT",
                witness=context.spots(context.flow.path_to(number)),
            )


RULE = Rule(
    code="WF103",
    name="jump-to-itself",
    severity="error",
    sound=True,
    about=__doc__ or "",
    find=find,
)
