"""WF307: branches of SIMPLE_MERGE that nothing runs.

SIMPLE_MERGE runs its first branch and then the last task. Its other branches run only when a task jumps to them, and
no task that is known of does.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.shapes import Kind, Shape

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the merges with branches that nothing jumps to."""
    for shape in context.shapes:
        if shape.kind is not Kind.MERGE:
            continue
        idle = [arm for arm in shape.arms[1:] if _idle(context, shape, arm)]
        if idle:
            first = shape.start(idle[0])
            yield Finding(
                f"of SIMPLE_MERGE only the first branch runs: nothing jumps to {context.label(first)}"
                + (f" or the {len(idle) - 1} branches after it" if len(idle) > 1 else ""),
                first,
                hint="use CHOICE to run one of them, or a plain list to run all of them",
            )


def _idle(context: Context, shape: Shape, arm: int) -> bool:
    start, end = shape.start(arm), shape.start(arm + 1)
    return start < end and context.flow.reached(shape.start(0)) and not context.flow.reached(start)


RULE = Rule(
    code="WF307",
    name="merge-runs-only-one-branch",
    severity="info",
    sound=True,
    about=__doc__ or "",
    find=find,
)
