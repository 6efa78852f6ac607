"""Where tokens can get to: the analyses that several rules share, each worked out once, over plain lists of numbers.

The nodes are those of the graph; the terminals follow them. What a loose node is assumed to do leads through one extra
node per list (or per definition, for an opaque one), so that there are never more edges than nodes times a constant.

``everywhere`` holds all steps that a run can take. ``own`` leaves out what starts the branches of a parallel pattern,
which are run by other engines, and the end of a ``WHILE`` whose condition always holds: it answers whether a token can
ever come to an end.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from wfgraph.checks.algorithms import components, irreducible_edges, reach
from wfgraph.checks.constants import answer_of
from wfgraph.graph.ops import EdgeKind, While
from wfgraph.graph.workflow_graph import ENTRY, HALT, STOP, TERMINALS, TOKEN, Edge, Node, WorkflowGraph

__all__ = ["GAP", "Flow"]

GAP = -1
"""Stands in a path for tasks that are left out."""


class Flow:
    """The flow of one graph.

    Attributes:
        graph: the graph.
        count: how many tasks it has.
        everywhere: for each node, those that a run can step to.
        own: the same for one token of one engine.
    """

    def __init__(self, graph: WorkflowGraph) -> None:
        self.graph = graph
        self.count = len(graph.nodes)
        self._extra: dict[tuple[str, int | None, int], int] = {}
        size = self.count + len(TERMINALS) + 1
        self.everywhere: list[list[int]] = [[] for _ in range(size)]
        self.own: list[list[int]] = [[] for _ in range(size)]
        for edge in graph.edges:
            self._add(edge)
        for node in graph.nodes:
            if node.loose:
                self._assume(node)

    def place(self, node: int) -> int:
        """Return the number under which a node stands in the lists; terminals are negative in the graph."""
        return node if node >= 0 else self.count - node

    def _add(self, edge: Edge) -> None:
        source, target = self.place(edge.source), self.place(edge.target)
        self.everywhere[source].append(target)
        if edge.kind is EdgeKind.SPAWN:
            return
        if edge.kind is EdgeKind.FALSE:
            op = self.graph.nodes[edge.source].op
            if isinstance(op, While) and answer_of(op):
                return
        self.own[source].append(target)

    def _assume(self, node: Node) -> None:
        """Add what a loose node may do."""
        key = ("any", node.lane, 0) if node.opaque else ("list", node.lane, node.item.block)
        if key not in self._extra:
            self._extra[key] = len(self.everywhere)
            goals = list(self._goals(node))
            self.everywhere.append(goals)
            self.own.append(goals)
        self.everywhere[node.id].append(self._extra[key])
        self.own[node.id].append(self._extra[key])

    def _goals(self, node: Node) -> Iterable[int]:
        graph = self.graph
        if not node.opaque:
            return {self.place(graph.resolve(node, start)) for start in graph.block_of(node).starts}
        body = graph.definition if node.lane is None else graph.lanes[node.lane].definition
        starts = {self.place(graph.resolve(node, start)) for start in range(len(body.tasks) + 1)}
        return starts | {self.place(end) for end in (HALT, STOP, TOKEN)}

    # Reachability ----------------------------------------------------------------------------------------------------

    @cached_property
    def _before(self) -> list[int]:
        return reach(self.everywhere, self.place(ENTRY))

    def reached(self, node: int) -> bool:
        """Tell whether a run from the start can get to a task."""
        return self._before[node] >= 0

    def path_to(self, node: int, most: int = 6) -> list[int]:
        """Return the last tasks on a shortest way from the start to a task, that task included.

        Where there are more before them, :data:`GAP` comes first.
        """
        path = [node]
        while path[-1] != self.place(ENTRY) and len(path) <= most:
            path.append(self._before[path[-1]])
        cut = path.pop() != self.place(ENTRY)
        return ([GAP] if cut else []) + [step for step in reversed(path) if step < self.count]

    def lost_at(self, node: int) -> int:
        """Return the first task on that way from which a token can't come to an end any more."""
        while (before := self._before[node]) != self.place(ENTRY) and not self.can_end(before):
            node = before
        return node

    @cached_property
    def _ends(self) -> list[bool]:
        """For each node, whether a token can come to an end from there."""
        size = len(self.own)
        sources: list[list[int]] = [[] for _ in range(size + 1)]
        for source, targets in enumerate(self.own):
            for target in targets:
                sources[target].append(source)
        sources[size] = [self.place(end) for end in TERMINALS if end != ENTRY]
        sources[size] += [lane.join for lane in self.graph.lanes if lane.join >= 0]
        return [before >= 0 for before in reach(sources, size)]

    def can_end(self, node: int) -> bool:
        """Tell whether a token can come to an end from a task."""
        return self._ends[node]

    def every_path_meets(self, nodes: Iterable[int]) -> bool:
        """Tell whether no token can come to an end without running one of these tasks."""
        before = reach(self.own, self.place(ENTRY), frozenset(nodes))
        return all(before[self.place(end)] < 0 for end in TERMINALS if end != ENTRY)

    # Loops -----------------------------------------------------------------------------------------------------------

    @cached_property
    def traps(self) -> list[list[int]]:
        """The loops that a token can get into and never out of, each as its tasks in document order."""
        found = []
        for group in components(self.own):
            inside = sorted(node for node in group if node < self.count)
            if not inside or self.can_end(inside[0]) or not self.reached(inside[0]):
                continue
            members = set(group)
            circular = len(group) > 1 or group[0] in self.own[group[0]]
            if circular and all(target in members for node in group for target in self.own[node]):
                found.append(inside)
        return sorted(found)

    @cached_property
    def second_entries(self) -> list[tuple[int, int]]:
        """The known steps back to a task which the token need not have passed: loops that are entered in two places."""
        stored: list[list[int]] = [[] for _ in range(self.count + len(TERMINALS) + 1)]
        for edge in self.graph.edges:
            stored[self.place(edge.source)].append(self.place(edge.target))
        return [edge for edge in irreducible_edges(stored, self.place(ENTRY)) if max(edge) < self.count]
