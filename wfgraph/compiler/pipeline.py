"""The order of the passes, visible in one place."""

from __future__ import annotations

from typing import Any

from wfgraph.compiler.assemble import assemble
from wfgraph.compiler.lower import lower
from wfgraph.compiler.normalize import define
from wfgraph.graph.nesting import clean
from wfgraph.graph.program import Program
from wfgraph.graph.workflow_graph import WorkflowGraph

__all__ = ["build_program", "compile_graph"]


def compile_graph(callbacks: Any) -> WorkflowGraph:
    """Compile a workflow definition into its graph.

    Args:
        callbacks: a callable, or nested lists of callables as ``callbacks.replace`` takes them.

    Raises:
        WorkflowDefinitionError: the definition has an item that is no task, or contains itself.

    >>> compile_graph([print, [len]])
    <WorkflowGraph of 2 tasks and 3 edges>
    """
    return lower(define(clean(callbacks)))


def build_program(callbacks: Any) -> Program:
    """Compile nested lists that are clean already (or that someone else made: nothing is flattened here)."""
    definition = define(callbacks)  # nested lists -> a tree with addresses
    graph = lower(definition)  # ops -> typed edges
    return assemble(graph)  # graph -> what the executors walk
