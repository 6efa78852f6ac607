"""The storage-capable engine over ready-made storage: its runs survive, are owned by one worker, and can be resumed.

Example::

    from wfgraph.storage import DbWorkflowEngine

    engine = DbWorkflowEngine.with_name("orders", "sqlite:///orders.db")
    engine.callbacks.replace(flow)
    engine.process(tokens, stop_on_halt=False)

    # later, in another process, after somebody has looked at what was halted
    engine = DbWorkflowEngine.from_uuid(uuid, "sqlite:///orders.db")
    engine.callbacks.replace(flow)
    engine.resume()
"""

from __future__ import annotations

import uuid as uuids
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from wfgraph.errors import WorkflowAPIError, WorkflowError
from wfgraph.runtime import loops
from wfgraph.runtime.extra_data import ExtraData
from wfgraph.runtime.pool import check_workers
from wfgraph.runtime.sharing import check_untraced
from wfgraph.statuses import ObjectStatus, WorkflowStatus
from wfgraph.storage.database import Database
from wfgraph.storage.going_on import check_words, chosen, starts
from wfgraph.storage.keeper import Keeper
from wfgraph.storage.kept import KeptEngine
from wfgraph.storage.parts import Parts, engines_of_parts, make_parts_ready, part_size_for, raise_first
from wfgraph.storage.records import UNFINISHED, Record, RunRecord
from wfgraph.storage.store import store_of
from wfgraph.storage.values import decode
from wfgraph.utils import shown

__all__ = ["DbWorkflowEngine"]

_E = TypeVar("_E", bound="DbWorkflowEngine")


class DbWorkflowEngine(KeptEngine):
    """An engine whose run is stored in a database. :meth:`with_name` begins a run, :meth:`from_uuid` goes on with one.

    Tokens are values of JSON, or of a class of yours: override :meth:`to_stored` and :meth:`from_stored` then.

    Args:
        db_obj: the run.
        store: the runs of its database.
        granularity: what is written when: ``"task"``, ``"token"``, ``"batch"``, or what
            :func:`~wfgraph.storage.batch` returns.
        lease: for how many seconds the run is this worker's if it is not heard of.
        owner: the worker's name; ``host:pid`` when not given.

    Attributes:
        db_obj: the run: a :class:`~wfgraph.storage.RunRecord`.
        runs: the runs of its database: a :class:`~wfgraph.storage.Store`.
        policy: what happens when the definition has changed since objects halted in it: ``"remap"`` goes on at the same
            tasks, or refuses; ``"strict"`` refuses; ``"pinned"`` goes on with the one of :attr:`versions` that is the old one.
        versions: older versions of the definition.
    """

    db_obj: RunRecord
    _sharing: Parts | None = None

    # Beginning -------------------------------------------------------------------------------------------------------

    @classmethod
    def with_name(
        cls: type[_E],
        name: str,
        database: Database | str | None = None,
        *,
        uuid: str | None = None,
        target: str | None = None,
        parent: str | None = None,
        **options: Any,
    ) -> _E:
        """Return an engine for a new run. Nothing is stored before it has tokens.

        Args:
            name: the run's name, which need not be its alone: that of the workflow, say.
            database: where; as :func:`~wfgraph.storage.connect` takes it.
            uuid: the run's uuid; a new one when not given.
            target: where the definition is found, as the command line names it: so that the command line can resume it.
            parent: the uuid of the run that it is a part of.
            options: as for the class.

        Raises:
            StorageError: the database can't be used.
        """
        if not name or len(name) > 255 or "\0" in name:
            raise WorkflowAPIError(f"the name of a run is a text of 1 to 255 characters, not {shown(name)}")
        try:
            known = uuids.UUID(uuid) if uuid else uuids.uuid4()
        except (ValueError, AttributeError, TypeError) as error:
            raise WorkflowAPIError(f"{shown(uuid)} is no uuid; leave it out for a new one") from error
        run = RunRecord(str(known), name, target=target, parent=parent)
        return cls(run, store_of(database), **options)

    @classmethod
    def from_uuid(cls: type[_E], uuid: str, database: Database | str | None = None, **options: Any) -> _E:
        """Return an engine for a stored run, standing where that stands: tokens, position, ``extra_data``, loops.

        Nothing is written, and nobody else is kept from the run, before it goes on.

        Args:
            uuid: the run; its first digits do, where they tell it apart.
            database: where.
            options: as for the class.

        Raises:
            UnknownRun: there is none; none is made.
            StorageError: the database can't be used.
        """
        store = store_of(database)
        eng = cls(store.load(uuid), store, **options)
        eng._stand()
        return eng

    def _stand(self) -> None:
        """Stand where the run stands."""
        run = self.db_obj
        self.objects = [self.from_stored(decode(record.stored)) for record in run.objects]
        self.extra_data = ExtraData(run.extra_data)
        under_way = (ObjectStatus.RUNNING, ObjectStatus.HALTED, ObjectStatus.ERROR)
        at = run.state_token_pos
        if run.status is WorkflowStatus.RUNNING or not 0 <= at < len(run.objects):
            at = next((one.ordinal for one in run.objects if one.status in under_way), at)
        self.state.token_pos = max(-1, min(at, len(run.objects) - 1))
        record = run.objects[self.state.token_pos] if self.state.token_pos >= 0 else None
        if record is not None and record.callback_pos is not None:
            self.state.callback_pos = list(record.callback_pos)
            if record.loops:
                self.extra_data[loops.KEY] = {
                    key: {**found, "token": record.ordinal} for key, found in record.loops.items()
                }

    def _stand_anew(self) -> None:
        """Stand where the run stands now, with its tokens in the list that was given."""
        tokens, self.db_obj = self.objects, self.runs.load(self.uuid)
        self._stand()
        if isinstance(tokens, list) and len(tokens) == len(self.objects):
            tokens[:] = self.objects
            self.objects = tokens

    @property
    def uuid(self) -> str:
        """The run's name for machines."""
        return self.db_obj.uuid

    @property
    def status(self) -> WorkflowStatus:
        """What the run is, as far as this engine knows."""
        return self.db_obj.status

    # Running ---------------------------------------------------------------------------------------------------------

    def process(
        self,
        objects: Iterable[Any],
        stop_on_error: bool = True,
        stop_on_halt: bool = True,
        initial_run: bool = True,
        reset_state: bool = True,
        *,
        workers: int | None = None,
    ) -> None:
        """Run tokens through the workflow, and store what becomes of them.

        The tokens of a new run are stored first. A stored run takes its own tokens, from the first on.

        Args:
            objects: the tokens.
            stop_on_error: as for :class:`~wfgraph.engine.GenericWorkflowEngine`.
            stop_on_halt: likewise.
            initial_run: likewise.
            reset_state: likewise.
            workers: how many processes share the tokens, which are stored in parts, and all run; what the first one has
                halted or failed with is raised at the end. None for this process alone.

        Raises:
            NotStorable: a token is no JSON; nothing was stored or run.
            RunOwned: another worker has the run.
            OwnershipLost: another worker has taken it over.
            StorageError: the database can't be used; what is stored is as it was.
            DefinitionChanged: objects stand at tasks that are not in the definition.
            Interrupted: the run was asked to stop.
            Exception: as :class:`~wfgraph.engine.GenericWorkflowEngine`.
        """
        if not self._idle:
            with self._stepping_aside(), self._storing_only(objects):
                super().process(objects, stop_on_error, stop_on_halt, initial_run, reset_state)
            return
        self._asked_to_stop = False
        tokens = self._pre_flight_checks(objects)
        if workers is not None:
            check_untraced(self)
            self._store_new(tokens, self._graph(), part_size_for(len(tokens), check_workers(workers)))
            self._run_parts(workers, stop_on_error, stop_on_halt)
            return
        self._not_in_parts("process")
        with self._kept(tokens, None, afresh=reset_state):
            super().process(tokens, stop_on_error, stop_on_halt, initial_run, reset_state)

    def submit(self, objects: Iterable[Any], *, part_size: int | None = None) -> str:
        """Store a new run with its tokens, for whoever resumes it, and return its uuid. Nothing is run.

        Args:
            objects: the tokens.
            part_size: into parts of how many tokens to cut the run, so that several workers can share it; None for a run
                that one worker takes as a whole.

        Raises:
            NotStorable: a token is no JSON; nothing was stored.
            StorageError: the run is stored already, or the database can't be used.
        """
        self._store_new(self._pre_flight_checks(objects), self._graph(), part_size)
        return self.uuid

    def resume(
        self,
        *,
        halted: str | None = "next",
        failed: str | None = "current",
        objects: Iterable[int] | None = None,
        remap: Mapping[Any, Any] | None = None,
        stop_on_error: bool = False,
        stop_on_halt: bool = False,
        workers: int | None = None,
    ) -> None:
        """Go on with what is not completed: each object where it stands, in their order.

        Objects that were not begun start, and those that were under way when their worker died go on, at the task that
        was to come next.

        Args:
            halted: at which task those go on that halted: ``"next"``, the one after the one that halted, for what
                somebody has looked at meanwhile (and the same where that has aborted, which saves nothing); ``"current"``,
                the same, ``"prev"`` or ``"first"``; None leaves them.
            failed: at which task those go on that failed, likewise.
            objects: the ordinals of those to go on with; all when not given.
            remap: tasks of the old definition and what they are in the new one: names or addresses.
            stop_on_error: raise the first error instead of going on with the next object.
            stop_on_halt: raise the first halt instead of going on with the next object.
            workers: of a run in parts, how many processes share them; None for this process, one part after the other.

        Raises:
            WorkflowAPIError: a word is none of these, or there is no such object.
            DefinitionChanged: objects stand at tasks that are not certainly in the definition; nothing was run.
            Exception: as :meth:`process`.
        """
        self._asked_to_stop = False
        if self.db_obj.parts:
            self.make_ready(halted=halted, failed=failed, objects=objects, remap=remap)
            self._run_parts(workers, stop_on_error, stop_on_halt)
            return
        if workers is not None:
            raise WorkflowAPIError(
                f"the run {self.uuid} is not in parts, and can't be shared; store one in parts: process(workers=...)"
            )
        found, first = self._ready(halted, failed, objects, remap)
        given = self.objects
        with self._kept(given, found, afresh=False):
            self.state.reset()
            loops.clear(self.extra_data)
            self.state.token_pos = first - 1
            super().process(given, stop_on_error, stop_on_halt, True, False)

    def make_ready(
        self,
        *,
        halted: str | None = "next",
        failed: str | None = "current",
        objects: Iterable[int] | None = None,
        remap: Mapping[Any, Any] | None = None,
    ) -> list[str]:
        """Put back in the queue what halted or failed, for whoever recovers it. Nothing is run.

        What was changed in tokens meanwhile is stored with it. What was not begun yet is in the queue already.

        Args:
            halted: as for :meth:`resume`, like those that follow.
            failed: at which task those go on that failed.
            objects: the ordinals of those to put back.
            remap: tasks of the old definition and what they are in the new one.

        Returns:
            The uuids of the runs for which there is something to do: this one, or parts of it.

        Raises:
            RunOwned: a worker has the run, or such a part; it can be put back when that has ended.
            Exception: as :meth:`resume`.
        """
        if self.db_obj.parts:
            return make_parts_ready(self, chosen(self.db_obj, objects), halted=halted, failed=failed, remap=remap)
        back = self.to_be_put_back(halted=halted, failed=failed, objects=objects, remap=remap)
        if back:
            with self._kept(self.objects, {}, afresh=False, ends=WorkflowStatus.NEW):
                self._keeper.put_back(self, back)
        elif self.db_obj.status not in UNFINISHED:
            return []
        return [self.uuid]

    def to_be_put_back(
        self,
        *,
        halted: str | None = "next",
        failed: str | None = "current",
        objects: Iterable[int] | None = None,
        remap: Mapping[Any, Any] | None = None,
    ) -> dict[Record, list[int]]:
        """Return what :meth:`make_ready` puts back of a run that is not in parts, and where each object goes on then.

        Args:
            halted: as there, like those that follow.
            failed: at which task those go on that failed.
            objects: the ordinals of those to put back.
            remap: tasks of the old definition and what they are in the new one.

        Raises:
            Exception: as :meth:`resume`.
        """
        found, _ = self._ready(halted, failed, objects, remap)
        return {
            record: start
            for record in self.db_obj.objects
            if record.status in (ObjectStatus.HALTED, ObjectStatus.ERROR)
            and (start := found.get(record.ordinal, [0])) is not None
        }

    def _ready(
        self,
        halted: str | None,
        failed: str | None,
        objects: Iterable[int] | None,
        remap: Mapping[Any, Any] | None,
    ) -> tuple[dict[int, list[int] | None], int]:
        """Work out where objects go on, and which is the first to be run."""
        check_words(halted, failed)
        wanted = chosen(self.db_obj, objects)
        graph = self._graph()
        self._moves = self._moved(graph, remap)
        return starts(self.db_obj, graph, self._moves, wanted, halted, failed)

    def recover(self, *, stop_on_error: bool = False, stop_on_halt: bool = False, workers: int | None = None) -> None:
        """Go on with what was not begun or was under way; what halted or failed stays where it is.

        This is what becomes of a run whose worker is gone.

        Raises:
            Exception: as :meth:`resume`.
        """
        self.resume(halted=None, failed=None, stop_on_error=stop_on_error, stop_on_halt=stop_on_halt, workers=workers)

    def give_up(self) -> None:
        """Let the object fail that would go on first, at the task at which it stands; the others go on. Nothing is run.

        This is what becomes of an object whose workers are lost, one after the other.

        Raises:
            Exception: as :meth:`resume`.
        """
        _, first = self._ready(None, None, None, None)
        lost = self.db_obj.fruitless
        with self._kept(self.objects, {}, afresh=False, ends=WorkflowStatus.NEW):
            for record in self.db_obj.objects[first : first + 1]:
                self._keeper.given_up(self, record, lost)

    def restart(
        self, obj: str, task: str, objects: Any = None, stop_on_error: bool = True, stop_on_halt: bool = True
    ) -> None:
        """Run again from a token and a task, in the words of :class:`~wfgraph.engine.GenericWorkflowEngine`.

        Raises:
            Exception: as :meth:`process`.
        """
        self._not_in_parts("restart")
        if self._idle and self.db_obj.objects:
            self._moves = self._moved(self._graph())
            at = self.state.token_pos
            move = self._moves.get(self.db_obj.objects[at]) if 0 <= at < len(self.db_obj.objects) else None
            if move is not None and move.position is not None:
                self.state.callback_pos = list(move.position)
        with self._stepping_aside():
            super().restart(obj, task, objects, stop_on_error, stop_on_halt)

    def interrupt(self) -> None:
        """Ask the run that is under way to stop after the task in hand; safe to call from a signal handler.

        Asked from another thread, it stops after the task only where each is stored, otherwise after the token in hand.
        """
        self._asked_to_stop = True
        if self._sharing is not None:
            self._sharing.interrupt()
        if isinstance(self._keeper, Keeper):
            self._keeper.interrupt(self)

    def save(self, status: Any = None) -> None:
        """Store what tokens were changed while no task ran. During a run, what happens is stored by itself.

        Args:
            status: of no meaning here; the status of a run follows from what becomes of it.

        Raises:
            Exception: as :meth:`process`.
        """
        if not self._idle or not self.db_obj.objects:
            return
        if self.db_obj.parts:
            for part in engines_of_parts(self):
                part.save()
            return
        with self._kept(self.objects, {}, afresh=False, ends=self.db_obj.status):
            self._keeper.edited(self)

    @property
    def idempotency_key(self) -> str:
        """What is the same whenever this visit of this object to this task runs again, and only then.

        For services that do a thing once per key, however often they are asked: ``pay(..., key=eng.idempotency_key)``.

        Raises:
            WorkflowError: no task runs.
        """
        if not isinstance(self._keeper, Keeper):
            raise WorkflowError("idempotency_key is for tasks of a stored run: no object is in hand")
        return self._keeper.idempotency_key(self)

    def _run_parts(self, workers: int | None, stop_on_error: bool, stop_on_halt: bool) -> None:
        """Run what is to be run of all parts, and stand where they stand then."""
        self._sharing = Parts(self, workers)
        if self._asked_to_stop:
            self._sharing.interrupt()
        try:
            self._sharing.run()
        finally:
            self._sharing = None
            self._stand_anew()
        self.state.current_object_processed = self.db_obj.status is WorkflowStatus.COMPLETED
        raise_first(self.db_obj, stop_on_error, stop_on_halt)

    def _not_in_parts(self, verb: str) -> None:
        if self.db_obj.parts:
            raise WorkflowAPIError(
                f"the run {self.uuid} is in {len(self.db_obj.parts)} parts, which only resume() and recover() go on with; "
                f"{verb}() is for runs in one"
            )

    def __repr__(self) -> str:
        return f"<DbWorkflowEngine of {self.db_obj!r} in {self.runs.database.url}>"

    __str__ = __repr__
