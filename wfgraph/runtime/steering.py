"""What a task can tell the engine: each method raises the exception that steers the token."""

from __future__ import annotations

from operator import index
from typing import Any, NoReturn

from wfgraph.errors import (
    AbortProcessing,
    BreakFromThisLoop,
    ContinueNextToken,
    HaltProcessing,
    JumpCall,
    JumpToken,
    Rewind,
    SkipToken,
    StopProcessing,
)

__all__ = ["PLACES", "Steering"]

PLACES = ("prev", "current", "next", "first")
"""The tokens, and the tasks, relative to where an engine stands, at which it can go on."""


class Steering:
    """The engine's methods for tasks."""

    log: Any
    _run: Any

    def continue_next_token(self) -> NoReturn:
        """Leave this token and go on with the next one."""
        raise ContinueNextToken

    def stop(self) -> NoReturn:
        """Stop the run: no further task, no further token."""
        raise StopProcessing

    def halt(self, msg: str = "", action: str | None = None, payload: Any = None) -> NoReturn:
        """Halt the run here (and the runs around it), to be looked at and restarted.

        Args:
            msg: why.
            action: the name of the action that is waited for.
            payload: whatever the one who takes that action needs.

        Raises:
            HaltProcessing: always; the caller of ``process`` gets it.
        """
        raise HaltProcessing(msg, action=action, payload=payload)

    def break_current_loop(self) -> NoReturn:
        """Leave the list that holds the task; at top level, end the token."""
        if self._run is None or self._run.debug:
            self.log.debug("Break from this loop")
        raise BreakFromThisLoop

    @staticmethod
    def jump_token(offset: int) -> NoReturn:
        """Go to the token this many places away; 0 starts this token again."""
        raise JumpToken(offset)

    def jump_call(self, offset: int) -> NoReturn:
        """Jump within the list that holds the task; clamped to it.

        Args:
            offset: how far; 1 is the next task, 0 this one again.

        Raises:
            TypeError: that is no whole number.
        """
        if self._run is None or self._run.debug:
            self.log.debug("We skip [%s] calls", offset)
        raise JumpCall(index(offset))

    @staticmethod
    def abort() -> NoReturn:
        """End the run at once, without the token's ``after_object``."""
        raise AbortProcessing

    @staticmethod
    def skip_token() -> NoReturn:
        """Leave this token without its ``after_object`` and go on with the next one."""
        raise SkipToken

    def rewind(self, obj: str = "current", task: str = "first") -> NoReturn:
        """Go on at another token and task, in the words of ``restart``, without a run inside the run."""
        raise Rewind(obj, task)
