"""The compiler: golden texts of the patterns' graphs, the verifier, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from wfgraph import compile_graph, ops, outcomes, task
from wfgraph.compiler.pipeline import build_program
from wfgraph.errors import WorkflowDefinitionError
from wfgraph.graph.verify import verify_definition, verify_graph, verify_program
from wfgraph.graph.workflow_graph import EXIT, HALT
from wfgraph.patterns import (
    BREAK,
    CHOICE,
    CMP,
    FOR,
    IF,
    IF_ELSE,
    IF_NOT,
    OBJ_JUMP_BWD,
    OBJ_NEXT,
    PARALLEL_SPLIT,
    SIMPLE_MERGE,
    STOP,
    SYNCHRONIZE,
    TASK_JUMP_BWD,
    TASK_JUMP_IF,
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
        "entry -next-> [0] | [0] IF: if CMP(size, 10, '<') | -true-> [1] | -false-> exit | [1] a (opaque) | -next?-> exit",
    ),
    (
        [IF_NOT(size, [a]), b],
        "entry -next-> [0, 0] | [0, 0] IF_NOT: unless size | -true-> [1] | -false-> [0, 1, 0] | [0, 1, 0] a (opaque) | "
        "-next?-> [1] | [1] b (opaque) | -next?-> exit",
    ),
    (
        IF_ELSE(size, a, b),
        "entry -next-> [0] | [0] IF_ELSE: if size | -true-> [1] | -false-> [3] | [1] a (opaque) | -next?-> [2] | "
        "[2] BREAK | -break-> exit | [3] b (opaque) | -next?-> exit",
    ),
    (
        WHILE(size, a),
        "entry -next-> [0] | [0] WHILE: while size | -loop-> [1] | -false-> exit | [1] a (opaque) | -next?-> [2] | "
        "[2] TASK_JUMP_BWD: -2 | -back-> [0]",
    ),
    (
        FOR(range(2), "x", [a]),
        "entry -next-> [0] | [0] FOR: for x in range(0, 2) | -loop-> [1] | -false done-> exit | [1] a (opaque) | "
        "-next?-> [2] | [2] TASK_JUMP_BWD: -2 | -back-> [0]",
    ),
    (
        CHOICE(size, one=a, default=b),
        "entry -next-> [0] | [0] size: choice size | -case one-> [1] | -case default-> [3] | [1] a (opaque) | "
        "-next?-> [2] | [2] BREAK | -break-> exit | [3] b (opaque) | -next?-> [4] | [4] BREAK | -break-> exit",
    ),
    (
        SIMPLE_MERGE(a, b, a),
        "entry -next-> [0] | [0] a (opaque) | -next?-> [1] | [1] TASK_JUMP_FWD: +3 | -jump-> [4] | "
        "[2] b (opaque) | -next?-> [3] | [3] TASK_JUMP_FWD: +1 | -jump-> [4] | [4] a (opaque) | -next?-> exit",
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
]


def lines(callbacks: Any) -> str:
    return " | ".join(line.strip() for line in f"{compile_graph(callbacks):text}".splitlines()[1:])


@pytest.mark.parametrize(("callbacks", "expected"), GOLDEN, ids=range(len(GOLDEN)))
def test_the_text_of_a_pattern(callbacks: Any, expected: str) -> None:
    assert expected == lines(callbacks)


@pytest.mark.parametrize(
    "callbacks", [case for case, _ in GOLDEN] + [[PARALLEL_SPLIT(a, [b]), SYNCHRONIZE(a, b, a)], []]
)
def test_every_pass_keeps_the_rules(callbacks: Any) -> None:
    program = build_program(callbacks)
    verify_definition(program.graph.definition)
    verify_graph(program.graph)
    verify_program(program)


def test_parallel_branches_are_spawned_and_joined() -> None:
    text = lines([SYNCHRONIZE(a, [b], a), b])
    assert "-spawn 0-> [0]/0[0]" in text
    assert "-spawn 1-> [0]/1[0]" in text
    assert "[0]/0[0] a (opaque) | -join?-> [1]" in text


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
