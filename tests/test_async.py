"""What is async is refused as a task, with what to do instead; what does as that says works."""

from __future__ import annotations

import asyncio
import functools
import gc
import warnings
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any
from unittest.mock import AsyncMock

import pytest

from wfgraph import task
from wfgraph.checks import check
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import HaltProcessing, WorkflowDefinitionError
from wfgraph.graph import ops, outcomes
from wfgraph.patterns import CHOICE, FOR, IF, IF_ELSE, IF_NOT, PROFILE, SYNCHRONIZE, TASK_JUMP_IF, TRY, WHILE

pytestmark = pytest.mark.usefixtures("no_event_loop")
TIERS = pytest.mark.parametrize("tier", ["interpreted", "compiled"])


async def fetch(obj: Any, eng: Any = None) -> None:
    await asyncio.sleep(0)
    obj.append("fetched")


async def streams(obj: Any, eng: Any) -> AsyncIterator[int]:
    yield 1


class Waits:
    async def __call__(self, obj: Any, eng: Any) -> None: ...

    async def method(self, obj: Any, eng: Any) -> None: ...

    @classmethod
    async def of_class(cls, obj: Any, eng: Any) -> None: ...

    @staticmethod
    async def static(obj: Any, eng: Any) -> None: ...


def keeps(function: Callable[..., Any]) -> Any:
    """Wrap a function as decorators do that know nothing of async."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def runs(function: Callable[..., Any]) -> Any:
    """Make a plain task of an async one."""

    @functools.wraps(function)
    def task(obj: Any, eng: Any) -> None:
        asyncio.run(function(obj, eng))

    return task


@functools.wraps(fetch)
async def decorated(obj: Any, eng: Any) -> None:
    await fetch(obj, eng)


ASYNC = [
    fetch,
    streams,
    decorated,
    partial(fetch),
    partial(partial(streams)),
    partial(Waits()),
    Waits(),
    Waits().method,
    Waits.of_class,
    Waits.static,
    AsyncMock(),
]


@pytest.mark.parametrize("bad", ASYNC)
def test_what_is_async_is_refused_with_its_address_and_what_to_do(bad: Any) -> None:
    eng = GenericWorkflowEngine()
    eng.callbacks.replace([runs(fetch), [bad]])
    with pytest.raises(WorkflowDefinitionError, match=r"at \[1, 0\] is an async function.*asyncio\.run") as caught:
        eng.process([[]])
    assert ((1, 0), bad) == (caught.value.address, caught.value.payload)
    assert ["WF003"] == [found.code for found in check([bad]) if found.severity == "error"]


def run(flow: Any, tier: str = "auto") -> list[str]:
    obj: list[str] = []
    eng = GenericWorkflowEngine()
    eng.tier = tier
    eng.callbacks.replace(flow)
    eng.process([obj])
    return obj


@TIERS
def test_a_plain_task_that_runs_a_coroutine_works(tier: str) -> None:
    assert ["fetched"] * 2 == run([runs(fetch), [runs(decorated)]], tier)
    assert [] == [found for found in check([runs(fetch)]) if found.severity == "error"]


@TIERS
def test_a_coroutine_that_a_task_returns_does_nothing_and_python_warns(tier: str) -> None:
    gc.collect()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert [] == run([keeps(fetch), lambda obj, eng: fetch(obj)], tier)
        gc.collect()
    assert ["coroutine 'fetch' was never awaited"] * 2 == [str(one.message) for one in caught]


def drops(obj: Any, eng: Any) -> None:
    fetch(obj)


def consumes(obj: Any, eng: Any) -> None:
    asyncio.run(fetch(obj))


def stores(obj: Any, eng: Any) -> None:
    obj.work = fetch(obj)


async def maybe(obj: Any, eng: Any) -> bool:
    return True


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        ([keeps(fetch)], ["WF006"]),
        ([lambda obj, eng: fetch(obj)], ["WF006"]),
        ([partial(keeps(fetch))], ["WF006"]),
        ([drops], ["WF006"]),
        ([IF(maybe, drops)], ["WF006", "WF006"]),
        ([WHILE(maybe, consumes)], ["WF006"]),
        ([IF(lambda obj, eng: maybe(obj, eng), consumes)], ["WF006"]),
        ([consumes, stores, runs(fetch)], []),
    ],
)
def test_a_check_finds_coroutines_that_are_never_awaited(flow: Any, expected: list[str]) -> None:
    assert expected == [found.code for found in check(flow) if found.severity == "error"]


@pytest.mark.parametrize(
    "asks",
    [
        IF(maybe, drops),
        IF_NOT(partial(maybe), drops),
        IF_ELSE(maybe, drops, drops),
        WHILE(maybe, drops),
        TASK_JUMP_IF(maybe, 1),
        CHOICE(maybe, yes=drops),
        FOR(maybe, "it", drops),
        PROFILE(maybe),
    ],
)
def test_a_pattern_that_asks_what_is_async_is_refused_with_its_address_and_what_to_do(asks: Any) -> None:
    with pytest.raises(
        WorkflowDefinitionError, match=r" at \[0(, 0)?\] asks .*maybe.*, an async function.*asyncio\.run"
    ):
        run([asks])


def test_a_try_of_what_is_async_is_refused() -> None:
    with pytest.raises(WorkflowDefinitionError, match="TRY awaits nothing, and maybe is an async function"):
        TRY(maybe)


def test_a_pattern_of_ones_own_may_await_what_it_asks() -> None:
    @task(ops.Branch(outcomes.BREAK, outcomes.RETURN, test=maybe))
    def unless(obj: Any, eng: Any) -> None:
        if asyncio.run(maybe(obj, eng)):
            eng.break_current_loop()

    assert [] == run([[unless, runs(fetch)]])


def test_the_check_names_the_function_and_the_line() -> None:
    (found,) = check([drops], select=["WF006"])
    line = drops.__code__.co_firstlineno + 1
    assert f"drops at [0] makes a coroutine of fetch() (line {line}) and never awaits it" == found.message


def test_an_engine_runs_within_an_event_loop_and_its_async_tasks_in_a_thread() -> None:
    async def main() -> list[str]:
        obj: list[str] = []
        eng = GenericWorkflowEngine()
        eng.callbacks.replace([lambda obj, eng: obj.append("plain")])
        eng.process([obj])
        eng.callbacks.replace([runs(fetch), SYNCHRONIZE(runs(fetch), [runs(fetch)], runs(fetch))])
        await asyncio.to_thread(eng.process, [obj])
        return obj

    assert ["plain", *["fetched"] * 4] == asyncio.run(main())


def test_several_engines_run_at_once_in_threads_of_a_loop_and_a_halt_is_raised_there() -> None:
    def halts(obj: Any, eng: Any) -> None:
        eng.halt("why")

    async def one(task: Any) -> Any:
        eng = GenericWorkflowEngine()
        eng.callbacks.replace([runs(fetch), task])
        obj: list[str] = []
        await asyncio.to_thread(eng.process, [obj])
        return obj

    async def main() -> list[Any]:
        return await asyncio.gather(one(runs(fetch)), one(halts), return_exceptions=True)

    done, halted = asyncio.run(main())
    assert (["fetched"] * 2, HaltProcessing) == (done, type(halted))


def test_a_coroutine_can_be_handed_to_the_loop_around_the_thread() -> None:
    async def main() -> list[str]:
        loop = asyncio.get_running_loop()

        def on_the_loop(obj: Any, eng: Any) -> None:
            asyncio.run_coroutine_threadsafe(fetch(obj), loop).result()

        obj: list[str] = []
        eng = GenericWorkflowEngine()
        eng.callbacks.replace([on_the_loop])
        await asyncio.to_thread(eng.process, [obj])
        return obj

    assert ["fetched"] == asyncio.run(main())


def test_a_strict_engine_refuses_a_task_that_drops_a_coroutine() -> None:
    eng = GenericWorkflowEngine()
    eng.strict = True
    eng.callbacks.replace([keeps(fetch)])
    with pytest.raises(WorkflowDefinitionError, match="WF006"):
        eng.process([[]])
