"""The workflows of a Celery application: runs are stored first, then workers are told of them.

A message holds the uuid of a run and nothing else. Who gets it claims the run in the database; a second copy of a message
finds the run claimed, or done, and is acknowledged. So a message may be lost, repeated or late, and each stored step is
still done by one owner.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from celery import Task, bootsteps
from kombu.exceptions import OperationalError

from wfgraph.celery.branches import BranchRunner, is_over, lane_of
from wfgraph.celery.options import configure, task_options
from wfgraph.errors import (
    DefinitionChanged,
    OwnershipLost,
    RunOwned,
    SchemaMismatch,
    StorageError,
    UnknownRun,
    WorkflowAPIError,
)
from wfgraph.statuses import ObjectStatus, WorkflowStatus
from wfgraph.storage import Database, DbWorkflowEngine, Interrupted, Store, connect
from wfgraph.storage.records import WAITS_FOR_BRANCHES, Progress
from wfgraph.utils import brief

__all__ = ["CeleryWorkflows", "Registered"]

_UNFINISHED = (WorkflowStatus.NEW, WorkflowStatus.RUNNING)
_FINAL = (DefinitionChanged, SchemaMismatch, UnknownRun)
_SOFT = 0.8
"""After which share of its time a message lets its run stop between two tokens, and is sent anew."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A definition, with what else its runs need.

    Attributes:
        definition: nested lists of callables.
        engine: the class of its engines: a :class:`~wfgraph.storage.DbWorkflowEngine` with hooks of yours, or with
            ``from_stored`` and ``to_stored`` that load and save what the ids stand for.
    """

    definition: Any = field(repr=False)
    engine: type[DbWorkflowEngine] = DbWorkflowEngine


class CeleryWorkflows:
    """Runs the workflows of a registry in the workers of a Celery application.

    Args:
        app: the application. Its options for late acknowledgement, prefetching and, with Redis, the visibility timeout
            are set as ``docs/scaling.md`` explains.
        registry: the definitions by their names: nested lists, or :class:`Registered`.
        session: the database: as :func:`wfgraph.storage.connect` takes it, or a ``sessionmaker`` that is bound to one.
        granularity: what is stored at once: as for :class:`~wfgraph.storage.DbWorkflowEngine`.
        lease: for how many seconds a run is a worker's that is not heard of.
        time_limit: after how many seconds a worker process is ended that is not done with a message. After four fifths of
            that, the run stops after the token in hand, and goes on with another message.
        sweep: every how many seconds each worker looks for runs that should be going on and are not; None for never.
        stale: how many seconds after it was stored, or workers were told of it last, a run that nobody has is told of again.
        branches: whether branches of PARALLEL_SPLIT and SYNCHRONIZE are runs of their own, for any worker.

    Attributes:
        run: the task that runs what was stored: ``run.delay(uuid)``, ``run.delay_sharded(name, object_ids)``.
        resume: ``resume.delay(uuid)``.

    Raises:
        WorkflowAPIError: the registry holds something else, or the application's options would lose messages.
    """

    def __init__(
        self,
        app: Any,
        registry: Mapping[str, Any],
        session: Any = None,
        *,
        granularity: Any = "token",
        lease: float = 60.0,
        time_limit: float = 3600.0,
        sweep: float | None = 60.0,
        stale: float = 60.0,
        branches: bool = False,
    ) -> None:
        self.app = app
        self.registry = {name: _registered(name, found) for name, found in registry.items()}
        self._session = session
        self._options = {"granularity": granularity, "lease": lease}
        self._time_limit = time_limit
        self._stale = stale
        self._branches = BranchRunner(self._dispatch) if branches else None
        self._databases: dict[int, Database] = {}
        configure(app, time_limit)
        self.run: Any = self._make_run()
        self.resume = _Resume(self)

        def sweep_once() -> int:  # a method can't be a task
            return self.sweep()

        self._sweep: Any = app.task(name="wfgraph.sweep", **task_options(time_limit))(sweep_once)
        if sweep is not None:
            app.steps["worker"].add(_sweeper(self._sweep, sweep))

    def __repr__(self) -> str:
        names = ", ".join(map(repr, self.registry))
        return brief(f"<CeleryWorkflows of {names or 'nothing'}>")

    def _make_run(self) -> Any:
        workflows = self

        class Run(Task):  # type: ignore[misc]
            """Goes on with a stored run."""

            def delay_sharded(self, name: str, object_ids: Iterable[Any], **options: Any) -> str:
                """Store a run in parts, and tell workers of each: see :meth:`CeleryWorkflows.submit`."""
                return workflows.submit(name, object_ids, **options)

        def run(task: Any, uuid: str) -> dict[str, Any]:
            try:
                return workflows.go_on(uuid)
            except _FINAL:
                raise
            except StorageError as error:  # the database is away, perhaps
                raise task.retry(exc=error, countdown=min(60, 2**task.request.retries), max_retries=8) from error

        return self.app.task(name="wfgraph.run", base=Run, bind=True, **task_options(self._time_limit))(run)

    # For whoever asks for work ---------------------------------------------------------------------------------------

    def submit(
        self,
        name: str,
        object_ids: Iterable[Any],
        *,
        shard_size: int = 100,
        uuid: str | None = None,
        extra_data: Mapping[str, Any] | None = None,
    ) -> str:
        """Store a run in parts, then tell workers of each part.

        Args:
            name: the name of the definition.
            object_ids: what is stored of the tokens: JSON; often the ids of what the tasks load.
            shard_size: how many tokens go into a part. A message should carry 50 to 100 ms of work, or more.
            uuid: the run's; a new one when not given.
            extra_data: what each part has in its ``extra_data`` to begin with.

        Returns:
            The run's uuid, for :meth:`progress` and :attr:`resume`.

        Raises:
            WorkflowAPIError: no definition has this name.
            NotStorable: a token is no JSON; nothing was stored.
            StorageError: the database can't be used, or the broker can't be reached. In the latter case the run is stored,
                and a worker's sweep finds it.
        """
        found = self._entry(name)
        eng: Any = found.engine.with_name(name, self._database(), uuid=uuid, **self._options)
        eng.callbacks.replace(found.definition)
        eng.extra_data.update(extra_data or {})
        eng.to_stored = _as_it_is
        eng.submit(list(object_ids), part_size=shard_size)
        self._dispatch([part.uuid for part in eng.db_obj.parts])
        return str(eng.uuid)

    def progress(self, uuid: str) -> Progress:
        """Return how far a run is, counted by the database.

        Raises:
            UnknownRun: there is none.
        """
        return self.store.progress(uuid)

    def requeue(self, uuids: Sequence[str] = (), *, stale: bool = False) -> int:
        """Tell workers of runs again: of these, or of all that should be going on and are not.

        Args:
            uuids: the runs.
            stale: all that nobody has, and of which no worker was told lately.

        Returns:
            How many messages were sent.
        """
        found = []
        for uuid in uuids:
            run = self.store.find(uuid)
            pieces = self.store.parts(run.uuid) or [run]
            found += [one.uuid for one in pieces if one.status in _UNFINISHED]
        if stale:
            for uuid in self.store.waiting_for_branches(self.registry):
                found += [uuid] if self._wake(uuid) else []
            found += self.store.take_stale(self.registry, unheard=self._stale, lost=self._time_limit)
        self._dispatch(found)
        return len(found)

    def sweep(self) -> int:
        """Tell workers of all runs that should be going on and are not; return how many those are."""
        return self.requeue(stale=True)

    def _dispatch(self, uuids: Sequence[str]) -> None:
        """Tell workers of stored runs.

        Raises:
            StorageError: the broker can't be reached.
        """
        if not uuids:
            return
        try:
            with self.app.producer_or_acquire() as producer:
                for uuid in uuids:
                    self.run.apply_async((uuid,), producer=producer)
        except OperationalError as error:
            raise StorageError(
                f"the broker {self.app.connection().as_uri()} can't be reached: {error}; the runs are stored, and go on "
                "when a worker sweeps, or by `wfgraph runs requeue --stale --celery ...`"
            ) from error
        self.store.tell_dispatched(uuids)

    # For workers -----------------------------------------------------------------------------------------------------

    def go_on(self, uuid: str) -> dict[str, Any]:
        """Go on with a run here; what the task ``run`` does.

        Returns:
            What became of it: its status and how many objects there are of each, or ``{"status": "OWNED"}`` when another
            worker has it. A halt is a result like any other.

        Raises:
            StorageError: the database can't be used.
            DefinitionChanged: objects stand at tasks that are not in the definition any more; they are as they were.
        """
        try:
            run = self.store.find(uuid)
            while run.status in _UNFINISHED:
                eng = self.engine(uuid)
                timer = threading.Timer(self._time_limit * _SOFT, eng.interrupt)
                timer.daemon = True
                timer.start()
                try:
                    eng.recover()
                except Interrupted:
                    self._dispatch([uuid])
                    return self._told(uuid)
                finally:
                    timer.cancel()
                if not self._wake(uuid):
                    break
            run = self.store.find(uuid)
        except (RunOwned, OwnershipLost) as error:
            return {"uuid": uuid, "status": "OWNED", "message": error.message}
        if run.joins is not None and run.parent is not None and is_over(run):
            self._wake_parent(run.parent)
        return self._told(uuid)

    def engine(self, uuid: str) -> Any:
        """Return an engine that stands where a run stands, with its definition.

        Raises:
            WorkflowAPIError: no definition has its name.
            DefinitionChanged: it is a branch that is not there any more.
        """
        run = self.store.find(uuid)
        found = self._entry(run.name)
        eng: Any = found.engine.from_uuid(run.uuid, self._database(), **self._options)
        eng.callbacks.replace(lane_of(found.definition, run))
        if self._branches is not None:
            eng.branch_runner = self._branches
        return eng

    def _wake(self, uuid: str) -> bool:
        """Put back in the queue what waits for branches that have all ended; tell whether there was something."""
        store = self.store
        waiting = [one for one in store.load(uuid).objects if one.halt_action == WAITS_FOR_BRANCHES]
        ready = [
            one.ordinal
            for one in waiting
            if one.status is ObjectStatus.HALTED and all(map(is_over, store.branches(uuid, one.halt_payload["joins"])))
        ]
        if not ready:
            return False
        try:
            self.engine(uuid).make_ready(halted="current", failed=None, objects=ready)
        except (RunOwned, OwnershipLost):
            return False  # whoever has it looks for this when it lets go of it
        return True

    def _wake_parent(self, uuid: str) -> None:
        if self._wake(uuid):
            self._dispatch([uuid])

    def _told(self, uuid: str) -> dict[str, Any]:
        found = self.store.progress(uuid)
        return {
            "uuid": uuid,
            "status": found.run.status.name,
            "objects": {status.name: count for status, count in found.objects.items()},
        }

    # ------------------------------------------------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        """The runs of the database."""
        return Store(self._database())

    def _database(self) -> Database:
        # One for each process: a connection must not be taken along into another one.
        found = self._databases.get(os.getpid())
        if found is None:
            bound = getattr(self._session, "kw", {}).get("bind")
            place = bound.url.render_as_string(hide_password=False) if bound is not None else self._session
            given = place if not isinstance(place, Database) or not self._databases else place.__reduce__()[1][0]
            found = self._databases[os.getpid()] = connect(given)
        return found

    def _entry(self, name: str) -> Registered:
        if name not in self.registry:
            known = ", ".join(map(repr, self.registry)) or "nothing"
            raise WorkflowAPIError(f"no workflow is registered as {name!r}; the registry holds {known}")
        return self.registry[name]


class _Resume:
    """Puts back in the queue what halted or failed, and tells workers of it."""

    def __init__(self, workflows: CeleryWorkflows) -> None:
        self._workflows = workflows

    def delay(self, uuid: str, **options: Any) -> list[str]:
        """Put back what halted or failed, and tell workers.

        That it is put back is stored before this returns, so a message that comes twice resumes nothing twice.

        Args:
            uuid: the run; in parts or not.
            options: ``halted``, ``failed``, ``objects`` and ``remap``: as for
                :meth:`wfgraph.storage.DbWorkflowEngine.resume`.

        Returns:
            The uuids of the runs that workers were told of.

        Raises:
            Exception: as :meth:`wfgraph.storage.DbWorkflowEngine.make_ready`.
        """
        told: list[str] = self._workflows.engine(uuid).make_ready(**options)
        self._workflows._dispatch(told)
        return told


def _registered(name: str, found: Any) -> Registered:
    if isinstance(found, Registered):
        return found
    if isinstance(found, list | tuple) or callable(found):
        return Registered(found)
    raise WorkflowAPIError(
        f"the registry holds {found!r} as {name!r}, which is no definition: nested lists of callables"
    )


def _as_it_is(value: Any) -> Any:
    return value


def _sweeper(task: Any, seconds: float) -> Callable[..., Any]:
    """Return the step of a worker that asks for a sweep again and again."""

    class Sweeper(bootsteps.StartStopStep):  # type: ignore[misc]
        requires = ("celery.worker.components:Timer",)

        def __init__(self, parent: Any, **options: Any) -> None:
            self.entry: Any = None

        def start(self, parent: Any) -> None:
            self.entry = parent.timer.call_repeatedly(seconds, ask)

        def stop(self, parent: Any) -> None:
            if self.entry is not None:
                self.entry.cancel()
                self.entry = None

    def ask() -> None:
        with suppress(OperationalError):  # the broker is away; the worker says so itself
            task.apply_async(expires=seconds)

    return Sweeper
