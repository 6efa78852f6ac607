"""The workflows of a Celery application: runs are stored first, then workers are told of them.

A message holds the uuid of a run and nothing else. Who gets it claims the run in the database; a second copy of a message
finds the run claimed, or done, and is acknowledged. So a message may be lost, repeated or late, and each stored step is
still done by one owner.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from celery.exceptions import WorkerShutdown, WorkerTerminate

from wfgraph.celery.branches import BranchRunner, lane_of
from wfgraph.celery.options import configure
from wfgraph.celery.registry import Registered, registered
from wfgraph.celery.tasks import Resume, run_task, sweep_task
from wfgraph.errors import OwnershipLost, RunOwned, StorageError, WorkflowAPIError
from wfgraph.statuses import WorkflowStatus
from wfgraph.storage import Database, Interrupted, Progress, RunRecord, Store, connect
from wfgraph.storage.granularity import granularity_of
from wfgraph.storage.records import UNFINISHED
from wfgraph.storage.store import store_of
from wfgraph.utils import brief

__all__ = ["CeleryWorkflows"]

_log = logging.getLogger("wfgraph.celery")
_SOFT = 0.8
"""After which share of its time a message lets its run stop between two tokens, and is sent anew."""


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
        max_attempts: how many workers in a row may be lost with a run before anything more of it is stored; then the object in
            hand fails, and the others go on. At least 2; None for no limit.

    Attributes:
        run: the task that runs what was stored: ``run.delay(uuid)``, ``run.delay_sharded(name, object_ids)``.
        resume: ``resume.delay(uuid)``.

    Raises:
        WorkflowAPIError: the registry holds something else, the application has workflows already, or its options would
            lose messages.
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
        max_attempts: int | None = 5,
    ) -> None:
        granularity_of(granularity)
        for what, seconds in (("lease", lease), ("time_limit", time_limit), ("sweep", sweep)):
            if seconds is not None and not seconds > 0:
                raise WorkflowAPIError(f"{what} is a number of seconds above 0, not {seconds!r}")
        if max_attempts is not None and (
            isinstance(max_attempts, bool) or not isinstance(max_attempts, int) or max_attempts < 2
        ):
            raise WorkflowAPIError(f"max_attempts is a number of at least 2, or None, not {max_attempts!r}")
        self.app = app
        self.registry = {name: registered(name, found) for name, found in registry.items()}
        self._session = session
        self._options = {"granularity": granularity, "lease": lease}
        self._time_limit = time_limit
        self._stale = stale
        self._max_attempts = max_attempts
        self._branches = BranchRunner(self.dispatch) if branches else None
        self._databases: dict[int, Database] = {}
        if hasattr(app, "wfgraph_workflows"):
            raise WorkflowAPIError(
                "this Celery application has a CeleryWorkflows already; put all definitions into the registry of that one"
            )
        app.wfgraph_workflows = self
        configure(app, time_limit)
        self.run: Any = run_task(self, time_limit)
        self.resume = Resume(self)
        sweep_task(self, time_limit, sweep)

    def __repr__(self) -> str:
        names = ", ".join(map(repr, self.registry))
        return brief(f"<CeleryWorkflows of {names or 'nothing'}>")

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
        eng.submit(object_ids, part_size=shard_size)
        self.dispatch([part.uuid for part in eng.db_obj.parts], f"the run {eng.uuid} is stored, and goes on")
        return str(eng.uuid)

    def progress(self, uuid: str) -> Progress:
        """Return how far a run is, counted by the database.

        Raises:
            UnknownRun: there is none.
        """
        return self.store.progress(uuid)

    def requeue(self, uuids: Sequence[str] = (), *, stale: bool = False, lost: float | None = None) -> int:
        """Tell workers of runs again: of these, or of all that should be going on and are not.

        Args:
            uuids: the runs.
            stale: all that nobody has, and of which no worker was told lately.
            lost: how many seconds a message may be under way; what has waited longer is told of again. When not given, as
                long as a message may take.

        Returns:
            How many messages were sent.
        """
        found = []
        for uuid in uuids:
            run = self.store.find(uuid)
            pieces = self.store.parts(run.uuid) or [run]
            found += [one.uuid for one in pieces if one.status in UNFINISHED]
        if stale:
            patience = self._time_limit if lost is None else min(lost, self._time_limit)
            found += self.store.take_stale(self.registry, unheard=self._stale, lost=patience)
            for uuid in self.store.waiting_for_branches(self.registry):
                found += self._try_to_wake(uuid)
        self.dispatch(found)
        return len(found)

    def sweep(self, overtaken: float | None = None) -> int:
        """Tell workers of all runs that should be going on and are not; return how many those are.

        Args:
            overtaken: how many seconds ago a message was sent at the latest that has come by now, through the same queue as
                those of runs: of what was told before, the message is lost, or a worker keeps it. None: not known.
        """
        return self.requeue(stale=True, lost=None if overtaken is None else overtaken + self._stale)

    def dispatch(self, uuids: Sequence[str], otherwise: str = "the runs are stored, and go on") -> None:
        """Tell workers of stored runs.

        Args:
            uuids: the runs.
            otherwise: what to say of them when nobody can be told.

        Raises:
            StorageError: the broker can't be reached.
        """
        if not uuids:
            return
        try:
            with self.app.producer_or_acquire() as producer:
                for uuid in uuids:
                    self.run.apply_async((uuid,), producer=producer)
        except Exception as error:
            # Each transport has errors of its own: for a password, a virtual host, a scheme that it does not know.
            if self.app.conf.task_always_eager:  # nothing was sent: it is the task's
                raise
            # Not by kombu, which shows some passwords and stumbles over what it can't read.
            broker = re.sub(r":[^:/@]*@", ":**@", str(self.app.conf.broker_write_url or self.app.conf.broker_url))
            raise StorageError(
                f"the broker {broker} can't be reached: {error}; {otherwise} "
                "when a worker sweeps, or by `wfgraph runs requeue --stale --celery ...`"
            ) from error
        self.store.tell_dispatched(uuids)

    # For workers -----------------------------------------------------------------------------------------------------

    def go_on(self, uuid: str) -> dict[str, Any]:
        """Go on with a run here; what the task ``run`` does.

        Returns:
            What became of it: its status and how many objects there are of each, or ``{"status": "OWNED"}`` when another
            worker has it. A halt is a result like any other. For a run in parts, how many of those workers were told of.

        Raises:
            StorageError: the database can't be used.
            DefinitionChanged: objects stand at tasks that are not in the definition any more; they are as they were.
        """
        run = self.store.find(uuid)
        if parts := self.store.parts(run.uuid):
            told = self.requeue([run.uuid])
            return {"uuid": run.uuid, "status": run.status.name, "told": told, "parts": len(parts)}
        try:
            while run.status in UNFINISHED:
                eng = self._engine_of(run)
                if self._max_attempts is not None and eng.db_obj.fruitless >= self._max_attempts:
                    eng.give_up()
                    run = eng.db_obj
                    continue
                interrupted = not self._recover(eng)
                run = eng.db_obj
                if interrupted:
                    self.dispatch([run.uuid])
                    break
                if run.status is not WorkflowStatus.RUNNING and (self._branches is None or not self._wake(run.uuid)):
                    break
                run = self.store.find(run.uuid)
        except (RunOwned, OwnershipLost) as error:
            return {"uuid": run.uuid, "status": "OWNED", "message": error.message}
        if run.joins is not None and run.parent is not None and run.status not in UNFINISHED:
            self.dispatch(self._try_to_wake(run.parent, run.joins))
        counts = Counter(one.status for one in run.objects) or self.store.progress(run.uuid).objects
        objects = {status.name: count for status, count in counts.items()}
        return {"uuid": run.uuid, "status": run.status.name, "objects": objects}

    def _recover(self, eng: Any) -> bool:
        """Go on with a run until the time of its message is nearly over; tell whether it has come to its end."""
        timer = threading.Timer(self._time_limit * _SOFT, eng.interrupt)
        timer.daemon = True
        timer.start()
        try:
            eng.recover()
        except Interrupted:
            return False
        finally:
            timer.cancel()
        return True

    def engine(self, uuid: str) -> Any:
        """Return an engine that stands where a run stands, with its definition.

        Raises:
            WorkflowAPIError: no definition has its name.
            DefinitionChanged: it is a branch that is not there any more.
        """
        return self._engine_of(self.store.find(uuid))

    def _engine_of(self, run: RunRecord) -> Any:
        found = self._entry(run.name)
        # With each task stored, a worker that is lost another time is known to be lost at a certain task.
        options = self._options | ({"granularity": "task"} if run.attempts else {})
        eng: Any = found.engine.from_uuid(run.uuid, self._database(), **options)
        eng.contains = _is_of_a_task
        eng.callbacks.replace(lane_of(found.definition, run, self.store))
        if self._branches is not None:
            eng.branch_runner = self._branches
        return eng

    def _wake(self, uuid: str, joins: str | None = None) -> bool:
        """Put back in the queue what waits for branches that have all ended; tell whether there was something.

        Args:
            uuid: the run.
            joins: what those branches have in common; None for all.
        """
        ready = self.store.joinable(uuid, joins)
        if not ready:
            return False
        try:
            self.engine(uuid).make_ready(halted="current", failed=None, objects=ready)
        except (RunOwned, OwnershipLost):
            return False  # whoever has it looks for this when it lets go of it
        return True

    def _try_to_wake(self, uuid: str, joins: str | None = None) -> list[str]:
        """Wake a run where that can be done; return it then. What is wrong with it keeps nobody else from going on."""
        try:
            return [uuid] if self._wake(uuid, joins) else []
        except Exception:
            _log.exception("the branches that objects of the run %s wait for have ended, and it can't go on", uuid)
            return []

    # ------------------------------------------------------------------------------------------------------------------

    @property
    def store(self) -> Store:
        """The runs of the database."""
        return store_of(self._database())

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


def _is_of_a_task(error: BaseException) -> bool:
    """Tell whether an exception that would end the process is a task's own, such as ``sys.exit``; not the worker's."""
    return not isinstance(error, WorkerShutdown | WorkerTerminate)


def _as_it_is(value: Any) -> Any:
    return value
