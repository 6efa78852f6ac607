"""WF301: a task in a parallel branch that steers what it can't reach.

A branch of PARALLEL_SPLIT or SYNCHRONIZE is run by an engine of its own. What a task in it tells the engine reaches
only that one: a stop or a change of token ends the branch, a halt in a PARALLEL_SPLIT is only logged, and a jump
never reaches the tasks beside the branch (as the only task of a branch of SYNCHRONIZE it fails).
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.ops import Branch, Choice, For, Synchronize, While
from wfgraph.graph.outcomes import Control

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the tasks in parallel branches that steer what they can't reach."""
    for node in context.reached():
        if node.lane is None:
            continue
        lane = context.graph.lanes[node.lane]
        host = context.graph.nodes[lane.host]
        controls = _ENDING if isinstance(host.op, Synchronize) else (*_ENDING, Control.HALT)
        if len(lane.definition.tasks) == 1:
            controls = (*controls, Control.JUMP, Control.BREAK)
        for outcome, _ in context.ways(node, *controls):
            if isinstance(node.op, Branch | While | For | Choice):
                continue
            yield Finding(
                f"{context.label(node.id)} ({outcome}) reaches only the engine of its branch, not the one that runs "
                f"{context.label(lane.host)}",
                node.id,
                hint="leave a value in the token, and steer by it in a task after SYNCHRONIZE",
            )


_ENDING = (Control.STOP, Control.ABORT, Control.NEXT_TOKEN, Control.SKIP_TOKEN, Control.JUMP_TOKEN)


RULE = Rule(
    code="WF301",
    name="control-stays-in-the-branch",
    severity="warning",
    sound=True,
    about=__doc__ or "",
    find=find,
)
