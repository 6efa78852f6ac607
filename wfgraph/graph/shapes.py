"""Which pattern a list was made by, told from its ops; and which of its tasks are the pattern's own bookkeeping."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from wfgraph.graph import ops
from wfgraph.graph.definition import Block, Definition, TaskItem
from wfgraph.graph.outcomes import BREAK, jump
from wfgraph.graph.workflow_graph import Node, WorkflowGraph

__all__ = ["Kind", "Shape", "Shapes"]


class Kind(Enum):
    """What a list is."""

    PLAIN = "list"
    IF = "if"
    IF_ELSE = "if-else"
    CHOICE = "choice"
    LOOP = "loop"
    MERGE = "merge"


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """What one list is.

    Attributes:
        block: the list.
        lane: the branch of a parallel pattern that it is in.
        first: the node of the first task of the definition that holds it.
        kind: what it is.
        arms: the slots of the branches.
        own: the slots of the pattern's bookkeeping, without the head.
    """

    block: Block
    lane: int | None
    first: int
    kind: Kind
    arms: tuple[int, ...] = ()
    own: tuple[int, ...] = ()

    def start(self, slot: int) -> int:
        """Return the node at which a slot begins."""
        return self.first + self.block.starts[slot]

    def node(self, slot: int) -> int | None:
        """Return the node of the task in a slot; None when there is a list."""
        return self.start(slot) if isinstance(self.block.slots[slot], TaskItem) else None


class Shapes:
    """The shapes of all lists of a graph."""

    def __init__(self, graph: WorkflowGraph) -> None:
        self._graph = graph
        self._known: dict[tuple[int | None, int], Shape] = {}
        self.bookkeeping: set[int] = set()
        self._add(graph.definition, None, 0)
        for lane in graph.lanes:
            self._add(lane.definition, lane.id, lane.first)

    def _add(self, body: Definition, lane: int | None, first: int) -> None:
        for block in body.blocks:
            shape = _shape(block, lane, first, lambda item: self._graph.nodes[first + item.id])
            self._known[lane, block.id] = shape
            self.bookkeeping.update(shape.start(slot) for slot in shape.own)

    def __iter__(self) -> Iterator[Shape]:
        return iter(self._known.values())

    def shape(self, lane: int | None, block: int) -> Shape:
        """Return the shape of a list, named by the lane that it is in and its number there."""
        return self._known[lane, block]

    def of(self, node: Node) -> Shape:
        """Return the shape of the list that holds a task."""
        return self._known[node.lane, node.item.block]

    def around(self, node: Node) -> Iterator[Shape]:
        """Yield the shapes of the lists around a task, the innermost first."""
        block: int | None = node.item.block
        while block is not None:
            shape = self._known[node.lane, block]
            yield shape
            block = shape.block.parent


def _shape(block: Block, lane: int | None, first: int, node_of: Callable[[TaskItem], Node]) -> Shape:
    nodes = [node_of(slot) if isinstance(slot, TaskItem) else None for slot in block.slots]
    found = [None if node is None else node.op for node in nodes]
    head, last = found[0] if found else None, len(found) - 1
    match head:
        case ops.While() | ops.For():
            tail = found[-1]
            own: tuple[int, ...] = (last,) if last and isinstance(tail, ops.Jump) and tail.offset == -last else ()
            return Shape(block, lane, first, Kind.LOOP, tuple(range(1, len(found) - len(own))), own)
        case ops.Branch() if (head.when_true, head.when_false) == (jump(1), jump(3)) and last == 3:
            if isinstance(found[2], ops.Break):
                return Shape(block, lane, first, Kind.IF_ELSE, (1, 3), (2,))
        case ops.Branch() if BREAK in (head.when_true, head.when_false):
            return Shape(block, lane, first, Kind.IF, tuple(range(1, len(found))))
        case ops.Choice() if last % 2 == 0 and all(isinstance(op, ops.Break) for op in found[2::2]):
            own = tuple(range(2, len(found), 2))
            return Shape(block, lane, first, Kind.CHOICE, tuple(range(1, len(found), 2)), own)
    jumps = range(1, last, 2)
    if last >= 2 and last % 2 == 0 and all(_jumps(nodes[index], last - index) for index in jumps):
        return Shape(block, lane, first, Kind.MERGE, tuple(range(0, last, 2)), tuple(jumps))
    return Shape(block, lane, first, Kind.PLAIN)


def _jumps(node: Node | None, distance: int) -> bool:
    """Tell whether a slot holds the jump ahead with which SIMPLE_MERGE ends a branch."""
    return node is not None and node.name == "TASK_JUMP_FWD" and node.op == ops.Jump(distance)
