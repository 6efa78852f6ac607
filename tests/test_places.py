"""A token can go on from every place of a definition, whatever the place, and both tiers go on alike."""

from __future__ import annotations

import linecache
from collections import OrderedDict
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import product
from random import Random
from typing import Any

import pytest
from helpers import engine, tiers

from wfgraph.compiler import codegen
from wfgraph.compiler.codegen import CompiledProgram, source_of
from wfgraph.compiler.emit import emit
from wfgraph.compiler.pipeline import build_program
from wfgraph.engine import GenericWorkflowEngine, ProcessingFactory
from wfgraph.errors import HaltProcessing
from wfgraph.patterns import BREAK, CHOICE, FOR, IF, IF_ELSE, IF_NOT, TASK_JUMP_BWD, TASK_JUMP_FWD, TASK_JUMP_IF, WHILE
from wfgraph.runtime import loops


class Token:
    """What was run, and what conditions are still to answer; after that, they say no."""

    def __init__(self, answers: tuple[int, ...], halts_at: int | None) -> None:
        self.ran: list[Any] = []
        self.answers = list(answers)
        self.halts_at = halts_at

    def look(self) -> None:
        """Look at each task, when it is run."""


class Moving(Token):
    """Has the position changed by one of its tasks, in a way that no reader of the code sees."""

    position: Callable[[], list[int]]
    asked: bool
    moves_at: int
    by: int

    def look(self) -> None:
        if self.asked:
            self.position()
            self.asked = False
        if self.moves_at == 0:
            self.position()[-1] += self.by
        self.moves_at -= 1


class Jumping(Token):
    """Jumps from one of its tasks, or from what a FOR calls."""

    eng: GenericWorkflowEngine
    jumps_at: int
    by: int

    def look(self) -> None:
        self.jumps_at -= 1
        if self.jumps_at == -1:
            self.eng.jump_call(self.by)


def note(obj: Token, eng: Any, what: Any) -> None:
    obj.ran.append(what)
    obj.look()
    if len(obj.ran) - 1 == obj.halts_at:
        eng.halt("look")
    assert len(obj.ran) < 100


def a(obj: Any, eng: Any) -> None:
    note(obj, eng, "a")


def b(obj: Any, eng: Any) -> None:
    note(obj, eng, "b")


def c(obj: Any, eng: Any) -> None:
    note(obj, eng, "c")


def asks(obj: Any, eng: Any) -> int:
    note(obj, eng, "asks")
    return obj.answers.pop(0) if obj.answers else 0


def chooses(obj: Any, eng: Any) -> str:
    return "two" if asks(obj, eng) else "one"


def items(obj: Any, eng: Any) -> list[int]:
    assert isinstance(eng, GenericWorkflowEngine)
    note(obj, eng, "items")
    return [1, 2, 3]


def no_items(obj: Any, eng: Any) -> list[int]:
    note(obj, eng, "no items")
    return []


class Steps:
    """Iterates anew each time, and looks at the token before each item and at the end."""

    def __init__(self, obj: Any, eng: Any) -> None:
        self.obj, self.eng = obj, eng

    def __iter__(self) -> Iterator[int]:
        for item in (1, 2):
            note(self.obj, self.eng, "step")
            yield item
        note(self.obj, self.eng, "end")


def steps(obj: Any, eng: Any) -> Steps:
    return Steps(obj, eng)


def told(obj: Any, eng: Any, place: Any, item: Any) -> None:
    note(obj, eng, (place, item))


LISTS: dict[str, list[Any]] = {
    "row": [a, b, c],
    "jumps ahead": [a, TASK_JUMP_FWD(2), b, c],
    "break in a row": [a, BREAK(), b],
    "if": IF(asks, [a, b]),
    "if with a break": IF(asks, [a, BREAK(), b]),
    "if of nothing": IF(asks, TASK_JUMP_FWD(1)),
    "if and more": [*IF(asks, a), b],
    "if not": IF_NOT(asks, [a, b]),
    "if else": IF_ELSE(asks, [a, b], c),
    "if else of nothing": IF_ELSE(asks, [[]], [[]]),
    "choice": CHOICE(chooses, one=[a, b], two=c),
    "choice with a default": CHOICE(chooses, two=a, default=b),
    "choice of nothing": CHOICE(chooses, one=[[]], two=[[]]),
    "choice and more": [*CHOICE(chooses, one=a, two=b), c],
    "while": WHILE(asks, [a, b]),
    "while with a break": WHILE(asks, [a, BREAK(), b]),
    "while left by a jump": WHILE(asks, [a, TASK_JUMP_FWD(3), b]),
    "while that asks": WHILE(asks, [a, TASK_JUMP_IF(asks, 2), b]),
    "while of nothing": WHILE(asks, TASK_JUMP_FWD(1)),
    "for": FOR([1, 2, 3], "x", [a, b]),
    "for that tells": FOR([1, 2, 3], told, [a, b]),
    "for backward": FOR([1, 2, 3], told, [a, b], order="DSC"),
    "for asked": FOR(items, told, [a, b]),
    "for cached": FOR(items, told, [a, b], cache_data=True),
    "for cached, backward": FOR(items, told, [a, b], cache_data=True, order="DSC"),
    "for generated": FOR(steps, told, [a, b]),
    "for generated, cached": FOR(steps, told, [a, b], cache_data=True),
    "for of nothing": FOR([1, 2, 3], told, [[]]),
    "for without items": FOR(no_items, told, [a, b]),
    "for without items, cached": FOR(no_items, told, [a, b], cache_data=True),
    "for in for": FOR([1, 2], told, [FOR(items, told, a)]),
    "for left by a jump": FOR([1, 2], told, [a, TASK_JUMP_FWD(3), b]),
    "for with a break": FOR([1, 2], told, [a, BREAK(), b]),
    "for that asks": FOR([1, 2], told, [a, TASK_JUMP_IF(asks, 2), b]),
    "for and more": [*FOR([1, 2], told, a), TASK_JUMP_IF(asks, -3), b],
    "for and if": FOR([1, 2], told, [IF(asks, BREAK()), a]),
    "until": [a, TASK_JUMP_IF(asks, -1), b],
    "itself again": [a, TASK_JUMP_IF(asks, 0), b],
    "ahead": [TASK_JUMP_IF(asks, 2), a, b],
    "far": [TASK_JUMP_IF(asks, 9), a, TASK_JUMP_IF(asks, -9), b],
    "while and more": [*WHILE(asks, a), TASK_JUMP_IF(asks, -3), c],
    "if else and more": [*IF_ELSE(asks, a, b), c],
    "list again": [[a], TASK_JUMP_IF(asks, -1), b],
    "goto": [TASK_JUMP_FWD(2), BREAK(), TASK_JUMP_BWD(-1), a],
}
AROUND: dict[str, Any] = {
    "alone": lambda block: block,
    "in a list": lambda block: [a, block, c],
    "in an if": lambda block: [IF(asks, [block, c])],
    "in a loop": lambda block: FOR([1, 2], "y", [block, c]),
}


class Watching(ProcessingFactory):
    """Notes where a token stands when it is done."""

    @staticmethod
    def after_object(eng: Any, objects: Any, obj: Token) -> None:
        obj.ran.append(list(eng.state.callback_pos))


class Watched(GenericWorkflowEngine):
    processing_factory = Watching


def goes_on(
    kind: Any, tier: str, callbacks: Any, place: list[int], answers: tuple[int, ...], halts_at: int | None
) -> Any:
    eng = engine(*callbacks, kind=kind, tier=tier)
    eng.state.callback_pos = list(place)
    token = Token(answers, halts_at)
    seen = []
    try:
        eng.process([token], reset_state=False)
    except HaltProcessing:
        seen.append((list(eng.state.callback_pos), deepcopy(eng.extra_data)))
        eng.restart("current", "next")
    return token.ran, seen, eng.state.callback_pos, eng.extra_data


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("block", LISTS)
def test_from_every_place_both_tiers_go_on_alike(monkeypatch: pytest.MonkeyPatch, block: str, around: str) -> None:
    monkeypatch.setattr(codegen, "PATIENCE", 1)
    callbacks = AROUND[around](LISTS[block])
    for row in build_program(callbacks).rows:
        for answers, halts_at in product([(), (1,), (0, 1, 1)], [None, 1, 3, 4]):
            given = callbacks, list(row.address), answers, halts_at
            kind = Watched if halts_at is None else GenericWorkflowEngine
            assert goes_on(kind, "interpreted", *given) == goes_on(kind, "compiled", *given)


def moves_unseen(tier: str, callbacks: Any, answers: tuple[int, ...], at: int, by: int, asked: bool) -> list[Any]:
    eng = engine(*callbacks, tier=tier)
    token = Moving(answers, None)
    token.position = lambda: getattr(eng.state, "callback_" + "pos")
    token.asked, token.moves_at, token.by = asked, at, by
    eng.process([token])
    return token.ran


@pytest.mark.parametrize("block", LISTS)
def test_a_position_changed_by_what_nobody_can_read_moves_both_tiers_alike(block: str) -> None:
    for around, answers in product(AROUND, [(), (1,), (0, 1, 1)]):
        for at, by, asked in product(range(4), [-1, 1], [True, False]):
            given = AROUND[around](LISTS[block]), answers, at, by, asked
            assert moves_unseen("interpreted", *given) == moves_unseen("compiled", *given)


def jumps(tier: str, callbacks: Any, answers: tuple[int, ...], at: int, by: int) -> list[Any]:
    eng = engine(*callbacks, tier=tier)
    token = Jumping(answers, None)
    token.eng, token.jumps_at, token.by = eng, at, by
    eng.process([token])
    return token.ran


@pytest.mark.parametrize("block", LISTS)
@pytest.mark.unobserved
def test_a_jump_from_anywhere_leads_both_tiers_to_the_same_place(block: str) -> None:
    for around, answers in product(AROUND, [(), (1,), (0, 1, 1)]):
        for at, by in product(range(4), [-1, 0, 1, 2]):
            given = AROUND[around](LISTS[block]), answers, at, by
            assert jumps("interpreted", *given) == jumps("compiled", *given)


RESTS = [
    ("row", 1, "task_1(obj, eng)  # [1] b | task_2(obj, eng)  # [2] c | return None"),
    ("jumps ahead", 1, "task_3(obj, eng)  # [3] c | return None"),
    (
        "list again",
        0,
        "at_0 = 0 | while True: |     if at_0 == 0: |         task_0(obj, eng)  # [0, 0] a |         "
        "if (answer := test_1(obj, eng)):  # [1] jump |             at_0 = 0 |         else: |             at_0 = 2 |     "
        "elif at_0 == 2: |         task_2(obj, eng)  # [2] b |         at_0 = 3 |     else: |         break | return None",
    ),
    ("if", 2, "task_2(obj, eng)  # [1, 1] b | return None"),
    ("if and more", 2, "task_2(obj, eng)  # [2] b | return None"),
    ("if else", 2, "task_2(obj, eng)  # [1, 1] b | return 3 | return None"),
    ("if else", 3, "return 3 | return None"),
    ("if else", 4, "task_4(obj, eng)  # [3] c | return None"),
    ("choice", 4, "task_4(obj, eng)  # [3] c | return 5 | return None"),
    (
        "while",
        2,
        "while True:  # the rest of a round, and then the others |     task_2(obj, eng)  # [2] b |     "
        "while (answer := test_0(obj, eng)):  # [0] WHILE |         task_1(obj, eng)  # [1] a |         "
        "task_2(obj, eng)  # [2] b |     return 0 | return None",
    ),
    (
        "for in for",
        0,
        "rest_0, items_0 = resume_0(obj, eng)  # [0] FOR | for item_0 in rest_0:  # [0] FOR |     "
        "assign_0(obj, eng, '[0]', item_0)  # [0] FOR |     rest_1, items_1 = begin_1(obj, eng)  # [1, 0] FOR |     "
        "for item_1 in rest_1:  # [1, 0] FOR |         assign_1(obj, eng, '[1, 0]', item_1)  # [1, 0] FOR |         "
        "task_2(obj, eng)  # [1, 1] a |         if look: look(1)  # [1, 0] FOR |     if look: look(0)  # [0] FOR | "
        "return 0 | return None",
    ),
    (
        "for that tells",
        2,
        "while True:  # the rest of a round, and then the others |     "
        "rest_0, items_0 = resume_0(obj, eng, inside=True)  # [2] b |     task_2(obj, eng)  # [2] b |     "
        "if look: look(0)  # [0] FOR |     for item_0 in rest_0:  # [0] FOR |         "
        "assign_0(obj, eng, '[0]', item_0)  # [0] FOR |         task_1(obj, eng)  # [1] a |         "
        "task_2(obj, eng)  # [2] b |         if look: look(0)  # [0] FOR |     return 0 | return None",
    ),
]


@pytest.mark.parametrize(("block", "entry", "expected"), RESTS)
def test_what_is_left_of_a_list_is_written_as_one_would_write_it(block: str, entry: int, expected: str) -> None:
    lines = emit(build_program(LISTS[block]), entry, {}).lines
    assert expected == " | ".join(line.removeprefix("    ") for line in lines[1:])


def nested(levels: int, wrap: Callable[[Any], Any]) -> list[Any]:
    deep: list[Any] = [a]
    for _ in range(levels):
        deep = wrap(deep)
    return deep


def test_only_what_python_could_not_nest_gets_a_function_of_its_own() -> None:
    def parts(callbacks: list[Any]) -> int:
        return source_of(build_program(callbacks)).count("def part_")

    assert 0 == parts(nested(1_000, lambda deep: [deep]))
    assert 0 == parts([[a, BREAK()]] * 100)
    assert 0 == parts(nested(10, lambda deep: WHILE(asks, [deep])))
    assert 0 < parts(nested(25, lambda deep: WHILE(asks, [deep])))
    assert 0 < parts(nested(300, lambda deep: [deep, BREAK()]))
    assert 0 < parts(nested(300, lambda deep: [[a, BREAK()], deep, BREAK()]))


@tiers
@pytest.mark.parametrize(
    ("levels", "wrap"),
    [(25, lambda deep: WHILE(asks, [deep])), (300, lambda deep: [deep, BREAK(), b]), (25, lambda deep: IF(asks, deep))],
    ids=["while", "break", "if"],
)
def test_deep_lists_run_as_shallow_ones_do(tier: str, levels: int, wrap: Callable[[Any], Any]) -> None:
    eng = engine(*nested(levels, wrap), tier=tier)
    token = Token((1,) * 25, None)
    eng.process([token])
    assert 1 == token.ran.count("a")
    assert "b" not in token.ran


def routines(callbacks: list[Any]) -> CompiledProgram:
    return CompiledProgram(build_program(callbacks), loops.begin, loops.resume)


def test_a_routine_of_the_middle_is_made_when_it_was_asked_for_often() -> None:
    made = routines([a, b, c])
    assert [False, False, False, True, True] == [made.unit_at(1) is not None for _ in range(5)]
    assert [False, False, False, True] == [made.unit_at(2) is not None for _ in range(4)]
    assert made.unit_at(0) is not None


@pytest.mark.parametrize(("limit", "value"), [("_MAX_UNITS", 2), ("_MAX_LINES", 7)])
def test_only_so_many_routines_of_the_middle_are_made(monkeypatch: pytest.MonkeyPatch, limit: str, value: int) -> None:
    monkeypatch.setattr(codegen, "PATIENCE", 1)
    monkeypatch.setattr(codegen, limit, value)
    made = routines([a, b, c, a])
    assert [True, True, False] == [made.unit_at(pc) is not None for pc in (1, 2, 3)]
    assert made.unit_at(0) is not None


@tiers
def test_the_next_token_asks_for_items_after_the_round_that_it_begins_in(
    monkeypatch: pytest.MonkeyPatch, tier: str
) -> None:
    monkeypatch.setattr(codegen, "PATIENCE", 1)
    eng = engine(*FOR(items, told, [a, b], cache_data=True), tier=tier)
    first, second = Token((), 2), Token((), None)
    with pytest.raises(HaltProcessing):
        eng.process([first, second])
    eng.restart("next", "current")
    assert ["a", "b", "items", ("[0]", 1), "a", "b"] == second.ran[:6]


def test_only_the_sources_that_were_used_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codegen, "_sources", OrderedDict())
    monkeypatch.setattr(codegen, "_SOURCES_KEPT", 2)
    definitions = [[a], [a, b], [a, b, c]]
    files = []
    for number in (0, 1, 0, 2):
        unit = routines(definitions[number]).unit_at(0)
        assert unit is not None
        files.append(unit.run.__code__.co_filename)
    assert files[0] == files[2]
    assert [True, False, True] == [bool(linecache.getlines(name)) for name in (files[0], files[1], files[3])]
    assert "    task_0(obj, eng)  # [0] a\n" == linecache.getline(files[0], 2)


@pytest.mark.parametrize("head", ["setter", "items", "cached items"])
@pytest.mark.unobserved
def test_a_position_set_in_the_head_of_a_for_stays_set_when_somebody_asks_for_it(head: str) -> None:
    def ran(tier: str) -> list[Any]:
        said: list[Any] = []
        held: list[Any] = []

        def grabs(obj: Any, eng: Any) -> None:
            held.append(eng.state.callback_pos)

        def sets(obj: Any, eng: Any, *more: Any) -> list[int]:
            if len(said) < 1:
                held[0][:] = [2]
            said.append(list(eng.state.callback_pos))
            return [1, 2]

        def says(what: str) -> Any:
            return lambda obj, eng: said.append(what)

        loop = FOR([1, 2], sets, says("body")) if head == "setter" else FOR(sets, "x", says("body"), head != "items")
        engine(grabs, loop, says("end"), says("last"), tier=tier).process([1])
        return said

    assert [[2], "last"] == ran("interpreted") == ran("compiled")


class Wild:
    """Tasks, conditions, items and setters that change the position they hold, jump, or just look; as a seed says."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - no secret
        self.said: list[Any] = []
        self.held: list[list[int]] = []

    def act(self, eng: Any, name: Any) -> bool:
        self.said.append(name)
        assert len(self.said) < 60
        if len(self.said) > 30:
            eng.halt("enough")
        chance = self.random.random()
        if chance < 0.12:
            self.held[:] = [eng.state.callback_pos]
        elif chance < 0.3 and self.held:
            self.held[0][-1] += self.random.choice([-1, 0, 1, 1])
        elif chance < 0.34:
            eng.jump_call(self.random.choice([-1, 1, 2]))
        elif chance < 0.37:
            eng.break_current_loop()
        if self.random.random() < 0.3:
            self.said.append(list(eng.state.callback_pos))
        return self.random.random() < 0.5

    def flow(self, seed: int) -> list[Any]:
        def named(name: str) -> Any:
            return lambda obj, eng, *more: self.act(eng, (name, *more))

        def gives(obj: Any, eng: Any) -> list[int]:
            self.act(eng, "items")
            return [1, 2, 3]

        loop = FOR(
            gives if seed & 1 else [1, 2, 3],
            named("setter") if seed & 2 else "x",
            [named("b1"), named("b2")],
            cache_data=bool(seed & 4),
            order="DSC" if seed & 8 else "ASC",
        )
        choice = IF_ELSE(named("asks"), [named("yes"), named("too")], named("no"))
        return [
            named("first"),
            loop,
            choice,
            [named("in"), [named("deep")]],
            WHILE(named("while"), named("w")),
            named("last"),
        ]


@pytest.mark.parametrize("seed", range(0, 800, 50))
@pytest.mark.unobserved
def test_who_holds_the_position_and_changes_it_anywhere_moves_both_tiers_alike(seed: int) -> None:
    def ran(tier: str, seed: int) -> Any:
        wild = Wild(seed)
        eng = engine(*wild.flow(seed), tier=tier)
        try:
            eng.process([1])
        except Exception as error:
            wild.said.append((type(error), str(error)))
        return wild.said, eng.state.callback_pos, eng.extra_data

    for one in range(seed, seed + 50):
        assert ran("interpreted", one) == ran("compiled", one)


def test_a_loop_without_a_further_item_is_not_recorded_however_its_items_have_moved_the_token() -> None:
    def ran(tier: str) -> list[Any]:
        said: list[Any] = []
        held: list[Any] = []

        def items(obj: Any, eng: Any) -> list[int]:
            said.append("items")
            if len(said) == 3:
                held[0][:] = [2, 0]
            return [1, 2]

        flow = FOR(items, "x", lambda obj, eng: None)
        looks = lambda obj, eng: said.append(dict(eng.extra_data))  # noqa: E731
        engine(lambda obj, eng: held.append(eng.state.callback_pos), flow, [looks], looks, tier=tier).process([1])
        return said

    assert ["items", "items", "items", {"x": 2}] == ran("interpreted") == ran("compiled")
