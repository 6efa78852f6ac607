"""Random definitions, stored and read again, and drawn in every way: nothing is lost and nothing fails."""

from __future__ import annotations

from typing import Any

import pytest
from checks.checks_generated import Maker

from wfgraph import compile_graph
from wfgraph.compiler.stored import graph_from_json, graph_to_json
from wfgraph.graph.difference import Change, difference, same_tasks
from wfgraph.graph.identity import fingerprint, identities
from wfgraph.graph.text import graph_text
from wfgraph.patterns import EMPTY_CALL, SIMPLE_MERGE
from wfgraph.views.changes import diagram_of_difference
from wfgraph.views.dot import diagram_dot
from wfgraph.views.extract import diagram_of
from wfgraph.views.html import diagram_html
from wfgraph.views.mermaid import diagram_mermaid
from wfgraph.views.tree import diagram_tree

SEEDS = range(25)


@pytest.mark.parametrize("kind", ["clean", "wild"])
def test_a_stored_graph_is_the_graph(kind: str) -> None:
    for seed in SEEDS:
        graph = compile_graph(getattr(Maker(seed), kind)())
        found = graph_from_json(graph_to_json(graph))
        assert graph_text(graph) == graph_text(found), seed
        assert fingerprint(graph) == fingerprint(found), seed
        assert list(map(str, identities(graph))) == list(map(str, identities(found))), seed


@pytest.mark.parametrize("kind", ["clean", "wild"])
def test_all_is_drawn(kind: str) -> None:
    for seed in SEEDS:
        graph = compile_graph(getattr(Maker(seed), kind)())
        for options in ({}, {"everything": True}, {"depth": 0}, {"depth": 1}):
            diagram = diagram_of(graph, **options)  # type: ignore[arg-type]
            keys = {figure.key for figure in diagram.figures()}
            assert {end for arrow in diagram.arrows for end in (arrow.source, arrow.target)} <= keys, seed
            for text in (diagram_dot(diagram, legend=True), diagram_mermaid(diagram), diagram_html(diagram)):
                assert all(f"{key}" in text for key in keys), seed


@pytest.mark.parametrize("kind", ["clean", "wild"])
def test_any_two_versions_are_compared(kind: str) -> None:
    for seed in SEEDS:
        old, new = (compile_graph(getattr(Maker(one), kind)()) for one in (seed, seed + 1))
        found = difference(old, new)
        assert len(set(found.pairs.values())) == len(found.pairs), "no two tasks became one"
        assert set(found.removed) == set(range(len(old.nodes))) - set(found.pairs)
        added = {number for number, change in enumerate(found.nodes) if change is Change.ADDED}
        assert added == set(range(len(new.nodes))) - set(found.pairs.values())
        names = identities(old), identities(new)
        for before, after in same_tasks(old, new).items():
            assert names[0][before].key == names[1][after].key
        diagram = diagram_of_difference(found)
        keys = [figure.key for figure in diagram.figures()]
        assert len(set(keys)) == len(keys), seed
        assert {end for arrow in diagram.arrows for end in (arrow.source, arrow.target)} <= set(keys), seed
        assert diagram_tree(diagram)
        assert not difference(old, old)


@pytest.mark.parametrize(
    "flow",
    [
        SIMPLE_MERGE([], []),
        SIMPLE_MERGE([], EMPTY_CALL, EMPTY_CALL),
        SIMPLE_MERGE(SIMPLE_MERGE([], []), [SIMPLE_MERGE([[]], EMPTY_CALL)], EMPTY_CALL),
    ],
)
def test_patterns_of_empty_branches_differ_in_nothing_from_themselves(flow: Any) -> None:
    graph = compile_graph(flow)
    assert not difference(graph, graph)
    assert not difference(graph, graph_from_json(graph_to_json(graph)))
