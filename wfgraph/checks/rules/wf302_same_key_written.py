"""WF302: parallel branches write the same key.

The branches of a parallel pattern run at the same time. Two of them write the same part of the token, so the last one
wins, and which one that is differs from run to run. It may be wrong where a lock keeps them apart, or where both write
the same value.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the parallel patterns two branches of which write the same part of the token."""
    written: dict[int, dict[str, set[int]]] = {}
    for node in context.graph.nodes:
        if node.lane is None:
            continue
        lane = context.graph.lanes[node.lane]
        keys = written.setdefault(lane.host, {})
        for key in context.reading.inference.facts(node.item.task).writes:
            if key.startswith("obj") and key != "obj" and "?" not in key:
                keys.setdefault(key, set()).add(lane.index)
    for host, keys in written.items():
        shared = sorted(key for key, lanes in keys.items() if len(lanes) > 1)
        if shared:
            yield Finding(
                f"several branches of {context.label(host)} write {', '.join(shared)}: which one wins is chance",
                host,
                hint="let each branch write a key of its own, and join them afterwards",
            )


RULE = Rule(
    code="WF302",
    name="same-key-written",
    severity="warning",
    sound=False,
    about=__doc__ or "",
    find=find,
)
