"""WF109: a break in the outermost list.

`break_current_loop()` leaves the list that holds the task. At the top level that is the whole definition: the token
ends there, as after its last task.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.ops import Branch, For, While
from wfgraph.graph.outcomes import Control
from wfgraph.graph.shapes import Kind

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the breaks in the outermost list, unless that is a pattern's own."""
    for node in context.that(Control.BREAK):
        shape = context.shapes.of(node)
        if shape.block.parent is not None or shape.kind is not Kind.PLAIN or isinstance(node.op, Branch | While | For):
            continue
        for _, certain in context.ways(node, Control.BREAK):
            what = "token" if node.lane is None else "branch"
            yield Finding(
                f"{context.label(node.id)} {'leaves' if certain else 'may leave'} the outermost list: "
                f"that ends the {what}, not a loop",
                node.id,
                hint="if the token is to end here, say so with OBJ_NEXT (continue_next_token) or STOP",
            )


RULE = Rule(
    code="WF109",
    name="break-outside-a-loop",
    severity="warning",
    sound=True,
    about=__doc__ or "",
    find=find,
)
