"""The neutral drawing model: what a picture of a graph shows, before any language of pictures has its say.

Example, the graph of ``[fetch, IF(is_new, store)]``::

    figures   entry, n0 task "fetch", n1 condition "is_new?", n2 task "store", exit
    arrows    entry -> n0, n0 -> n1, n1 -yes-> n2, n1 -no-> exit, n2 -> exit
    root      n0, (cluster "if": n1, n2)

Texts are plain here: control characters are written as escapes and long ones are wrapped, but each renderer still has
to quote them for its own language.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from textwrap import wrap
from typing import TypeAlias

from wfgraph.graph import ops
from wfgraph.graph.definition import Block, Definition, TaskItem
from wfgraph.graph.ops import EdgeKind
from wfgraph.graph.workflow_graph import ENTRY, TERMINALS, Certainty, Edge, Node, WorkflowGraph
from wfgraph.utils import escape_control

__all__ = ["Arrow", "Cluster", "Diagram", "Figure", "Part", "Role", "diagram_of"]

_WIDTH, _LINES = 30, 3
_LABEL = 40


class Role(Enum):
    """What a figure stands for; it decides the shape."""

    ENTRY = "entry"
    EXIT = "exit"
    HALTED = "halted"
    STOPPED = "stopped"
    NEXT_TOKEN = "another token"  # noqa: S105 - no password
    FAILED = "failed"
    TASK = "task"
    CONDITION = "condition"
    CHOICE = "choice"
    LOOP = "loop"
    JUMP = "jump"
    HALT = "halt"
    STOP = "stop"
    TOKEN = "token"  # noqa: S105 - no password
    FAIL = "fail"
    PARALLEL = "parallel"
    SUBWORKFLOW = "sub-workflow"


_TERMINAL_ROLES = {
    "entry": Role.ENTRY,
    "exit": Role.EXIT,
    "halt": Role.HALTED,
    "stop": Role.STOPPED,
    "token": Role.NEXT_TOKEN,
    "error": Role.FAILED,
}
_ROLES: tuple[tuple[type[ops.Op], Role], ...] = (
    (ops.Branch, Role.CONDITION),
    (ops.Choice, Role.CHOICE),
    (ops.While, Role.LOOP),
    (ops.For, Role.LOOP),
    (ops.Jump, Role.JUMP),
    (ops.Break, Role.JUMP),
    (ops.Halt, Role.HALT),
    (ops.Stop, Role.STOP),
    (ops.NextToken, Role.TOKEN),
    (ops.JumpToken, Role.TOKEN),
    (ops.Fail, Role.FAIL),
    (ops.Split, Role.PARALLEL),
    (ops.Synchronize, Role.PARALLEL),
    (ops.SubWorkflow, Role.SUBWORKFLOW),
)
_CONDITIONS = (Role.CONDITION, Role.CHOICE, Role.LOOP)


@dataclass(frozen=True, slots=True)
class Figure:
    """One node of the picture.

    Attributes:
        key: its name in the picture, made of letters, digits and ``_`` only.
        role: what it stands for.
        lines: its text.
        opaque: nothing is known of what it does to the flow.
    """

    key: str
    role: Role
    lines: tuple[str, ...]
    opaque: bool = False


@dataclass(frozen=True, slots=True)
class Cluster:
    """A nested list, or a branch of a parallel pattern.

    Attributes:
        key: its name in the picture, made of letters, digits and ``_`` only.
        title: its text; may be empty.
        lane: whether it is a branch of a parallel pattern.
        parts: what it holds.
    """

    key: str
    title: str
    lane: bool
    parts: tuple[Part, ...]


Part: TypeAlias = Figure | Cluster


@dataclass(frozen=True, slots=True)
class Arrow:
    """One edge of the picture.

    Attributes:
        source: the key of the figure it leaves.
        target: the key of the figure it leads to.
        kind: the type of the transition.
        text: its label; may be empty.
        certain: False for a step that is only possible.
    """

    source: str
    target: str
    kind: EdgeKind
    text: str
    certain: bool


@dataclass(frozen=True, slots=True)
class Diagram:
    """A whole picture.

    Attributes:
        terminals: the figures for where tokens come from and go to, as far as they are used.
        root: everything else, nested.
        arrows: the edges.
    """

    terminals: tuple[Figure, ...]
    root: Cluster
    arrows: tuple[Arrow, ...]


def diagram_of(graph: WorkflowGraph) -> Diagram:
    """Make the drawing model of a graph."""
    used = {ENTRY} | {edge.target for edge in graph.edges if edge.target < 0}
    terminals = tuple(
        Figure(name, _TERMINAL_ROLES[name], (_TERMINAL_ROLES[name].value,))
        for number, name in TERMINALS.items()
        if number in used
    )
    lanes: dict[int, list[Cluster]] = {}  # by host; a lane's own lanes have higher numbers, so they are ready
    for lane in reversed(graph.lanes):
        title = f"branch {lane.index}"
        built = _cluster(graph, lane.definition, f"l{lane.id}", title, lane.first, lanes)
        lanes.setdefault(lane.host, []).insert(0, built)
    root = _cluster(graph, graph.definition, None, "", 0, lanes)
    return Diagram(terminals, root, tuple(_arrow(graph, edge) for edge in graph.edges))


def _cluster(
    graph: WorkflowGraph, body: Definition, lane: str | None, title: str, first: int, lanes: dict[int, list[Cluster]]
) -> Cluster:
    """Nest the blocks of a definition; the last first, so that what a block holds is there when its turn comes."""
    built: dict[int, Cluster] = {}
    prefix = "" if lane is None else f"{lane}_"
    for block in reversed(body.blocks):
        parts: list[Part] = []
        for slot in block.slots:
            if isinstance(slot, Block):
                inner = built.pop(slot.id)
                if inner.parts:  # a list without tasks has no place in the flow
                    parts.append(inner)
                continue
            number = first + slot.id
            parts.append(_figure(graph.nodes[number]))
            parts.extend(lanes.pop(number, ()))
        if block.parent is None:
            return Cluster(lane or "root", title, lane is not None, tuple(parts))
        word = _pattern_word(graph, block, first)
        built[block.id] = Cluster(f"{prefix}b{block.id}", word, False, tuple(parts))
    raise AssertionError("a definition has a root block")


def _pattern_word(graph: WorkflowGraph, block: Block, first: int) -> str:
    """Name a block by the pattern that made it, where its first task says so."""
    head = block.slots[0] if block.slots else None
    if not isinstance(head, TaskItem):
        return ""
    op = graph.nodes[first + head.id].op
    if isinstance(op, ops.Branch):
        return _line(op.keyword)
    return {ops.Choice: "choice", ops.While: "while", ops.For: "for"}.get(type(op), "")


def _figure(node: Node) -> Figure:
    role = next((role for kind, role in _ROLES if isinstance(node.op, kind)), Role.TASK)
    return Figure(f"n{node.id}", role, tuple(_texts(node, role)), node.op.opaque)


def _texts(node: Node, role: Role) -> list[str]:
    name, text = node.name, node.op.text
    if role in _CONDITIONS:
        described: str = getattr(node.op, "describe", "")
        if described and role is Role.CONDITION:
            # The question that "yes" and "no" answer; the pattern's word, "if not" among them, is its cluster's title.
            return _wrapped(f"{described}?")
        return _wrapped(text if described else f"{text} {name}")
    if role is Role.JUMP:
        return _wrapped(f"jump {text}" if text else "break")
    if text.startswith(name):
        return _wrapped(text)
    return [*_wrapped(name), *(_wrapped(text) if text else ())]


def _arrow(graph: WorkflowGraph, edge: Edge) -> Arrow:
    return Arrow(
        _key(edge.source), _key(edge.target), edge.kind, _line(_label(graph, edge)), edge.certainty is Certainty.MUST
    )


def _key(node: int) -> str:
    return TERMINALS[node] if node < 0 else f"n{node}"


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
            return "" if isinstance(op, ops.Jump) else edge.label.replace("jump_call:", "jump ")
    return edge.label.replace("_token", "").replace("next", "next token")


def _line(text: str) -> str:
    """Cut a text to one line of bounded length, free of control characters."""
    shown = escape_control(text[: _LABEL + 1])
    return shown if len(shown) <= _LABEL else shown[: _LABEL - 1] + "…"


def _wrapped(text: str) -> list[str]:
    shown = escape_control(text[: _WIDTH * (_LINES + 1)])
    return wrap(shown, _WIDTH, max_lines=_LINES, placeholder="…", drop_whitespace=True) or ["(no name)"]
