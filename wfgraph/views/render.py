"""A graph as a file: a picture where the program ``dot`` is installed, a text in any case."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from wfgraph.compiler.stored import graph_to_json
from wfgraph.graph.text import graph_text
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.utils import escape_control
from wfgraph.views.dot import graph_dot
from wfgraph.views.mermaid import graph_mermaid

__all__ = ["HOW_TO_GET_DOT", "DotMissingError", "RenderError", "endings", "render", "write_whole"]

HOW_TO_GET_DOT: Final = "install Debian's package graphviz (apt-get install graphviz)"
_PICTURES: Final = ("svg", "png", "pdf")
_TEXTS: Final[dict[str, Callable[[WorkflowGraph], str]]] = {
    "dot": graph_dot,
    "mmd": graph_mermaid,
    "txt": graph_text,
    "json": graph_to_json,
}


class RenderError(Exception):
    """A graph could not be written to a file; the message says why and what to do."""


class DotMissingError(RenderError):
    """The program ``dot`` is not installed."""


def endings() -> tuple[str, ...]:
    """Return the endings of file names that :func:`render` knows."""
    return tuple(f".{ending}" for ending in (*_PICTURES, *_TEXTS))


def render(graph: WorkflowGraph, path: str | os.PathLike[str]) -> Path:
    """Write a graph to a file in the format that the file's ending names.

    The file is written as a whole or not at all: where drawing fails, an older file stays as it was.

    Args:
        graph: what to draw.
        path: where to; ``.svg``, ``.png`` and ``.pdf`` need the program ``dot``, ``.dot``, ``.mmd`` and ``.txt`` don't.

    Returns:
        The path.

    Raises:
        RenderError: the ending is not known, ``dot`` is missing or fails, or the file can't be written.
    """
    goal = Path(path)
    ending = goal.suffix.lower().removeprefix(".")
    if ending in _PICTURES:
        content = _picture(graph, ending)
    elif ending in _TEXTS:
        content = _TEXTS[ending](graph).encode("utf-8")
    else:
        shown = f"the ending {goal.suffix!r}" if goal.suffix else "a name without an ending"
        raise RenderError(f"{_shown(goal)}: {shown} names no format; use one of {', '.join(endings())}")
    try:
        write_whole(goal, content)
    except OSError as error:
        raise RenderError(f"can't write {_shown(goal)}: {error.strerror or error}") from error
    return goal


def _picture(graph: WorkflowGraph, ending: str) -> bytes:
    import graphviz  # here because only who draws needs it

    source = graph_dot(graph).encode("utf-8")
    try:
        drawn: bytes = graphviz.pipe("dot", ending, source, quiet=True)
    except graphviz.ExecutableNotFound as error:
        raise DotMissingError(
            f"drawing .{ending} needs the program dot, which is not on the PATH: {HOW_TO_GET_DOT}; "
            ".dot and .mmd work without it"
        ) from error
    except graphviz.CalledProcessError as error:
        said = (error.stderr or b"").decode("utf-8", "replace").strip().splitlines()
        raise RenderError(f"dot failed: {escape_control(said[0]) if said else error}") from error
    return drawn


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
