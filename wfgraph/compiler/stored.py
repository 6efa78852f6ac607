"""A graph as JSON, and back: what a definition was is kept beside the runs that stand in it.

The graph that comes back has the nodes, edges, addresses and identities of the one that was stored, and can be drawn,
compared and checked as that could. Its tasks are stand-ins: they tell what they stood for, and refuse to run.

Example, ``[fetch]`` of a module ``flow`` (shortened)::

    {"format": 1, "bodies": [{"blocks": [], "tasks": [[0, 0]]}],
     "nodes": [{"name": "fetch", "identity": ["flow.fetch", "", false], "declared": false,
                "op": {"op": "Opaque"}, "opaque": true}],
     "edges": [[-1, 0, "next", "must", ""], [0, -2, "next", "may", ""]]}
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from dataclasses import replace as replaced
from typing import Any

from wfgraph.compiler.lower import lower
from wfgraph.compiler.normalize import define
from wfgraph.errors import WorkflowDefinitionError
from wfgraph.graph import ops
from wfgraph.graph.definition import Definition
from wfgraph.graph.identity import Recorded, identities, is_declared
from wfgraph.graph.ops import EdgeKind, Exit, Op
from wfgraph.graph.outcomes import Control, Outcome
from wfgraph.graph.verify import graph_faults
from wfgraph.graph.workflow_graph import TERMINALS, Certainty, Edge, Node, WorkflowGraph
from wfgraph.utils import escape_control, is_a, shown

__all__ = ["graph_from", "graph_from_json", "graph_to_json", "read_json"]

_FORMAT = 1
_DAMAGES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    StopIteration,
    TypeError,
    ValueError,
    WorkflowDefinitionError,
)
"""What reading a graph with a part missing or exchanged ends in."""
_MOST_LANES = 100_000


class StoredTask(Recorded):
    """Stands for a task of a stored graph; what it was, see :class:`~wfgraph.graph.identity.Identity`."""

    def __init__(self, name: str, identity: tuple[str, str, bool], declared: bool, op: Op) -> None:
        self.__name__ = name
        self.recorded_name, self.recorded_detail, self.recorded_anonymous = identity
        self.recorded_declared = declared
        self.op = op

    def __call__(self, obj: Any, eng: Any) -> None:
        """Refuse.

        Raises:
            WorkflowDefinitionError: always.
        """
        raise WorkflowDefinitionError(
            f"{self.recorded_name} is a task of a stored graph, which can be looked at but not run", payload=self
        )

    def __repr__(self) -> str:
        return f"<stored task {self.recorded_name}>"


def graph_to_json(graph: WorkflowGraph) -> str:
    """Return a graph as JSON, the same text for the same graph; :func:`graph_from_json` reads it."""
    bodies = [graph.definition, *(lane.definition for lane in graph.lanes)]
    known = identities(graph)
    content = {
        "format": _FORMAT,
        "bodies": [_body(body) for body in bodies],
        "nodes": [
            {
                "name": node.name,
                "identity": [one.name, one.detail, one.anonymous],
                "declared": is_declared(node),
                "op": _op(node.op),
                "opaque": node.opaque,
                **({"beside": [_outcome(way.outcome) for way in node.beside]} if node.beside else {}),
            }
            for node, one in zip(graph.nodes, known, strict=True)
        ],
        "edges": [
            [edge.source, edge.target, edge.kind.value, edge.certainty.value, edge.label] for edge in graph.edges
        ],
    }
    return json.dumps(content, ensure_ascii=True, separators=(",", ":"))


def _body(body: Definition) -> dict[str, Any]:
    """Write the lists of a definition: for each but the root the list and slot it stands in; the same for the tasks."""
    return {
        "blocks": [[block.parent, block.index] for block in body.blocks[1:]],
        "tasks": [[item.block, item.index] for item in body.tasks],
    }


def _op(op: Op) -> dict[str, Any]:
    """Write what an op tells; the callables that it holds are left out."""
    told: dict[str, Any] = {"op": type(op).__name__}
    for field in fields(op):
        value = getattr(op, field.name)
        if isinstance(op, ops.Choice) and field.name == "cases":
            labels = [way.label for way in op.exits()]
            told["cases"] = [[label, offset] for label, (_, offset) in zip(labels, value, strict=False)]
        elif is_a(value, Outcome):
            told[field.name] = _outcome(value)
        elif field.name == "outcomes" and value is not None:
            told["outcomes"] = [_outcome(one) for one in value]
        elif isinstance(op, ops.Split | ops.Synchronize) and field.name == "lanes":
            told["lanes"] = len(value)
        elif type(value) in (str, bool, int):
            told[field.name] = value
    return told


def _outcome(outcome: Outcome) -> list[Any]:
    return [outcome.control.value, outcome.offset]


def graph_from_json(text: str | bytes) -> WorkflowGraph:
    """Return the graph that :func:`graph_to_json` wrote.

    Raises:
        WorkflowDefinitionError: the text is nothing of the kind.
    """
    return graph_from(read_json(text, "a stored graph"))


def read_json(text: str | bytes, what: str) -> Any:
    """Return what a text says that is JSON.

    Raises:
        WorkflowDefinitionError: it is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WorkflowDefinitionError(f"{what} is JSON; this is not: {error}") from error


def graph_from(content: Any) -> WorkflowGraph:
    """Return the graph of JSON that has been read; raises as :func:`graph_from_json`."""
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise WorkflowDefinitionError(
            f"this is no stored graph of format {_FORMAT}, as `wfgraph draw -o x.json` writes"
        )
    try:
        return _rebuilt(content)
    except _DAMAGES as error:
        raise WorkflowDefinitionError(f"the stored graph is damaged: {type(error).__name__}: {error}") from error


def _rebuilt(content: dict[str, Any]) -> WorkflowGraph:
    made = iter(content["nodes"])
    bodies = [_lists(body, made) for body in content["bodies"]]
    tasks = [task for _, own in bodies for task in own]
    # Lanes come in the order of their hosts, as lowering numbers them.
    lanes = iter(bodies[1:])
    for task in tasks:
        if isinstance(task.op, ops.Split | ops.Synchronize):
            count = len(task.op.lanes)
            task.op = replaced(task.op, lanes=tuple(tuple(next(lanes)[0]) for _ in range(count)))
    graph = lower(define(bodies[0][0]), _told)
    nodes = tuple(
        Node(node.id, node.item, node.op, node.lane, bool(told["opaque"]), _beside(told))
        for node, told in zip(graph.nodes, content["nodes"], strict=True)
    )
    known = {number: number for number in (*TERMINALS, *range(len(nodes)))}
    edges = tuple(
        Edge(known[source], known[target], EdgeKind(kind), Certainty(certainty), str(label))
        for source, target, kind, certainty, label in content["edges"]
    )
    found = WorkflowGraph(graph.definition, nodes, edges, graph.lanes)
    for fault in graph_faults(found):
        raise ValueError(fault)
    return found


def _beside(told: dict[str, Any]) -> tuple[Exit, ...]:
    return tuple(Exit.of(_outcome_from(one)) for one in told.get("beside", ()))


def _told(task: Any) -> Op:
    """Return the op of a stand-in; what stands for the items of a loop does nothing."""
    return task.op if isinstance(task, StoredTask) else ops.Call()


def _lists(body: dict[str, Any], made: Iterator[dict[str, Any]]) -> tuple[list[Any], list[StoredTask]]:
    """Build nested lists of stand-ins; return them, and the stand-ins in document order."""
    slots: list[dict[int, Any]] = [{}, *({} for _ in body["blocks"])]
    lists: list[list[Any]] = [[] for _ in slots]
    tasks = []
    for number, (parent, index) in enumerate(body["blocks"], 1):
        slots[parent][index] = lists[number]
    for block, index in body["tasks"]:
        task = _task(next(made))
        tasks.append(task)
        slots[block][index] = task
    for held, found in zip(slots, lists, strict=True):
        found.extend(held[index] for index in range(len(held)))
    return lists[0], tasks


def _task(told: dict[str, Any]) -> StoredTask:
    name, detail, anonymous = told["identity"]
    # An identity is written free of control characters; what anybody wrote into a file may have some.
    identity = escape_control(str(name)), escape_control(str(detail)), bool(anonymous)
    return StoredTask(str(told["name"]), identity, bool(told["declared"]), _op_from(told["op"]))


def _op_from(told: dict[str, Any]) -> Op:
    kind: Callable[..., Op] = getattr(ops, told["op"])
    if not (isinstance(kind, type) and issubclass(kind, Op)) or kind is Op:
        raise ValueError(f"there is no op {told['op']!r}")
    given: dict[str, Any] = {}
    for field in fields(kind):
        value = told.get(field.name, MISSING)
        if field.name in ("when_true", "when_false"):
            value = _outcome_from(value)
        elif field.name == "outcomes" and isinstance(value, list):
            value = tuple(map(_outcome_from, value))
        elif field.name == "cases":
            value = tuple((label, int(offset)) for label, offset in value)
        elif field.name == "lanes":
            value = ((),) * min(int(value), _MOST_LANES)
        elif value is MISSING and field.default is MISSING:
            value = _nothing if field.name == "items" else ()
        elif value is not MISSING and not isinstance(value, _TYPES.get(str(field.type), object)):
            raise TypeError(f"{field.name} of {told['op']} is {shown(value)}")
        if value is not MISSING:
            given[field.name] = value
    return kind(**given)


_TYPES: dict[str, Any] = {"str": str, "str | None": str | None, "int": int, "int | None": int | None, "bool": bool}
"""What the fields of ops that are written as they are may hold, by what they are annotated with."""


def _outcome_from(told: Any) -> Outcome:
    control, offset = told
    if not isinstance(offset, int | None):
        raise TypeError(f"a jump is by {shown(offset)}")
    return Outcome(Control(control), offset)


def _nothing(obj: Any, eng: Any) -> tuple[()]:
    """Stand for the items of a stored loop."""
    return ()
