"""What the engine offers to tasks: which method steers, which one touches the position, which one does neither."""

from __future__ import annotations

from collections.abc import Callable

from wfgraph.errors import (
    AbortProcessing,
    BreakFromThisLoop,
    ContinueNextToken,
    HaltProcessing,
    JumpCall,
    JumpToken,
    JumpTokenBack,
    JumpTokenForward,
    Rewind,
    SkipToken,
    StopProcessing,
)
from wfgraph.graph import outcomes as out
from wfgraph.graph.outcomes import Control, Outcome

__all__ = [
    "CALLS_TASK",
    "CONTROLS",
    "DATA",
    "EXCEPTION_OF",
    "GETS_POSITION",
    "HARMLESS",
    "HARMLESS_STATE",
    "MOVES",
    "PROCESSES",
    "RESTARTS",
    "STEERING",
    "outcome_of_exception",
]

CONTROLS: dict[str, Callable[[int | None], Outcome]] = {
    **dict.fromkeys(("halt", "haltProcessing"), lambda _: out.HALT),
    **dict.fromkeys(("stop", "stopProcessing"), lambda _: out.STOP),
    **dict.fromkeys(("abort", "abortProcessing"), lambda _: out.ABORT),
    **dict.fromkeys(("skip_token", "skipToken"), lambda _: out.SKIP_TOKEN),
    **dict.fromkeys(("continue_next_token", "continueNextToken"), lambda _: out.NEXT_TOKEN),
    **dict.fromkeys(("break_current_loop", "breakFromThisLoop"), lambda _: out.BREAK),
    **dict.fromkeys(("jump_call", "jumpCall", "jumpCallForward", "jumpCallBack"), out.jump),
    **dict.fromkeys(("jump_token", "jumpToken", "jumpTokenForward", "jumpTokenBack"), out.jump_token),
    "rewind": lambda _: out.jump_token(None),
}
"""The methods that always raise, with the outcome for an offset (None where it is not a constant)."""

RESTARTS = frozenset(("restart",))
PROCESSES = frozenset(("process", "run_callbacks", "set_start", "_process", "callback_chooser"))
"""Methods that run tokens, or change where the engine stands."""
CALLS_TASK = "execute_callback"
STEERING = frozenset((*CONTROLS, *RESTARTS, *PROCESSES, CALLS_TASK))
"""All of these; what has a method of such a name may be an engine."""
GETS_POSITION = frozenset(("getCurrTaskId", "curr_task_id"))
MOVES = frozenset(("setPosition",))
HARMLESS = frozenset(
    (
        *("addCallback", "addManyCallbacks", "callbacks", "curr_obj_id", "current_object", "current_taskname"),
        *("delVar", "duplicate", "extra_data", "getCallbacks", "getCurrObjId", "getObjects", "getVar", "get_object"),
        *("hasVar", "has_completed", "init_logger", "log", "max_steps", "objects", "processing_factory"),
        *("removeAllCallbacks", "removeCallbacks", "replaceCallbacks", "setVar", "setWorkflow", "signal", "store"),
        *("tier", "trace", "strict"),
        # Of the engine that keeps its runs in a database.
        *("name", "uuid", "id", "status", "db_obj", "save", "module_name", "database_objects", "completed_objects"),
        *("halted_objects", "running_objects", "initial_objects", "finished_objects", "object_status", "id_workflow"),
        *("counter_object", "idempotency_key", "final_objects", "known_statuses"),
    )
)
"""What a task may use without steering: data, and methods that take it or give it."""
DATA = frozenset(("extra_data", "store", "getVar", "delVar"))
"""Where tasks keep what they like, functions included."""
HARMLESS_STATE = frozenset(("token_pos", "current_object_processed", "elem_ptr", "__getstate__"))
"""Attributes of ``eng.state`` that can be read without touching the position."""

_OF_EXCEPTION: tuple[tuple[type[BaseException], Callable[[int | None], Outcome]], ...] = (
    (JumpCall, out.jump),
    (BreakFromThisLoop, lambda _: out.BREAK),
    (HaltProcessing, lambda _: out.HALT),
    (StopProcessing, lambda _: out.STOP),
    (AbortProcessing, lambda _: out.ABORT),
    (ContinueNextToken, lambda _: out.NEXT_TOKEN),
    (SkipToken, lambda _: out.SKIP_TOKEN),
    (JumpToken, out.jump_token),
    (JumpTokenForward, out.jump_token),
    (JumpTokenBack, out.jump_token),
    (Rewind, lambda _: out.jump_token(None)),
)

EXCEPTION_OF: dict[Control, tuple[type[BaseException], ...]] = {
    Control.JUMP: (JumpCall,),
    Control.BREAK: (BreakFromThisLoop,),
    Control.HALT: (HaltProcessing,),
    Control.STOP: (StopProcessing,),
    Control.ABORT: (AbortProcessing,),
    Control.NEXT_TOKEN: (ContinueNextToken,),
    Control.SKIP_TOKEN: (SkipToken,),
    Control.JUMP_TOKEN: (JumpToken, JumpTokenForward, JumpTokenBack, Rewind),
}
"""Which exceptions stand for an outcome, for handlers that catch them."""


def outcome_of_exception(kind: type, offset: int | None) -> Outcome | None:
    """Return what the engine is told by an exception of a class; None for one that is an ordinary error."""
    for known, outcome in _OF_EXCEPTION:
        if issubclass(kind, known):
            return outcome(offset)
    return None
