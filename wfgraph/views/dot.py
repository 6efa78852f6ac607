"""A graph as DOT, the language of Graphviz.

How things look: tasks are rounded boxes (dashed when nothing is known of what they do to the flow), conditions
diamonds, choices double diamonds, loops hexagons, halts octagons, jumps and breaks small and without a box. Edges are
told apart by colour and by the shape of line and arrow; a dashed line is a step that is only possible.
"""

from __future__ import annotations

from typing import Any, Final

from wfgraph.graph.ops import EdgeKind
from wfgraph.graph.workflow_graph import FORMATS, WorkflowGraph
from wfgraph.views.diagram import Arrow, Cluster, Figure, Role, diagram_of

__all__ = ["graph_dot"]

_FONT: Final = "Helvetica,Arial,sans-serif"
_GRAPH: Final = {
    "rankdir": "TB",
    "newrank": "true",
    "nodesep": "0.3",
    "ranksep": "0.34",
    "fontname": _FONT,
    "fontsize": "9",
    "fontcolor": "#6b7280",
    "labeljust": "l",
}
_BLOCK: Final = {"style": "rounded", "color": "#d1d5db"}
_LANE: Final = {"style": "rounded,dashed", "color": "#374151"}
_NODE: Final = {
    "shape": "box",
    "style": "rounded,filled",
    "fillcolor": "white",
    "color": "#4b5563",
    "fontname": _FONT,
    "fontsize": "11",
    "fontcolor": "#111827",
    "height": "0.35",
    "margin": "0.14,0.06",
}
_EDGE: Final = {"fontname": _FONT, "fontsize": "10", "color": "#6b7280", "arrowsize": "0.7"}

_FLAT: Final = {"shape": "plain", "style": "", "fontsize": "9", "fontcolor": "#6b7280"}
_DOT: Final = {"style": "filled", "fixedsize": "true", "label": ""}
_ROLES: Final[dict[Role, dict[str, str]]] = {
    Role.ENTRY: {**_DOT, "shape": "circle", "fillcolor": "#111827", "width": "0.2", "height": "0.2"},
    Role.EXIT: {**_DOT, "shape": "doublecircle", "fillcolor": "#111827", "width": "0.16", "height": "0.16"},
    Role.HALTED: {"shape": "doubleoctagon", "style": "filled", "fillcolor": "#fde68a", "color": "#b45309"},
    Role.STOPPED: {"shape": "box", "style": "filled", "fillcolor": "#e5e7eb", "color": "#111827", "peripheries": "2"},
    Role.NEXT_TOKEN: {"shape": "cds", "style": "filled", "fillcolor": "#cffafe", "color": "#0e7490"},
    Role.FAILED: {"shape": "doubleoctagon", "style": "filled", "fillcolor": "#fee2e2", "color": "#b91c1c"},
    Role.TASK: {},
    Role.CONDITION: {"shape": "diamond", "style": "filled", "fillcolor": "#fef3c7", "color": "#92400e"},
    Role.CHOICE: {
        "shape": "diamond",
        "style": "filled",
        "fillcolor": "#fef3c7",
        "color": "#92400e",
        "peripheries": "2",
    },
    Role.LOOP: {"shape": "hexagon", "style": "filled", "fillcolor": "#e0e7ff", "color": "#3730a3"},
    Role.JUMP: _FLAT,
    Role.HALT: {"shape": "octagon", "style": "filled", "fillcolor": "#fef3c7", "color": "#b45309"},
    Role.STOP: {"shape": "box", "style": "filled", "fillcolor": "#e5e7eb", "color": "#111827"},
    Role.TOKEN: {"shape": "cds", "margin": "0.22,0.1", "style": "filled", "fillcolor": "#ecfeff", "color": "#0e7490"},
    Role.FAIL: {"shape": "octagon", "style": "filled", "fillcolor": "#fee2e2", "color": "#b91c1c"},
    Role.PARALLEL: {"shape": "box", "style": "filled", "fillcolor": "#374151", "fontcolor": "white"},
    Role.SUBWORKFLOW: {"peripheries": "2"},
}
_POINTED: Final = (Role.CONDITION, Role.CHOICE)

# A kind has its colour, and what tells it apart without colour; `dashed` is kept for steps that are only possible.
_KINDS: Final[dict[EdgeKind, dict[str, str]]] = {
    EdgeKind.NEXT: {"weight": "4"},
    EdgeKind.TRUE: {"color": "#00795a", "fontcolor": "#00795a", "style": "bold", "weight": "3"},
    EdgeKind.FALSE: {"color": "#b45309", "fontcolor": "#b45309", "arrowhead": "empty", "weight": "2"},
    EdgeKind.CASE: {"color": "#0072b2", "fontcolor": "#0072b2", "arrowhead": "vee"},
    EdgeKind.LOOP: {"color": "#4338ca", "fontcolor": "#4338ca", "style": "bold", "arrowhead": "vee", "weight": "3"},
    EdgeKind.BACK: {"color": "#4338ca", "fontcolor": "#4338ca", "style": "bold", "weight": "0"},
    EdgeKind.JUMP: {"color": "#a21caf", "fontcolor": "#a21caf", "arrowhead": "onormal"},
    EdgeKind.BREAK: {"color": "#78716c", "fontcolor": "#78716c", "arrowhead": "tee", "arrowsize": "0.9"},
    EdgeKind.HALT: {"color": "#b45309", "fontcolor": "#b45309", "arrowhead": "box", "weight": "0"},
    EdgeKind.RESUME: {"color": "#b45309", "fontcolor": "#b45309", "arrowhead": "odot"},
    EdgeKind.STOP: {"color": "#111827", "arrowhead": "box", "style": "bold"},
    EdgeKind.TOKEN: {"color": "#0e7490", "fontcolor": "#0e7490", "arrowhead": "diamond"},
    EdgeKind.SPAWN: {"color": "#374151", "fontcolor": "#374151", "style": "dotted", "penwidth": "1.6"},
    EdgeKind.JOIN: {"color": "#374151", "style": "dotted", "penwidth": "1.6", "arrowhead": "dot"},
    EdgeKind.ERROR: {"color": "#b91c1c", "fontcolor": "#b91c1c", "arrowhead": "invempty"},
}


def graph_dot(graph: WorkflowGraph) -> str:
    """Return a graph as a DOT text, the same for the same graph."""
    import graphviz  # here because only who draws needs it

    drawing = diagram_of(graph)
    dot = graphviz.Digraph("wfgraph", graph_attr=_GRAPH, node_attr=_NODE, edge_attr=_EDGE)
    _add(dot, drawing.root)
    for figure in drawing.terminals:
        dot.node(figure.key, **_node(figure))
    after_loops = {arrow.source: arrow.target for arrow in drawing.arrows if arrow.kind is EdgeKind.FALSE}
    for arrow in drawing.arrows:
        _connect(dot, arrow, after_loops)
    return str(dot.source)


def _add(dot: Any, root: Cluster) -> None:
    """Add what a cluster holds, without recursion: definitions may be nested deeper than Python's recursion limit."""
    import graphviz

    open_clusters = [(dot, iter(root.parts))]
    while open_clusters:
        into, rest = open_clusters[-1]
        part = next(rest, None)
        if part is None:
            open_clusters.pop()
            if open_clusters:
                open_clusters[-1][0].subgraph(into)
        elif isinstance(part, Figure):
            into.node(part.key, **_node(part))
        else:
            look = _LANE if part.lane else _BLOCK
            inner = graphviz.Digraph(f"cluster_{part.key}", graph_attr={"label": _quoted(part.title), **look})
            open_clusters.append((inner, iter(part.parts)))


def _node(figure: Figure) -> dict[str, str]:
    shape = _ROLES[figure.role]
    attributes = {"label": _quoted(*figure.lines), **shape}
    if figure.role in _POINTED:
        # A diamond has room for text only around its middle.
        attributes["margin"] = "0.01,0.01"
    if figure.opaque:
        attributes["style"] = ",".join(filter(None, (shape.get("style", _NODE["style"]), "dashed")))
    return attributes


def _connect(dot: Any, arrow: Arrow, after_loops: dict[str, str]) -> None:
    attributes = dict(_KINDS[arrow.kind])
    if arrow.text:
        attributes["label"] = _quoted(f" {arrow.text} ")
    if not arrow.certain:
        attributes["style"] = "dashed"
    if arrow.kind is EdgeKind.BACK:
        # Drawn from the head of the loop, backwards: so the head stays on top, and the flow goes on below.
        dot.edge(arrow.target, arrow.source, dir="back", **attributes)
        if arrow.target in after_loops:
            dot.edge(arrow.source, after_loops[arrow.target], style="invis", weight="0")
    else:
        dot.edge(arrow.source, arrow.target, **attributes)


def _quoted(*lines: str) -> str:
    r"""Return a label in which every character stands for itself.

    ``&`` would begin an entity, a backslash an escape (``\N`` is the node's name, ``\n`` a new line), and a label in
    angle brackets would be HTML.
    """
    import graphviz

    escaped = (line.replace("&", "&amp;").replace("\\", "\\\\") for line in lines)
    label: str = graphviz.nohtml("\\n".join(escaped))
    return label


FORMATS["dot"] = graph_dot
