"""A graph's own answers: what a task may do beyond its edges, where things are, and what others are given of it."""

from __future__ import annotations

from typing import Any

import networkx
import pytest

from wfgraph import compile_graph, task
from wfgraph.graph import ops, outcomes, workflow_graph
from wfgraph.graph.ops import EdgeKind
from wfgraph.graph.workflow_graph import (
    ENTRY,
    ERROR,
    EXIT,
    HALT,
    STOP,
    TERMINALS,
    TOKEN,
    Certainty,
    Edge,
    WorkflowGraph,
)
from wfgraph.patterns import IF, PARALLEL_SPLIT, SYNCHRONIZE


def a(obj: Any, eng: Any) -> None: ...
def b(obj: Any, eng: Any) -> None: ...


@task(ops.Call((outcomes.RETURN, outcomes.jump(None))))
def leaps(obj: Any, eng: Any) -> None: ...


def unknown(obj: Any, eng: Any) -> None:
    getattr(eng, obj)()


LANE = [a, SYNCHRONIZE([a, [unknown, b]], a), b]
IN_LANE = compile_graph(LANE).lanes[0].first + 1


@pytest.mark.parametrize(
    ("flow", "node", "jumps", "leaves", "everything"),
    [
        ([a, [unknown, b], b], 1, [0, 1, 2, 3, EXIT], 3, True),
        ([unknown, b], 0, [0, 1, EXIT], EXIT, True),
        ([a, [leaps, b], b], 1, [1, 2, 3], 3, False),
        ([a, [b, leaps, []]], 2, [1, 2, EXIT], EXIT, False),
        (LANE, IN_LANE, [IN_LANE, IN_LANE + 1, 2], 2, True),
    ],
)
def test_what_is_assumed_of_a_task(flow: Any, node: int, jumps: list[int], leaves: int, everything: bool) -> None:
    graph = compile_graph(flow)
    assert graph.nodes[node].loose
    told = [*((goal, EdgeKind.JUMP) for goal in jumps), (leaves, EdgeKind.BREAK)]
    if everything:
        told += [(HALT, EdgeKind.HALT), (STOP, EdgeKind.STOP), (TOKEN, EdgeKind.TOKEN)]
    found = list(graph.assumed_edges(node))
    assert [Edge(node, goal, kind, Certainty.ASSUMED) for goal, kind in told] == found
    stored = {edge.target for edge in graph.out_edges(node)}
    everywhere = {*range(len(graph.nodes)), *TERMINALS}
    assert stored | {goal for goal, _ in told} | {ERROR} == {goal for goal in everywhere if graph.permits(node, goal)}


def test_what_a_run_may_do() -> None:
    graph = compile_graph([IF(a, b), b])
    steps = {(source, target) for source in (0, *TERMINALS) for target in (0, 1, 2, *TERMINALS)}
    permitted = {step for step in steps if graph.permits(*step)}
    begins = {(ENTRY, target) for _, target in steps}
    fails = {(source, ERROR) for source, _ in steps}
    assert {(0, 1), (0, 2)} | begins | fails == permitted
    assert [] == list(graph.assumed_edges(0)), "nothing is assumed of what is known"
    assert graph.permits(0, 1, frozenset({EdgeKind.TRUE, EdgeKind.NEXT}))
    assert not graph.permits(0, 1, frozenset({EdgeKind.FALSE}))


def test_where_a_node_is() -> None:
    graph = compile_graph([a, PARALLEL_SPLIT(a, [a, PARALLEL_SPLIT([a, b])])])
    last = len(graph.nodes) - 1
    told = ["[0]", "[1]", "[1]/0[0]", "[1]/1[0]", "[1]/1[1]", "[1]/1[1]/0[0]", "[1]/1[1]/0[1]"]
    assert told == [graph.where(node.id) for node in graph.nodes]
    assert ["exit", f"nowhere ({last + 1})"] == [graph.where(EXIT), graph.where(last + 1)]


def test_a_branch_of_a_parallel_pattern_goes_on_at_the_place_where_it_is_waited_for() -> None:
    graph = compile_graph(LANE)
    inside = graph.nodes[IN_LANE]
    assert [IN_LANE - 1, IN_LANE, IN_LANE + 1, 2] == [graph.resolve(inside, start) for start in range(4)]
    assert [0, 1, 2, EXIT] == [graph.resolve(graph.nodes[0], start) for start in range(4)]


def test_networkx_is_given_everything_but_what_is_assumed() -> None:
    graph = compile_graph([IF(a, leaps), []])
    made = graph.nx
    assert made is graph.nx
    assert networkx.is_frozen(made)
    assert {
        **{number: {"name": name, "address": None, "op": None} for number, name in TERMINALS.items()},
        0: {"name": "IF", "address": (0, 0), "op": graph.nodes[0].op},
        1: {"name": "leaps", "address": (0, 1), "op": graph.nodes[1].op},
    } == dict(made.nodes(data=True))
    assert [
        (ENTRY, 0, {"kind": "next", "certainty": "must", "label": ""}),
        (0, 1, {"kind": "true", "certainty": "must", "label": ""}),
        (0, EXIT, {"kind": "false", "certainty": "must", "label": ""}),
        (1, EXIT, {"kind": "next", "certainty": "may", "label": ""}),
    ] == sorted(made.edges(data=True), key=lambda edge: (edge[0], -edge[1]))


def test_an_edge_is_shown_with_its_label() -> None:
    edge = Edge(ENTRY, 3, EdgeKind.CASE, Certainty.MAY, "x y")
    assert "<Edge entry -> 3: case 'x y', may>" == repr(edge)


def test_a_graph_is_written_in_the_formats_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = compile_graph([a])
    assert str(graph) == f"{graph}"
    assert (f"{graph:dot}", f"{graph:mermaid}") == (graph.to_dot(), graph.to_mermaid())
    monkeypatch.setattr(workflow_graph, "FORMATS", {"mermaid": repr, "dot": repr})
    with pytest.raises(ValueError, match=r"^unknown format 'png' for a graph; known: dot, mermaid$"):
        format(graph, "png")


def test_a_notebook_is_given_what_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def picture(graph: WorkflowGraph) -> str | None:
        return f"<svg>{len(graph.nodes)}</svg>"

    monkeypatch.setattr(workflow_graph, "BUNDLES", {"image/svg+xml": picture, "text/html": lambda graph: None})
    graph = compile_graph([a])
    assert {"text/plain": repr(graph), "image/svg+xml": "<svg>1</svg>"} == graph._repr_mimebundle_()
