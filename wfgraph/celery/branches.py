"""Branches of PARALLEL_SPLIT and SYNCHRONIZE as runs of their own, which any worker takes; the database counts them in."""

from __future__ import annotations

import json
import uuid as uuids
from collections.abc import Callable, Sequence
from typing import Any

from wfgraph.compiler.pipeline import compile_graph
from wfgraph.errors import DefinitionChanged, HaltProcessing, StorageError, UnknownRun, WorkflowError
from wfgraph.graph.difference import same_tasks
from wfgraph.graph.identity import fingerprint
from wfgraph.graph.ops import Split, Synchronize
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.statuses import ObjectStatus, WorkflowStatus
from wfgraph.storage import Record, RunRecord, Store
from wfgraph.storage.keeper import Keeper
from wfgraph.storage.placement import Places
from wfgraph.storage.records import UNFINISHED, WAITS_FOR_BRANCHES, error_line
from wfgraph.storage.values import decode

__all__ = ["BranchRunner", "lane_of"]

_SPACE = uuids.UUID("6f9d2a52-5c0e-5e0b-9a53-6b1b3ed1f0c4")
_PREFIX = "branch:"
_BEFORE = "wfgraph:before"
"""Under which a branch has in its journal what the token was when it began."""


class BranchRunner:
    """Hands the branches of a task to workers, and joins what they have made of the token.

    Args:
        dispatch: tells workers of runs.
    """

    def __init__(self, dispatch: Callable[[Sequence[str]], None]) -> None:
        self._dispatch = dispatch

    def takes(self, eng: Any, lanes: Sequence[Sequence[Any]]) -> bool:
        """Tell whether branches are those of the task in hand, not of one that is called by it: only those are found again."""
        keeper = eng._keeper
        op = keeper.op_in_hand(eng) if isinstance(keeper, Keeper) else None
        return isinstance(op, Split | Synchronize) and op.lanes is lanes

    def start(self, obj: Any, eng: Any, lanes: Sequence[Sequence[Any]]) -> None:
        """Start branches that nobody waits for; what they do with their copies of the token stays theirs."""
        self._begin(obj, eng, lanes, eng.idempotency_key)

    def join(self, obj: Any, eng: Any, lanes: Sequence[Sequence[Any]]) -> None:
        """Start branches, or, when they have ended, take over what they have changed in their copies of the token.

        Raises:
            HaltProcessing: they have not ended; the token goes on when the last of them has. Or one of them has halted.
            WorkflowError: branches have failed, or two have changed the same thing in different ways.
        """
        key = eng.idempotency_key
        known = eng.runs.branches(eng.uuid, key) or self._begin(obj, eng, lanes, key)
        if any(one.status in UNFINISHED for one in known):
            raise HaltProcessing(
                f"waits for {len(known)} branch{'' if len(known) == 1 else 'es'}", WAITS_FOR_BRANCHES, {"joins": key}
            )
        ended = [eng.runs.load(one.uuid).objects[0] for one in known]
        eng._keeper.end_visit()  # come here again after a halt or an error, all branches run again
        refusal = _merge(obj, [(_before(eng.runs, one), decode(one.stored)) for one in ended])
        _raise_failures(ended)
        if refusal is not None:
            raise WorkflowError(refusal)

    def _begin(self, obj: Any, eng: Any, lanes: Sequence[Sequence[Any]], key: str) -> list[RunRecord]:
        """Store branches, unless they are there: this visit may have been begun before, by a worker that is gone."""
        token = Record(eng.state.token_pos, "null")
        token.stored = eng._stored_text(obj, token)
        position, around = list(eng.state.callback_pos), fingerprint(eng._keeper.graph)
        for number, lane in enumerate(lanes):
            if not lane:
                continue
            graph = compile_graph(list(lane))
            run = RunRecord(
                str(uuids.uuid5(_SPACE, f"{key}/{number}")),
                eng.name,
                target=_PREFIX + json.dumps([*_path_of(eng.db_obj), [position, number, around]]),
                definition=fingerprint(graph),
                parent=eng.uuid,
                joins=key,
                objects=[Record(0, token.stored)],
            )
            try:
                eng.runs.create(run, graph, {_BEFORE: token.stored})
            except StorageError as error:
                try:
                    eng.runs.find(run.uuid)
                except UnknownRun:  # the trouble was another one, and may be over
                    raise error from None
        known: list[RunRecord] = eng.runs.branches(eng.uuid, key)
        self._dispatch([one.uuid for one in known if one.status is WorkflowStatus.NEW])
        return known


def lane_of(callbacks: Any, run: RunRecord, store: Store) -> Any:
    """Return what a run runs: the definition of its name, or a branch of one of its tasks.

    Args:
        callbacks: the definition of its name, as it is now.
        run: the run.
        store: the runs of its database, which know the definitions of before.

    Raises:
        DefinitionChanged: there is no such branch any more.
    """
    path = _path_of(run)
    for position, number, around in path:
        lane = _lane(compile_graph(callbacks), position, number, around, store)
        if lane is None:
            raise DefinitionChanged(
                f"the run {run.uuid} is branch {number} of the task at {position} of {run.name!r}, and there is no such "
                "branch any more; cancel the run that it is a branch of, or go on with the old definition"
            )
        callbacks = list(lane)
    if path and run.status is WorkflowStatus.NEW:
        _check_unbegun(run, compile_graph(callbacks), store)
    return callbacks


def _check_unbegun(run: RunRecord, graph: WorkflowGraph, store: Store) -> None:
    """See that a branch in which no object stands yet is the one that it was: nobody else looks.

    Raises:
        DefinitionChanged: it has none of the tasks that it had.
    """
    if run.definition not in (None, fingerprint(graph)) and not same_tasks(
        store.definition(str(run.definition)), graph
    ):
        raise DefinitionChanged(
            f"the run {run.uuid} is a branch of a task of {run.name!r} that has no task any more of those that it had; "
            "cancel the run that it is a branch of, or go on with the old definition"
        )


def _lane(graph: WorkflowGraph, position: list[int], number: int, around: str, store: Store) -> Any:
    """Return a branch of a task that stood at a position of one version of a definition; None if it is gone."""
    before = graph if fingerprint(graph) == around else store.definition(around)
    place = Places(before).at(position)
    node = None if place is None else place.number if before is graph else same_tasks(before, graph).get(place.number)
    op = None if node is None else graph.nodes[node].op
    return op.lanes[number] if isinstance(op, Split | Synchronize) and number < len(op.lanes) else None


def _path_of(run: RunRecord) -> list[Any]:
    if run.joins is None or not (run.target or "").startswith(_PREFIX):
        return []
    return list(json.loads(str(run.target).removeprefix(_PREFIX)))


def _raise_failures(ended: Sequence[Record]) -> None:
    """Raise what branches have halted or failed with, as SYNCHRONIZE does with threads.

    Raises:
        HaltProcessing: the first halt, if none has failed.
        WorkflowError: what has failed.
    """
    failed = [one for one in ended if one.status is ObjectStatus.ERROR]
    if failed:
        raise WorkflowError("; ".join(error_line(one) for one in failed))
    for one in ended:
        if one.status is not ObjectStatus.COMPLETED:
            raise HaltProcessing(one.halt_message or "a branch was cancelled", one.halt_action, one.halt_payload)


def _before(store: Store, branch: Record) -> Any:
    """Return what a branch began with."""
    _, found = store.result(branch, _BEFORE)
    return found


def _merge(obj: Any, branches: Sequence[tuple[Any, Any]]) -> str | None:
    """Do to a token what branches have done to their copies; return why it can't be done, if so.

    Args:
        obj: the token, which somebody may have changed meanwhile.
        branches: for each branch, what it began with and what it has made of that.
    """
    changed: dict[str, Any] = {}
    refusal = None
    for before, after in branches:
        if after == before:
            continue
        if not all(isinstance(one, dict) for one in (obj, before, after)):
            return "a branch has changed its copy of a token that is no JSON object: it can't be joined"
        for key in before.keys() | after.keys():
            value = after.get(key, _GONE)
            if value != before.get(key, _GONE) and changed.setdefault(key, value) != value:
                refusal = f"two branches have changed {key!r} in different ways; let each have keys of its own"
    for key, value in changed.items():
        if value is _GONE:
            obj.pop(key, None)
        else:
            obj[key] = value
    return refusal


_GONE: Any = object()
