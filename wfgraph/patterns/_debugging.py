"""The helper patterns that measure tasks, repeat them while they are being written, and call any function."""

from __future__ import annotations

import cProfile
import importlib
import logging
import pkgutil
import pstats
import sys
import time
import timeit
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

from wfgraph.errors import WorkflowDefinitionError, WorkflowError, WorkflowTransition
from wfgraph.graph import ops
from wfgraph.graph.describing import describe
from wfgraph.graph.nesting import Task, is_block
from wfgraph.graph.task import op_of
from wfgraph.patterns._tasks import named, new_engine, pattern, register
from wfgraph.utils import comes_to_a_function, task_name

__all__ = ["CALLFUNC", "DEBUG_CYCLE", "PROFILE", "debug_simple", "universal_repeater"]

PAUSE = 0.2
"""For how many seconds what repeats a call waits after an error: someone is editing the code meanwhile."""


@pattern
def PROFILE(call: Any, output: Any = None, stats: Iterable[str] = ("time", "calls", "cumulative", "pcalls")) -> Task:
    """Run a task, or a workflow, in the profiler.

    Args:
        call: a task; or a list of them, which a new engine runs, so that the engine is profiled too.
        output: the file to save the profile in; each of ``stats`` is written next to it as ``<output>.stats-<name>``.
            Without it, the profile is printed.
        stats: by what to sort, as :mod:`pstats` names it; one file for each.

    Raises:
        WorkflowDefinitionError: ``call`` is neither, or :mod:`pstats` does not know one of ``stats``.
    """
    orders = tuple(stats or ())
    unknown = [order for order in orders if order not in pstats.Stats().get_sort_arg_defs()]
    if unknown:
        raise WorkflowDefinitionError(f"PROFILE can't sort by {', '.join(map(describe, unknown))}", payload=unknown)
    if not comes_to_a_function(call) and not is_block(call):
        raise WorkflowDefinitionError(f"PROFILE runs a task or a list of them, not {describe(call)}", payload=call)
    known: ops.Op = ops.SubWorkflow(call) if is_block(call) else op_of(call)
    if not is_block(call):
        outcomes = tuple(dict.fromkeys(way.outcome for way in known.exits()))
        known = ops.Call(outcomes, f"PROFILE({describe(call)})", (call,) if known.opaque else known.asked)

    @named("PROFILE", known)
    def profile(obj: Any, eng: Any) -> None:
        work: Any = call
        arguments: tuple[Any, ...] = (obj, eng)
        if is_block(call):
            engine = new_engine(eng, "PROFILE")
            register(engine, call, [obj])
            work, arguments = engine.process, ([obj],)
        profiler = cProfile.Profile()
        try:
            profiler.runcall(work, *arguments)
        except BaseException:
            try:
                _report(profiler, output, orders)
            except Exception:  # it never takes the place of a halt
                eng.log.exception("the profile can't be saved")
            raise
        _report(profiler, output, orders)

    return profile


def _report(profiler: cProfile.Profile, output: Any, orders: tuple[str, ...]) -> None:
    if not output:
        pstats.Stats(profiler, stream=sys.stdout).print_stats()
        return
    profiler.dump_stats(output)
    for order in orders:
        with Path(f"{output}.stats-{order}").open("w", encoding="utf-8") as stream:
            pstats.Stats(profiler, stream=stream).strip_dirs().sort_stats(order).print_stats()


@pattern
def DEBUG_CYCLE(
    stmt: Any, setup: Any = None, onerror: Any = None, debug_stopper: Task | None = None, **kwargs: Any
) -> Task:
    """Run a statement again and again while its code is being written.

    It is run as :mod:`timeit` runs it, with ``obj``, ``eng`` and the further keyword arguments as its names. Never hand
    it a text that comes from data: it is executed.

    With a stopper it is repeated until that says so. Without one it is repeated until it succeeds if there is an
    ``onerror``, which may mend things, and else run once. An error that ends the repetition is raised, others are
    logged; what steers the token always passes.

    Args:
        stmt: the statement, such as ``"module.task(obj, eng)"``.
        setup: a statement to run before it, each time, such as ``"import module"``.
        onerror: a statement to run after ``setup`` when the attempt before has failed, such as
            ``"import importlib; importlib.reload(module)"``.
        debug_stopper: called with the token and the engine after each attempt; True stops.
        kwargs: more names for the statements.

    Raises:
        WorkflowDefinitionError: a statement can't be compiled.
    """
    first = _joined(setup)
    mended = _joined(setup, onerror)
    for text in (first, mended):
        try:
            timeit.Timer(stmt, text)
        except Exception as error:  # what stands for a statement may be any object
            raise WorkflowDefinitionError(f"DEBUG_CYCLE can't compile its statements: {error}", payload=stmt) from error

    @named("DEBUG_CYCLE")
    def debug_cycle(obj: Any, eng: Any) -> None:
        names = {**kwargs, "obj": obj, "eng": eng}
        failed: Exception | None = None
        while True:
            try:
                seconds = timeit.Timer(stmt, mended if failed else first, globals=names).timeit(1)
                failed = None
                _log_of(eng).info("DEBUG_CYCLE: execution time %.3f seconds", seconds)
            except WorkflowTransition:
                raise
            except Exception as error:
                failed = error
            stop = debug_stopper(obj, eng) if callable(debug_stopper) else not (failed and onerror)
            if stop and failed:
                raise failed
            if stop:
                return
            if failed:
                _pause(eng, "DEBUG_CYCLE", failed)

    return debug_cycle


def _joined(*statements: Any) -> str:
    return "\n".join(statement for statement in statements if statement) or "pass"


@pattern
def CALLFUNC(
    func: Any,
    outkey: Any = None,
    debug: bool = False,
    stopper: Task | None = None,
    args: Iterable[Any] = (),
    oeargs: Iterable[str] = (),
    ekeys: Mapping[str, Any] | None = None,
    okeys: Mapping[str, Any] | None = None,
    **kwargs: Any,
) -> Task:
    """Call any function.

    Args:
        func: the function, or its dotted name, which must be importable.
        outkey: the key of the token under which to store the result; None to store it nowhere.
        debug: when the call fails, reload the function's module and call it again, until it succeeds.
        stopper: with ``debug``, called with the token and the engine after each failure; True stops, and the error is
            raised.
        args: positional arguments.
        oeargs: further ones, as keys: ``"Oname"`` is the token's ``name``, ``"Ename"`` that of ``eng.extra_data``; any
            other is looked up, as it stands, in the token and then in ``eng.extra_data``.
        ekeys: keyword arguments from ``eng.extra_data``: the argument's name, and the key.
        okeys: keyword arguments from the token, likewise.
        kwargs: more keyword arguments.

    Raises:
        WorkflowDefinitionError: ``func`` is neither callable nor importable, or a key in ``oeargs`` is no text.
        WorkflowError: (when run) an argument is not there; the message names its key.
    """
    function = _function(func)
    fixed, wanted = tuple(args), tuple(oeargs)
    from_engine, from_token = dict(ekeys or {}), dict(okeys or {})
    for key in wanted:
        if not isinstance(key, str) or not key:
            raise WorkflowDefinitionError(f"CALLFUNC takes keys in `oeargs`, not {describe(key)}", payload=key)

    @named("CALLFUNC")
    def callfunc(obj: Any, eng: Any) -> None:
        found = (*fixed, *(_argument(key, obj, eng) for key in wanted))
        names = {
            **kwargs,
            **{name: _value(eng.extra_data, key, "eng.extra_data") for name, key in from_engine.items()},
            **{name: _value(obj, key, "the token") for name, key in from_token.items()},
        }
        if debug:
            result = _repeat(_module_of(function), function, lambda: stopper and stopper(obj, eng), found, names, eng)
        else:
            result = function(*found, **names)
        if outkey is not None:
            obj[outkey] = result

    return callfunc


def _function(func: Any) -> Callable[..., Any]:
    """Return a function given as such or by its dotted name."""
    if comes_to_a_function(func):
        return func  # type: ignore[no-any-return]
    try:
        found = pkgutil.resolve_name(str(func))
    except Exception as error:  # whatever importing a module may raise
        raise WorkflowDefinitionError(
            f"there is no function {describe(func)} to import: {error}", payload=func
        ) from error
    if not comes_to_a_function(found):
        raise WorkflowDefinitionError(f"{describe(func)} is no function but {describe(found)}", payload=func)
    return found  # type: ignore[no-any-return]


_MISSING = object()


def _argument(key: str, obj: Any, eng: Any) -> Any:
    """Return the value that a key of ``oeargs`` stands for."""
    places = {"O": [(obj, key[1:])], "E": [(eng.extra_data, key[1:])]}.get(key[0], [])
    for mapping, name in (*places, (obj, key), (eng.extra_data, key)):
        value = _look_up(mapping, name)
        if value is not _MISSING:
            return value
    raise WorkflowError(
        f"CALLFUNC: {key!r} of `oeargs` is neither in the token nor in eng.extra_data; "
        f"write {'O' + key!r} or {'E' + key!r} to say where {key!r} is to be taken from"
    )


def _value(mapping: Any, key: Any, where: str) -> Any:
    value = _look_up(mapping, key)
    if value is _MISSING:
        raise WorkflowError(f"CALLFUNC: {where} has no {key!r}")
    return value


def _look_up(mapping: Any, key: Any) -> Any:
    try:
        return mapping[key]
    except (LookupError, TypeError, AttributeError):
        return _MISSING


# No tasks ------------------------------------------------------------------------------------------------------------


def debug_simple(func: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a function until it succeeds, and reload its module after each failure; not a task.

    Args:
        func: the function, or its dotted name.
        args: its positional arguments.
        kwargs: its keyword arguments.

    Returns:
        What it returns at last.

    Raises:
        WorkflowDefinitionError: it can't be imported.
        Exception: what it raised, when its module can't be reloaded.
    """
    function = _function(func)
    return _repeat(_module_of(function), function, lambda: False, args, kwargs)


def universal_repeater(
    mod: ModuleType | None, call: Callable[..., Any], stopper: Any = None, *args: Any, **kwargs: Any
) -> Any:
    """Call a function until it succeeds, and reload a module after each failure; not a task.

    Args:
        mod: the module that the function comes from.
        call: the function.
        stopper: called with the function's own arguments before each call; True stops, and the last error is raised.
        args: the function's positional arguments.
        kwargs: its keyword arguments.

    Returns:
        What it returns at last; None when it was stopped before the first call.

    Raises:
        Exception: what it raised last, when it was stopped then or the module can't be reloaded.
    """

    def stop() -> Any:
        return callable(stopper) and stopper(*args, **kwargs)

    return None if stop() else _repeat(mod, call, stop, args, kwargs)


def _repeat(
    mod: ModuleType | None,
    call: Callable[..., Any],
    stop: Callable[[], Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    eng: Any = None,
) -> Any:
    """Call until it succeeds; what steers a token passes."""
    while True:
        try:
            return call(*args, **kwargs)
        except WorkflowTransition:
            raise
        except Exception as error:
            if mod is None or stop():
                raise
            _pause(eng, task_name(call), error)
        call = _reloaded(mod, call, eng)


def _module_of(function: Any) -> ModuleType | None:
    """Return the module to reload for a function; None when there is none that can be."""
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    return module if getattr(module, "__spec__", None) is not None else None


def _reloaded(mod: ModuleType, call: Callable[..., Any], eng: Any) -> Callable[..., Any]:
    """Reload a module and return the function as it is there now; the old one where that fails."""
    try:
        return attrgetter(getattr(call, "__qualname__", task_name(call)))(importlib.reload(mod))  # type: ignore[no-any-return]
    except Exception:  # someone is in the middle of an edit
        _log_of(eng).warning("%s can't be reloaded yet", mod.__name__, exc_info=True)
        return call


def _pause(eng: Any, name: str, error: Exception) -> None:
    _log_of(eng).error("%s failed and will be repeated", name, exc_info=error)
    time.sleep(PAUSE)


def _log_of(eng: Any) -> Any:
    return getattr(eng, "log", None) or logging.getLogger("wfgraph.patterns")
