"""What graphs are made of: places, texts of values, code and where it is, and the patterns that lists were made by."""

from __future__ import annotations

import sys
from collections import UserString
from enum import Enum
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from wfgraph import compile_graph, ops, task
from wfgraph.compiler.pipeline import build_program
from wfgraph.graph import outcomes as out
from wfgraph.graph.address import format_address
from wfgraph.graph.describing import arguments_of, describe
from wfgraph.graph.functions import closed_over, code_run_by, names_in
from wfgraph.graph.location import Location, code_of, location_of, remember_site, subjects
from wfgraph.graph.shapes import Kind, Shapes
from wfgraph.patterns import (
    BREAK,
    CHOICE,
    CMP,
    FOR,
    IF,
    IF_ELSE,
    IF_NOT,
    PARALLEL_SPLIT,
    SIMPLE_MERGE,
    TASK_JUMP_BWD,
    TASK_JUMP_FWD,
    WHILE,
)


def a(obj: Any, eng: Any) -> None: ...
def b(obj: Any, eng: Any) -> None: ...


# Places ----------------------------------------------------------------------------------------------------------------

PROGRAM = build_program([a, [b, [], [a]], b])


@pytest.mark.parametrize(("address", "shown"), [((), "[]"), ((3,), "[3]"), ([2, 0, 1], "[2, 0, 1]")])
def test_an_address_is_written_as_a_list(address: Any, shown: str) -> None:
    assert shown == format_address(address)


def test_each_list_and_each_task_knows_its_place_and_where_the_flow_goes_on() -> None:
    definition = PROGRAM.graph.definition
    assert [
        ("<Block 0 at [] with 3 slots>", (), 0, 0, 4, None),
        ("<Block 1 at [1] with 3 slots>", (1,), 1, 1, 3, 0),
        ("<Block 2 at [1, 1] with 0 slots>", (1, 1), 1, 2, 2, 1),
        ("<Block 3 at [1, 2] with 1 slot>", (1, 2), 2, 2, 3, 1),
    ] == [(repr(one), one.address, one.index, one.begin, one.end, one.parent) for one in definition.blocks]
    assert [
        ("<task 0: a at [0]>", (0,), 0, 0, "<place [0]>"),
        ("<task 1: b at [1, 0]>", (1, 0), 0, 1, "<place [1, 0]>"),
        ("<task 2: a at [1, 2, 0]>", (1, 2, 0), 0, 3, "<place [1, 2, 0]>"),
        ("<task 3: b at [2]>", (2,), 2, 0, "<place [2]>"),
    ] == [(repr(one), one.address, one.index, one.block, repr(one.place)) for one in definition.tasks]
    assert definition.root is definition.blocks[0]
    assert [0, 0, 1, 2, 3, 3] == [definition.root.slot_for(index) for index in (-2, 0, 1, 2, 3, 9)]
    assert ("<Definition of 4 tasks in 4 blocks>", "<Program of 4 tasks>") == (repr(definition), repr(PROGRAM))


@pytest.mark.parametrize(
    ("address", "pc", "number"),
    [
        ((), None, 0),
        ((0,), 0, 0),
        ((1,), None, 1),
        ((1, 0), 1, 1),
        ((1, 1), None, 2),
        ((1, 2, 0), 2, 2),
        ([2], 3, 3),
        ((3,), None, None),
        ((-1,), None, None),
        ((0, 0), None, None),
        ((1, 1, 0), None, None),
        ((1, 2, 1), None, None),
    ],
)
def test_what_stands_at_an_address(address: Any, pc: int | None, number: int | None) -> None:
    found = PROGRAM.slot_at(address)
    assert (pc, number) == (PROGRAM.pc_at(address), None if found is None else found.id)
    assert pc is None or tuple(address) == PROGRAM.address_of(pc)


# Texts of values -------------------------------------------------------------------------------------------------------


class Colour(Enum):
    RED = 1


class Text(str):
    def __repr__(self) -> str:
        raise RuntimeError


class Odd(list[Any]):
    def __iter__(self) -> Any:
        raise RuntimeError

    def __len__(self) -> int:
        raise RuntimeError


@task(ops.Call(describe="told\n"))
def told(obj: Any, eng: Any) -> None: ...


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (len, "len"),
        (told, r"told\n"),
        (task(ops.Call())(lambda obj, eng: None), "<lambda>"),
        (CMP(a, 1, "<"), "CMP(a, 1, '<')"),
        (TASK_JUMP_FWD(2), "TASK_JUMP_FWD"),
        (partial(a, 1), "partial(a)"),
        ([a, [b, [a]], (a, [])], "[a, [b, [...]], [a, [...]]]"),
        ([], "[]"),
        ((1,), "[1]"),
        (list(range(8)), "[0, 1, 2, 3, 4, 5, 6, 7]"),
        (list(range(9)), "[0, 1, 2, 3, 4, 5, 6, 7, ...]"),
        (tuple(range(9)), "[0, 1, 2, 3, 4, 5, 6, 7, ...]"),
        (Odd([1, 2]), "[1, 2]"),
        (Odd(range(9)), "[0, 1, 2, 3, 4, 5, 6, 7, ...]"),
        (["x" * 12] * 3, "['xxxxxxxxxxxx', 'xxxxxxxxxxxx', 'xxx..."),
        (Colour.RED, "Colour.RED"),
        ("x" * 38, "'" + "x" * 38 + "'"),
        ("x" * 39, "'" + "x" * 36 + "..."),
        (b"x" * 10_000, "b'" + "x" * 35 + "..."),
        ("a\nb", r"'a\nb'"),
        (Text("x"), "Text"),
        (UserString("x"), "UserString"),
        (None, "None"),
        (True, "True"),
        (1.5, "1.5"),
        (2j, "2j"),
        (2**128 - 1, str(2**128 - 1)),
        (2**128, "int"),
        (range(3), "range"),
        ({}, "dict"),
    ],
    ids=range(30),
)
def test_a_value_is_described_on_one_line(value: Any, text: str) -> None:
    assert text == describe(value)


def limited(most: int, least: int = 0) -> Any:
    def limit(obj: Any, eng: Any) -> bool:
        return bool(least < len(obj) < most)

    return limit


class Plain:
    def __init__(self) -> None:
        self.size, self._hidden = 1, 2

    def method(self, obj: Any, eng: Any) -> None: ...

    def __call__(self, obj: Any, eng: Any) -> None: ...


class Slotted:
    __slots__ = ("_hidden", "given", "missing")

    def __init__(self) -> None:
        self.given, self._hidden = 3, 4


class OneSlot(Slotted):
    __slots__ = "more"

    def __init__(self) -> None:
        super().__init__()
        self.more = 5


class Both(Plain, Slotted):
    def __init__(self) -> None:
        Plain.__init__(self)
        Slotted.__init__(self)


class Closed:
    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        raise RuntimeError


class Lying:
    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        return 5


class Numbered:
    def __init__(self) -> None:
        self.__dict__ |= {1: 2, "x": 3}  # type: ignore[dict-item]


def unassigned() -> Any:
    def inner(obj: Any, eng: Any) -> Any:
        return absent, held

    held = 1
    if not held:
        absent = 2
    return inner


SELF: Any = partial(a)
SELF.__setstate__((SELF, (1,), {"x": 2}, {}))


@pytest.mark.parametrize(
    ("function", "given"),
    [
        (a, []),
        (limited(10, 2), [("least", 2), ("most", 10)]),
        (unassigned(), [("held", 1)]),
        (partial(limited(3), 1, x=2), [("least", 0), ("most", 3), ("", 1), ("x", 2)]),
        (partial(partial(a, 1, x=2), 3, y=4), [("", 1), ("", 3), ("x", 2), ("y", 4)]),
        (Plain(), [("size", 1)]),
        (Plain().method, [("size", 1)]),
        (partial(Plain().method, 7), [("size", 1), ("", 7)]),
        (Slotted(), [("given", 3)]),
        (OneSlot(), [("more", 5), ("given", 3)]),
        (Both(), [("size", 1), ("given", 3)]),
        (limited(3).__get__(Plain()), [("least", 0), ("most", 3), ("size", 1)]),
        (Closed(), []),
        (Lying(), []),
        (Numbered(), [("x", 3)]),
        (Plain, []),
        (len, []),
    ],
    ids=range(17),
)
def test_what_a_callable_was_made_with(function: Any, given: list[Any]) -> None:
    assert given == list(arguments_of(function))


def test_a_partial_in_itself_has_an_end() -> None:
    assert [("", 1), ("x", 2)] * 100 == list(arguments_of(SELF))


def nested(levels: int) -> Any:
    """Return partials around each other, which Python would make one of."""
    found: Any = a
    for level in range(levels):
        outer: Any = partial(b)
        outer.__setstate__((found, (level,), {}, {}))
        found = outer
    return found


@pytest.mark.parametrize(("levels", "told"), [(99, range(99)), (100, range(100)), (101, range(1, 101))])
def test_the_inner_partials_come_first_as_far_as_they_are_followed(levels: int, told: range) -> None:
    assert [("", level) for level in told] == list(arguments_of(nested(levels)))


# Code and where it is --------------------------------------------------------------------------------------------------


class Kindly(type):
    def __call__(cls, obj: Any, eng: Any) -> Any:
        return obj


class Made(metaclass=Kindly): ...


def test_the_code_that_a_call_runs() -> None:
    holder = Plain()
    assert a.__code__ is code_run_by(a) is code_run_by(partial(partial(a), 1))
    assert Plain.method.__code__ is code_run_by(holder.method) is code_run_by(Plain.method)
    assert Plain.__call__.__code__ is code_run_by(holder)
    assert Kindly.__call__.__code__ is code_run_by(Made), "calling a class runs what its own class says"
    assert [None] * 5 == [code_run_by(one) for one in (len, Plain, 5, SELF, SimpleNamespace(__code__=5))]


def test_the_names_in_code_are_those_of_functions_in_it_too() -> None:
    def outer(obj: Any, eng: Any) -> Any:
        return [lambda: eng.first(len), lambda: [lambda: eng.second]]

    assert {"first", "second", "len"} == names_in(outer.__code__)


def test_a_closure_holds_what_has_been_assigned() -> None:
    assert [("held", 1)] == list(closed_over(unassigned()))
    assert [] == list(closed_over(a))


HERE = __file__


def line_of(text: str) -> int:
    """Return the number of the line of this file that ends so."""
    with open(HERE) as source:
        return next(number for number, line in enumerate(source, 1) if line.rstrip().endswith(text))


def declared_here() -> Any:
    return IF(a, [b])  # the place of IF


def test_a_task_is_where_its_code_is_and_that_of_a_pattern_where_it_was_called() -> None:
    nodes = compile_graph([a, Plain(), declared_here(), limited(1)]).nodes
    assert Location(HERE, a.__code__.co_firstlineno) == location_of(nodes[0])
    assert Location(HERE, Plain.__call__.__code__.co_firstlineno) == location_of(nodes[1])
    assert Location(HERE, line_of("# the place of IF")) == location_of(nodes[2])
    assert f"{HERE}:{a.__code__.co_firstlineno}" == str(location_of(nodes[0]))
    assert [nodes[2].item.task, a] == list(subjects(nodes[2]))
    assert [nodes[0].item.task] == list(subjects(nodes[0]))
    assert (None, None) == (code_of(nodes[2].item.task), code_of(len))
    assert a.__code__ is code_of(a)


class Foreign:
    """What declares what it does, and has no code of its own that anybody could be shown."""

    __call__: Any = len


def test_a_task_without_code_is_where_the_first_code_that_it_asks_is() -> None:
    foreign = Foreign()
    node = compile_graph([task(ops.Call(asks=(print, b, a)))(foreign)]).nodes[0]
    assert Location(HERE, b.__code__.co_firstlineno) == location_of(node)
    node = compile_graph([task(ops.Call(asks=(print,)))(foreign)]).nodes[0]
    assert None is location_of(node)
    foreign.__wfgraph_site__ = "elsewhere"  # type: ignore[attr-defined]
    assert None is location_of(node)


def test_what_takes_no_attributes_is_left_as_it_is() -> None:
    remember_site(5)
    remember_site(int)
    remember_site(foreign := Foreign())
    found: Any = foreign
    assert Location(HERE, sys._getframe().f_lineno - 2) == found.__wfgraph_site__


# Which pattern a list was made by --------------------------------------------------------------------------------------


def head(op: Any) -> Any:
    return task(op)(lambda obj, eng: None)


def branch(when_true: Any, when_false: Any) -> Any:
    return head(ops.Branch(when_true, when_false, a))


def choice(*cases: int) -> Any:
    return head(ops.Choice(tuple((str(one), one) for one in cases), a))


J1, J3 = out.jump(1), out.jump(3)


@pytest.mark.parametrize(
    ("items", "kind", "arms", "own"),
    [
        ([], Kind.PLAIN, (), ()),
        ([a], Kind.PLAIN, (), ()),
        ([a, b, a], Kind.PLAIN, (), ()),
        (IF(a, b), Kind.IF, (1,), ()),
        (IF(a, [b, a]), Kind.IF, (1,), ()),
        (IF_NOT(a, b), Kind.IF, (1,), ()),
        ([branch(out.BREAK, J1), a, b], Kind.IF, (1, 2), ()),
        ([branch(out.HALT, J1), a, b], Kind.PLAIN, (), ()),
        (IF_ELSE(a, a, [b]), Kind.IF_ELSE, (1, 3), (2,)),
        ([branch(J1, J3), a, b, b], Kind.PLAIN, (), ()),
        ([branch(J1, J3), a, BREAK(), b, b], Kind.PLAIN, (), ()),
        ([branch(J3, J1), a, BREAK(), b], Kind.PLAIN, (), ()),
        (CHOICE(a, x=a, y=[b]), Kind.CHOICE, (1, 3), (2, 4)),
        ([choice(1, 3), a, BREAK(), b], Kind.PLAIN, (), ()),
        ([choice(1, 3), a, BREAK(), b, b], Kind.PLAIN, (), ()),
        ([choice(1, 3), a, b, b, BREAK()], Kind.PLAIN, (), ()),
        ([choice(1)], Kind.CHOICE, (), ()),
        (WHILE(a, [b]), Kind.LOOP, (1,), (2,)),
        (FOR([1], "x", b), Kind.LOOP, (1,), (2,)),
        ([WHILE(a, b)[0], b, a], Kind.LOOP, (1, 2), ()),
        ([WHILE(a, b)[0], b, TASK_JUMP_BWD(-1)], Kind.LOOP, (1, 2), ()),
        ([WHILE(a, b)[0], b, TASK_JUMP_FWD(2)], Kind.LOOP, (1, 2), ()),
        ([WHILE(a, b)[0]], Kind.LOOP, (), ()),
        ([WHILE(a, b)[0], TASK_JUMP_BWD(-1)], Kind.LOOP, (), (1,)),
        (SIMPLE_MERGE(a, b), Kind.MERGE, (0,), (1,)),
        (SIMPLE_MERGE([a], b, a), Kind.MERGE, (0, 2), (1, 3)),
        ([a, TASK_JUMP_FWD(1), b, b], Kind.PLAIN, (), ()),
        ([a, TASK_JUMP_FWD(2), b], Kind.PLAIN, (), ()),
        ([a, TASK_JUMP_FWD(3), b, TASK_JUMP_FWD(2), a], Kind.PLAIN, (), ()),
        ([a, head(ops.Jump(1)), b], Kind.PLAIN, (), ()),
        ([a, [b], b], Kind.PLAIN, (), ()),
        ([a, TASK_JUMP_FWD(0)], Kind.PLAIN, (), ()),
    ],
    ids=range(32),
)
def test_a_list_is_known_as_the_pattern_that_it_was_made_by(
    items: Any, kind: Kind, arms: tuple[int, ...], own: tuple[int, ...]
) -> None:
    graph = compile_graph([[a, [b, items]], PARALLEL_SPLIT([a, [b, items]])])
    for lane, first, block in ((None, 0, 3), (0, graph.lanes[0].first, 2)):
        shape = Shapes(graph).shape(lane, block)
        assert (lane, first, kind, arms, own) == (shape.lane, shape.first, shape.kind, shape.arms, shape.own)


def test_shapes_are_found_by_their_lists_and_by_what_is_in_them() -> None:
    graph = compile_graph([a, PARALLEL_SPLIT([b, WHILE(a, [b, [a]])]), IF(a, [IF_ELSE(a, a, b), b])])
    shapes = Shapes(graph)
    inner = next(one for one in shapes if one.lane == 0 and one.kind is Kind.LOOP)
    first = graph.lanes[0].first
    assert [
        (None, Kind.PLAIN), (None, Kind.IF), (None, Kind.PLAIN), (None, Kind.IF_ELSE),
        (0, Kind.PLAIN), (0, Kind.LOOP), (0, Kind.PLAIN),
    ] == [(one.lane, one.kind) for one in shapes]  # fmt: skip
    assert inner is shapes.shape(0, inner.block.id) is shapes.of(graph.nodes[first + 1])
    assert [first + 1, first + 2, None, first + 4] == [inner.node(slot) for slot in range(4)]
    assert [first + 1, first + 2, first + 3, first + 4] == [inner.start(slot) for slot in range(4)]
    deepest = graph.nodes[first + 3]
    around = list(shapes.around(deepest))
    assert [Kind.PLAIN, Kind.LOOP, Kind.PLAIN] == [one.kind for one in around]
    assert shapes.of(deepest) is around[0]
    jump = next(node.id for node in graph.nodes if node.name == "BREAK")
    assert {jump, first + 4} == shapes.bookkeeping
