"""WF112: a jump into a pattern's branch, past what decides about it.

A branch of IF_ELSE or CHOICE is entered from the task that decides. A jump from one branch into another goes past it,
so that both run: a task that stands as a branch by itself stands in the pattern's own list, and its `jump_call(2)`
lands in the next branch.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.ops import EdgeKind
from wfgraph.graph.shapes import Kind

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the jumps from one branch of a pattern into another."""
    for shape in context.shapes:
        if shape.kind not in (Kind.IF_ELSE, Kind.CHOICE):
            continue
        entries = {shape.start(arm): arm for arm in shape.arms if shape.start(arm) < shape.start(arm + 1)}
        for arm in shape.arms:
            number = shape.node(arm)
            if number is None or not context.flow.reached(number):
                continue
            for edge in context.graph.out_edges(number):
                if edge.kind in (EdgeKind.JUMP, EdgeKind.BACK) and entries.get(edge.target, arm) != arm:
                    guard = shape.start(0)
                    yield Finding(
                        f"{context.label(number)} jumps into another branch of {context.label(guard)}, at "
                        f"{context.graph.where(edge.target)}, past the decision",
                        number,
                        hint="put the task into a list of its own, so that its jumps stay in it, or leave the pattern by BREAK",
                        witness=context.spots([guard, number, edge.target]),
                    )


RULE = Rule(
    code="WF112",
    name="jump-past-the-guard",
    severity="error",
    sound=True,
    about=__doc__ or "",
    find=find,
)
