"""What the engine's methods do to the flow, and what its exceptions mean: two tables.

The engine itself is in a layer above this one; a test holds the tables against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wfgraph import errors
from wfgraph.graph import outcomes as out
from wfgraph.graph.outcomes import Control, Outcome

__all__ = [
    "ALONE",
    "HANDS_ON",
    "KNOWN",
    "PLAIN_METHODS",
    "POSITION",
    "POSITION_METHODS",
    "RUNS",
    "STEERING",
    "TRANSITIONS",
    "VALUES",
    "Steer",
    "is_control",
    "is_engine",
    "outcome_of",
]


@dataclass(frozen=True, slots=True)
class Steer:
    """A method that raises what steers the token.

    Attributes:
        raises: the exception.
        parameters: the names of what it takes.
        required: how many of them must be given.
        sign: for those that refuse a direction: 1 takes no negative offset, -1 no positive one.
        warns: whether it warns of its deprecation, which is an error where warnings are.
    """

    raises: type[BaseException]
    parameters: tuple[str, ...] = ()
    required: int = 0
    sign: int = 0
    warns: bool = False


_MESSAGE = ("msg", "action", "payload")
_OFFSET = ("offset",)

STEERING: dict[str, Steer] = {
    "halt": Steer(errors.HaltProcessing, _MESSAGE),
    "stop": Steer(errors.StopProcessing),
    "abort": Steer(errors.AbortProcessing),
    "skip_token": Steer(errors.SkipToken),
    "continue_next_token": Steer(errors.ContinueNextToken),
    "break_current_loop": Steer(errors.BreakFromThisLoop),
    "jump_call": Steer(errors.JumpCall, _OFFSET, 1),
    "jump_token": Steer(errors.JumpToken, _OFFSET, 1),
    "rewind": Steer(errors.Rewind, ("obj", "task")),
    "haltProcessing": Steer(errors.HaltProcessing, _MESSAGE, warns=True),
    "stopProcessing": Steer(errors.StopProcessing, warns=True),
    "abortProcessing": Steer(errors.AbortProcessing, warns=True),
    "skipToken": Steer(errors.SkipToken, warns=True),
    "continueNextToken": Steer(errors.ContinueNextToken, warns=True),
    "breakFromThisLoop": Steer(errors.BreakFromThisLoop, warns=True),
    "jumpCall": Steer(errors.JumpCall, _OFFSET, 1, warns=True),
    "jumpCallForward": Steer(errors.JumpCall, _OFFSET, 1, 1, warns=True),
    "jumpCallBack": Steer(errors.JumpCall, _OFFSET, 1, -1, warns=True),
    "jumpToken": Steer(errors.JumpToken, _OFFSET, 1, warns=True),
    "jumpTokenForward": Steer(errors.JumpTokenForward, _OFFSET, 1, warns=True),
    "jumpTokenBack": Steer(errors.JumpTokenBack, _OFFSET, 1, warns=True),
}

RUNS = frozenset(("restart", "process"))
"""Methods that run the engine inside its run: they come back, or a halt in there goes on out here."""

POSITION = frozenset(("callback_pos", "curr_task_id", "current_taskname"))
"""Attributes that show the position."""

POSITION_METHODS = frozenset(("getCurrTaskId", "setPosition", "set_start"))

PLAIN_METHODS = frozenset(
    (
        *("setWorkflow", "getCallbacks", "addCallback", "addManyCallbacks", "removeAllCallbacks", "removeCallbacks"),
        *("replaceCallbacks", "getCurrObjId", "get_object", "getObjects", "setVar", "getVar", "hasVar", "delVar"),
        "callback_chooser",
    )
)
"""Methods without an effect on the flow of the token that runs."""

ALONE = frozenset(("extra_data", "store", "callbacks", "log"))
"""What belongs to the engine and knows nothing of it."""

VALUES = frozenset(("objects", "current_object", "has_completed", "curr_obj_id", "tier", "trace", "max_steps"))
"""Attributes whose values are not followed."""

HANDS_ON = frozenset(("run_callbacks", "execute_callback", "duplicate", "init_logger", "signal", "processing_factory"))
"""What calls other code with the engine, or gives another engine."""

KNOWN = frozenset(("state",)).union(
    STEERING, RUNS, POSITION, POSITION_METHODS, PLAIN_METHODS, ALONE, VALUES, HANDS_ON
) - {"callback_pos"}
"""All names that an engine has."""

_MEANING: dict[str, Control] = {
    "HaltProcessing": Control.HALT,
    "StopProcessing": Control.STOP,
    "AbortProcessing": Control.ABORT,
    "ContinueNextToken": Control.NEXT_TOKEN,
    "SkipToken": Control.SKIP_TOKEN,
    "BreakFromThisLoop": Control.BREAK,
    "JumpCall": Control.JUMP,
    "JumpToken": Control.JUMP_TOKEN,
    "JumpTokenForward": Control.JUMP_TOKEN,
    "JumpTokenBack": Control.JUMP_TOKEN,
}

TRANSITIONS = frozenset((*_MEANING, "WorkflowTransition", "Rewind", "JumpCallForward", "JumpCallBack"))
"""The names of exceptions that steer; by name, because that is how an engine finds what handles them."""


def is_control(kind: type[BaseException]) -> bool:
    """Tell whether an exception class steers a token."""
    return any(base.__name__ in TRANSITIONS for base in kind.__mro__)


def outcome_of(kind: type[BaseException], offset: int | None = None) -> Outcome | None:
    """Return what an exception class tells the engine; None where that is none of the outcomes there are."""
    for base in kind.__mro__:
        control = _MEANING.get(base.__name__)
        if control in (Control.JUMP, Control.JUMP_TOKEN):
            return Outcome(control, offset)
        if control is not None:
            return Outcome(control)
        if base.__name__ in TRANSITIONS:
            return None
    return out.ERROR


def is_engine(value: Any) -> bool:
    """Tell whether a value is an engine, or a class of engines."""
    kind = value if isinstance(value, type) else type(value)
    names = {name for base in kind.__mro__ for name in vars(base)}
    return "jump_call" in names and "break_current_loop" in names
