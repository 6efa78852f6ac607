"""WF303: a workflow that runs itself without end.

The definition runs itself with RUN_WF (directly, or through others), and no path to its end goes around that: each
run starts another one, without end. Two uses of RUN_WF that keep their engines under one key are told as well: the
second takes the place of the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wfgraph.checks.context import Context
from wfgraph.checks.flow import Flow
from wfgraph.checks.reading import read
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.ops import SubWorkflow
from wfgraph.graph.workflow_graph import Node, WorkflowGraph

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the tasks that start a workflow which starts itself again, whatever happens."""
    safe: set[int] = set()
    for node in context.reached():
        if isinstance(node.op, SubWorkflow) and _is_endless(node, safe):
            yield Finding(
                f"{context.label(node.id)} runs a definition that runs itself again, and no path goes around that",
                node.id,
                hint="guard it with a condition that ends to hold, or use WHILE",
            )

    yield from _shared(context)


def _shared(context: Context) -> Iterator[Finding]:
    """Yield the uses of RUN_WF whose key another one has before them."""
    first: dict[Any, Node] = {}
    for node in context.reached():
        key = node.op.outkey if isinstance(node.op, SubWorkflow) else None
        if not isinstance(key, str):
            continue
        other = first.setdefault(key, node)
        if other.item.task is not node.item.task:
            yield Finding(
                f"{context.label(node.id)} keeps its engine under {key!r}, as {context.label(other.id)} does: the one takes "
                "the other's place",
                node.id,
                hint="give each of them an outkey of its own",
                severity="info" if key == "RUN_WF" else "warning",
            )


def _is_endless(node: Node, safe: set[int]) -> bool:
    """Follow the workflows that are started in any case, and tell whether one of them comes again within itself."""
    chain: list[int] = []
    waiting = [(node, 0)]
    while waiting:
        found, depth = waiting.pop()
        del chain[depth:]
        task = id(found.item.task)
        if task in chain:
            return True
        if task not in safe and isinstance(found.op, SubWorkflow):
            chain.append(task)
            safe.add(task)
            graph = read(found.op.callbacks).graph
            waiting += [(other, depth + 1) for other in _inevitable(graph)]
    return False


def _inevitable(graph: WorkflowGraph) -> list[Node]:
    """Return the tasks that run another workflow and that every token meets."""
    flow = Flow(graph)
    found = [node for node in graph.nodes if isinstance(node.op, SubWorkflow) and node.lane is None]
    return [node for node in found if flow.reached(node.id) and flow.every_path_meets([node.id])]


RULE = Rule(
    code="WF303",
    name="workflow-runs-itself",
    severity="error",
    sound=True,
    about=__doc__ or "",
    find=find,
)
