"""First pass: nested lists become a Definition.

Before: ``[a, [b, c]]``. After: block 0 with the slots (task 0 at ``[0]``, block 1 at ``[1]``), block 1 with the slots
(task 1 at ``[1, 0]``, task 2 at ``[1, 1]``). What can't be a task is refused here, by its address and value.

A tuple that is met here (one that did not pass through ``Callbacks``, such as in a list which ``callback_chooser``
made) is a block like a list, as in ``workflow`` 2.x.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, CO_ITERABLE_COROUTINE, CO_VARARGS, signature
from types import FunctionType
from typing import Any

from wfgraph.errors import WorkflowDefinitionError
from wfgraph.graph.address import Address, format_address
from wfgraph.graph.definition import Block, Definition, Place, Slot, TaskItem
from wfgraph.graph.describing import describe
from wfgraph.graph.functions import code_run_by
from wfgraph.graph.location import code_of
from wfgraph.graph.nesting import contains_itself, is_block
from wfgraph.graph.ops import Branch, CalledWith, Choice, While
from wfgraph.graph.task import op_of
from wfgraph.utils import comes_to_a_function, escape_control, is_a, shown, task_name

__all__ = ["Fault", "define", "fault_of", "is_async", "message_of"]

_INSTEAD = "make it a plain function, which may run it: asyncio.run(...)"
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


class Fault(Enum):
    """Why an item is no task."""

    NOT_CALLABLE = "it can't be called at all"
    OTHER_ARGUMENTS = "it can't be called with the token and the engine"
    ENDLESS = "it is a partial of itself"
    SILENT = "calling it runs nothing of its body"
    UNAWAITED = "it asks an async function, and does not await it"
    ASKS_OTHER = "it asks what can't be called with the token and the engine"


def fault_of(item: Any) -> Fault | None:
    """Tell why an item is no task; None when it is one."""
    if not callable(item):
        return Fault.NOT_CALLABLE
    if not comes_to_a_function(item):
        return Fault.ENDLESS
    code = code_run_by(item)
    if code is not None and code.co_flags & _SILENT:
        return Fault.SILENT
    if not _takes_two(item):
        return Fault.OTHER_ARGUMENTS
    asked = _asked(item)
    if not all(map(_answers, asked)):
        return Fault.ASKS_OTHER
    return Fault.UNAWAITED if any(map(is_async, asked)) else None


def message_of(fault: Fault, item: Any, address: Address) -> str:
    """Say what is wrong with an item that is no task, where, and what to do."""
    place = format_address(address)
    if fault is Fault.NOT_CALLABLE:
        return (
            f"the item at {place} is not callable: {shown(item)} ({type(item).__name__}); "
            "a definition holds tasks (callables that take the token and the engine) and lists of them"
        )
    name = escape_control(task_name(item))
    if fault is Fault.ENDLESS:
        return (
            f"the item at {place} is a partial of itself, or of partials more than a hundred deep: nothing can call it; "
            "make it a function"
        )
    if fault is Fault.SILENT:
        what = "a generator function"
        instead = "make it a plain function"
        if is_async(item):
            what, instead = "an async function", _INSTEAD
        return f"the task {name} at {place} is {what}: calling it would run nothing of its body; {instead}"
    if fault is Fault.UNAWAITED:
        asked = next(filter(is_async, _asked(item)))
        return f"{name} at {place} asks {describe(asked)}, an async function, and nobody awaits what that returns; {_INSTEAD}"
    if fault is Fault.ASKS_OTHER:
        asked = next(asked for asked in _asked(item) if not _answers(asked))
        return (
            f"{name} at {place} asks {describe(asked)}, which can't be called with (obj, eng), the token and the engine"
        )
    return (
        f"the task {name} at {place} can't be called with (obj, eng), the token and the engine; did you mean to call it "
        "and use what it returns?"
    )


def is_async(item: Any) -> bool:
    """Tell whether a call of the item gives a coroutine or an async generator."""
    code = code_run_by(item)
    return code is not None and bool(code.co_flags & (CO_COROUTINE | CO_ASYNC_GENERATOR))


def _asked(item: Any) -> tuple[Any, ...]:
    """Return what a pattern of ours calls with the token and the engine; one of the user's own may do otherwise."""
    if code_of(item) is not None:
        return ()
    op = op_of(item)
    if is_a(op, Branch, Choice, While) and not op.asked:
        return (None,)  # given in place of a condition: an op takes it for one that only the task knows
    return tuple(asked for asked in op.asked if not is_a(asked, CalledWith))


def _answers(asked: Any) -> bool:
    return comes_to_a_function(asked) and _takes_two(asked)


def _check_task(item: Any, place: Place) -> None:
    """Refuse what would fail, or silently do nothing, when its turn came."""
    fault = fault_of(item)
    if fault is not None:
        address = place.address
        raise WorkflowDefinitionError(message_of(fault, item, address), payload=item, address=address)


def _takes_two(item: Any) -> bool:
    """Tell whether the item can be called with two positional arguments; True where that can't be known."""
    if type(item) is FunctionType:
        code = item.__code__
        required = code.co_argcount - len(item.__defaults__ or ())
        room = code.co_argcount >= 2 or bool(code.co_flags & CO_VARARGS)
        return required <= 2 and room and len(item.__kwdefaults__ or ()) == code.co_kwonlyargcount
    try:
        shape = signature(item, follow_wrapped=False)
    except Exception:  # no signature is known, or an object of the user's fails when it is asked
        return True
    try:
        shape.bind(None, None)
    except TypeError:
        return False
    return True
