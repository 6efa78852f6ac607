"""The observer that holds the tasks of the test suite to what was read of them sees what it is there to see."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from observing import Observer, observe

from wfgraph import ops, task
from wfgraph.compiler.inference import Effects
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import HaltProcessing
from wfgraph.graph.outcomes import STOP
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
    assert ["here: liar ended with halt; declared: return"] == observer.violations


def test_a_task_that_does_not_do_what_it_declares_is_a_violation(observer: Observer) -> None:
    run([timid], [1])
    assert ["here: timid ended with return; declared: halt"] == observer.violations


def test_a_wrong_reading_of_what_is_declared_is_a_violation(
    observer: Observer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wfgraph.compiler.inference.Inference.facts", lambda self, function: Effects((STOP,)))
    run([TASK_JUMP_FWD(1)], [1])
    assert ["here: TASK_JUMP_FWD ended with jump_call:1; read: stop"] == observer.violations


def test_a_wrong_reading_is_a_violation(observer: Observer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wfgraph.compiler.effects.inferred", lambda inference: lambda function: ops.Call())
    monkeypatch.setattr("wfgraph.compiler.pipeline.inferred", lambda inference: lambda function: ops.Call())
    run([honest, honest, honest], [1])
    assert ["here: honest ended with jump_call:2; read: return"] * 2 == observer.violations


LIES = """
import pytest
from wfgraph import ops, task
from wfgraph.engine import GenericWorkflowEngine

@task(ops.Call())
def liar(obj, eng):
    eng.jump_token(1)

def run(flow):
    eng = GenericWorkflowEngine()
    eng.callbacks.replace(flow)
    eng.process([1])

@pytest.fixture(scope="module")
def early():
    run([liar])

def test_truth():
    run([print])

def test_lies():
    run([liar])

def test_late(early):
    pass
"""


def session(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_tasks.py").write_text(LIES)
    (folder / "pyproject.toml").write_text("")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["PYTHONPATH"] = str(Path(__file__).parent)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "observing", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("workers", ["0", pytest.param("2", marks=pytest.mark.slow)])
def test_the_test_and_its_session_fail(tmp_path: Path, workers: str) -> None:
    found = session(tmp_path, "--observe", "-n", workers, "test_tasks.py::test_truth", "test_tasks.py::test_lies")
    assert 1 == found.returncode, found.stdout + found.stderr
    assert "2 passed, 1 error" in found.stdout
    assert "ERROR test_tasks.py::test_lies" in found.stdout
    assert "test_tasks.py::test_lies: liar ended with jump_token:1; declared: return" in found.stdout
    assert "2 calls of tasks watched, of 2 tasks of which something is known; 1 violations" in found.stdout


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["0", pytest.param("2", marks=pytest.mark.slow)])
def test_a_session_fails_also_for_what_happens_before_its_tests(tmp_path: Path, workers: str) -> None:
    found = session(tmp_path, "--observe", "-n", workers, "test_tasks.py::test_late")
    assert 1 == found.returncode, found.stdout + found.stderr
    assert "liar ended with jump_token:1; declared: return" in found.stdout


@pytest.mark.slow
def test_nobody_looks_on_unless_asked_to(tmp_path: Path) -> None:
    found = session(tmp_path, "-n", "0")
    assert 0 == found.returncode, found.stdout + found.stderr
    assert "violations" not in found.stdout
