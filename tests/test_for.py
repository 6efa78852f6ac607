"""FOR: where the items come from, where each of them goes, and how far a loop has come."""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers import engine, tiers

from wfgraph.errors import HaltProcessing, WorkflowDefinitionError
from wfgraph.patterns import BREAK, FOR, IF


def keep(obj: Any, eng: Any) -> None:
    obj.append(eng.extra_data["x"])


@tiers
@pytest.mark.parametrize(
    "items",
    [[1, 2, 3], (1, 2, 3), range(1, 4), lambda: [1, 2, 3], lambda obj, eng: {1: 0, 2: 0, 3: 0}, {1, 2, 3}],
    ids=["list", "tuple", "range", "callable", "callable of a token", "set"],
)
def test_items_come_from_whatever_gives_them(items: Any, tier: str) -> None:
    tokens: list[Any] = [[], []]
    engine(FOR(items, "x", keep), tier=tier).process(tokens)
    assert [[1, 2, 3], [1, 2, 3]] == tokens


@tiers
def test_an_iterator_is_read_once_and_serves_every_token(tier: str) -> None:
    tokens: list[Any] = [[], []]
    engine(FOR(iter("ab"), "x", keep), tier=tier).process(tokens)
    assert [["a", "b"], ["a", "b"]] == tokens


@tiers
@pytest.mark.parametrize("order", ["ASC", "DSC"])
def test_items_are_asked_for_at_each_round_unless_they_are_cached(tier: str, order: str) -> None:
    asked: dict[bool, int] = {}
    for cached in (True, False):
        calls: list[Any] = []

        def items(obj: Any, eng: Any, calls: list[Any] = calls) -> list[int]:
            calls.append(obj)
            return [1, 2, 3]

        token: list[int] = []
        engine(FOR(items, "x", keep, cache_data=cached, order=order), tier=tier).process([token])
        assert ([1, 2, 3] if order == "ASC" else [3, 2, 1]) == token
        asked[cached] = len(calls)
    assert {True: 1, False: 4} == asked


@tiers
@pytest.mark.parametrize(
    "setter",
    [
        lambda obj, eng, item: obj.append(item),
        lambda obj, eng, position, item: obj.append(item),
        lambda *given: given[0].append(given[-1]),
    ],
    ids=["three", "four", "any"],
)
def test_a_setter_puts_the_item_where_it_likes(setter: Any, tier: str) -> None:
    token: list[int] = []
    engine(FOR([1, 2], setter, []), tier=tier).process([token])
    assert [1, 2] == token


@tiers
def test_without_a_setter_the_body_is_only_repeated(tier: str) -> None:
    token: list[int] = []
    eng = engine(FOR([1, 2], None, lambda obj, eng: obj.append("again")), tier=tier)
    eng.process([token])
    assert ["again", "again"] == token
    assert {} == eng.extra_data


@tiers
def test_the_last_item_stays_after_the_loop_and_after_a_break(tier: str) -> None:
    eng = engine(FOR([1, 2, 3], "x", [keep, IF(lambda obj, eng: len(obj) == 2, lambda obj, eng: eng.jump_call(9))]))
    eng.tier = tier
    eng.process([[]])
    assert {"x": 3} == eng.extra_data
    eng = engine(FOR([1, 2, 3], "x", [keep, BREAK()]), tier=tier)
    eng.process([[]])
    assert {"x": 1} == eng.extra_data


@tiers
@pytest.mark.parametrize("order", ["ASC", "DSC"])
@pytest.mark.parametrize("cached", [True, False])
def test_a_halted_loop_goes_on_in_a_fresh_engine_from_json(tier: str, order: str, cached: bool) -> None:
    def look(obj: Any, eng: Any) -> None:
        if eng.extra_data["x"] == 2:
            eng.halt("look")

    flow = [FOR(lambda: [1, 2, 3], "x", [keep, look, keep], cache_data=cached, order=order)]
    token: list[int] = []
    first = engine(*flow, tier=tier)
    with pytest.raises(HaltProcessing):
        first.process([token])
    state, data = json.loads(json.dumps([first.state.__getstate__(), first.extra_data]))
    second = engine(*flow, tier=tier)
    second.state.__setstate__(state)
    second.extra_data = data
    second.restart("current", "next", objects=[token])
    assert ([1, 1, 2, 2, 3, 3] if order == "ASC" else [3, 3, 2, 2, 1, 1]) == token
    assert "_Iterators" not in second.extra_data


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((7, "x", []), "FOR needs a list, another iterable or a callable that gives one, not 7"),
        (([], 7, []), "FOR needs a key or a callable to store the item, not 7"),
        (([], "x", [], False, "UP"), "FOR knows the orders 'ASC' and 'DSC', not 'UP'"),
    ],
)
def test_what_makes_no_loop_is_refused_when_it_is_built(arguments: Any, message: str) -> None:
    with pytest.raises(WorkflowDefinitionError, match=message):
        FOR(*arguments)
