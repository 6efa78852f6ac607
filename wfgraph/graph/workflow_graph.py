"""The WorkflowGraph: one node per task, one edge per transition; the single truth about how a workflow flows.

Nodes are numbered: the tasks of the definition first, in document order (so a node's number is its program counter),
then the tasks of parallel branches. Five nodes with negative numbers stand for where a token comes from and goes to.

``certainty`` of an edge:

* ``must``: the op says so: whenever the task ends with this outcome, the token goes there, and the op's edges are all
  there are;
* ``may``: the task can end with this outcome, or with another of its edges;
* ``assumed``: nothing is known of the task, so it may do anything an engine allows. These edges are not stored (there
  would be a square of them): the node is ``loose``, and :meth:`WorkflowGraph.permits` knows what that means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from wfgraph.graph.address import format_address
from wfgraph.graph.definition import Block, Definition, TaskItem
from wfgraph.graph.ops import EdgeKind, Exit, Op
from wfgraph.graph.outcomes import Control, Outcome
from wfgraph.utils import brief, counted, task_name

if TYPE_CHECKING:
    import networkx

__all__ = [
    "ENTRY",
    "ERROR",
    "EXIT",
    "HALT",
    "STOP",
    "TERMINALS",
    "TERMINAL_OF",
    "TOKEN",
    "Certainty",
    "Edge",
    "Lane",
    "Node",
    "WorkflowGraph",
]

ENTRY, EXIT, HALT, STOP, TOKEN, ERROR = -1, -2, -3, -4, -5, -6
TERMINALS = {ENTRY: "entry", EXIT: "exit", HALT: "halt", STOP: "stop", TOKEN: "token", ERROR: "error"}
"""The nodes that are no tasks. ``token`` stands for "another token", ``exit`` for the normal end of this one."""
TERMINAL_OF = {
    Control.HALT: HALT,
    Control.STOP: STOP,
    Control.ABORT: STOP,
    Control.NEXT_TOKEN: TOKEN,
    Control.SKIP_TOKEN: TOKEN,
    Control.JUMP_TOKEN: TOKEN,
    Control.ERROR: ERROR,
}
"""The terminal to which each outcome leads that ends a token's walk wherever its task stands."""


class Certainty(Enum):
    """How much is known about an edge; see the module's text."""

    MUST = "must"
    MAY = "may"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True, eq=False)
class Lane:
    """One branch of a parallel pattern, run by an engine of its own.

    Attributes:
        id: its number; its tasks carry it as :attr:`Node.lane`.
        host: the node that starts it.
        index: which of its host's branches it is.
        definition: its blocks and tasks, with addresses of their own.
        first: the number of its first node; its tasks follow in document order.
        join: the node at which its end is waited for.
    """

    id: int
    host: int
    index: int
    definition: Definition
    first: int
    join: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Node:
    """One task.

    Attributes:
        id: its number.
        item: its place in the definition (in its lane's, for tasks of parallel branches).
        op: what it does to the flow.
        lane: the number of the lane it runs in; None for the tasks of the definition itself.
        opaque: whether code of which nothing is known has a say: its own, or that of a condition it asks.
        beside: how the conditions that it asks may steer by themselves.
        exits: all ways out of it that are known, those of its op first.
    """

    id: int
    item: TaskItem
    op: Op
    lane: int | None = None
    opaque: bool = True
    beside: tuple[Exit, ...] = ()
    exits: tuple[Exit, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "exits", self.op.exits() + self.beside)

    @property
    def name(self) -> str:
        """The name of its callable."""
        return task_name(self.item.task)

    @property
    def loose(self) -> bool:
        """Whether it may take steps beyond its stored edges: it is opaque, or jumps by a distance not known."""
        return self.opaque or self.wild

    @property
    def wild(self) -> bool:
        """Whether it jumps by a distance not known."""
        return any(_wild(way.outcome) for way in self.exits)

    def __repr__(self) -> str:
        lane = "" if self.lane is None else f" of lane {self.lane}"
        place = format_address(self.item.address)
        return brief(f"<Node {self.id}: {self.name} at {place}{lane}, {type(self.op).__name__}>")


def _wild(outcome: Outcome) -> bool:
    return outcome.offset is None and outcome.control is Control.JUMP


@dataclass(frozen=True, slots=True, repr=False)
class Edge:
    """One transition.

    Attributes:
        source: the node it leaves.
        target: the node it leads to.
        kind: its type.
        certainty: how much is known about it.
        label: the case, the offset, ...: what tells it apart for a reader.
    """

    source: int
    target: int
    kind: EdgeKind
    certainty: Certainty = Certainty.MUST
    label: str = ""

    def __repr__(self) -> str:
        ends = [TERMINALS.get(node, str(node)) for node in (self.source, self.target)]
        label = f" {self.label!r}" if self.label else ""
        return brief(f"<Edge {ends[0]} -> {ends[1]}: {self.kind.value}{label}, {self.certainty.value}>")


@dataclass(slots=True, eq=False, repr=False)
class WorkflowGraph:
    """A compiled definition. Treat it as read-only.

    Attributes:
        definition: the normalised tree it was made from, for the blocks and addresses.
        nodes: all tasks; ``nodes[n].id == n``.
        edges: all stored edges, in the order of their sources, ``entry`` first.
        lanes: the parallel branches.
    """

    definition: Definition
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    lanes: tuple[Lane, ...] = ()
    _out: dict[int, tuple[Edge, ...]] | None = field(default=None, init=False)
    _nx: Any = field(default=None, init=False)

    def out_edges(self, node: int) -> tuple[Edge, ...]:
        """Return the stored edges that leave a node, in their fixed order."""
        if self._out is None:
            grouped: dict[int, list[Edge]] = {}
            for edge in self.edges:
                grouped.setdefault(edge.source, []).append(edge)
            self._out = {source: tuple(edges) for source, edges in grouped.items()}
        return self._out.get(node, ())

    def assumed_edges(self, node: int) -> Iterator[Edge]:
        """Yield what a loose node may do beyond its stored edges.

        A jump or break within its list; for an opaque node also a halt, a stop, a change of token, and a jump to any
        task (an opaque task may have set the position by hand).
        """
        found = self.nodes[node]
        if not found.loose:
            return
        block = self.block_of(found)
        goals = (
            range(len(self.definition.tasks) + 1) if found.opaque and found.lane is None else sorted(set(block.starts))
        )
        for goal in goals:
            yield Edge(node, self.resolve(found, goal), EdgeKind.JUMP, Certainty.ASSUMED)
        yield Edge(node, self.resolve(found, block.end), EdgeKind.BREAK, Certainty.ASSUMED)
        if found.opaque:
            yield Edge(node, HALT, EdgeKind.HALT, Certainty.ASSUMED)
            yield Edge(node, STOP, EdgeKind.STOP, Certainty.ASSUMED)
            yield Edge(node, TOKEN, EdgeKind.TOKEN, Certainty.ASSUMED)

    def permits(self, source: int, target: int, kinds: frozenset[EdgeKind] | None = None) -> bool:
        """Tell whether a run may step from one node to another.

        Args:
            source: the node left; ``ENTRY`` where a run begins.
            target: the node reached.
            kinds: when given, an edge counts only if it is of one of these kinds.
        """
        for edge in self.out_edges(source):
            if edge.target == target and (kinds is None or edge.kind in kinds):
                return True
        if target == ERROR:
            return True  # any task may fail
        if source < 0:
            return source == ENTRY  # a run may begin anywhere: that is what resuming is
        return any(edge.target == target for edge in self.assumed_edges(source))

    def block_of(self, node: Node) -> Block:
        """Return the block that holds a node."""
        definition = self.definition if node.lane is None else self.lanes[node.lane].definition
        return definition.blocks[node.item.block]

    def resolve(self, node: Node, start: int) -> int:
        """Turn a task's number in a node's own definition into a node, its end into where the flow goes on."""
        if node.lane is None:
            return start if start < len(self.definition.tasks) else EXIT
        lane = self.lanes[node.lane]
        return lane.first + start if start < len(lane.definition.tasks) else lane.join

    def where(self, node: int) -> str:
        """Write a node's place: ``[2, 0]``; ``[3]/1[0]`` for the first task of branch 1 of the task at ``[3]``."""
        if node < 0:
            return TERMINALS[node]
        if node >= len(self.nodes):
            return f"nowhere ({node})"  # in the report of a defect
        found = self.nodes[node]
        place = format_address(found.item.address)
        if found.lane is None:
            return place
        lane = self.lanes[found.lane]
        return f"{self.where(lane.host)}/{lane.index}{place}"

    @property
    def nx(self) -> networkx.MultiDiGraph:
        """The graph as a frozen :class:`networkx.MultiDiGraph`, built once, when first asked for.

        Nodes are the numbers used here (terminals are negative) with the attributes ``name``, ``address``, ``op``;
        edges carry ``kind``, ``certainty`` and ``label`` as strings. Assumed edges are not included.
        """
        if self._nx is None:
            import networkx  # here because it takes a tenth of a second, and running a workflow needs none of it

            graph = networkx.MultiDiGraph()
            for number, name in TERMINALS.items():
                graph.add_node(number, name=name, address=None, op=None)
            for node in self.nodes:
                graph.add_node(node.id, name=node.name, address=node.item.address, op=node.op)
            for edge in self.edges:
                graph.add_edge(
                    edge.source, edge.target, kind=edge.kind.value, certainty=edge.certainty.value, label=edge.label
                )
            self._nx = networkx.freeze(graph)
        return self._nx

    def to_dot(self) -> str:
        """Return the graph as a DOT text; see :func:`wfgraph.views.graph_dot`."""
        return format(self, "dot")

    def to_mermaid(self) -> str:
        """Return the graph as a Mermaid flowchart; see :func:`wfgraph.views.graph_mermaid`."""
        return format(self, "mermaid")

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        if spec not in FORMATS:
            raise ValueError(f"unknown format {spec!r} for a graph; known: {', '.join(sorted(FORMATS))}")
        return FORMATS[spec](self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Return what a notebook shows for the graph, by MIME type (a protocol of IPython's)."""
        made = {mime: make(self) for mime, make in BUNDLES.items()}
        return {"text/plain": repr(self), **{mime: text for mime, text in made.items() if text is not None}}

    def __repr__(self) -> str:
        return f"<WorkflowGraph of {counted(len(self.nodes), 'task')} and {counted(len(self.edges), 'edge')}>"


BUNDLES: dict[str, Callable[[WorkflowGraph], str | None]] = {}
"""What notebooks show, by MIME type; None where it can't be made. The views put themselves in here, too."""

FORMATS: dict[str, Callable[[WorkflowGraph], str]] = {}
"""Text renderings by name, for ``f"{graph:dot}"``. The views, which are above this layer, put themselves in here."""
