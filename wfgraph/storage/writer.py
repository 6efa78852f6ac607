"""The one who writes for the owner of a run: each call is one transaction, and none if the run is not ours any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from wfgraph.errors import OwnershipLost, StorageError
from wfgraph.storage.database import Database
from wfgraph.storage.patience import PAUSES, ConnectionEnded, patiently
from wfgraph.storage.statements import Statement, Statements, statements_of

__all__ = ["Change", "Writer"]


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What is to be written of one object.

    Attributes:
        statement: which of :class:`~wfgraph.storage.statements.Statements` it is.
        parameters: what that takes.
        step: what the row of history takes; None for no such row.
    """

    statement: Statement
    parameters: dict[str, Any]
    step: dict[str, Any] | None = None


class Writer:
    """A connection, and what is written through it.

    Args:
        database: where.
        uuid: the run.
        epoch: the one in which it was claimed.
        pauses: the seconds to wait before each attempt to reach a database that has dropped the connection.
    """

    def __init__(self, database: Database, uuid: str, epoch: int, pauses: Sequence[float] = PAUSES) -> None:
        self._database = database
        self.uuid = uuid
        self.epoch = epoch
        self.lost = False
        self._pauses = pauses
        self._statements = statements_of(database)
        self._dialect: Any = database.engine.dialect
        self._begin = "BEGIN IMMEDIATE" if database.is_sqlite else "BEGIN"
        self._connection: Connection | None = None
        self._raw: Any = None

    @property
    def statements(self) -> Statements:
        """The statements that changes are made of."""
        return self._statements

    def write(
        self,
        changes: Sequence[Change],
        run: dict[str, Any] | None = None,
        results: Sequence[dict[str, Any]] = (),
    ) -> None:
        """Write all of this, or nothing.

        Args:
            changes: objects.
            run: what the run becomes.
            results: rows of the journal.

        Raises:
            OwnershipLost: the run is not ours any more.
            StorageError: the database refuses, or could not be reached for long.
        """
        if self.lost:
            raise self._taken()
        patiently(lambda: self._try(changes, run, results), self._pauses)

    def _try(self, changes: Sequence[Change], run: dict[str, Any] | None, results: Sequence[dict[str, Any]]) -> None:
        try:
            if self._raw is None:
                self._connect()
                if self._landed(changes):
                    return
            self._attempt(changes, run, results)
        except (self._dialect.dbapi.Error, SQLAlchemyError) as error:
            # Where the connection was dropped because not even the transaction could be rolled back, it has ended.
            ended = self._raw is None or bool(getattr(self._raw, "closed", False))
            found = self._database.explain(error, ended)
            if isinstance(found, ConnectionEnded):
                self._drop()
            raise found from error

    def _attempt(
        self, changes: Sequence[Change], run: dict[str, Any] | None, results: Sequence[dict[str, Any]]
    ) -> None:
        if len(changes) == 1 and run is None and not results:
            change = changes[0]
            alone = change.statement if change.step is None else self._statements.followed.get(change.statement)
            if alone is not None:
                given = change.parameters if change.step is None else change.parameters | change.step
                self._expect(self._raw.execute(alone.text, alone.given(given)), 1)
                return
        self._raw.execute(self._begin)
        try:
            self._write_all(changes, run, results)
            self._raw.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def _write_all(
        self, changes: Sequence[Change], run: dict[str, Any] | None, results: Sequence[dict[str, Any]]
    ) -> None:
        made = self._statements
        if run is not None:
            self._expect(self._raw.execute(made.run.text, made.run.given(run)), 1)
        for statement, group in _grouped(changes):
            self._many(statement, [change.parameters for change in group], True)
        self._many(made.step, [change.step for change in changes if change.step is not None])
        self._many(made.result, results)

    def _many(self, statement: Statement, rows: Sequence[dict[str, Any]], fenced: bool = False) -> None:
        if len(rows) == 1:
            cursor = self._raw.execute(statement.text, statement.given(rows[0]))
        elif rows:
            cursor = self._raw.cursor()
            cursor.executemany(statement.text, [statement.given(row) for row in rows])
        else:
            return
        if fenced:
            self._expect(cursor, len(rows))

    def _expect(self, cursor: Any, rows: int) -> None:
        """See that a statement found what is ours.

        Raises:
            OwnershipLost: it did not: the rows are of another epoch.
        """
        if cursor.rowcount != rows:
            self.lost = True
            raise self._taken()

    def _taken(self) -> OwnershipLost:
        table = self._database.models.workflow.__table__
        who = ""
        try:
            with self._database.reading() as connection:
                found = connection.execute(
                    select(table.c.owner, table.c.status).where(table.c.uuid == self.uuid)
                ).one_or_none()
            if found is None:
                who = ": it was deleted"
            else:
                who = ": it was cancelled" if found.status.name == "CANCELLED" else f" by {found.owner}"
        except StorageError:
            pass  # who it was is a detail
        return OwnershipLost(
            f"the run {self.uuid} was taken over{who}; this worker has stopped, and has written nothing since"
        )

    # The connection --------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        connection = self._database.engine.connect()
        self._connection, self._raw = connection, connection.connection.driver_connection

    def _drop(self) -> None:
        """End the connection; the next write makes another one."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
        self._connection = self._raw = None

    def _landed(self, changes: Sequence[Change]) -> bool:
        """Tell whether a transaction whose end was not heard of was committed: then the first revision is there.

        What the run becomes is simply written again; the same words make the same row.
        """
        if not changes:
            return False
        first = changes[0].parameters
        table = self._database.models.object.__table__
        assert self._connection is not None  # noqa: S101 - just made
        found = self._connection.execute(
            select(table.c.revision, table.c.epoch).where(table.c.id == first["b_id"])
        ).one_or_none()
        if found is None or found.epoch != self.epoch:
            return False  # the write will find that out
        return bool(found.revision == first["b_revision"])

    def _roll_back(self) -> None:
        try:
            self._raw.execute("ROLLBACK")
        except self._dialect.dbapi.Error:
            # The transaction has ended already, or can't be ended: then what it has locked would stay locked, for our own
            # heartbeat, too, as long as the connection is there.
            self._drop()

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._raw = None


def _grouped(changes: Iterable[Change]) -> Iterable[tuple[Statement, list[Change]]]:
    """Group changes by their statements; each object is in there once, so their order does not matter."""
    groups: dict[Statement, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.statement, []).append(change)
    return groups.items()
