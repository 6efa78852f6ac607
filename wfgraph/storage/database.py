"""A database of runs: connecting to it, and making sure that it keeps what it says it keeps."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from alembic.util import CommandError
from sqlalchemy import Engine, event, make_url, text
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from wfgraph.errors import StorageError
from wfgraph.storage import schema
from wfgraph.storage.models import READY, Models
from wfgraph.storage.patience import ConnectionEnded, patiently
from wfgraph.utils import is_database_file

__all__ = ["DEFAULT_URL", "Database", "connect", "opened"]

DEFAULT_URL = "sqlite:///wfgraph.db"
"""Where runs are stored when nobody says where, and the environment variable ``WFGRAPH_DB`` does not either."""

_DURABILITIES = ("full", "process")
_BUSY_SECONDS = 30.0

_ENDING = ("08", "57P", "25P03", "25P04")
"""How the SQLSTATEs begin that tell of the end of a connection: connection exceptions, operator intervention, timeouts."""


class Database:
    """A database of runs. :func:`connect` makes one.

    Attributes:
        engine: SQLAlchemy's.
        models: which tables hold what.
        durability: what it survives: ``"full"`` or ``"process"``.
        clock: the SQL expression for now, in seconds since 1970.
        statements: those of the hot path, once they are made.
        store: its runs, likewise.
    """

    def __init__(self, engine: Engine, models: Models, durability: str) -> None:
        self.engine = engine
        self.models = models
        self.durability = durability
        self.clock = _CLOCKS[engine.dialect.name]
        self.statements: Any = None
        self.store: Any = None
        # Nobody need close what is stored in: the connections are closed with the last use of this object.
        weakref.finalize(self, _let_go, engine, os.getpid())

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of SQLite's."""
        return self.engine.dialect.name == "sqlite"

    @property
    def url(self) -> str:
        """Where it is, without the password."""
        # Drivers take a password as a parameter, too.
        bare = self.engine.url.difference_update_query([key for key in self.engine.url.query if "pass" in key.lower()])
        return bare.render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection whose statements stand for themselves.

        Raises:
            StorageError: the database can't be reached, or refuses.
        """
        with self.explained(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a connection and a transaction, which is committed at the end, or rolled back by an exception.

        Raises:
            StorageError: as :meth:`reading`.
        """
        # SQLite: taken for writing at once; a transaction that turns into a writing one later may have to fail.
        with self._transaction("BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN") as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a connection whose statements all see the database as it is at one moment.

        Raises:
            StorageError: as :meth:`reading`.
        """
        with self._transaction("BEGIN" if self.is_sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        with self.reading() as connection:
            connection.exec_driver_sql(begin)
            try:
                yield connection
                connection.exec_driver_sql("COMMIT")
            except BaseException:
                _roll_back(connection)
                raise

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn errors of the database into one that says what to do.

        Raises:
            StorageError: there was one.
        """
        try:
            yield
        except SQLAlchemyError as error:
            raise self.explain(error) from error

    def explain(self, error: Exception, ended: bool = False) -> StorageError:
        """Say what an error of the database means; whoever has the connection may know that it has ended."""
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        ended = ended or getattr(error, "connection_invalidated", False)
        kind = ConnectionEnded if not self.is_sqlite and (ended or self._tells_of_end(cause)) else StorageError
        lines = str(cause).strip().splitlines() or [type(cause).__name__]
        said = lines[0]
        for sign, advice in _ADVICE:
            if sign in " ".join(lines).lower():
                kind = StorageError if sign in _REFUSALS else kind
                kept = "" if sign in _SPOILED else "; what was stored before is as it was"
                return kind(f"the database {self.url}: {said}; {advice}{kept}")
        return kind(f"the database {self.url}: {said}; what was stored before is as it was")

    def _tells_of_end(self, cause: Any) -> bool:
        """Tell whether a server says that it ends the connection, before that is seen to have ended, or can't be reached."""
        state = getattr(cause, "sqlstate", None)
        if state is None:
            return isinstance(cause, self.engine.dialect.dbapi.OperationalError)  # type: ignore[union-attr]  # it has a driver
        return bool(state.startswith(_ENDING))

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def __reduce__(self) -> Any:
        """Another process connects by itself."""
        return _reconnect, (self.engine.url.render_as_string(hide_password=False), self.models, self.durability)

    def __repr__(self) -> str:
        return f"<Database {self.url}>"


def _let_go(engine: Engine, process: int) -> None:
    """Close what this process has opened; what it has inherited belongs to the one that forked it."""
    engine.dispose(close=os.getpid() == process)


def _reconnect(url: str, models: Models, durability: str) -> Database:
    return patiently(lambda: connect(url, models=models, durability=durability, create=False))


_CLOCKS = {
    # Not unixepoch('subsec'): SQLite before 3.42 answers it with NULL.
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
    # Not extract(), whose numbers are of arbitrary precision and take as long as the rest of a small statement.
    "postgresql": "date_part('epoch', clock_timestamp())",
}

_ADVICE = (
    ("locked", "another process writes to it; wait until that has ended, or use PostgreSQL for many writers"),
    ("readonly", "it can only be read; give this user the right to write to the file and its directory"),
    ("read-only", "it can only be read; connect to the primary server"),
    ("full", "make room"),
    ("no space", "make room"),
    ("disk i/o", "see that the disk works, and has room"),
    ("no such file", "create the directory, and start the server if it is one"),
    ("unable to open", "create the directory, and see that this user may write there"),
    ("connection refused", "start the server, or correct host and port"),
    ("does not exist", "create it, or correct the name"),
    ("not a database", "the file is something else; choose another one"),
    ("malformed", "the file is damaged; restore it"),
    ("authentication", "correct user and password"),
    ("permission denied", "give this user the rights"),
)
_SPOILED = ("not a database", "malformed")
"""The signs of a file in which nothing is as it was, or never was."""
_REFUSALS = ("does not exist", "authentication", "permission denied")
"""The signs of what a server refuses, however often it is asked: psycopg knows no SQLSTATE of connections not made."""


def _roll_back(connection: Connection) -> None:
    """Undo a transaction, where there still is one: an error may have ended it, or the connection."""
    try:
        connection.exec_driver_sql("ROLLBACK")
    except SQLAlchemyError:
        connection.invalidate()


def connect(
    url: str | URL | Database | None = None,
    *,
    models: Models = READY,
    durability: str = "full",
    create: bool | None = None,
) -> Database:
    """Connect to a database of runs.

    A database of SQLite's is made when there is none, tables included. One of PostgreSQL's needs its tables made by
    ``wfgraph db upgrade`` first, or by ``create``.

    Args:
        url: as SQLAlchemy writes it, or the path of a file that ends in ``.db``; when not given, what ``WFGRAPH_DB`` in
            the environment says, or ``wfgraph.db`` in the working directory.
        models: which tables hold what. Those that are not ours are made and migrated by their owner.
        durability: ``"full"``: what is stored survives a power cut; ``"process"``: it survives the end of any process
            of ours, and is faster. Asserted, not just asked for.
        create: whether to make the tables where there are none; False makes no file, either.

    Raises:
        StorageError: the URL is none, the database can't be reached or opened, or can't keep that promise.
        SchemaMismatch: it has no tables, or those of another version.
    """
    if isinstance(url, Database):
        return url
    if durability not in _DURABILITIES:
        raise StorageError(f"no durability {durability!r}; use one of {', '.join(_DURABILITIES)}")
    database = Database(_engine(url, durability, create is not False), models, durability)
    try:
        with database.reading() as connection:
            _assert_durable(connection, database)
        with database.explained():
            schema.prepare(database.engine, models, database.is_sqlite if create is None else create, database.url)
    except BaseException:
        database.close()
        raise
    return database


@contextmanager
def opened(url: str | URL | None = None) -> Iterator[Database]:
    """Open a database whatever its tables are, to look at their version or to change it.

    Raises:
        StorageError: it can't be reached or opened, or Alembic refuses.
    """
    database = Database(_engine(url, "full", True), READY, "full")
    try:
        with database.explained():
            yield database
    except CommandError as error:
        raise StorageError(f"the database {database.url}: {error}") from error
    finally:
        database.close()


def _engine(url: str | URL | None, durability: str, create: bool) -> Engine:
    given = url or os.environ.get("WFGRAPH_DB") or DEFAULT_URL
    if isinstance(given, str) and "://" not in given and is_database_file(given):
        given = f"sqlite:///{given}"
    try:
        place = make_url(given)
        if place.drivername in ("postgresql", "postgres"):
            place = place.set(drivername="postgresql+psycopg")
        if place.get_backend_name() not in _CLOCKS:
            raise StorageError(f"no database {place.get_backend_name()!r}; runs are stored in sqlite or postgresql")
        if place.get_backend_name() == "sqlite" and place.database in (None, "", ":memory:"):
            raise StorageError(
                "a database in memory stores nothing: name a file, sqlite:///runs.db, or use GenericWorkflowEngine"
            )
        if place.get_backend_name() == "sqlite" and not create and not _may_exist(Path(str(place.database))):
            raise StorageError(f"there is no database {place.database!r}; name another one, or store a run in it first")
        options: dict[str, Any] = (
            {"timeout": _BUSY_SECONDS} if place.get_backend_name() == "sqlite" else {"connect_timeout": 10}
        )
        # As many connections as there are runs at a time, in threads: one that had to wait for that of another could not
        # say that it goes on, and would lose its lease.
        engine = sqlalchemy.create_engine(
            place, isolation_level="AUTOCOMMIT", connect_args=options, pool_pre_ping=True, pool_size=2, max_overflow=-1
        )
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        shown = given if isinstance(given, str) and "@" not in given else "the URL"
        raise StorageError(f"{shown!r} names no database: {error}; write sqlite:///runs.db") from error
    except ModuleNotFoundError as error:
        raise StorageError(
            f"{error.name} is missing, which {place.get_backend_name()} needs; pip install 'wfgraph[postgres]'"
        ) from error
    event.listen(engine, "connect", _on_sqlite if engine.dialect.name == "sqlite" else _on_postgresql)
    event.listen(engine, "connect", lambda raw, _: _set_durability(raw, engine.dialect.name, durability))
    return engine


def _may_exist(file: Path) -> bool:
    try:
        return file.exists()
    except OSError:  # it can't even be looked for: opening it says what is wrong
        return True


def _on_sqlite(raw: Any, _: Any) -> None:
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA foreign_keys = ON")


def _on_postgresql(raw: Any, _: Any) -> None:
    raw.autocommit = True
    raw.execute("SET client_encoding = 'UTF8'")


def _set_durability(raw: Any, kind: str, durability: str) -> None:
    full = durability == "full"
    if kind == "sqlite":
        raw.execute(f"PRAGMA synchronous = {'FULL' if full else 'NORMAL'}")
    else:
        raw.execute(f"SET synchronous_commit = {'on' if full else 'off'}")


def _assert_durable(connection: Connection, database: Database) -> None:
    """Look whether the database keeps what it is told to keep.

    Raises:
        StorageError: it does not.
    """
    if database.is_sqlite:
        mode = connection.execute(text("PRAGMA journal_mode")).scalar_one()
        level = connection.execute(text("PRAGMA synchronous")).scalar_one()
        if str(mode).lower() != "wal" or level < (2 if database.durability == "full" else 1):
            raise StorageError(
                f"the database {database.url} keeps its journal as {mode!r}, synchronous {level}: what it stores is not "
                "durable there; put the file on a local disk"
            )
        return
    settings = {name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in ("fsync", "synchronous_commit")}
    if database.durability == "full" and (settings["fsync"] != "on" or settings["synchronous_commit"] == "off"):
        told = ", ".join(f"{name} = {value}" for name, value in settings.items())
        raise StorageError(
            f"the database {database.url} has {told}: what it stores does not survive a power cut; set both to on, or "
            "connect with durability='process'"
        )
