"""A plugin for pytest: hold every task that the tests run to what the inference read of it.

``pytest -p observing --observe tests/test_engine.py ...`` runs the tests as always, but each call of a task by an engine
is watched: the way in which it ended must be among those that the compiler knows of it, unless it is opaque; where that
is what its author declares, also among those that its code tells. A test in which a task did something else fails, and
so does the whole session.

What was read is asked for before the task's first call, because tests change what their tasks hold. Whoever looks on is
served by the interpreter, so tests about the compiled tier are not for this. Engines in other processes, except pytest's
own workers, and those of the real ``workflow`` are not watched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from wfgraph.compiler.inference import Inference
from wfgraph.compiler.pipeline import compile_graph
from wfgraph.errors import JumpCall, JumpToken, JumpTokenBack, JumpTokenForward, WorkflowDefinitionError
from wfgraph.graph.ops import OPAQUE
from wfgraph.graph.outcomes import RETURN, Control, Outcome
from wfgraph.graph.task import op_of
from wfgraph.runtime import tokens
from wfgraph.runtime.trace import control_of
from wfgraph.utils import task_name

__all__ = ["Observer"]

_Ways = dict[str, frozenset[Outcome]]
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
        self._known: dict[tuple[int, type], tuple[Any, _Ways]] = {}

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

    def _outcomes(self, task: Any, kind: type) -> _Ways:
        """Return the ways in which a task can end, by who says so; none where that is not known."""
        key = (id(task), kind)
        if key not in self._known:
            ways = dict(_ways(task, kind))
            self._known[key] = (task, ways)
            self.told += bool(ways)
        return self._known[key][1]

    def _compare(self, task: Any, known: _Ways, seen: Outcome) -> None:
        self.calls += 1
        if seen.control in _UNTOLD:
            return
        for how, ways in known.items():
            if seen not in ways and Outcome(seen.control) not in ways:
                told = ", ".join(sorted(map(str, ways)))
                self.violations.append(f"{self.test}: {task_name(task)} ended with {seen}; {how}: {told}")


def _ways(task: Any, kind: type) -> Iterator[tuple[str, frozenset[Outcome]]]:
    declared = op_of(task) is not OPAQUE
    try:
        (node,) = compile_graph([task], kind).nodes[:1]
    except WorkflowDefinitionError:
        return
    if not node.opaque:
        yield "declared" if declared else "read", frozenset(way.outcome for way in node.exits)
    if declared and not (facts := Inference(kind).facts(task)).opaque:
        yield "read", frozenset(facts.outcomes)


def _outcome_of(error: BaseException) -> Outcome:
    control = control_of(error)
    if isinstance(error, JumpCall | JumpToken | JumpTokenForward | JumpTokenBack):
        offset = error.args[0] if error.args else None
        return Outcome(control, offset if isinstance(offset, int) else None)
    return Outcome(control)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--observe", action="store_true", help="hold the tasks of the tests to what was read of them")


@pytest.fixture(autouse=True)
def _observing(request: pytest.FixtureRequest) -> Iterator[None]:
    observer: Observer | None = getattr(request.config, "_observer", None)
    if observer is None:
        yield
        return
    observer.test = request.node.nodeid
    before = len(observer.violations)
    yield
    found = dict.fromkeys(observer.violations[before:])
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--observe"):
        left_out = [item for item in items if item.get_closest_marker("unobserved")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


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
    if observer is None:
        return
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:  # one of pytest's workers
        output["observed"] = [observer.calls, observer.told, observer.violations]
    elif observer.violations and session.exitstatus == 0:  # seen outside the tests, in a fixture of a module
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker has seen."""
    observer: Observer | None = getattr(node.config, "_observer", None)
    if observer is not None:
        calls, told, violations = getattr(node, "workeroutput", {}).get("observed", (0, 0, []))
        observer.calls += calls
        observer.told += told
        observer.violations += violations
