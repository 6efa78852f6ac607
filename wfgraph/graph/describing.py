"""Values, callables and their arguments on one line for readers; no arbitrary object is ever asked for its text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import Enum
from functools import partial
from types import FunctionType, MethodType
from typing import Any

from wfgraph.graph.functions import closed_over
from wfgraph.graph.nesting import is_block
from wfgraph.graph.ops import Call
from wfgraph.graph.task import op_of
from wfgraph.utils import escape_control, is_a, task_name

__all__ = ["arguments_of", "describe"]

_LONGEST = 40
_MOST = 8
_MOST_PARTIALS = 100


def describe(value: Any) -> str:
    """Describe an argument on one line.

    >>> describe(len), describe([1, "a"]), describe([print, [len]]), describe(object())
    ('len', "[1, 'a']", '[print, [len]]', 'object')
    """
    if callable(value):
        op = op_of(value)
        return escape_control(op.text if isinstance(op, Call) and op.text else task_name(value))
    if is_block(value):
        return _cut(_listed(value, lambda item: _nested(item) if is_block(item) else describe(item)))
    if is_a(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    # Exactly these types: what derives from them may have a text of its own. Cut first, for texts of any length.
    if type(value) in (str, bytes):
        return _cut(repr(value[:_LONGEST]))
    if value is None or type(value) in (bool, float, complex) or (type(value) is int and value.bit_length() <= 128):
        return repr(value)
    return type(value).__name__


def _nested(items: Any) -> str:
    """Describe a list in a list; lists deeper within are only hinted at."""
    return _listed(items, lambda item: "[...]" if is_block(item) else describe(item))


def _listed(items: Any, text_of: Callable[[Any], str]) -> str:
    """Describe what a list or a tuple begins with, whatever its class makes of iterating."""
    kind: Any = list if is_a(items, list) else tuple
    shown = [*map(text_of, kind.__getitem__(items, slice(_MOST)))]
    return f"[{', '.join(shown)}{', ...' if kind.__len__(items) > _MOST else ''}]"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def arguments_of(function: Any) -> tuple[tuple[str, Any], ...]:
    """Return what a callable was made with: what its closure holds, a partial's arguments, an object's attributes.

    Positional arguments of a partial have the empty name.

    >>> def limited(most):
    ...     return lambda obj, eng: len(obj) < most
    >>> arguments_of(limited(10)), arguments_of(partial(max, 1, key=len))
    ((('most', 10),), (('', 1), ('key', <built-in function len>)))
    """
    return tuple(_arguments(function))


def _arguments(function: Any) -> Iterator[tuple[str, Any]]:
    outer: list[Any] = []
    while is_a(function, partial) and len(outer) < _MOST_PARTIALS:
        outer.append(function)
        function = function.func
    yield from _own_arguments(function)
    for one in reversed(outer):
        yield from (("", value) for value in one.args)
        yield from one.keywords.items()


def _own_arguments(function: Any) -> Iterator[tuple[str, Any]]:
    if is_a(function, MethodType):
        yield from _arguments(function.__func__)
        yield from _attributes(function.__self__)
    elif is_a(function, FunctionType):
        yield from closed_over(function)
    else:
        yield from _attributes(function)


def _attributes(found: Any) -> Iterator[tuple[str, Any]]:
    """Yield the public attributes of an object, without running code of its class."""
    values: dict[str, Any] = {}
    with suppress(Exception):  # there is none, or the class has a property of that name
        held = object.__getattribute__(found, "__dict__")
        values.update(held if type(held) is dict else {})
    slots = (name for kind in type(found).__mro__ for name in _slots(kind))
    for name in slots:
        with suppress(Exception):  # not assigned, or a property of that name
            values[name] = object.__getattribute__(found, name)
    yield from ((name, value) for name, value in values.items() if isinstance(name, str) and not name.startswith("_"))


def _slots(kind: type) -> tuple[str, ...]:
    slots = vars(kind).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)
