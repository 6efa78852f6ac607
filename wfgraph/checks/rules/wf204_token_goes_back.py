"""WF204: tokens that go back for ever.

Every token that gets here sends the run back to an earlier token, and no condition ever lets one pass. At the first
token going back means repeating it, so the run never ends. Heuristic only in that a hook or an error may end it.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.endless import token_jumps
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.outcomes import Control

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the jumps to earlier tokens that every token meets."""
    for number in token_jumps(context):
        for outcome, _ in context.ways(context.graph.nodes[number], Control.JUMP_TOKEN):
            if outcome.offset is not None and outcome.offset < 0:
                yield Finding(
                    f"{context.label(number)} goes back to an earlier token, and no token gets past it: the run never ends",
                    number,
                    hint="guard it with a condition that ends to hold (IF, TASK_JUMP_IF)",
                    witness=context.spots(context.flow.path_to(number)),
                )


RULE = Rule(
    code="WF204",
    name="token-jump-without-end",
    severity="warning",
    sound=False,
    about=__doc__ or "",
    find=find,
)
