"""Values of users as JSON: what is read back is what was written, on every database, or it is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

from wfgraph.errors import NotStorable
from wfgraph.graph.describing import describe
from wfgraph.utils import plain, shown

__all__ = ["decode", "encode"]

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=True, separators=(",", ":")).encode

_EXACT = frozenset((str, bool, int, float, type(None)))
_FEW = 50
_PLAIN = (str, bool, int, float, type(None))


def encode(value: Any, what: str | Callable[[], str]) -> str:
    """Return a value as JSON.

    JSON knows ``None``, booleans, numbers, texts, lists, and dicts whose keys are texts. What merely turns into one of
    these (a tuple, a number as a key, NaN) would come back as something else, and databases differ about it.

    Args:
        value: the value.
        what: what it is, for the message; or what tells it.

    Raises:
        NotStorable: it, or something in it, is no JSON; the message names where.
    """
    try:
        if _is_flat(value) and (text := _encode(value)).isascii():
            return text  # there is no need to read it back
        text = _encode(value)
        text.encode()  # a lone surrogate is no text to a database
        same = json.loads(text) == value
    except (TypeError, ValueError, RecursionError) as error:
        raise _refusal(value, what, error) from error
    if not same:
        raise _refusal(value, what, None)
    return text


def _is_flat(value: Any) -> bool:
    """Tell whether an encoder that takes a value makes of it what can be read back as the same."""
    if type(value) is not dict:
        return type(value) in _EXACT
    if len(value) > _FEW:
        return False
    for key, item in value.items():  # noqa: SIM110 - it takes half the time of all(...)
        if type(item) not in _EXACT or type(key) is not str:
            return False
    return True


def decode(text: Any) -> Any:
    """Return the value that :func:`encode` wrote; None for None. A database that parses JSON itself is trusted."""
    return json.loads(text) if isinstance(text, str | bytes) else text


def _refusal(value: Any, known: str | Callable[[], str], error: Exception | None) -> NotStorable:
    what = known if isinstance(known, str) else known()
    for path, why in _faults(value):
        place = "".join(f"[{shown(step)}]" for step in path)
        return NotStorable(f"{what}{place} can't be stored: {why}", path)
    return NotStorable(f"{what} can't be stored as JSON: {error or 'it would come back as something else'}")


def _faults(value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield what is no JSON in a value, with the path to it."""
    waiting: list[tuple[tuple[str | int, ...], Any, frozenset[int]]] = [((), value, frozenset())]
    while waiting:
        path, found, above = waiting.pop()
        if isinstance(found, dict | list):
            if id(found) in above:
                yield path, "it contains itself"
                continue
            if len(path) > 500:
                yield path, "it is nested too deeply"
                continue
            inside = above | {id(found)}
            for key in found if isinstance(found, dict) else ():
                if type(key) is not str:
                    yield path, f"the key {describe(key)} is no text; use {plain(key)!r}"
                elif _broken(key):
                    yield path, f"the key {key!r} holds half a character (a lone surrogate)"
            items = found.items() if isinstance(found, dict) else enumerate(found)
            waiting += [((*path, step), item, inside) for step, item in reversed(list(items))]
        elif (why := _why_not(found)) is not None:
            yield path, why


def _why_not(value: Any) -> str | None:
    """Say why a value that contains no others is no JSON; None if it is."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value!r} is no number to JSON; use None, or a text"
    if isinstance(value, str):
        return "it holds half a character (a lone surrogate)" if _broken(value) else None
    if isinstance(value, _PLAIN):
        return None
    if isinstance(value, tuple):
        return "a tuple would come back as a list; use a list"
    if isinstance(value, set | frozenset):
        return "a set is no JSON; use a sorted list"
    hint = "use .isoformat()" if hasattr(value, "isoformat") else "store what it is made from"
    return f"{describe(value)} of type {type(value).__name__} is no JSON; {hint}"


def _broken(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
