"""Which task someone means, and how a path differs from the expected one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher, get_close_matches
from typing import Any, TypeAlias

from wfgraph.graph.address import format_address
from wfgraph.graph.task import declaration_of
from wfgraph.graph.text import graph_lines
from wfgraph.graph.workflow_graph import Node, WorkflowGraph
from wfgraph.runtime.trace import Step
from wfgraph.utils import attribute, escape_control, task_name

__all__ = ["Task", "answers", "difference", "label", "missing", "of_pattern", "shown"]

Task: TypeAlias = str | Sequence[int] | Callable[..., Any]
"""A task, for tests: its name, the id that ``@task`` gave it, its address (``[1, 0]`` or ``"[1, 0]"``), or itself."""


def answers(node: Node, task: Task) -> bool:
    """Tell whether a node is what someone calls a task."""
    if isinstance(task, str):
        declared = declaration_of(node.item.task)
        known = (node.name, None if declared is None else declared.id, format_address(node.item.address))
        return task in known
    return node.item.task is task or (isinstance(task, Sequence) and tuple(task) == node.item.address)


def of_pattern(node: Node) -> bool:
    """Tell whether a task is one that a pattern of wfgraph's has made."""
    return str(attribute(node.item.task, "__module__")).startswith("wfgraph.patterns.")


def shown(task: Task) -> str:
    """Write what someone calls a task."""
    if isinstance(task, str):
        return escape_control(task)
    return escape_control(task_name(task)) if callable(task) else format_address(task)


def label(graph: WorkflowGraph, node: Node) -> str:
    """Write a task: its name and its place."""
    return f"{escape_control(node.name)} at {graph.where(node.id)}"


def missing(graph: WorkflowGraph, task: Task) -> str:
    """Say that a definition has no such task, and what it may have been meant for."""
    known = sorted({node.name for node in graph.nodes if node.lane is None})
    near = get_close_matches(shown(task), known, 3) or known[:10]
    return f"the definition has no task {shown(task)}; it has {', '.join(map(escape_control, near))}" + (
        ", ..." if len(near) < len(known) else ""
    )


def difference(
    graph: WorkflowGraph, steps: Sequence[Step], expected: Sequence[Task], nodes: Sequence[Node]
) -> list[str]:
    """Show both paths, and where they part in the graph.

    Args:
        graph: the graph.
        steps: what was walked.
        expected: the expected tasks.
        nodes: those that were walked and count.
    """
    common = 0
    while common < min(len(expected), len(nodes)) and answers(nodes[common], expected[common]):
        common += 1
    lines = ["the token took another path than expected (-):", *_both(graph, expected, nodes)]
    lines += _parting(graph, _before(steps, [node.id for node in nodes], common))
    unknown = [task for task in expected if not any(answers(node, task) for node in graph.nodes)]
    return lines + [missing(graph, task) for task in unknown[:1]]


def _before(steps: Sequence[Step], counting: Sequence[int], common: int) -> int:
    """Return the node from which the token went another way, after some nodes that count."""
    seen = 0
    for step in steps:
        if step.target == (counting[seen] if seen < len(counting) else None):
            if seen == common:
                return step.source
            seen += 1
    return steps[-1].source


def _both(graph: WorkflowGraph, expected: Sequence[Task], nodes: Sequence[Node]) -> list[str]:
    """Return a line for each task, marked as in a diff."""
    wanted = [shown(task) for task in expected]
    # Under the name by which it is expected, if it is.
    came = [next((shown(task) for task in expected if answers(node, task)), label(graph, node)) for node in nodes]
    lines = []
    for _, begin, end, first, last in SequenceMatcher(None, wanted, came, autojunk=False).get_opcodes():
        if wanted[begin:end] == came[first:last]:
            lines += [f"    {label(graph, node)}" for node in nodes[first:last]]
            continue
        lines += [f"  - {name}" for name in wanted[begin:end]]
        lines += [f"  + {label(graph, node)}" for node in nodes[first:last]]
    return lines


def _parting(graph: WorkflowGraph, node: int) -> list[str]:
    """Show the last task that both paths have in common, with its edges."""
    if node < 0:
        return ["they part at the beginning"]
    lines = list(graph_lines(graph))
    begin = next(number for number, line in enumerate(lines) if line.startswith(f"{graph.where(node)} "))
    edges = len(graph.out_edges(node))
    return ["they part in the graph at", *(f"    {line}" for line in lines[begin : begin + 1 + edges])]
