"""What the tests of the helper patterns share: awkward engines and tokens, and small tasks."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import (
    HaltProcessing,
)
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.views.extract import diagram_of
from wfgraph.views.render import Drawing, drawn

tiers = pytest.mark.parametrize("tier", ["interpreted", "compiled"])


class Shouts:
    """An object whose text must not get into a docstring."""

    def __repr__(self):
        raise AssertionError("nobody may ask for this")

    __str__ = __repr__


class Needy(GenericWorkflowEngine):
    """An engine that can't be made without arguments."""

    def __init__(self, db_obj):
        super().__init__()
        self.db_obj = db_obj


class Duplicable(Needy):
    def duplicate(self):
        return Duplicable(self.db_obj)


class Flaky:
    """A task that fails a number of times."""

    __name__ = "flaky"

    def __init__(self, failures, error=ValueError):
        self.calls = 0
        self.failures = failures
        self.error = error

    def __call__(self, obj, eng):
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error(f"failure {self.calls}")


def add(text):
    return lambda obj, eng: obj.append(text)


def engine(*callbacks, kind=GenericWorkflowEngine, args=(), tier="auto"):
    eng = kind(*args)
    eng.tier = tier
    eng.callbacks.replace(list(callbacks))
    return eng


def run(*callbacks, obj=None, **kwargs):
    eng = engine(*callbacks, **kwargs)
    eng.process([{} if obj is None else obj])
    return eng


def halted(eng, tokens):
    with pytest.raises(HaltProcessing) as caught:
        eng.process(tokens)
    return caught.value


def drawn_whole(graph: WorkflowGraph) -> None:
    """Hold the picture of a graph to it: a node for each task, an edge for each transition."""
    svg = ElementTree.fromstring(drawn(Drawing(graph, diagram_of(graph, everything=True)), "svg"))  # noqa: S314
    groups = [group for group in svg.iter() if group.tag.endswith("}g")]
    edges = sum(str(group.get("class")).startswith("edge") for group in groups)
    assert len(graph.edges) + sum(node.wild for node in graph.nodes) == edges
    assert {f"n{node.id}" for node in graph.nodes} <= {group.get("id") for group in groups}
    assert not [found for found in svg.iter() if found.tag.endswith("}a")], "tooltips are no links"
