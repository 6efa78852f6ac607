"""A graph as DOT, the language of Graphviz.

How things look: tasks are rounded boxes (dashed when nothing is known of what they do to the flow), conditions
diamonds, choices double diamonds, loops hexagons, halts octagons, ends of a token's walk small flags. Edges are told
apart by colour and by the shape of line and arrow; a dashed line is a step that is only possible.

Figures and edges carry classes (``task``, ``opaque``, ``heat3``, ``added``, ...) and figures their key as ``id``: both
survive into SVG, where a style sheet can use them.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import Any, Final

from wfgraph.graph.difference import Change
from wfgraph.graph.ops import EdgeKind
from wfgraph.graph.workflow_graph import FORMATS, WorkflowGraph
from wfgraph.views.diagram import Arrow, Cluster, ClusterKind, Diagram, Figure, Role
from wfgraph.views.extract import diagram_of
from wfgraph.views.legend import legend_of
from wfgraph.views.look import CHANGES, INKS, LIGHT, PAINTS, SIGNS
from wfgraph.views.telling import codes_of, lines_of, summary_of

__all__ = ["diagram_dot", "graph_dot"]

_FONT: Final = "Helvetica,Arial,sans-serif"
_GRAPH: Final = {
    "newrank": "true",
    "nodesep": "0.3",
    "ranksep": "0.34",
    "fontname": _FONT,
    "fontsize": "9",
    "fontcolor": LIGHT.quiet,
    "labeljust": "l",
}
_NODE: Final = {
    "shape": "box",
    "style": "rounded,filled",
    "fillcolor": LIGHT.white[0],
    "color": LIGHT.white[1],
    "fontname": _FONT,
    "fontsize": "11",
    "fontcolor": LIGHT.text,
    "height": "0.35",
    "margin": "0.14,0.06",
}
_EDGE: Final = {"fontname": _FONT, "fontsize": "10", "color": LIGHT.quiet, "arrowsize": "0.7"}
_BLOCKS: Final[dict[ClusterKind, dict[str, str]]] = {
    ClusterKind.LANE: {"style": "rounded,dashed", "color": LIGHT.quiet},
    ClusterKind.LOOP: {"style": "rounded,filled", "color": LIGHT.faint, "fillcolor": "#f8f9ff"},
}
_BLOCK: Final = {"style": "rounded", "color": "#e5e7eb"}

_MOST_TEXT: Final = 3_000
"""Graphviz reads no text longer than 16,384 bytes, and a character of ours takes up to five."""
_POINT: Final = {"style": "filled", "fixedsize": "true", "label": ""}
_SMALL: Final = {"fontsize": "9", "height": "0.2", "margin": "0.08,0.03"}
_SHAPES: Final[dict[Role, dict[str, str]]] = {
    Role.ENTRY: {**_POINT, "shape": "circle", "width": "0.2", "height": "0.2"},
    Role.EXIT: {**_POINT, "shape": "doublecircle", "width": "0.16", "height": "0.16"},
    Role.HALTED: {"shape": "octagon", "style": "filled", **_SMALL},
    Role.STOPPED: {"shape": "box", "style": "filled", "peripheries": "2", **_SMALL},
    Role.NEXT_TOKEN: {"shape": "cds", "style": "filled", **_SMALL, "margin": "0.16,0.06"},
    Role.FAILED: {"shape": "doubleoctagon", "style": "filled", **_SMALL},
    Role.ANYWHERE: {"shape": "plain", "style": "", "fontsize": "9"},
    Role.TASK: {},
    Role.CONDITION: {"shape": "diamond", "style": "filled"},
    Role.CHOICE: {"shape": "diamond", "style": "filled", "peripheries": "2"},
    Role.LOOP: {"shape": "hexagon", "style": "filled"},
    Role.JUMP: {"shape": "plain", "style": "", "fontsize": "9", "fontcolor": LIGHT.quiet},
    Role.HALT: {"shape": "octagon", "style": "filled", "penwidth": "1.6"},
    Role.STOP: {"shape": "box", "style": "filled", "penwidth": "2"},
    Role.TOKEN: {"shape": "cds", "margin": "0.22,0.1", "style": "filled"},
    Role.FAIL: {"shape": "tripleoctagon", "style": "filled"},
    Role.PARALLEL: {"shape": "box", "style": "filled", "fontcolor": LIGHT.ground, "height": "0.22"},
    Role.JOIN: {"shape": "box", "style": "filled", "fontcolor": LIGHT.ground, "height": "0.22", "fontsize": "9"},
    Role.SUBWORKFLOW: {"peripheries": "2"},
    Role.FOLDED: {"peripheries": "2", "style": "rounded,filled", "fillcolor": "#f3f4f6"},
}
_POINTED: Final = (Role.CONDITION, Role.CHOICE)

# What tells a kind apart without colour; `dashed` is kept for steps that are only possible.
_KINDS: Final[dict[EdgeKind, dict[str, str]]] = {
    EdgeKind.NEXT: {"weight": "12"},
    EdgeKind.TRUE: {"style": "bold", "weight": "3"},
    EdgeKind.FALSE: {"arrowhead": "empty", "weight": "2"},
    EdgeKind.CASE: {"arrowhead": "vee"},
    EdgeKind.LOOP: {"style": "bold", "arrowhead": "vee", "weight": "3"},
    EdgeKind.BACK: {"style": "bold", "weight": "0"},
    EdgeKind.JUMP: {"arrowhead": "onormal"},
    EdgeKind.BREAK: {"arrowhead": "tee", "arrowsize": "0.9"},
    EdgeKind.HALT: {"arrowhead": "box", "weight": "1"},
    EdgeKind.RESUME: {"arrowhead": "odot", "style": "dotted", "weight": "4"},
    EdgeKind.STOP: {"arrowhead": "box", "style": "bold"},
    EdgeKind.TOKEN: {"arrowhead": "diamond"},
    EdgeKind.SPAWN: {"style": "dotted", "penwidth": "1.6"},
    EdgeKind.JOIN: {"style": "dotted", "penwidth": "1.6", "arrowhead": "dot"},
    EdgeKind.ERROR: {"arrowhead": "invempty"},
}
_PLAIN_KINDS: Final = (EdgeKind.NEXT, EdgeKind.STOP, EdgeKind.SPAWN, EdgeKind.JOIN)


def graph_dot(graph: WorkflowGraph) -> str:
    """Return a graph as a DOT text, the same for the same graph."""
    return diagram_dot(diagram_of(graph))


def diagram_dot(diagram: Diagram, *, direction: str = "TB", legend: bool = False) -> str:
    """Return a diagram as a DOT text.

    Args:
        diagram: what to draw.
        direction: ``"TB"``, from the top down, or ``"LR"``, from left to right.
        legend: add what the shapes and lines in it mean.
    """
    import graphviz  # here because only who draws needs it

    dot = graphviz.Digraph("wfgraph", graph_attr={"rankdir": direction, **_GRAPH}, node_attr=_NODE, edge_attr=_EDGE)
    if diagram.notes:
        dot.graph_attr.update(label=_quoted(*diagram.notes), labelloc="b")
    _add(dot, diagram.root)
    for figure in diagram.terminals:
        dot.node(figure.key, **_node(figure))
    after_loops = {arrow.source: arrow.target for arrow in diagram.arrows if arrow.kind is EdgeKind.FALSE}
    for arrow in diagram.arrows:
        _connect(dot, arrow, after_loops)
    if legend:
        _legend(dot, diagram, stacked=direction == "TB")
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
            look = {"class": part.kind.value, "labelloc": "t", **_BLOCKS.get(part.kind, _BLOCK)}
            inner = graphviz.Digraph(f"cluster_{part.key}", graph_attr={"label": _quoted(part.title), **look})
            open_clusters.append((inner, iter(part.parts)))


def _node(figure: Figure) -> dict[str, str]:
    shape = _SHAPES[figure.role]
    fill, frame = getattr(LIGHT, PAINTS[figure.role])
    attributes = {"id": figure.key, "label": _quoted(*_label(figure)), "fillcolor": fill, "color": frame, **shape}
    if figure.role in _POINTED:
        # A diamond has room for text only around its middle.
        attributes["margin"] = "0.07,0.03"
    if figure.opaque:
        attributes["style"] = ",".join(filter(None, (shape.get("style", _NODE["style"]), "dashed")))
    if figure.about is not None:
        attributes["tooltip"] = _quoted(*summary_of(figure).splitlines())
    classes = [figure.role.name.lower(), *(["opaque"] if figure.opaque else [])]
    if figure.tally is not None:
        classes.append(_measured(figure, attributes))
    if figure.badges:
        classes.append(min((badge.severity for badge in figure.badges), key=list(SIGNS).index))
    if figure.change is not Change.KEPT:
        classes.append(figure.change.value)
        attributes |= {"color": getattr(LIGHT, CHANGES[figure.change][1]), "penwidth": "2.6"}
        if figure.change is Change.REMOVED:
            attributes["style"] = f"{shape.get('style', _NODE['style'])},dotted"
    attributes["class"] = " ".join(filter(None, classes))
    return attributes


def _label(figure: Figure) -> list[str]:
    """Return the lines of a figure: its own, what happened there, and what was found."""
    if figure.role in (Role.ENTRY, Role.EXIT):
        return []
    codes = codes_of(figure.badges)
    return [*lines_of(figure), *([" ".join(codes)] if codes else [])]


def _measured(figure: Figure, attributes: dict[str, str]) -> str:
    """Colour a figure by what happened there; return the class that says the same."""
    tally = figure.tally
    assert tally is not None  # noqa: S101
    if tally.standing:
        attributes |= {"penwidth": "3"}
    if tally.standing and not tally.visits:
        return "standing"
    if not tally.visits:
        attributes |= {"color": "#9ca3af"}
        if PAINTS[figure.role] != "dark":  # on which grey could not be read
            attributes["fontcolor"] = "#6b7280"
        return "unvisited"
    if tally.heat and PAINTS[figure.role] == "white":
        attributes["fillcolor"] = LIGHT.heat[tally.heat]
    return f"heat{tally.heat}"


def _connect(dot: Any, arrow: Arrow, after_loops: dict[str, str]) -> None:
    attributes = dict(_KINDS[arrow.kind])
    ink = getattr(LIGHT, INKS[arrow.kind])
    if arrow.kind is not EdgeKind.NEXT:
        attributes |= {"color": ink} if arrow.kind in _PLAIN_KINDS else {"color": ink, "fontcolor": ink}
    text = arrow.text if arrow.count is None else " · ".join(filter(None, (arrow.text, f"{arrow.count:,}×")))
    if arrow.change is not Change.KEPT:
        sign, name = CHANGES[arrow.change]
        text = f"{sign} {text}".rstrip()
        attributes |= {"color": getattr(LIGHT, name), "fontcolor": getattr(LIGHT, name), "penwidth": "2"}
    text = " ".join(filter(None, (text, *codes_of(arrow.badges))))
    if text:
        attributes["label"] = _quoted(f" {text} ")
    if arrow.count is not None:
        attributes["penwidth"] = f"{0.6 + 3.4 * arrow.share:.1f}"
    if not arrow.certain and arrow.kind is not EdgeKind.RESUME:
        attributes["style"] = "dashed"
    if arrow.change is Change.REMOVED:
        attributes["style"] = "dotted"
        if not (arrow.source.startswith("o") or arrow.target.startswith("o")):
            attributes["constraint"] = "false"  # the picture is that of the new version
    classes = (
        arrow.kind.value,
        "" if arrow.certain else "may",
        "" if arrow.change is Change.KEPT else arrow.change.value,
    )
    attributes["class"] = " ".join(filter(None, classes))
    if arrow.back:
        # Drawn from the head of the loop, backwards: so the head stays on top, and the flow goes on below.
        attributes["weight"] = "0"
        if "arrowhead" in attributes:
            attributes["arrowtail"] = attributes.pop("arrowhead")
        dot.edge(arrow.target, arrow.source, dir="back", **attributes)
        if arrow.target in after_loops and after_loops[arrow.target] != arrow.source:
            dot.edge(arrow.source, after_loops[arrow.target], style="invis", weight="0")
    else:
        dot.edge(arrow.source, arrow.target, **attributes)


def _legend(dot: Any, diagram: Diagram, *, stacked: bool) -> None:
    """Add a cluster with a sample of each shape and line that the diagram has, in rows of one shape and one line.

    From the top down, a row is kept level and hung below the last one; from left to right, rows lie so by themselves, and a line
    within a rank would stand upright, through its own text.
    """
    import graphviz

    box = graphviz.Digraph("cluster_legend", graph_attr={"label": "legend", "class": "legend", **_BLOCK})
    figures, arrows = legend_of(diagram)
    point = {"shape": "point", "style": "invis", "width": "0.01", "height": "0.01", "class": "legend", "label": ""}
    before = None
    for figure, arrow in zip_longest(figures, arrows):
        row = graphviz.Digraph(graph_attr={"rank": "same"} if stacked else {})
        if figure is not None:
            row.node(figure.key, **{**_node(figure), "fontsize": "8", "height": "0.2", "margin": "0.06,0.02"})
        if arrow is not None:
            for end in (arrow.source, arrow.target):
                row.node(end, **point)
            samples = {key: value for key, value in _KINDS[arrow.kind].items() if key != "weight"}
            ink = getattr(LIGHT, INKS[arrow.kind])
            told = {"label": _quoted(f" {arrow.text} "), "fontsize": "8", "color": ink, "class": arrow.kind.value}
            row.edge(arrow.source, arrow.target, **{**samples, **told})
            beside = figure if stacked or not figures else figure or figures[-1]
            if beside is not None:
                row.edge(beside.key, arrow.source, style="invis")
        box.subgraph(row)
        first = figure.key if figure is not None else arrow.source
        if stacked and before is not None:
            box.edge(before, first, style="invis")
        before = first
    dot.subgraph(box)


def _quoted(*lines: str) -> str:
    r"""Return a label in which every character stands for itself.

    ``&`` would begin an entity, a backslash an escape (``\N`` is the node's name, ``\n`` a new line), and a label in
    angle brackets would be HTML.
    """
    import graphviz

    text = "\n".join(lines)
    shown = text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…"
    label: str = graphviz.nohtml(shown.replace("&", "&amp;").replace("\\", "\\\\").replace("\n", "\\n"))
    return label


FORMATS["dot"] = graph_dot
