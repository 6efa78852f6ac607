"""WF005: empty items at the top level are dropped.

An empty list or None at the top level of a definition is dropped when the definition is registered, so the tasks
after it stand one place earlier than they were written: stored positions and jumps over it count without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.utils import is_a

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the items that registering drops, where something follows them."""
    raw = context.reading.raw
    if callable(raw) or not is_a(raw, list, tuple):
        return
    # The items themselves, whatever the list's own class makes of asking for them.
    items: list[Any] = list(list.__iter__(raw) if is_a(raw, list) else tuple.__iter__(raw))
    last = max((index for index, item in enumerate(items) if not _dropped(item)), default=-1)
    place = 0
    for index, item in enumerate(items[:last]):
        if _dropped(item):
            shown = "None" if item is None else "an empty list"
            yield Finding(
                f"item {index} of the definition is {shown}, which is dropped when it is registered: what follows moves "
                "one place to the front",
                address=(place,),
                hint="take it out, so that places are what they look like",
            )
        if not _dropped(item):
            place += tuple.__len__(item) if is_a(item, tuple) and not callable(item) else 1


def _dropped(item: object) -> bool:
    return item is None or (is_a(item, list) and not list.__len__(item))


RULE = Rule(
    code="WF005",
    name="empty-item-dropped",
    severity="info",
    sound=True,
    about=__doc__ or "",
    find=find,
)
