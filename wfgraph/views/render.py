"""A graph in the formats that there are: as a text, or as a file in the format that its name ends in."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Final

from wfgraph.compiler.stored import graph_to_json
from wfgraph.graph.workflow_graph import BUNDLES, FORMATS, WorkflowGraph
from wfgraph.runtime.trace import Step
from wfgraph.utils import escape_control
from wfgraph.views.diagram import Diagram
from wfgraph.views.dot import diagram_dot
from wfgraph.views.extract import diagram_of, folded
from wfgraph.views.html import diagram_html
from wfgraph.views.mermaid import diagram_mermaid
from wfgraph.views.pictures import HOW_TO_GET_DOT, DotMissingError, RenderError, picture
from wfgraph.views.svg import diagram_svg
from wfgraph.views.tree import diagram_tree

__all__ = [
    "FILES",
    "HOW_TO_GET_DOT",
    "DotMissingError",
    "Drawing",
    "Format",
    "RenderError",
    "drawn",
    "endings",
    "render",
    "write_whole",
]


@dataclass(frozen=True, slots=True)
class Drawing:
    """What to draw, and how.

    Attributes:
        graph: the graph.
        diagram: its drawing model.
        direction: ``"TB"``, from the top down, or ``"LR"``, from left to right; the HTML page and the tree have theirs.
        legend: say what shapes and lines mean; the HTML page can always.
        title: the name of the workflow.
        steps: a recorded run, for the HTML page to play.
    """

    graph: WorkflowGraph
    diagram: Diagram
    direction: str = "TB"
    legend: bool = False
    title: str = "workflow"
    steps: tuple[Step, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, graph: WorkflowGraph) -> Drawing:
        """Return the plain drawing of a graph."""
        return cls(graph, diagram_of(graph))


_DEEPEST: Final = 40
"""Graphviz takes twice the time for every few levels of clusters: 0.2 s for 40, 10 s for 80, minutes for 100."""


def _dot(drawing: Drawing) -> str:
    return diagram_dot(drawing.diagram, direction=drawing.direction, legend=drawing.legend)


def _svg(drawing: Drawing) -> str:
    return diagram_svg(_shallow(drawing.diagram), direction=drawing.direction, legend=drawing.legend)


def _picture(drawing: Drawing, ending: str) -> bytes:
    return picture(_dot(replace(drawing, diagram=_shallow(drawing.diagram))), ending)


def _shallow(diagram: Diagram) -> Diagram:
    """Fold what is nested too deep for Graphviz."""
    if diagram.root.height <= _DEEPEST:
        return diagram
    told = f"what is nested more than {_DEEPEST} levels deep is folded; the .html shows it"
    return replace(folded(diagram, _DEEPEST, lists=True), notes=(*diagram.notes, told))


def _html(drawing: Drawing) -> str:
    return diagram_html(drawing.diagram, title=drawing.title, steps=drawing.steps)


@dataclass(frozen=True, slots=True)
class Format:
    """A format of files.

    Attributes:
        name: what ``wfgraph draw --format`` calls it.
        make: draws in it.
        about: what it is, for the help of the command.
    """

    name: str
    make: Callable[[Drawing], str | bytes]
    about: str


_PICTURE: Final = "a picture; needs the program dot (package graphviz)"
FILES: Final[dict[str, Format]] = {
    "svg": Format("svg", _svg, _PICTURE),
    "png": Format("png", lambda drawing: _picture(drawing, "png"), _PICTURE),
    "pdf": Format("pdf", lambda drawing: _picture(drawing, "pdf"), _PICTURE),
    "html": Format("html", _html, "a page to look around in; needs nothing else"),
    "mmd": Format(
        "mermaid",
        lambda drawing: diagram_mermaid(drawing.diagram, direction=drawing.direction),
        "Mermaid, which many Markdown viewers draw",
    ),
    "txt": Format("tree", lambda drawing: diagram_tree(drawing.diagram), "a tree for terminals"),
    "dot": Format("dot", _dot, "the language of Graphviz"),
    "json": Format(
        "json", lambda drawing: graph_to_json(drawing.graph), "the graph, for --diff and for wfgraph check --baseline"
    ),
}
"""The formats that there are, by the endings of file names: whoever needs to know them looks here."""


def endings() -> tuple[str, ...]:
    """Return the endings of file names that :func:`render` knows."""
    return tuple(f".{ending}" for ending in FILES)


def drawn(drawing: Drawing, ending: str) -> bytes:
    """Return a drawing in the format of an ending, such as ``"svg"``.

    Raises:
        RenderError: ``dot`` is missing or fails.
    """
    made = FILES[ending].make(drawing)
    return made.encode("utf-8") if isinstance(made, str) else made


def render(graph: WorkflowGraph | Drawing, path: str | os.PathLike[str]) -> Path:
    """Write a graph to a file in the format that the file's ending names.

    The file is written as a whole or not at all: where drawing fails, an older file stays as it was.

    Args:
        graph: what to draw.
        path: where to; ``.svg``, ``.png`` and ``.pdf`` need the program ``dot``, the other :func:`endings` don't.

    Returns:
        The path.

    Raises:
        RenderError: the ending is not known, ``dot`` is missing or fails, or the file can't be written.
    """
    goal = Path(path)
    ending = goal.suffix.lower().removeprefix(".")
    if ending not in FILES:
        shown = f"the ending {goal.suffix!r}" if goal.suffix else "a name without an ending"
        raise RenderError(f"{_shown(goal)}: {shown} names no format; use one of {', '.join(endings())}")
    content = drawn(graph if isinstance(graph, Drawing) else Drawing.of(graph), ending)
    try:
        write_whole(goal, content)
    except OSError as error:
        raise RenderError(f"can't write {_shown(goal)}: {error.strerror or error}") from error
    return goal


def write_whole(goal: Path, content: bytes) -> None:
    """Write a file beside its final place first, so that nobody ever sees half of it.

    Raises:
        OSError: it can't be written; an older file is as it was.
    """
    handle, draft = tempfile.mkstemp(prefix=f".{goal.name[:40]}.", dir=goal.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # mkstemp makes files for the owner only; this one is to be as readable as any file the user makes.
        mask = os.umask(0)
        os.umask(mask)
        Path(draft).chmod(0o666 & ~mask)
        Path(draft).replace(goal)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _shown(path: Path) -> str:
    return escape_control(str(path))


# f"{graph:svg}", and what notebooks show -----------------------------------------------------------------------------


def _svg_or_nothing(graph: WorkflowGraph) -> str | None:
    try:
        return _svg(Drawing.of(graph))
    except RenderError:
        return None  # the Mermaid text beside it is drawn by the notebook itself


def _tree_or_nothing(graph: WorkflowGraph) -> str | None:
    """Return the tree where there is no picture: of two, notebooks would show this one."""
    return None if shutil.which("dot") else f"<pre>{escape(diagram_tree(diagram_of(graph)))}</pre>"


FORMATS["tree"] = lambda graph: diagram_tree(diagram_of(graph))
FORMATS["svg"] = lambda graph: _svg(Drawing.of(graph))
FORMATS["html"] = lambda graph: _html(Drawing.of(graph))
BUNDLES["image/svg+xml"] = _svg_or_nothing
BUNDLES["text/html"] = _tree_or_nothing
BUNDLES["text/vnd.mermaid"] = lambda graph: format(graph, "mermaid")
