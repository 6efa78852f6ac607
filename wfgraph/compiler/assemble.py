"""Last pass: a WorkflowGraph becomes a Program, the table that the executors walk."""

from __future__ import annotations

from wfgraph.graph.program import Program
from wfgraph.graph.workflow_graph import WorkflowGraph

__all__ = ["assemble"]


def assemble(graph: WorkflowGraph) -> Program:
    """Make the program of a graph."""
    return Program(graph, graph.definition.root, graph.definition.tasks)
