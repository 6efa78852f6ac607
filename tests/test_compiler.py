"""The compiler: golden texts of the patterns' graphs, the verifier, and what it refuses."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from wfgraph import check, compile_graph, ops, outcomes, patterns, task
from wfgraph.compiler.pipeline import build_program
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import HaltProcessing, WorkflowDefinitionError
from wfgraph.graph.nesting import clean
from wfgraph.graph.verify import verify_definition, verify_graph, verify_program
from wfgraph.graph.workflow_graph import EXIT, HALT
from wfgraph.patterns import (
    BREAK,
    CALLFUNC,
    CHOICE,
    CMP,
    DEBUG_CYCLE,
    EMPTY_CALL,
    ENG_GET,
    ENG_SET,
    ERROR,
    FOR,
    IF,
    IF_ELSE,
    IF_NOT,
    OBJ_GET,
    OBJ_JUMP_BWD,
    OBJ_JUMP_FWD,
    OBJ_NEXT,
    OBJ_SET,
    PARALLEL_SPLIT,
    PROFILE,
    RUN_WF,
    SIMPLE_MERGE,
    STOP,
    SYNCHRONIZE,
    TASK_JUMP_BWD,
    TASK_JUMP_FWD,
    TASK_JUMP_IF,
    TRY,
    WHILE,
)
from wfgraph.patterns import HALT as HALT_PATTERN


def a(obj: Any, eng: Any) -> None: ...
def b(obj: Any, eng: Any) -> None: ...
def size(obj: Any, eng: Any) -> int:
    return 1


GOLDEN: list[tuple[Any, str]] = [
    (
        IF(CMP(size, 10, "<"), a),
        "entry -next-> [0] | [0] IF: if CMP(size, 10, '<') | -true-> [1] | -false-> exit | [1] a | -next-> exit",
    ),
    (
        [IF_NOT(size, [a]), b],
        "entry -next-> [0, 0] | [0, 0] IF_NOT: unless size | -true-> [1] | -false-> [0, 1, 0] | [0, 1, 0] a | "
        "-next-> [1] | [1] b | -next-> exit",
    ),
    (
        IF_ELSE(size, a, b),
        "entry -next-> [0] | [0] IF_ELSE: if size | -true-> [1] | -false-> [3] | [1] a | -next-> [2] | "
        "[2] BREAK | -break-> exit | [3] b | -next-> exit",
    ),
    (
        WHILE(size, a),
        "entry -next-> [0] | [0] WHILE: while size | -loop-> [1] | -false-> exit | [1] a | -next-> [2] | "
        "[2] TASK_JUMP_BWD: -2 | -back-> [0]",
    ),
    (
        FOR(range(2), "x", [a]),
        "entry -next-> [0] | [0] FOR: for x in range(0, 2) | -loop-> [1] | -false done-> exit | [1] a | "
        "-next-> [2] | [2] TASK_JUMP_BWD: -2 | -back-> [0]",
    ),
    (
        CHOICE(size, one=a, default=b),
        "entry -next-> [0] | [0] size: choice size | -case one-> [1] | -case default-> [3] | [1] a | "
        "-next-> [2] | [2] BREAK | -break-> exit | [3] b | -next-> [4] | [4] BREAK | -break-> exit",
    ),
    (
        SIMPLE_MERGE(a, b, a),
        "entry -next-> [0] | [0] a | -next-> [1] | [1] TASK_JUMP_FWD: +3 | -jump-> [4] | "
        "[2] b | -next-> [3] | [3] TASK_JUMP_FWD: +1 | -jump-> [4] | [4] a | -next-> exit",
    ),
    (
        [TASK_JUMP_IF(size, 2), HALT_PATTERN("look"), STOP()],
        "entry -next-> [0] | [0] jump: jump if size | -true-> [2] | -false-> [1] | [1] HALT: look | -halt-> halt | "
        "-resume?-> [2] | [2] STOP | -stop-> stop",
    ),
    (
        [OBJ_NEXT(), OBJ_JUMP_BWD(-2), [BREAK()]],
        "entry -next-> [0] | [0] OBJ_NEXT | -token next-> token | [1] OBJ_JUMP_BWD: -2 | -token -2-> token | "
        "[2, 0] BREAK | -break-> exit",
    ),
    (
        PARALLEL_SPLIT(a, [b]),
        "entry -next-> [0] | [0] PARALLEL_SPLIT | -next-> exit | -spawn 0-> [0]/0[0] | -spawn 1-> [0]/1[0] | "
        "[0]/0[0] a | -join-> exit | [0]/1[0] b | -join-> exit",
    ),
    (
        [SYNCHRONIZE(a, [b], a), b],
        "entry -next-> [0] | [0] SYNCHRONIZE | -next-> [1] | -spawn 0-> [0]/0[0] | -spawn 1-> "
        "[0]/1[0] | [1] b | -next-> exit | [0]/0[0] a | -join-> [1] | [0]/1[0] b "
        "| -join-> [1]",
    ),
    (
        [SYNCHRONIZE([SYNCHRONIZE(a, EMPTY_CALL), b], [], EMPTY_CALL), PARALLEL_SPLIT([])],
        "entry -next-> [0] | [0] SYNCHRONIZE | -next-> [1] | -halt-> halt | -resume?-> [1] | -spawn 0-> [0]/0[0] | "
        "-spawn 1-> [1] | [1] PARALLEL_SPLIT | -next-> exit | -spawn 0-> exit | [0]/0[0] SYNCHRONIZE | "
        "-next-> [0]/0[1] | -halt-> halt | -resume?-> [0]/0[1] | -spawn 0-> [0]/0[0]/0[0] | [0]/0[1] b | "
        "-join-> [1] | [0]/0[0]/0[0] a | -join-> [0]/0[1]",
    ),
    (
        [TASK_JUMP_FWD(2), a, TASK_JUMP_BWD(-1), b],
        "entry -next-> [0] | [0] TASK_JUMP_FWD: +2 | -jump-> [2] | [1] a | -next-> [2] | [2] "
        "TASK_JUMP_BWD: -1 | -back-> [1] | [3] b | -next-> exit",
    ),
    (
        [OBJ_JUMP_FWD(1), OBJ_NEXT()],
        "entry -next-> [0] | [0] OBJ_JUMP_FWD: +1 | -token +1-> token | [1] OBJ_NEXT | -token next-> token",
    ),
    (
        RUN_WF([a, b]),
        "entry -next-> [0] | [0] RUN_WF: sub-workflow | -next-> exit | -halt-> halt | -resume?-> exit",
    ),
    (
        [EMPTY_CALL, ENG_SET("key", 1), ENG_GET("key"), OBJ_SET("x", 2), OBJ_GET("x")],
        "entry -next-> [0] | [0] EMPTY_CALL | -next-> [1] | [1] ENG_SET('key', 1) | -next-> [2] | [2] "
        "ENG_GET('key') | -next-> [3] | [3] OBJ_SET('x', 2) | -next-> [4] | [4] OBJ_GET('x') | -next-> exit",
    ),
    (
        [ERROR("wrong"), a],
        "entry -next-> [0] | [0] ERROR: wrong | -error-> error | [1] a | -next-> exit",
    ),
    (
        [TRY(HALT_PATTERN("look"), retry=2), TRY(a)],
        "entry -next-> [0] | [0] TRY(HALT) | -halt-> halt | -resume?-> [1] | [1] TRY | -next-> exit",
    ),
    (
        [PROFILE(a), PROFILE(STOP()), PROFILE([a])],
        "entry -next-> [0] | [0] PROFILE(a) | -next-> [1] | [1] PROFILE(STOP) | -stop-> stop | [2] "
        "PROFILE: sub-workflow | -next-> exit | -halt-> halt | -resume?-> exit",
    ),
    (
        [DEBUG_CYCLE("a(obj, eng)"), CALLFUNC(len, "n", args=[[1]])],
        "entry -next-> [0] | [0] DEBUG_CYCLE (opaque) | -next?-> [1] | [1] CALLFUNC | -next-> exit",
    ),
]


def lines(callbacks: Any) -> str:
    return " | ".join(line.strip() for line in f"{compile_graph(callbacks):text}".splitlines()[1:])


def test_every_pattern_has_a_text() -> None:
    written = "".join(str(text) for _, text in GOLDEN)
    nameless = {"CMP", "CHOICE", "SIMPLE_MERGE", "TASK_JUMP_IF"}  # a condition; the arbiter; a list of jumps; "jump if"
    assert nameless == {name for name in patterns.__all__ if f"] {name}" not in written}


@pytest.mark.parametrize(("callbacks", "expected"), GOLDEN, ids=range(len(GOLDEN)))
def test_the_text_of_a_pattern(callbacks: Any, expected: str) -> None:
    assert expected == lines(callbacks)


@pytest.mark.parametrize("callbacks", [case for case, _ in GOLDEN] + [[]])
def test_every_pass_keeps_the_rules(callbacks: Any) -> None:
    program = build_program(clean(callbacks))
    verify_definition(program.graph.definition)
    verify_graph(program.graph)
    verify_program(program)


def test_a_declared_task_has_the_edges_it_declares() -> None:
    @task(ops.Call((outcomes.RETURN, outcomes.jump(2), outcomes.HALT)))
    def may(obj: Any, eng: Any) -> None: ...

    graph = compile_graph([may, a, b])
    assert [1, 2, HALT, 1] == [edge.target for edge in graph.out_edges(0)]
    assert graph.permits(0, 2)
    assert not graph.permits(0, EXIT)


def test_networkx_has_the_same_nodes_and_edges() -> None:
    graph = compile_graph([IF(size, [a]), b])
    assert len(graph.edges) == graph.nx.number_of_edges()
    assert {0, 1, 2} <= set(graph.nx.nodes)


async def waits(obj: Any, eng: Any) -> None: ...


def yields(obj: Any, eng: Any) -> Any:
    yield


@pytest.mark.parametrize(
    ("bad", "address", "says"),
    [
        (5, (1, 0), "not callable: 5"),
        ("text", (1, 0), "not callable: 'text'"),
        ({a}, (1, 0), "not callable"),
        (waits, (1, 0), "async function"),
        (yields, (1, 0), "generator function"),
        (lambda obj: None, (1, 0), "can't be called with"),
    ],
)
def test_what_is_no_task_is_refused_by_its_address(bad: Any, address: tuple[int, ...], says: str) -> None:
    with pytest.raises(WorkflowDefinitionError, match=says) as caught:
        compile_graph([a, [bad]])
    assert address == caught.value.address


def test_a_definition_that_contains_itself_is_refused() -> None:
    loop: list[Any] = [a]
    loop.append([loop])
    with pytest.raises(WorkflowDefinitionError, match="contains itself"):
        compile_graph(loop)


def test_depth_and_size_cost_nothing_special() -> None:
    deep: Any = a
    for _ in range(5_000):
        deep = [deep]
    assert 1 == len(compile_graph(deep).nodes)
    assert 100_000 == len(compile_graph([[[[[a] * 10] * 10] * 10] * 10] * 10).nodes)
    assert "-back->" in lines([a, TASK_JUMP_BWD()])


@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
def test_a_thousand_levels_run_halt_and_go_on(tier: str) -> None:
    def note(obj: Any, eng: Any) -> None:
        obj.append(len(eng.state.callback_pos))

    deep: Any = [note, HALT_PATTERN("look"), note]
    for _ in range(1_000):
        deep = [deep, note]
    eng = GenericWorkflowEngine()
    eng.tier = tier
    eng.callbacks.replace(deep)
    obj: list[int] = []
    with pytest.raises(HaltProcessing):
        eng.process([obj])
    eng.restart("current", "next")
    assert [1_001, 1_001, *range(1_000, 0, -1)] == obj


# The collector --------------------------------------------------------------------------------------------------------


class Watching:
    """A task that looks whether garbage is searched for while it is compiled."""

    def __init__(self) -> None:
        self.seen: set[bool] = set()

    @property
    def __name__(self) -> str:
        self.seen.add(gc.isenabled())
        return "watching"

    def __call__(self, obj: Any, eng: Any) -> None: ...


@pytest.mark.parametrize("compiled", [compile_graph, check])
def test_garbage_is_searched_for_after_compiling(compiled: Any) -> None:
    watching = Watching()
    compiled([watching])
    assert gc.isenabled()
    assert {False} == watching.seen


@pytest.mark.parametrize("compiled", [compile_graph, check])
def test_a_collector_that_is_off_stays_off(compiled: Any) -> None:
    gc.disable()
    try:
        compiled([print])
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_collector_is_back_after_a_definition_that_is_refused() -> None:
    with pytest.raises(WorkflowDefinitionError):
        compile_graph([1])
    assert gc.isenabled()
