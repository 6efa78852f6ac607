"""What the engine offers to tasks: which method steers, which one touches the position, which one does neither."""

from __future__ import annotations

from collections.abc import Callable

from wfgraph.errors import Rewind
from wfgraph.graph import outcomes as out
from wfgraph.graph.outcomes import TELLS, Control, Outcome, told_by

__all__ = [
    "CALLS_TASK",
    "CONTROLS",
    "DATA",
    "EXCEPTION_OF",
    "GETS_POSITION",
    "HANDS_OUT",
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
HANDS_OUT = frozenset(
    (
        *("copy", "difference", "get", "get_nowait", "intersection", "items", "keys", "new_child", "pop", "popitem"),
        *("popleft", "send", "setdefault", "symmetric_difference", "union", "values"),
        *("__add__", "__getitem__", "__iter__", "__next__", "__or__", "__reversed__"),
    )
)
"""Methods of lists, dicts and the like that give what is in them, which may be functions."""

EXCEPTION_OF: dict[Control, tuple[type[BaseException], ...]] = {
    control: tuple(kind for kind, told in TELLS.items() if told is control) for control in TELLS.values()
}
"""Which exceptions stand for an outcome, for handlers that catch them."""


def outcome_of_exception(kind: type[BaseException], offset: int | None) -> Outcome | None:
    """Return what the engine is told by an exception of a class; None for one that is an ordinary error."""
    control = told_by(kind)
    if control is None:
        return None
    jumps = control in (Control.JUMP, Control.JUMP_TOKEN) and not issubclass(kind, Rewind)
    return Outcome(control, offset if jumps else None)
