"""What is known of values: which may be the engine, which may be code, and what is left of several."""

from __future__ import annotations

import ast
from collections import OrderedDict, deque
from typing import Any

import pytest

from wfgraph.compiler.inference.values import (
    PLAIN,
    SOME_ENGINE,
    Bound,
    Caught,
    ClosureOf,
    Coroutine,
    Engine,
    EngineAttribute,
    Instance,
    Known,
    Mapping,
    OneOf,
    Partial,
    Sequence,
    Token,
    Unknown,
    Value,
    blurred,
    carries,
    constants,
    immutable,
    is_code,
    join,
    members,
    offsets,
    subscript,
)

CODE, MACHINE = Unknown(code=True), Unknown(engine=True)
NODE = ast.parse("lambda: 1", mode="eval").body
DEEP: list[Any] = [[[[[]]]]]


class OwnList(list[Any]):
    def __iter__(self) -> Any:
        raise AssertionError("it is only to be read")

    __len__ = __iter__


class Called(list[Any]):
    def __call__(self) -> None: ...


# A value; whether it may be the engine or lead to it; whether it may be something to call.
JUDGED: list[tuple[Value, bool, bool]] = [
    (PLAIN, False, False),
    (CODE, False, True),
    (MACHINE, True, False),
    (SOME_ENGINE, True, True),
    (Coroutine(True, True, "later", 3), True, True),
    (Known(1), False, False),
    (Known(len), False, True),
    (Known([1, "a", (2.0, {"b": None})]), False, False),
    (Known([]), False, False),
    (Known([1, len]), False, True),
    (Known((1, {"a": [len]})), False, True),
    (Known({len}), False, True),
    (Known({len: 1}), False, True),
    (Known({1: len}), False, True),
    (Known(deque([1])), False, False),
    (Known(deque([len])), False, True),
    (Known(OrderedDict(a=1)), False, False),
    (Known(OrderedDict(a=len)), False, True),
    (Known(OwnList([1])), False, False),
    (Known(OwnList([len])), False, True),
    (Known(Called()), False, True),
    (Known([[[[]]]]), False, False),
    (Known(DEEP), False, True),
    (Known(list(range(1_000))), False, False),
    (Known(list(range(1_001))), False, True),
    (Engine(), True, False),
    (EngineAttribute(("halt",)), True, True),
    (EngineAttribute(("log",)), False, True),
    (EngineAttribute(("extra_data", "get")), False, True),
    (EngineAttribute(("state",)), True, True),
    (EngineAttribute(("state", "token_pos")), False, True),
    (EngineAttribute(("state", "callback_pos")), True, True),
    (EngineAttribute(("state", "reset")), True, True),
    (EngineAttribute(("state", "callback_pos", "append")), True, True),
    (Token(), False, False),
    (ClosureOf(NODE, None), True, True),
    (ClosureOf(NODE, None, (), False), False, True),
    (Partial(Known(len)), False, True),
    (Partial(Known(len), (Token(),), (("a", PLAIN),)), False, True),
    (Partial(EngineAttribute(("halt",))), True, True),
    (Partial(Known(len), (PLAIN, Engine())), True, True),
    (Partial(Known(len), (), (("a", Engine()),)), True, True),
    (Bound(Known(len), PLAIN), False, True),
    (Bound(Known(len), Engine()), True, True),
    (Bound(EngineAttribute(("halt",)), PLAIN), True, True),
    (Instance(Known(int)), False, False),
    (Instance(Known(int), True), True, False),
    (Sequence(()), False, False),
    (Sequence((PLAIN, Known(len))), False, True),
    (Sequence((PLAIN, Engine())), True, False),
    (Mapping(), False, False),
    (Mapping((("a", PLAIN), ("b", Known(len)))), False, True),
    (Mapping((("a", PLAIN), ("b", Engine()))), True, False),
    (Caught(), False, False),
    (OneOf(frozenset((Known(1), Token()))), False, False),
    (OneOf(frozenset((Known(1), Known(len)))), False, True),
    (OneOf(frozenset((Known(1), Engine()))), True, False),
]


@pytest.mark.parametrize(("value", "engine", "code"), JUDGED, ids=range(len(JUDGED)))
def test_a_value_may_be_the_engine_or_code(value: Value, engine: bool, code: bool) -> None:
    assert engine is carries(value)
    assert code is is_code(value)


@pytest.mark.parametrize(("value", "engine", "code"), JUDGED, ids=range(len(JUDGED)))
def test_what_is_blurred_keeps_what_it_may_be(value: Value, engine: bool, code: bool) -> None:
    for values in ([value], [value, PLAIN], [PLAIN, value]):
        assert Unknown(engine, code) == blurred(values)
    assert Unknown(True, code) == blurred([value, MACHINE]) == blurred([MACHINE, value])
    assert Unknown(engine, True) == blurred([value, CODE]) == blurred([CODE, value])


def test_several_values_are_one_of_them_until_they_are_too_many() -> None:
    assert Known(1) == join(Known(1)) == join(Known(1), Known(1))
    assert OneOf(frozenset((Known(1), Known(2), Known(3)))) == join(join(Known(1), Known(2)), join(Known(2), Known(3)))
    assert OneOf(frozenset(map(Known, range(8)))) == join(*map(Known, range(8)))
    assert PLAIN == join(*map(Known, range(9)))
    assert CODE == join(*map(Known, range(8)), Known(len))
    assert MACHINE == join(*map(Known, range(8)), Engine())
    assert MACHINE == join(PLAIN, Engine()) == join(Engine(), PLAIN)
    assert CODE == join(Known(len), PLAIN) == join(PLAIN, Known(len))


def test_the_members_of_a_value_have_an_order() -> None:
    assert (PLAIN,) == tuple(members(PLAIN))
    several = join(*map(Known, ("c", "a", "b", 3, 2, None)), Token())
    assert ["'a'", "'b'", "'c'", "2", "3", "None"] == [repr(one.value) for one in list(members(several))[:6]]  # type: ignore[attr-defined]
    assert Token() == list(members(several))[6]
    kinds = [Caught(), Engine(), Mapping(), Sequence(()), Token()]
    assert kinds == list(members(join(*reversed(kinds))))


def test_an_object_is_not_asked_for_a_text_to_be_put_in_order() -> None:
    class Loud:
        def __repr__(self) -> str:
            raise AssertionError

    assert len(list(members(join(Known(Loud()), Known(Loud()))))) == 2


def test_objects_are_the_same_by_their_type_and_firmness_and_constants_by_what_they_are() -> None:
    assert Known("ab") == Known("".join(["a", "b"]))
    assert len({Known("ab"), Known("".join(["a", "b"])), Known(0.0), Known(-0.0), Known(0), Known(False)}) == 5
    assert Known(1) != Known(1, 1)
    assert Known(1) != Known(True)
    assert Known([]) != Known([])
    assert Known(1) != 1
    one = [1]
    assert Known(one) == Known(one)


def test_functions_that_a_task_makes_are_the_same_by_where_and_with_which_defaults() -> None:
    other, frame = ast.parse("lambda: 1", mode="eval").body, object()
    made = ClosureOf(NODE, frame, (Known(1), None))
    assert made == ClosureOf(NODE, frame, (Known(1), None))
    assert len({made, ClosureOf(NODE, frame, (Known(1), None))}) == 1
    for one in (
        ClosureOf(other, frame, made.defaults),
        ClosureOf(NODE, object(), made.defaults),
        ClosureOf(NODE, frame, (Known(2), None)),
        PLAIN,
    ):
        assert made != one
    assert len({hash(made), hash(ClosureOf(other, frame)), hash(ClosureOf(NODE, object()))}) == 3


def test_constants_are_told_as_firmly_as_is_asked() -> None:
    assert constants(None) is None
    assert constants(PLAIN) is None
    assert constants(Known([])) is None
    assert (1,) == constants(Known(1)) == constants(Known(1, 1)) == constants(Known(1), 2)
    assert constants(Known(1, 0)) is None
    assert constants(Known(1, 1), 2) is None
    assert ("a", None) == constants(join(Known(None), Known("a")))
    assert constants(join(Known(1), Known(2, 0))) is None


def test_offsets_are_numbers() -> None:
    assert (1, 2) == offsets(join(Known(2), Known(1)))
    for value in (None, PLAIN, Known("1"), Known(True), join(Known(1), Known(None)), Known(1, 0)):
        assert (None,) == offsets(value)


def test_a_key_that_is_not_known_is_a_question_mark() -> None:
    assert ["[1]", "['a']", "[None]", "[?]", "[?]", "[?]"] == [
        subscript(known) for known in ((1,), ("a",), (None,), (1, 2), (), None)
    ]


@pytest.mark.parametrize("value", [1, 1.5, 1j, "a", b"a", True, None, range(3), (), (1, ("a", frozenset((2,))))])
def test_constants_are_immutable_through_and_through(value: Any) -> None:
    assert immutable(value)


@pytest.mark.parametrize("value", [[], {}, set(), (1, []), (1, ([],)), len, object(), int])
def test_what_can_be_changed_is_no_constant(value: Any) -> None:
    assert not immutable(value)
