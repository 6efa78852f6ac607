"""The text form of a graph: stable, one line per task and per edge, made for reading and for golden tests.

Example, ``IF(CMP(size, 10, "<"), shrink)``::

    graph of 2 tasks
    entry -next-> [0]
    [0] IF: if CMP(size, 10, '<')
        -true-> [1]
        -false-> exit
    [1] shrink (opaque)
        -next?-> exit

``?`` after an edge's kind marks one that is only possible. What an opaque task may do besides is assumed, and not shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.graph.workflow_graph import ENTRY, FORMATS, Certainty, Edge, WorkflowGraph
from wfgraph.utils import counted, escape_control

__all__ = ["graph_lines", "graph_text"]


def graph_text(graph: WorkflowGraph) -> str:
    """Return the text form of a graph, ending in a newline."""
    return "".join(line + "\n" for line in graph_lines(graph))


def graph_lines(graph: WorkflowGraph) -> Iterator[str]:
    """Yield the lines of the text form."""
    yield f"graph of {counted(len(graph.nodes), 'task')}"
    yield from (f"entry {_edge(graph, edge)}" for edge in graph.out_edges(ENTRY))
    for node in graph.nodes:
        name, what = escape_control(node.name), escape_control(node.op.text)
        told = what if what.startswith(f"{name}(") else f"{name}: {what}" if what else name
        yield f"{graph.where(node.id)} {told}" + (" (opaque)" if node.op.opaque else " (loose)" if node.wild else "")
        yield from (f"    {_edge(graph, edge)}" for edge in graph.out_edges(node.id))


def _edge(graph: WorkflowGraph, edge: Edge) -> str:
    kind = edge.kind.value + ("" if edge.certainty is Certainty.MUST else "?")
    label = f" {escape_control(edge.label)}" if edge.label else ""
    return f"-{kind}{label}-> {graph.where(edge.target)}"


FORMATS["text"] = graph_text
