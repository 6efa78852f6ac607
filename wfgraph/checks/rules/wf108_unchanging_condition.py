"""WF108: nothing in a loop changes what its condition looks at.

The condition of a WHILE reads parts of the token or of ``extra_data`` that no task of its body writes, so it holds for
ever once it holds. It may be wrong where other code changes them: another thread, or a property of the token.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.ops import While
from wfgraph.graph.outcomes import Control
from wfgraph.graph.workflow_graph import Node

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the WHILEs whose bodies can't change their conditions."""
    inference = context.reading.inference
    for node in context.reached():
        if not isinstance(node.op, While) or node.op.test is None or node.lane is not None:
            continue
        asked = inference.facts(node.op.test)
        if asked.opaque or asked.elsewhere or not asked.reads:
            continue
        block = context.graph.block_of(node)
        body = context.graph.nodes[node.id + 1 : block.end]
        if any(_leaves(inner) for inner in body):
            continue
        written = set().union(*(inference.facts(inner.item.task).writes for inner in body))
        if not any(_touches(one, other) for one in asked.reads for other in written):
            shown = ", ".join(sorted(asked.reads))
            yield Finding(
                f"nothing in the loop of {context.label(node.id)} changes what its condition reads: {shown}",
                node.id,
                hint="change it in the body, or leave the loop with BREAK",
            )


def _leaves(node: Node) -> bool:
    """Tell whether a task of the body may end the loop by itself, or do what is not known."""
    return node.loose or any(way.outcome.control not in (Control.RETURN, Control.JUMP) for way in node.exits)


def _touches(read: str, written: str) -> bool:
    """Tell whether writing one part may change another; a part that is not known may be any."""
    return "?" in read or "?" in written or read.startswith(written) or written.startswith(read)


RULE = Rule(
    code="WF108",
    name="unchanging-condition",
    severity="warning",
    sound=False,
    about=__doc__ or "",
    find=find,
)
