"""Branches of PARALLEL_SPLIT and SYNCHRONIZE as runs of their own, which any worker takes; the database counts them in."""

from __future__ import annotations

import json
import uuid as uuids
from collections.abc import Callable, Sequence
from typing import Any

from wfgraph.compiler.pipeline import compile_graph
from wfgraph.errors import DefinitionChanged, HaltProcessing, StorageError, WorkflowError
from wfgraph.graph.identity import fingerprint
from wfgraph.graph.ops import Split, Synchronize
from wfgraph.statuses import ObjectStatus, WorkflowStatus
from wfgraph.storage import Record, RunRecord
from wfgraph.storage.placement import Places
from wfgraph.storage.records import WAITS_FOR_BRANCHES
from wfgraph.storage.values import decode

__all__ = ["BranchRunner", "is_over", "lane_of"]

_SPACE = uuids.UUID("6f9d2a52-5c0e-5e0b-9a53-6b1b3ed1f0c4")
_PREFIX = "branch:"


class BranchRunner:
    """Hands the branches of a task to workers, and joins what they have made of the token.

    Args:
        dispatch: tells workers of runs.
    """

    def __init__(self, dispatch: Callable[[Sequence[str]], None]) -> None:
        self._dispatch = dispatch

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
        if not all(map(is_over, known)):
            raise HaltProcessing(f"waits for {len(known)} branches", WAITS_FOR_BRANCHES, {"joins": key})
        ended = [eng.runs.load(one.uuid).objects[0] for one in known]
        try:
            _raise_failures(ended)
            _merge(obj, eng, ended)
        except Exception:
            eng._keeper.end_visit()  # come here again, all branches run again
            raise

    def _begin(self, obj: Any, eng: Any, lanes: Sequence[Sequence[Any]], key: str) -> list[RunRecord]:
        """Store branches, unless they are there: this visit may have been begun before, by a worker that is gone."""
        token = Record(0, "null")
        token.stored = eng._stored_text(obj, token)
        position, path = list(eng.state.callback_pos), _path_of(eng.db_obj)
        for number, lane in enumerate(lanes):
            if not lane:
                continue
            graph = compile_graph(list(lane))
            run = RunRecord(
                str(uuids.uuid5(_SPACE, f"{key}/{number}")),
                eng.name,
                target=_PREFIX + json.dumps([*path, [position, number]]),
                definition=fingerprint(graph),
                parent=eng.uuid,
                joins=key,
                objects=[Record(0, token.stored)],
            )
            try:
                eng.runs.create(run, graph)
            except StorageError:
                eng.runs.find(run.uuid)  # it is there; any other trouble comes again here
        known: list[RunRecord] = eng.runs.branches(eng.uuid, key)
        self._dispatch([one.uuid for one in known if one.status is WorkflowStatus.NEW])
        return known


def is_over(run: RunRecord) -> bool:
    """Tell whether a branch has ended, in whatever way."""
    return run.status not in (WorkflowStatus.NEW, WorkflowStatus.RUNNING)


def lane_of(callbacks: Any, run: RunRecord) -> Any:
    """Return what a run runs: the definition of its name, or a branch of one of its tasks.

    Raises:
        DefinitionChanged: there is no such branch any more.
    """
    for position, number in _path_of(run):
        graph = compile_graph(callbacks)
        place = Places(graph).at(position)
        op = None if place is None else graph.nodes[place.number].op
        if not isinstance(op, Split | Synchronize) or number >= len(op.lanes):
            raise DefinitionChanged(
                f"the run {run.uuid} is branch {number} of the task at {position} of {run.name!r}, and there is no such "
                "branch any more; cancel the run that it is a branch of, or go on with the old definition"
            )
        callbacks = list(op.lanes[number])
    return callbacks


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
        raise WorkflowError("; ".join((one.error_message or "").strip().rpartition("\n")[2] for one in failed))
    for one in ended:
        if one.status is not ObjectStatus.COMPLETED:
            raise HaltProcessing(one.halt_message or "a branch was cancelled", one.halt_action, one.halt_payload)


def _merge(obj: Any, eng: Any, ended: Sequence[Record]) -> None:
    before = eng.to_stored(obj)
    changed: dict[str, Any] = {}
    for one in ended:
        after = decode(one.stored)
        if after == before:
            continue
        if not isinstance(obj, dict) or not isinstance(after, dict):
            raise WorkflowError("a branch has changed its copy of a token that is no JSON object: it can't be joined")
        for key in before.keys() | after.keys():
            value = after.get(key, _GONE)
            if value == before.get(key, _GONE):
                continue
            if changed.setdefault(key, value) != value:
                raise WorkflowError(
                    f"two branches have changed {key!r} in different ways; let each have keys of its own"
                )
    for key, value in changed.items():
        if value is _GONE:
            del obj[key]
        else:
            obj[key] = value


_GONE: Any = object()
