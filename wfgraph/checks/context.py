"""What the rules look at: one definition, its graph, and the analyses that they share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from wfgraph.checks.diagnostics import Spot
from wfgraph.checks.flow import GAP, Flow
from wfgraph.checks.reading import Reading, is_stand_in
from wfgraph.compiler.inference import Effects, Note, NoteKind
from wfgraph.graph.address import Address
from wfgraph.graph.definition import Definition
from wfgraph.graph.difference import Stranded, stranded
from wfgraph.graph.location import location_of
from wfgraph.graph.ops import EdgeKind
from wfgraph.graph.outcomes import Control, Outcome
from wfgraph.graph.shapes import Shapes
from wfgraph.graph.task import declaration_of
from wfgraph.graph.workflow_graph import Node, WorkflowGraph
from wfgraph.utils import escape_control

__all__ = ["Context", "name_of"]

_LONGEST_PATH = 12


class Context:
    """One definition.

    Attributes:
        reading: the definition as it was given, and what in it is no task.
        graph: its graph; faulty items are opaque tasks in it.
        baseline: the graph of an earlier version, in which runs may be halted.
    """

    def __init__(self, reading: Reading, baseline: WorkflowGraph | None = None) -> None:
        self.reading = reading
        self.baseline = baseline
        self.graph: WorkflowGraph = reading.graph

    @property
    def definition(self) -> Definition:
        """The lists and tasks."""
        return self.graph.definition

    @cached_property
    def flow(self) -> Flow:
        """Where tokens can get to."""
        return Flow(self.graph)

    @cached_property
    def shapes(self) -> Shapes:
        """Which patterns the lists are."""
        return Shapes(self.graph)

    def tasks(self) -> Iterator[Node]:
        """Yield the tasks that someone wrote: neither stand-ins nor the bookkeeping of patterns."""
        return iter(self._tasks)

    @cached_property
    def _tasks(self) -> tuple[Node, ...]:
        own = self.shapes.bookkeeping
        return tuple(node for node in self.graph.nodes if node.id not in own and not is_stand_in(node.item.task))

    def reached(self) -> Iterator[Node]:
        """Yield those of :meth:`tasks` that a run can get to."""
        return iter(self._reached)

    @cached_property
    def _reached(self) -> tuple[Node, ...]:
        return tuple(node for node in self._tasks if self.flow.reached(node.id))

    def that(self, *controls: Control) -> list[Node]:
        """Return those of :meth:`reached` that have an outcome of such a kind."""
        found = {node.id: node for control in controls for node in self._by_control.get(control, ())}
        return [found[number] for number in sorted(found)]

    @cached_property
    def _by_control(self) -> dict[Control, list[Node]]:
        found: dict[Control, list[Node]] = {}
        for node in self._reached:
            for control in {outcome.control for outcome in self._outcomes[node.id]}:
                found.setdefault(control, []).append(node)
        return found

    def effects(self, node: Node) -> Effects | None:
        """Return what was read from the code of a task that declares nothing; None for one that does."""
        known = declaration_of(node.item.task)
        return self.reading.inference.effects(node.item.task) if known is None or known.op is None else None

    def notes(self, kind: NoteKind) -> Iterator[tuple[Node, Note]]:
        """Yield what was noted in the code of the tasks that a run can get to, and of the conditions that they ask."""
        return ((node, note) for node, note in self._notes if note.kind is kind)

    @cached_property
    def _notes(self) -> list[tuple[Node, Note]]:
        found = []
        for node in self._reached:
            own = self.effects(node)
            read = [own] if own is not None else [self.reading.inference.effects(asked) for asked in node.op.asked]
            found += [(node, note) for one in read for note in one.notes]
        return found

    def ways(self, node: Node, *controls: Control) -> Iterator[tuple[Outcome, bool]]:
        """Yield the outcomes of a task that are of such a kind, and whether it always ends so."""
        outcomes = self._outcomes[node.id]
        certain = len(outcomes) == 1 and not node.opaque
        return ((outcome, certain) for outcome in outcomes if outcome.control in controls)

    @cached_property
    def stranded(self) -> tuple[Stranded, ...]:
        """The tasks of the baseline in which runs may be halted, and at which they can't go on."""
        old = self.baseline
        if old is None:
            return ()
        lost = ((one, old.nodes[one.node]) for one in stranded(old, self.graph))
        return tuple(one for one, node in lost if node.lane is None and (node.opaque or self.halts(old, node)))

    @staticmethod
    def halts(graph: WorkflowGraph, node: Node) -> bool:
        """Tell whether a task is known to halt, always or sometimes."""
        return any(edge.kind is EdgeKind.HALT for edge in graph.out_edges(node.id))

    @cached_property
    def _outcomes(self) -> list[tuple[Outcome, ...]]:
        return [tuple(dict.fromkeys(way.outcome for way in node.exits)) for node in self.graph.nodes]

    def address(self, node: int) -> Address:
        """Return the place of a task in the definition; for one in a parallel branch, that of the outermost pattern."""
        found = self.graph.nodes[node]
        while found.lane is not None:
            found = self.graph.nodes[self.graph.lanes[found.lane].host]
        return found.item.address

    def label(self, node: int) -> str:
        """Name a task and its place: ``fetch at [2, 0]``."""
        return f"{self.name(node)} at {self.graph.where(node)}"

    def name(self, node: int) -> str:
        """Name a task, a pattern with what it is about."""
        return name_of(self.graph.nodes[node])

    def spots(self, path: Iterable[int]) -> tuple[Spot, ...]:
        """Return a path as a witness, without its middle when it is long."""
        nodes = list(path)
        if len(nodes) > _LONGEST_PATH:
            half = _LONGEST_PATH // 2
            nodes[half:-half] = [GAP]
        return tuple(map(self._spot, nodes))

    def _spot(self, node: int) -> Spot:
        if node == GAP:
            return Spot((), "...")
        found = self.graph.nodes[node]
        return Spot(self.address(node), self.graph.where(node), escape_control(found.name), location_of(found))

    def places(self, nodes: Iterable[int], most: int = 5) -> str:
        """List the places of tasks, the first few of them."""
        found = list(nodes)
        shown = ", ".join(self.graph.where(node) for node in found[:most])
        return shown + (f" and {len(found) - most} more" if len(found) > most else "")


def name_of(node: Node) -> str:
    """Name a task, a pattern with what it is about."""
    text, name = escape_control(node.op.text), escape_control(node.name)
    if not text or text.startswith(f"{name}("):
        return text or name
    return f"{name} ({text.removeprefix(name.lower()).strip()})"
