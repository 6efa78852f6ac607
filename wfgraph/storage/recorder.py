"""What is known of a run's objects while it goes on, and how it is written."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any

from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import NotStorable
from wfgraph.graph.ops import Op
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.runtime import loops
from wfgraph.statuses import ObjectStatus, WorkflowStatus
from wfgraph.storage.granularity import Granularity
from wfgraph.storage.lifecycle import OBJECTS
from wfgraph.storage.placement import Place, Places, version_inside
from wfgraph.storage.records import Record, RunRecord
from wfgraph.storage.statements import Statement
from wfgraph.storage.store import Store
from wfgraph.storage.values import decode, encode
from wfgraph.storage.writer import Change, Writer

__all__ = ["Claim", "Recorder", "shared"]

_LOCK = type(threading.Lock())


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """A run as it was claimed for this worker, and how it is to go on.

    Attributes:
        run: the run, with its objects.
        tokens: the tokens that these are.
        epoch: the one in which it was claimed.
        graph: its definition.
        lease: for how many seconds it was claimed.
        granularity: what is written when.
        starts: where objects begin that do not begin at the first task, and None for those that are not to be run; None
            when the run does not go on, but begins.
        shares: what its tasks share, as JSON.
    """

    run: RunRecord
    tokens: Any
    epoch: int
    graph: WorkflowGraph
    lease: float
    granularity: Granularity
    starts: Mapping[int, list[int] | None] | None
    shares: str


class Recorder:
    """Knows the objects of a run and the one in hand, and writes them.

    Args:
        store: the runs of the database.
        claim: the run.

    Attributes:
        run: the run.
        tokens: its tokens.
        current: the object in hand.
        place: the task that it is at, where each step is stored.
    """

    def __init__(self, store: Store, claim: Claim) -> None:
        self.run = claim.run
        self.tokens = claim.tokens
        self.current: Record | None = None
        self.place: Place | None = None
        self._visit: tuple[int, FrameType | None] | None = None
        self._lease = claim.lease
        self._places = Places(claim.graph)
        self._writer = Writer(store.database, self.run.uuid, claim.epoch)
        self._made = self._writer.statements
        self._waiting: dict[Record, Statement] = {}
        self._waiting_since = 0.0
        self._extra = encode(self.run.extra_data, "extra_data")
        self._shares = claim.shares
        self._began = 0.0
        self._clears = False
        self._ordinal = -1

    @property
    def graph(self) -> WorkflowGraph:
        """The definition that the run goes through."""
        return self._places.graph

    def op_in_hand(self, eng: Any) -> Op | None:
        """Return what the task in hand does to the flow; None where it is none of the definition's."""
        place = self._places.at(eng.state.callback_pos)
        return None if place is None else self.graph.nodes[place.number].op

    def _take(self, eng: Any, record: Record, obj: Any) -> Statement:
        """Take over what a token holds, and what the run shares; return the statement that is needed to write it.

        Raises:
            NotStorable: one of them is no JSON.
        """
        text = eng._stored_text(obj, record)
        records = eng.extra_data.get(loops.KEY)
        if records:
            records = {key: self._versioned(found) for key, found in records.items()}
            encode(
                records, f"how far the loops of token {self.run.place_of(record)} have come (extra_data['{loops.KEY}'])"
            )
        self._share(eng, record.ordinal, record.ordinal)
        same = text == record.stored and not records and not record.loops
        record.stored = text
        record.loops = records or None
        return self._made.ended if self._clears else self._made.moved if same else self._made.changed

    def _share(self, eng: Any, first: int, last: int) -> None:
        """Take over what the run shares, which any of the tokens from the first to the last may have changed.

        Raises:
            NotStorable: it is no JSON.
        """
        if eng.extra_data or self._shares != "{}":
            self._shares = encode(shared(eng.extra_data), lambda: f"{self._named(first, last)}: extra_data")

    def _restore_shared(self, eng: Any) -> None:
        """Let ``extra_data`` be what it was when it could be stored last, if it can't be now."""
        found = shared(eng.extra_data)
        try:
            encode(found, "extra_data")
        except NotStorable:
            for key in found:
                del eng.extra_data[key]
            eng.extra_data.update(decode(self._shares))

    def _named(self, first: int, last: int) -> str:
        before = self.run.first_object or 0
        if first == last:
            return f"token {before + first}"
        return f"tokens {before + first} to {before + last}, one of them"

    def _versioned(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return the record of a loop; that of a workflow halted inside a task, with the version of that workflow."""
        place = self._places.get(tuple(found["at"])) if "child" in found else None
        return dict(found) if place is None else {**found, "version": version_inside(self._places.graph, place.number)}

    def _change(
        self, record: Record, statement: Statement, position: str | None, step: dict[str, Any] | None
    ) -> Change:
        given: dict[str, Any] = {
            "b_id": record.id,
            "b_epoch": self._writer.epoch,
            "b_status": record.status._name_,
            "b_callback_pos": position,
            "b_node": record.node,
            "b_visits": _visits(record.visits) if record.visits else None,
            "b_revision": record.revision + 1,
        }
        if statement is not self._made.moved:
            given["b_data"] = record.stored
            given["b_loops"] = None if not record.loops else encode(record.loops, "loops")
        if statement is self._made.ended:
            given["b_error_type"] = record.error_type
            given["b_error_message"] = record.error_message
            given["b_halt_message"] = record.halt_message
            given["b_halt_action"] = record.halt_action
            payload = record.halt_payload
            given["b_halt_payload"] = None if payload is None else encode(payload, "the payload of the halt")
        record.revision += 1
        return Change(statement, given, step)

    def _step(self, record: Record, place: Place | None, outcome: str) -> dict[str, Any] | None:
        """Return a row of history, to be written with the next revision of an object; None for bookkeeping."""
        if place is None or not place.told:
            return None
        return {
            "s_object": record.id,
            "s_number": record.revision + 1,
            "s_node": place.name,
            "s_callback_pos": place.position,
            "s_outcome": outcome,
            "s_seconds": time.perf_counter() - self._began if self._began else 0.0,
        }

    def _with_waiting(
        self, record: Record, statement: Statement, position: str | None, step: dict[str, Any] | None
    ) -> list[Change]:
        """Return the change of an object, after those that wait; where it waits itself, this one takes its place."""
        if self._waiting.pop(record, None) is not None:
            statement = self._made.ended
        return [*self._flushed(), self._change(record, statement, position, step)]

    def _flushed(self) -> list[Change]:
        """Return the changes that wait to be written."""
        waiting, self._waiting = self._waiting, {}
        return [
            self._change(
                record, statement, None if (at := record.callback_pos) is None else encode(at, "the position"), None
            )
            for record, statement in waiting.items()
        ]

    def _write(self, changes: list[Change], results: list[dict[str, Any]] | None = None) -> None:
        run = None
        if self._shares != self._extra:
            run = self._run_row(WorkflowStatus.RUNNING, self._lease)
        self._writer.write(changes, run, results or ())
        self._extra = self._shares
        self._clears = False

    def _run_row(self, status: WorkflowStatus, lease: float | None) -> dict[str, Any]:
        return {
            "b_uuid": self.run.uuid,
            "b_epoch": self._writer.epoch,
            "b_status": status.name,
            "b_state_token_pos": self._ordinal,
            "b_extra_data": self._shares,
            "b_lease": lease,
        }

    def _count_visit(self, record: Record, error: BaseException | None = None) -> None:
        """Count the visit that had asked for its key, unless it is what an error has ended: that one is made again."""
        visit, self._visit = self._visit, None
        if visit is None or (error is not None and visit[1] is not None and _passed(error, visit[1])):
            return
        record.visits[visit[0]] = record.visits.get(visit[0], 0) + 1

    def _take_up(self, record: Record) -> None:
        OBJECTS.check(record.status, ObjectStatus.RUNNING, record.ordinal)
        record.status = ObjectStatus.RUNNING
        record.error_type = record.error_message = None
        record.halt_message = record.halt_action = record.halt_payload = None

    def _stand(self, record: Record, position: list[int]) -> str:
        """Let an object stand at a position; return that as JSON."""
        place = self._places.at(position)
        record.callback_pos, record.node = position, None if place is None else place.name
        return encode(position, "the position")

    def _stored_at(self, record: Record, position: list[int] | None) -> None:
        """Remember that what is stored of an object belongs to this position; None for that of its first task."""
        record.kept = (position, dict(record.visits))

    def _fall_back(self, eng: Any, record: Record) -> list[int] | None:
        """Let an object be what it was when it was stored last, in memory, too; return where it stood then."""
        try:
            self.tokens[record.ordinal] = eng.from_stored(decode(record.stored))
        except Exception:  # by code of the user's: what has become of the object is still to be written
            eng.log.exception("token %d stays in memory as it is: from_stored() has failed", self.run.place_of(record))
        position, visits = record.kept or (None, {})
        record.visits = dict(visits)
        return position

    def _leave(self, record: Record, status: ObjectStatus) -> Place | None:
        OBJECTS.check(record.status, status, record.ordinal)
        record.status = status
        last, self.place, self.current = self.place, None, None
        return last


def shared(extra_data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run shares, as far as it is to be stored.

    Not the loops of a token, which are stored with that, nor what patterns keep for this process: PARALLEL_SPLIT's lock,
    RUN_WF's engines.
    """
    return {
        key: value
        for key, value in extra_data.items()
        if key != loops.KEY and not isinstance(value, _LOCK | GenericWorkflowEngine)
    }


def _visits(visits: dict[int, int]) -> str:
    return "{" + ",".join([f'"{node}":{count}' for node, count in visits.items()]) + "}"


def _passed(error: BaseException, frame: FrameType) -> bool:
    """Tell whether an error came through a frame."""
    step = error.__traceback__
    while step is not None:
        if step.tb_frame is frame:
            return True
        step = step.tb_next
    return False
