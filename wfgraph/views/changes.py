"""Two versions of a definition in one picture: the new one, with what is gone drawn where it was."""

from __future__ import annotations

from dataclasses import replace

from wfgraph.graph.difference import Change, Difference
from wfgraph.views.diagram import Arrow, Cluster, Diagram, Figure, Part
from wfgraph.views.extract import diagram_of

__all__ = ["diagram_of_difference"]


def diagram_of_difference(found: Difference, *, everything: bool = False) -> Diagram:
    """Make the drawing model of a difference.

    Args:
        found: what :func:`wfgraph.graph.difference.difference` found.
        everything: show the bookkeeping of patterns, too.
    """
    old, new = (diagram_of(graph, everything=everything) for graph in (found.old, found.new))
    names = _names(found, old, new)
    there = {figure.key for figure in new.figures()}
    gone: dict[str | None, list[Figure]] = {}
    last: str | None = None
    for figure in old.root.figures():
        name = names[figure.key]
        if name in there:
            last = name
        else:
            gone.setdefault(last, []).append(replace(figure, key=name, change=Change.REMOVED))
    changes = {f"n{number}": change for number, change in enumerate(found.nodes)}
    root = _marked(new.root, changes, gone)
    arrows = _arrows([_renamed(arrow, names) for arrow in old.arrows], new.arrows, changes)
    kept = {end for arrow in arrows for end in (arrow.source, arrow.target)}
    terminals = tuple(figure for figure in _both(new, old) if figure.key in kept)
    return Diagram(terminals, root, arrows, (_told(found),))


def _both(new: Diagram, old: Diagram) -> list[Figure]:
    return list({figure.key: figure for figure in (*new.terminals, *old.terminals)}.values())


def _names(found: Difference, old: Diagram, new: Diagram) -> dict[str, str]:
    """Return the keys of the old figures in the common picture: those of their pairs, or some of their own."""
    there = {figure.key for figure in new.figures()}
    names = {figure.key: figure.key for figure in old.terminals}
    for figure in old.root.figures():
        # Keys are a letter, the number of a node, and for a port what it is: n12_halt.
        number, _, port = figure.key[1:].partition("_")
        pair = found.pairs.get(int(number))
        name = f"{figure.key[0]}{pair}" + (f"_{port}" if port else "")
        names[figure.key] = name if pair is not None and name in there else f"o{figure.key}"
    return names


def _renamed(arrow: Arrow, names: dict[str, str]) -> Arrow:
    return replace(arrow, source=names[arrow.source], target=names[arrow.target])


def _arrows(old: list[Arrow], new: tuple[Arrow, ...], changes: dict[str, Change]) -> tuple[Arrow, ...]:
    before = {_way(arrow) for arrow in old}
    after = {_way(arrow) for arrow in new}
    exits = {(arrow.source, arrow.kind, arrow.text): arrow for arrow in old}
    made = []
    for arrow in new:
        if _way(arrow) in before:
            made.append(arrow)
            continue
        was = exits.get((arrow.source, arrow.kind, arrow.text))
        kept = was is not None and all(
            changes.get(end) is not Change.ADDED and not end.startswith("o") for end in (was.target, arrow.target)
        )
        made.append(replace(arrow, change=Change.REWIRED if kept else Change.ADDED))
    made += [replace(arrow, change=Change.REMOVED, edges=()) for arrow in old if _way(arrow) not in after]
    return tuple(made)


def _way(arrow: Arrow) -> tuple[object, ...]:
    return (arrow.source, arrow.target, arrow.kind, arrow.text)


def _marked(root: Cluster, changes: dict[str, Change], gone: dict[str | None, list[Figure]]) -> Cluster:
    """Copy the tree with its changes marked, and what is gone after what it followed; without recursion."""
    done: list[Part] = list(gone.get(None, ()))
    frames = [(root, iter(zip(root.parts, root.arms, strict=True)), done, [-1] * len(done))]
    while True:
        cluster, rest, parts, arms = frames[-1]
        following = next(rest, None)
        if following is None:
            frames.pop()
            copy = replace(cluster, parts=tuple(parts), arms=tuple(arms))
            if not frames:
                return copy
            frames[-1][2].append(copy)
            continue
        part, arm = following
        if isinstance(part, Cluster):
            arms.append(arm)
            frames.append((part, iter(zip(part.parts, part.arms, strict=True)), [], []))
            continue
        ghosts = gone.get(part.key, [])
        parts += [replace(part, change=changes.get(part.key, Change.KEPT)), *ghosts]
        arms += [arm] * (1 + len(ghosts))


def _told(found: Difference) -> str:
    counts = found.counts
    shown = (Change.ADDED, Change.MOVED, Change.CHANGED, Change.REMOVED)
    told = [f"{counts[change]} {change.value}" for change in shown if counts[change]]
    return ", ".join(told) or ("only arrows differ" if found else "no difference")
