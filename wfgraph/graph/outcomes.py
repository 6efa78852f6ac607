"""Outcomes: the ways in which one call of a task can end, seen from the engine.

An outcome is relative to the task: "two further in my list", "out of my list". Only lowering, which knows where the
task stands, turns it into an edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

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
    WorkflowTransition,
)

__all__ = [
    "ABORT",
    "BREAK",
    "ERROR",
    "HALT",
    "NEXT_TOKEN",
    "RETURN",
    "SKIP_TOKEN",
    "STOP",
    "TELLS",
    "Control",
    "Outcome",
    "jump",
    "jump_token",
    "told_by",
]


class Control(Enum):
    """What a task can tell the engine to do."""

    RETURN = "return"
    JUMP = "jump_call"
    BREAK = "break"
    HALT = "halt"
    STOP = "stop"
    ABORT = "abort"
    NEXT_TOKEN = "next_token"  # noqa: S105 - no password
    SKIP_TOKEN = "skip_token"  # noqa: S105 - no password
    JUMP_TOKEN = "jump_token"  # noqa: S105 - no password
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way to end a call.

    Attributes:
        control: what the engine is told.
        offset: for jumps, how far; None where that is not a constant.
    """

    control: Control
    offset: int | None = None

    def __str__(self) -> str:
        if self.control in (Control.JUMP, Control.JUMP_TOKEN):
            return f"{self.control.value}:{'?' if self.offset is None else self.offset}"
        return str(self.control.value)


RETURN = Outcome(Control.RETURN)
BREAK = Outcome(Control.BREAK)
HALT = Outcome(Control.HALT)
STOP = Outcome(Control.STOP)
ABORT = Outcome(Control.ABORT)
NEXT_TOKEN = Outcome(Control.NEXT_TOKEN)
SKIP_TOKEN = Outcome(Control.SKIP_TOKEN)
ERROR = Outcome(Control.ERROR)


def jump(offset: int | None) -> Outcome:
    """The task calls ``eng.jump_call(offset)``; None means an offset that is not a constant.

    >>> str(jump(-2))
    'jump_call:-2'
    """
    return Outcome(Control.JUMP, offset)


def jump_token(offset: int | None) -> Outcome:
    """The task calls ``eng.jump_token(offset)``; None means an offset that is not a constant."""
    return Outcome(Control.JUMP_TOKEN, offset)


TELLS: dict[type[WorkflowTransition], Control] = {
    JumpCall: Control.JUMP,
    BreakFromThisLoop: Control.BREAK,
    HaltProcessing: Control.HALT,
    StopProcessing: Control.STOP,
    AbortProcessing: Control.ABORT,
    ContinueNextToken: Control.NEXT_TOKEN,
    SkipToken: Control.SKIP_TOKEN,
    JumpToken: Control.JUMP_TOKEN,
    JumpTokenForward: Control.JUMP_TOKEN,
    JumpTokenBack: Control.JUMP_TOKEN,
    Rewind: Control.JUMP_TOKEN,
}
"""What the engine is told by an exception."""


def told_by(kind: type[BaseException]) -> Control | None:
    """Return what the engine is told by an exception of a class; None for one that is an ordinary error.

    >>> told_by(HaltProcessing).value
    'halt'
    """
    return next((control for known, control in TELLS.items() if issubclass(kind, known)), None)
