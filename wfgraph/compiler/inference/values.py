"""What is known of a value while a task's code is read: the abstract domain of the inference.

Two questions matter of each value: is it something that can be followed when it is called, and may it *carry* the
engine? What carries the engine and can't be followed makes a task opaque.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from wfgraph.compiler.inference.controls import DATA, HARMLESS, HARMLESS_STATE
from wfgraph.utils import is_a

__all__ = [
    "IMMUTABLE",
    "NOTHING",
    "PLAIN",
    "POSITION",
    "SOME_ENGINE",
    "Bound",
    "Caught",
    "ClosureOf",
    "Coroutine",
    "Engine",
    "EngineAttribute",
    "Instance",
    "Known",
    "Mapping",
    "OneOf",
    "Partial",
    "Sequence",
    "Token",
    "Unknown",
    "Value",
    "carries",
    "blurred",
    "constants",
    "immutable",
    "is_code",
    "join",
    "members",
    "offsets",
    "subscript",
]

IMMUTABLE = (int, float, complex, str, bytes, bool, type(None), range)
_MOST = 8
"""How many values a variable may have before it is taken for unknown."""
_CONTAINERS = (list, tuple, dict, set, frozenset, deque)
_LOOKED_AT, _DEEPEST = 1_000, 3
"""How many items of a container are looked at, and how deep, before it is taken for one that holds code."""


@dataclass(frozen=True, slots=True)
class Value:
    """Base of all abstract values."""


@dataclass(frozen=True, slots=True)
class Unknown(Value):
    """Any value.

    Attributes:
        engine: it may be the engine, or lead to it.
        code: it may be any function of the project, so that calling it may do anything.
    """

    engine: bool = False
    code: bool = False


@dataclass(frozen=True, slots=True)
class Coroutine(Unknown):
    """What a call of an async function gives: nothing of its body has run.

    Attributes:
        name: the function's.
        line: where it was called.
    """

    name: str = ""
    line: int = 0


PLAIN = Unknown()
"""Some data: calling a method of it does not steer the engine."""
SOME_ENGINE = Unknown(engine=True, code=True)
"""Anything at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Known(Value):
    """An object that exists now, before the workflow runs.

    Attributes:
        value: the object.
        firm: how surely it stays the value of what named it: 2 for constants, defaults, and variables of a closure that
            are set once; 1 for globals; 0 for attributes and items. Conditions are decided by 2 only, offsets are taken
            from 1 on, and what is called is followed in any case.
    """

    value: Any
    firm: int = 2

    def _key(self) -> Any:
        kind = type(self.value)
        return (kind, repr(self.value) if kind in IMMUTABLE else id(self.value), self.firm)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Known) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())


NOTHING = Known(None)
_LEAF = HARMLESS | DATA


@dataclass(frozen=True, slots=True)
class Engine(Value):
    """The engine that runs the task."""


@dataclass(frozen=True, slots=True)
class EngineAttribute(Value):
    """An attribute of the engine, or of its state: ``("halt",)``, ``("state", "callback_pos")``."""

    path: tuple[str, ...]


POSITION = EngineAttribute(("state", "callback_pos"))
"""The live list: whoever changes it moves the token."""


@dataclass(frozen=True, slots=True)
class Token(Value):
    """The token, or a part of it: ``(".title",)``, ``("['id']",)``."""

    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ClosureOf(Value):
    """A function that the task itself makes.

    Attributes:
        node: its ``def`` or ``lambda``.
        frame: the call that made it.
        defaults: the values of its parameters' defaults, as they are written: positional ones, then keyword ones.
        engine: whether it may reach the engine.
    """

    node: Any
    frame: Any
    defaults: tuple[Value | None, ...] = ()
    engine: bool = True

    def __eq__(self, other: object) -> bool:
        same = isinstance(other, ClosureOf) and self.node is other.node and self.frame is other.frame
        return same and isinstance(other, ClosureOf) and self.defaults == other.defaults

    def __hash__(self) -> int:
        return hash((id(self.node), id(self.frame)))


@dataclass(frozen=True, slots=True)
class Partial(Value):
    """A call of ``functools.partial``."""

    function: Value
    args: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Bound(Value):
    """A method with what it is bound to."""

    function: Value
    owner: Value


@dataclass(frozen=True, slots=True)
class Instance(Value):
    """An object that the task makes of a class that exists.

    Attributes:
        kind: the class.
        engine: whether it was given the engine.
        args: what it was made with, when it is an exception.
    """

    kind: Known
    engine: bool = False
    args: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Sequence(Value):
    """A tuple or a list that the task writes down."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Mapping(Value):
    """A dict that the task writes down, or the keywords that a function was called with."""

    items: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Caught(Value):
    """The exception that a handler has caught: one of these outcomes, or an ordinary error."""

    outcomes: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class OneOf(Value):
    """One of a few values."""

    values: frozenset[Value]


def members(value: Value) -> Iterable[Value]:
    """Return the values that a value can be."""
    return sorted(value.values, key=_repr_of) if isinstance(value, OneOf) else (value,)


def _repr_of(value: Value) -> str:
    """Return a text by which values are put in an order that is the same in every process, where that matters."""
    return repr(value.value) if isinstance(value, Known) and type(value.value) in IMMUTABLE else type(value).__name__


def join(*values: Value) -> Value:
    """Return what is known of a value that is one of these."""
    return reduce(_join, values)


def _join(one: Value, other: Value) -> Value:
    if one == other:
        return one
    if isinstance(one, Unknown) or isinstance(other, Unknown):
        return blurred((one, other))
    both = frozenset((*_set(one), *_set(other)))
    return OneOf(both) if len(both) <= _MOST else blurred(both)


def _set(value: Value) -> frozenset[Value]:
    return value.values if isinstance(value, OneOf) else frozenset((value,))


def blurred(values: Iterable[Value]) -> Unknown:
    """Return the unknown that stands for any of these values."""
    engine = code = False
    for value in values:
        for one in members(value):
            engine |= carries(one)
            code |= is_code(one)
    return Unknown(engine, code)


def is_code(value: Value) -> bool:
    """Tell whether a value may be something to call that is not plain data."""
    if isinstance(value, Known):
        return _is_or_holds_code(value.value, _DEEPEST)
    if isinstance(value, Unknown):
        return value.code
    if isinstance(value, Sequence):
        return any(map(is_code, value.items))
    if isinstance(value, Mapping):
        return any(is_code(one) for _, one in value.items)
    if isinstance(value, OneOf):
        return any(map(is_code, value.values))
    return isinstance(value, EngineAttribute | ClosureOf | Partial | Bound)


def _is_or_holds_code(value: Any, deep: int) -> bool:
    kind: Any = next((one for one in _CONTAINERS if is_a(value, one)), None)
    if kind is None or callable(value):
        return callable(value)
    items = [*kind.__iter__(value), *(dict.values(value) if kind is dict else ())]  # a class of its own is not asked
    return bool(items) and (
        not deep or len(items) > _LOOKED_AT or any(_is_or_holds_code(one, deep - 1) for one in items)
    )


def carries(value: Value) -> bool:
    """Tell whether a value may be the engine or lead to it, or to its position."""
    match value:
        case Unknown(engine=engine) | ClosureOf(engine=engine) | Instance(engine=engine):
            return engine
        case Engine():
            return True
        case EngineAttribute(path=(first, *rest)):
            return first not in _LEAF if first != "state" else not rest or rest[0] not in HARMLESS_STATE
        case Partial():
            return any(map(carries, (value.function, *value.args, *(one for _, one in value.keywords))))
        case Bound():
            return carries(value.function) or carries(value.owner)
        case Sequence():
            return any(map(carries, value.items))
        case Mapping():
            return any(carries(one) for _, one in value.items)
        case OneOf():
            return any(map(carries, value.values))
    return False


def constants(value: Value | None, firm: int = 1) -> tuple[Any, ...] | None:
    """Return the values that an immutable value can have; None when that is not known, or not as firmly as asked."""
    if value is None:
        return None
    found = []
    for one in members(value):
        if not isinstance(one, Known) or one.firm < firm or not immutable(one.value):
            return None
        found.append(one.value)
    return tuple(found)


def offsets(value: Value | None) -> tuple[int | None, ...]:
    """Return the ints that a value can have; None alone when that is not known, or one of them is no int."""
    known = constants(value)
    return known if known and all(type(one) is int for one in known) else (None,)


def subscript(known: tuple[Any, ...] | None) -> str:
    """Return how a part of the token is written whose key can have these values: ``"['id']"``, or ``"[?]"``."""
    return f"[{known[0]!r}]" if known is not None and len(known) == 1 else "[?]"


def immutable(value: Any) -> bool:
    """Tell whether an object is a constant, through and through."""
    if type(value) in (tuple, frozenset):
        return all(map(immutable, value))
    return type(value) in IMMUTABLE
