"""What was read once is not read again, unless it may be something else by now; and what can't be read is opaque."""

from __future__ import annotations

import builtins
import itertools
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

import pytest

from inference.defining import defined
from wfgraph.compiler.inference import Inference, reader
from wfgraph.compiler.inference.base import Reading
from wfgraph.compiler.inference.remembered import Remembered, remembered
from wfgraph.graph import ops
from wfgraph.graph.outcomes import HALT, RETURN, STOP
from wfgraph.graph.task import task

_numbers = itertools.count()


def made(text: str = "def step(obj, eng): eng.halt()", **variables: Any) -> Any:
    text = text.replace("halt()", f"halt({next(_numbers)})")  # equal code would be the same
    return defined(text, {"__name__": "remembered", **variables})["step"]


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every task that is really read."""
    found: list[Any] = []
    read: Callable[..., Any] = reader._read
    monkeypatch.setattr(reader, "_read", lambda one, task: found.append(task) or read(one, task))
    return found


STEP = "def step(obj, eng):\n    eng.halt() if VALUE else None"


@pytest.mark.parametrize("value", [1, "a", b"a", True, None, len, int, dict])
def test_what_depends_on_constants_and_on_python_alone_is_read_once(readings: list[Any], value: Any) -> None:
    step = made(STEP, VALUE=value)
    assert Inference().effects(step) is Inference().effects(step)
    again = FunctionType(step.__code__, {**step.__globals__}, "step")
    again.__module__ = step.__module__
    assert Inference().effects(step) is Inference().effects(again)
    assert [step] == readings


@pytest.mark.parametrize("value", [1.5, (1,), [], made(), Inference, sys.getrecursionlimit, object()])
def test_what_depends_on_anything_else_is_read_again(readings: list[Any], value: Any) -> None:
    step = made(STEP, VALUE=value)
    assert Inference().effects(step) == Inference().effects(step)
    assert [step, step] == readings


def test_a_function_with_anything_of_its_own_is_read_again(readings: list[Any]) -> None:
    steps = [made() for _ in range(3)]
    steps[0].__defaults__ = (1,)
    steps[1].__kwdefaults__ = {"more": 1}
    steps[2].note = 1
    for step in steps:
        assert remembered(step) is None
    assert remembered(Inference().effects) is None
    assert remembered(len) is None
    assert remembered(made()) is not None


def test_a_variable_that_is_not_set_is_not_remembered() -> None:
    text = "def around():\n def step(obj, eng): later()\n if eval('0'): later = 1\n return step\nstep = around()"
    assert remembered(made(text)) is None


def test_names_that_stand_for_something_else_are_told_apart() -> None:
    step = made(STEP, VALUE=1)
    keys = [remembered(step)]
    for value in (2, True, None, "1"):
        step.__globals__["VALUE"] = value
        keys.append(remembered(step))
    del step.__globals__["VALUE"]
    keys.append(remembered(step))
    other = FunctionType(step.__code__, {"VALUE": 1, "__name__": "elsewhere"}, "step")
    keys += [
        remembered(other),
        remembered(FunctionType(step.__code__, {"VALUE": 1, "__name__": "remembered"}, "other")),
    ]
    elsewhere = FunctionType(step.__code__.replace(co_filename="elsewhere.py"), {"VALUE": 1, "__name__": "remembered"})
    keys.append(remembered(elsewhere))
    told = [one[1] for one in keys if one is not None]
    assert len(set(told)) == len(keys) == 9


def test_what_replaces_a_name_of_pythons_own_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    step = made("def step(obj, eng):\n    ascii(eng)")
    assert (RETURN,) == Inference().effects(step).outcomes
    monkeypatch.setattr(builtins, "ascii", lambda engine: engine.halt())
    assert remembered(step) is None
    assert (HALT,) == Inference().effects(step).outcomes


def test_what_is_kept_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wfgraph.compiler.inference.remembered._MOST", 3)
    kept = Remembered(())
    effects = Inference().effects(made())
    for number in range(3):
        kept.keep(number, effects)
    assert {0, 1, 2} == kept.effects.keys()
    kept.keep(3, effects)
    assert {3} == kept.effects.keys()


# What is read of it -------------------------------------------------------------------------------------------------------


def test_facts_are_read_of_the_code_and_effects_of_the_declaration() -> None:
    @task(ops.Call((STOP,)))
    def step(obj: Any, eng: Any) -> None:
        eng.halt()

    inference = Inference()
    assert (STOP,) == inference.effects(step).outcomes
    assert (HALT,) == inference.facts(step).outcomes
    assert inference.facts(step) is inference.facts(step)
    assert inference.effects(step) is inference.effects(step)


def test_code_without_end_is_opaque_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    step = made("def step(obj, eng):\n    return [1, 2, 3]")
    monkeypatch.setattr("wfgraph.compiler.inference.base._MOST_STEPS", 3)
    assert "too much code to follow" == Inference().effects(step).opaque.partition(",")[0]
    monkeypatch.setattr("wfgraph.compiler.inference.base._MOST_STEPS", 20)
    assert "" == Inference().effects(step).opaque
    assert (RETURN,) == Inference().effects(step).outcomes


def test_code_that_is_nested_too_deep_is_opaque_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    step = made("def step(obj, eng):\n    return obj")

    def deep(self: Reading) -> None:
        raise RecursionError

    with monkeypatch.context() as patch:
        patch.setattr(Reading, "step", deep)
        assert "code that is nested too deep" == Inference().effects(step).opaque.partition(",")[0]
    assert "" == Inference().effects(step).opaque


def test_code_that_can_not_be_read_is_opaque(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Reading) -> None:
        raise ValueError("nobody knows")

    monkeypatch.setattr(Reading, "step", fail)
    assert "ValueError while it was read: nobody knows" == Inference().effects(made()).opaque
