"""A graph as a state machine of the library ``transitions``: a state per task, a trigger per way out of it.

The machine takes the steps that the graph has, no others: fed the triggers of a recorded run (:func:`trigger_of`), it
goes through the same tasks. It runs no task itself.
"""

from __future__ import annotations

from typing import Any

from wfgraph.graph.workflow_graph import ENTRY, TERMINALS, Edge, WorkflowGraph
from wfgraph.runtime.trace import Step
from wfgraph.utils import escape_control, without_library

__all__ = ["machine_config", "machine_of", "state_of", "trigger_of"]


def state_of(graph: WorkflowGraph, node: int) -> str:
    """Return the name of the state for a node: its place and its name; ``entry``, ``exit``, ``halt``, ... for others."""
    return TERMINALS[node] if node < 0 else f"{graph.where(node)} {escape_control(graph.nodes[node].name)}"


def machine_config(graph: WorkflowGraph) -> dict[str, Any]:
    """Return a graph as arguments of ``transitions.Machine``.

    Triggers are named after the kind of the edge and its label: ``"next"``, ``"true"``, ``"case article"``. What a task
    of which nothing is known may do besides is not in the graph's edges, and so not here.
    """
    return {
        "states": [*TERMINALS.values(), *(state_of(graph, node.id) for node in graph.nodes)],
        "initial": TERMINALS[ENTRY],
        "transitions": [
            {
                "trigger": _trigger(edge),
                "source": state_of(graph, edge.source),
                "dest": state_of(graph, edge.target),
            }
            for edge in graph.edges
        ],
    }


def machine_of(graph: WorkflowGraph, model: Any = None) -> Any:
    """Return a ``transitions.Machine`` that walks as the graph does.

    Args:
        graph: the graph.
        model: what gets the triggers as methods; the machine itself when not given.

    Raises:
        ModuleNotFoundError: the library ``transitions`` is not installed.
    """
    try:
        from transitions import Machine
    except ModuleNotFoundError as error:
        raise without_library(error, "transitions") from error
    return Machine("self" if model is None else model, auto_transitions=False, **machine_config(graph))


def trigger_of(graph: WorkflowGraph, step: Step) -> str:
    """Return the trigger for a recorded step.

    Raises:
        LookupError: the graph has no such edge; a task of which nothing is known took a step of its own.
    """
    for edge in graph.out_edges(step.source):
        if edge.target == step.target:
            return _trigger(edge)
    raise LookupError(f"there is no edge from {graph.where(step.source)} to {graph.where(step.target)}")


def _trigger(edge: Edge) -> str:
    return f"{edge.kind.value} {edge.label}".rstrip()
