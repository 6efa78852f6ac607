"""WF110: a break inside an IF inside a loop.

`BREAK` leaves the list that holds it. Inside an IF, IF_ELSE or CHOICE that stands in a loop, that is the branch, and
the loop goes on. Heuristic: leaving only the branch may be what is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.ops import Branch, Choice, For, While
from wfgraph.graph.outcomes import Control
from wfgraph.graph.shapes import Kind

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the breaks in a branch inside a loop."""
    for node in context.that(Control.BREAK):
        if isinstance(node.op, Branch | While | For | Choice):
            continue
        kinds = [shape.kind for shape in context.shapes.around(node)]
        if Kind.LOOP not in kinds or not _BRANCHES & set(kinds[: kinds.index(Kind.LOOP)]):
            continue
        yield Finding(
            f"{context.label(node.id)} leaves only the branch that it stands in; the loop around that goes on",
            node.id,
            hint="put TASK_JUMP_IF or a task that breaks directly into the loop's own list, or make it the loop's condition",
        )


_BRANCHES = {Kind.IF, Kind.IF_ELSE, Kind.CHOICE}


RULE = Rule(
    code="WF110",
    name="break-leaves-only-the-if",
    severity="warning",
    sound=False,
    about=__doc__ or "",
    find=find,
)
