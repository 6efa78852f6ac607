"""Lists and dicts that a task writes down, and changes: what is known of them, and of what holds them, afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from wfgraph.compiler.inference.values import (
    Bound,
    ClosureOf,
    Mapping,
    OneOf,
    Partial,
    Sequence,
    Value,
    blurred,
    join,
)

__all__ = ["forgotten"]


def forgotten(value: Value, changed: Sequence | Mapping) -> Value:
    """Return what is known of a value after a list or dict has been changed, which it may be or hold."""
    if value is changed or (value == changed and changed.items):
        return blurred((value,))
    made = value
    match value:
        case Sequence(items=items):
            made = Sequence(_all_forgotten(items, changed))
        case Mapping(items=named):
            made = Mapping(_named_forgotten(named, changed))
        case OneOf(values=several):
            made = join(*_all_forgotten(several, changed))
        case Bound(owner=owner):
            made = replace(value, owner=forgotten(owner, changed))
        case Partial(args=args, keywords=named):
            made = replace(value, args=_all_forgotten(args, changed), keywords=_named_forgotten(named, changed))
        case ClosureOf(defaults=defaults):
            made = replace(value, defaults=tuple(one and forgotten(one, changed) for one in defaults))
    return value if made == value else made


def _all_forgotten(values: Iterable[Value], changed: Sequence | Mapping) -> tuple[Value, ...]:
    return tuple(forgotten(one, changed) for one in values)


def _named_forgotten(named: Iterable[tuple[str, Value]], changed: Sequence | Mapping) -> tuple[tuple[str, Value], ...]:
    return tuple((name, forgotten(one, changed)) for name, one in named)
