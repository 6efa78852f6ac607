"""``python-statemachine``: a chart whose states have the tasks as their ``enter``, stepped by one event.

The event's arguments are handed by name to all callbacks, so tasks and conditions are used as they are. One machine
serves all tokens: what ends a token's way is also where the next token starts from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from statemachine import State, StateMachine

from bench.tasks import TASKS, Token, another_round, first_way, second_way, third_way
from bench.workloads import Stage, Workload

__all__ = ["RUNNERS"]


def _states(count: int) -> dict[str, State]:
    states = {task.__name__: State(enter=task) for task in TASKS[:count]}
    return {"start": State(initial=True), **states}


def _runner(states: dict[str, State], step: Any, ends: frozenset[str]) -> Stage:
    kind: Any = type(StateMachine)("Bench", (StateMachine,), {**states, "step": step})
    machine = kind()

    def stage(tokens: Sequence[Token]) -> Callable[[], object]:
        def run() -> None:
            for token in tokens:
                machine.step(obj=token, eng=None)
                while machine.current_state_value not in ends:
                    machine.step(obj=token, eng=None)

        return run

    return stage


def _all(steps: list[Any]) -> Any:
    first, *others = steps
    for other in others:
        first = first | other
    return first


def _row(*states: State) -> list[Any]:
    return [one.to(other) for one, other in pairwise(states)]


def _straight(workload: Workload) -> Stage:
    states = _states(20)
    start, first, *_, last = states.values()
    _, *row = states.values()
    return _runner(states, _all([start.to(first), last.to(first), *_row(*row)]), frozenset([TASKS[-1].__name__]))


def _ifelse(workload: Workload) -> Stage:
    states = _states(12)
    start, *t = states.values()
    ends = (2, 3, 6, 11)
    steps: list[Any] = []
    for begin in (start, *(t[number] for number in ends)):
        steps += [begin.to(t[0], cond=first_way), begin.to(t[7])]
    steps += [t[0].to(t[1], cond=second_way), t[0].to(t[4]), t[1].to(t[2], cond=third_way), t[1].to(t[3])]
    steps += [*_row(*t[4:7]), *_row(*t[7:])]
    return _runner(states, _all(steps), frozenset(TASKS[number].__name__ for number in ends))


def _while(workload: Workload) -> Stage:
    states = _states(3)
    start, first, second, third = states.values()
    steps = [*_row(first, second, third)]
    for begin in (start, third):
        steps += [begin.to(first, cond=another_round), begin.to(start)]
    return _runner(states, _all(steps), frozenset(["start"]))


RUNNERS: dict[str, Callable[[Workload], Stage]] = {"straight": _straight, "ifelse": _ifelse, "while": _while}
