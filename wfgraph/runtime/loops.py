"""How far a ``FOR`` has come: kept per token and position, as JSON-able data.

The records live in ``extra_data["_Iterators"]``, so they are stored with it and a halted loop goes on where it was. One
is dropped when its list is left, by whatever way, and all are when their token ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import length_hint
from typing import Any

from wfgraph.graph.address import Address
from wfgraph.graph.ops import For

__all__ = [
    "KEY",
    "Rounds",
    "advance",
    "begin",
    "clear",
    "keep_enclosing",
    "leave",
    "put_back",
    "record",
    "resume",
    "set_aside",
]

KEY = "_Iterators"
"""Where in ``extra_data`` the records are."""


def advance(op: For, obj: Any, eng: Any) -> bool:
    """Take the next item of a loop and store it for its body.

    Returns:
        False when there is no further item; the loop's record is gone then, and what was stored last stays.
    """
    at = list(eng.state.callback_pos)
    key = str(at)
    record = eng.extra_data.get(KEY, {}).get(key)
    items = record.get("cache") if record is not None else None
    if items is None:
        items = _items(op, obj, eng)
    records = eng.extra_data.setdefault(KEY, {})
    if record is None:
        record = records[key] = {"token": eng.state.token_pos, "at": at}
        record["value"] = len(items) - 1 if op.reverse else 0
        if op.cached:
            record["cache"] = items
    index = record["value"]
    if not 0 <= index < len(items):
        _drop(eng.extra_data, records, key)
        return False
    if op.assign is not None:
        op.assign(obj, eng, key, items[index])
    record["value"] = index - 1 if op.reverse else index + 1
    return True


def _items(op: For, obj: Any, eng: Any) -> Any:
    """Ask for the items of a loop; a list of its own where they are to stay, or where they have no numbers."""
    items = op.items(obj, eng)
    return items if isinstance(items, list | tuple | range) and not op.cached else list(items)


def begin(op: For, obj: Any, eng: Any) -> tuple[Iterator[Any], Any]:
    """Start a loop whose progress is kept by an iterator; return that and what it iterates over."""
    if op.reverse or not (op.constant or op.cached):
        return Rounds(op, obj, eng), None
    items = _items(op, obj, eng)
    return iter(items), items


def resume(op: For, head: Address, obj: Any, eng: Any, inside: bool = False) -> tuple[Iterator[Any], Any]:
    """Go on with a loop where its record says, and take the record away; without one, start it.

    Where that happens ``inside`` a round, the items of a loop without a record are asked for when the round has ended.
    """
    key = str(list(head))
    records = eng.extra_data.get(KEY, {})
    record = records.get(key)
    _drop(eng.extra_data, records, key)
    if record is None:
        return (Rounds(op, obj, eng), None) if inside else begin(op, obj, eng)
    if op.reverse or not (op.constant or op.cached):
        return Rounds(op, obj, eng, record["value"], record.get("cache")), None
    items = record.get("cache")
    if items is None:
        items = _items(op, obj, eng)
    rest = iter(items)
    rest.__setstate__(record["value"])
    return rest, items


def record(op: For, head: Address, rest: Iterator[Any], items: Any, eng: Any, ahead: int) -> None:
    """Write down how far an iterator has come, as :func:`advance` would have; ``ahead`` rounds of it do not count."""
    at = list(head)
    found: dict[str, Any] = {"token": eng.state.token_pos, "at": at}
    if isinstance(rest, Rounds):
        if rest.value is None:
            return  # not one round has begun
        found["value"], items = rest.value + (ahead if op.reverse else -ahead), rest.cache
    else:
        found["value"] = len(items) - length_hint(rest) - ahead
        if not found["value"] and not ahead:
            return
    if op.cached:
        found["cache"] = items
    eng.extra_data.setdefault(KEY, {})[str(at)] = found


class Rounds:
    """The rounds of a loop whose items are asked for again at each of them, or that runs backward."""

    __slots__ = ("cache", "eng", "obj", "op", "value")

    def __init__(self, op: For, obj: Any, eng: Any, value: int | None = None, cache: Any = None) -> None:
        self.op = op
        self.obj = obj
        self.eng = eng
        self.value = value
        self.cache = cache

    def __iter__(self) -> Rounds:
        return self

    def __next__(self) -> Any:
        items = self.cache
        if items is None:
            items = _items(self.op, self.obj, self.eng)
            if self.op.cached:
                self.cache = items
        if self.value is None:
            self.value = len(items) - 1 if self.op.reverse else 0
        index = self.value
        if not 0 <= index < len(items):
            raise StopIteration
        self.value = index - 1 if self.op.reverse else index + 1
        return items[index]


def leave(extra_data: Any, block: list[int]) -> None:
    """Forget the loops whose head stands in the list at an address: the flow leaves it."""
    records = extra_data.get(KEY)
    if records:
        for key in [key for key, found in records.items() if found["at"][:-1] == block]:
            _drop(extra_data, records, key)


def keep_enclosing(extra_data: Any, position: list[int], token_pos: int) -> None:
    """Forget the loops of other tokens, and those that a position, from which the token starts again, does not stand in."""
    records = extra_data.get(KEY)
    if not records:
        return
    for key, found in list(records.items()):
        at = found["at"]
        around = found["token"] == token_pos and at[:-1] == position[: len(at) - 1] and len(position) >= len(at)
        # The mark of a halted sub-workflow counts only for the very task that it halted in.
        if not around or ("child" in found and at != position):
            _drop(extra_data, records, key)


def clear(extra_data: Any) -> None:
    """Forget all loops."""
    if KEY in extra_data:
        del extra_data[KEY]


def set_aside(extra_data: Any) -> Any:
    """Take all records away, for a nested run, and return them for :func:`put_back`."""
    return extra_data.pop(KEY, None)


def put_back(extra_data: Any, records: Any, token_pos: int) -> None:
    """Put back what :func:`set_aside` took, for a token that goes on where the nested run has left ``token_pos``."""
    clear(extra_data)
    if records:
        extra_data[KEY] = {key: {**found, "token": token_pos} for key, found in records.items()}


def _drop(extra_data: Any, records: Any, key: str) -> None:
    records.pop(key, None)
    if not records:
        clear(extra_data)
