"""The Definition: a normalised tree of blocks and tasks, every item with its address.

Example: ``[a, [b, c]]`` is block 0 (the root) with the slots *task 0* (``a``, address ``(0,)``) and *block 1*, whose
slots are *task 1* (``b``, ``(1, 0)``) and *task 2* (``c``, ``(1, 1)``).

Tasks are numbered in document order. From that follows what everything downstream lives on: falling off the end of any
block continues at the next task in document order, so every slot of a block is entered at one known task
(:attr:`Block.starts`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from wfgraph.graph.address import Address
from wfgraph.utils import brief, counted, task_name

__all__ = ["Block", "Definition", "Place", "Slot", "TaskItem"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Place:
    """Where an item stands: at an index of a list that itself stands at a place (None: of the root list).

    A chain, not a path each: the paths of all items of a definition nested n deep would take n squared ints.
    """

    parent: Place | None
    index: int

    @property
    def address(self) -> Address:
        """The path of indices, worked out when asked for."""
        path = [self.index]
        above = self.parent
        while above is not None:
            path.append(above.index)
            above = above.parent
        return tuple(reversed(path))

    def __repr__(self) -> str:
        return brief(f"<place {list(self.address)}>")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TaskItem:
    """One task in its place.

    Attributes:
        id: its number in document order.
        place: where it stands.
        block: the number of the block that holds it.
        task: the callable.
    """

    id: int
    place: Place
    block: int
    task: Callable[..., Any]

    @property
    def address(self) -> Address:
        """Its path of indices."""
        return self.place.address

    @property
    def index(self) -> int:
        """Its slot in its block."""
        return self.place.index

    def __repr__(self) -> str:
        return brief(f"<task {self.id}: {task_name(self.task)} at {list(self.address)}>")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Block:
    """One list of the definition.

    Attributes:
        id: its number in document order; 0 is the root.
        place: where it stands; None for the root.
        parent: the number of the block around it; None for the root.
        slots: its items.
        starts: for each slot, and for the end of the list, the task at which the flow goes on from there; the number of
            tasks stands for the end of the definition.
        source: the list it was read from.
    """

    id: int
    place: Place | None
    parent: int | None
    slots: tuple[Slot, ...]
    starts: tuple[int, ...]
    source: Any

    @property
    def address(self) -> Address:
        """Its path of indices; empty for the root."""
        return () if self.place is None else self.place.address

    @property
    def index(self) -> int:
        """Its slot in the block around it; 0 for the root."""
        return 0 if self.place is None else self.place.index

    @property
    def begin(self) -> int:
        """The first task at or after the block's start."""
        return self.starts[0]

    @property
    def end(self) -> int:
        """The task at which the flow goes on after the block."""
        return self.starts[-1]

    def slot_for(self, index: int) -> int:
        """Return the slot to which a jump to an index leads: clamped to the list, past its end for what lies beyond."""
        return min(len(self.slots), max(0, index))

    def __repr__(self) -> str:
        return brief(f"<Block {self.id} at {list(self.address)} with {counted(len(self.slots), 'slot')}>")


Slot: TypeAlias = TaskItem | Block


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Definition:
    """A whole definition.

    Attributes:
        blocks: all blocks in document order; the first is the root.
        tasks: all tasks in document order.
    """

    blocks: tuple[Block, ...]
    tasks: tuple[TaskItem, ...]

    @property
    def root(self) -> Block:
        """The outermost block."""
        return self.blocks[0]

    def __repr__(self) -> str:
        return f"<Definition of {counted(len(self.tasks), 'task')} in {counted(len(self.blocks), 'block')}>"
