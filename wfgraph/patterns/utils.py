"""The helper patterns: small tasks that call, fetch, store, retry, measure and debug.

As in :mod:`wfgraph.patterns.controlflow`, a task carries an op wherever its effect on the flow is honestly known.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from wfgraph.compiler.normalize import is_async
from wfgraph.errors import HaltProcessing, WorkflowDefinitionError, WorkflowTransition
from wfgraph.graph import ops
from wfgraph.graph import outcomes as out
from wfgraph.graph.describing import describe
from wfgraph.graph.nesting import Task
from wfgraph.graph.task import op_of, task
from wfgraph.patterns._debugging import CALLFUNC, DEBUG_CYCLE, PROFILE, debug_simple, universal_repeater
from wfgraph.patterns._tasks import named, new_engine, pattern, register
from wfgraph.runtime import loops
from wfgraph.utils import is_a, shown

__all__ = [
    "CALLFUNC",
    "DEBUG_CYCLE",
    "EMPTY_CALL",
    "ENG_GET",
    "ENG_SET",
    "ERROR",
    "OBJ_GET",
    "OBJ_SET",
    "PROFILE",
    "RUN_WF",
    "TRY",
    "debug_simple",
    "universal_repeater",
    "with_nice_docs",
]

with_nice_docs = pattern


@pattern
def RUN_WF(
    workflow: Any,
    engine: Callable[[], Any] | None = None,
    data_connector: Task | None = None,
    pass_eng: Sequence[Any] = (),
    pass_always: Any = None,
    outkey: Any = "RUN_WF",
    reinit: bool = False,
    resume: str = "next",
) -> Task:
    """Run another workflow, with an engine of its own that is kept and used again.

    A halt in the other workflow halts this one. When this one is then restarted at this task, with
    ``restart('current', 'current')``, the other goes on instead of beginning anew: after the task that halted, which is
    what someone expects who has done what a ``HALT`` asked for, and then with its further tokens. With
    ``resume="current"`` it runs that task again, which suits tasks that halt until something holds. After
    ``restart('current', 'next')`` its rest is left out. Where it stands is kept as plain data in ``extra_data``, and so
    outlives the process where that is stored; its tokens are asked for again then.

    Args:
        workflow: the other definition; read anew at each run.
        engine: a class, or what else returns an engine when called without arguments; without it, the other engine is
            one like this (see ``duplicate``).
        data_connector: called with the token and this engine, returns the list of the other workflow's tokens; without
            it, the token itself is its only one.
        pass_eng: keys of ``extra_data`` to copy into the other engine's when that is made.
        pass_always: copy them before each run.
        outkey: the key of ``extra_data`` under which the other engine is found; None to keep it nowhere.
        reinit: make a new engine for each run.
        resume: the task, in the words of ``restart``, at which the other workflow goes on after a halt.

    Raises:
        WorkflowDefinitionError: ``reinit`` without ``outkey``, or an unknown ``resume``.
        WorkflowError: (when run) the engine's class does not say how to make another one.
        KeyError: (when run) ``extra_data`` lacks a key of ``pass_eng``.
    """
    if reinit and not outkey:
        raise WorkflowDefinitionError("RUN_WF cannot use `reinit` without `outkey`")
    if not is_a(resume, str) or resume not in ("prev", "current", "next", "first"):
        raise WorkflowDefinitionError(
            f"RUN_WF can't resume at {shown(resume)}; use 'next', 'current', 'prev' or 'first'"
        )
    keys = tuple(pass_eng)
    use = object()  # tells this use of the pattern from others with the same outkey

    @named("RUN_WF", ops.SubWorkflow(workflow, outkey or None))
    def run_workflow(obj: Any, eng: Any) -> None:
        child = None if reinit or not outkey else _kept(eng.extra_data.get(outkey), use)
        if child is None:
            child = new_engine(eng, "RUN_WF") if engine is None else engine()
        fresh = vars(child).get("_use") is not use
        if fresh or pass_always:
            child.extra_data.update({key: eng.extra_data[key] for key in keys})
        child._use = use
        if outkey:
            eng.extra_data[outkey] = child
        mark = _take_mark(eng, outkey)
        if mark is not None and not fresh:
            tokens = child.objects
        else:
            tokens = [obj] if data_connector is None else data_connector(obj, eng)
        register(child, workflow, tokens)
        try:
            _start(child, tokens, mark, fresh, resume)
        except HaltProcessing:
            _leave_mark(eng, outkey, child)
            raise

    return run_workflow


def _kept(engine: Any, use: object) -> Any:
    """Return an engine found under ``outkey`` if this use of RUN_WF may use it: nobody else's, and idle."""
    if not hasattr(engine, "process") or vars(engine).get("_use", use) is not use:
        return None
    return engine if getattr(engine, "_run", None) is None else None


def _start(child: Any, tokens: Any, mark: Any, fresh: bool, resume: str) -> None:
    """Run the other workflow from its start, or from where it was halted."""
    if mark is None:
        child.process(tokens)
        return
    if fresh:
        child.state.__setstate__(mark["child"])
        if mark["loops"]:
            child.extra_data[loops.KEY] = mark["loops"]
    child.restart("current", resume, tokens)


def _place(eng: Any, outkey: Any) -> str:
    """Name the position of a RUN_WF; nothing where there is none: outside a run, and in a branch of SYNCHRONIZE."""
    run = getattr(eng, "_run", None)
    own = run is not None and run.thread == threading.get_ident()
    return f"{list(eng.state.callback_pos)} RUN_WF {outkey}" if own else ""


def _take_mark(eng: Any, outkey: Any) -> Any:
    """Take away and return what was left for this token and position; None where nothing was."""
    records = eng.extra_data.get(loops.KEY)
    mark = records.pop(_place(eng, outkey), None) if records else None
    if mark is not None and not records:
        loops.clear(eng.extra_data)
    return mark if mark is not None and mark["token"] == eng.state.token_pos else None


def _leave_mark(eng: Any, outkey: Any, child: Any) -> None:
    """Write down where the other workflow was halted.

    It is kept with the records of loops, because it has their lifetime: it belongs to the token and the position, is
    stored with them, and is gone when the token ends or starts from its first task.
    """
    if place := _place(eng, outkey):
        eng.extra_data.setdefault(loops.KEY, {})[place] = {
            "token": eng.state.token_pos,
            "at": list(eng.state.callback_pos),
            "child": child.state.__getstate__(),
            "loops": child.extra_data.get(loops.KEY),
        }


# Values --------------------------------------------------------------------------------------------------------------


@task(ops.Call())
def EMPTY_CALL(obj: Any, eng: Any) -> None:
    """Do nothing."""


def _plain(name: str, *arguments: Any) -> Callable[[Task], Task]:
    """Declare a task that always goes on, shown with its arguments."""
    return named(name, ops.Call(describe=f"{name}({', '.join(map(describe, arguments))})"))


@pattern
def ENG_GET(something: Any) -> Task:
    """Return what ``eng.extra_data`` has under a key; a missing one is stored, and returned, as None.

    Args:
        something: the key.
    """

    @_plain("ENG_GET", something)
    def get(obj: Any, eng: Any) -> Any:
        return eng.extra_data.setdefault(something, None)

    return get


@pattern
def ENG_SET(key: Any, value: Any) -> Task:
    """Store a value in ``eng.extra_data``.

    Args:
        key: the key.
        value: the value, the very same for each token.
    """

    @_plain("ENG_SET", key, value)
    def put(obj: Any, eng: Any) -> None:
        eng.extra_data[key] = value

    return put


@pattern
def OBJ_GET(something: Any, cond: str = "all") -> Task:
    """Return values of the token; a missing value and an empty one are the same here.

    Args:
        something: a key, which gives its value, or False when the token lacks it; or a list of keys.
        cond: what a list of keys gives. ``"any"``: the first value that is not empty, else None. ``"many"``: a dict of
            all that are not empty. ``"all"``: that dict, or False when one is missing or empty.

    Raises:
        WorkflowDefinitionError: ``cond`` is none of these.
    """
    how = cond.lower() if is_a(cond, str) else ""
    if how not in ("all", "any", "many"):
        raise WorkflowDefinitionError(f"OBJ_GET knows 'all', 'any' and 'many', not {shown(cond)}", payload=cond)
    single = is_a(something, str) or not is_a(something, Iterable)
    keys = () if single else tuple(something)

    @_plain("OBJ_GET", something, *([] if single else [how]))
    def get(obj: Any, eng: Any) -> Any:
        if single:
            return something in obj and obj[something]
        if how == "any":
            return next((value for key in keys if key in obj and (value := obj[key])), None)
        found = {key: value for key in keys if key in obj and (value := obj[key])}
        return found if how == "many" or len(found) == len(set(keys)) else False

    return get


@pattern
def OBJ_SET(key: Any, value: Any) -> Task:
    """Store a value in the token.

    Args:
        key: the key.
        value: the value, the very same for each token.
    """

    @_plain("OBJ_SET", key, value)
    def put(obj: Any, eng: Any) -> None:
        obj[key] = value

    return put


# Errors --------------------------------------------------------------------------------------------------------------


@pattern
def ERROR(msg: str = "Error in the workflow") -> Task:
    """Raise an error that ends the run, even one that goes on after a ``WorkflowError``.

    Args:
        msg: what to say; the file that the task was made in is said with it.
    """
    made_in = sys._getframe(2).f_globals.get("__file__") or ""  # two up: the decorator is in between

    @named("ERROR", ops.Fail(str(msg)))
    def fail(obj: Any, eng: Any) -> None:
        raise Exception(f"in {made_in} : {msg}")

    return fail


@pattern
def TRY(onecall: Task, retry: int = 1, onfailure: Any = Exception, verbose: bool = True) -> Task:
    """Run a task, and run it again when it fails.

    Only an ``Exception`` is a failure; what steers the token (a jump, a halt, ...) always passes.

    Args:
        onecall: the task.
        retry: how many times to run it again.
        onfailure: what to do when the last attempt has failed: an exception, or a class of exceptions, to raise, with
            the task's own as its cause; or a callable to call with the token and the engine, after which the token goes
            on with the next task.
        verbose: log each failure.

    Raises:
        WorkflowDefinitionError: ``onecall`` is no callable, ``retry`` no number, or ``onfailure`` none of these.
    """
    if not callable(onecall):
        raise WorkflowDefinitionError("You can wrap only one callable with TRY")
    if is_async(onecall):
        raise WorkflowDefinitionError(
            f"TRY awaits nothing, and {describe(onecall)} is an async function", payload=onecall
        )
    if not is_a(retry, int) or retry < 0:
        raise WorkflowDefinitionError(f"TRY can't run a task again {shown(retry)} times", payload=retry)
    if not is_a(onfailure, BaseException) and not callable(onfailure):
        raise WorkflowDefinitionError(f"TRY can neither raise nor call {describe(onfailure)}", payload=onfailure)
    outcomes = _outcomes_of_try(onecall, onfailure)
    attempts = retry + 1

    known = None if outcomes is None else ops.Call(outcomes, f"TRY({describe(onecall)})", op_of(onecall).asked)

    @named("TRY", known)
    def attempt(obj: Any, eng: Any) -> None:
        for number in range(1, attempts + 1):
            try:
                onecall(obj, eng)
                return
            except WorkflowTransition:
                raise
            except Exception as error:
                if verbose:
                    eng.log.error("attempt %d of %d of %s failed", number, attempts, describe(onecall), exc_info=True)
                if number == attempts:
                    _give_up(onecall, attempts, onfailure, error, obj, eng)

    return attempt


def _give_up(onecall: Task, attempts: int, onfailure: Any, error: Exception, obj: Any, eng: Any) -> None:
    """Raise or call what is to follow the last failure."""
    if isinstance(onfailure, BaseException):
        raise onfailure from None if onfailure is error else error
    if not _is_exception_class(onfailure):
        onfailure(obj, eng)
        return
    message = f"{describe(onecall)} failed {attempts} times: {type(error).__name__}: {error}"
    try:
        failure = onfailure(message)
    except TypeError:  # it takes no message
        failure = onfailure()
    raise failure from error


def _is_exception_class(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def _outcomes_of_try(onecall: Task, onfailure: Any) -> tuple[out.Outcome, ...] | None:
    """Return the ways in which a TRY can end; None if they are not known."""
    op = op_of(onecall)
    if op.opaque:
        return None
    known = dict.fromkeys(way.outcome for way in op.exits() if way.outcome != out.ERROR)
    kind = onfailure if is_a(onfailure, type) else type(onfailure)
    if not issubclass(kind, BaseException):
        after = op_of(onfailure)
        if after.opaque:
            return None
        known.update(dict.fromkeys(way.outcome for way in after.exits()))
    elif issubclass(kind, HaltProcessing):
        known[out.HALT] = None
    elif issubclass(kind, WorkflowTransition):
        return None
    return tuple(known) or (out.ERROR,)
