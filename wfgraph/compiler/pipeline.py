"""The order of the passes, visible in one place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from wfgraph.compiler.assemble import assemble
from wfgraph.compiler.effects import inferred
from wfgraph.compiler.lower import lower
from wfgraph.compiler.normalize import define
from wfgraph.graph.nesting import Tasks, registered
from wfgraph.graph.program import Program
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.utils import collecting_later

if TYPE_CHECKING:
    from wfgraph.compiler.inference import Inference

__all__ = ["build_program", "compile_graph", "graph_of_registered"]


def compile_graph(
    callbacks: Tasks | Iterable[Any], engine: type | None = None, *, inference: Inference | None = None
) -> WorkflowGraph:
    """Compile a workflow definition into its graph.

    What tasks do that declare nothing is read from their code; nothing is run.

    Args:
        callbacks: a callable, or nested lists of callables as ``callbacks.replace`` takes them.
        engine: the class of the engine that is to run it, if it has methods of its own that tasks call.
        inference: what has read tasks before, for that class.

    Raises:
        WorkflowDefinitionError: the definition has an item that is no task, or contains itself.

    >>> compile_graph([print, [print]])
    <WorkflowGraph of 2 tasks and 3 edges>
    """
    return graph_of_registered(registered(callbacks), engine, inference=inference)


def graph_of_registered(
    callbacks: list[Any], engine: type | None = None, *, inference: Inference | None = None
) -> WorkflowGraph:
    """Compile what an engine runs, ``callbacks.get()``, as it stands: as in :func:`build_program`, nothing is flattened here."""
    if inference is None:
        from wfgraph.compiler.inference import Inference  # running a workflow needs none of it

        inference = Inference(engine)
    with collecting_later():
        return lower(define(callbacks), inferred(inference))


def build_program(callbacks: Any) -> Program:
    """Compile nested lists that are clean already (or that someone else made: nothing is flattened here)."""
    definition = define(callbacks)  # nested lists -> a tree with addresses
    graph = lower(definition)  # ops -> typed edges
    return assemble(graph)  # graph -> what the executors walk
