"""``apache-burr``: one action for each task and for each condition, the token and the last answer in the state.

Conditions are actions because burr asks what stands on a transition several times for each step.

One application serves all tokens: it halts after the last action, and goes on from there to the first with the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from burr.core import ApplicationBuilder, action, default, when

from bench.tasks import TASKS, Task, Token, another_round, first_way, second_way, third_way
from bench.workloads import Stage, Workload

__all__ = ["RUNNERS"]


def _action(task: Task) -> Any:
    @action(reads=["token"], writes=[])
    def call(state: Any) -> Any:
        task(state["token"], None)
        return state

    return call


def _question(condition: Task) -> Any:
    @action(reads=["token"], writes=["answer"])
    def ask(state: Any) -> Any:
        return state.update(answer=bool(condition(state["token"], None)))

    return ask


@action(reads=[], writes=[])
def _nothing(state: Any) -> Any:
    return state


def _runner(actions: dict[str, Any], steps: list[tuple[Any, ...]], ends: list[str]) -> Stage:
    builder: Any = ApplicationBuilder().with_actions(**actions).with_transitions(*steps)
    app = builder.with_state(token=None, answer=False).with_entrypoint(next(iter(actions))).build()

    def stage(tokens: Sequence[Token]) -> Callable[[], object]:
        def run() -> None:
            for token in tokens:
                app.update_state(app.state.update(token=token))
                app.run(halt_after=ends)

        return run

    return stage


def _actions(count: int) -> dict[str, Any]:
    return {task.__name__: _action(task) for task in TASKS[:count]}


def _decide(source: str, yes: str, no: str) -> list[tuple[Any, ...]]:
    return [(source, yes, when(answer=True)), (source, no, default)]


def _row(*names: str) -> list[tuple[Any, ...]]:
    return list(pairwise(names))


def _straight(workload: Workload) -> Stage:
    names = [task.__name__ for task in TASKS]
    return _runner(_actions(20), _row(*names, names[0]), names[-1:])


def _ifelse(workload: Workload) -> Stage:
    ends = ["t02", "t03", "t06", "t11"]
    questions = {
        name: _question(way) for name, way in zip(("q1", "q2", "q3"), (first_way, second_way, third_way), strict=True)
    }
    steps = [
        (ends, "q1"),
        *_decide("q1", "t00", "t07"),
        ("t00", "q2"),
        *_decide("q2", "t01", "t04"),
        ("t01", "q3"),
        *_decide("q3", "t02", "t03"),
        *_row("t04", "t05", "t06"),
        *_row("t07", "t08", "t09", "t10", "t11"),
    ]
    return _runner({**questions, **_actions(12)}, steps, ends)


def _while(workload: Workload) -> Stage:
    steps = [*_decide("head", "t00", "end"), *_row("t00", "t01", "t02", "head"), ("end", "head")]
    return _runner({"head": _question(another_round), **_actions(3), "end": _nothing}, steps, ["end"])


RUNNERS: dict[str, Callable[[Workload], Stage]] = {"straight": _straight, "ifelse": _ifelse, "while": _while}
