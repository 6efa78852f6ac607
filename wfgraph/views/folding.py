"""Folding: what is nested deeper than wanted becomes one figure each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wfgraph.graph.ops import EdgeKind
from wfgraph.utils import counted
from wfgraph.views import describing
from wfgraph.views.diagram import Arrow, Cluster, ClusterKind, Diagram, Figure, Part, Role

__all__ = ["folded"]


def folded(diagram: Diagram, depth: int, *, lists: bool = False) -> Diagram:
    """Fold the clusters that are nested deeper than ``depth`` to one figure each.

    Args:
        diagram: what to fold.
        depth: how many levels are shown.
        lists: whether plain lists count as levels, too.
    """
    stands_for: dict[str, str] = {}
    root = _folded(diagram.root, depth, stands_for, lists)
    merged: dict[tuple[str, str, object, str], Arrow] = {}
    for arrow in diagram.arrows:
        source, target = stands_for.get(arrow.source, arrow.source), stands_for.get(arrow.target, arrow.target)
        if source == target and (arrow.source in stands_for or arrow.target in stands_for):
            continue
        text = "" if arrow.source in stands_for and arrow.kind is not EdgeKind.SPAWN else arrow.text
        kind = EdgeKind.NEXT if arrow.source in stands_for else arrow.kind
        key = (source, target, kind, text)
        known = merged.get(key)
        moved = replace(arrow, source=source, target=target, kind=kind, text=text)
        merged[key] = moved if known is None else _joined(known, moved)
    return replace(diagram, root=root, arrows=tuple(merged.values()))


def _joined(one: Arrow, other: Arrow) -> Arrow:
    counts = [arrow.count for arrow in (one, other) if arrow.count is not None]
    return replace(
        one,
        certain=one.certain or other.certain,
        edges=(*one.edges, *other.edges),
        count=sum(counts) if counts else None,
        share=min(1.0, one.share + other.share),
    )


def _folded(root: Cluster, depth: int, stands_for: dict[str, str], lists: bool) -> Cluster:
    """Copy the tree without recursion: definitions may be nested very deeply."""
    done: list[Part] = []
    frames: list[tuple[Cluster, int, Iterator[Part], list[Part]]] = [(root, 0, iter(root.parts), done)]
    while True:
        cluster, level, rest, into = frames[-1]
        part = next(rest, None)
        if part is None:
            frames.pop()
            copy = replace(cluster, parts=tuple(into))
            if not frames:
                return copy
            frames[-1][3].append(copy)
        elif isinstance(part, Figure):
            into.append(part)
        elif part.kind is ClusterKind.LIST and not lists:
            frames.append((part, level, iter(part.parts), []))
        elif level < depth:
            frames.append((part, level + 1, iter(part.parts), []))
        else:
            into.append(_one(part, stands_for))


def _one(cluster: Cluster, stands_for: dict[str, str]) -> Figure:
    """Return the figure that stands for a cluster."""
    inside = list(cluster.figures())
    key = f"f{cluster.key}"
    stands_for.update((figure.key, key) for figure in inside)
    nodes = tuple(number for figure in inside for number in figure.nodes)
    steps = counted(len(nodes), "step")
    title = " ".join(inside[0].lines) if cluster.kind is not ClusterKind.LANE else cluster.title
    badges = tuple(badge for figure in inside for badge in figure.badges)
    return Figure(key, Role.FOLDED, describing.wrapped(title or "list"), (f"▸ {steps}",), False, nodes, None, badges)
