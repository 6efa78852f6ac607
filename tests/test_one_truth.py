"""The run never leaves the graph; the graph is the same wherever it is made; what the compiler makes is valid."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from differential import programs as make
from differential.programs import Program, programs
from differential.real import OURS
from differential.runs import definitions_of, run
from hypothesis import given
from seeded import texts_of

from wfgraph import Trace, check, compile_graph, patterns
from wfgraph.compiler.assemble import assemble
from wfgraph.compiler.jumps import target_of
from wfgraph.compiler.lower import lower
from wfgraph.compiler.normalize import define
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import HaltProcessing, WfgraphInternalError, WorkflowDefinitionError
from wfgraph.graph.nesting import clean
from wfgraph.graph.ops import EdgeKind
from wfgraph.graph.outcomes import Control
from wfgraph.graph.text import graph_text
from wfgraph.graph.verify import verify_definition, verify_graph, verify_program
from wfgraph.graph.workflow_graph import ENTRY, ERROR, EXIT, TERMINALS, Edge, WorkflowGraph
from wfgraph.patterns import (
    CMP,
    EMPTY_CALL,
    FOR,
    IF,
    PARALLEL_SPLIT,
    PROFILE,
    SYNCHRONIZE,
    TASK_JUMP_FWD,
    TASK_JUMP_IF,
    TRY,
)
from wfgraph.runtime.trace import Step
from wfgraph.testing import run as walked


def stray(graph: WorkflowGraph, step: Step) -> bool:
    """Tell whether a step is no edge of the graph, or none that its task's op has for this way to end."""
    if step.source == ENTRY or step.control is Control.ERROR:
        return step.source != ENTRY and step.target != ERROR
    node = graph.nodes[step.source]
    ways = [way.outcome for way in node.exits if way.outcome.control is step.control]
    goals = [target_of(graph.definition, node.item, outcome) for outcome in ways]
    declared = {goal if goal < 0 else graph.resolve(node, goal) for goal in goals if goal is not None}
    stored = {edge.target for edge in graph.out_edges(step.source)}
    assumed = {edge.target for edge in graph.assumed_edges(step.source)}
    allowed = (declared & stored) | assumed
    return step.target not in allowed or not graph.permits(step.source, step.target)


def follow(program: Program) -> None:
    trace = Trace()
    events = [event for seen in run(OURS, program, trace=trace) for event in seen.events]
    graph = compile_graph(definitions_of(OURS, program)["*"])
    assert [] == [step for step in trace.steps if stray(graph, step)]
    assert len(trace.steps) >= len([event for event in events if event[0].startswith("task")])


@given(programs())
def test_the_run_never_leaves_the_graph(program: Program) -> None:
    follow(program)


@given(programs(make.restless, acting=True))
def test_nor_do_runs_in_runs_and_positions_changed_by_hand(program: Program) -> None:
    follow(program)


def halts(obj: Any, eng: Any) -> None:
    eng.halt("not yet")


@pytest.mark.parametrize(
    "flow",
    [
        [SYNCHRONIZE([IF(halts, EMPTY_CALL)], EMPTY_CALL)],
        SYNCHRONIZE([TASK_JUMP_IF(halts, 1)], [EMPTY_CALL]),
        [SYNCHRONIZE(EMPTY_CALL, CMP(halts, 1, "=="))],
        [SYNCHRONIZE(EMPTY_CALL, [SYNCHRONIZE(EMPTY_CALL, CMP(halts, 1, "=="))], EMPTY_CALL)],
        [TRY(CMP(halts, 1, "=="))],
        [TRY(patterns.ERROR(), onfailure=CMP(halts, 1, "=="), verbose=False)],
    ],
    ids=["branch", "branch-then-list", "last", "nested", "try", "onfailure"],
)
def test_nor_does_a_condition_that_halts_inside_another_pattern(flow: Any) -> None:
    graph = compile_graph(flow)
    engine = GenericWorkflowEngine()
    engine.callbacks.replace(flow)
    engine.trace = Trace()
    with pytest.raises(HaltProcessing):
        engine.process([{}])
    assert [] == [step for step in engine.trace.steps if stray(graph, step)]


class Stores:
    def __call__(self, obj: Any, eng: Any, position: str, item: Any) -> None:
        if item == 2:
            eng.halt("not this one")


def halts_with(obj: Any, eng: Any, item: Any) -> None:
    if item == 2:
        eng.halt("not this one")


def leaps_with(obj: Any, eng: Any, position: str, item: Any) -> None:
    if item == 2:
        eng.jump_call(3)


def stops_with(*given: Any) -> None:
    if given[-1] == 2:
        given[1].stop()


SETS = [halts_with, leaps_with, stops_with, Stores(), partial(Stores())]


@pytest.mark.parametrize("setter", SETS, ids=["halts", "leaps", "stops", "object", "partial"])
@pytest.mark.parametrize("wrap", [list, PROFILE], ids=["for", "profile"])
def test_what_the_setter_of_a_for_does_is_among_the_ways_out_of_it(setter: Any, wrap: Any) -> None:
    head, *rest = FOR([1, 2, 3], setter, EMPTY_CALL)
    flow = [[head, *rest] if wrap is list else [wrap(head), *rest], EMPTY_CALL, EMPTY_CALL]
    graph = compile_graph(flow)
    assert not graph.nodes[0].opaque
    engine = GenericWorkflowEngine()
    engine.callbacks.replace(flow)
    engine.trace = Trace()
    with suppress(HaltProcessing):
        engine.process([{}])
    assert len(engine.trace.steps) > 3
    assert [] == [step for step in engine.trace.steps if stray(graph, step)]


def test_a_step_that_is_no_edge_would_be_found() -> None:
    graph = compile_graph(OURS.pattern("IF_ELSE")(OURS.pattern("CMP")(1, 2, "eq"), print, print))
    steps = [Step(0, 0, target, control) for control in (Control.JUMP, Control.BREAK) for target in (1, 2, 3, EXIT)]
    assert [(1, Control.JUMP), (3, Control.JUMP)] == [(it.target, it.control) for it in steps if not stray(graph, it)]
    assert [] == list(graph.assumed_edges(0))


@given(programs(keyed=True))
def test_what_every_pass_makes_is_valid(program: Program) -> None:
    for callbacks in definitions_of(OURS, program).values():
        definition = define(clean(callbacks))
        verify_definition(definition)
        graph = lower(definition)
        verify_graph(graph)
        made = assemble(graph)
        verify_program(made)
        assert graph.nx.number_of_edges() == len(graph.edges)
        assert graph.nx.number_of_nodes() == len(graph.nodes) + len(TERMINALS)


@pytest.mark.parametrize("empty", [[], [None], ([],)])
def test_the_graph_leaves_out_what_registering_drops_so_that_jumps_lead_where_they_lead(empty: Any) -> None:
    def first(obj: Any, eng: Any) -> None: ...
    def second(obj: Any, eng: Any) -> None: ...

    flow = [TASK_JUMP_IF(EMPTY_CALL, 1), empty, TASK_JUMP_FWD(2), empty, first, second]
    assert graph_text(compile_graph([item for item in flow if item is not empty])) == graph_text(compile_graph(flow))
    assert ((0,), (1,), (3,)) == walked(flow, {}).path
    walked([PARALLEL_SPLIT(flow), SYNCHRONIZE(flow, EMPTY_CALL)], {})
    with pytest.raises(WorkflowDefinitionError) as refused:
        compile_graph([*flow, 7])
    (finding,) = [one for one in check([*flow, 7]) if one.severity == "error"]
    assert refused.value.address == finding.address == (4,)


def test_an_invalid_graph_would_be_found() -> None:
    graph = compile_graph([print])
    with pytest.raises(WfgraphInternalError, match="an end that does not exist"):
        verify_graph(WorkflowGraph(graph.definition, graph.nodes, (*graph.edges, Edge(0, 7, EdgeKind.NEXT))))


@pytest.mark.parametrize("hash_seed", ["1", "77"])
def test_graph_text_and_code_are_the_same_in_another_process(hash_seed: str) -> None:
    script = "import seeded; print(*map(seeded.texts_of, range(20)), end='')"
    there = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parent,
        env={"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert " ".join(map(texts_of, range(20))) == there
    assert "arbiter: choice" in there
