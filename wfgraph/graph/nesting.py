"""Nested callback lists as users write them, and how they are cleaned when they are registered.

``[a, (b, None, c), [d, None]]`` becomes ``[a, b, c, [d]]``: tuples are flattened into the list around them, ``None`` is
dropped, lists nest (the documentation's ``Callbacks.cleanup_callables``). A callable is a task, whatever else it is.

Nothing here recurses: definitions may be nested deeper than Python's recursion limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, TypeAlias

from wfgraph.errors import WorkflowDefinitionError
from wfgraph.graph.address import format_address
from wfgraph.utils import is_a, shown

__all__ = ["Task", "Tasks", "clean", "contains_itself", "is_block"]

Task: TypeAlias = Callable[[Any, Any], Any]
"""What is called with a token and the engine: a task, or a condition."""

Tasks: TypeAlias = Callable[..., Any] | list[Any] | tuple[Any, ...]
"""One task, or nested lists of them. Not recursive: a type checker takes ``[a, [b]]`` for a list of objects."""


_Frame: TypeAlias = tuple[Iterator[Any], list[Any], int]


def is_block(item: Any) -> bool:
    """Tell whether an item of a definition is a nested block rather than a task."""
    return is_a(item, list, tuple) and not callable(item)


def clean(callbacks: Any) -> list[Any]:
    """Return a definition as nested plain lists: tuples flattened, ``None`` dropped.

    Args:
        callbacks: a callable, or any iterable of callables, lists, tuples and ``None``.

    Raises:
        WorkflowDefinitionError: it is neither, or it contains itself.
    """
    if callable(callbacks):
        return [callbacks]
    if is_a(callbacks, str, bytes) or not is_a(callbacks, Iterable):
        raise WorkflowDefinitionError(
            f"a workflow definition is a list of callables, not {shown(callbacks)}", payload=callbacks
        )
    result: list[Any] = []
    # One frame per open list or tuple: what is left of it, where its items go, and its identity.
    frames: list[_Frame] = []
    try:
        frames.append((iter(callbacks), result, id(callbacks)))
        _read(frames, {id(callbacks)})
    except WorkflowDefinitionError:
        raise
    except Exception as error:  # of a class of the user's that is no plain list
        place = tuple(_path(frames))
        raise WorkflowDefinitionError(
            f"the list at {format_address(place)} can't be read: {shown(error)}", address=place
        ) from error
    return result


def registered(callbacks: Any) -> list[Any]:
    """Return a definition as registering it leaves it: clean, and without empty lists at its outermost level.

    Raises:
        WorkflowDefinitionError: as :func:`clean`.
    """
    return [item for item in clean(callbacks) if not is_block(item) or item]


def _read(frames: list[_Frame], open_ids: set[int]) -> None:
    """Read all that is left of open lists."""
    while frames:
        rest, target, _ = frames[-1]
        for item in rest:
            if item is None:
                continue
            if not is_block(item):
                target.append(item)
                continue
            if id(item) in open_ids:
                raise contains_itself([*_path(frames), len(target)])
            into = target
            if is_a(item, list):
                into = []
                target.append(into)
            open_ids.add(id(item))
            frames.append((chain.from_iterable([item]), into, id(item)))  # asked for its items when it is open
            break
        else:
            open_ids.discard(frames.pop()[2])


def _path(frames: list[_Frame]) -> list[int]:
    """Return the address of the innermost open list (open tuples have none of their own)."""
    lists = [into for index, (_, into, _) in enumerate(frames) if index == 0 or into is not frames[index - 1][1]]
    return [len(into) - 1 for into in lists[:-1]]


def contains_itself(address: Iterable[int]) -> WorkflowDefinitionError:
    """Return the error for a list that stands somewhere inside itself."""
    place = tuple(address)
    return WorkflowDefinitionError(
        f"the definition contains itself: the list at {format_address(place)} is one of the lists around it; "
        "use WHILE, FOR or a jump to repeat tasks",
        address=place,
    )
