"""The token loop: one token after the other, with the hooks around each and the handlers of what ends it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sized
from functools import partial
from typing import Any

from wfgraph.errors import HaltProcessing, WorkflowError, WorkflowTransition
from wfgraph.graph.definition import Block
from wfgraph.runtime import loops
from wfgraph.runtime.compiled import run_tokens
from wfgraph.runtime.extension import watchers
from wfgraph.runtime.hooks import Break, Continue, handler_for, provided
from wfgraph.runtime.interpreter import Watchers, listening, walk
from wfgraph.runtime.run import Run

__all__ = ["process_tokens", "sequence_of"]

_OURS = (WorkflowTransition, WorkflowError)


def process_tokens(eng: Any, run: Run, objects: Any, pause: Callable[[], int] | None = None) -> None:
    """Run the tokens from the one after ``state.token_pos``.

    Args:
        eng: the engine.
        run: its run.
        objects: the tokens.
        pause: is called before the next token, or the next ones if nobody has to be called between them; tells the index
            before which to pause again.

    Raises:
        Exception: what a hook or a handler raised.
    """
    eng._left_early = False
    try:
        run.extension = eng._extension()
        if not run.extension.chosen and len(objects) - 1 > eng.state.token_pos:
            # A definition that is missing or empty is told of before anybody hears that the run has begun.
            eng.callback_chooser(objects[eng.state.token_pos + 1])
        run.extension.factory.before_processing(eng, objects)
        while True:
            until = len(objects) if pause is None else pause()
            if len(objects) - 1 <= eng.state.token_pos:
                break
            run.begin_token()
            run.extension = eng._extension(run.extension)
            run.debug = listening(eng.log) is not None
            try:
                if not _run_plain_ones(eng, run, objects if until >= len(objects) else _Until(objects, until)):
                    _run_next(eng, run, objects)
            except Break:
                eng._left_early = True
                break
            except Continue:
                continue
            eng.state.callback_pos_reset()
            loops.clear(eng.extra_data)
        run.extension.factory.after_processing(eng, objects)
    finally:
        joins, run.joins = run.joins, []
        for join in joins:
            join()


class _Until:
    """The first ones of a sequence of tokens."""

    __slots__ = ("_count", "_objects")

    def __init__(self, objects: Any, count: int) -> None:
        self._objects = objects
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Any:
        return self._objects[index]


def _run_next(eng: Any, run: Run, objects: Any) -> None:
    """Run the next token, with all hooks."""
    factory, actions = run.extension.factory, run.extension.actions
    eng.state.token_pos += 1
    obj = objects[eng.state.token_pos]
    factory.before_object(eng, objects, obj)
    run.callbacks = eng.callback_chooser(obj)
    if run.is_empty(run.callbacks):
        return
    if loops.KEY in eng.extra_data:
        loops.keep_enclosing(eng.extra_data, eng.state.callback_pos, eng.state.token_pos)
    actions.before_callbacks(obj, eng)
    run.in_token = True
    try:
        _run_token(eng, run, objects, obj)
    except Exception as error:
        _handle(eng, run, obj, error)
    else:
        factory.after_object(eng, objects, obj)
    finally:
        run.in_token = False


def _run_token(eng: Any, run: Run, objects: Any, obj: Any) -> None:
    after_callbacks, trace = run.extension.actions.after_callbacks, eng.trace
    around = None if trace is None else trace.begin(eng.state.token_pos)
    try:
        eng.run_callbacks(run.callbacks, objects, obj)
    except HaltProcessing:
        try:
            after_callbacks(obj, eng)
        except Exception:
            eng.log.exception("after_callbacks failed while the workflow was being halted")
        raise
    except BaseException:
        after_callbacks(obj, eng)
        raise
    else:
        after_callbacks(obj, eng)
    finally:
        if around is not None:
            trace.end(around)


def _run_plain_ones(eng: Any, run: Run, objects: Any) -> bool:
    """Run as many tokens as possible where nobody has to be called between them; False when there are none."""
    state = eng.state
    if run.extension.between or state._callback_pos != [0] or "*" not in run.registered or eng.trace is not None:
        return False
    if hasattr(objects[state.token_pos + 1], "getFeature"):
        return False
    callbacks = run.registered["*"]
    if run.is_empty(callbacks):
        return False
    watch = watchers(eng, run.extension)
    prepared, executable = eng._executable(callbacks, len(objects) - 1 - state.token_pos, watch)
    run.callbacks = callbacks
    before = state.token_pos
    loops.keep_enclosing(eng.extra_data, state.callback_pos, before + 1)
    run.in_token = True
    try:
        if executable is not None and executable.unit_of_tokens() is not None:
            run_tokens(executable, eng, objects, prepared, partial(_handle, eng, run))
        else:
            _walk_tokens(prepared.program.root, eng, run, objects, watch)
    finally:
        run.in_token = False
        prepared.tokens += max(0, state.token_pos - before)
    return True


def _walk_tokens(root: Block, eng: Any, run: Run, objects: Any, watch: Watchers) -> None:
    """Walk the tokens from the one after ``state.token_pos``, as long as they are plain ones that end normally."""
    state = eng.state
    while len(objects) - 1 > state.token_pos:
        obj = objects[state.token_pos + 1]
        if hasattr(obj, "getFeature"):
            return
        state.token_pos += 1
        try:
            walk(root, eng, obj, 0, watch)
        except Exception as error:
            _handle(eng, run, obj, error)
            return
        state.callback_pos_reset()
        loops.clear(eng.extra_data)


def _handle(eng: Any, run: Run, obj: Any, error: Exception) -> None:
    """Call the handler of what ended a token."""
    handler = handler_for(provided(run.extension.factory.transition_exception_mapper), error)
    run.ended = error
    try:
        handler(obj, eng, run.callbacks, error if isinstance(error, _OURS) else sys.exc_info())
    finally:
        run.ended = None


def sequence_of(objects: Any) -> Any:
    """Return tokens as something with a length and an order.

    Raises:
        WorkflowError: they are none.
    """
    if isinstance(objects, str | bytes) or not isinstance(objects, Iterable):
        raise WorkflowError(f"Passed in object {objects.__class__} is not an iterable")
    if isinstance(objects, Mapping):
        raise WorkflowError(
            f"Passed in object {objects.__class__} is a mapping, which has no order of tokens; "
            "pass [it] if it is one token, or list(it.values())"
        )
    return objects if isinstance(objects, Sized) and hasattr(objects, "__getitem__") else list(objects)
