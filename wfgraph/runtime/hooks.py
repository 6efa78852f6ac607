"""The classes that a user subclasses to extend an engine: what happens around tokens and tasks, and on transitions.

An engine finds them through its ``processing_factory``, whose ``action_mapper`` has the hooks around tasks and whose
``transition_exception_mapper`` has one handler per exception, found by the exception's class name. Each may be given as
a ``classproperty``, a ``staticproperty``, a plain class attribute, or a ``staticmethod`` that returns the class.

Order: ``before_processing``; per token ``before_object``, ``before_callbacks``; per task ``before_each_callback``,
``execute_callback``, ``after_each_callback`` (on exceptions too); ``after_callbacks`` (on exceptions too),
``after_object`` (on a normal end only); ``after_processing``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import FunctionType, MethodType, ModuleType
from typing import Any

from wfgraph.errors import WorkflowError
from wfgraph.runtime import loops
from wfgraph.utils import escape_control, overridable

__all__ = [
    "ActionMapper",
    "Break",
    "Continue",
    "ProcessingFactory",
    "Signal",
    "TransitionActions",
    "handler_for",
    "provided",
]


class Break(Exception):
    """Raised by a transition handler: leave the token loop, the run is over."""


class Continue(Exception):
    """Raised by a transition handler: go on with the next token."""


class _Signal:
    """Sends the signals of :mod:`wfgraph.signals`, if blinker is installed."""

    def __init__(self) -> None:
        self._warned = False

    def __repr__(self) -> str:
        return "<Signal of wfgraph>"

    def signals(self, eng: Any = None) -> ModuleType | None:
        """Return the module with the signals, or None (and say so once) where blinker is missing."""
        try:
            import wfgraph.signals as signals
        except ImportError:
            if not self._warned:
                self._warned = True
                log = eng.log if eng is not None else logging.getLogger("wfgraph")
                log.warning("blinker is not installed; no workflow signal is sent")
            return None
        return signals

    def _send(self, name: str, eng: Any, *args: Any, **kwargs: Any) -> None:
        signals = self.signals(eng)
        if signals is not None:
            getattr(signals, name).send(eng, *args, **kwargs)

    def workflow_halted(self, eng: Any, *args: Any, **kwargs: Any) -> None:
        """Send ``workflow_halted``; a receiver that fails is logged, so that the halt stays what it is."""
        self._send_safely("workflow_halted", eng, *args, **kwargs)

    def workflow_error(self, eng: Any, *args: Any, **kwargs: Any) -> None:
        """Send ``workflow_error``; a receiver that fails is logged, so that the error stays what it is."""
        self._send_safely("workflow_error", eng, *args, **kwargs)

    def workflow_started(self, eng: Any, *args: Any, **kwargs: Any) -> None:
        """Send ``workflow_started``."""
        self._send("workflow_started", eng, *args, **kwargs)

    def workflow_finished(self, eng: Any, *args: Any, **kwargs: Any) -> None:
        """Send ``workflow_finished``."""
        self._send("workflow_finished", eng, *args, **kwargs)

    def _send_safely(self, name: str, eng: Any, *args: Any, **kwargs: Any) -> None:
        try:
            self._send(name, eng, *args, **kwargs)
        except Exception:
            eng.log.exception("a receiver of the signal %s failed", name)


Signal = _Signal()


class ActionMapper:
    """What to do around a token's tasks. Subclass it and override; the base does nothing."""

    @staticmethod
    def before_callbacks(obj: Any, eng: Any) -> None:
        """Before the first task of a token."""

    @staticmethod
    def after_callbacks(obj: Any, eng: Any) -> None:
        """After the last task of a token, however it ended."""

    @staticmethod
    def before_each_callback(eng: Any, callback_func: Any, obj: Any) -> None:
        """Before every task."""

    @staticmethod
    def after_each_callback(eng: Any, callback_func: Any, obj: Any) -> None:
        """After every task, however it ended."""


class TransitionActions:
    """What to do when a token's walk ends with an exception: one handler per exception class, by name.

    A handler is given ``(obj, eng, callbacks, exc_info)``. For wfgraph's own exceptions the last is the exception
    itself, which can also be read as the triple ``(type, value, traceback)``; for others it is that triple. A handler
    may raise :class:`Break` or :class:`Continue`, raise the exception again, or return, which goes on with the token
    that ``eng.state`` then points to.
    """

    @staticmethod
    def StopProcessing(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """End the run."""
        _debug(eng.log, "Processing was stopped for object: %s", obj)
        raise Break

    @staticmethod
    def HaltProcessing(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Tell who listens, and raise the halt to the caller of the engine."""
        _debug(eng.log, "Processing was halted at step: %s", eng.state)
        eng.signal.workflow_halted(eng)
        raise exc_info[1]

    @staticmethod
    def ContinueNextToken(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Go on with the next token."""
        eng.log.debug("Stop processing for this object, continue with next")
        _leave_token(eng)
        raise Continue

    @staticmethod
    def JumpToken(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Move to another token; the offset is clamped to the first token and to the end of the run."""
        before_next = eng.state.token_pos - 1 + exc_info[1].args[0]
        eng.state.token_pos = max(-1, min(len(eng) - 1, before_next))
        eng.state.callback_pos_reset()

    @staticmethod
    def JumpTokenForward(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Move to a later token.

        Raises:
            WorkflowError: the offset is negative.
        """
        if exc_info[1].args[0] < 0:
            raise WorkflowError("JumpTokenForward cannot be negative number")
        TransitionActions.JumpToken(obj, eng, callbacks, exc_info)

    @staticmethod
    def JumpTokenBack(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Move to an earlier token.

        Raises:
            WorkflowError: the offset is positive.
        """
        if exc_info[1].args[0] > 0:
            raise WorkflowError("JumpTokenBack cannot be positive number")
        TransitionActions.JumpToken(obj, eng, callbacks, exc_info)

    @staticmethod
    def SkipToken(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Go on with the next token."""
        _tell(obj, eng, "Skipped running this object: %s")
        _leave_token(eng)
        raise Continue

    @staticmethod
    def AbortProcessing(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """End the run."""
        _tell(obj, eng, "Processing was aborted for object: %s")
        _leave_token(eng)
        raise Break

    @staticmethod
    def Rewind(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Go on at the token and task that ``eng.rewind`` named."""
        eng.set_start(exc_info[1].obj, exc_info[1].task)
        raise Continue

    @staticmethod
    def Exception(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Tell who listens, and raise the error to the caller of the engine."""
        eng.signal.workflow_error(eng)
        eng.signal.workflow_halted(eng)
        raise exc_info[1]


class ProcessingFactory:
    """What to do around a run and around each token."""

    @overridable
    def action_mapper(cls: Any) -> Any:  # noqa: N805 - a class property
        """The class with the hooks around tasks."""
        return ActionMapper

    @overridable
    def transition_exception_mapper(cls: Any) -> Any:  # noqa: N805 - a class property
        """The class with the handlers of exceptions."""
        return TransitionActions

    @staticmethod
    def before_processing(eng: Any, objects: Any) -> None:
        """Tell that a run starts, and keep its tokens as ``eng.objects``."""
        eng.signal.workflow_started(eng)
        eng.state.current_object_processed = False
        eng.objects = objects

    @staticmethod
    def after_processing(eng: Any, objects: Any) -> None:
        """Tell that a run has ended by itself."""
        eng.signal.workflow_finished(eng)
        eng.state.current_object_processed = True

    @staticmethod
    def before_object(eng: Any, objects: Any, obj: Any) -> None:
        """Before a token."""

    @staticmethod
    def after_object(eng: Any, objects: Any, obj: Any) -> None:
        """After a token that ended normally."""


def provided(value: Any) -> Any:
    """Return the class behind a property, or behind a ``staticmethod`` that returns it."""
    return value() if isinstance(value, FunctionType | MethodType) else value


def handler_for(mapper: Any, error: BaseException) -> Callable[..., Any]:
    """Return the handler for an exception: the one named after its class, or after the nearest base that has one.

    Only what the mapper and its bases define counts; a mapper that lacks one of wfgraph's own handlers gets the
    standard one.
    """
    spaces = [vars(base) for base in (mapper if isinstance(mapper, type) else type(mapper)).__mro__[:-1]]
    for kind in type(error).__mro__:
        if any(kind.__name__ in space for space in spaces):
            found: Callable[..., Any] = getattr(mapper, kind.__name__)
            return found
        if kind.__name__ in vars(TransitionActions):
            standard: Callable[..., Any] = getattr(TransitionActions, kind.__name__)
            return standard
    raise error  # no Exception: it is not ours to handle


def _leave_token(eng: Any) -> None:
    """Put the position back to the start; how far the token's loops have come dies with it."""
    eng.state.callback_pos_reset()
    loops.clear(eng.extra_data)


def _debug(log: Any, message: str, subject: Any) -> None:
    ask = getattr(log, "isEnabledFor", None)
    if ask is None or ask(logging.DEBUG):
        log.debug(message, escape_control(str(subject)))


def _tell(obj: Any, eng: Any, message: str) -> None:
    """Write to the engine's log, and to the token's own where it has one."""
    _debug(eng.log, message, obj)
    own = getattr(obj, "log", None)
    if own is not None:
        _debug(own, message, obj)
