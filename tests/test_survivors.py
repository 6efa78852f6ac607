"""What changed copies of the code got away with before: each test here fails for one that mutmut has made."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from functools import partial, update_wrapper
from threading import Thread
from typing import Any

import pytest
from helpers import engine, tiers

from wfgraph import compile_graph, ops, outcomes, task
from wfgraph.compiler import codegen
from wfgraph.compiler.codegen import source_of
from wfgraph.compiler.pipeline import build_program
from wfgraph.compiler.shapes import shape_of
from wfgraph.engine import ActionMapper, GenericWorkflowEngine, ProcessingFactory
from wfgraph.errors import (
    BreakFromThisLoop,
    HaltProcessing,
    JumpCall,
    Rewind,
    WfgraphInternalError,
    WorkflowDefinitionError,
    WorkflowError,
)
from wfgraph.graph.nesting import clean
from wfgraph.graph.ops import EdgeKind
from wfgraph.graph.outcomes import BREAK, RETURN, jump
from wfgraph.graph.verify import verify_definition, verify_graph, verify_program
from wfgraph.graph.workflow_graph import EXIT, Edge, WorkflowGraph
from wfgraph.patterns import BREAK as LEAVE
from wfgraph.patterns import (
    CHOICE,
    CMP,
    FOR,
    HALT,
    IF,
    IF_ELSE,
    PARALLEL_SPLIT,
    SYNCHRONIZE,
    TASK_JUMP_BWD,
    TASK_JUMP_FWD,
)
from wfgraph.runtime import loops
from wfgraph.runtime.context import standing_of


def a(obj: Any, eng: Any) -> None: ...
def b(obj: Any, eng: Any) -> None: ...


# graph/nesting ---------------------------------------------------------------------------------------------------------


def in_list(loop: list[Any]) -> list[Any]:
    return [a, loop]


def in_tuple(loop: list[Any]) -> Any:
    return (a, b, (loop,))


@pytest.mark.parametrize(
    ("wrap", "address"),
    [
        (lambda loop: loop, (1,)),
        (in_list, (1, 1)),
        (in_tuple, (3,)),
        (lambda loop: [a, b, [a, loop]], (1, 2, 1)),
        (lambda loop: (a, [b, (a, [loop])]), (2, 2, 0)),
        (lambda loop: ((([loop],),),), (1, 0)),
    ],
)
def test_a_list_in_itself_is_refused_by_its_address(wrap: Callable[[list[Any]], Any], address: tuple[int, ...]) -> None:
    loop: list[Any] = [a]
    loop.append(wrap(loop))
    with pytest.raises(WorkflowDefinitionError) as caught:
        clean(loop)
    assert address == caught.value.address
    assert caught.value.message == (
        f"the definition contains itself: the list at {list(address)} is one of the lists around it; "
        "use WHILE, FOR or a jump to repeat tasks"
    )


# compiler/normalize ------------------------------------------------------------------------------------------------------


async def waits(obj: Any, eng: Any) -> None: ...
def yields(obj: Any, eng: Any) -> Any:
    yield


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (
            5,
            "the item at [0] is not callable: 5 (int); a definition holds tasks (callables that take the token and the "
            "engine) and lists of them",
        ),
        (
            yields,
            "the task yields at [0] is a generator function: calling it would run nothing of its body; make it a plain "
            "function",
        ),
        (
            waits,
            "the task waits at [0] is an async function: calling it would run nothing of its body; make it a plain "
            "function, which may run it: asyncio.run(...)",
        ),
        (
            len,
            "the task len at [0] can't be called with (obj, eng), the token and the engine; did you mean to call it and use "
            "what it returns?",
        ),
    ],
)
def test_what_is_no_task_is_told_in_whole_sentences(item: Any, message: str) -> None:
    with pytest.raises(WorkflowDefinitionError) as caught:
        compile_graph([item])
    assert message == caught.value.message


# compiler/shapes -------------------------------------------------------------------------------------------------------


def branch(when_true: Any, when_false: Any) -> Any:
    @task(ops.Branch(when_true, when_false, test=a))
    def head(obj: Any, eng: Any) -> None: ...

    return head


def choice(*offsets: int, default: int | None = None) -> Any:
    cases = tuple((str(offset), offset) for offset in offsets)

    @task(ops.Choice(cases, arbiter=a, default=default))
    def head(obj: Any, eng: Any) -> None: ...

    return head


def loop() -> Any:
    @task(ops.While(test=a))
    def head(obj: Any, eng: Any) -> None: ...

    return head


LEAVING = LEAVE()


@pytest.mark.parametrize(
    ("items", "shape"),
    [
        ([branch(jump(1), BREAK), a], "if"),
        ([branch(BREAK, RETURN), a], "if"),
        ([branch(BREAK, jump(1)), TASK_JUMP_FWD(2), a], "if"),
        ([branch(jump(2), BREAK), a, b], "dispatch"),
        ([branch(BREAK, BREAK), a], "dispatch"),
        ([branch(outcomes.jump_token(1), RETURN), TASK_JUMP_FWD(1)], "plain"),
        ([branch(RETURN, BREAK), TASK_JUMP_BWD(-1)], "dispatch"),
        ([branch(jump(1), BREAK), TASK_JUMP_FWD(0)], "dispatch"),
        ([branch(jump(1), jump(3)), a, LEAVING, b], "ifelse"),
        ([branch(jump(1), jump(2)), a, LEAVING, b], "dispatch"),
        ([branch(jump(1), jump(3)), a, b, a], "dispatch"),
        ([choice(1, 3), a, LEAVING, b, LEAVING], "choice"),
        ([choice(1, default=3), a, LEAVING, b, LEAVING], "choice"),
        ([choice(1, default=2), a, LEAVING, b, LEAVING], "dispatch"),
        ([choice(1, default=5), a, LEAVING, b, LEAVING], "dispatch"),
        ([choice(1, 2), a, LEAVING, b, LEAVING], "dispatch"),
        ([choice(1, 5), a, LEAVING, b, LEAVING], "dispatch"),
        ([choice(1, 3), a, LEAVING, b], "dispatch"),
        ([choice(1, 3), a, LEAVING, LEAVING, LEAVING], "dispatch"),
        ([choice(1, 3), a, b, b, LEAVING], "dispatch"),
        ([loop(), a, TASK_JUMP_BWD(-2)], "while"),
        ([loop(), a, TASK_JUMP_BWD(-9)], "while"),
        ([loop(), a, TASK_JUMP_BWD(-1)], "dispatch"),
        ([loop(), a, LEAVING], "dispatch"),
        ([loop(), TASK_JUMP_BWD(-1), TASK_JUMP_BWD(-2)], "dispatch"),
        ([TASK_JUMP_FWD(0), a], "dispatch"),
        ([TASK_JUMP_FWD(1), a, LEAVING], "plain"),
    ],
)
def test_a_block_is_the_statement_that_it_can_be_written_as(items: list[Any], shape: str) -> None:
    graph = compile_graph(items)
    assert shape == shape_of(graph.definition.root, graph.nodes)


# graph/verify ----------------------------------------------------------------------------------------------------------

GRAPH = compile_graph([a, [b]])


def test_the_verifier_names_what_is_invalid_and_shows_it() -> None:
    broken = replace(GRAPH.definition, tasks=GRAPH.definition.tasks[::-1])
    with pytest.raises(WfgraphInternalError) as caught:
        verify_definition(broken)
    first, *_, last = str(caught.value).splitlines()
    assert ("the compiler made an invalid definition:", repr(broken)) == (first, last)
    headless = WorkflowGraph(GRAPH.definition, GRAPH.nodes, GRAPH.edges[1:])
    with pytest.raises(WfgraphInternalError) as caught:
        verify_graph(headless)
    assert f"the compiler made an invalid graph:\nentry has not exactly one edge\n{headless:text}" == str(
        caught.value
    ) + ("" if str(caught.value).endswith("\n") else "\n")


def test_an_edge_to_the_number_after_the_last_task_is_found() -> None:
    edges = (*GRAPH.edges, Edge(1, len(GRAPH.nodes), EdgeKind.NEXT))
    with pytest.raises(WfgraphInternalError, match="has an end that does not exist"):
        verify_graph(WorkflowGraph(GRAPH.definition, GRAPH.nodes, edges))


def test_every_damaged_block_is_told() -> None:
    root, inner = GRAPH.definition.blocks
    blocks = (replace(root, starts=root.starts[:-1]), replace(inner, starts=()))
    with pytest.raises(WfgraphInternalError, match=r"block 0 has 2 starts for 2 slots\n.*block 1 has 0 starts"):
        verify_definition(replace(GRAPH.definition, blocks=blocks))


def test_a_damaged_program_is_called_one() -> None:
    program = build_program([a, b])
    with pytest.raises(WfgraphInternalError, match=r"^the compiler made an invalid program:\n"):
        verify_program(replace(program, rows=program.rows[::-1]))


@pytest.mark.parametrize("wrong", [{"block": 1}, {"id": 1}])
def test_a_slot_of_another_place_is_found_by_its_block_and_by_its_number(wrong: dict[str, int]) -> None:
    root, inner = GRAPH.definition.blocks
    slots = (replace(GRAPH.definition.tasks[0], **wrong), root.slots[1])
    with pytest.raises(WfgraphInternalError, match="slot 0 of block 0 holds a task of another place"):
        verify_definition(replace(GRAPH.definition, blocks=(replace(root, slots=slots), inner)))


def test_a_lane_that_begins_after_the_last_node_is_found() -> None:
    graph = compile_graph([PARALLEL_SPLIT(a)])
    lane = replace(graph.lanes[0], first=len(graph.nodes))
    with pytest.raises(WfgraphInternalError, match="lane 0 ends after the last node"):
        verify_graph(WorkflowGraph(graph.definition, graph.nodes, graph.edges, (lane,)))


# compiler/lower --------------------------------------------------------------------------------------------------------


def test_tasks_of_a_branch_follow_each_other_there() -> None:
    graph = compile_graph([a, PARALLEL_SPLIT([a, b, [a]], [b, a]), b])
    ways = {(edge.source, edge.target, edge.kind.value) for edge in graph.edges if edge.source >= 3}
    assert {(3, 4, "next"), (4, 5, "next"), (5, EXIT, "join"), (6, 7, "next"), (7, EXIT, "join")} == ways


def test_what_a_condition_may_do_is_possible_and_its_answers_are_certain() -> None:
    @task(ops.Call((RETURN, outcomes.HALT)))
    def asks(obj: Any, eng: Any) -> bool:
        return True

    graph = compile_graph(IF(asks, a))
    found = {(edge.kind.value, edge.certainty.value) for edge in graph.edges if edge.source == 0}
    assert {("true", "must"), ("false", "must"), ("halt", "may"), ("resume", "may")} == found


def test_what_may_end_in_two_ways_is_certain_of_neither_and_in_one_of_that() -> None:
    @task(ops.Call((RETURN, BREAK)))
    def two(obj: Any, eng: Any) -> None: ...

    @task(ops.Call((RETURN,)))
    def one(obj: Any, eng: Any) -> None: ...

    edges = compile_graph([two, one, a]).edges
    assert {"may"} == {edge.certainty.value for edge in edges if edge.source == 0}
    assert ["must"] == [edge.certainty.value for edge in edges if edge.source == 1]


def test_a_jump_to_itself_goes_back_and_one_to_the_next_does_not() -> None:
    edges = compile_graph([TASK_JUMP_FWD(0), TASK_JUMP_FWD(1), a]).edges
    assert [(0, 0, "back"), (1, 2, "jump")] == [(edge.source, edge.target, edge.kind.value) for edge in edges[1:3]]


def test_after_a_halt_at_the_end_of_a_branch_the_flow_goes_on_where_branches_join() -> None:
    graph = compile_graph([SYNCHRONIZE([a, HALT()], [a]), b])
    last = len(graph.nodes) - 1
    resumed = [edge.target for edge in graph.edges if edge.source == last and edge.kind is EdgeKind.RESUME]
    assert [1] == resumed


def test_a_parallel_pattern_deep_in_its_own_branch_is_refused_where_it_stands() -> None:
    inner: list[Any] = [a]
    host = PARALLEL_SPLIT(a)
    op = ops.Split(((PARALLEL_SPLIT(a), inner),))
    outer = task(op)(host)
    inner.append(PARALLEL_SPLIT([outer]))
    with pytest.raises(WorkflowDefinitionError, match="contains itself") as caught:
        compile_graph([a, outer])
    assert caught.value.address is not None
    assert (1,) == caught.value.address


# compiler/codegen --------------------------------------------------------------------------------------------------------


def test_there_is_no_source_of_what_is_nested_too_deep() -> None:
    deep: Any = [a]
    for _ in range(2_001):
        deep = [deep]
    assert "" == source_of(build_program(deep))


# runtime/steering ------------------------------------------------------------------------------------------------------


def test_steering_says_what_it_is_told(caplog: pytest.LogCaptureFixture) -> None:
    eng: Any = GenericWorkflowEngine()
    with caplog.at_level(logging.DEBUG, eng.log.name):
        with pytest.raises(HaltProcessing) as halted:
            eng.halt()
        with pytest.raises(BreakFromThisLoop):
            eng.break_current_loop()
        with pytest.raises(JumpCall) as jumped:
            eng.jump_call(3)
        with pytest.raises(Rewind) as rewound:
            eng.rewind()
    assert {"message": "", "action": None, "payload": None} == halted.value.as_dict()
    assert (3,) == jumped.value.args
    assert ("current", "first") == (rewound.value.obj, rewound.value.task)
    assert ["Break from this loop", "We skip [3] calls"] == [one.getMessage() for one in caplog.records]


# runtime/interpreter: hooks ----------------------------------------------------------------------------------------------


def hooked(fails: bool = False) -> tuple[Any, list[Any]]:
    """Return an engine whose hooks note what they are told."""
    seen: list[Any] = []

    class Mapper(ActionMapper):
        @staticmethod
        def before_each_callback(eng: Any, callback_func: Any, obj: Any) -> None:
            seen.append(("before", eng, callback_func, obj))

        @staticmethod
        def after_each_callback(eng: Any, callback_func: Any, obj: Any) -> None:
            seen.append(("after", eng, callback_func, obj))
            if fails:
                raise ValueError("the hook")

    class Factory(ProcessingFactory):
        action_mapper = Mapper

    class Hooked(GenericWorkflowEngine):
        processing_factory = Factory

    return Hooked(), seen


def breaks(obj: Any, eng: Any) -> None:
    raise KeyError("own")


@pytest.mark.parametrize(
    ("last", "raised"),
    [(b, None), (breaks, KeyError), (HALT("look"), HaltProcessing)],
    ids=["returns", "fails", "halts"],
)
def test_hooks_are_told_of_each_task_however_it_ends(last: Any, raised: type[BaseException] | None) -> None:
    eng, seen = hooked()
    eng.callbacks.replace([a, [last]])
    token: dict[str, Any] = {}
    with pytest.raises(raised) if raised else nullcontext():
        eng.process([token])
    assert [(when, eng, called, token) for called in (a, last) for when in ("before", "after")] == seen


def test_a_hook_before_tasks_alone_is_told_of_each() -> None:
    seen: list[Any] = []

    class Mapper(ActionMapper):
        @staticmethod
        def before_each_callback(eng: Any, callback_func: Any, obj: Any) -> None:
            seen.append((eng, callback_func, obj))

    eng: Any = GenericWorkflowEngine()
    eng.processing_factory = type("Factory", (ProcessingFactory,), {"action_mapper": Mapper})
    eng.callbacks.replace([a, [b]])
    eng.process(["token"])
    assert [(eng, a, "token"), (eng, b, "token")] == seen


def test_tasks_are_run_by_what_the_engine_overrides() -> None:
    ran: list[Any] = []

    class Running(GenericWorkflowEngine):
        def execute_callback(self, callback: Any, obj: Any) -> None:
            ran.append((callback, obj))

    eng = Running()
    eng.callbacks.replace([a, [b]])
    eng.process(["token"])
    assert [(a, "token"), (b, "token")] == ran


@pytest.mark.unobserved
def test_what_the_engine_overrides_is_called_under_the_eyes_of_hooks() -> None:
    eng, seen = hooked()
    ran: list[Any] = []
    kind = type("Running", (type(eng),), {"execute_callback": lambda self, callback, obj: ran.append((callback, obj))})
    both = kind()
    both.callbacks.replace([a, HALT("look")])
    both.process(["token"])
    assert 2 == len(ran)
    assert (a, "token") == ran[0]
    assert ["before", "after"] * 2 == [one[0] for one in seen]


def test_as_many_tasks_may_run_as_max_steps_says() -> None:
    eng: Any = GenericWorkflowEngine()
    eng.max_steps = 3
    eng.callbacks.replace([a, a, a])
    eng.process([1, 2])
    eng.callbacks.replace([a, a, a, b])
    with pytest.raises(WorkflowError) as caught:
        eng.process([1])
    assert caught.value.message == (
        "b at [3] is task run number 4 of this token, and max_steps forbids more; is there a loop without an exit?"
    )


def test_a_hook_that_fails_never_takes_the_place_of_a_halt(caplog: pytest.LogCaptureFixture) -> None:
    eng, _ = hooked(fails=True)
    eng.callbacks.replace([HALT("look")])
    with caplog.at_level(logging.ERROR), pytest.raises(HaltProcessing, match="look"):
        eng.process([{}])
    said = [one.getMessage() for one in caplog.records]
    assert "after_each_callback failed while the workflow was being halted" in said
    eng, _ = hooked(fails=True)
    eng.callbacks.replace([a])
    with pytest.raises(ValueError, match="the hook"):
        eng.process([{}])


# runtime/loops -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("order", ["ASC", "DSC"])
@pytest.mark.parametrize("kind", [list, tuple, set, iter])
def test_items_are_asked_for_with_token_and_engine_before_and_after_a_halt(
    monkeypatch: pytest.MonkeyPatch, tier: str, cached: bool, order: str, kind: Any
) -> None:
    monkeypatch.setattr(codegen, "PATIENCE", 1)
    asked: list[Any] = []
    eng: Any = GenericWorkflowEngine()
    eng.tier = tier

    def items(obj: Any, eng: Any) -> Any:
        asked.append((obj, eng))
        return kind([1, 2, 3])

    def look(obj: Any, eng: Any) -> None:
        obj.append(eng.extra_data["x"])
        if eng.extra_data["x"] == 2 and "halted" not in eng.extra_data:
            eng.extra_data["halted"] = True
            eng.halt("look")

    eng.callbacks.replace([FOR(items, "x", [look, a], cache_data=cached, order=order)])
    token: list[int] = []
    with pytest.raises(HaltProcessing):
        eng.process([token])
    eng.restart("current", "next")
    assert ([1, 2, 3] if order == "ASC" else [3, 2, 1]) == token
    assert all(one is token and other is eng for one, other in asked)
    assert not cached or 1 == len(asked)
    assert not [key for key in eng.extra_data if "loop" in str(key).lower()]


@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
@pytest.mark.parametrize("kind", [list, tuple, set, dict.fromkeys, str])
def test_a_loop_over_what_was_given_goes_on_where_it_was_halted(
    monkeypatch: pytest.MonkeyPatch, tier: str, kind: Any
) -> None:
    monkeypatch.setattr(codegen, "PATIENCE", 1)
    eng: Any = GenericWorkflowEngine()
    eng.tier = tier
    given = kind("abc")

    def look(obj: Any, eng: Any) -> None:
        obj.append(eng.extra_data["x"])
        if len(obj) == 2:
            eng.halt("look")

    eng.callbacks.replace([FOR(given, "x", [look, a])])
    token: list[str] = []
    with pytest.raises(HaltProcessing):
        eng.process([token])
    eng.restart("current", "next")
    assert list(given) == token


@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
def test_what_a_round_adds_to_the_list_that_a_loop_was_given_has_its_turn(tier: str) -> None:
    eng: Any = GenericWorkflowEngine()
    eng.tier = tier
    given = [1, 2]

    def adds(obj: Any, eng: Any) -> None:
        obj.append(eng.extra_data["x"])
        if len(given) == 2:
            given.append(3)

    eng.callbacks.replace([FOR(given, "x", adds)])
    token: list[int] = []
    eng.process([token])
    assert [1, 2, 3] == token


@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
@pytest.mark.parametrize("order", ["ASC", "DSC"])
@pytest.mark.parametrize("given", [[1, 2, 3], lambda: [1, 2, 3]], ids=["given", "asked for"])
def test_a_position_changed_unseen_at_the_end_of_a_round_costs_no_item(tier: str, order: str, given: Any) -> None:
    eng: Any = GenericWorkflowEngine()
    eng.tier = tier
    told: list[int] = []

    def unseen(obj: Any, eng: Any) -> None:
        obj.append("moves")
        if len(obj) == 4:
            getattr(eng.state, "callback_" + "pos")[-1] = 0  # back to the head, and from there to the body once more

    def body(obj: Any, eng: Any) -> None:
        obj.append("body")

    eng.callbacks.replace(FOR(given, lambda obj, eng, place, item: told.append(item), [body, unseen], order=order))
    token: list[str] = []
    eng.process([token])
    assert ([1, 2, 3] if order == "ASC" else [3, 2, 1]) == list(dict.fromkeys(told))
    assert ["body", "moves"] * 4 == token


@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
def test_a_loop_goes_on_after_a_task_of_it_has_let_the_engine_run_another_token(tier: str) -> None:
    eng: Any = GenericWorkflowEngine()
    eng.tier = tier
    inner: list[int] = []

    def look(obj: Any, eng: Any) -> None:
        obj.append(eng.extra_data["x"])
        if obj is not inner and obj == [1, 2]:
            eng.process([inner])
            assert [1, 2, 3] == inner

    eng.callbacks.replace([FOR([1, 2, 3], "x", [look, a])])
    token: list[int] = []
    eng.process([token])
    assert [1, 2, 3] == token


# runtime/cursor ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
def test_the_head_of_a_loop_is_told_its_own_place_in_every_round(tier: str) -> None:
    eng: Any = GenericWorkflowEngine()
    eng.tier = tier

    def items(obj: Any, eng: Any) -> list[int]:
        obj.append(("items", list(eng.state.callback_pos)))
        return [1, 2]

    def takes(obj: Any, eng: Any, place: str, item: int) -> None:
        obj.append(("takes", list(eng.state.callback_pos)))

    def body(obj: Any, eng: Any) -> None:
        obj.append(("body", list(eng.state.callback_pos)))

    eng.callbacks.replace([FOR(items, takes, body)])
    token: list[Any] = []
    eng.process([token])
    told = [("items", [0, 0]), ("takes", [0, 0]), ("body", [0, 1])]
    assert [*told, *told, told[0]] == token


@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
def test_a_position_changed_by_hand_is_what_all_are_told(tier: str) -> None:
    eng: Any = GenericWorkflowEngine()
    eng.tier = tier

    def moves(obj: Any, eng: Any) -> None:
        position = eng.state.callback_pos
        position[0] = 1
        with ThreadPoolExecutor(1) as threads:
            elsewhere = threads.submit(lambda: eng.state.callback_pos).result()
        assert [1] == elsewhere == eng.state.glance()
        assert position is not eng.state.glance()
        assert position is eng.state.callback_pos
        obj.append("moves")

    def note(obj: Any, eng: Any) -> None:
        obj.append(list(eng.state.callback_pos))

    eng.callbacks.replace([moves, note, note])
    token: list[Any] = []
    eng.process([token])
    assert ["moves", [2]] == token


# graph/nesting and compiler/normalize: what is no definition -------------------------------------------------------------


@pytest.mark.parametrize("given", ["text", b"text", 5, None], ids=repr)
def test_what_is_no_list_of_callables_is_refused_and_shown(given: Any) -> None:
    with pytest.raises(WorkflowDefinitionError) as caught:
        clean(given)
    assert f"a workflow definition is a list of callables, not {given!r}" in str(caught.value)
    assert given is caught.value.payload


class Unreadable(list[Any]):
    def __iter__(self) -> Any:
        raise OSError("gone")


@pytest.mark.parametrize(("within", "address"), [(0, ()), (1, (1,)), (2, (1, 0))])
def test_a_list_that_can_not_be_read_is_named_by_its_own_place(within: int, address: tuple[int, ...]) -> None:
    given: Any = Unreadable()
    for level in range(within):
        given = [given] if level < within - 1 else [a, given]
    with pytest.raises(WorkflowDefinitionError, match=r"can't be read: .*gone") as caught:
        clean(given)
    assert address == caught.value.address


def test_one_list_may_stand_in_two_places_of_a_definition_but_not_in_itself() -> None:
    shared: list[Any] = [a]
    for read in (clean, build_program):
        read([shared, [shared], (shared, b)])
        looped: list[Any] = [a]
        looped.append([b, looped])
        with pytest.raises(WorkflowDefinitionError, match="contains itself") as caught:
            read(looped)
        assert (1, 1) == caught.value.address
        with pytest.raises(WorkflowDefinitionError, match="contains itself") as caught:
            read([a, [looped]])
        assert (1, 0, 1, 1) == caught.value.address


class Wide(tuple[Any, ...]):
    """Says that it holds more than there is room for."""

    def __len__(self) -> int:
        return sys.maxsize


def test_nobody_asks_a_branch_how_long_it_is() -> None:
    asks_nothing = lambda obj, eng: True  # noqa: E731
    for flow in (IF_ELSE(asks_nothing, Wide((a,)), b), CHOICE(asks_nothing, ("x", Wide((a, b)))), IF(a, Wide((b,)))):
        compile_graph(flow)


async def later(obj: Any, eng: Any) -> bool:
    return True


@pytest.mark.parametrize("wrap", [lambda asked: asked, partial], ids=["as it is", "as a partial"])
def test_a_condition_that_is_async_is_refused_where_it_stands(wrap: Callable[[Any], Any]) -> None:
    with pytest.raises(WorkflowDefinitionError, match=r"\[1, 0\] asks .*later.*, an async function") as caught:
        build_program([a, IF(wrap(later), b)])
    assert (1, 0) == caught.value.address


def test_of_several_conditions_the_faulty_one_is_named() -> None:
    for faulty in (later, of_three):
        with pytest.raises(WorkflowDefinitionError, match=rf"asks {faulty.__name__}, "):
            build_program([CMP(a, faulty, "==")])


def test_a_partial_of_itself_is_refused_with_what_to_do() -> None:
    endless = partial(a)
    endless.__setstate__((endless, (), {}, {}))  # type: ignore[attr-defined]
    with pytest.raises(
        WorkflowDefinitionError, match=r"the item at \[0\] is a partial of itself.*; make it a function, "
    ):
        build_program([endless])


@pytest.mark.parametrize(
    "op",
    [
        ops.Branch(BREAK, RETURN),
        ops.Branch(RETURN, jump(2)),
        ops.While(),
        ops.Choice((("x", 1), ("y", 2))),
    ],
    ids=["leaves", "jumps", "while", "choice"],
)
@tiers
def test_what_only_the_task_can_tell_is_asked_of_the_task(tier: str, op: ops.Op) -> None:
    seen = []

    @task(op)
    def head(obj: Any, eng: Any) -> None:
        seen.append(len(seen))
        if isinstance(op, ops.Choice):
            eng.jump_call(2)

    eng = engine([head, lambda obj, eng: seen.append("one"), lambda obj, eng: seen.append("two")], tier=tier)
    eng.process([1])
    assert [0, *([] if isinstance(op, ops.Choice) else ["one"]), "two"] == seen


def of_three(obj: Any, eng: Any, more: Any) -> None: ...
def of_any(*all_of_them: Any) -> None: ...


class Decorated:
    """Calls a function with other arguments than it gets."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        update_wrapper(self, function)
        self.function = function

    def __call__(self, obj: Any, eng: Any) -> Any:
        return self.function(obj)


def test_a_task_takes_two_arguments_however_it_says_so() -> None:
    build_program([of_any, partial(of_three, None), Decorated(len)])
    with pytest.raises(WorkflowDefinitionError, match=r"of_three at \[0\] can't be called with \(obj, eng\)"):
        build_program([of_three])


# The run ---------------------------------------------------------------------------------------------------------------


def cuts(obj: Any, eng: Any) -> None:
    del eng.state.callback_pos[:]


@tiers
@pytest.mark.parametrize(
    ("position", "callbacks", "place"),
    [
        ([0, 3], [a, b], "[0, 3]"),
        ([1, 0, 0], [a, [b]], "[1, 0, 0]"),
        ([0], [cuts, a], "[]"),
        ([0], [a, [cuts, a]], "[]"),
    ],
)
@pytest.mark.unobserved
def test_a_position_that_leads_nowhere_is_named_with_what_may_be_the_matter(
    tier: str, position: list[int], callbacks: Any, place: str
) -> None:
    eng = engine(*callbacks, tier=tier)
    eng.state.callback_pos = list(position)
    with pytest.raises(WorkflowError) as caught:
        eng.process([1], reset_state=False)
    assert caught.value.message == (
        f"the position {place} is no place in this definition; was it stored with another version of it, or changed by a task?"
    )


@tiers
def test_a_position_past_the_end_is_the_end(tier: str) -> None:
    eng = engine(a, b, tier=tier)
    eng.state.callback_pos = [2, 0]
    eng.process([1], reset_state=False)
    assert 0 == eng.state.token_pos


@tiers
@pytest.mark.unobserved
def test_another_list_in_the_place_of_the_position_counts_only_for_the_task_that_put_it_there(tier: str) -> None:
    def puts(obj: Any, eng: Any) -> None:
        eng.state.callback_pos = [7]

    def looks(obj: Any, eng: Any) -> None:
        obj.append(list(eng.state.callback_pos))

    token: list[Any] = []
    engine(puts, looks, [puts, [looks]], looks, tier=tier).process([token])
    assert [[1], [2, 1, 0], [3]] == token


@tiers
def test_who_holds_the_position_sees_it_follow_to_the_end(tier: str) -> None:
    seen = []
    eng = engine(lambda obj, eng: seen.append(list(held)), [lambda obj, eng: seen.append(list(held))], tier=tier)
    held = eng.state.callback_pos
    eng.process([1], reset_state=False)
    assert [[0], [1, 0]] == seen
    empty = engine([[]], [[]], tier=tier)
    held = empty.state.callback_pos
    empty.process([1], reset_state=False)
    assert [1] == held


class Overriding(GenericWorkflowEngine):
    """Runs each list itself, and leaves or jumps after a nested one."""

    jumps = 0

    def run_callbacks(self, callbacks: Any, objects: Any, obj: Any, indent: int = 0) -> None:
        super().run_callbacks(callbacks, objects, obj, indent)
        if indent == 1 and self.jumps:
            self.jump_call(self.jumps)


@tiers
def test_who_overrides_run_callbacks_can_jump_after_a_list(tier: str) -> None:
    def says(text: str) -> Any:
        return lambda obj, eng: obj.append(text)

    eng = engine(says("a"), [says("b")], says("c"), says("d"), kind=Overriding, tier=tier)
    token: list[str] = []
    eng.jumps = 2
    eng.process([token])
    assert ["a", "b", "d"] == token


@tiers
def test_a_for_that_is_left_by_a_break_begins_anew_also_where_lists_are_run_by_an_override(tier: str) -> None:
    def says(obj: Any, eng: Any) -> None:
        obj.append(eng.extra_data["x"])

    eng = engine(FOR([1, 2], "y", [FOR([1, 2], "x", [says, LEAVE()])]), kind=Overriding, tier=tier)
    token: list[int] = []
    eng.process([token])
    assert [1, 1] == token
    assert {"x": 1, "y": 2} == eng.extra_data


@tiers
def test_a_loop_that_went_on_after_a_halt_is_forgotten_when_it_ends(tier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codegen, "PATIENCE", 1)
    seen: list[Any] = []

    def halts(obj: Any, eng: Any) -> None:
        seen.append(eng.extra_data["x"])
        if len(seen) == 1:
            eng.halt()

    eng = engine(a, FOR([1, 2], "x", halts), lambda obj, eng: seen.append(loops.KEY in eng.extra_data), tier=tier)
    with pytest.raises(HaltProcessing):
        eng.process([1])
    eng.restart("current", "next")
    assert [1, 2, False] == seen


def test_a_loop_that_has_ended_is_forgotten_by_who_asked_for_its_next_item() -> None:
    eng = GenericWorkflowEngine()
    eng.state.callback_pos = [0]
    head = FOR([1], "x", a)[0]
    head(None, eng)
    assert {"x", loops.KEY} == set(eng.extra_data)
    with pytest.raises(BreakFromThisLoop):
        head(None, eng)
    assert {"x": 1} == eng.extra_data


@tiers
def test_a_change_of_the_number_of_the_token_does_not_begin_its_loops_anew(tier: str) -> None:
    def says(obj: Any, eng: Any) -> None:
        obj.append(eng.extra_data["x"])
        eng.state.token_pos += len(obj) == 2

    token: list[int] = []
    engine(FOR([1, 2, 3], "x", says), tier=tier).process([token, []])
    assert [1, 2, 3] == token


class Asked:
    """A token that looks at the position when it is asked for its definition."""

    def __init__(self, eng: Any, seen: list[Any]) -> None:
        self.eng, self.seen = eng, seen

    @property
    def getFeature(self) -> Any:
        def ask() -> None:
            self.seen += [list(self.eng.state.callback_pos), standing_of(self.eng)[1]]

        ask()
        aside = Thread(target=ask)
        aside.start()
        aside.join()
        raise AttributeError


def test_a_token_that_is_asked_for_its_definition_stands_at_the_beginning() -> None:
    def seen(tier: str) -> list[Any]:
        eng, found = engine([a, b], b, tier=tier), []
        eng.process([Asked(eng, found), Asked(eng, found)])
        return found

    assert set(map(tuple, seen("interpreted"))) == set(map(tuple, seen("compiled"))) == {(0,)}


@tiers
@pytest.mark.parametrize(
    ("words", "ran"), [(("current", "next"), "abc"), (("current", "current"), "abbbbc"), (("next", "first"), "ababc")]
)
def test_a_rewind_goes_on_where_its_words_say(tier: str, words: tuple[str, str], ran: str) -> None:
    said: list[str] = []

    def second(obj: Any, eng: Any) -> None:
        said.append("b")
        if len(said) < 5 and obj == 1:
            eng.rewind(*words)

    eng = engine(lambda obj, eng: said.append("a"), [second], lambda obj, eng: said.append("c"), tier=tier)
    eng.process([1, 2] if words[0] == "next" else [1])
    assert ran == "".join(said)
