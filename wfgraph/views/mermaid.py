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

from wfgraph.graph.ops import EdgeKind
from wfgraph.graph.workflow_graph import FORMATS, WorkflowGraph
from wfgraph.views.diagram import Arrow, Cluster, Figure, Role, diagram_of

__all__ = ["graph_mermaid"]

_SHAPES: Final[dict[Role, tuple[str, str]]] = {
    Role.ENTRY: ("((", "))"),
    Role.EXIT: ("(((", ")))"),
    Role.HALTED: ("{{", "}}"),
    Role.STOPPED: ("[[", "]]"),
    Role.NEXT_TOKEN: (">", "]"),
    Role.FAILED: ("{{", "}}"),
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
    Role.SUBWORKFLOW: ("[[", "]]"),
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
_COLOURS: Final[dict[EdgeKind, str]] = {
    EdgeKind.TRUE: "#00795a",
    EdgeKind.FALSE: "#b45309",
    EdgeKind.CASE: "#0072b2",
    EdgeKind.LOOP: "#4338ca",
    EdgeKind.BACK: "#4338ca",
    EdgeKind.JUMP: "#a21caf",
    EdgeKind.HALT: "#b45309",
    EdgeKind.RESUME: "#b45309",
    EdgeKind.TOKEN: "#0e7490",
    EdgeKind.ERROR: "#b91c1c",
}
_CLASSES: Final[dict[str, tuple[str, tuple[Role, ...]]]] = {
    "condition": ("fill:#fef3c7,stroke:#92400e,color:#111827", (Role.CONDITION, Role.CHOICE)),
    "loop": ("fill:#e0e7ff,stroke:#3730a3,color:#111827", (Role.LOOP,)),
    "halt": ("fill:#fde68a,stroke:#b45309,color:#111827", (Role.HALT, Role.HALTED)),
    "failure": ("fill:#fee2e2,stroke:#b91c1c,color:#111827", (Role.FAIL, Role.FAILED)),
    "token": ("fill:#cffafe,stroke:#0e7490,color:#111827", (Role.TOKEN, Role.NEXT_TOKEN)),
    "parallel": ("fill:#374151,stroke:#111827,color:#ffffff", (Role.PARALLEL,)),
}
_CLASS_OF: Final = {role: name for name, (_, roles) in _CLASSES.items() for role in roles}


def graph_mermaid(graph: WorkflowGraph) -> str:
    """Return a graph as the text of a Mermaid flowchart, the same for the same graph."""
    drawing = diagram_of(graph)
    figures = [*_figures(drawing.root), *drawing.terminals]
    lines = ["flowchart TB", *_parts(drawing.root), *(f"    {_node(figure)}" for figure in drawing.terminals)]
    lines += [f"    {_edge(arrow)}" for arrow in drawing.arrows]
    lines += [f"    {line}" for line in _styles(figures, drawing.arrows)]
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


def _figures(root: Cluster) -> Iterator[Figure]:
    waiting = [root]
    while waiting:
        for part in waiting.pop().parts:
            if isinstance(part, Figure):
                yield part
            else:
                waiting.append(part)


def _node(figure: Figure) -> str:
    left, right = _SHAPES[figure.role]
    text = " " if figure.role is Role.ENTRY else "<br/>".join(map(_quoted, figure.lines))
    return f'{figure.key}{left}"{text}"{right}'


def _edge(arrow: Arrow) -> str:
    line = _LINES.get(arrow.kind, "-->") if arrow.certain else "-.->"
    text = f'|"{_quoted(arrow.text)}"|' if arrow.text else ""
    return f"{arrow.source} {line}{text} {arrow.target}"


def _styles(figures: list[Figure], arrows: tuple[Arrow, ...]) -> Iterator[str]:
    opaque = [figure.key for figure in figures if figure.opaque]
    if opaque:
        yield "classDef opaque stroke-dasharray:5 4"
        yield f"class {','.join(opaque)} opaque"
    for name, (style, roles) in _CLASSES.items():
        members = [figure.key for figure in figures if figure.role in roles]
        if members:
            yield f"classDef {name} {style}"
            yield f"class {','.join(members)} {name}"
    for kind, colour in _COLOURS.items():
        numbers = [str(index) for index, arrow in enumerate(arrows) if arrow.kind is kind]
        if numbers:
            yield f"linkStyle {','.join(numbers)} stroke:{colour}"


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
