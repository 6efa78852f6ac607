"""Writes down what becomes of a stored run while it goes on: what is written when is the run's granularity."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from wfgraph.errors import HaltProcessing, NotStorable, WorkflowError
from wfgraph.graph.address import format_address
from wfgraph.graph.ops import For
from wfgraph.runtime import loops
from wfgraph.runtime.boundary import stop_before_next
from wfgraph.runtime.pool import WorkersLost
from wfgraph.statuses import ObjectStatus, WorkflowStatus
from wfgraph.storage.heartbeat import Heartbeat
from wfgraph.storage.lifecycle import RUNS
from wfgraph.storage.placement import Place
from wfgraph.storage.recorder import Claim, shared
from wfgraph.storage.records import Record
from wfgraph.storage.rows import FALLEN_BACK, Interrupted, Rows
from wfgraph.storage.store import Store
from wfgraph.storage.values import decode, encode
from wfgraph.utils import type_name

__all__ = ["Keeper"]

_LONGEST_ERROR = 20_000


class Keeper(Rows):
    """Keeps one run of one engine, from claim to release.

    Args:
        store: the runs of the database.
        claim: the run.

    Attributes:
        ended_in_token: whether the run has ended in the middle of a token, of which that is not stored.
    """

    def __init__(self, store: Store, claim: Claim) -> None:
        super().__init__(store, claim)
        self.ended_in_token = False
        self._let_go: Callable[[], None] = _nothing
        self._store = store
        self._resuming = claim.starts is not None
        self._heart = Heartbeat(
            store.database, self.run.uuid, claim.epoch, claim.lease, lambda: self._ordinal, self._lose
        )

    def interrupt(self, eng: Any) -> None:
        """Let the run end after the task in hand; asked for from another thread, after the token where tokens are stored."""
        self.interrupting = True
        if threading.get_ident() == self._thread and not self._granularity.per_task:
            self._let_go()
            self._let_go = stop_before_next(eng, Interrupted)

    def _lose(self) -> None:
        self._writer.lost = True

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
        self._take_up(record)
        self._stored_at(record, start)
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
        statement = self._take(eng, record, self.tokens[record.ordinal])
        record.callback_pos, record.node = list(eng.state.callback_pos), place.name
        self._write(self._with_waiting(record, statement, place.position, step))
        self._stored_at(record, record.callback_pos)

    def interrupted(self, eng: Any) -> None:
        """The token in hand was left between two tasks: store where."""
        record, place = self._left_row(eng, judge=False), self._places.at(eng.state.callback_pos)
        if record is None or place is None:
            return
        if not self._granularity.per_task:
            self._count_visit(record)
            self._checkpoint(eng, record, place, None)
        self.current = None

    def token_left(self, eng: Any, obj: Any, status: ObjectStatus, saved: bool = True) -> None:
        """A token is done with, for now."""
        record = self._left_row(eng)
        if record is None:
            return
        statement = self._made.ended if self._clears else self._made.moved
        try:
            if saved:
                statement = self._take(eng, record, obj)
            else:
                self._share(eng, record.ordinal, record.ordinal)
        except NotStorable as error:
            raise self._refused(eng, obj, error) from error
        self._count_visit(record)
        if status is ObjectStatus.HALTED:  # aborted: what is stored of it is of an earlier task, where it stands, too
            self._stands = self._standing(self._fall_back(eng, record))
            self._write_end(eng, record, status, "left")
            return
        last = self._leave(record, status)
        record.callback_pos = record.node = record.loops = record.kept = None
        outcome = "done" if status is ObjectStatus.COMPLETED else "left"
        if self._granularity.per_task or self._granularity.tokens == 1:
            step = self._step(record, last, outcome) if self._granularity.per_task else None
            self._write(self._with_waiting(record, statement, None, step))
            return
        now = time.monotonic()
        if not self._waiting:
            self._waiting_since = now
        # One that waits already, because the run has jumped back to it, is written whole.
        self._waiting[record] = statement if record not in self._waiting else self._made.ended
        if len(self._waiting) >= self._granularity.tokens or now - self._waiting_since >= self._granularity.seconds:
            self._write(self._flushed())

    def token_halted(self, eng: Any, obj: Any, halt: HaltProcessing) -> None:
        """A task has halted the run."""
        record = self._left_row(eng)
        if record is None:
            return
        at = record.ordinal
        try:
            self._take(eng, record, obj)
            encode(halt.payload, lambda: f"{self._named(at, at)}: the payload of the halt")
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
        refusal = None
        try:
            self._take(eng, record, obj)
        except NotStorable as refused:
            refusal = refused
        self._count_visit(record, error)
        if refusal is not None:  # what is stored of it is of an earlier task: it stands there, too
            self._stands = self._standing(self._fall_back(eng, record))
            self._restore_shared(eng)
            why = "" if refusal.message in text else f"; {refusal.message}"
            text = text.rstrip() + why + FALLEN_BACK
        self._write_failed(eng, record, error, text)

    def given_up(self, eng: Any, record: Record, lost: int) -> None:
        """Write that an object, of which nothing runs, has failed where it stands: so many workers were lost with it."""
        self._take_up(record)
        run, stands = self.run, self._standing(record.callback_pos)
        self._stands, place = stands, self._places.at(stands)
        task = f"{'the task' if place is None else place.name} at {format_address(stands)}"
        which = "" if run.joins else f" --object {run.place_of(record)}"
        text = (
            f"{lost} workers in a row were lost in {task}, before anything more was stored: it ends its process, or "
            f"takes longer than it may; see why, then go on: wfgraph runs resume {run.parent or run.uuid}{which}"
        )
        self._write_failed(eng, record, WorkersLost(text, [run.uuid]), text)

    def _standing(self, position: list[int] | None) -> list[int]:
        """Return the address of the task at a position; of the first task for None."""
        stands = position or [0]
        place = self._places.at(stands)
        return stands if place is None else list(self.graph.nodes[place.number].item.address)

    def _write_failed(self, eng: Any, record: Record, error: BaseException, text: str) -> None:
        record.error_type = type_name(type(error))[:255]
        record.error_message = text[-_LONGEST_ERROR:].encode("utf-8", "replace").decode().replace("\0", "\\0")
        self._write_end(eng, record, ObjectStatus.ERROR, "failed")

    def _write_end(self, eng: Any, record: Record, status: ObjectStatus, outcome: str) -> None:
        """Write an object that stays where it stands: it halted or failed there."""
        stands, self._stands = self._stands or list(eng.state.callback_pos), None
        self.place = self.place or self._places.at(stands)
        began = self._leave(record, status)
        position = self._stand(record, stands)
        step = self._step(record, began, outcome)
        self._write(self._with_waiting(record, self._made.ended, position, step))

    def _refused(self, eng: Any, obj: Any, error: NotStorable) -> WorkflowError:
        """Store as failed what can't be stored as it is; return what to raise."""
        text = "".join(traceback.format_exception_only(error))
        self.token_failed(eng, obj, error, text)
        return WorkflowError(error.message, id_workflow=self.run.uuid, id_object=eng.state.token_pos)

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
        at = record.ordinal
        told = encode(value, lambda: f"{self._named(at, at)}: the result of once({key!r})")
        statement = self._take(eng, record, self.tokens[record.ordinal])
        position = self._stand(record, list(eng.state.callback_pos))
        changes = self._with_waiting(record, statement, position, None)
        self._write(changes, [{"r_object": record.id, "r_key": key, "r_value": told}])
        self._stored_at(record, record.callback_pos)

    def edited(self, eng: Any) -> None:
        """Write tokens that were changed while no task ran, where they stand.

        Raises:
            NotStorable: one of them is no JSON.
        """
        changes = []
        for record, obj in zip(self.run.objects, self.tokens, strict=True):
            text = eng._stored_text(obj, record)
            if text != record.stored:
                record.stored = text
                position = None if record.callback_pos is None else encode(record.callback_pos, "the position")
                changes.append(self._change(record, self._made.changed, position, None))
        if changes:
            self._write(changes)

    def put_back(self, eng: Any, starts: Mapping[Record, list[int]]) -> None:
        """Write that objects which halted or failed are to go on, with what they hold now, at these positions.

        Raises:
            NotStorable: one of them is no JSON.
        """
        changes = []
        for record, start in starts.items():
            record.stored = eng._stored_text(self.tokens[record.ordinal], record)
            self._take_up(record)
            changes.append(self._change(record, self._made.ended, self._stand(record, start), None))
        self._write(changes)

    def close(self, eng: Any, status: WorkflowStatus | None) -> None:
        """Write what waits, and what the run became, and let go of it.

        Args:
            eng: the engine.
            status: what the run became; None for one that was interrupted.
        """
        self._heart.stop()
        self._let_go()
        RUNS.check(WorkflowStatus.RUNNING, status or WorkflowStatus.RUNNING, self.run.uuid)
        self.ended_in_token = self.current is not None
        if self.row is not None and eng.state.token_pos >= self.row:
            self.ended_in_token = True
            self._settle_owed(eng, judge=False)
            self._catch_up(eng, eng.state.token_pos, judge=False)
        try:
            if not self._writer.lost:
                try:
                    if not self.ended_in_token:  # else it shares when it runs again; in a row, it may have already
                        self._shares = encode(shared(eng.extra_data), "extra_data")
                finally:
                    self.run.extra_data = decode(self._shares)
                    self._writer.write(self._flushed(), self._run_row(status or WorkflowStatus.RUNNING, None))
                    self.run.status, self.run.leased = status or WorkflowStatus.RUNNING, False
                    self.run.attempts = 0
                    self.run.state_token_pos = self._ordinal
        finally:
            self._writer.close()

    def outcome(self, eng: Any) -> WorkflowStatus:
        """Return what the run has become, by what its objects are."""
        left = [one.status for one in self.run.objects if one.status is not ObjectStatus.COMPLETED]
        if ObjectStatus.ERROR in left:
            return WorkflowStatus.ERROR
        return WorkflowStatus.HALTED if left or eng._left_early else WorkflowStatus.COMPLETED


def _nothing() -> None:
    """Do nothing."""
