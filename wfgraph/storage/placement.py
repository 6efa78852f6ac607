"""Where objects stand: places of a graph, and from the places of one version to those of another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wfgraph.compiler.pipeline import compile_graph
from wfgraph.errors import DefinitionChanged
from wfgraph.graph.address import format_address
from wfgraph.graph.difference import difference, same_tasks, stranded
from wfgraph.graph.identity import fingerprint, identities
from wfgraph.graph.ops import SubWorkflow
from wfgraph.graph.shapes import Shapes
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.storage.records import Record
from wfgraph.storage.values import encode
from wfgraph.utils import counted

__all__ = ["Move", "Place", "Places", "check_inside", "moves", "version_inside"]


@dataclass(frozen=True, slots=True)
class Place:
    """A task's place.

    Attributes:
        number: the number of its node.
        name: its identity.
        position: its address as JSON.
        told: whether it is a step that the history tells of: bookkeeping of patterns is none.
    """

    number: int
    name: str
    position: str
    told: bool


class Places(dict[tuple[int, ...], Place]):
    """The places of a graph by their addresses; tasks of parallel branches, in which no object stands, are left out.

    Args:
        graph: the graph.
    """

    def __init__(self, graph: WorkflowGraph) -> None:
        self.graph = graph
        aside = Shapes(graph).bookkeeping
        super().__init__(
            (
                tuple(node.item.address),
                Place(node.id, str(one), encode(list(node.item.address), "an address"), node.id not in aside),
            )
            for node, one in zip(graph.nodes, identities(graph), strict=True)
            if node.lane is None
        )

    def at(self, position: Iterable[int]) -> Place | None:
        """Return the place at a position: the task there, or the first in the list there."""
        address = tuple(position)
        while address and address not in self and (*address, 0) in self._prefixes:
            address = (*address, 0)
        return self.get(address)

    @property
    def _prefixes(self) -> set[tuple[int, ...]]:
        return {address[:depth] for address in self for depth in range(1, len(address) + 1)}


@dataclass(frozen=True, slots=True)
class Move:
    """Where an object goes on in another version.

    Attributes:
        position: the address; None for the start.
        node: the identity of the task there.
        visits: how often it has left each task, by the nodes of that version.
        loops: how far its loops have come, by the addresses of that version.
    """

    position: list[int] | None
    node: str | None
    visits: dict[int, int]
    loops: dict[str, Any] | None


def moves(
    old: WorkflowGraph, new: WorkflowGraph, objects: Iterable[Record], remap: Mapping[Any, Any] | None = None
) -> dict[Record, Move]:
    """Work out where objects that stand in one version of a definition go on in another.

    Args:
        old: the version in which they stand.
        new: the version in which they are to go on.
        objects: those that stand at a task.
        remap: tasks that are the same because somebody says so: from the identity of the old one, or its address, to
            that of the new one.

    Raises:
        DefinitionChanged: some can't; all are told of.
    """
    same = same_tasks(old, new)
    said = dict(_said(old, new, remap or {}))
    before, after = Places(old), Places(new)
    names = {place.number: (list(address), place.name) for address, place in after.items()}
    found: dict[Record, Move] = {}
    lost: dict[int | None, list[Record]] = {}
    for one in objects:
        here = before.at(one.callback_pos or [0])
        number = None if here is None else here.number
        target = None if number is None else said.get(number, same.get(number))
        loops = _moved_loops(one.loops, before, {**same, **said}, names)
        if target is None or target not in names or loops is _LOST:
            lost.setdefault(number, []).append(one)
            continue
        position, name = names[target]
        visits = {same[node]: count for node, count in one.visits.items() if node in same}
        found[one] = Move(position, name, visits, loops)
    if lost:
        raise _changed(old, new, lost)
    return found


_LOST: Any = object()


def _moved_loops(
    loops: dict[str, Any] | None, before: Places, same: Mapping[int, int], names: Mapping[int, tuple[list[int], str]]
) -> Any:
    """Return the records of loops for the places of the new version; ``_LOST`` if one of the loops is gone."""
    moved: dict[str, Any] = {}
    for key, record in (loops or {}).items():
        head = before.get(tuple(record["at"]))
        target = None if head is None else same.get(head.number)
        if target is None or target not in names:
            return _LOST
        at = names[target][0]
        # What follows the place in the key tells the uses of a pattern apart.
        moved[f"{at}{key.removeprefix(str(record['at']))}"] = {**record, "at": at}
    return moved or None


def version_inside(graph: WorkflowGraph, node: int) -> str:
    """Return the fingerprint of the workflow that a task runs, and of those that are run inside that."""
    op = graph.nodes[node].op
    if not isinstance(op, SubWorkflow):
        return ""
    inside = compile_graph(op.callbacks)
    deeper = (version_inside(inside, one.id) for one in inside.nodes if isinstance(one.op, SubWorkflow))
    return "/".join((fingerprint(inside), *deeper))


def check_inside(graph: WorkflowGraph, position: Iterable[int], loops: Mapping[str, Any] | None) -> None:
    """See that a workflow which halted inside a task, where an object goes on, is what it was.

    Raises:
        DefinitionChanged: it is not.
    """
    for record in (loops or {}).values():
        if "child" not in record or record["at"] != list(position):
            continue
        place = Places(graph).get(tuple(record["at"]))
        if place is None or version_inside(graph, place.number) != record.get("version"):
            raise DefinitionChanged(
                f"the workflow inside {place.name if place else 'a task'} at {format_address(record['at'])} has changed "
                "since an object halted in it; nothing was run. Go on after that task (halted='next'), begin the object "
                "again (halted='first'), or go on with the old definition"
            )


def _said(old: WorkflowGraph, new: WorkflowGraph, remap: Mapping[Any, Any]) -> Iterable[tuple[int, int]]:
    """Yield the pairs of nodes that somebody has named.

    Raises:
        DefinitionChanged: a name or address is in neither.
    """
    for source, target in remap.items():
        yield _named(old, source, "old"), _named(new, target, "new")


def _named(graph: WorkflowGraph, wanted: Any, which: str) -> int:
    if not isinstance(wanted, str):
        place = Places(graph).at(wanted)
        if place is not None:
            return place.number
        raise DefinitionChanged(f"remap: there is no task at {format_address(wanted)} in the {which} definition")
    rules: tuple[Callable[[Any], str], ...] = (str, lambda one: one.short, lambda one: one.name.rpartition(".")[2])
    for rule in rules:
        found = [number for number, one in enumerate(identities(graph)) if rule(one) == wanted]
        if len(found) == 1:
            return found[0]
        if found:
            places = ", ".join(graph.where(number) for number in found[:5])
            raise DefinitionChanged(
                f"remap: {wanted!r} are several tasks of the {which} definition, at {places}; name the address"
            )
    raise DefinitionChanged(f"remap: there is no task {wanted!r} in the {which} definition")


def _changed(old: WorkflowGraph, new: WorkflowGraph, lost: Mapping[int | None, list[Record]]) -> DefinitionChanged:
    why = {one.node: one for one in stranded(old, new)}
    names = identities(old)
    lines = []
    for number, records in lost.items():
        count = counted(len(records), "object")
        if number is None:
            places = {format_address(one.callback_pos or []) for one in records}
            lines.append(f"{count} at {', '.join(sorted(places))}, which is no place in the stored definition")
            continue
        reason = why[number].why(new) if number in why else "stands in a loop that is gone"
        lines.append(f"{count} at {names[number].short}, {old.where(number)}: it {reason}")
    changes = list(difference(old, new).lines())
    told = "\n".join(f"  {line}" for line in lines)
    changed = "\n".join(f"  {line}" for line in changes[:20])
    return DefinitionChanged(
        f"the definition has changed, and these objects can't go on in it; nothing was run:\n{told}\nchanges:\n{changed}\n"
        "name the tasks that are the same (remap={old: new}), or go on with the old definition",
        lines,
        changes,
    )
