"""Writes down what becomes of a stored run while it goes on: what is written when is the run's granularity."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from types import FrameType
from typing import Any

from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import HaltProcessing, NotStorable, WorkflowError
from wfgraph.graph.ops import For
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.runtime import loops
from wfgraph.runtime.boundary import invocation, stop_before_next
from wfgraph.statuses import ObjectStatus, WorkflowStatus
from wfgraph.storage.granularity import Granularity
from wfgraph.storage.heartbeat import Heartbeat
from wfgraph.storage.lifecycle import OBJECTS
from wfgraph.storage.placement import Place, Places, version_inside
from wfgraph.storage.records import Record, RunRecord
from wfgraph.storage.statements import Statement
from wfgraph.storage.store import Store
from wfgraph.storage.values import encode
from wfgraph.storage.writer import Change, Writer

__all__ = ["Aside", "Interrupted", "Keeper", "Nowhere"]

_LOCK = type(threading.Lock())
_LONGEST_ERROR = 20_000
_BEGIN = [0]


class Interrupted(BaseException):
    """Raised between two tasks of a run that was asked to stop; what was done is stored, and the run can be resumed."""


@dataclass(frozen=True, slots=True)
class _Aside:
    """Where a token stands inside one of whose tasks the engine runs again."""

    record: Record | None
    place: Place | None
    visit: tuple[int, FrameType | None] | None
    clears: bool
    position: list[int]
    in_row: bool


class Keeper:
    """Keeps one run of one engine, from claim to release.

    Args:
        store: the runs of the database.
        run: the run, with its objects.
        epoch: the one in which it was claimed.
        graph: its definition.
        granularity: what is written when.
        lease: for how many seconds the run was claimed.
        starts: where objects begin that do not begin at the first task; None for those that are not to be run.
    """

    def __init__(
        self,
        store: Store,
        run: RunRecord,
        epoch: int,
        graph: WorkflowGraph,
        granularity: Granularity,
        lease: float,
        starts: Mapping[int, list[int] | None] | None = None,
    ) -> None:
        self.run = run
        self.interrupting = False
        self._thread = threading.get_ident()
        self._let_go: Callable[[], None] = _nothing
        self.current: Record | None = None
        self.place: Place | None = None
        self._visit: tuple[int, FrameType | None] | None = None
        self._store = store
        self._granularity = granularity
        self._lease = lease
        self._starts = dict(starts or {})
        self._resuming = starts is not None
        self._places = Places(graph)
        self._writer = Writer(store.database, run.uuid, epoch)
        self._made = self._writer.statements
        self._waiting: dict[Record, Statement] = {}
        self._waiting_since = 0.0
        self._extra = encode(run.extra_data, "extra_data")
        self._began = 0.0
        self._clears = False
        self._last_ordinal = -1
        self._ordinal = -1
        self.row: int | None = None
        self._row_size = 1
        self._row_began = 0.0
        self._late: list[WorkflowError] = []
        self._owed: Record | None = None
        self._stands: list[int] | None = None
        self._heart = Heartbeat(store.database, self._made, run.uuid, epoch, lease, lambda: self._ordinal, self._lose)

    def interrupt(self, eng: Any) -> None:
        """Let the run end after the task in hand; asked for from another thread, after the token where tokens are stored."""
        self.interrupting = True
        if threading.get_ident() == self._thread and not self._granularity.per_task:
            self._let_go()
            self._let_go = stop_before_next(eng, Interrupted)

    def _lose(self) -> None:
        self._writer.lost = True

    # What the engine tells -------------------------------------------------------------------------------------------

    def run_begins(self, eng: Any, objects: Any) -> None:
        """A run begins: it was claimed before, once for all that go on inside it."""

    def run_ends(self, eng: Any, objects: Any) -> None:
        """A run ends: that is written when the outermost one does."""

    def token_begins(self, eng: Any, obj: Any) -> None:
        """Take up a token: at its first task, or where it is to go on."""
        if self.interrupting:
            raise Interrupted
        at = eng.state.token_pos
        self.row = self._stands = None
        self.current = record = self.run.objects[at]
        # A jump leads to tokens that are completed, too; what comes next in the order is run when it has to be.
        jumped, self._last_ordinal = at != self._last_ordinal + 1 and self._last_ordinal >= 0, at
        eng._skipping = self._resuming and not jumped and not self._wanted(record)
        if eng._skipping:
            self.current = None
            return
        self._ordinal = at
        start = self._starts.pop(at, None)
        if start is not None:
            eng.state.callback_pos = list(start)
            if record.loops:
                self._restore_loops(eng, obj, record.loops, at)
        self._clears = record.status in (ObjectStatus.HALTED, ObjectStatus.ERROR)
        OBJECTS.check(record.status, ObjectStatus.RUNNING, record.ordinal)
        record.status = ObjectStatus.RUNNING
        record.error_type = record.error_message = None
        record.halt_message = record.halt_action = record.halt_payload = None
        self.place = None

    def _restore_loops(self, eng: Any, obj: Any, records: Mapping[str, Any], token_pos: int) -> None:
        """Put back how far a token's loops have come, and what they hand to their bodies: others have run meanwhile."""
        eng.extra_data[loops.KEY] = {key: {**found, "token": token_pos} for key, found in records.items()}
        for key, found in sorted(records.items(), key=lambda pair: len(pair[1]["at"])):
            head = self._places.get(tuple(found["at"]))
            op = None if head is None else self._places.graph.nodes[head.number].op
            if not isinstance(op, For) or op.assign is None or "value" not in found:
                continue
            items = found.get("cache") or list(op.items(obj, eng))
            index = found["value"] + (1 if op.reverse else -1)
            if 0 <= index < len(items):
                op.assign(obj, eng, key, items[index])

    def _wanted(self, record: Record) -> bool:
        if record.ordinal in self._starts:
            return self._starts[record.ordinal] is not None
        return record.status is not ObjectStatus.COMPLETED

    def task_begins(self, eng: Any) -> None:
        """A task comes next, where each is stored: the one before has ended, and the token stands at this one."""
        record = self.current
        if record is None:
            return
        place = self._places.get(tuple(eng.state.callback_pos))
        last, self.place = self.place, place
        if last is not None and place is not None:
            self._count_visit(record)
            self._checkpoint(eng, record, place, self._step(record, last, "done"))
        if self.interrupting:
            raise Interrupted
        self._began = time.perf_counter()

    def _checkpoint(self, eng: Any, record: Record, place: Place, step: dict[str, Any] | None) -> None:
        """Store that a token has come to a place, and what it holds."""
        statement = self._take(eng, record, eng.objects[record.ordinal])
        record.callback_pos, record.node = list(eng.state.callback_pos), place.name
        self._write(eng, self._with_waiting(record, statement, place.position, step))

    def interrupted(self, eng: Any) -> None:
        """The token in hand was left between two tasks: store where."""
        record, place = self._left_row(eng), self._places.at(eng.state.callback_pos)
        if record is None or place is None or self._granularity.per_task:
            return
        self._count_visit(record)
        self._checkpoint(eng, record, place, None)

    def _count_visit(self, record: Record, error: BaseException | None = None) -> None:
        """Count the visit that had asked for its key, unless it is what an error has ended: that one is made again."""
        visit, self._visit = self._visit, None
        if visit is None or (error is not None and visit[1] is not None and _passed(error, visit[1])):
            return
        record.visits[visit[0]] = record.visits.get(visit[0], 0) + 1

    def token_left(self, eng: Any, obj: Any, status: ObjectStatus, saved: bool = True) -> None:
        """A token is done with, for now."""
        record = self._left_row(eng)
        if record is None:
            return
        statement = self._made.ended if self._clears else self._made.moved
        if saved:
            try:
                statement = self._take(eng, record, obj)
            except NotStorable as error:
                raise self._refused(eng, obj, error) from error
        self._count_visit(record)
        last = self._leave(record, status)
        record.callback_pos = record.node = record.loops = None
        outcome = "done" if status is ObjectStatus.COMPLETED else "left"
        if self._granularity.per_task or self._granularity.tokens == 1:
            step = self._step(record, last, outcome) if self._granularity.per_task else None
            self._write(eng, self._with_waiting(record, statement, None, step))
            return
        now = time.monotonic()
        if not self._waiting:
            self._waiting_since = now
        # One that waits already, because the run has jumped back to it, is written whole.
        self._waiting[record] = statement if record not in self._waiting else self._made.ended
        if len(self._waiting) >= self._granularity.tokens or now - self._waiting_since >= self._granularity.seconds:
            self._write(eng, self._flushed())

    def token_halted(self, eng: Any, obj: Any, halt: HaltProcessing) -> None:
        """A task has halted the run."""
        record = self._left_row(eng)
        if record is None:
            return
        try:
            self._take(eng, record, obj)
            encode(halt.payload, "the payload of the halt")
        except NotStorable as error:
            raise self._refused(eng, obj, error) from error
        record.halt_message, record.halt_payload = str(halt.message), halt.payload
        record.halt_action = None if halt.action is None else str(halt.action)
        self._count_visit(record, halt)
        self._write_end(eng, record, ObjectStatus.HALTED, "halted")

    def token_failed(self, eng: Any, obj: Any, error: BaseException, text: str) -> None:
        """A task has failed."""
        record = self._left_row(eng)
        if record is None:
            return
        with suppress(NotStorable):  # what it held before is kept then; the error tells of it, or is more important
            self._take(eng, record, obj)
        kind = type(error)
        record.error_type = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")[:255]
        record.error_message = text[-_LONGEST_ERROR:].encode("utf-8", "replace").decode().replace("\0", "\\0")
        self._count_visit(record, error)
        self._write_end(eng, record, ObjectStatus.ERROR, "failed")

    def _write_end(self, eng: Any, record: Record, status: ObjectStatus, outcome: str) -> None:
        """Write an object that stays where it stands: it halted or failed there."""
        stands, self._stands = self._stands or list(eng.state.callback_pos), None
        place = self._places.at(stands)
        self.place = self.place or place
        began = self._leave(record, status)
        record.callback_pos = stands
        record.node = place.name if place is not None else None
        position = encode(record.callback_pos, "the position")
        step = self._step(record, began, outcome)
        self._write(eng, self._with_waiting(record, self._made.ended, position, step))

    def _leave(self, record: Record, status: ObjectStatus) -> Place | None:
        OBJECTS.check(record.status, status, record.ordinal)
        record.status = status
        last, self.place, self.current = self.place, None, None
        return last

    def _refused(self, eng: Any, obj: Any, error: NotStorable) -> WorkflowError:
        """Store as failed what can't be stored as it is; return what to raise."""
        text = "".join(traceback.format_exception_only(error))
        self.token_failed(eng, obj, error, text)
        return WorkflowError(error.message, id_workflow=self.run.uuid, id_object=eng.state.token_pos)

    # Rows of tokens ---------------------------------------------------------------------------------------------------
    # In batches tokens run one after the other without anybody being called between them; what became of them is seen
    # afterwards, or as soon as one of them has to be stored or asks for something.

    def pause(self, eng: Any) -> int:
        """See what became of the last row, and begin another one.

        Returns:
            The ordinal before which to pause again.

        Raises:
            WorkflowError: a token of the row could not be stored.
        """
        at: int = eng.state.token_pos
        if self.row is not None:
            took = time.monotonic() - self._row_began
            self._settle_owed(eng)
            done = max(1, at + 1 - self.row)
            self._catch_up(eng, at + 1)
            self.row, self._last_ordinal = None, at
            # As many as took a quarter of the time that a token may wait.
            self._row_size = max(1, min(2 * done, int(done * self._granularity.seconds / 4 / max(took, 1e-9))))
            if len(self._waiting) >= self._granularity.tokens or self._overdue():
                self._write(eng, self._flushed())
        if self._late:
            raise self._late.pop(0)
        if self.interrupting:
            raise Interrupted
        until = self._row_until(at + 1)
        if until > at + 1:
            self.row, self._row_began, eng._skipping = at + 1, time.monotonic(), False
        return max(until, at + 2)

    def _row_until(self, first: int) -> int:
        """Return where a row ends that begins at an object: only those that begin at their first task are in it."""
        objects = self.run.objects
        until = min(len(objects), first + min(self._row_size, self._granularity.tokens - len(self._waiting)))
        for ordinal in range(first, until):
            if objects[ordinal].status is not ObjectStatus.INITIAL or self._starts.get(ordinal, _BEGIN) != _BEGIN:
                return ordinal
        return until

    def _overdue(self) -> bool:
        return bool(self._waiting) and time.monotonic() - self._waiting_since >= self._granularity.seconds

    def _catch_up(self, eng: Any, until: int) -> None:
        """Take over what the tokens of the row hold that are done with: all before this one."""
        assert self.row is not None  # noqa: S101 - asked before
        if not self._waiting:
            self._waiting_since = self._row_began
        for ordinal in range(self.row, until):
            record, obj = self.run.objects[ordinal], eng.objects[ordinal]
            if record is self.current:
                self._count_visit(record)
                self.current = None
            try:
                text = eng._stored_text(obj, record)
            except NotStorable as error:
                self.current, self._clears, record.status = record, False, ObjectStatus.RUNNING
                self._late.append(self._refused_late(eng, record, error))
                continue
            known = self._waiting.get(record, self._made.moved)
            same = text == record.stored and not record.loops
            self._waiting[record] = known if same else self._made.changed
            record.stored, record.status = text, ObjectStatus.COMPLETED
            record.callback_pos = record.node = record.loops = None
        self.row = max(self.row, until)
        self._ordinal = until - 1

    def _refused_late(self, eng: Any, record: Record, error: NotStorable) -> WorkflowError:
        record.error_type = "wfgraph.errors.NotStorable"
        record.error_message = "".join(traceback.format_exception_only(error))
        self._leave(record, ObjectStatus.ERROR)
        record.callback_pos = record.node = None
        self._waiting[record] = self._made.ended
        return WorkflowError(error.message, id_workflow=self.run.uuid, id_object=record.ordinal)

    def _in_hand(self, eng: Any) -> Record | None:
        """Return the object in hand; where that is one of a row, those before it are done with."""
        if self.row is None or threading.get_ident() != self._thread:
            return self.current
        at = eng.state.token_pos
        if at < self.row:
            return self._owed  # the run inside its task has gone past it
        self._settle_owed(eng)
        record: Record = self.run.objects[at]
        if self.current is not record:
            self._catch_up(eng, at)
            self.current, self._clears, self._ordinal = record, False, at
            record.status = ObjectStatus.RUNNING
        return record

    def _settle_owed(self, eng: Any) -> None:
        """Take over what a token of a row holds inside one of whose tasks the engine was run again."""
        owed, self._owed = self._owed, None
        if owed is not None and self.row is not None:
            row, self.row = self.row, owed.ordinal
            self._catch_up(eng, owed.ordinal + 1)
            self.row = row

    def _left_row(self, eng: Any) -> Record | None:
        """Return the object in hand; a row ends with it."""
        self.current = record = self._in_hand(eng)
        if self.row is not None:
            self.row, self._owed, self._last_ordinal = None, None, eng.state.token_pos
        return record

    def step_aside(self, eng: Any) -> _Aside | None:
        """Let an engine run again inside a task of its own; return what :meth:`come_back` takes."""
        if threading.get_ident() != self._thread:
            return None
        in_row = self.row is not None
        record = self._left_row(eng)
        found = _Aside(record, self.place, self._visit, self._clears, list(eng.state.callback_pos), in_row)
        self.current = self.place = self._visit = None
        return found

    def come_back(self, eng: Any, aside: _Aside | None, failed: bool) -> None:
        """Go on with the token inside whose task the engine was run again."""
        if aside is None:
            return
        self.current, self.place, self._visit, self._clears = aside.record, aside.place, aside.visit, aside.clears
        if aside.record is None:
            return
        aside.record.status = ObjectStatus.RUNNING
        if failed:
            self._stands = aside.position
        elif aside.in_row:
            self.row, self._owed = eng.state.token_pos + 1, aside.record

    # The journal -----------------------------------------------------------------------------------------------------

    def remembered(self, eng: Any, key: str) -> tuple[bool, Any]:
        """Return whether the journal of the object in hand has something under a key, and what."""
        record = self._in_hand(eng)
        return (False, None) if record is None else self._store.result(record, key)

    def remember(self, eng: Any, key: str, value: Any) -> None:
        """Write something into the journal of the object in hand, together with what that holds and where it stands.

        Raises:
            NotStorable: the value, or what the object holds, is no JSON.
        """
        record = self._in_hand(eng)
        if record is None:
            return
        told = encode(value, f"the result of once({key!r})")
        statement = self._take(eng, record, eng.objects[record.ordinal])
        record.callback_pos = list(eng.state.callback_pos)
        place = self._places.at(record.callback_pos)
        record.node = place.name if place is not None else None
        position = encode(record.callback_pos, "the position")
        changes = self._with_waiting(record, statement, position, None)
        self._write(eng, changes, [{"r_object": record.id, "r_key": key, "r_value": told}])

    def idempotency_key(self, eng: Any) -> str:
        """Return what is the same whenever this visit of this object to this task runs again, and only then.

        Visits are told apart by the frames of the task, and only those are counted that ask for a key.
        """
        record = self._in_hand(eng)
        place = None if record is None else self._places.at(eng.state.callback_pos)
        if record is None or place is None:
            raise WorkflowError("idempotency_key is for tasks: no object is in hand")
        now = (place.number, invocation())
        if self._visit is not None and self._visit != now:
            self._count_visit(record)
        self._visit = now
        visit = record.visits.get(place.number, 0)
        return f"{self.run.uuid}-{record.ordinal}-{_digest(place.name)}-{visit}"

    # Writing ---------------------------------------------------------------------------------------------------------

    def _take(self, eng: Any, record: Record, obj: Any) -> Statement:
        """Take over what a token holds; return the statement that is needed to write it.

        Raises:
            NotStorable: it is no JSON.
        """
        text = eng._stored_text(obj, record)
        records = eng.extra_data.get(loops.KEY)
        if records:
            records = {key: self._versioned(found) for key, found in records.items()}
            encode(records, f"how far the loops of object {record.ordinal} have come (extra_data['{loops.KEY}'])")
        same = text == record.stored and not records and not record.loops
        record.stored = text
        record.loops = records or None
        return self._made.ended if self._clears else self._made.moved if same else self._made.changed

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
        return [self._change(record, statement, None, None) for record, statement in waiting.items()]

    def _write(self, eng: Any, changes: list[Change], results: list[dict[str, Any]] | None = None) -> None:
        run = None
        if eng.extra_data or self._extra != "{}":
            extra = _shared(eng.extra_data)
            text = encode(extra, "extra_data")
            if text != self._extra:
                run = self._run_row(eng, WorkflowStatus.RUNNING, self._lease, text)
        self._writer.write(changes, run, results or ())
        if run is not None:
            self._extra = run["b_extra_data"]
        self._clears = False

    def _run_row(self, eng: Any, status: WorkflowStatus, lease: float | None, extra: str) -> dict[str, Any]:
        return {
            "b_uuid": self.run.uuid,
            "b_epoch": self._writer.epoch,
            "b_status": status.name,
            "b_state_token_pos": self._ordinal,
            "b_extra_data": extra,
            "b_lease": lease,
        }

    def edited(self, eng: Any, objects: Any) -> None:
        """Write tokens that were changed while no task ran, where they stand.

        Raises:
            NotStorable: one of them is no JSON.
        """
        changes = []
        for record, obj in zip(self.run.objects, objects, strict=True):
            text = eng._stored_text(obj, record)
            if text != record.stored:
                record.stored = text
                position = None if record.callback_pos is None else encode(record.callback_pos, "the position")
                changes.append(self._change(record, self._made.changed, position, None))
        if changes:
            self._write(eng, changes)

    # The end ---------------------------------------------------------------------------------------------------------

    def close(self, eng: Any, status: WorkflowStatus | None) -> None:
        """Write what waits, and what the run became, and let go of it.

        Args:
            eng: the engine.
            status: what the run became; None for one that was interrupted.
        """
        self._heart.stop()
        self._let_go()
        if self.row is not None and eng.state.token_pos >= self.row:
            self._settle_owed(eng)
            self._catch_up(eng, eng.state.token_pos)
        try:
            if not self._writer.lost:
                extra, self.run.extra_data = self._extra, _shared(eng.extra_data)
                try:
                    extra = encode(self.run.extra_data, "extra_data")
                finally:
                    last = self._run_row(eng, status or WorkflowStatus.RUNNING, None, extra)
                    self._writer.write(self._flushed(), last)
                    self.run.status, self.run.leased = status or WorkflowStatus.RUNNING, False
                    self.run.state_token_pos = self._ordinal
        finally:
            self._writer.close()

    def outcome(self, eng: Any) -> WorkflowStatus:
        """Return what the run has become, by what its objects are."""
        left = [one.status for one in self.run.objects if one.status is not ObjectStatus.COMPLETED]
        if ObjectStatus.ERROR in left:
            return WorkflowStatus.ERROR
        return WorkflowStatus.HALTED if left or eng._left_early else WorkflowStatus.COMPLETED


class Nowhere:
    """Keeps nothing: before a run has begun, and after its end."""

    def run_begins(self, eng: Any, objects: Any) -> None:
        """Do nothing."""

    def run_ends(self, eng: Any, objects: Any) -> None:
        """Do nothing."""

    def token_begins(self, eng: Any, obj: Any) -> None:
        """Do nothing."""

    def task_begins(self, eng: Any) -> None:
        """Do nothing."""

    def token_left(self, eng: Any, obj: Any, status: ObjectStatus, saved: bool = True) -> None:
        """Do nothing."""

    def token_halted(self, eng: Any, obj: Any, halt: HaltProcessing) -> None:
        """Do nothing."""

    def token_failed(self, eng: Any, obj: Any, error: BaseException, text: str) -> None:
        """Do nothing."""


class Aside(Nowhere):
    """Keeps nothing, for an engine that runs inside a task: what it does is a part of that task."""


def _shared(extra_data: Mapping[str, Any]) -> dict[str, Any]:
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


def _nothing() -> None:
    """Do nothing."""


def _passed(error: BaseException, frame: FrameType) -> bool:
    """Tell whether an error came through a frame."""
    step = error.__traceback__
    while step is not None:
        if step.tb_frame is frame:
            return True
        step = step.tb_next
    return False


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
