"""What of a definition no walk has come to: a plugin for pytest, which adds up what all of its workers saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from wfgraph.graph.identity import fingerprint
from wfgraph.graph.ops import EdgeKind
from wfgraph.graph.workflow_graph import Edge, WorkflowGraph
from wfgraph.testing.paths import label
from wfgraph.testing.walks import Walk, listeners

__all__ = ["Cover"]

_ELSEWHERE = (EdgeKind.SPAWN, EdgeKind.JOIN, EdgeKind.RESUME)
"""What no step of a walk is: branches run in engines of their own, and what is resumed begins anew."""


class Cover:
    """Notes the steps of walks, by the fingerprint of the definition that was walked.

    Args:
        graphs: the graphs to tell of, by their targets.
    """

    def __init__(self, graphs: Mapping[str, WorkflowGraph]) -> None:
        self._graphs = graphs
        self._steps: dict[str, set[tuple[int, int]]] = {fingerprint(graph): set() for graph in graphs.values()}
        listeners.append(self._note)

    def _note(self, walk: Walk) -> None:
        known = self._steps.get(fingerprint(walk.graph))
        if known is not None:
            known |= {(step.source, step.target) for step in walk.steps}

    def pytest_unconfigure(self) -> None:
        """Stop to listen."""
        listeners.remove(self._note)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        """Take over what a worker of pytest-xdist has noted."""
        for name, steps in getattr(node, "workeroutput", {}).get("wfgraph", {}).items():
            self._steps[name].update(steps)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """In a worker, hand over what was noted."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["wfgraph"] = {name: sorted(steps) for name, steps in self._steps.items()}

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Tell of each definition what was walked, and what was not."""
        terminalreporter.section("what wfgraph.testing has walked")
        for target, graph in self._graphs.items():
            for line in _report(target, graph, self._steps[fingerprint(graph)]):
                terminalreporter.write_line(line)


def _report(target: str, graph: WorkflowGraph, steps: set[tuple[int, int]]) -> Iterator[str]:
    reached = {target for _, target in steps}
    nodes = [node for node in graph.nodes if node.lane is None]
    edges = [
        edge for edge in graph.edges if edge.source >= 0 and edge.kind not in _ELSEWHERE and not _aside(graph, edge)
    ]
    missed = [edge for edge in edges if (edge.source, edge.target) not in steps]
    never = [node for node in nodes if node.id not in reached]
    yield f"{target}: {len(nodes) - len(never)} of {len(nodes)} tasks, {len(edges) - len(missed)} of {len(edges)} edges"
    yield from (f"    never came to {label(graph, node)}" for node in never)
    for edge in missed:
        if edge.source in reached:  # of a task that was never come to, that says all
            yield f"    never took -{edge.kind.value}-> {graph.where(edge.target)} from {label(graph, graph.nodes[edge.source])}"


def _aside(graph: WorkflowGraph, edge: Edge) -> bool:
    """Tell whether an edge is one of a parallel branch."""
    return any(end >= 0 and graph.nodes[end].lane is not None for end in (edge.source, edge.target))
