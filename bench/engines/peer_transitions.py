"""``transitions``: a machine whose states have the tasks as their ``on_enter``, stepped by one trigger.

The trigger's arguments are handed to all callbacks, so tasks and conditions are used as they are. One machine serves all
tokens: what ends a token's way is also where the next token starts from, so nothing has to be made or reset between them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from transitions import Machine, State

from bench.tasks import TASKS, Token, another_round, first_way, second_way, third_way
from bench.workloads import Stage, Workload

__all__ = ["RUNNERS"]


class Model:
    """What the machine keeps its state on."""

    state: str
    step: Callable[[Any, Any], bool]


def _states(count: int) -> list[State]:
    return [State("start"), *(State(task.__name__, on_enter=task) for task in TASKS[:count])]


def _runner(states: list[State], steps: list[dict[str, Any]], ends: frozenset[str]) -> Stage:
    model = Model()
    Machine(model, states=states, transitions=steps, initial="start", auto_transitions=False)

    def stage(tokens: Sequence[Token]) -> Callable[[], object]:
        def run() -> None:
            for token in tokens:
                model.step(token, None)
                while model.state not in ends:
                    model.step(token, None)

        return run

    return stage


def _step(source: Any, dest: str, condition: Any = None) -> dict[str, Any]:
    return {"trigger": "step", "source": source, "dest": dest, "conditions": condition or []}


def _row(*names: str) -> list[dict[str, Any]]:
    return [_step(one, other) for one, other in pairwise(names)]


def _straight(workload: Workload) -> Stage:
    names = [task.__name__ for task in TASKS]
    return _runner(_states(20), [*_row(*names), _step(["start", names[-1]], names[0])], frozenset(names[-1:]))


def _ifelse(workload: Workload) -> Stage:
    ends = ["t02", "t03", "t06", "t11"]
    begin = ["start", *ends]
    steps = [
        _step(begin, "t00", first_way),
        _step(begin, "t07"),
        _step("t00", "t01", second_way),
        _step("t00", "t04"),
        _step("t01", "t02", third_way),
        _step("t01", "t03"),
        *_row("t04", "t05", "t06"),
        *_row("t07", "t08", "t09", "t10", "t11"),
    ]
    return _runner(_states(12), steps, frozenset(ends))


def _while(workload: Workload) -> Stage:
    begin = ["start", "t02"]
    steps = [_step(begin, "t00", another_round), _step(begin, "start"), *_row("t00", "t01", "t02")]
    return _runner(_states(3), steps, frozenset(["start"]))


RUNNERS: dict[str, Callable[[Workload], Stage]] = {"straight": _straight, "ifelse": _ifelse, "while": _while}
