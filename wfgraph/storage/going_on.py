"""Where the objects of a stored run go on: what was asked for, held to where they stand in the definition of now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from wfgraph.errors import DefinitionChanged, WorkflowAPIError
from wfgraph.graph.identity import fingerprint
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.statuses import ObjectStatus
from wfgraph.storage.placement import Move, check_inside, moves
from wfgraph.storage.records import WAITS_FOR_BRANCHES, Record, RunRecord
from wfgraph.storage.store import Store
from wfgraph.utils import shown

__all__ = ["check_words", "chosen", "moved", "starts"]

_WORDS = ("current", "next", "prev", "first")
_POLICIES = ("remap", "strict", "pinned")


def check_words(*words: str | None) -> None:
    """Look whether each word names a place to go on at; None is for nowhere.

    Raises:
        WorkflowAPIError: one does not.
    """
    for word in words:
        if word is not None and word not in _WORDS:
            raise WorkflowAPIError(f"no place {shown(word)} to go on at; use one of {', '.join(_WORDS)}, or None")


def chosen(run: RunRecord, objects: Iterable[int] | None) -> set[int]:
    """Return the ordinals of the objects to go on with: these, or all.

    Raises:
        WorkflowAPIError: there is no such object.
    """
    if objects is None:
        # What waits for its branches goes on by itself when they have ended, unless somebody names it.
        return {one.ordinal for one in run.objects if one.halt_action != WAITS_FOR_BRANCHES}
    wanted = set(objects)
    known = range(len(run.objects))
    if unknown := sorted(one for one in wanted if one not in known):
        raise WorkflowAPIError(f"the run {run.uuid} has no object {unknown[0]}; its {len(known)} objects count from 0")
    return wanted


def moved(
    run: RunRecord, store: Store, graph: WorkflowGraph, policy: str, remap: Mapping[Any, Any] | None
) -> dict[Record, Move]:
    """Return where objects stand in a definition that is not the one in which they were stored.

    Args:
        run: their run.
        store: the runs of its database, which know the old definition.
        graph: the definition of now.
        policy: as for :class:`~wfgraph.storage.DbWorkflowEngine`.
        remap: tasks of the old definition and what they are in the new one.

    Raises:
        DefinitionChanged: they can't, or must not, stand in it.
        WorkflowAPIError: there is no such policy.
    """
    if policy not in _POLICIES:
        raise WorkflowAPIError(f"no policy {shown(policy)}; use one of {', '.join(_POLICIES)}")
    stored = run.definition
    standing = [one for one in run.objects if one.callback_pos is not None and one.status is not ObjectStatus.COMPLETED]
    if stored is None or not standing or (stored == fingerprint(graph) and not remap):
        return {}
    old = store.definition(stored)
    if policy != "remap" and stored != fingerprint(graph):
        found = "none of engine.versions is" if policy == "pinned" else "this one is not"
        raise DefinitionChanged(
            f"the objects of the run {run.uuid} stand in the definition {stored}, the policy is {policy}, and {found} "
            "that definition"
        )
    return moves(old, graph, standing, remap)


def starts(
    run: RunRecord,
    graph: WorkflowGraph,
    moves: Mapping[Record, Move],
    wanted: set[int],
    halted: str | None,
    failed: str | None,
) -> tuple[dict[int, list[int] | None], int]:
    """Return where objects go on that do not just begin, None for those that don't; and the first one to be run.

    Args:
        run: their run.
        graph: its definition.
        moves: which of them stand elsewhere in that than was stored.
        wanted: the ordinals of those to go on with.
        halted: the word for where those go on that halted.
        failed: likewise for those that failed.

    Raises:
        DefinitionChanged: a workflow that halted inside a task is not what it was.
    """
    found: dict[int, list[int] | None] = {}
    first = len(run.objects)
    for record in reversed(run.objects):
        status = record.status
        if status is ObjectStatus.COMPLETED:
            continue
        aborted = status is ObjectStatus.HALTED and record.halt_message is None
        word = halted if status is ObjectStatus.HALTED else failed if status is ObjectStatus.ERROR else "current"
        if aborted and word == "next":
            word = "current"  # it stands before what it has to do again
        if word is None or record.ordinal not in wanted:
            found[record.ordinal] = None
            continue
        first = record.ordinal
        move = moves.get(record)
        position = record.callback_pos if move is None else move.position
        if position is not None or record.loops:
            found[record.ordinal] = start = _start(position or [0], word)
            check_inside(graph, start, record.loops if move is None else move.loops)
    return found, first


def _start(position: list[int], word: str) -> list[int]:
    """Return the position that a word means for a token that stands somewhere, as with ``restart``."""
    steps: dict[str, Callable[[int], int]] = {
        "current": lambda index: index,
        "next": lambda index: index + 1,
        "prev": lambda index: max(0, index - 1),
    }
    return [0] if word == "first" else [*position[:-1], steps[word](position[-1])]
