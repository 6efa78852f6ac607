"""Rows of tokens: in batches they run one after the other without anybody being called between them.

What became of them is seen afterwards, or as soon as one of them has to be stored or asks for something.
"""

from __future__ import annotations

import threading
import time
import traceback
from dataclasses import dataclass
from types import FrameType
from typing import Any

from wfgraph.errors import NotStorable, WorkflowError
from wfgraph.runtime.boundary import invocation
from wfgraph.statuses import ObjectStatus
from wfgraph.storage.placement import Place
from wfgraph.storage.recorder import Claim, Recorder
from wfgraph.storage.records import Record
from wfgraph.storage.store import Store
from wfgraph.utils import digest

__all__ = ["FALLEN_BACK", "Interrupted", "Rows"]

_BEGIN = [0]

FALLEN_BACK = "; it stands where it was stored last"
"""What is added to the error of an object that holds what can't be stored."""


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


class Rows(Recorder):
    """Follows the tokens of a run, those that nobody is called between included.

    Args:
        store: the runs of the database.
        claim: the run.

    Attributes:
        interrupting: whether the run was asked to stop.
        row: the ordinal of the first token of the row of which it is not known what became of it; None outside of rows.
    """

    def __init__(self, store: Store, claim: Claim) -> None:
        super().__init__(store, claim)
        self.interrupting = False
        self._thread = threading.get_ident()
        self._granularity = claim.granularity
        self._starts = dict(claim.starts or {})
        self._last_ordinal = -1
        self.row: int | None = None
        self._row_size = 1
        self._row_began = 0.0
        self._late: list[WorkflowError] = []
        self._owed: Record | None = None
        self._stands: list[int] | None = None

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
            if self._late:
                self._restore_shared(eng)
            self.row, self._last_ordinal = None, at
            # As many as took a quarter of the time that a token may wait.
            self._row_size = max(1, min(2 * done, int(done * self._granularity.seconds / 4 / max(took, 1e-9))))
            if len(self._waiting) >= self._granularity.tokens or self._overdue():
                self._write(self._flushed())
        if self._late:
            eng._run.begin_token()  # the one that has failed: the run goes on after it, where it is to go on after errors
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

    def _catch_up(self, eng: Any, until: int, judge: bool = True) -> None:
        """Take over what the tokens of the row hold that are done with: all before this one.

        Args:
            eng: the engine.
            until: the ordinal of this one.
            judge: whether they fail where what they share can't be stored. Not in the middle of a token, which may hold
                something there for a moment.
        """
        assert self.row is not None  # noqa: S101 - asked before
        if not self._waiting:
            self._waiting_since = self._row_began
        refusal = self._refusal_of_row(eng, until)
        for ordinal in range(self.row, until):
            record, obj = self.run.objects[ordinal], self.tokens[ordinal]
            if record is self.current:
                self._count_visit(record)
                self.current = None
            try:
                text = eng._stored_text(obj, record)
                if judge and refusal is not None:
                    raise refusal
            except NotStorable as error:
                self.current, self._clears, record.status = record, False, ObjectStatus.RUNNING
                self._late.append(self._refused_late(eng, record, error))
                continue
            if record in self._waiting:
                self._waiting[record] = self._made.ended  # whatever it waited with is written, too
            else:
                same = text == record.stored and not record.loops
                self._waiting[record] = self._made.moved if same else self._made.changed
            record.stored, record.status = text, ObjectStatus.COMPLETED
            record.callback_pos = record.node = record.loops = None
        self.row = max(self.row, until)
        self._ordinal = until - 1

    def _refusal_of_row(self, eng: Any, until: int) -> NotStorable | None:
        """Take over what the tokens of the row share; where that can't be stored, any of them may have seen to that."""
        try:
            self._share(eng, self.row or 0, max(until - 1, eng.state.token_pos))
        except NotStorable as error:
            return error
        return None

    def _refused_late(self, eng: Any, record: Record, error: NotStorable) -> WorkflowError:
        record.error_type = "wfgraph.errors.NotStorable"
        record.error_message = "".join(traceback.format_exception_only(error)).rstrip() + FALLEN_BACK
        self._leave(record, ObjectStatus.ERROR)
        record.callback_pos = record.node = None
        if (position := self._fall_back(eng, record)) is not None:
            self._stand(record, position)
        self._waiting[record] = self._made.ended
        return WorkflowError(error.message, id_workflow=self.run.uuid, id_object=record.ordinal)

    def _in_hand(self, eng: Any, judge: bool = False) -> Record | None:
        """Return the object in hand; where that is one of a row, those before it are done with."""
        if self.row is None or threading.get_ident() != self._thread:
            return self.current
        at = eng.state.token_pos
        if at < self.row:
            return self._owed  # the run inside its task has gone past it
        self._settle_owed(eng, judge)
        record: Record = self.run.objects[at]
        if self.current is not record:
            self._catch_up(eng, at, judge)
            self.current, self._clears, self._ordinal = record, False, at
            record.status = ObjectStatus.RUNNING
        return record

    def _settle_owed(self, eng: Any, judge: bool = True) -> None:
        """Take over what a token of a row holds inside one of whose tasks the engine was run again."""
        owed, self._owed = self._owed, None
        if owed is not None and self.row is not None:
            row, self.row = self.row, owed.ordinal
            self._catch_up(eng, owed.ordinal + 1, judge)
            self.row = row

    def _left_row(self, eng: Any, judge: bool = True) -> Record | None:
        """Return the object in hand; a row ends with it."""
        self.current = record = self._in_hand(eng, judge)
        if self.row is not None:
            self.row, self._owed, self._last_ordinal = None, None, eng.state.token_pos
        return record

    def step_aside(self, eng: Any) -> _Aside | None:
        """Let an engine run again inside a task of its own; return what :meth:`come_back` takes."""
        if threading.get_ident() != self._thread:
            return None
        in_row = self.row is not None
        record = self._left_row(eng, judge=False)
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
        return f"{self.run.uuid}-{record.ordinal}-{digest(place.name)}-{visit}"

    def end_visit(self) -> None:
        """Count the visit in hand, which had asked for its key, even if it ends by an error: the next one is another."""
        if self._visit is not None:
            self._visit = (self._visit[0], None)
