"""Second pass: a Definition becomes a WorkflowGraph.

Before: ``IF(c, x)`` is block ``[head, x]`` with ``head`` carrying ``Branch(when_true=jump 1, when_false=break)``.
After: the edges ``head -true-> x``, ``head -false-> (what follows the block)``, ``x -next-> (what follows the block)``.

Each exit of each task's op becomes one edge, by the rule in :mod:`wfgraph.compiler.jumps`. So does each way in which a
condition that it asks can steer. Branches of parallel patterns become lanes: nodes after the definition's own, spawned by
their host and joined where the host says.
"""

from __future__ import annotations

from collections import deque

from wfgraph.compiler.effects import Infer, declared, known_op, of_asked
from wfgraph.compiler.jumps import target_of
from wfgraph.compiler.normalize import define
from wfgraph.graph.definition import Definition
from wfgraph.graph.nesting import contains_itself
from wfgraph.graph.ops import Call, EdgeKind, Split, Synchronize
from wfgraph.graph.outcomes import Control
from wfgraph.graph.workflow_graph import ENTRY, EXIT, Certainty, Edge, Lane, Node, WorkflowGraph

__all__ = ["lower"]


def lower(definition: Definition, infer: Infer = declared) -> WorkflowGraph:
    """Make the graph of a definition.

    Args:
        definition: what to make it of.
        infer: returns the op of a task: the one that it declares, or what its code tells.
    """
    count = len(definition.tasks)
    nodes: list[Node] = []
    edges: list[Edge] = [Edge(ENTRY, 0 if count else EXIT, EdgeKind.NEXT)]
    lanes: list[Lane] = []
    # Lanes get their numbers when their host is met and their nodes when their turn comes, after all nodes before them.
    waiting: deque[Lane] = deque()
    free = count
    scope: Lane | None = None
    body = definition
    while True:
        for item in body.tasks:
            op = known_op(infer(item.task), infer)
            beside, opaque = of_asked(op, infer)
            node = Node(len(nodes), item, op, None if scope is None else scope.id, op.opaque or opaque, beside)
            nodes.append(node)
            _add_edges(edges, body, node, scope)
            if isinstance(op, Split | Synchronize):
                _refuse_endless(nodes, lanes, node)
                join = EXIT if isinstance(op, Split) else _place(body, scope, item.id + 1)
                for index, raw in enumerate(op.lanes):
                    inner = define(raw)
                    lane = Lane(len(lanes), node.id, index, inner, free, join)
                    free += len(inner.tasks)
                    lanes.append(lane)
                    waiting.append(lane)
                    start = lane.first if inner.tasks else join
                    edges.append(Edge(node.id, start, EdgeKind.SPAWN, label=str(index)))
        if not waiting:
            break
        scope = waiting.popleft()
        body = scope.definition
    return WorkflowGraph(definition, tuple(nodes), tuple(edges), tuple(lanes))


def _add_edges(edges: list[Edge], body: Definition, node: Node, scope: Lane | None) -> None:
    item = node.item
    certainty = _certainty(node)
    own = len(node.exits) - len(node.beside)
    for number, way in enumerate(node.exits):
        goal = target_of(body, item, way.outcome)
        if goal is None:
            continue  # a jump by a distance that is not known: the node is loose
        kind = way.kind
        if goal >= 0:
            if kind is EdgeKind.JUMP and goal <= item.id:
                kind = EdgeKind.BACK
            goal = _place(body, scope, goal)
            if scope is not None and goal == scope.join:
                kind = EdgeKind.JOIN if kind is EdgeKind.NEXT else kind
        edges.append(Edge(node.id, goal, kind, certainty if number < own else Certainty.MAY, way.label))
        if way.outcome.control is Control.HALT:
            edges.append(Edge(node.id, _place(body, scope, item.id + 1), EdgeKind.RESUME, Certainty.MAY))


def _refuse_endless(nodes: list[Node], lanes: list[Lane], host: Node) -> None:
    """Refuse a parallel pattern that stands in one of its own branches."""
    above = host.lane
    while above is not None:
        around = nodes[lanes[above].host]
        if around.item.task is host.item.task:
            raise contains_itself(around.item.address)
        above = around.lane


def _certainty(node: Node) -> Certainty:
    """Ops that choose between labelled ways, and tasks with one way only, are certain."""
    if node.op.opaque or (isinstance(node.op, Call) and len(node.exits) > 1):
        return Certainty.MAY
    return Certainty.MUST


def _place(body: Definition, scope: Lane | None, start: int) -> int:
    """Turn a task's number within a body into a node; past the body's end, into where the flow goes on."""
    if start < len(body.tasks):
        return start if scope is None else scope.first + start
    return EXIT if scope is None else scope.join
