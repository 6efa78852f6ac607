"""Runs in a database: making, finding, claiming and cancelling them."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Text, cast, delete, func, insert, literal_column, null, select, update
from sqlalchemy.engine import Connection

from wfgraph.compiler.stored import graph_from_json, graph_to_json
from wfgraph.errors import OwnershipLost, RunOwned, StorageError, UnknownRun
from wfgraph.graph.identity import fingerprint
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.statuses import ObjectStatus, WorkflowStatus
from wfgraph.storage.database import Database
from wfgraph.storage.lifecycle import RUNS
from wfgraph.storage.placement import Move
from wfgraph.storage.records import Record, RunRecord
from wfgraph.storage.statements import statements_of
from wfgraph.storage.values import decode, encode

__all__ = ["Store", "worker_name"]

_CHUNK = 5_000
"""How many rows are sent to the database at once."""


def worker_name() -> str:
    """Return the name of this process among workers: ``host:pid``."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Store:
    """The runs of a database.

    Args:
        database: it.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        models = database.models
        self._run, self._object = models.workflow.__table__, models.object.__table__
        self._definition, self._result = models.definition.__table__, models.result.__table__
        self._step = models.step.__table__
        self._now: Any = literal_column(f"({database.clock})")

    # Making ----------------------------------------------------------------------------------------------------------

    def create(self, run: RunRecord, graph: WorkflowGraph) -> None:
        """Store a new run with its objects, all or nothing; afterwards they know their rows.

        Raises:
            StorageError: there is a run of this uuid, or the database refuses.
        """
        with self.database.writing() as connection:
            if self._known(connection, run.uuid):
                raise StorageError(f"there is a run {run.uuid} already; go on with it: from_uuid({run.uuid!r})")
            self.keep_definition(connection, run.name, graph)
            connection.execute(
                insert(self._run).values(
                    uuid=run.uuid,
                    name=run.name,
                    target=run.target,
                    status=run.status,
                    definition=run.definition,
                    state_token_pos=run.state_token_pos,
                    extra_data=run.extra_data,
                    parent=run.parent,
                    epoch=run.epoch,
                    created=self._now,
                    modified=self._now,
                )
            )
            self.add_objects(connection, run)

    def add_objects(self, connection: Connection, run: RunRecord) -> None:
        """Store the objects of a run; afterwards they know their rows."""
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

    def keep_definition(self, connection: Connection, name: str, graph: WorkflowGraph) -> None:
        """Store a version of a definition, unless it is there."""
        table, key = self._definition, fingerprint(graph)
        known = connection.execute(select(table.c.fingerprint).where(table.c.fingerprint == key)).first()
        if known is None:
            given = {"fingerprint": key, "name": name, "graph": graph_to_json(graph), "created": self._now}
            statement = _insert_of(self.database)(table).values(given)
            connection.execute(statement.on_conflict_do_nothing(index_elements=["fingerprint"]))

    # Finding ---------------------------------------------------------------------------------------------------------

    def _known(self, connection: Connection, uuid: str) -> bool:
        return connection.execute(select(self._run.c.uuid).where(self._run.c.uuid == uuid)).first() is not None

    def runs(
        self,
        *,
        name: str | None = None,
        statuses: Iterable[WorkflowStatus] | None = None,
        interrupted: bool = False,
        limit: int | None = None,
    ) -> list[RunRecord]:
        """Return runs without their objects, the newest first.

        Args:
            name: of this name only.
            statuses: of these only.
            interrupted: those only whose worker is gone.
            limit: this many at most.
        """
        query = self._select_runs().order_by(self._run.c.created.desc(), self._run.c.uuid)
        if name is not None:
            query = query.where(self._run.c.name == name)
        if statuses is not None:
            query = query.where(self._run.c.status.in_(list(statuses)))
        if interrupted:
            query = query.where(self._run.c.status == WorkflowStatus.RUNNING, ~self._leased())
        with self.database.reading() as connection:
            return [_run_of(row) for row in connection.execute(query.limit(limit))]

    def find(self, uuid: str) -> RunRecord:
        """Return a run without its objects; the uuid may be shortened to what tells it apart.

        Raises:
            UnknownRun: there is none, or several begin like this.
        """
        with self.database.reading() as connection:
            query = self._select_runs().where(self._run.c.uuid.startswith(uuid, autoescape=True)).limit(3)
            rows = connection.execute(query).all() if uuid else []
        if len(rows) == 1 or (rows and rows[0].uuid == uuid):
            return _run_of(rows[0])
        if rows:
            raise UnknownRun(
                f"several runs begin with {uuid!r}: {', '.join(row.uuid for row in rows)}...; write more of it"
            )
        raise UnknownRun(
            f"there is no run {uuid!r} in {self.database.url}; `wfgraph runs list --db {self.database.url}` lists them"
        )

    def load(self, uuid: str) -> RunRecord:
        """Return a run with its objects.

        Raises:
            UnknownRun: as :meth:`find`.
        """
        run = self.find(uuid)
        query = select(self._object).where(self._object.c.workflow == run.uuid).order_by(self._object.c.ordinal)
        with self.database.reading() as connection:
            run.objects = [_record_of(row) for row in connection.execute(query)]
        return run

    def counts(self, uuids: Sequence[str]) -> dict[str, dict[ObjectStatus, int]]:
        """Return how many objects of each status runs have."""
        table = self._object
        query = (
            select(table.c.workflow, table.c.status, func.count())
            .where(table.c.workflow.in_(list(uuids)))
            .group_by(table.c.workflow, table.c.status)
        )
        found: dict[str, dict[ObjectStatus, int]] = {uuid: {} for uuid in uuids}
        with self.database.reading() as connection:
            for workflow, status, count in connection.execute(query):
                found[workflow][status] = count
        return found

    def standing(
        self, *, name: str | None = None, uuid: str | None = None
    ) -> list[tuple[str | None, list[int] | None, ObjectStatus, int]]:
        """Return where unfinished objects stand: the version of the definition, the place, the status, how many."""
        table, run = self._object, self._run
        # Cast: JSON can't be grouped by on PostgreSQL.
        place = func.coalesce(cast(table.c.callback_pos, Text), "null")
        query = (
            select(run.c.definition, place, table.c.status, func.count())
            .join(run, run.c.uuid == table.c.workflow)
            .where(table.c.status != ObjectStatus.COMPLETED, run.c.status != WorkflowStatus.CANCELLED)
            .group_by(run.c.definition, place, table.c.status)
        )
        if name is not None:
            query = query.where(run.c.name == name)
        if uuid is not None:
            query = query.where(run.c.uuid == uuid)
        with self.database.reading() as connection:
            return [
                (row[0], decode(row[1]), row[2], row[3]) for row in connection.execute(query.order_by(run.c.definition))
            ]

    def definition(self, key: str) -> WorkflowGraph:
        """Return a stored version of a definition.

        Raises:
            StorageError: there is none of this fingerprint.
        """
        with self.database.reading() as connection:
            text = connection.execute(
                select(self._definition.c.graph).where(self._definition.c.fingerprint == key)
            ).scalar_one_or_none()
        if text is None:
            raise StorageError(f"the database {self.database.url} has no definition {key}; was it deleted by hand?")
        return graph_from_json(text)

    def steps(self, uuid: str, ordinal: int | None = None) -> list[Any]:
        """Return the history of a run, object by object.

        The rows have ``ordinal``, ``number``, ``node``, ``callback_pos``, ``outcome``, ``seconds`` and ``ended``.
        """
        table, step = self._object, self._step
        query = (
            select(table.c.ordinal, step)
            .join(table, table.c.id == step.c.object)
            .where(table.c.workflow == uuid)
            .order_by(table.c.ordinal, step.c.number)
        )
        if ordinal is not None:
            query = query.where(table.c.ordinal == ordinal)
        with self.database.reading() as connection:
            return list(connection.execute(query))

    def result(self, record: Record, key: str) -> tuple[bool, Any]:
        """Return whether something is in the journal of an object under a key, and what."""
        table = self._result
        query = select(table.c.value).where(table.c.object == record.id, table.c.key == key)
        with self.database.reading() as connection:
            found = connection.execute(query).first()
        return found is not None, None if found is None else found.value

    def _select_runs(self) -> Any:
        return select(self._run, self._leased().label("leased"))

    def _leased(self) -> Any:
        return func.coalesce(self._run.c.lease_until, 0.0) > self._now

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
        table, objects = self._run, self._object
        statement = (
            update(table)
            .where(table.c.uuid == run.uuid, table.c.status != WorkflowStatus.CANCELLED, ~self._leased())
            .values(
                epoch=table.c.epoch + 1,
                owner=owner,
                status=WorkflowStatus.RUNNING,
                definition=fingerprint(graph),
                target=run.target,
                lease_until=self._now + lease,
                modified=self._now,
            )
            .returning(table.c.epoch)
        )
        with self.database.writing() as connection:
            epoch = connection.execute(statement).scalar_one_or_none()
            if epoch is None:
                raise self._refusal(connection, run.uuid)
            written = connection.execute(
                select(func.sum(objects.c.revision)).where(objects.c.workflow == run.uuid)
            ).scalar_one()
            if epoch != run.epoch + 1 or (written or 0) != sum(one.revision for one in run.objects):
                raise OwnershipLost(
                    f"another worker has had the run {run.uuid} since it was loaded; load it again: "
                    f"from_uuid({run.uuid!r})"
                )
            self.keep_definition(connection, run.name, graph)
            others = (objects.c.workflow == run.uuid) & (objects.c.epoch != epoch)
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
        return int(epoch)

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
        with self.database.writing() as connection:
            row = connection.execute(select(self._run.c.status).where(self._run.c.uuid == uuid)).one_or_none()
            if row is None:
                raise UnknownRun(f"there is no run {uuid!r} in {self.database.url}")
            if row.status is WorkflowStatus.CANCELLED:
                return
            RUNS.check(row.status, WorkflowStatus.CANCELLED, uuid)
            changed = {"status": WorkflowStatus.CANCELLED, "epoch": self._run.c.epoch + 1, "lease_until": None}
            connection.execute(update(self._run).where(self._run.c.uuid == uuid).values(modified=self._now, **changed))
            connection.execute(
                update(self._object)
                .where(self._object.c.workflow == uuid)
                .values(epoch=select(self._run.c.epoch).where(self._run.c.uuid == uuid).scalar_subquery())
            )

    def delete(self, uuid: str) -> None:
        """Delete a run with all that belongs to it.

        Raises:
            RunOwned: a worker has it.
        """
        with self.database.writing() as connection:
            gone = connection.execute(delete(self._run).where(self._run.c.uuid == uuid, ~self._leased()))
            if gone.rowcount != 1:
                raise self._refusal(connection, uuid)


def _insert_of(database: Database) -> Callable[..., Any]:
    """Return the ``insert`` that knows ``ON CONFLICT``."""
    if database.is_sqlite:
        from sqlalchemy.dialects.sqlite import insert as found
    else:
        from sqlalchemy.dialects.postgresql import insert as found  # type: ignore[assignment]
    return found


def _run_of(row: Any) -> RunRecord:
    return RunRecord(
        uuid=row.uuid,
        name=row.name,
        target=row.target,
        status=row.status,
        definition=row.definition,
        state_token_pos=row.state_token_pos,
        extra_data=row.extra_data or {},
        parent=row.parent,
        owner=row.owner,
        epoch=row.epoch,
        leased=bool(row.leased),
        created=row.created,
        modified=row.modified,
    )


def _record_of(row: Any) -> Record:
    return Record(
        ordinal=row.ordinal,
        stored=encode(row.data, "stored data"),
        id=row.id,
        status=row.status,
        callback_pos=row.callback_pos,
        node=row.node,
        revision=row.revision,
        visits={int(node): count for node, count in (row.visits or {}).items()},
        loops=row.loops,
        error_type=row.error_type,
        error_message=row.error_message,
        halt_message=row.halt_message,
        halt_action=row.halt_action,
        halt_payload=row.halt_payload,
    )
