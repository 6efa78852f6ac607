"""The verifier finds every kind of damage that the compiler could do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from wfgraph import compile_graph
from wfgraph.compiler.pipeline import build_program
from wfgraph.errors import WfgraphInternalError
from wfgraph.graph.definition import Definition
from wfgraph.graph.ops import EdgeKind
from wfgraph.graph.program import Program
from wfgraph.graph.verify import verify_definition, verify_graph, verify_program
from wfgraph.graph.workflow_graph import ENTRY, EXIT, HALT, Edge, WorkflowGraph
from wfgraph.patterns import PARALLEL_SPLIT


def a(obj: Any, eng: Any) -> None: ...


GRAPH = compile_graph([a, [a, a], PARALLEL_SPLIT(a)])
TREE = GRAPH.definition
ROOT, INNER = TREE.blocks


def with_blocks(*blocks: Any) -> Definition:
    return replace(TREE, blocks=blocks)


def with_edges(*edges: Edge) -> WorkflowGraph:
    return WorkflowGraph(TREE, GRAPH.nodes, edges, GRAPH.lanes)


DEFINITIONS = {
    "task 0 has the number 1": replace(TREE, tasks=(TREE.tasks[1], *TREE.tasks[1:])),
    "task 1 is not in the slot of its address": with_blocks(ROOT, replace(INNER, slots=INNER.slots[::-1])),
    "block 1 has the number 0": with_blocks(ROOT, replace(ROOT, slots=INNER.slots)),
    "block 0 has 2 starts for 3 slots": with_blocks(replace(ROOT, starts=(0, 4)), INNER),
    "block 0 has starts out of order": with_blocks(replace(ROOT, starts=(3, 1, 0, 4)), INNER),
    "block 0 has the parent 1": with_blocks(replace(ROOT, parent=1), INNER),
    "holds a task of another place": with_blocks(replace(ROOT, slots=(TREE.tasks[1], *ROOT.slots[1:])), INNER),
    "holds a block of another place": with_blocks(
        replace(ROOT, slots=(ROOT.slots[0], replace(INNER, parent=7), ROOT.slots[2])), INNER
    ),
}
GRAPHS = {
    "node 0 has the number 1": WorkflowGraph(TREE, (GRAPH.nodes[1], *GRAPH.nodes[1:]), GRAPH.edges, GRAPH.lanes),
    "node 0 is not task 0": WorkflowGraph(
        TREE, (replace(GRAPH.nodes[0], item=TREE.tasks[1]), *GRAPH.nodes[1:]), GRAPH.edges, GRAPH.lanes
    ),
    "node 0 has no way out": with_edges(*(edge for edge in GRAPH.edges if edge.source != 0)),
    "entry has not exactly one edge": with_edges(*GRAPH.edges[1:]),
    "an end that does not exist": with_edges(*GRAPH.edges, Edge(len(GRAPH.nodes) - 1, 99, EdgeKind.NEXT)),
    "leaves a last node or enters the first": with_edges(Edge(HALT, 0, EdgeKind.NEXT), *GRAPH.edges),
    "is out of order": with_edges(*GRAPH.edges, Edge(0, EXIT, EdgeKind.NEXT)),
    "lane 0 ends after the last node": WorkflowGraph(
        TREE, GRAPH.nodes, GRAPH.edges, (replace(GRAPH.lanes[0], first=99),)
    ),
}


def test_what_the_compiler_makes_is_valid() -> None:
    verify_definition(TREE)
    verify_graph(GRAPH)
    verify_program(build_program([a, [a]]))
    assert ENTRY == GRAPH.edges[0].source


@pytest.mark.parametrize("fault", DEFINITIONS)
def test_a_damaged_definition_is_found(fault: str) -> None:
    with pytest.raises(WfgraphInternalError, match=fault):
        verify_definition(DEFINITIONS[fault])


@pytest.mark.parametrize("fault", GRAPHS)
def test_a_damaged_graph_is_found(fault: str) -> None:
    with pytest.raises(WfgraphInternalError, match=fault):
        verify_graph(GRAPHS[fault])


def test_a_damaged_program_is_found() -> None:
    rows = TREE.tasks
    with pytest.raises(WfgraphInternalError, match=r"row 1 is not node 0\n.*row 0 is not node 1"):
        verify_program(Program(GRAPH, ROOT, (rows[1], rows[0], *rows[2:])))
    with pytest.raises(WfgraphInternalError, match="leads to None, not to 1"):
        verify_program(Program(GRAPH, replace(ROOT, slots=ROOT.slots[:1]), rows))
