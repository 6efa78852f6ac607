"""Hand-written Python: what a person would write who had no engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bench import ingestion
from bench.tasks import ITEMS, TASKS, Token, again, another_round, first_way, hook, second_way, third_way
from bench.workloads import DEPTH, Stage, Workload

__all__ = ["RUNNERS"]

(t00, t01, t02, t03, t04, t05, t06, t07, t08, t09) = TASKS[:10]
(t10, t11, t12, t13, t14, t15, t16, t17, t18, t19) = TASKS[10:]


class Context:
    """What stands in the engine's place: somewhere to store things."""

    def __init__(self) -> None:
        self.extra_data: dict[str, Any] = {}


def straight(obj: Any, eng: Any) -> None:
    """Call twenty tasks."""
    t00(obj, eng)
    t01(obj, eng)
    t02(obj, eng)
    t03(obj, eng)
    t04(obj, eng)
    t05(obj, eng)
    t06(obj, eng)
    t07(obj, eng)
    t08(obj, eng)
    t09(obj, eng)
    t10(obj, eng)
    t11(obj, eng)
    t12(obj, eng)
    t13(obj, eng)
    t14(obj, eng)
    t15(obj, eng)
    t16(obj, eng)
    t17(obj, eng)
    t18(obj, eng)
    t19(obj, eng)


def ifelse(obj: Any, eng: Any) -> None:
    """Decide three times."""
    if first_way(obj, eng):
        t00(obj, eng)
        if second_way(obj, eng):
            t01(obj, eng)
            if third_way(obj, eng):
                t02(obj, eng)
            else:
                t03(obj, eng)
        else:
            t04(obj, eng)
            t05(obj, eng)
            t06(obj, eng)
    else:
        t07(obj, eng)
        t08(obj, eng)
        t09(obj, eng)
        t10(obj, eng)
        t11(obj, eng)


def loop(obj: Any, eng: Any) -> None:
    """Repeat three tasks while the token says so."""
    while another_round(obj, eng):
        t00(obj, eng)
        t01(obj, eng)
        t02(obj, eng)


def each(obj: Any, eng: Any) -> None:
    """Repeat two tasks for each item, which is stored where the tasks would find it."""
    for item in ITEMS:
        eng.extra_data["item"] = item
        t00(obj, eng)
        t01(obj, eng)


def jumps(obj: Any, eng: Any) -> None:
    """Repeat what the task would jump back over."""
    while True:
        t00(obj, eng)
        t01(obj, eng)
        if not again(obj, eng):
            break
    t02(obj, eng)


def _for_each_token(function: Callable[[Any, Any], None]) -> Callable[[Workload], Stage]:
    def make(workload: Workload) -> Stage:
        context = Context()

        def stage(tokens: Sequence[Token]) -> Callable[[], object]:
            def run() -> None:
                for token in tokens:
                    function(token, context)

            return run

        return stage

    return make


def _walk(items: list[Any], obj: Any, eng: Any) -> None:
    for item in items:
        if isinstance(item, list):
            _walk(item, obj, eng)
        else:
            item(obj, eng)


def _fresh(workload: Workload) -> Stage:
    """Ten thousand calls are a program nobody writes: they stand in nested lists, and five lines walk those."""
    context = Context()

    def stage(tokens: Sequence[Token]) -> Callable[[], object]:
        definition = workload.build(None)

        def run() -> None:
            for token in tokens:
                _walk(definition, token, context)

        return run

    return stage


def _in_a_row(calls: Iterable[str]) -> Callable[[Any, Any], None]:
    """Write many calls in a row, each on a line of its own."""
    text = "def row(obj, eng):\n" + "".join(f"    {call}\n" for call in calls)
    namespace: dict[str, Any] = {"hook": hook, **{task.__name__: task for task in TASKS}}
    exec(compile(text, "<by hand>", "exec"), namespace)  # noqa: S102 - our own text
    written: Callable[[Any, Any], None] = namespace["row"]
    return written


hooked = _in_a_row(f"hook(eng, {name}, obj); {name}(obj, eng)" for name in (task.__name__ for task in TASKS))
deep = _in_a_row(f"{TASKS[level % len(TASKS)].__name__}(obj, eng)" for level in range(DEPTH))
"""Nested lists that decide nothing are calls in a row."""

RUNNERS: dict[str, Callable[[Workload], Stage]] = {
    "straight": _for_each_token(straight),
    "single": _for_each_token(straight),
    "ifelse": _for_each_token(ifelse),
    "while": _for_each_token(loop),
    "for": _for_each_token(each),
    "jumps": _for_each_token(jumps),
    "ingestion": _for_each_token(ingestion.by_hand()),
    "hook": _for_each_token(hooked),
    "fresh": _fresh,
    "deep": _for_each_token(deep),
}
