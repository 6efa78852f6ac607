"""Where a task begins and ends, seen from inside: in both tiers."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import Any

import pytest

from wfgraph.engine import GenericWorkflowEngine, ProcessingFactory
from wfgraph.patterns import FOR, IF, RUN_WF
from wfgraph.runtime.boundary import invocation, stop_before_next

tiers = pytest.mark.parametrize("tier", ["interpreted", "compiled"])


class StopError(BaseException):
    """Raised before the next task."""


def engine(tier: str, flow: Any) -> GenericWorkflowEngine:
    eng = GenericWorkflowEngine()
    eng.tier = tier
    eng.callbacks.replace(flow)
    return eng


@tiers
def test_each_run_of_a_task_has_a_frame_of_its_own(tier: str) -> None:
    frames: list[Any] = []

    def helper() -> Any:
        return invocation()

    def task(obj: Any, eng: Any) -> None:
        assert invocation() is helper(), "helpers are a part of their task"
        frames.append(invocation())

    assert invocation() is None
    engine(tier, [task, FOR([1, 2], "x", [task]), task]).process([1])
    assert 4 == len({id(frame) for frame in frames})


@tiers
def test_the_next_task_is_not_run(tier: str) -> None:
    ran: list[str] = []
    let_go: list[Any] = []

    def helper() -> None:
        ran.append("helper")

    def first(obj: Any, eng: Any) -> None:
        let_go.append(stop_before_next(eng, StopError))
        helper()
        ran.append("first")

    def second(obj: Any, eng: Any) -> bool:
        ran.append("second")
        return True

    eng = engine(tier, [first, [IF(second, [first])]])
    before = sys.getprofile()
    with pytest.raises(StopError):
        eng.process([1, 2])
    let_go[0]()
    assert ["helper", "first"] == ran
    assert ([1, 0, 0], 0) == (eng.state.callback_pos, eng.state.token_pos)
    assert sys.getprofile() is before


@tiers
def test_what_a_task_runs_inside_is_a_part_of_it(tier: str) -> None:
    ran: list[str] = []

    def inner(obj: Any, eng: Any) -> None:
        ran.append("inner")

    def first(obj: Any, eng: Any) -> None:
        let_go.append(stop_before_next(outer, StopError))

    let_go: list[Any] = []
    outer = engine(tier, [RUN_WF([first, inner, inner]), inner])
    with pytest.raises(StopError):
        outer.process([1])
    let_go[0]()
    assert ["inner", "inner"] == ran
    assert [1] == outer.state.callback_pos


@tiers
def test_hooks_and_handlers_of_the_engine_are_no_tasks(tier: str) -> None:
    class Factory(ProcessingFactory):
        @staticmethod
        def after_object(eng: Any, objects: Any, obj: Any) -> None:
            ran.append("after")

    class Own(GenericWorkflowEngine):
        processing_factory = Factory  # type: ignore[assignment]

    def last(obj: Any, eng: Any) -> None:
        let_go.append(stop_before_next(eng, StopError))
        ran.append("last")

    ran: list[str] = []
    let_go: list[Any] = []
    eng = Own()
    eng.tier = tier
    eng.callbacks.replace([last])
    eng.process([1])
    let_go[0]()
    assert ["last", "after"] == ran


@tiers
@pytest.mark.parametrize("following", [True, False], ids=["and stopped", "and let go"])
def test_who_has_profiled_before_does_so_again(tier: str, following: bool) -> None:
    def profile(*_: Any) -> None: ...

    def first(obj: Any, eng: Any) -> None:
        let_go.append(stop_before_next(eng, StopError))

    def second(obj: Any, eng: Any) -> None:
        raise AssertionError("not to be run")

    let_go: list[Any] = []
    eng = engine(tier, [first, second] if following else [first])
    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        with pytest.raises(StopError) if following else nullcontext():
            eng.process([1])
        let_go[0]()
        assert sys.getprofile() is profile
    finally:
        sys.setprofile(before)
