"""OpenTelemetry: a span for each run, a span for each token within it, and an event for each task.

    >>> from wfgraph.engine import GenericWorkflowEngine
    >>> instrument(GenericWorkflowEngine)
    >>> uninstrument(GenericWorkflowEngine)

It looks on beside the hooks of your processing factory, and changes nothing of them. What goes wrong in OpenTelemetry is
logged, and never reaches a run. Needs the extra ``[otel]``; without a tracer provider, spans go nowhere.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import HaltProcessing, WorkflowAPIError
from wfgraph.graph.address import format_address
from wfgraph.graph.outcomes import Control
from wfgraph.runtime.context import identity_of, standing_of
from wfgraph.runtime.trace import control_of
from wfgraph.utils import escape_control, shown, task_name, type_name, without_library

try:
    from opentelemetry import context, trace
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Status, StatusCode, Tracer, TracerProvider
except ModuleNotFoundError as error:
    raise without_library(error, "otel") from error

__all__ = ["instrument", "uninstrument"]

_log = logging.getLogger("wfgraph.otel")


def instrument(
    target: Any, tracer_provider: TracerProvider | None = None, *, tasks: bool = True, messages: bool = True
) -> None:
    """Let the runs of an engine, or of all engines of a class and of its subclasses, be told to OpenTelemetry.

    What patterns run inside a task, such as RUN_WF, is told, too. Calling it again changes what was set before.

    Args:
        target: an engine, or a class of engines.
        tracer_provider: who makes the spans; the global one when not given. Worker processes use their own global one.
        tasks: whether each task is an event of its token's span. Without, tokens still run in the compiled tier.
        messages: whether what halts and errors say is told, which may quote your data; False tells only their kinds.

    Raises:
        WorkflowAPIError: the target is neither.
    """
    _checked(target)._observer = _Telling(tracer_provider, tasks, messages)


def uninstrument(target: Any) -> None:
    """Take back what :func:`instrument` has done to this very engine or class.

    Raises:
        WorkflowAPIError: the target is neither.
    """
    if target is GenericWorkflowEngine:
        GenericWorkflowEngine._observer = None
    elif "_observer" in vars(_checked(target)):
        del target._observer


def _checked(target: Any) -> Any:
    kind = target if isinstance(target, type) else type(target)
    if not issubclass(kind, GenericWorkflowEngine):
        raise WorkflowAPIError(f"an engine, or a class of engines, can be instrumented, not {shown(target)}")
    return target


@dataclass(frozen=True, slots=True)
class _Open:
    """A span that is the current one while a run or a token goes on.

    Attributes:
        span: itself.
        entered: what OpenTelemetry needs to make the one around it the current one again.
        handled: the exception that was being handled already when it began.
    """

    span: Span
    entered: Token[Context]
    handled: BaseException | None


_tokens: ContextVar[tuple[_Open | None, ...]] = ContextVar("wfgraph_otel_tokens", default=())
"""The spans of the tokens in hand, the innermost last; None in the place of one that could not be made."""


class _Telling:
    """Tells OpenTelemetry of the runs of engines: an :class:`~wfgraph.runtime.extension.Observer`."""

    def __init__(self, provider: TracerProvider | None, tasks: bool, messages: bool) -> None:
        self._provider = provider
        self.tasks = tasks
        self._messages = messages
        self._tracer: Tracer | None = None
        self._unseen = _Unseen()
        # The same for the same one, by which the engine knows that its hooks have not changed.
        self.around = lru_cache(maxsize=64)(partial(_Told, self))

    def __reduce__(self) -> Any:
        return _Telling, (None, self.tasks, self._messages)  # a provider belongs to its process

    @contextmanager
    def run(self, eng: Any) -> Iterator[None]:
        """Make a span around a run."""
        opened = self._opened("wfgraph.run", lambda: _named(identity_of(eng)))
        error: BaseException | None = None
        try:
            yield
        except BaseException as raised:
            error = raised
            raise
        finally:
            ended = "stop" if error is None and eng._left_early else _outcome(error)
            self._close(opened, error, lambda: {"wfgraph.run.outcome": ended, "wfgraph.run.tokens": len(eng.objects)})

    def token_begins(self, eng: Any) -> None:
        """Make a span for a token."""
        opened = self._opened(
            "wfgraph.token", lambda: {**_named(identity_of(eng)), "wfgraph.token.position": eng.state.token_pos}
        )
        _tokens.set((*_tokens.get(), opened))

    def token_ends(self, eng: Any, error: BaseException | None) -> None:
        """End the span of a token."""
        known = _tokens.get()
        opened = next(reversed(known), None)
        _tokens.set(known[:-1])
        if opened is not None and error is opened.handled:
            error = None
        self._close(opened, error, lambda: _end_of_token(eng, error))

    def task_begins(self, eng: Any, task: Any) -> None:
        """Add an event for a task to the span of its token."""
        opened = next(reversed(_tokens.get()), None)  # there is none where tasks are run by hand
        if opened is None or not opened.span.is_recording():
            return
        with self._unseen:
            opened.span.add_event("wfgraph.task", _task(task_name(task), eng.state.glance()))

    def _opened(self, name: str, attributes: Callable[[], dict[str, Any]]) -> _Open | None:
        with self._unseen:
            if self._tracer is None:
                self._tracer = trace.get_tracer("wfgraph", tracer_provider=self._provider)
            handled = sys.exception()
            span = self._tracer.start_span(name, attributes=attributes())
            return _Open(span, context.attach(trace.set_span_in_context(span)), handled)
        return None

    def _close(
        self, opened: _Open | None, error: BaseException | None, attributes: Callable[[], dict[str, Any]]
    ) -> None:
        if opened is None:
            return
        with self._unseen:
            context.detach(opened.entered)
        with self._unseen:
            opened.span.set_attributes(attributes())
            if error is not None:
                self._tell_error(opened.span, error)
        with self._unseen:
            opened.span.end()

    def _tell_error(self, span: Span, error: BaseException) -> None:
        """Tell why something has ended; a halt is no error, and a jump to another token is not worth a word."""
        if isinstance(error, HaltProcessing):
            said = {"wfgraph.halt.message": str(error.message)} if self._messages else {}
            span.add_event("wfgraph.halt", said | {"wfgraph.halt.action": str(error.action or "")})
        elif control_of(error) is Control.ERROR:
            kind = type_name(type(error))
            span.set_attribute("error.type", kind)
            span.set_status(Status(StatusCode.ERROR, f"{kind}: {error}" if self._messages else kind))
            if self._messages:
                span.record_exception(error)


class _Unseen:
    """Keeps what fails in OpenTelemetry from the run; the first failure is logged."""

    __slots__ = ("_failed",)  # no generator: it is entered for each task

    def __init__(self) -> None:
        self._failed = False

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: Any) -> bool:
        if not isinstance(error, Exception):
            return False
        if not self._failed:
            self._failed = True
            _log.warning("OpenTelemetry failed, and the run goes on; further failures are not told", exc_info=error)
        return True


class _Told:
    """An action mapper that tells of tokens and tasks, and hands everything on to the one it stands for."""

    def __init__(self, telling: _Telling, own: Any) -> None:
        self._telling = telling
        self._own = own
        if telling.tasks:
            self.before_each_callback = self._before_each_callback

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)

    def before_callbacks(self, obj: Any, eng: Any) -> None:
        """Begin the token's span, in which the hook runs already."""
        self._telling.token_begins(eng)
        try:
            self._own.before_callbacks(obj, eng)
        except BaseException as error:
            self._telling.token_ends(eng, error)
            raise

    def after_callbacks(self, obj: Any, eng: Any) -> None:
        """End the token's span, with what the engine is handling when it calls this hook."""
        ended = sys.exception()
        try:
            self._own.after_callbacks(obj, eng)
        except BaseException as error:
            ended = ended if isinstance(ended, HaltProcessing) else error  # as the engine has it
            raise
        finally:
            self._telling.token_ends(eng, ended)

    def _before_each_callback(self, eng: Any, callback_func: Any, obj: Any) -> None:
        self._telling.task_begins(eng, callback_func)
        self._own.before_each_callback(eng, callback_func, obj)


def _named(identity: dict[str, str]) -> dict[str, Any]:
    return {f"wfgraph.{name.replace('_', '.')}": value for name, value in identity.items()}


def _task(name: str, position: list[int]) -> dict[str, Any]:
    return {"wfgraph.task.name": escape_control(name), "wfgraph.task.position": format_address(position)}


def _end_of_token(eng: Any, error: BaseException | None) -> dict[str, Any]:
    found: dict[str, Any] = {"wfgraph.token.outcome": _outcome(error)}
    if error is not None:
        _, position, name = standing_of(eng)
        found |= _task(name or "", position)
    return found


def _outcome(error: BaseException | None) -> str:
    return "completed" if error is None else control_of(error).value
