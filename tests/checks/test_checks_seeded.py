"""Defects planted at random places of generated definitions are found; clean definitions have nothing to be found."""

from __future__ import annotations

import functools
import itertools
import subprocess
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from checks_generated import Maker, Plant

from wfgraph import ops, outcomes, task
from wfgraph.checks import RULES, check
from wfgraph.patterns import (
    BREAK,
    CHOICE,
    CMP,
    EMPTY_CALL,
    FOR,
    IF,
    IF_ELSE,
    OBJ_JUMP_BWD,
    OBJ_NEXT,
    PARALLEL_SPLIT,
    RUN_WF,
    SIMPLE_MERGE,
    STOP,
    SYNCHRONIZE,
    TASK_JUMP_BWD,
    TASK_JUMP_FWD,
    TASK_JUMP_IF,
    WHILE,
)

SEEDS = range(20)


async def silent(obj: Any, eng: Any) -> None: ...


def drops(obj: Any, eng: Any) -> None:
    silent(obj, eng)


def wraps(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def opaque(obj: Any, eng: Any) -> None: ...


def one_argument(obj: Any) -> None: ...


def same(maker: Maker) -> list[Any]:
    return [task(ops.Call())(lambda obj, eng: None) for _ in range(2)]


def twins(maker: Maker, nested: bool) -> list[Any]:
    made = same(maker)
    for function in made:
        function.__name__ = "twin"
    return made


def arbiter(obj: Any, eng: Any) -> str:
    return "c"


def anything(obj: Any, eng: Any) -> Any:
    return obj["kind"]


def one_shot() -> Callable[[Any, Any], Any]:
    items = iter([1, 2])
    return lambda obj, eng: items


def unpaid(obj: Any, eng: Any) -> bool:
    return not obj["paid"]


def remind(obj: Any, eng: Any) -> None:
    obj["reminders"] = 1


def swallow(obj: Any, eng: Any) -> None:
    try:
        if obj["big"]:
            eng.halt()
    except Exception:
        obj["big"] = False


def mistype(obj: Any, eng: Any) -> None:
    eng.jumpTokenBackward(1)


def move(obj: Any, eng: Any) -> None:
    if obj["big"]:
        eng.state.callback_pos[-1] += 1


def write(key: str) -> Callable[[Any, Any], None]:
    def put(obj: Any, eng: Any) -> None:
        obj[key] = 1

    return put


def restart(obj: Any, eng: Any) -> None:
    if obj["big"]:
        eng.restart("current", "first")


def start(obj: Any, eng: Any) -> None:
    threading.Thread(target=lambda: eng.stop()).start()


def act(obj: Any, eng: Any) -> None:
    subprocess.run(["/bin/true"], check=False)
    if obj["big"]:
        eng.halt()


def itself() -> list[Any]:
    flow: list[Any] = []
    flow.append(RUN_WF(flow))
    return flow


PLANTS: dict[str, Plant] = {
    "WF001": lambda maker, nested: [maker.rng.choice(["text", 7, {1}, {"a": 1}, b"x", object()])],
    "WF002": lambda maker, nested: [one_argument],
    "WF003": lambda maker, nested: [silent],
    "WF006": lambda maker, nested: [maker.rng.choice([drops, lambda obj, eng: silent(obj, eng), wraps(silent)])],
    "WF101": lambda maker, nested: [TASK_JUMP_FWD(2), maker.task(), maker.task()],
    "WF102": lambda maker, nested: [maker.task(outcomes.RETURN, outcomes.jump(maker.rng.choice([-50, 9])))],
    "WF103": lambda maker, nested: [maker.task(outcomes.jump(0))],
    "WF104": lambda maker, nested: [maker.task(), TASK_JUMP_BWD(-1)],
    "WF105": lambda maker, nested: [IF(maker.condition(), [maker.task(), [maker.task(), TASK_JUMP_BWD(-1)]])],
    "WF106": lambda maker, nested: [[maker.rng.choice([STOP, OBJ_NEXT, BREAK])(), maker.task()]],
    "WF107": lambda maker, nested: [
        IF(maker.rng.choice([lambda o, e: False, CMP(1, 2, "<"), lambda o, e: None]), maker.task())
    ],
    "WF108": lambda maker, nested: [WHILE(unpaid, maker.rng.choice([remind, [remind, remind]]))],
    "WF110": lambda maker, nested: [FOR(range(2), "y", [maker.task(), IF(maker.condition(), [maker.task(), BREAK()])])],
    "WF111": lambda maker, nested: [IF(maker.condition(), [maker.task(), TASK_JUMP_BWD(-5)])],
    "WF112": lambda maker, nested: [IF_ELSE(maker.condition(), maker.task(outcomes.jump(2)), maker.task())],
    "WF113": lambda maker, nested: [[TASK_JUMP_IF(maker.condition(), 2), TASK_JUMP_BWD(1), maker.task()]],
    "WF114": lambda maker, nested: [
        [TASK_JUMP_IF(maker.condition(), 2), maker.task(), maker.task(), TASK_JUMP_IF(maker.condition(), -2)]
    ],
    "WF115": lambda maker, nested: [swallow],
    "WF116": lambda maker, nested: [mistype],
    "WF117": lambda maker, nested: [move],
    "WF201": lambda maker, nested: [CHOICE(arbiter, a=maker.task(), b=maker.task())],
    "WF202": lambda maker, nested: [CHOICE(anything, a=maker.task(), b=maker.task())],
    "WF203": lambda maker, nested: [FOR(maker.rng.choice([(), range(0), ""]), "y", maker.task())],
    "WF301": lambda maker, nested: [
        SYNCHRONIZE([maker.task(), STOP()], maker.task(), maker.task()),
    ],
    "WF302": lambda maker, nested: [SYNCHRONIZE(write("a"), [maker.task(), write("a")], maker.task())],
    "WF303": lambda maker, nested: [RUN_WF(itself())],
    "WF304": lambda maker, nested: [restart],
    "WF305": lambda maker, nested: [PARALLEL_SPLIT(maker.task(), maker.task()), maker.task()],
    "WF306": lambda maker, nested: [start],
    "WF307": lambda maker, nested: [SIMPLE_MERGE(maker.task(), maker.task(), maker.task())],
    "WF308": lambda maker, nested: [FOR(one_shot(), "y", maker.task())],
    "WF401": twins,
    "WF402": lambda maker, nested: [partial(opaque)],
    "WF403": lambda maker, nested: [act],
    "WF901": lambda maker, nested: [EMPTY_CALL, eval],
    "WF902": lambda maker, nested: [task(ignore=["WF103"])(maker.task())],
}
AT_THE_TOP: dict[str, Callable[[Maker], list[Any]]] = {
    "WF005": lambda maker: [maker.task(), maker.rng.choice([None, []]), maker.task(), *maker.clean()],
    "WF109": lambda maker: [maker.task(), maker.task(outcomes.RETURN, outcomes.BREAK), *maker.clean()],
    "WF204": lambda maker: [maker.task(), OBJ_JUMP_BWD(-1)],
}


def test_every_rule_has_its_plant() -> None:
    others = {"WF004", "WF501", "WF502"}  # have tests of their own
    assert {rule.code for rule in RULES} | {"WF902"} == {*PLANTS, *AT_THE_TOP, *others}


@pytest.mark.parametrize("code", PLANTS)
def test_a_planted_defect_is_found(code: str) -> None:
    for seed in SEEDS:
        flow = Maker(seed).planted(PLANTS[code])
        assert code in {found.code for found in check(flow)}, f"seed {seed}"


@pytest.mark.parametrize("code", AT_THE_TOP)
def test_a_defect_at_the_top_is_found(code: str) -> None:
    for seed in SEEDS:
        assert code in {found.code for found in check(AT_THE_TOP[code](Maker(seed)))}, f"seed {seed}"


def test_a_list_in_itself_is_found_wherever_it_is() -> None:
    for seed in SEEDS:
        maker = Maker(seed)
        flow = maker.clean()
        lists = [flow]
        for found in lists:
            lists += [item for item in found if isinstance(item, list)]
        inner = maker.rng.choice(lists)
        inner.append(maker.rng.choice([flow, inner]))
        assert "WF004" in {found.code for found in check(flow)}, f"seed {seed}"


def pair(code: str, seed: int) -> tuple[list[Any], list[Any]]:
    """Return two versions of a clean definition: one that halts at a random place, and one where that got lost."""

    def approve(obj: Any, eng: Any) -> None:
        eng.halt("a person must approve")

    def asked(obj: Any, eng: Any) -> bool:
        return bool(obj["large"])

    maker = Maker(seed)
    guard = maker.rng.choice([lambda: IF(asked, approve), lambda: IF_ELSE(asked, [EMPTY_CALL], approve)])
    now = guard() if code == "WF502" else maker.rng.choice([EMPTY_CALL, task(id="b")(lambda obj, eng: eng.halt("b"))])
    versions = [Maker(seed), Maker(seed)]
    before, after = (
        one.planted(lambda maker, nested, item=item: [item])  # type: ignore[misc]
        for one, item in zip(versions, (approve, now), strict=True)
    )
    return before, after


@pytest.mark.parametrize("code", ["WF501", "WF502"])
def test_a_halt_that_got_lost_since_the_baseline_is_found(code: str) -> None:
    for seed in SEEDS:
        before, after = pair(code, seed)
        found = [one for one in check(after, baseline=before) if one.code.startswith("WF50")]
        assert [(code, "error")] == [(one.code, one.severity) for one in found if "approve" in one.message], (
            f"seed {seed}"
        )
        assert not [one for one in check(before, baseline=before) if one.code.startswith("WF50")]


def test_nothing_is_found_in_clean_definitions() -> None:
    for seed in range(200):
        assert [] == check(Maker(seed).clean()), f"seed {seed}"


def test_whatever_there_is_in_it_checking_does_not_fail() -> None:
    for seed in range(200):
        maker = Maker(seed)
        flow = [*maker.wild(), *maker.planted(maker.rng.choice(list(PLANTS.values())))]
        check(flow)


def test_pairs_of_defects_are_both_found() -> None:
    codes = ["WF001", "WF107", "WF203", "WF402"]
    for seed, (one, other) in enumerate(itertools.combinations(codes, 2)):
        maker = Maker(seed)
        flow = [*maker.planted(PLANTS[one]), *Maker(seed + 1).planted(PLANTS[other])]
        assert {one, other} <= {found.code for found in check(flow)}
