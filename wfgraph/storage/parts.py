"""Runs in parts: each part is a run of its own, claimed, stored and resumed by itself, by whichever worker takes it.

The whole has no objects of its own; what it is follows from what its parts are.
"""

from __future__ import annotations

import os
import signal
import socket
import uuid as uuids
from collections.abc import Iterator, Sequence
from contextlib import suppress
from types import FrameType
from typing import Any

from wfgraph.errors import HaltProcessing, OwnershipLost, RunOwned, StorageError, WorkflowAPIError, WorkflowError
from wfgraph.runtime.pool import WorkerPool, WorkersLost, check_workers
from wfgraph.runtime.sharing import check_untraced
from wfgraph.statuses import ObjectStatus, WorkflowStatus
from wfgraph.storage.patience import at_once
from wfgraph.storage.records import UNFINISHED, RunRecord
from wfgraph.storage.rows import Interrupted
from wfgraph.storage.store import Store
from wfgraph.utils import shown

__all__ = ["Parts", "PartRunner", "cut", "engines_of_parts", "make_parts_ready", "part_size_for", "raise_first"]

_LARGEST = 1_000
_PER_WORKER = 4
"""How many parts each worker gets, about: with more, all end at the same time; with fewer, less is paid for claiming."""

_OF_ONE_RUN = (
    "callbacks", "db_obj", "execute_callback", "extra_data", "granularity", "lease", "log", "objects", "owner", "runs",
    "state",
)  # fmt: skip
"""What an engine has of its own run or process; whatever else was set on it goes along to the engines of its parts."""


def part_size_for(objects: int, workers: int) -> int:
    """Return how many objects to put into each part."""
    return max(1, min(_LARGEST, -(-objects // (_PER_WORKER * workers))))


def cut(run: RunRecord, size: int) -> None:
    """Cut a new run into parts of so many objects.

    Raises:
        WorkflowAPIError: that is no number of objects.
    """
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise WorkflowAPIError(f"a part has at least 1 object, not {shown(size)}")
    for first in range(0, len(run.objects), size):
        part = RunRecord(
            str(uuids.uuid4()),
            run.name,
            target=run.target,
            definition=run.definition,
            extra_data=run.extra_data,
            parent=run.uuid,
            first_object=first,
        )
        part.objects = run.objects[first : first + size]
        for ordinal, record in enumerate(part.objects):
            record.ordinal = ordinal
        run.parts.append(part)
    run.objects = []


class PartRunner:
    """Runs parts, in this process or in another: it can be sent there.

    Args:
        eng: the engine of the whole; that of a part is of its class, with its definition and its settings.
    """

    def __init__(self, eng: Any) -> None:
        self._kind = type(eng)
        self._database = eng.runs.database
        self._options = {"granularity": eng.granularity, "lease": eng.lease}
        self._callbacks: dict[str, Any] = dict(eng.callbacks.get(None))
        self._settings = {
            name: value for name, value in vars(eng).items() if not name.startswith("_") and name not in _OF_ONE_RUN
        }
        self._current: Any = None
        self._stopping = False
        self._is_worker = False

    def engine(self, uuid: str) -> Any:
        """Return an engine that stands where a part stands."""
        eng = self._kind.from_uuid(uuid, self._database, **self._options)
        for key, callbacks in self._callbacks.items():
            eng.callbacks.replace(callbacks, key)
        for name, value in self._settings.items():
            setattr(eng, name, value)
        return eng

    def begin(self) -> None:
        """Let SIGTERM end this process after the task in hand."""
        self._is_worker = True
        signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._current is None and self._is_worker:
            os._exit(0)
        self.interrupt()

    def interrupt(self) -> None:
        """Stop after the task in hand."""
        self._stopping = True
        if self._current is not None:
            self._current.interrupt()

    def __call__(self, uuid: str) -> WorkflowStatus:
        """Run what is to be run of a part; return what it is then.

        Raises:
            RunOwned: another worker has it.
            Interrupted: it was asked to stop, outside of worker processes; those end then.
        """
        try:
            eng = self._current = self.engine(uuid)
            if self._stopping:
                raise Interrupted
            if eng.status in UNFINISHED:
                eng.recover()
            found: WorkflowStatus = eng.status
            return found
        except Interrupted:
            if self._is_worker:
                os._exit(0)  # what was done is stored
            raise
        finally:
            self._current = None


def engines_of_parts(eng: Any) -> Iterator[Any]:
    """Return an engine for each part of a run, which has the tokens of that from the engine of the whole."""
    runner = PartRunner(eng)
    for part in eng.db_obj.parts:
        one = runner.engine(part.uuid)
        first = part.first_object or 0
        one.objects = eng.objects[first : first + len(one.objects)]
        yield one


def make_parts_ready(eng: Any, wanted: set[int], **options: Any) -> list[str]:
    """Put back in the queue what halted or failed in parts; return the uuids of those with something to do.

    Nothing is put back where it is known beforehand that something can't be.

    Args:
        eng: the engine of the whole.
        wanted: which of its objects.
        options: as for :meth:`wfgraph.storage.DbWorkflowEngine.make_ready`.

    Raises:
        RunOwned: a worker has a part in which something is to be put back.
        Exception: as :meth:`wfgraph.storage.DbWorkflowEngine.make_ready`.
    """
    chosen = []
    for one in engines_of_parts(eng):
        first = one.db_obj.first_object
        mine = [number - first for number in wanted if first <= number < first + len(one.objects)]
        back = one.to_be_put_back(objects=mine, **options)
        if back and one.db_obj.leased:
            raise RunOwned(
                f"objects {first} to {first + len(one.objects) - 1} of the run {eng.uuid} are with the worker "
                f"{one.db_obj.owner}; wait until it has ended with them, or name other objects"
            )
        if back or (one.status in UNFINISHED and not one.db_obj.leased):
            chosen.append((one, mine))
    return [uuid for one, mine in chosen for uuid in one.make_ready(objects=mine, **options)]


class Parts:
    """The parts of a run, while they are run from here.

    Args:
        eng: the engine of the whole.
        workers: how many processes run them; None for this one, one part after the other.
    """

    def __init__(self, eng: Any, workers: int | None) -> None:
        self._workers = None if workers is None else check_workers(workers)
        if workers is not None:
            check_untraced(eng)
        self._store: Store = eng.runs
        self._uuid: str = eng.db_obj.uuid
        self._parts: list[RunRecord] = eng.db_obj.parts
        self._count = len(eng.objects)
        self._runner = PartRunner(eng)
        self._pool: WorkerPool | None = None
        self._stopped = False
        self._asked = 0

    def run(self) -> None:
        """Run what is to be run of all parts.

        Raises:
            Interrupted: it was asked to stop.
            RunOwned: other workers have parts of it.
            WorkersLost: workers were killed again and again.
        """
        todo = [one.uuid for one in self._store.parts(self._uuid) if one.status in UNFINISHED]
        self._store.tell_dispatched(todo)
        run_one = _Guarded(self._runner)
        outcomes = map(run_one, todo) if self._workers is None else self._in_pool(run_one, todo)
        owned = [one for one in outcomes if isinstance(one, RunOwned)]
        if self._stopped:
            raise Interrupted
        if owned:
            raise owned[0]

    def _in_pool(self, run_one: _Guarded, todo: Sequence[str]) -> Iterator[WorkflowStatus | RunOwned]:
        waiting = iter(todo)
        self._pool = pool = WorkerPool(run_one, min(self._workers or 1, max(1, len(todo))))
        try:
            yield from pool.results(lambda: None if self._stopped else next(waiting, None), self._lost)
        except Interrupted:
            pass
        except WorkersLost as error:
            raise self._told(error) from error
        except BaseException:
            pool.kill()
            raise
        finally:
            try:
                pool.close()
            finally:
                self._pool = None
                self._take_back()

    def _lost(self, _: list[str]) -> None:
        """Take back what was in the hands of workers that are gone."""
        if self._stopped:
            raise Interrupted  # they were asked to end
        self._take_back()

    def _take_back(self) -> None:
        """Let others have at once what workers had that are gone, without waiting for the end of their leases."""
        with suppress(StorageError), at_once():  # the leases run out by themselves, too
            for one in self._store.parts(self._uuid):
                if one.leased and is_gone(one.owner):
                    self._store.release(one.uuid, one.epoch)

    def _told(self, error: WorkersLost) -> WorkersLost:
        """Return what says which objects the workers had in hand, and how to go on."""
        ends = [one.first_object or 0 for one in self._parts[1:]] + [self._count]
        places = [
            f"{one.first_object} to {end - 1}"
            for one, end in zip(self._parts, ends, strict=True)
            if one.uuid in error.pieces
        ]
        return WorkersLost(
            f"{error.message}, again and again, with the objects {', '.join(places)} in hand; what was done is stored: see "
            f"what kills them, then recover() the run, or `wfgraph runs requeue {self._uuid}`",
            error.pieces,
        )

    def interrupt(self) -> None:
        """Let each worker stop after the task in hand; the second time, end them at once."""
        self._stopped = True
        self._asked += 1
        self._runner.interrupt()
        if self._pool is not None:
            (self._pool.stop if self._asked == 1 else self._pool.kill)()


class _Guarded:
    """Runs parts in a worker, which goes on with the next one when another worker has a part."""

    def __init__(self, runner: PartRunner) -> None:
        self._runner = runner
        self.begin = runner.begin

    def __call__(self, uuid: str) -> WorkflowStatus | RunOwned:
        try:
            return self._runner(uuid)
        except (RunOwned, OwnershipLost) as error:
            return RunOwned(str(error))


def is_gone(owner: str | None) -> bool:
    """Tell whether a worker was a process of this machine that is not there any more."""
    host, _, number = (owner or "").rpartition(":")
    if host != socket.gethostname() or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


def raise_first(run: RunRecord, stop_on_error: bool, stop_on_halt: bool) -> None:
    """Raise what the first object has halted or failed with, where that is asked for.

    Raises:
        HaltProcessing: the first one that counts has halted.
        WorkflowError: it has failed.
    """
    for one in run.objects:
        if stop_on_halt and one.status is ObjectStatus.HALTED:
            raise HaltProcessing(one.halt_message or "", one.halt_action, one.halt_payload)
        if stop_on_error and one.status is ObjectStatus.ERROR:
            raise WorkflowError(one.error_message or "", id_workflow=run.uuid, id_object=one.ordinal)
