"""Runs in a database: making, finding, claiming and cancelling them."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import delete, func, insert, null, or_, select, update
from sqlalchemy.engine import Connection

from wfgraph.compiler.stored import graph_to_json
from wfgraph.errors import OwnershipLost, RunOwned, StorageError, UnknownRun
from wfgraph.graph.identity import fingerprint
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.statuses import WorkflowStatus
from wfgraph.storage.database import Database, connect
from wfgraph.storage.lifecycle import RUNS
from wfgraph.storage.patience import patient, patiently
from wfgraph.storage.placement import Move
from wfgraph.storage.reader import Reader
from wfgraph.storage.records import Record, RunRecord
from wfgraph.storage.statements import statements_of

__all__ = ["Store", "store_of", "worker_name"]

_GIVEN = (
    "uuid", "name", "target", "status", "definition", "state_token_pos", "extra_data", "parent", "first_object", "joins",
    "epoch",
)  # fmt: skip
_CHUNK = 5_000
"""How many rows are sent to the database at once."""


def worker_name() -> str:
    """Return the name of this process among workers: ``host:pid``."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Store(Reader):
    """The runs of a database.

    Args:
        database: it.
    """

    # Making ----------------------------------------------------------------------------------------------------------

    def create(self, run: RunRecord, graph: WorkflowGraph, journal: Mapping[str, str] | None = None) -> None:
        """Store a new run with its objects, or with its parts and theirs, all or nothing; afterwards they know their rows.

        Args:
            run: the run.
            graph: its definition.
            journal: what is in the journal of each of its objects to begin with, as JSON.

        Raises:
            StorageError: there is a run of this uuid, or the database refuses.
        """
        with self.database.writing() as connection:
            if self._known(connection, run.uuid):
                raise StorageError(f"there is a run {run.uuid} already; go on with it: from_uuid({run.uuid!r})")
            self._keep_definition(connection, run.name, graph)
            for one in (run, *run.parts):
                connection.execute(
                    insert(self._run).values(
                        {name: getattr(one, name) for name in _GIVEN} | {"created": self._now, "modified": self._now}
                    )
                )
                self._add_objects(connection, one)
            statement = statements_of(self.database).result
            for key, told in (journal or {}).items():
                rows = [{"r_object": one.id, "r_key": key, "r_value": told} for one in run.objects]
                connection.exec_driver_sql(statement.text, [statement.given(row) for row in rows])

    def _add_objects(self, connection: Connection, run: RunRecord) -> None:
        table, statement = self._object, statements_of(self.database).new
        for start in range(0, len(run.objects), _CHUNK):
            rows = [
                {
                    "n_workflow": run.uuid,
                    "n_ordinal": one.ordinal,
                    "n_status": one.status.name,
                    "n_data": one.stored,
                    # The one of the first claim, which so has nothing to write here.
                    "n_epoch": run.epoch + 1,
                    "n_revision": one.revision,
                }
                for one in run.objects[start : start + _CHUNK]
            ]
            connection.exec_driver_sql(statement.text, [statement.given(row) for row in rows])
        found = connection.execute(select(table.c.ordinal, table.c.id).where(table.c.workflow == run.uuid))
        numbers = {row.ordinal: row.id for row in found}
        for one in run.objects:
            one.id = numbers[one.ordinal]

    def _keep_definition(self, connection: Connection, name: str, graph: WorkflowGraph) -> None:
        """Store a version of a definition, unless it is there."""
        table, key = self._definition, fingerprint(graph)
        known = connection.execute(select(table.c.fingerprint).where(table.c.fingerprint == key)).first()
        if known is None:
            given = {"fingerprint": key, "name": name, "graph": graph_to_json(graph), "created": self._now}
            statement = _insert_of(self.database)(table).values(given)
            connection.execute(statement.on_conflict_do_nothing(index_elements=["fingerprint"]))

    # Owning ----------------------------------------------------------------------------------------------------------

    def claim(
        self,
        run: RunRecord,
        owner: str,
        lease: float,
        graph: WorkflowGraph,
        moved: Mapping[Record, Move],
    ) -> int:
        """Take a run for one worker. Nobody else can write to it from then on.

        Which rows are whose is decided by the database in one transaction, and how long a lease lasts by its clock.

        Args:
            run: the run as it was loaded, with its objects.
            owner: the worker.
            lease: for how many seconds it is the worker's, unless it is renewed.
            graph: the definition with which the run goes on.
            moved: the objects that stand elsewhere in that.

        Returns:
            The epoch that its writes carry.

        Raises:
            RunOwned: another worker has it.
            OwnershipLost: another worker has had it since it was loaded.
            WorkflowObjectStatusError: it is cancelled.
        """
        RUNS.check(run.status, WorkflowStatus.RUNNING, run.uuid)
        table = self._run
        statement = (
            update(table)
            .where(table.c.uuid == run.uuid, table.c.status != WorkflowStatus.CANCELLED, ~self._leased())
            .values(
                epoch=table.c.epoch + 1,
                owner=owner,
                status=WorkflowStatus.RUNNING,
                definition=fingerprint(graph),
                target=run.target,
                attempts=run.fruitless + 1,
                written=run.revisions,
                lease_until=self._now + lease,
                modified=self._now,
            )
            .returning(table.c.epoch, table.c.lease_until)
        )
        tried: list[Any] = []
        return patiently(lambda: self._try_claim(run, graph, moved, statement, tried))

    def _try_claim(
        self, run: RunRecord, graph: WorkflowGraph, moved: Mapping[Record, Move], statement: Any, tried: list[Any]
    ) -> int:
        """Take a run, unless that was done by a try whose connection has ended before anybody heard of it."""
        with self.database.writing() as connection:
            taken = connection.execute(statement).one_or_none()
            if taken is None:
                columns = self._run.c
                there = select(columns.epoch, columns.lease_until).where(columns.uuid == run.uuid)
                found = connection.execute(there).one_or_none()
                if found is None or found not in tried:
                    raise self._refusal(connection, run.uuid)
                return int(found.epoch)
            tried.append(taken)
            self._check_unchanged(connection, run, taken.epoch)
            self._keep_definition(connection, run.name, graph)
            self._take_objects(connection, run.uuid, taken.epoch, moved)
        return int(taken.epoch)

    def _check_unchanged(self, connection: Connection, run: RunRecord, epoch: int) -> None:
        """See that nobody has had a run since it was loaded.

        Raises:
            OwnershipLost: somebody has.
        """
        objects = self._object
        query = select(func.sum(objects.c.revision)).where(objects.c.workflow == run.uuid)
        written = connection.execute(query).scalar_one() or 0
        if epoch != run.epoch + 1:
            why = f"another worker has had the run {run.uuid} since it was loaded"
        elif written != run.revisions:
            why = f"not all that was done to the run {run.uuid} since it was loaded could be stored"
        else:
            return
        raise OwnershipLost(f"{why}; load it again: from_uuid({run.uuid!r})")

    def _take_objects(self, connection: Connection, uuid: str, epoch: int, moved: Mapping[Record, Move]) -> None:
        """Give the objects of a run its epoch, and those that stand elsewhere their places."""
        objects = self._object
        others = (objects.c.workflow == uuid) & (objects.c.epoch != epoch)
        connection.execute(update(objects).where(others).values(epoch=epoch))
        for one, move in moved.items():
            connection.execute(
                update(objects)
                .where(objects.c.id == one.id)
                .values(
                    callback_pos=null() if move.position is None else move.position,
                    node=move.node,
                    visits={str(node): count for node, count in move.visits.items()},
                    loops=null() if move.loops is None else move.loops,
                )
            )

    def _refusal(self, connection: Connection, uuid: str) -> StorageError:
        row = connection.execute(
            select(self._run.c.status, self._run.c.owner, (self._run.c.lease_until - self._now).label("left")).where(
                self._run.c.uuid == uuid
            )
        ).one_or_none()
        if row is None:
            return UnknownRun(f"the run {uuid} was deleted")
        if row.status is WorkflowStatus.CANCELLED:
            return StorageError(f"the run {uuid} is cancelled")
        return RunOwned(
            f"the run {uuid} is owned by the worker {row.owner}, for another {max(0.0, row.left or 0.0):.0f} s unless it "
            "says that it goes on; wait, or cancel the run: wfgraph runs cancel " + uuid
        )

    def cancel(self, uuid: str) -> None:
        """Cancel a run. A worker that has it is refused its next write, and stops.

        Raises:
            WorkflowObjectStatusError: it is completed, or cancelled already.
        """
        run = self.find(uuid)
        if run.status is WorkflowStatus.CANCELLED:
            return
        RUNS.check(run.status, WorkflowStatus.CANCELLED, uuid)
        table = self._run
        with self.database.writing() as connection:
            all_of_it = self._tree(connection, run.uuid)
            unfinished = (table.c.uuid == run.uuid) | (table.c.status != WorkflowStatus.COMPLETED)
            changed = {"status": WorkflowStatus.CANCELLED, "epoch": table.c.epoch + 1, "lease_until": None}
            connection.execute(
                update(table).where(table.c.uuid.in_(all_of_it), unfinished).values(modified=self._now, **changed)
            )
            connection.execute(
                update(self._object)
                .where(self._object.c.workflow.in_(all_of_it))
                .values(epoch=select(table.c.epoch).where(table.c.uuid == self._object.c.workflow).scalar_subquery())
            )

    def delete(self, uuid: str) -> None:
        """Delete a run with all that belongs to it.

        Raises:
            RunOwned: a worker has it.
        """
        with self.database.writing() as connection:
            all_of_it = self._tree(connection, uuid)
            for one in reversed(all_of_it):
                gone = connection.execute(delete(self._run).where(self._run.c.uuid == one, ~self._leased()))
                if gone.rowcount != 1:
                    raise self._refusal(connection, one)

    def _tree(self, connection: Connection, uuid: str) -> list[str]:
        """Return the uuids of a run, of its parts and branches, and of theirs."""
        found, level = [uuid], [uuid]
        while level:
            level = list(connection.execute(select(self._run.c.uuid).where(self._run.c.parent.in_(level))).scalars())
            found += level
        return found

    # Handing out -----------------------------------------------------------------------------------------------------

    @patient
    def tell_dispatched(self, uuids: Iterable[str]) -> None:
        """Note that workers were told of runs just now."""
        known = list(uuids)
        with self.database.writing() as connection:
            for start in range(0, len(known), _CHUNK):
                some = known[start : start + _CHUNK]
                connection.execute(update(self._run).where(self._run.c.uuid.in_(some)).values(dispatched=self._now))

    def take_stale(
        self, names: Iterable[str] | None = None, *, unheard: float = 60.0, lost: float = 3600.0
    ) -> list[str]:
        """Return runs that should be going on and are not, for workers to be told of; that they are is noted at once.

        Those are the runs whose worker is gone; those of which no worker was ever told; and those that wait although
        workers were told long ago, which means that the message is lost. Of several who ask at the same time, one gets them.

        Args:
            names: of these names only.
            unheard: after how many seconds, since workers were told of it or it was put in the queue, a run is one of the first
                two.
            lost: after how many seconds it is one of the third.
        """
        run, of = self._run, WorkflowStatus
        told = func.coalesce(run.c.dispatched, run.c.modified)
        due = or_(
            (run.c.status == of.RUNNING) & ~self._leased() & (told < self._now - unheard),
            (run.c.status == of.NEW) & run.c.dispatched.is_(None) & (told < self._now - unheard),
            (run.c.status == of.NEW) & (told < self._now - lost),
        )
        statement = update(run).where(due, ~self._any_part()).values(dispatched=self._now).returning(run.c.uuid)
        if names is not None:
            statement = statement.where(run.c.name.in_(list(names)))
        with self.database.writing() as connection:
            return list(connection.execute(statement).scalars())

    def release(self, uuid: str, epoch: int) -> None:
        """Take a run from a worker that is known to be gone, without waiting for the end of its lease."""
        with self.database.writing() as connection:
            mine = (self._run.c.uuid == uuid) & (self._run.c.epoch == epoch)
            connection.execute(update(self._run).where(mine).values(lease_until=None))


def store_of(place: Database | str | None) -> Store:
    """Return the runs of a database: the same for the same one each time, since making the statements takes its time.

    Args:
        place: the database, as :func:`~wfgraph.storage.connect` takes it.

    Raises:
        StorageError: it can't be used.
    """
    database = connect(place)
    if database.store is None:
        database.store = Store(database)
    found: Store = database.store
    return found


def _insert_of(database: Database) -> Callable[..., Any]:
    """Return the ``insert`` that knows ``ON CONFLICT``."""
    if database.is_sqlite:
        from sqlalchemy.dialects.sqlite import insert as found
    else:
        from sqlalchemy.dialects.postgresql import insert as found  # type: ignore[assignment]
    return found
