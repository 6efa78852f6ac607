"""The helper patterns: small tasks that call, fetch, store, retry, measure and debug.

As in :mod:`wfgraph.patterns.controlflow`, a task carries an op wherever its effect on the flow is honestly known.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

from wfgraph.compiler.normalize import is_async
from wfgraph.errors import HaltProcessing, WorkflowDefinitionError, WorkflowTransition
from wfgraph.graph import ops
from wfgraph.graph import outcomes as out
from wfgraph.graph.describing import describe
from wfgraph.graph.nesting import Task
from wfgraph.graph.task import op_of, task
from wfgraph.patterns._debugging import CALLFUNC, DEBUG_CYCLE, PROFILE, debug_simple, universal_repeater
from wfgraph.patterns._sub_workflow import RUN_WF
from wfgraph.patterns._tasks import named, pattern
from wfgraph.utils import comes_to_a_function, is_a, shown

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
    if not comes_to_a_function(onecall):
        raise WorkflowDefinitionError("You can wrap only one callable with TRY")
    if is_async(onecall):
        raise WorkflowDefinitionError(
            f"TRY awaits nothing, and {describe(onecall)} is an async function", payload=onecall
        )
    if not is_a(retry, int) or retry < 0:
        raise WorkflowDefinitionError(f"TRY can't run a task again {shown(retry)} times", payload=retry)
    if not is_a(onfailure, BaseException) and not comes_to_a_function(onfailure):
        raise WorkflowDefinitionError(f"TRY can neither raise nor call {describe(onfailure)}", payload=onfailure)
    attempts = retry + 1

    @named("TRY", _op_of_try(onecall, onfailure))
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


def _op_of_try(onecall: Task, onfailure: Any) -> ops.Call | None:
    """Return the ways in which a TRY can end; None if they are not known."""
    op = op_of(onecall)
    if op.opaque:
        return None
    known = dict.fromkeys(way.outcome for way in op.exits() if way.outcome != out.ERROR)
    asked = op.asked
    kind = onfailure if is_a(onfailure, type) else type(onfailure)
    if not issubclass(kind, BaseException):
        after = op_of(onfailure)
        if after.opaque:
            return None
        known.update(dict.fromkeys(way.outcome for way in after.exits()))
        asked += after.asked
    elif issubclass(kind, HaltProcessing):
        known[out.HALT] = None
    elif issubclass(kind, WorkflowTransition):
        return None
    return ops.Call(tuple(known) or (out.ERROR,), f"TRY({describe(onecall)})", asked)
