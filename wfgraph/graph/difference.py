"""Two versions of a definition compared: which task is which, and what was added, removed, moved, changed, rewired.

There are two questions, and two answers to "which task is which":

* where may a run that stands in the old version go on in the new one? :func:`same_tasks`: only at a task that is
  certainly the same one, under the same patterns;
* what would a reader call the change? :class:`Difference` pairs tasks more freely, and says how they differ.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from html import escape

from wfgraph.graph.identity import Identity, fingerprint, identities
from wfgraph.graph.ops import EdgeKind
from wfgraph.graph.pairing import BY_KEY, BY_NAME, BY_SHORT, Rule, Side, pairs_of
from wfgraph.graph.shapes import Shapes
from wfgraph.graph.workflow_graph import TERMINALS, Edge, WorkflowGraph
from wfgraph.utils import escape_control

__all__ = ["Change", "Difference", "Reason", "Stranded", "difference", "same_tasks", "stranded"]


def same_tasks(old: WorkflowGraph, new: WorkflowGraph) -> dict[int, int]:
    """Return the tasks of the old graph that are certainly in the new one, as numbers of nodes.

    In graphs of one fingerprint all tasks are the same. Otherwise a task is the same when there is exactly one of its
    identity on both sides, and it has a name of its own.
    """
    return {number: target for number, target in _matched(old, new) if isinstance(target, int)}


def stranded(old: WorkflowGraph, new: WorkflowGraph) -> list[Stranded]:
    """Return the tasks of the old graph at which no run can go on in the new one, with the reasons."""
    return [target for _, target in _matched(old, new) if isinstance(target, Stranded)]


class Reason(Enum):
    """Why a task is not certainly the same as any of another graph."""

    GONE = "is gone"
    ANONYMOUS = "has no name of its own to be found by"
    ALIKE = "can't be told from others that are just like it"
    GUARDED = "stands under another pattern now"
    RELEASED = "does not stand any more under a pattern under which it stood"
    CHANGED = "was made with other arguments"


@dataclass(frozen=True, slots=True)
class Stranded:
    """A task of an old graph at which no run can go on in a new one.

    Attributes:
        node: the task.
        reason: why not.
        guards: the patterns under which it stands now and did not before.
        candidates: the tasks of the new graph that come nearest.
    """

    node: int
    reason: Reason
    guards: tuple[str, ...] = ()
    candidates: tuple[int, ...] = ()

    def why(self, new: WorkflowGraph) -> str:
        """Say why no run can go on there, and which tasks of the new graph come nearest."""
        guards = f": {', '.join(self.guards)}" if self.guards else ""
        near = ", ".join(new.where(node) for node in self.candidates[:3])
        return f"{self.reason.value}{guards}" + (f"; nearest: {near}" if near else "")


def _matched(old: WorkflowGraph, new: WorkflowGraph) -> Iterator[tuple[int, int | Stranded]]:
    if fingerprint(old) == fingerprint(new):
        yield from ((node.id, node.id) for node in old.nodes)
        return
    before, after = identities(old), identities(new)
    alike = Counter(one.key for one in before)
    by_key, by_short, by_name = (_grouped(after, rule) for rule in (BY_KEY, BY_SHORT, BY_NAME))
    for number, one in enumerate(before):
        same = by_key.get(one.key, ())
        if one.anonymous:
            yield number, Stranded(number, Reason.ANONYMOUS, candidates=same)
        elif len(same) == 1 == alike[one.key]:
            yield number, same[0]
        elif same:
            yield number, Stranded(number, Reason.ALIKE, candidates=same)
        elif elsewhere := by_short.get(BY_SHORT(one)):
            yield number, _moved(number, one, [after[place] for place in elsewhere], elsewhere)
        else:
            changed = tuple(place for place in by_name.get(one.name, ()) if after[place].setting == one.setting)
            yield number, Stranded(number, Reason.CHANGED if changed else Reason.GONE, candidates=changed)


def _moved(number: int, one: Identity, found: list[Identity], places: tuple[int, ...]) -> Stranded:
    """Say how a task stands under other patterns than before."""
    around = Counter(one.around.texts if one.around else ())
    fresh = [tuple((Counter(other.around.texts if other.around else ()) - around).elements()) for other in found]
    if all(fresh):
        return Stranded(number, Reason.GUARDED, fresh[0], places)
    return Stranded(number, Reason.RELEASED, candidates=places)


def _grouped(found: tuple[Identity, ...], rule: Rule) -> dict[Hashable, tuple[int, ...]]:
    groups: dict[Hashable, list[int]] = {}
    for number, one in enumerate(found):
        groups.setdefault(rule(one), []).append(number)
    return {key: tuple(numbers) for key, numbers in groups.items()}


class Change(Enum):
    """What happened to a task or an edge."""

    KEPT = "kept"
    MOVED = "moved"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    REWIRED = "rewired"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Difference:
    """What lies between two versions of a definition.

    Attributes:
        old: the old graph.
        new: the new graph.
        pairs: for each task of the old graph that a reader would find again, the one in the new graph.
        nodes: what happened to the tasks of the new graph, by number.
        removed: the tasks of the old graph that are gone.
        edges: the edges of the new graph, and whether they were there.
        lost: the edges of the old graph that are gone.
    """

    old: WorkflowGraph
    new: WorkflowGraph
    pairs: dict[int, int]
    nodes: tuple[Change, ...]
    removed: tuple[int, ...]
    edges: tuple[tuple[Edge, Change], ...]
    lost: tuple[Edge, ...]

    def __bool__(self) -> bool:
        return any(change is not Change.KEPT for change in self.nodes) or bool(self.removed or self.lost) or self._grown

    @property
    def _grown(self) -> bool:
        return any(change is not Change.KEPT for _, change in self.edges)

    @property
    def _bookkeeping(self) -> tuple[set[int], set[int]]:
        """The tasks that only keep a pattern's books, of the new version and of the old: no line tells of them."""
        return Shapes(self.new).bookkeeping, Shapes(self.old).bookkeeping

    @property
    def counts(self) -> Counter[Change]:
        """How many lines tell of each kind of change."""
        aside, gone = self._bookkeeping
        counts = Counter(change for number, change in enumerate(self.nodes) if number not in aside)
        counts[Change.REMOVED] = sum(number not in gone for number in self.removed)
        counts[Change.REWIRED] = sum(
            change is Change.REWIRED and edge.source not in aside for edge, change in self.edges
        )
        return counts

    def __repr__(self) -> str:
        counts = self.counts
        told = ", ".join(f"{counts[one]} {one.value}" for one in Change if counts[one] and one is not Change.KEPT)
        return f"<Difference: {told or 'none'}>"

    def _repr_html_(self) -> str:
        """Return what a notebook shows (a protocol of IPython's)."""
        return f"<pre>{escape(chr(10).join(self.lines()) or 'no difference')}</pre>"

    def lines(self) -> Iterator[str]:
        """Yield what changed, one line each, the tasks in the order of the new version; no bookkeeping of patterns."""
        before, after = identities(self.old), identities(self.new)
        origin = {new: old for old, new in self.pairs.items()}
        aside, gone = self._bookkeeping
        for number, change in enumerate(self.nodes):
            if number in aside:
                continue
            here = f"{after[number]} at {self.new.where(number)}"
            if change is Change.ADDED:
                yield f"+ added {here}"
            elif change is not Change.KEPT:
                was = origin[number]
                sign = ">" if change is Change.MOVED else "~"
                yield f"{sign} {change.value} {here}; was {before[was]} at {self.old.where(was)}"
        yield from (
            f"- removed {before[number]} at {self.old.where(number)}" for number in self.removed if number not in gone
        )
        lost = {
            (self.pairs[edge.source], edge.kind, edge.label): edge for edge in self.lost if edge.source in self.pairs
        }
        for edge, change in self.edges:
            if change is Change.REWIRED and edge.source not in aside:
                was = lost[edge.source, edge.kind, edge.label].target
                name, label = after[edge.source].short, f" {escape_control(edge.label)}" if edge.label else ""
                yield (
                    f"* rewired {name} at {self.new.where(edge.source)}: {edge.kind.value}{label} leads to "
                    f"{self._name(self.new, after, edge.target)}; was {self._name(self.old, before, was)}"
                )

    @staticmethod
    def _name(graph: WorkflowGraph, names: tuple[Identity, ...], node: int) -> str:
        return graph.where(node) if node < 0 else f"{names[node].short} at {graph.where(node)}"


def difference(old: WorkflowGraph, new: WorkflowGraph) -> Difference:
    """Compare two versions of a definition."""
    sides = (Side(old), Side(new))
    before, after = (side.names for side in sides)
    pairs = pairs_of(*sides)
    changes = [Change.ADDED] * len(after)
    for source, target in pairs.items():
        moved = _moved_to(sides[0].around(source), pairs) != sides[1].around(target)
        same = before[source].detail == after[target].detail
        changes[target] = Change.MOVED if moved else Change.KEPT if same else Change.CHANGED
    for target in _out_of_order(sides, pairs, changes):
        changes[target] = Change.MOVED
    removed = tuple(number for number in range(len(before)) if number not in pairs)
    edges, lost = _edges(old, new, pairs)
    return Difference(old, new, pairs, tuple(changes), removed, edges, lost)


def _moved_to(around: tuple[int | None, str], pairs: dict[int, int]) -> tuple[int | None, str]:
    head, arm = around
    return (None if head is None else pairs.get(head, -1)), arm


def _out_of_order(sides: tuple[Side, Side], pairs: dict[int, int], changes: list[Change]) -> Iterator[int]:
    """Yield the tasks that changed places with others: the fewest that explain the new order."""
    nodes, aside = sides[1].graph.nodes, sides[1].aside
    kept = [
        target for _, target in sorted(pairs.items()) if changes[target] is not Change.MOVED and target not in aside
    ]
    for lane in {nodes[target].lane for target in kept}:
        numbers = [target for target in kept if nodes[target].lane == lane]
        in_order = set(_longest_rise(numbers))
        yield from (target for target in numbers if target not in in_order)


def _longest_rise(numbers: Iterable[int]) -> list[int]:
    """Return a longest rising subsequence (patience sorting: Schensted 1961, Fredman 1975)."""
    tops: list[int] = []
    before: dict[int, int | None] = {}
    for number in numbers:
        place = bisect_left(tops, number)
        before[number] = tops[place - 1] if place else None
        tops[place : place + 1] = [number]
    found: list[int] = []
    here = tops[-1] if tops else None
    while here is not None:
        found.append(here)
        here = before[here]
    return found[::-1]


def _edges(
    old: WorkflowGraph, new: WorkflowGraph, pairs: dict[int, int]
) -> tuple[tuple[tuple[Edge, Change], ...], tuple[Edge, ...]]:
    """Tell which edges were there before; one is rewired when it leads from a kept task to another kept one than before.

    Edges of the kinds ``next`` and ``resume`` are not called so: they follow from the order of the tasks.
    """

    def moved(node: int) -> int | None:
        return node if node < 0 else pairs.get(node)

    images: dict[tuple[int | None, int | None, object, str], Edge] = {
        (moved(edge.source), moved(edge.target), edge.kind, edge.label): edge for edge in old.edges
    }
    found = [images.get((edge.source, edge.target, edge.kind, edge.label)) for edge in new.edges]
    kept = set(found)
    lost = tuple(edge for edge in old.edges if edge not in kept)
    # Several edges of a task may have one label: what is still there was not rewired.
    exits = {(moved(edge.source), edge.kind, edge.label): edge for edge in lost}
    there = {*pairs.values(), *TERMINALS}
    changes = []
    for edge, image in zip(new.edges, found, strict=True):
        was = exits.get((edge.source, edge.kind, edge.label))
        both = was is not None and moved(was.target) is not None and edge.target in there
        rewired = both and edge.kind not in (EdgeKind.NEXT, EdgeKind.RESUME)
        changes.append((edge, Change.KEPT if image is not None else Change.REWIRED if rewired else Change.ADDED))
    return tuple(changes), lost
