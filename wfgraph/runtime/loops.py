"""How far a ``FOR`` has come: kept per token and position, as JSON-able data.

The records live in ``extra_data["_Iterators"]``, so they are stored with it and a halted loop goes on where it was. One
is dropped when its list is left, by whatever way, and all are when their token ends.
"""

from __future__ import annotations

from typing import Any

from wfgraph.graph.ops import For

__all__ = ["advance", "clear", "keep_enclosing", "leave", "put_back", "set_aside"]

KEY = "_Iterators"


def advance(op: For, obj: Any, eng: Any) -> bool:
    """Take the next item of a loop and store it for its body.

    Returns:
        False when there is no further item; the loop's record is gone then, and what was stored last stays.
    """
    records = eng.extra_data.setdefault(KEY, {})
    at = list(eng.state.callback_pos)
    key = str(at)
    record = records.get(key)
    if record is not None and record["token"] != eng.state.token_pos:
        record = None
    items = record.get("cache") if record is not None else None
    if items is None:
        assert op.items is not None
        items = list(op.items(obj, eng))
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


def leave(extra_data: Any, block: list[int]) -> None:
    """Forget the loops whose head stands in the list at an address: the flow leaves it."""
    if KEY in extra_data:
        _filter(extra_data, lambda at: at[:-1] != block)


def keep_enclosing(extra_data: Any, position: list[int]) -> None:
    """Forget the loops that a position, from which a token starts again, does not stand in."""
    _filter(extra_data, lambda at: at[:-1] == position[: len(at) - 1] and len(position) >= len(at))


def clear(extra_data: Any) -> None:
    """Forget all loops."""
    if KEY in extra_data:
        del extra_data[KEY]


def set_aside(extra_data: Any) -> Any:
    """Take all records away, for a nested run, and return them for :func:`put_back`."""
    return extra_data.pop(KEY, None)


def put_back(extra_data: Any, records: Any) -> None:
    """Put back what :func:`set_aside` took."""
    clear(extra_data)
    if records:
        extra_data[KEY] = records


def _filter(extra_data: Any, keep: Any) -> None:
    records = extra_data.get(KEY)
    if records:
        for key in [key for key, record in records.items() if not keep(record["at"])]:
            _drop(extra_data, records, key)


def _drop(extra_data: Any, records: Any, key: str) -> None:
    records.pop(key, None)
    if not records:
        clear(extra_data)
