"""WF303: a workflow that runs itself without end."""

from __future__ import annotations

from collections.abc import Iterator

from typing import Any

from wfgraph.checks.context import Context
from wfgraph.checks.flow import Flow
from wfgraph.checks.reading import read
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.ops import SubWorkflow
from wfgraph.graph.workflow_graph import Node, WorkflowGraph
from wfgraph.utils import task_name

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the tasks that start the very definition that they stand in, whatever happens."""
    for node in _inevitable(context.graph, context.flow):
        chain = _chain(node)
        if chain is not None:
            through = "" if len(chain) == 1 else f" (through {', '.join(map(task_name, chain[1:]))})"
            yield Finding(
                f"{context.label(node.id)} runs the definition that it stands in{through}, and no path goes around it",
                node.id,
                hint="guard it with a condition that ends to hold, or use WHILE",
            )


def _inevitable(graph: WorkflowGraph, flow: Flow) -> list[Node]:
    """Return the tasks that run another workflow and that every token meets."""
    found = [node for node in graph.nodes if isinstance(node.op, SubWorkflow) and node.lane is None]
    return [node for node in found if flow.reached(node.id) and flow.every_path_meets([node.id])]


def _chain(node: Node) -> list[Any] | None:
    """Follow the workflows that are started in any case; return the tasks by which this one comes back to itself."""
    chain: list[Any] = []
    seen: set[int] = set()
    waiting = [(node.item.task, node.op, 0)]
    while waiting:
        task, op, depth = waiting.pop()
        del chain[depth:]
        if id(task) in seen or not isinstance(op, SubWorkflow):
            continue
        seen.add(id(task))
        chain.append(task)
        graph = read(op.callbacks).graph
        for other in _inevitable(graph, Flow(graph)):
            if other.item.task is node.item.task:
                return chain
            waiting.append((other.item.task, other.op, depth + 1))
    return None


RULE = Rule(
    code="WF303",
    name="workflow-runs-itself",
    severity="error",
    sound=True,
    about="""The definition runs itself with RUN_WF (directly, or through others), and no path to its end goes around that: each run starts
another one, without end.""",
    find=find,
)
