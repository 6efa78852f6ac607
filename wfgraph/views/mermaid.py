"""A graph as a Mermaid flowchart, which Markdown viewers draw.

Example, ``[IF(is_new, store)]``::

    flowchart TB
        subgraph b1["if"]
            n0{"is_new?"}
            n1["store"]
        end
        entry(( ))
        exit((("exit")))
        entry --> n0
        n0 -->|"yes"| n1
        n0 -->|"no"| exit
        n1 --> exit
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from wfgraph.graph.difference import Change
from wfgraph.graph.ops import EdgeKind
from wfgraph.graph.workflow_graph import FORMATS, WorkflowGraph
from wfgraph.views.diagram import Arrow, Cluster, Diagram, Figure, Role
from wfgraph.views.extract import diagram_of
from wfgraph.views.look import CHANGES, INKS, LIGHT, PAINTS
from wfgraph.views.telling import codes_of, lines_of

__all__ = ["diagram_mermaid", "graph_mermaid"]

_SHAPES: Final[dict[Role, tuple[str, str]]] = {
    Role.ENTRY: ("((", "))"),
    Role.EXIT: ("(((", ")))"),
    Role.HALTED: ("{{", "}}"),
    Role.STOPPED: ("[[", "]]"),
    Role.NEXT_TOKEN: (">", "]"),
    Role.FAILED: ("{{", "}}"),
    Role.ANYWHERE: ("([", "])"),
    Role.TASK: ("(", ")"),
    Role.CONDITION: ("{", "}"),
    Role.CHOICE: ("{", "}"),
    Role.LOOP: ("{{", "}}"),
    Role.JUMP: ("([", "])"),
    Role.HALT: ("[/", "/]"),
    Role.STOP: ("[", "]"),
    Role.TOKEN: (">", "]"),
    Role.FAIL: ("[/", "/]"),
    Role.PARALLEL: ("[", "]"),
    Role.JOIN: ("[", "]"),
    Role.SUBWORKFLOW: ("[[", "]]"),
    Role.FOLDED: ("[[", "]]"),
}
_LINES: Final[dict[EdgeKind, str]] = {
    EdgeKind.TRUE: "==>",
    EdgeKind.LOOP: "==>",
    EdgeKind.BACK: "==>",
    EdgeKind.HALT: "--x",
    EdgeKind.STOP: "--x",
    EdgeKind.ERROR: "--x",
    EdgeKind.TOKEN: "--o",
    EdgeKind.SPAWN: "-.->",
    EdgeKind.JOIN: "-.->",
}
_CLASSES: Final[dict[str, tuple[Role, ...]]] = {
    "condition": (Role.CONDITION, Role.CHOICE),
    "loop": (Role.LOOP,),
    "halt": (Role.HALT, Role.HALTED),
    "failure": (Role.FAIL, Role.FAILED),
    "token": (Role.TOKEN, Role.NEXT_TOKEN),
    "parallel": (Role.PARALLEL, Role.JOIN),
}


def graph_mermaid(graph: WorkflowGraph) -> str:
    """Return a graph as the text of a Mermaid flowchart, the same for the same graph."""
    return diagram_mermaid(diagram_of(graph))


def diagram_mermaid(diagram: Diagram, *, direction: str = "TB") -> str:
    """Return a diagram as the text of a Mermaid flowchart.

    Args:
        diagram: what to draw.
        direction: ``"TB"``, from the top down, or ``"LR"``, from left to right.
    """
    figures = list(diagram.figures())
    lines = [f"flowchart {direction}", *_parts(diagram.root), *(f"    {_node(figure)}" for figure in diagram.terminals)]
    lines += [f"    {_edge(arrow)}" for arrow in diagram.arrows]
    lines += [f"    {line}" for line in _styles(figures, diagram.arrows)]
    return "\n".join(lines) + "\n"


def _parts(root: Cluster) -> Iterator[str]:
    """Yield the lines of what a cluster holds, without recursion: definitions may be nested very deeply."""
    open_clusters = [iter(root.parts)]
    while open_clusters:
        indent = "    " * len(open_clusters)
        part = next(open_clusters[-1], None)
        if part is None:
            open_clusters.pop()
            if open_clusters:
                yield f"{indent[4:]}end"
        elif isinstance(part, Figure):
            yield indent + _node(part)
        else:
            yield f'{indent}subgraph {part.key}["{_quoted(part.title) or " "}"]'
            open_clusters.append(iter(part.parts))


def _node(figure: Figure) -> str:
    left, right = _SHAPES[figure.role]
    lines = [*lines_of(figure), *codes_of(figure.badges)]
    text = " " if figure.role is Role.ENTRY else "<br/>".join(map(_quoted, lines))
    return f'{figure.key}{left}"{text}"{right}'


def _edge(arrow: Arrow) -> str:
    line = _LINES.get(arrow.kind, "-->") if arrow.certain else "-.->"
    sign = CHANGES[arrow.change][0] if arrow.change is not Change.KEPT else ""
    count = "" if arrow.count is None else f"{arrow.count:,}×"
    told = " ".join(filter(None, (sign, arrow.text, count, *codes_of(arrow.badges))))
    text = f'|"{_quoted(told)}"|' if told else ""
    return f"{arrow.source} {line}{text} {arrow.target}"


def _styles(figures: list[Figure], arrows: tuple[Arrow, ...]) -> Iterator[str]:
    opaque = [figure.key for figure in figures if figure.opaque]
    if opaque:
        yield "classDef opaque stroke-dasharray:5 4"
        yield f"class {','.join(opaque)} opaque"
    for name, roles in _CLASSES.items():
        members = [figure.key for figure in figures if figure.role in roles]
        if members:
            fill, stroke = getattr(LIGHT, PAINTS[roles[0]])
            text = LIGHT.ground if name == "parallel" else LIGHT.text
            yield f"classDef {name} fill:{fill},stroke:{stroke},color:{text}"
            yield f"class {','.join(members)} {name}"
    for kind, ink in INKS.items():
        numbers = [str(index) for index, arrow in enumerate(arrows) if arrow.kind is kind]
        if numbers and ink not in ("quiet", "text"):
            yield f"linkStyle {','.join(numbers)} stroke:{getattr(LIGHT, ink)}"
    for change, (_, ink) in CHANGES.items():
        members = [figure.key for figure in figures if figure.change is change]
        if members:
            yield f"classDef {change.value} stroke:{getattr(LIGHT, ink)},stroke-width:3px"
            yield f"class {','.join(members)} {change.value}"


_PLAIN: Final = frozenset(" _.,:()=-/?!'[]+…")
_MARKDOWN: Final = re.compile(r"^(\s*)(?:(\d+)\.|([-+]))|\b_+|_+\b|__+")
"""What Markdown would take for a list or for emphasis."""


def _quoted(text: str) -> str:
    """Return a text in which every character stands for itself, for use between double quotes.

    All that is neither a letter, a digit nor harmless punctuation becomes an entity code of Mermaid's, ``#decimal;``.
    """
    marked = {match.start() + index for match in _MARKDOWN.finditer(text) for index in range(len(match.group()))}
    return "".join(
        char if (char.isalnum() or char in _PLAIN) and index not in marked else f"#{ord(char)};"
        for index, char in enumerate(text)
    )


FORMATS["mermaid"] = graph_mermaid
