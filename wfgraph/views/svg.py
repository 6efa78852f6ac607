"""A diagram as SVG for light and dark: Graphviz lays it out, a style sheet in it changes the colours."""

from __future__ import annotations

import re
from typing import Final

from wfgraph.views.diagram import Diagram
from wfgraph.views.dot import diagram_dot
from wfgraph.views.look import DARK, INKS, LIGHT, PAINTS, Palette
from wfgraph.views.pictures import picture

__all__ = ["diagram_svg"]

_LINKS: Final = re.compile(r'<a xlink:title="([^"<>]*)">\s*|</a>\s*')


def diagram_svg(diagram: Diagram, *, direction: str = "TB", legend: bool = False) -> str:
    """Return a diagram as SVG.

    Raises:
        RenderError: the program ``dot`` is missing, or fails.
    """
    drawn = picture(diagram_dot(diagram, direction=direction, legend=legend), "svg").decode("utf-8")
    head, mark, body = drawn.partition("<g id=")
    return f"{head}<style>{_style()}</style>\n{mark}{_LINKS.sub(_title, body)}"


def _title(link: re.Match[str]) -> str:
    """Graphviz puts tooltips into links that lead nowhere; SVG has an element for them."""
    return "" if link[1] is None else f"<title>{link[1]}</title>\n"


def _style() -> str:
    texts = "text { font-family: Helvetica, Arial, 'DejaVu Sans', sans-serif; }"
    names = ".node text:first-of-type { font-weight: bold; }"
    return f"{texts} {names} @media (prefers-color-scheme: dark) {{ {_recoloured(DARK)} }}"


def _recoloured(palette: Palette) -> str:
    rules = [
        f".graph > polygon {{ fill: {palette.ground}; }}",
        f".node text {{ fill: {palette.text}; }} .cluster text, .graph > text {{ fill: {palette.quiet}; }}",
        f".cluster path, .cluster polygon {{ fill: {palette.ground}; stroke: {palette.faint}; }}",
    ]
    for role, name in PAINTS.items():
        fill, frame = getattr(palette, name)
        shapes = ", ".join(f".node.{role.name.lower()} {shape}" for shape in ("polygon", "path", "ellipse", "polyline"))
        rules.append(f"{shapes} {{ fill: {fill}; stroke: {frame}; }}")
    rules.append(f".node.parallel text, .node.join text {{ fill: {palette.ground}; }}")
    for kind, ink in INKS.items():
        colour = getattr(palette, ink)
        rules.append(
            f".edge.{kind.value} path {{ stroke: {colour}; }} .edge.{kind.value} polygon, .edge.{kind.value} ellipse "
            f"{{ stroke: {colour}; }} .edge.{kind.value} polygon[fill='{getattr(LIGHT, ink)}'], "
            f".edge.{kind.value} ellipse[fill='{getattr(LIGHT, ink)}'] {{ fill: {colour}; }} "
            f".edge.{kind.value} text {{ fill: {colour}; }}"
        )
    rules.append(f".edge polygon[fill='none'], .edge ellipse[fill='none'], .edge path {{ fill: {palette.ground}; }}")
    rules.append(".edge path { fill: none; } .node.exit ellipse[fill='none'] { fill: none; }")
    rules += [
        f".node.heat{step} path, .node.heat{step} polygon {{ fill: {colour}; }}"
        for step, colour in enumerate(palette.heat)
        if step
    ]
    return " ".join(rules)
