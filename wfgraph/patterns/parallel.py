"""The patterns that run branches in threads of their own.

``PARALLEL_SPLIT(a, [b, c])`` starts both branches and goes on at once; the run waits for them at its end.
``SYNCHRONIZE(a, [b, c], last)`` waits for both before it runs ``last``.

A branch that is a list is a workflow of its own, run by an engine of its own, with addresses of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from typing import Any

from wfgraph.compiler.effects import declared, ends_of_lanes
from wfgraph.errors import HaltProcessing, WorkflowDefinitionError, WorkflowError, WorkflowTransition
from wfgraph.graph import ops
from wfgraph.graph.describing import describe
from wfgraph.graph.nesting import Task, registered
from wfgraph.graph.task import op_of
from wfgraph.patterns._tasks import named, new_engine, pattern, register
from wfgraph.runtime.context import speaking_of
from wfgraph.runtime.hooks import Signal
from wfgraph.utils import escape_control

__all__ = ["MAX_TIMEOUT", "PARALLEL_SPLIT", "SYNCHRONIZE"]

MAX_TIMEOUT = 30000
"""For how many seconds SYNCHRONIZE waits unless it is told otherwise."""

_MAX_WORKERS = 32
Lane = tuple[Any, ...]


@pattern
def PARALLEL_SPLIT(*args: Any) -> Task:
    """Start branches in threads, and go on without waiting for them.

    Each branch is run by a new engine, so a branch can jump and stop within itself and knows nothing of the tasks
    outside. It gets the same token, and ``extra_data['lock']``, which is the same lock in all of them and in the engine
    that started them. At most 32 branches run at a time; the others follow as those end.

    No error of a branch is lost: the engine that started the branch logs it, with its traceback, and the signal
    ``workflow_error`` is sent for the engine of the branch. A halt in a branch is logged; it halts nothing else. All
    branches have ended when the run has: ``process`` waits for them last of all. Called by hand, outside any run, the
    task itself waits.

    Args:
        args: the branches, each a task or a list of them.

    Raises:
        WorkflowDefinitionError: a branch is neither.
        WorkflowError: (when run) the engine's class does not say how to make another one.
    """
    lanes = tuple(map(_lane, args))

    @named("PARALLEL_SPLIT", ops.Split(lanes))
    def split(obj: Any, eng: Any) -> None:
        elsewhere = _elsewhere(eng, lanes)
        if elsewhere is not None:
            elsewhere.start(obj, eng, lanes)
            return
        lock = eng.extra_data["lock"] = threading.Lock()
        branches = [(lane, new_engine(eng, "PARALLEL_SPLIT")) for lane in lanes if lane]
        if not branches:
            return
        pool = ThreadPoolExecutor(min(len(branches), _MAX_WORKERS), thread_name_prefix="PARALLEL_SPLIT")
        for lane, branch in branches:
            branch.extra_data["lock"] = lock
            register(branch, list(lane), [obj])
        for lane, branch in branches:
            pool.submit(copy_context().run, _run_alone, branch, lane, obj, eng)
        pool.shutdown(wait=False)
        run = getattr(eng, "_run", None)
        if run is None:
            pool.shutdown()
        else:
            run.joins.append(pool.shutdown)

    return split


def _elsewhere(eng: Any, lanes: tuple[Lane, ...]) -> Any:
    """Return what hands these branches to other workers; None where threads run them."""
    found = getattr(eng, "branch_runner", None)
    return found if found is not None and found.takes(eng, lanes) else None


def _lane(branch: Any) -> Lane:
    """Return the items of a branch; None is an empty one."""
    return () if branch is None else tuple(registered(branch))


def _run_alone(branch: Any, lane: Lane, obj: Any, eng: Any) -> None:
    """Run a branch that nobody waits for: what goes wrong in it is told here or never."""
    heard: list[Any] = []
    try:
        with _hearing(branch, heard):
            branch.process([obj])
    except HaltProcessing as halt:
        with speaking_of(branch):
            eng.log.warning(
                "the branch %s of PARALLEL_SPLIT was halted: %s", describe(list(lane)), escape_control(halt.message)
            )
    except BaseException:  # also what would end a thread silently, such as SystemExit
        with speaking_of(branch):
            eng.log.error("the branch %s of PARALLEL_SPLIT failed", describe(list(lane)), exc_info=True)
        if not heard:
            eng.signal.workflow_error(branch)


@contextmanager
def _hearing(branch: Any, heard: list[Any]) -> Iterator[None]:
    """Listen whether an engine sends ``workflow_error`` by itself; most do, but handlers can be overridden."""
    signals = Signal.signals(branch)
    if signals is None:
        yield
        return

    def hear(sender: Any, **_: Any) -> None:
        heard.append(sender)

    with signals.workflow_error.connected_to(hear, sender=branch):
        yield


@pattern
def SYNCHRONIZE(*args: Any, timeout: float | None = MAX_TIMEOUT) -> Any:
    """Run branches in threads, wait for all of them, then run the last task.

    A branch that is a list is run by a new engine; a callable is called with the token and *this* engine, in the
    branch's thread. The last argument runs in the token's own thread, with the token and this engine, so it can jump,
    halt and so on; when it is a list, its items follow in the same list as the task that waits, as ordinary tasks.

    When all branches have ended, what they failed with is raised. A single failure is raised as it is, so a halt in a
    branch halts here (restarted at this task, all branches run again); several are raised as one
    :class:`WorkflowError` that lists them, or as the first of them when all are halts. A branch that is a callable
    can't jump, stop or the like around the task it is a part of: that is a failure too.

    Args:
        args: the branches, each a task or a list of them, then what runs last.
        timeout: for how many seconds to wait; None for any time.

    Raises:
        WorkflowDefinitionError: fewer than two arguments, or a branch is neither.
        WorkflowError: (when run) branches have not ended in time, or several have failed, or the engine's class does
            not say how to make another one. A branch that is late can't be ended from outside: its thread goes on.
    """
    if len(args) < 2:
        raise WorkflowDefinitionError("You must pass at least two callables to SYNCHRONIZE")
    *branches, last = args
    lanes = tuple(map(_lane, branches))
    follows = _lane(last) if last is None or not callable(last) else ()
    final = () if last is None or not callable(last) else (last,)
    ends = ends_of_lanes(lanes, op_of(last) if final else ops.Call(), declared)

    @named("SYNCHRONIZE", ops.Synchronize(lanes, final, ends))
    def synchronize(obj: Any, eng: Any) -> None:
        elsewhere = _elsewhere(eng, lanes)
        if elsewhere is not None:
            elsewhere.join(obj, eng, lanes)
        else:
            _run_in_threads(branches, lanes, obj, eng, timeout)
        for task in final:
            task(obj, eng)

    return synchronize if final else [synchronize, *follows]


def _run_in_threads(branches: list[Any], lanes: tuple[Lane, ...], obj: Any, eng: Any, timeout: float | None) -> None:
    calls = [_call(branch, lane, obj, eng) for branch, lane in zip(branches, lanes, strict=True)]
    names = [describe(branch) for branch in branches]
    pool = ThreadPoolExecutor(len(calls), thread_name_prefix="SYNCHRONIZE")
    try:
        _wait_for([pool.submit(copy_context().run, call) for call in calls], names, timeout, eng)
    finally:
        pool.shutdown(wait=False)


def _call(branch: Any, lane: Lane, obj: Any, eng: Any) -> Callable[[], Any]:
    """Return what runs one branch; everything it needs is bound now, not when it runs."""
    if callable(branch):
        return partial(branch, obj, eng)
    if not lane:
        return lambda: None
    engine = new_engine(eng, "SYNCHRONIZE")
    register(engine, list(lane), [obj])
    return partial(engine.process, [obj])


def _wait_for(futures: list[Future[Any]], names: list[str], timeout: float | None, eng: Any) -> None:
    """Wait for all branches and raise what they failed with.

    Raises:
        WorkflowError: as :func:`SYNCHRONIZE`.
        BaseException: the only failure.
    """
    late = wait(futures, timeout).not_done
    failures = [
        (name, error)
        for name, future in zip(names, futures, strict=True)
        if future not in late and (error := future.exception()) is not None
    ]
    if late:
        missing = ", ".join(name for name, future in zip(names, futures, strict=True) if future in late)
        raise WorkflowError(
            f"SYNCHRONIZE waited for {timeout} seconds, and these branches have not ended: {missing}"
            + (f"; these have failed: {_listed(failures)}" if failures else "")
        ) from (failures[0][1] if failures else None)
    if not failures:
        return
    if all(isinstance(error, HaltProcessing) for _, error in failures):
        for name, error in failures[1:]:
            eng.log.warning("another branch of SYNCHRONIZE was halted: %s", _listed([(name, error)]))
        raise failures[0][1]
    name, error = failures[0]
    if len(failures) > 1:
        raise WorkflowError(f"{len(failures)} branches of SYNCHRONIZE failed: {_listed(failures)}") from error
    if isinstance(error, WorkflowTransition):
        raise WorkflowError(
            f"the branch {name} of SYNCHRONIZE raised {type(error).__name__}: a branch can't steer the token around "
            "the task that it is a part of; let the last callable do that"
        ) from error
    raise error


def _listed(failures: list[tuple[str, BaseException]]) -> str:
    return "; ".join(f"{name}: {type(error).__name__}: {escape_control(str(error))}" for name, error in failures)
