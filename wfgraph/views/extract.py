"""From a graph to its drawing model.

What patterns keep for themselves (the BREAK that ends a branch, the jump back of a loop) is folded into the arrows that
lead through it; the end of a token's walk is a small figure beside the task that causes it, so that no arrow crosses
the picture; a task that can do nothing else shows it by its shape alone. ``everything`` shows it all: a figure for each
task, an arrow for each edge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wfgraph.graph import ops
from wfgraph.graph.definition import Block, Definition
from wfgraph.graph.describing import describe
from wfgraph.graph.identity import identities
from wfgraph.graph.ops import EdgeKind
from wfgraph.graph.shapes import Kind, Shape, Shapes
from wfgraph.graph.workflow_graph import ERROR, EXIT, HALT, STOP, TOKEN, Certainty, Edge, WorkflowGraph
from wfgraph.views import describing
from wfgraph.views.diagram import Arrow, Badge, Cluster, ClusterKind, Diagram, Figure, Part, Role
from wfgraph.views.folding import folded
from wfgraph.views.overlay import Overlay

__all__ = ["diagram_of", "folded"]

_PORTS = {
    HALT: ("halt", Role.HALTED, "halted"),
    STOP: ("stop", Role.STOPPED, "stopped"),
    TOKEN: ("token", Role.NEXT_TOKEN, "another token"),
    ERROR: ("error", Role.FAILED, "error"),
}
_ABOUT_JUMPS = frozenset(("WF102", "WF103", "WF111", "WF112", "WF113", "WF114"))
"""The checks that find fault with where a jump leads."""
MINUS = "\N{MINUS SIGN}"
_ENDS = (ops.Halt, ops.Stop, ops.NextToken, ops.JumpToken, ops.Fail)
"""What these do is their only way: the shape of their figure tells it."""
_KINDS = {
    Kind.IF: ClusterKind.IF,
    Kind.IF_ELSE: ClusterKind.IF,
    Kind.CHOICE: ClusterKind.CHOICE,
    Kind.LOOP: ClusterKind.LOOP,
    Kind.MERGE: ClusterKind.MERGE,
    Kind.PLAIN: ClusterKind.LIST,
}


def diagram_of(
    graph: WorkflowGraph, *, everything: bool = False, depth: int | None = None, overlay: Overlay | None = None
) -> Diagram:
    """Make the drawing model of a graph.

    Args:
        graph: what to draw.
        everything: show the bookkeeping of patterns, too.
        depth: fold what is nested deeper than this; 0 folds every pattern.
        overlay: what to lay over it.
    """
    made = _Extraction(graph, everything, overlay or Overlay()).diagram()
    return made if depth is None else folded(made, depth)


class _Extraction:
    """The making of one diagram."""

    def __init__(self, graph: WorkflowGraph, everything: bool, overlay: Overlay) -> None:
        self.graph = graph
        self.everything = everything
        self.overlay = overlay
        self.shapes = Shapes(graph)
        self.identities = identities(graph)
        self.aside = set() if everything else self.shapes.bookkeeping
        self.joins = {node.id for node in graph.nodes if isinstance(node.op, ops.Synchronize) and not everything}
        self.ports: dict[int, dict[str, Figure]] = {}
        self.places = {id(edge): place for place, edge in enumerate(graph.edges)}

    def diagram(self) -> Diagram:
        arrows = tuple(self._arrows())
        lanes: dict[int, list[Cluster]] = {}  # by host; a lane's own lanes have higher numbers, so they are ready
        for lane in reversed(self.graph.lanes):
            title = f"branch {lane.index}"
            made = self._cluster(lane.definition, lane.id, f"l{lane.id}", title, lane.first, lanes)
            lanes.setdefault(lane.host, []).insert(0, made)
        root = self._cluster(self.graph.definition, None, "root", "", 0, lanes)
        used = {arrow.target for arrow in arrows}
        terminals: list[Figure] = [Figure("entry", Role.ENTRY, ("start",))]
        if "exit" in used:
            terminals.append(Figure("exit", Role.EXIT, ("end",)))
        return Diagram(tuple(terminals), root, arrows, self.overlay.notes)

    # Figures and clusters --------------------------------------------------------------------------------------------

    def _cluster(
        self, body: Definition, lane: int | None, key: str, title: str, first: int, lanes: dict[int, list[Cluster]]
    ) -> Cluster:
        """Nest the blocks of a definition; the last first, so that what a block holds is there when its turn comes."""
        built: dict[int, Cluster] = {}
        prefix = "" if lane is None else f"{key}_"
        for block in reversed(body.blocks):
            shape = self.shapes.shape(lane, block.id)
            parts: list[Part] = []
            arms: list[int] = []
            for index, slot in enumerate(block.slots):
                if isinstance(slot, Block):
                    inner = built.pop(slot.id)
                    new: list[Part] = [inner] if inner.parts else []  # a list without tasks has no place in the flow
                    if index in shape.arms and not self.everything:
                        new = _unwrapped(new)
                elif (number := first + slot.id) in self.aside:
                    continue
                else:
                    new = [*self._figures(number), *lanes.pop(number, ())]
                    if number in self.joins:
                        new.append(self._join(number))
                parts += new
                arms += [_arm(shape, index)] * len(new)
            if block.parent is None:
                kind = ClusterKind.ROOT if lane is None else ClusterKind.LANE
                return Cluster(key, title, kind, tuple(parts), tuple(arms))
            built[block.id] = Cluster(
                f"{prefix}b{block.id}", self._word(shape), _KINDS[shape.kind], tuple(parts), tuple(arms)
            )
        raise AssertionError("a definition has a root block")

    def _word(self, shape: Shape) -> str:
        """Name a block by the pattern that made it."""
        if shape.kind is Kind.PLAIN:
            return ""
        op = self.graph.nodes[shape.start(0)].op
        if isinstance(op, ops.Branch):
            return describing.line(op.keyword)
        words: dict[type, str] = {ops.Choice: "choice", ops.While: "while", ops.For: "for"}
        return words.get(type(op)) or str(shape.kind.value)

    def _figures(self, number: int) -> Iterator[Figure]:
        node = self.graph.nodes[number]
        role = describing.role_of(node)
        lines, notes = describing.texts(node, role)
        about = describing.about(self.graph, node, self.identities[number])
        badges = self.overlay.badges.get(number, ())
        tally = self.overlay.tallies.get(number)
        yield Figure(f"n{number}", role, lines, notes, node.op.opaque, (number,), about, badges, tally)
        yield from self.ports.get(number, {}).values()

    def _join(self, host: int) -> Figure:
        op = self.graph.nodes[host].op
        final = getattr(op, "final", ())
        notes = describing.wrapped(f"then {', '.join(map(describe, final))}") if final else ()
        return Figure(f"j{host}", Role.JOIN, ("wait for all",), notes)

    # Arrows ----------------------------------------------------------------------------------------------------------

    def _arrows(self) -> Iterator[Arrow]:
        seen: set[tuple[int, int]] = set()
        for edge in self.graph.edges:
            if edge.source in self.aside:
                continue
            arrow = self._arrow(edge)
            if arrow is not None:
                yield self._counted(arrow, edge, seen)
        for node in self.graph.nodes:
            if node.wild and node.id not in self.aside:
                port = self._port(node.id, "any", Role.ANYWHERE, "anywhere")
                yield Arrow(f"n{node.id}", port, EdgeKind.JUMP, "jump ?", certain=False)
        yield from self._assumed(seen)

    def _arrow(self, edge: Edge) -> Arrow | None:
        """Make the arrow of an edge and of those that it is continued by; None where a figure's shape says it all."""
        source = self._leaves(edge)
        chain, back = [edge], False
        while chain[-1].target in self.aside:
            following = self.graph.out_edges(chain[-1].target)
            if len(following) != 1 or following[0] in chain:
                break
            chain.append(following[0])
        last = chain[-1]
        kind, certain = edge.kind, edge.certainty is Certainty.MUST
        if last.target >= 0:
            back = edge.source >= 0 and self._is_back(edge.source, last.target)
            if kind is EdgeKind.NEXT and any(one.kind is EdgeKind.BACK for one in chain):
                kind = EdgeKind.BACK
        target = self._goal(edge, last)
        if target is None:
            return None
        places = tuple(self.places[id(one)] for one in chain)
        text = describing.line(_label(self.graph, edge))
        return Arrow(source, target, kind, text, certain, back, places, badges=self._about(edge))

    def _about(self, edge: Edge) -> tuple[Badge, ...]:
        """Return the findings that are about where a jump leads."""
        if edge.kind not in (EdgeKind.JUMP, EdgeKind.BACK):
            return ()
        return tuple(badge for badge in self.overlay.badges.get(edge.source, ()) if badge.code in _ABOUT_JUMPS)

    def _leaves(self, edge: Edge) -> str:
        if edge.source < 0:
            return "entry"
        joined = edge.source in self.joins and edge.kind is not EdgeKind.SPAWN
        return f"j{edge.source}" if joined else f"n{edge.source}"

    def _goal(self, edge: Edge, last: Edge) -> str | None:
        """Return the figure that an arrow leads to; for the end of a parallel branch, the bar where it is waited for."""
        source, target = edge.source, last.target
        if source >= 0:
            lane = self.graph.nodes[source].lane
            host = None if lane is None else self.graph.lanes[lane].host
            if edge.kind is EdgeKind.SPAWN and source in self.joins and self._outside(source, target):
                return f"j{source}"
            if lane is not None and host in self.joins and target == self.graph.lanes[lane].join:
                return f"j{host}"
        if target >= 0:
            return f"n{target}"
        if target == EXIT:
            return "exit"
        if isinstance(self.graph.nodes[source].op, _ENDS) and not self.everything:
            return None
        name, role, text = _PORTS[target]
        return self._port(source, name, role, text)

    def _outside(self, host: int, target: int) -> bool:
        """Tell whether a node is in none of a pattern's own branches: the branch that begins there has no tasks."""
        lane = None if target < 0 else self.graph.nodes[target].lane
        return lane is None or self.graph.lanes[lane].host != host

    def _port(self, source: int, name: str, role: Role, text: str) -> str:
        key = f"n{source}_{name}"
        self.ports.setdefault(source, {})[key] = Figure(key, role, (text,))
        return key

    def _is_back(self, source: int, target: int) -> bool:
        return target <= source and self.graph.nodes[source].lane == self.graph.nodes[target].lane

    # What runs did ---------------------------------------------------------------------------------------------------

    def _counted(self, arrow: Arrow, edge: Edge, seen: set[tuple[int, int]]) -> Arrow:
        steps = self.overlay.steps
        step = (edge.source, edge.target)
        inside = edge.kind is EdgeKind.SPAWN or (edge.source >= 0 and self.graph.nodes[edge.source].lane is not None)
        if steps is None or step in seen or inside:
            return arrow  # of two edges between the same tasks, it can't be told which was taken
        seen.add(step)
        count = steps.get(step, 0)
        return replace(arrow, count=count, share=count / self._left(edge.source) if count else 0.0)

    def _left(self, source: int) -> int:
        """Return how many steps left a node."""
        if not hasattr(self, "_totals"):
            self._totals: dict[int, int] = {}
            for (begin, _), count in (self.overlay.steps or {}).items():
                self._totals[begin] = self._totals.get(begin, 0) + count
        return self._totals.get(source, 0)

    def _assumed(self, seen: set[tuple[int, int]]) -> Iterator[Arrow]:
        """Yield arrows for steps that were taken by tasks of which nothing is known."""
        for (source, target), count in (self.overlay.steps or {}).items():
            if (source, target) in seen or source in self.aside or not count:
                continue
            edge = Edge(source, target, EdgeKind.JUMP if target >= EXIT else EdgeKind.HALT, Certainty.ASSUMED)
            goal = self._goal(edge, edge) if target not in self.aside else None
            if goal is not None:
                back = min(source, target) >= 0 and self._is_back(source, target)
                share = count / self._left(source)
                yield Arrow(self._leaves(edge), goal, edge.kind, "", False, back, (), count, share)


def _unwrapped(parts: list[Part]) -> list[Part]:
    """Take the lists off a branch of a condition: it needs no frame of its own."""
    while len(parts) == 1 and isinstance(parts[0], Cluster) and parts[0].kind is ClusterKind.LIST:
        parts = list(parts[0].parts)
    return parts


def _arm(shape: Shape, index: int) -> int:
    """Return which branch of a pattern a slot is; -1 for its head."""
    if shape.kind in (Kind.IF_ELSE, Kind.CHOICE, Kind.MERGE) and index in shape.arms:
        return shape.arms.index(index)
    return 0 if index else -1


def _label(graph: WorkflowGraph, edge: Edge) -> str:
    op = graph.nodes[edge.source].op if edge.source >= 0 else None
    match edge.kind:
        case EdgeKind.TRUE:
            return edge.label or "yes"
        case EdgeKind.FALSE:
            return edge.label or "no"
        case EdgeKind.LOOP:
            return edge.label or ("each" if isinstance(op, ops.For) else "yes")
        case EdgeKind.RESUME:
            return "resume"
        case EdgeKind.SPAWN:
            return f"branch {edge.label}"
        case EdgeKind.JUMP | EdgeKind.BACK:
            offset = edge.label.replace("jump_call:", "") if edge.label else str(getattr(op, "offset", ""))
            return f"jump {offset.replace('-', MINUS)}" if offset else ""
    return edge.label.replace("_token", "").replace("next", "next token")
