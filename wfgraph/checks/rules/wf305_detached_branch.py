"""WF305: parallel branches that nothing waits for.

PARALLEL_SPLIT goes on at once. Its branches are waited for only when the whole run ends: the tasks after it, and the
next tokens, run beside them and may not find what they leave behind.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.ops import EdgeKind, Split

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the splits that are followed by other tasks."""
    for node in context.reached():
        if not isinstance(node.op, Split) or not any(node.op.lanes):
            continue
        after = [edge.target for edge in context.graph.out_edges(node.id) if edge.kind is not EdgeKind.SPAWN]
        if any(0 <= target < len(context.definition.tasks) for target in after):
            yield Finding(
                f"the branches of {context.label(node.id)} may still run when the tasks after it do: nothing waits for them "
                "before the run ends",
                node.id,
                hint="use SYNCHRONIZE if what follows needs what they do",
            )


RULE = Rule(
    code="WF305",
    name="branch-not-waited-for",
    severity="info",
    sound=True,
    about=__doc__ or "",
    find=find,
)
