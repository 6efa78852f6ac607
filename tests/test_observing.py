"""The observer that holds the tasks of the test suite to what was read of them sees what it is there to see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from observing import Observer, observe

from wfgraph import ops, task
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import HaltProcessing
from wfgraph.patterns import IF, TASK_JUMP_FWD


@pytest.fixture
def observer() -> Iterator[Observer]:
    made = Observer()
    made.test = "here"
    end = observe(made)
    yield made
    end()


def run(flow: Any, tokens: Any) -> None:
    eng = GenericWorkflowEngine()
    eng.callbacks.replace(flow)
    eng.process(tokens)


def honest(obj: Any, eng: Any) -> None:
    if obj:
        eng.jump_call(2)


def hidden(obj: Any, eng: Any) -> None:
    getattr(eng, obj)()


@task(ops.Call())
def liar(obj: Any, eng: Any) -> None:
    eng.halt("look")


@task(ops.Halt())
def timid(obj: Any, eng: Any) -> None: ...


def test_what_is_read_rightly_is_no_violation(observer: Observer) -> None:
    run([honest, TASK_JUMP_FWD(2), honest, IF(honest, honest), hidden], ["stop"])
    assert ([], 1, 3) == (observer.violations, observer.told, observer.calls)


def test_a_task_that_does_what_it_does_not_declare_is_a_violation(observer: Observer) -> None:
    with pytest.raises(HaltProcessing):
        run([liar], [1])
    assert ["here: liar ended with halt; read: return"] == observer.violations


def test_a_task_that_does_not_do_what_it_declares_is_a_violation(observer: Observer) -> None:
    run([timid], [1])
    assert ["here: timid ended with return; read: halt"] == observer.violations


def test_a_wrong_reading_is_a_violation(observer: Observer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wfgraph.compiler.effects.inferred", lambda inference: lambda function: ops.Call())
    monkeypatch.setattr("wfgraph.compiler.pipeline.inferred", lambda inference: lambda function: ops.Call())
    run([honest, honest, honest], [1])
    assert ["here: honest ended with jump_call:2; read: return"] * 2 == observer.violations
