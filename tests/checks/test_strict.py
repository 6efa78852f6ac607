"""A strict engine refuses to run what has errors."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from wfgraph import ops, outcomes, task
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import WorkflowDefinitionError
from wfgraph.patterns import EMPTY_CALL, STOP, TASK_JUMP_FWD


class Strict(GenericWorkflowEngine):
    strict = True

    def leave(self) -> None:
        self.stop()


def add(obj: Any, eng: Any) -> None:
    obj.append(1)


def ask(obj: Any, eng: Any) -> None:
    eng.leave()


def mistype(obj: Any, eng: Any) -> None:
    eng.leeve()


def engine_of(flow: Any, kind: type[GenericWorkflowEngine] = Strict) -> GenericWorkflowEngine:
    engine = kind()
    engine.callbacks.replace(flow)
    return engine


def test_it_runs_what_has_no_error() -> None:
    token: list[int] = []
    engine_of([add, [STOP(), EMPTY_CALL]]).process([token])
    assert [1] == token


@pytest.mark.parametrize(("flow", "code"), [([add, [TASK_JUMP_FWD(5)]], "WF102"), ([add, mistype], "WF116")])
def test_it_runs_nothing_of_what_has_errors_and_lists_them(flow: Any, code: str) -> None:
    token: list[int] = []
    engine = engine_of(flow)
    for _ in range(2):
        with pytest.raises(
            WorkflowDefinitionError, match=rf"strict, and the checks find 1 error.*\n.*{code} error at \[1"
        ):
            engine.process([token])
    assert [] == token
    engine.strict = False
    if code == "WF102":
        engine.process([token])
        assert [1] == token


def test_methods_of_its_own_are_known() -> None:
    engine_of([ask]).process([1])


def test_a_definition_is_checked_once_and_again_when_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("wfgraph.checks.runner.check", lambda flow, engine: asked.append(engine) or [])
    engine = engine_of([add])
    for _ in range(3):
        engine.process([[], []])
    assert [Strict] == asked
    engine.callbacks.add(add)
    engine.process([[]])
    assert 2 == len(asked)


def test_a_definition_run_before_the_engine_became_strict_is_checked_then() -> None:
    endless = task(ops.Call((outcomes.jump(9), outcomes.RETURN)))(lambda obj, eng: None)
    engine = engine_of([[TASK_JUMP_FWD(7)], endless], GenericWorkflowEngine)
    engine.process([1])
    engine.strict = True
    with pytest.raises(WorkflowDefinitionError, match="WF102"):
        engine.process([1])


def test_an_engine_that_is_not_strict_never_imports_the_checks() -> None:
    code = (
        "import sys; from wfgraph.engine import GenericWorkflowEngine as E; e = E(); "
        "e.callbacks.replace([lambda o, e: None]); e.process([1]); "
        "print([name for name in sys.modules if 'checks' in name or 'inference' in name])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == found.stdout.strip()
