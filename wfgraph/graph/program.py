"""The Program: what the executors walk; a frozen table indexed by program counter, derived from the graph alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wfgraph.graph.address import Address
from wfgraph.graph.definition import Block, Slot, TaskItem
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.utils import counted

__all__ = ["Program"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Program:
    """A graph, ready to be walked.

    Attributes:
        graph: the graph it was assembled from.
        root: the outermost block; its slots hold the tasks and the blocks within.
        rows: the tasks by program counter.
    """

    graph: WorkflowGraph
    root: Block
    rows: tuple[TaskItem, ...]

    def slot_at(self, address: Sequence[int]) -> Slot | None:
        """Return what stands at an address: a task, a block, or None where there is nothing."""
        slot: Slot = self.root
        for index in address:
            if not isinstance(slot, Block) or not 0 <= index < len(slot.slots):
                return None
            slot = slot.slots[index]
        return slot

    def pc_at(self, address: Sequence[int]) -> int | None:
        """Return the program counter of the task at an address, or None where no task stands."""
        slot = self.slot_at(address)
        return slot.id if isinstance(slot, TaskItem) else None

    def address_of(self, pc: int) -> Address:
        """Return the address of the task at a program counter."""
        return self.rows[pc].address

    def __repr__(self) -> str:
        return f"<Program of {counted(len(self.rows), 'task')}>"
