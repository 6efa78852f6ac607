"""Definitions made out of a seed, for the checks: their tasks are declared, and do what they declare.

``Maker(seed).clean()`` has nothing to find. With a plant, a defect is put at a random place of it. ``wild()`` has
whatever comes.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from wfgraph import ops, outcomes, task
from wfgraph.graph.outcomes import Control, Outcome
from wfgraph.patterns import (
    BREAK,
    CHOICE,
    FOR,
    HALT,
    IF,
    IF_ELSE,
    IF_NOT,
    OBJ_JUMP_BWD,
    OBJ_NEXT,
    STOP,
    TASK_JUMP_BWD,
    TASK_JUMP_FWD,
    TASK_JUMP_IF,
    WHILE,
)

__all__ = ["EndlessError", "Maker", "Plant"]

Plant = Callable[["Maker", bool], list[Any]]
"""Makes the items of a defect; is told whether they go into a nested list."""

_STEERING: dict[Control, Callable[[Any, Outcome], Any]] = {
    Control.RETURN: lambda eng, way: None,
    Control.JUMP: lambda eng, way: eng.jump_call(way.offset),
    Control.BREAK: lambda eng, way: eng.break_current_loop(),
    Control.HALT: lambda eng, way: eng.halt("look"),
    Control.STOP: lambda eng, way: eng.stop(),
    Control.NEXT_TOKEN: lambda eng, way: eng.continue_next_token(),
    Control.SKIP_TOKEN: lambda eng, way: eng.skip_token(),
    Control.JUMP_TOKEN: lambda eng, way: eng.jump_token(way.offset),
}


class EndlessError(BaseException):
    """The run has taken so many steps that it is taken for an endless one."""


class Maker:
    """Makes one definition.

    Attributes:
        dice: what the tasks throw while they run; the structure depends on the seed only.
        budget: how many tasks and conditions may run before it is an endless run.
    """

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - no secret
        self.dice = random.Random(seed)  # noqa: S311
        self.budget = 300
        self._made = 0
        self._blocks = 0
        self._planted: tuple[int, Plant] | None = None

    def begin(self, seed: int) -> None:
        """Get ready for a run."""
        self.dice.seed(seed)
        self.budget = 300

    def spend(self) -> None:
        self.budget -= 1
        if self.budget < 0:
            raise EndlessError

    # Tasks -----------------------------------------------------------------------------------------------------------

    def task(self, *ways: Outcome) -> Callable[[Any, Any], None]:
        """Make a task that ends in one of these ways, and declares so."""
        outcomes_ = ways or (outcomes.RETURN,)

        def run(obj: Any, eng: Any) -> None:
            self.spend()
            way = self.dice.choice(outcomes_)
            _STEERING[way.control](eng, way)

        self._made += 1
        run.__name__ = f"task{self._made}"
        return task(ops.Call(outcomes_))(run)

    def condition(self) -> Callable[[Any, Any], bool]:
        def holds(obj: Any, eng: Any) -> bool:
            self.spend()
            return self.dice.random() < 0.5

        self._made += 1
        holds.__name__ = f"holds{self._made}"
        return task(ops.Call())(holds)

    def arbiter(self) -> Callable[[Any, Any], str]:
        def name(obj: Any, eng: Any) -> str:
            self.spend()
            return self.dice.choice("abz")

        self._made += 1
        name.__name__ = f"name{self._made}"
        return task(ops.Call())(name)

    # Clean definitions -----------------------------------------------------------------------------------------------

    def clean(self) -> list[Any]:
        return self._block(0, in_branch=False)

    def planted(self, plant: Plant) -> list[Any]:
        """Make the clean definition of this seed again, with a defect at a random place."""
        state = self.rng.getstate()
        self._blocks = 0
        self.clean()
        chosen = random.Random(self._blocks).randrange(self._blocks)  # noqa: S311
        self.rng.setstate(state)
        self._blocks, self._planted = 0, (chosen, plant)
        return self.clean()

    def _block(self, depth: int, in_branch: bool) -> list[Any]:
        mine, self._blocks = self._blocks, self._blocks + 1
        items = [self._item(depth) for _ in range(self.rng.randint(1, 4))]
        if self._planted is not None and mine == self._planted[0]:
            items += self._planted[1](self, depth > 0)
        return items

    def _item(self, depth: int) -> Any:
        if depth > 2 or self.rng.random() < 0.5:
            return self.task()
        c, b = self.condition(), lambda: self._block(depth + 1, in_branch=True)
        choices: list[Callable[[], Any]] = [
            b,
            lambda: IF(c, [*b()]),
            lambda: IF_NOT(c, b()),
            lambda: IF_ELSE(c, b(), b()),
            lambda: WHILE(c, b()),
            lambda: FOR(range(2), "x", b()),
            lambda: CHOICE(self.arbiter(), a=b(), b=b(), default=b()),
            lambda: [TASK_JUMP_IF(c, 2), self.task(), self.task()],
            lambda: [self.task(), TASK_JUMP_IF(c, -1), self.task()],
            lambda: [self.task(), HALT(f"look {self.rng.random()}"), self.task()],
            lambda: [TASK_JUMP_IF(c, 2), OBJ_NEXT(), self.task()],
        ]
        return self.rng.choice(choices)()

    # Wild definitions ------------------------------------------------------------------------------------------------

    def wild(self, depth: int = 0) -> list[Any]:
        """Make a definition with jumps, breaks and ends anywhere."""
        return [self._wild_item(depth) for _ in range(self.rng.randint(1, 5))]

    def _wild_item(self, depth: int) -> Any:
        if depth > 2 or self.rng.random() < 0.6:
            return self._wild_task()
        c, b = self.condition(), lambda: self.wild(depth + 1)
        one = lambda: self.rng.choice([b, self._wild_task])()  # noqa: E731
        choices: list[Callable[[], Any]] = [
            b,
            lambda: IF(c, one()),
            lambda: IF_NOT(c, one()),
            lambda: IF_ELSE(c, one(), one()),
            lambda: WHILE(c, b()),
            lambda: FOR(range(2), "x", b()),
            lambda: CHOICE(self.arbiter(), a=one(), b=one(), default=one()),
        ]
        return self.rng.choice(choices)()

    def _wild_task(self) -> Any:
        steps = [outcomes.jump(offset) for offset in range(-3, 4)]
        ends = [outcomes.BREAK, outcomes.HALT, outcomes.STOP, outcomes.NEXT_TOKEN, outcomes.SKIP_TOKEN]
        ends += [outcomes.jump_token(offset) for offset in (-1, 0, 1)]
        choices: list[Callable[[], Any]] = [
            *[self.task] * 4,
            lambda: self.task(*self.rng.sample([outcomes.RETURN, *steps, *ends], self.rng.randint(1, 2))),
            lambda: self.task(outcomes.RETURN, self.rng.choice(steps)),
            lambda: TASK_JUMP_IF(self.condition(), self.rng.randint(-3, 3)),
            lambda: TASK_JUMP_FWD(self.rng.randint(0, 3)),
            lambda: TASK_JUMP_BWD(self.rng.randint(-3, 0)),
            lambda: self.rng.choice([BREAK, STOP, OBJ_NEXT, HALT, OBJ_JUMP_BWD])(),
        ]
        return self.rng.choice(choices)()
