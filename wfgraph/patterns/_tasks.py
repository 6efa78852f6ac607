"""What all patterns share: how their tasks are named, declared and documented, and how they get another engine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from inspect import signature
from operator import index
from typing import Any, ParamSpec, Protocol, TypeVar, cast, overload

from wfgraph._legacy import LegacyNames
from wfgraph.errors import WorkflowDefinitionError, WorkflowError
from wfgraph.graph.describing import describe
from wfgraph.graph.location import remember_site
from wfgraph.graph.ops import Op
from wfgraph.graph.task import task
from wfgraph.utils import is_a, shown, task_name

__all__ = ["distance", "named", "named_branch", "new_engine", "pattern", "register"]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_R_co = TypeVar("_R_co", covariant=True)
_F = TypeVar("_F", bound=Callable[..., Any])


class Pattern(Protocol[_P, _R_co]):
    """A pattern as type checkers see it: the function's own arguments; none of them is checked beside ``comment``."""

    __name__: str

    @overload
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R_co: ...
    @overload
    def __call__(self, *args: Any, comment: str | None, **kwargs: Any) -> _R_co: ...


def pattern(function: Callable[_P, _R]) -> Pattern[_P, _R]:
    """Make a function that returns a task, or a list that begins with one, a pattern.

    The pattern takes one more keyword, ``comment``: the docstring of that task. Without it, the docstring says which
    pattern it is and with which arguments.
    """

    @wraps(function)
    def decorated(*args: Any, comment: str | None = None, **kwargs: Any) -> _R:
        made: Any = function(*args, **kwargs)
        head: Any = (made[0] if made else None) if is_a(made, list, tuple) else made
        # Patterns of one's own may return what takes no docstring, such as a bound method.
        if head is not None:
            remember_site(head)
        with suppress(AttributeError, TypeError):
            head.__doc__ = comment if comment is not None else _documentation(task_name(function), args, kwargs)
        return made  # type: ignore[no-any-return]

    return cast(Pattern[_P, _R], decorated)


def named(name: str, op: Op | None = None) -> Callable[[_F], _F]:
    """Give a pattern's task its name, and declare its op if it has one."""

    def decorate(function: _F) -> _F:
        function.__name__ = function.__qualname__ = name
        return function if op is None else task(op)(function)

    return decorate


def distance(name: str, step: Any) -> int:
    """Return how far a pattern jumps.

    Raises:
        WorkflowDefinitionError: that is no whole number, or one that no list is long enough for.
    """
    try:
        found = index(step)
    except Exception:
        found = sys.maxsize + 1
    if abs(found) > sys.maxsize:
        raise WorkflowDefinitionError(f"{name} jumps by a whole number of places, not by {shown(step)}", payload=step)
    return found


def named_branch(given: Any) -> tuple[Any, ...]:
    """Return a branch of CHOICE, its name first.

    Raises:
        WorkflowDefinitionError: it is no tuple, or begins with what can't be looked up.
    """
    items: tuple[Any, ...] = ()
    if is_a(given, list, tuple):
        items = tuple(list.__iter__(given) if is_a(given, list) else tuple.__iter__(given))
    try:
        if items:
            hash(items[0])
            return items
    except Exception as error:
        raise WorkflowDefinitionError(
            f"CHOICE can't look up a branch by {describe(items[0])}; begin its tuple with a name", payload=given
        ) from error
    raise WorkflowDefinitionError(
        f"CHOICE takes its branches as tuples, the name and then the tasks, not {describe(given)}", payload=given
    )


def _documentation(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    shown = [*map(describe, args), *(f"{key}={describe(value)}" for key, value in kwargs.items())]
    return f"{name}({', '.join(shown)})"


def new_engine(eng: Any, name: str) -> Any:
    """Return another engine like this one: what its class's own ``duplicate`` gives, or a new one of its class.

    Args:
        eng: the engine that runs the pattern's task.
        name: the pattern, for the message.

    Raises:
        WorkflowError: the class does not say how to make one without arguments.
    """
    kind = type(eng)
    if "duplicate" in vars(eng) or getattr(kind, "duplicate", LegacyNames.duplicate) is not LegacyNames.duplicate:
        return eng.duplicate()
    other = _made(kind, name)
    if "_observer" in vars(eng):
        other._observer = eng._observer
    return other


def _made(kind: Any, name: str) -> Any:
    try:
        signature(kind).bind()
    except TypeError as error:
        raise WorkflowError(
            f"{name} needs another engine, and {kind.__name__} can't be made without arguments ({error}); "
            "override `duplicate` in it to return one"
        ) from None
    return kind()


def register(eng: Any, callbacks: Any, tokens: Any) -> None:
    """Make a definition an engine's only one for these tokens, whichever key each of them asks for."""
    eng.callbacks.replace(callbacks)
    for token in tokens if isinstance(tokens, list | tuple) else ():
        key = token.getFeature("type") if hasattr(token, "getFeature") else None
        if key:
            eng.callbacks.replace(callbacks, key)
