"""First pass: nested lists become a Definition.

Before: ``[a, [b, c]]``. After: block 0 with the slots (task 0 at ``[0]``, block 1 at ``[1]``), block 1 with the slots
(task 1 at ``[1, 0]``, task 2 at ``[1, 1]``). What can't be a task is refused here, by its address and value.

A tuple that is met here (one that did not pass through ``Callbacks``, such as in a list which ``callback_chooser``
made) is a block like a list, as in ``workflow`` 2.x.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, CO_ITERABLE_COROUTINE, CO_VARARGS, signature
from types import CodeType, FunctionType
from typing import Any

from wfgraph.errors import WorkflowDefinitionError
from wfgraph.graph.address import format_address
from wfgraph.graph.definition import Block, Definition, Place, Slot, TaskItem
from wfgraph.graph.nesting import contains_itself, is_block
from wfgraph.utils import escape_control, task_name

__all__ = ["define"]

_SILENT = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR | CO_ITERABLE_COROUTINE


@dataclass(slots=True, eq=False)
class _OpenBlock:
    """A block that is being read."""

    raw: Any
    id: int
    place: Place | None
    parent: int | None
    next: int = 0
    slots: list[Slot] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)

    def close(self, end: int) -> Block:
        return Block(self.id, self.place, self.parent, tuple(self.slots), (*self.starts, end), self.raw)


def define(callbacks: Any) -> Definition:
    """Read nested lists into a Definition.

    Raises:
        WorkflowDefinitionError: an item is no task, or a list contains itself; the error names the address.
    """
    tasks: list[TaskItem] = []
    blocks: list[Block | None] = [None]
    checked: set[int] = set()
    open_blocks = [_OpenBlock(callbacks, 0, None, None)]
    open_ids = {id(callbacks)}
    while open_blocks:
        block = open_blocks[-1]
        if block.next == len(block.raw):
            open_blocks.pop()
            open_ids.discard(id(block.raw))
            closed = blocks[block.id] = block.close(len(tasks))
            if open_blocks:
                open_blocks[-1].slots.append(closed)
            continue
        item = block.raw[block.next]
        place = Place(block.place, block.next)
        block.next += 1
        block.starts.append(len(tasks))
        if is_block(item):
            if id(item) in open_ids:
                raise contains_itself(place.address)
            open_ids.add(id(item))
            open_blocks.append(_OpenBlock(item, len(blocks), place, block.id))
            blocks.append(None)
            continue
        # The same callable in many places is checked once; `tasks` keeps it alive, so its id is its own.
        if id(item) not in checked:
            _check_task(item, place)
            checked.add(id(item))
        found = TaskItem(len(tasks), place, block.id, item)
        tasks.append(found)
        block.slots.append(found)
    return Definition(tuple(block for block in blocks if block is not None), tuple(tasks))


def _check_task(item: Any, place: Place) -> None:
    """Refuse what would fail, or silently do nothing, when its turn came."""
    if not callable(item):
        raise WorkflowDefinitionError(
            f"the item at {format_address(place.address)} is not callable: {escape_control(repr(item))} ({type(item).__name__}); "
            "a definition holds tasks (callables that take the token and the engine) and lists of them",
            payload=item,
            address=place.address,
        )
    name = escape_control(task_name(item))
    code = _code(item)
    if code is not None and code.co_flags & _SILENT:
        what = "an async function" if code.co_flags & (CO_COROUTINE | CO_ASYNC_GENERATOR) else "a generator function"
        raise WorkflowDefinitionError(
            f"the task {name} at {format_address(place.address)} is {what}: calling it would run nothing of "
            "its body; make it a plain function",
            payload=item,
            address=place.address,
        )
    if not _takes_two(item):
        raise WorkflowDefinitionError(
            f"the task {name} at {format_address(place.address)} can't be called with (obj, eng), "
            "the token and the engine; did you mean to call it and use what it returns?",
            payload=item,
            address=place.address,
        )


def _code(item: Any) -> CodeType | None:
    """Return the code that a call of the item runs, where it is Python code."""
    while isinstance(item, partial):
        item = item.func
    code = getattr(item, "__code__", None)
    if code is None and not isinstance(item, type):
        code = getattr(type(item).__call__, "__code__", None)
    return code if isinstance(code, CodeType) else None


def _takes_two(item: Any) -> bool:
    """Tell whether the item can be called with two positional arguments; True where that can't be known."""
    if type(item) is FunctionType:
        code = item.__code__
        required = code.co_argcount - len(item.__defaults__ or ())
        room = code.co_argcount >= 2 or bool(code.co_flags & CO_VARARGS)
        return required <= 2 and room and len(item.__kwdefaults__ or ()) == code.co_kwonlyargcount
    try:
        shape = signature(item, follow_wrapped=False)
    except (TypeError, ValueError):
        return True
    try:
        shape.bind(None, None)
    except TypeError:
        return False
    return True
