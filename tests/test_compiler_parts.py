"""Parts of the compiler by themselves: when code is worth its while, what of tasks is asked, how a source is written."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from wfgraph import compile_graph, ops, task
from wfgraph.compiler.cache import Prepared, ProgramCache
from wfgraph.compiler.effects import declared, ends_of_lanes, known_op, of_asked
from wfgraph.compiler.pipeline import build_program
from wfgraph.compiler.source import Source
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.graph import outcomes as out
from wfgraph.graph.nesting import clean
from wfgraph.graph.ops import EdgeKind, Exit, Op
from wfgraph.graph.outcomes import Outcome
from wfgraph.patterns import EMPTY_CALL, FOR, HALT, IF, STOP, SYNCHRONIZE, WHILE


def a(obj: Any, eng: Any) -> None: ...
def b(obj: Any, eng: Any) -> None: ...


# The cache -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flow", "tokens", "coming", "worth"),
    [
        ([a], 0, 39, False),
        ([a], 0, 40, True),
        ([a], 39, 0, False),
        ([a], 30, 10, True),
        (IF(a, b), 0, 39, False),
        (WHILE(a, b), 0, 3, False),
        (WHILE(a, b), 0, 4, True),
        ([a, [FOR([1], "x", b)]], 2, 2, True),
        ([a, [FOR([1], "x", b)]], 3, 0, False),
    ],
)
def test_code_is_worth_its_while_from_so_many_tokens_on(flow: Any, tokens: int, coming: int, worth: bool) -> None:
    assert worth is Prepared(build_program(clean(flow)), tokens).worth_compiling(coming)


@pytest.mark.parametrize(
    ("asked", "forced", "overasked"), [(2, False, False), (3, False, True), (9, False, True), (9, True, False)]
)
def test_tokens_that_ask_for_their_position_are_better_interpreted(asked: int, forced: bool, overasked: bool) -> None:
    prepared = Prepared(build_program([a]), tokens=100, asked=asked, forced=forced)
    assert overasked is prepared.overasked is not prepared.worth_compiling(1)


def test_what_has_been_compiled_once_is_used_and_made_no_more() -> None:
    prepared = Prepared(build_program([a]))
    assert not prepared.worth_compiling(0)
    made = prepared.executable(*[lambda *_: None] * 2)
    assert made is prepared.executable()
    assert prepared.program is made.program
    assert prepared.worth_compiling(0)
    prepared.asked = 3
    assert not prepared.worth_compiling(100)


def test_a_definition_is_compiled_again_when_one_of_its_lists_has_changed_and_only_then() -> None:
    inner: list[Any] = [b]
    flow: list[Any] = [a, inner]
    cache = ProgramCache()
    seen = [cache.get(flow)]
    assert seen[0] is cache.get(flow)
    for change in (lambda: inner.append(a), lambda: inner.__setitem__(0, a), lambda: flow.pop(), flow.clear):
        change()
        seen.append(cache.get(flow))
        assert seen[-1] is cache.get(flow)
    assert 5 == len({id(one) for one in seen})
    assert [2, 3, 3, 1, 0] == [len(one.program.rows) for one in seen]
    assert seen[0] is not cache.get([a, [b]]), "another list is another definition"


def test_what_was_asked_for_longest_ago_is_forgotten_first() -> None:
    one, two, three = [a], [b], [a, b]
    cache = ProgramCache(2)
    first, second = cache.get(one), cache.get(two)
    assert (first, second, first) == (cache.get(one), cache.get(two), cache.get(one))
    third = cache.get(three)
    assert (third, first) == (cache.get(three), cache.get(one))
    assert second is not cache.get(two)


def test_a_list_at_the_place_of_another_is_not_taken_for_it() -> None:
    cache = ProgramCache()
    one, two = [a], [a]
    known = cache.get(one)
    cache._known[id(two)] = cache._known[id(one)]
    found = cache.get(two)
    assert known is not found
    assert two is found.program.root.source


# What tasks do ---------------------------------------------------------------------------------------------------------


def doing(op: Op) -> Any:
    return task(op)(lambda obj, eng: None)


CALL = doing(ops.Call())
HALTS = doing(ops.Call((out.RETURN, out.HALT)))
STOPS = doing(ops.Stop())
FAILS = doing(ops.Fail())
ASKS_HALTING = doing(ops.Branch(out.RETURN, out.BREAK, HALTS))
ASKS_UNKNOWN = doing(ops.Branch(out.RETURN, out.BREAK, a))


@pytest.mark.parametrize(
    ("lanes", "last", "ends"),
    [
        ([], CALL, (out.RETURN,)),
        ([[CALL, [STOPS]]], CALL, (out.RETURN,)),
        ([[CALL, [CALL, [HALTS]]]], CALL, (out.RETURN, out.HALT)),
        ([[CALL], [HALTS]], STOPS, (out.STOP, out.HALT)),
        ([[CALL, a]], CALL, (out.RETURN, out.HALT)),
        ([[ASKS_HALTING]], CALL, (out.RETURN, out.HALT)),
        ([[ASKS_UNKNOWN]], CALL, (out.RETURN, out.HALT)),
        ([["no task", HALTS]], CALL, (out.RETURN, out.HALT)),
        ([[HALTS, "no task"]], CALL, (out.RETURN, out.HALT)),
        ([["no task"]], CALL, (out.RETURN,)),
        ([[HALTS]], HALTS, (out.RETURN, out.HALT)),
        ([[CALL]], ASKS_HALTING, (out.RETURN, out.BREAK, out.HALT)),
        ([[CALL]], ASKS_UNKNOWN, None),
        ([[HALTS]], a, None),
    ],
    ids=range(14),
)
def test_how_a_synchronize_can_end(lanes: Any, last: Any, ends: Any) -> None:
    assert ends == ends_of_lanes(lanes, declared(last), declared)
    unsaid = ops.Synchronize(tuple(map(tuple, lanes)), (last,))
    assert ends == known_op(unsaid, declared).outcomes  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "op",
    [ops.Stop(), ops.OPAQUE, ops.Synchronize(((CALL,),)), ops.Synchronize(((HALTS,),), (STOPS,), (out.RETURN,))],
)
def test_what_an_author_knows_of_an_op_is_left_as_it_is(op: Op) -> None:
    assert op is known_op(op, declared)


def asking(*asked: Any, outcomes: tuple[Outcome, ...] = (out.RETURN,)) -> Op:
    return ops.Call(outcomes, "", asked)


LEAPS = doing(ops.Call((out.RETURN, out.jump(2), out.ERROR)))
DEEPER = doing(asking(LEAPS, HALTS))
RECURSES: Any = lambda obj, eng: None  # noqa: E731
task(asking(HALTS, RECURSES))(RECURSES)
HALT_WAY = Exit(out.HALT, EdgeKind.HALT)
JUMP_WAY = Exit(out.jump(2), EdgeKind.JUMP, "jump_call:2")


@pytest.mark.parametrize(
    ("op", "ways", "opaque"),
    [
        (ops.Stop(), (), False),
        (ops.OPAQUE, (), False),
        (asking(CALL), (), False),
        (asking(a), (), True),
        (asking(a, CALL), (), True),
        (asking(FAILS), (), False),
        (asking(HALTS), (HALT_WAY,), False),
        (asking(HALTS, LEAPS, HALTS), (HALT_WAY, JUMP_WAY), False),
        (asking(HALTS, HALTS, LEAPS), (HALT_WAY, JUMP_WAY), False),
        (asking(LEAPS, HALTS), (JUMP_WAY, HALT_WAY), False),
        (asking(HALTS, outcomes=(out.HALT,)), (), False),
        (asking(HALTS, a, LEAPS), (HALT_WAY, JUMP_WAY), True),
        (asking(DEEPER), (JUMP_WAY, HALT_WAY), False),
        (asking(DEEPER, HALTS), (HALT_WAY, JUMP_WAY), False),
        (asking(RECURSES, LEAPS), (JUMP_WAY, HALT_WAY), False),
        (asking(RECURSES), (HALT_WAY,), False),
        (asking(HALTS, ops.CalledWith(LEAPS, 2), HALTS), (HALT_WAY,), True),
    ],
    ids=range(17),
)
def test_what_asked_conditions_may_do_by_themselves(op: Op, ways: tuple[Exit, ...], opaque: bool) -> None:
    assert (ways, opaque) == of_asked(op, declared)


def test_a_graph_tells_how_what_is_read_of_a_branch_ends_a_synchronize() -> None:
    graph = compile_graph([SYNCHRONIZE([a], [HALT("look")], STOP()), b])
    assert [("stop", -4), ("halt", -3), ("resume", 1)] == [
        (edge.kind.value, edge.target) for edge in graph.out_edges(0) if edge.kind is not EdgeKind.SPAWN
    ]


# The source ------------------------------------------------------------------------------------------------------------


def test_each_line_of_a_source_knows_its_task() -> None:
    def odd(obj: Any, eng: Any) -> None: ...

    odd.__name__ = "n\u00e4me\n"
    program = build_program([a, [odd, WHILE(a, b)]])
    source = Source(program, 0, {})
    source.line(0, "def x():")
    source.line(1, "y()", 1)
    source.line(2, "z()", 0)
    assert ["def x():", r"    y()  # [1, 0] n\xe4me\n", "        z()  # [0] a"] == source.lines
    assert [-1, 1, 0] == source.places
    assert (0, [], [], False) == (source.nesting, source.loops, source.waiting, source.calls_one)
    blocks = program.graph.definition.blocks
    assert ["part_0_0", "part_0_1"] == [source.part(block) for block in blocks[:2]]
    assert ["part_3_2", "part_of_tokens_2"] == [Source(program, entry, {}).part(blocks[2]) for entry in (3, -1)]
    assert ["plain", "plain", "while"] == [source.shape(block) for block in blocks]
    assert {0: "plain", 1: "plain", 2: "while"} == source.shapes
    source.shapes[1] = "known"
    assert "known" == source.shape(blocks[1])


# The passes ------------------------------------------------------------------------------------------------------------


class Shop(GenericWorkflowEngine):
    def leave(self) -> None:
        self.halt("left")


def leaves(obj: Any, eng: Any) -> None:
    eng.leave()


def test_what_tasks_call_is_read_of_the_class_of_the_engine_or_by_what_has_read_it_before() -> None:
    def kinds(**given: Any) -> list[str]:
        return [edge.kind.value for edge in compile_graph([leaves, EMPTY_CALL], **given).out_edges(0)]

    assert ["halt", "resume"] == kinds(engine=Shop)
    assert ["next"] == kinds(), "of an unknown engine nothing is known"
    reads = SimpleNamespace(effects=lambda function: SimpleNamespace(op=ops.Stop()))
    assert ["stop"] == kinds(inference=reads) == kinds(engine=Shop, inference=reads)


def test_a_graph_is_compiled_of_what_an_engine_would_run() -> None:
    assert 3 == len(compile_graph(([a, None, ()], a, [], b)).nodes)
    graph = compile_graph([a, []])
    assert [1, 1] == [len(graph.definition.blocks), len(graph.nodes)], "an empty list at the top is no item"
