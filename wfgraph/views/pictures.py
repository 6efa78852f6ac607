"""The program ``dot``: pictures of DOT texts."""

from __future__ import annotations

from typing import Final

from wfgraph.utils import escape_control

__all__ = ["HOW_TO_GET_DOT", "DotMissingError", "RenderError", "picture"]

HOW_TO_GET_DOT: Final = "install Debian's package graphviz (apt-get install graphviz)"


class RenderError(Exception):
    """A graph could not be written to a file; the message says why and what to do."""


class DotMissingError(RenderError):
    """The program ``dot`` is not installed."""


def picture(source: str, ending: str) -> bytes:
    """Return the picture of a DOT text.

    Args:
        source: the DOT text.
        ending: ``"svg"``, ``"png"`` or ``"pdf"``.

    Raises:
        RenderError: ``dot`` is missing, or fails.
    """
    import graphviz  # here because only who draws needs it

    try:
        drawn: bytes = graphviz.pipe("dot", ending, source.encode("utf-8"), quiet=True)
    except graphviz.ExecutableNotFound as error:
        raise DotMissingError(
            f"drawing .{ending} needs the program dot, which is not on the PATH: {HOW_TO_GET_DOT}; "
            ".html, .mmd, .txt and .dot work without it"
        ) from error
    except graphviz.CalledProcessError as error:
        said = (error.stderr or b"").decode("utf-8", "replace").strip().splitlines()
        raise RenderError(f"dot failed: {escape_control(said[0]) if said else error}") from error
    return drawn
