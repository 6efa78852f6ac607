"""What is known of the runs in a database: reading it changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Text, and_, case, cast, exists, func, literal_column, not_, or_, select, type_coerce
from sqlalchemy.engine import Connection

from wfgraph.compiler.stored import graph_from_json
from wfgraph.errors import StorageError, UnknownRun
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.statuses import ObjectStatus, WorkflowStatus
from wfgraph.storage.database import Database
from wfgraph.storage.patience import patient
from wfgraph.storage.records import UNFINISHED, WAITS_FOR_BRANCHES, Progress, Record, RunRecord, record_of, run_of
from wfgraph.storage.values import decode

__all__ = ["Reader"]


class Reader:
    """The runs of a database, to be looked at.

    Args:
        database: it.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        models = database.models
        self._run, self._object = models.workflow.__table__, models.object.__table__
        self._definition, self._result = models.definition.__table__, models.result.__table__
        self._step = models.step.__table__
        self._part: Any = self._run.alias("part")
        self._now: Any = literal_column(f"({database.clock})")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of the runs in {self.database.url}>"

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
        """Return runs without their objects, the newest first; what is a part or a branch of another is not among them.

        Args:
            name: of this name only.
            statuses: of these only.
            interrupted: those only whose worker is gone.
            limit: this many at most.
        """
        query = self._all_runs.order_by(self._run.c.created.desc(), self._run.c.uuid)
        query = query.where(self._run.c.first_object.is_(None), self._run.c.joins.is_(None))
        if name is not None:
            query = query.where(self._run.c.name == name)
        if statuses is not None:
            query = query.where(self._status.in_(list(statuses)))
        if interrupted:
            query = query.where(self._status == WorkflowStatus.RUNNING, ~self._attended)
        with self.database.reading() as connection:
            return [run_of(row) for row in connection.execute(query.limit(limit))]

    @patient
    def find(self, uuid: str) -> RunRecord:
        """Return a run without its objects; the uuid may be shortened to what tells it apart.

        Raises:
            UnknownRun: there is none, or several begin like this.
        """
        with self.database.reading() as connection:
            return self._find(connection, uuid)

    def _find(self, connection: Connection, uuid: str) -> RunRecord:
        query = self._all_runs.where(self._run.c.uuid.startswith(uuid, autoescape=True)).limit(3)
        rows = connection.execute(query).all() if uuid else []
        if len(rows) == 1 or (rows and rows[0].uuid == uuid):
            return run_of(rows[0])
        if rows:
            raise UnknownRun(
                f"several runs begin with {uuid!r}: {', '.join(row.uuid for row in rows)}...; write more of it"
            )
        raise UnknownRun(
            f"there is no run {uuid!r} in {self.database.url}; `wfgraph runs list --db {self.database.url}` lists them"
        )

    @patient
    def load(self, uuid: str) -> RunRecord:
        """Return a run with its objects; of one in parts, with those and their objects.

        Raises:
            UnknownRun: as :meth:`find`.
        """
        run = self.find(uuid)
        if run.first_object is None and run.joins is None:
            run.parts = self.parts(run.uuid)
            run.modified = max(one.modified or 0.0 for one in (run, *run.parts))  # it is what they are
        # A part by itself counts its own objects.
        table, owner, place = self._object, self._run, self._place() - (run.first_object or 0)
        query = (
            select(table, place.label("place"))
            .join(owner, owner.c.uuid == table.c.workflow)
            .where(self._belongs(run.uuid))
            .order_by(place)
        )
        with self.database.reading() as connection:
            run.objects = [record_of(row) for row in connection.execute(query)]
        return run

    @patient
    def parts(self, uuid: str) -> list[RunRecord]:
        """Return the parts of a run, without their objects, in the order of those."""
        run = self._run
        query = self._all_runs.where(run.c.parent == uuid, run.c.first_object.is_not(None))
        with self.database.reading() as connection:
            return [run_of(row) for row in connection.execute(query.order_by(run.c.first_object))]

    def branches(self, uuid: str, joins: str | None = None) -> list[RunRecord]:
        """Return the runs that are branches of tasks of a run: of all, or those that wait for each other."""
        run = self._run
        query = self._all_runs.where(run.c.parent == uuid, run.c.joins.is_not(None))
        if joins is not None:
            query = query.where(run.c.joins == joins)
        with self.database.reading() as connection:
            return [run_of(row) for row in connection.execute(query.order_by(run.c.target))]

    def joinable(self, uuid: str, joins: str | None = None) -> list[int]:
        """Return the objects of a run that wait for branches which have all ended: for any, or for these."""
        table = self._object
        query = self._joinable.with_only_columns(table.c.ordinal).where(table.c.workflow == uuid)
        if joins is not None:
            query = query.where(table.c.halt_payload["joins"].as_string() == joins)
        with self.database.reading() as connection:
            return list(connection.execute(query.order_by(table.c.ordinal)).scalars())

    def waiting_for_branches(self, names: Iterable[str]) -> list[str]:
        """Return the runs of these names with objects whose branches have all ended, and that nobody is running."""
        run = self._run
        over = (WorkflowStatus.HALTED, WorkflowStatus.ERROR)
        query = self._joinable.where(run.c.status.in_(over), run.c.name.in_(list(names)))
        with self.database.reading() as connection:
            return list(connection.execute(query.with_only_columns(run.c.uuid).distinct()).scalars())

    @cached_property
    def _joinable(self) -> Any:
        """Return the query for the objects whose branches have all ended."""
        run, table, branch = self._run, self._object, self._part
        unfinished = exists().where(
            branch.c.parent == table.c.workflow,
            branch.c.joins == table.c.halt_payload["joins"].as_string(),
            branch.c.status.in_(UNFINISHED),
        )
        query = select(table.c.ordinal).join(run, run.c.uuid == table.c.workflow)
        return query.where(
            table.c.status == ObjectStatus.HALTED, table.c.halt_action == WAITS_FOR_BRANCHES, ~unfinished
        )

    def progress(self, uuid: str) -> Progress:
        """Return how far a run is, counted by the database at one moment: parts, branches and all.

        Raises:
            UnknownRun: as :meth:`find`.
        """
        with self.database.snapshot() as connection:
            found = Progress(self._find(connection, uuid))
            uuid = found.run.uuid
            for status, node, waits, count in connection.execute(self._objects_by_place(uuid)):
                found.objects[status] = found.objects.get(status, 0) + count
                found.waiting += count if waits else 0
                if status not in (ObjectStatus.INITIAL, ObjectStatus.COMPLETED):
                    found.nodes[node, status] = found.nodes.get((node, status), 0) + count
            for is_part, status, count in connection.execute(self._pieces(uuid)):
                (found.parts if is_part else found.branches)[status] = count
        return found

    def _objects_by_place(self, uuid: str) -> Any:
        table, owner = self._object, self._run
        kinds = (
            table.c.status,
            func.coalesce(table.c.node, "").label("place"),
            (func.coalesce(table.c.halt_action, "") == WAITS_FOR_BRANCHES).label("waits"),
        )
        query = select(*kinds, func.count()).join(owner, owner.c.uuid == table.c.workflow)
        return query.where(self._belongs(uuid)).group_by(*kinds)

    def _pieces(self, uuid: str) -> Any:
        """Return the query for the parts and branches of a run, and the branches of its parts."""
        run, part = self._run, self._part
        parts = select(part.c.uuid).where(part.c.parent == uuid, part.c.first_object.is_not(None))
        is_part = run.c.joins.is_(None)
        query = select(is_part, run.c.status, func.count()).where(or_(run.c.parent == uuid, run.c.parent.in_(parts)))
        return query.group_by(is_part, run.c.status)

    def counts(self, uuids: Sequence[str]) -> dict[str, dict[ObjectStatus, int]]:
        """Return how many objects of each status runs have."""
        table, run = self._object, self._run
        whole = case((run.c.first_object.is_not(None), run.c.parent), else_=run.c.uuid)
        known = list(uuids)
        query = (
            select(whole, table.c.status, func.count())
            .join(run, run.c.uuid == table.c.workflow)
            .where(or_(run.c.uuid.in_(known), and_(run.c.parent.in_(known), run.c.first_object.is_not(None))))
            .group_by(whole, table.c.status)
        )
        found: dict[str, dict[ObjectStatus, int]] = {uuid: {} for uuid in uuids}
        with self.database.reading() as connection:
            for uuid, status, count in connection.execute(query):
                if uuid in found:
                    found[uuid][status] = count
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
        query = query.where(run.c.joins.is_(None) if uuid is None else self._belongs(uuid))
        with self.database.reading() as connection:
            return [
                (row[0], decode(row[1]), row[2], row[3]) for row in connection.execute(query.order_by(run.c.definition))
            ]

    @patient
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
        table, step, run, place = self._object, self._step, self._run, self._place()
        query = (
            select(place.label("ordinal"), step)
            .join(table, table.c.id == step.c.object)
            .join(run, run.c.uuid == table.c.workflow)
            .where(self._belongs(uuid))
            .order_by(place, step.c.number)
        )
        if ordinal is not None:
            query = query.where(place == ordinal)
        with self.database.reading() as connection:
            return list(connection.execute(query))

    @patient
    def result(self, record: Record, key: str) -> tuple[bool, Any]:
        """Return whether something is in the journal of an object under a key, and what."""
        table = self._result
        query = select(table.c.value).where(table.c.object == record.id, table.c.key == key)
        with self.database.reading() as connection:
            found = connection.execute(query).first()
        return found is not None, None if found is None else found.value

    # What is large and always the same is made once: making it takes longer than asking it.

    @cached_property
    def _all_runs(self) -> Any:
        return select(self._run, self._status.label("whole_status"), self._attended.label("leased"))

    def _leased(self, run: Any = None) -> Any:
        return func.coalesce((self._run if run is None else run).c.lease_until, 0.0) > self._now

    def _belongs(self, uuid: str) -> Any:
        """Return the condition that a row is the run's, or a part's of it."""
        run = self._run
        return or_(run.c.uuid == uuid, and_(run.c.parent == uuid, run.c.first_object.is_not(None)))

    def _place(self) -> Any:
        """Return the place of an object among all of its run."""
        return self._object.c.ordinal + func.coalesce(self._run.c.first_object, 0)

    def _any_part(self, *statuses: WorkflowStatus, leased: bool | None = None) -> Any:
        part = self._part
        query = exists().where(part.c.parent == self._run.c.uuid, part.c.first_object.is_not(None))
        if statuses:
            query = query.where(part.c.status.in_(statuses))
        return query if leased is None else query.where(self._leased(part) if leased else not_(self._leased(part)))

    @cached_property
    def _status(self) -> Any:
        """Return what a run is: its own status, or what those of its parts make it."""
        run, of, ended = self._run, WorkflowStatus, (WorkflowStatus.COMPLETED, WorkflowStatus.HALTED)
        found = case(
            (or_(run.c.status == of.CANCELLED, not_(self._any_part())), run.c.status),
            (self._any_part(of.RUNNING), of.RUNNING.name),
            (and_(self._any_part(of.NEW), self._any_part(*ended, of.ERROR)), of.RUNNING.name),
            (self._any_part(of.NEW), of.NEW.name),
            (self._any_part(of.ERROR), of.ERROR.name),
            (self._any_part(of.HALTED), of.HALTED.name),
            (self._any_part(of.CANCELLED), of.CANCELLED.name),
            else_=of.COMPLETED.name,
        )
        return type_coerce(found, run.c.status.type)

    @cached_property
    def _attended(self) -> Any:
        """Return whether nobody is missing: a worker has the run; or each part that was begun and is not over, one."""
        alone = and_(not_(self._any_part()), self._leased())
        return or_(alone, and_(self._any_part(), not_(self._any_part(WorkflowStatus.RUNNING, leased=False))))
