"""A plugin for pytest: hold every task that the tests run to what the inference read of it.

``pytest -p observing --observe tests/test_engine.py ...`` runs the tests as always, but each call of a task by an engine
is watched: the way in which it ended must be among those that the compiler knows of it, unless it is opaque. What
was read is asked for before the task's first call, because tests change what their tasks hold. Whoever looks on is
served by the interpreter, so tests about the compiled tier are not for this. Engines in other processes, and those of
the real ``workflow``, are not watched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from wfgraph.compiler.pipeline import compile_graph
from wfgraph.errors import JumpCall, JumpToken, JumpTokenBack, JumpTokenForward, WorkflowDefinitionError
from wfgraph.graph.outcomes import RETURN, Control, Outcome
from wfgraph.runtime import tokens
from wfgraph.runtime.trace import control_of
from wfgraph.utils import task_name

__all__ = ["Observer"]

_UNTOLD = (Control.ERROR,)
"""Any task may fail."""


class Observer:
    """Compares what tasks do with what was read of them.

    Attributes:
        calls: how many calls were watched.
        told: how many tasks were seen of which something is known.
        violations: what was seen that should not be.
    """

    def __init__(self) -> None:
        self.calls = 0
        self.told = 0
        self.violations: list[str] = []
        self.test = ""
        self._known: dict[tuple[int, type], tuple[Any, frozenset[Outcome] | None]] = {}

    def watched(self, eng: Any, execute: Callable[[Any, Any], Any] | None) -> Callable[[Any, Any], Any]:
        """Return what runs a task in the stead of ``execute`` (None: of the task itself)."""

        def run(task: Any, obj: Any) -> Any:
            known = self._outcomes(task, type(eng))
            try:
                found = task(obj, eng) if execute is None else execute(task, obj)
            except BaseException as error:
                self._compare(task, known, _outcome_of(error))
                raise
            self._compare(task, known, RETURN)
            return found

        return run

    def _outcomes(self, task: Any, kind: type) -> frozenset[Outcome] | None:
        """Return the ways in which a task can end, None where that is not known."""
        key = (id(task), kind)
        if key not in self._known:
            try:
                (node,) = compile_graph([task], kind).nodes[:1]
            except WorkflowDefinitionError:
                self._known[key] = (task, None)
            else:
                ways = None if node.opaque else frozenset(way.outcome for way in node.exits)
                self._known[key] = (task, ways)
                self.told += ways is not None
        return self._known[key][1]

    def _compare(self, task: Any, known: frozenset[Outcome] | None, seen: Outcome) -> None:
        self.calls += 1
        if known is None or seen.control in _UNTOLD:
            return
        if seen not in known and Outcome(seen.control) not in known:
            read = ", ".join(sorted(map(str, known)))
            self.violations.append(f"{self.test}: {task_name(task)} ended with {seen}; read: {read}")


def _outcome_of(error: BaseException) -> Outcome:
    control = control_of(error)
    if isinstance(error, JumpCall | JumpToken | JumpTokenForward | JumpTokenBack):
        offset = error.args[0] if error.args else None
        return Outcome(control, offset if isinstance(offset, int) else None)
    return Outcome(control)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--observe", action="store_true", help="hold the tasks of the tests to what was read of them")


@pytest.fixture(autouse=True)
def _observing(request: pytest.FixtureRequest) -> None:
    observer: Observer | None = getattr(request.config, "_observer", None)
    if observer is not None:
        observer.test = request.node.nodeid


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--observe"):
        config._observer = observer = Observer()  # type: ignore[attr-defined]
        observe(observer)


def observe(observer: Observer) -> Callable[[], None]:
    """Watch every engine of this process; return what ends that."""
    import wfgraph.engine

    usual = tokens.watchers
    users = [module for module in (tokens, wfgraph.engine) if hasattr(module, "watchers")]

    def watchers(eng: Any, *arguments: Any) -> Any:
        watch = usual(eng, *arguments)
        return replace(watch, execute=observer.watched(eng, watch.execute))

    for module in users:
        module.watchers = watchers  # type: ignore[attr-defined]

    def end() -> None:
        for module in users:
            module.watchers = usual  # type: ignore[attr-defined]

    return end


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    observer: Observer | None = getattr(config, "_observer", None)
    if observer is not None:
        terminalreporter.write_line(
            f"{observer.calls} calls of tasks watched, of {observer.told} tasks of which something is known; "
            f"{len(observer.violations)} violations"
        )
        for line in dict.fromkeys(observer.violations):
            terminalreporter.write_line(line)


def pytest_sessionfinish(session: pytest.Session) -> None:
    observer: Observer | None = getattr(session.config, "_observer", None)
    if observer is not None and observer.violations and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
