"""What is known about a figure, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from wfgraph.graph.difference import Change
from wfgraph.views.diagram import Badge, Figure, Tally
from wfgraph.views.look import CHANGES, SIGNS

__all__ = ["codes_of", "lines_of", "summary_of", "tally_of"]


def lines_of(figure: Figure) -> list[str]:
    """Return the lines of a figure, with the sign of its change, and what happened there."""
    lines = [*figure.lines, *figure.notes]
    if figure.change is not Change.KEPT:
        lines[0] = f"{CHANGES[figure.change][0]} {lines[0]}"
    return lines if figure.tally is None else [*lines, tally_of(figure.tally)]


def codes_of(badges: Iterable[Badge]) -> list[str]:
    """Return the signs and codes of findings, each once."""
    return list(dict.fromkeys(f"{SIGNS[badge.severity]} {badge.code}" for badge in badges))


def tally_of(tally: Tally) -> str:
    """Write what happened at a figure on one line: ``1,389× · 1.9 s · 47 %``, ``12 waiting``."""
    standing = [f"{count:,} {status}" for status, count in tally.standing]
    if not tally.visits:
        return ", ".join(standing) or "never"
    told = [f"{tally.visits:,}×"]
    if tally.seconds:
        told.append(_duration(tally.seconds))
    if tally.share >= 0.005:
        told.append(f"{tally.share:.0%}".replace("%", " %"))
    return " · ".join([*told, *standing])


def _duration(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.0f} µs"


def summary_of(figure: Figure) -> str:
    """Write all that is known about a figure, as a tooltip shows it."""
    return "\n".join(_summary(figure))


def _summary(figure: Figure) -> Iterator[str]:
    about = figure.about
    if about is None:
        yield " ".join(figure.lines)
        return
    yield f"{about.name} {about.where}"
    yield from about.doc.splitlines()[:6]
    if about.source or about.module:
        yield " ".join(filter(None, (about.module, about.source and f"({about.source})")))
    if figure.opaque:
        yield "what it does to the flow is not known"
    if figure.tally is not None:
        yield tally_of(figure.tally)
    for badge in figure.badges:
        yield f"{SIGNS[badge.severity]} {badge.code}: {badge.message}"
