"""Databases that can't be used, and their versions: one clear error each, and what is stored is as it was."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from select import select as select_readable
from types import SimpleNamespace
from typing import Any, ClassVar

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from sqlalchemy import String, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from wfgraph.errors import SchemaMismatch, StorageError
from wfgraph.storage import (
    Base,
    Database,
    DbWorkflowEngine,
    DefinitionMixin,
    Models,
    ObjectMixin,
    ResultMixin,
    StepMixin,
    Store,
    WorkflowMixin,
    connect,
    schema,
)
from wfgraph.storage.database import _engine, opened
from wfgraph.storage.models import READY
from wfgraph.storage.patience import ConnectionEnded, at_once, patiently
from wfgraph.storage.writer import Writer


def note(obj: Any, eng: Any) -> None:
    obj["noted"] = True


def stored_run(database: Database) -> str:
    eng = DbWorkflowEngine.with_name("flow", database, granularity="task")
    eng.callbacks.replace([note])
    eng.process([{"n": 1}])
    return str(eng.uuid)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "'nonsense' names no database"),
        ("mysql://localhost/x", "no database 'mysql'; runs are stored in sqlite or postgresql"),
        ("sqlite://", "a database in memory stores nothing"),
        ("sqlite:////no/such/place/x.db", "unable to open database file; create the directory"),
        ("postgresql://127.0.0.1:1/x", "start the server, or correct host and port"),
        ("postgresql://u:secret@127.0.0.1:1/x", r"postgresql\+psycopg://u:\*\*\*@127.0.0.1:1/x"),
    ],
)
def test_databases_that_can_not_be_reached(url: str, message: str) -> None:
    with pytest.raises(StorageError, match=message) as caught:
        connect(url)
    assert "secret" not in str(caught.value)


def test_a_database_that_does_not_exist_on_a_server(postgresql: str) -> None:
    with pytest.raises(StorageError, match='database "none_such" does not exist; create it'):
        connect(f"{postgresql.rpartition('/')[0]}/none_such")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("this is a text of some length, and no database at all" * 20)
    with pytest.raises(StorageError, match="file is not a database; the file is something else"):
        connect(str(tmp_path / "x.db"))


def test_looking_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no database"):
        connect(str(tmp_path / "x.db"), create=False)
    assert [] == os.listdir(tmp_path)


def test_a_database_that_can_only_be_read(tmp_path: Path) -> None:
    """As another user: what root may not write is hard to find."""
    place = tmp_path / "x.db"
    uuid = stored_run(connect(str(place)))
    connect(str(place)).close()

    def stored() -> list[Any]:
        with closing(sqlite3.connect(place)) as connection:
            return connection.execute("SELECT data FROM wfgraph_object").fetchall()

    before = stored()
    database = connect(str(place))
    with database.reading() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
        eng = DbWorkflowEngine.from_uuid(uuid, database)
        eng.callbacks.replace([note])
    with pytest.raises(StorageError, match="it can only be read; give this user the right to write"):
        eng.process(eng.objects)
    assert before == stored()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (psycopg.OperationalError("connection failed: the server closed it"), ConnectionEnded),
        (psycopg.OperationalError("connection failed: connection refused"), ConnectionEnded),
        (psycopg.errors.AdminShutdown("terminating connection"), ConnectionEnded),
        (psycopg.errors.IdleInTransactionSessionTimeout("terminating connection"), ConnectionEnded),
        (psycopg.OperationalError('password authentication failed for user "u"'), StorageError),
        (psycopg.OperationalError('database "x" does not exist'), StorageError),
        (psycopg.OperationalError('permission denied for database "x"'), StorageError),
        (psycopg.errors.UndefinedTable('relation "x" does not exist'), StorageError),
        (psycopg.InternalError("whatever"), StorageError),
    ],
    ids=["closed", "refused", "shutdown", "timeout", "password", "name", "rights", "table", "other"],
)
def test_what_may_be_over_soon_is_told_from_what_is_not(error: Exception, kind: type[StorageError]) -> None:
    database = Database(_engine("postgresql://u:pw@127.0.0.1:1/x", "full", False), READY, "full")
    assert kind is type(database.explain(error))


def test_a_server_that_answers_late_or_for_which_there_is_no_time_is_not_asked_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, began = [0.0], []

    def never() -> None:
        began.append(now[0])
        now[0] += 10
        raise ConnectionEnded("away")

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr("wfgraph.storage.patience.time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    with pytest.raises(StorageError, match="away"):
        patiently(never)
    assert [0.0, 10.0] == began
    with pytest.raises(StorageError, match="away"), at_once():
        patiently(never)
    assert 3 == len(began)


def test_a_connection_that_ends_inside_a_transaction_is_made_again(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, ended = Writer._write_all, []

    def late(self: Any, *given: Any) -> None:
        if not ended:
            ended.append(True)
            self._raw.execute("SET idle_in_transaction_session_timeout = '1ms'")
            select_readable([self._raw.fileno()], [], [])  # the server says that it has ended
            write(self, *given)
        write(self, *given)

    def share(obj: Any, eng: Any) -> None:
        eng.extra_data["n"] = obj["n"]

    monkeypatch.setattr(Writer, "_write_all", late)
    eng = DbWorkflowEngine.with_name("flow", connect(postgresql))
    eng.callbacks.replace([share])
    eng.process([{"n": 1}])
    assert ([True], {"n": 1}) == (ended, DbWorkflowEngine.from_uuid(eng.uuid, connect(postgresql)).extra_data)


def test_a_transaction_that_cant_even_be_rolled_back_is_made_again_on_another_connection() -> None:
    class Ended:
        def execute(self, text: str, *_: Any) -> None:
            if text != "BEGIN":
                raise psycopg.InternalError("whatever")

    class Again(Exception):
        """It is connected to again."""

    class Ending(Writer):
        def _connect(self) -> None:
            raise Again

    writer = Ending(Database(_engine("postgresql://127.0.0.1:1/x", "full", False), READY, "full"), "u", 1, [0.0])
    writer._raw = Ended()
    run = {
        "b_uuid": "u",
        "b_epoch": 1,
        "b_status": "RUNNING",
        "b_state_token_pos": 0,
        "b_extra_data": "{}",
        "b_lease": 1,
    }
    with pytest.raises(Again):
        writer.write([], run)


def test_a_database_that_somebody_else_writes_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wfgraph.storage.database._BUSY_SECONDS", 0.05)
    database = connect(str(tmp_path / "x.db"))
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="database is locked; another process writes to it"):
        stored_run(database)
    other.execute("ROLLBACK")
    assert [] == Store(database).runs()
    other.close()


def test_a_full_database_keeps_what_it_had(tmp_path: Path) -> None:
    def grow(obj: Any, eng: Any) -> None:
        obj["text"] = "x" * 1_000_000

    database = connect(str(tmp_path / "x.db"))
    eng = DbWorkflowEngine.with_name("flow", database, granularity="task")
    eng.callbacks.replace([note, grow, note])
    uuid = eng.submit([{}])
    with database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    # Set on each connection: it is no property of the file.
    from sqlalchemy import event

    event.listen(
        database.engine, "checkout", lambda raw, *_: raw.execute(f"PRAGMA max_page_count = {pages + 20}").fetchone()
    )
    with pytest.raises(StorageError, match="database or disk is full; make room; what was stored before is as it was"):
        eng.resume()
    record = Store(database).load(uuid).objects[0]
    assert ([1], '{"noted":true}') == (record.callback_pos, record.stored)


@pytest.mark.parametrize(("text", "advice"), [("x" * 5_000, "choose another one"), ("damaged", "restore it")])
def test_nobody_is_told_that_a_spoiled_file_is_as_it_was(tmp_path: Path, text: str, advice: str) -> None:
    file = tmp_path / "x.db"
    connect(str(file)).close()
    whole = file.read_bytes()
    file.write_bytes(text.encode() if text != "damaged" else whole[:4096] + bytes(len(whole) - 4096))
    with pytest.raises(StorageError, match=f"{advice}$"):
        connect(str(file))


def test_a_file_that_can_not_be_looked_for_is_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(self: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "exists", denied)
    with pytest.raises(StorageError, match="unable to open database file"):
        connect(str(tmp_path / "nowhere" / "x.db"), create=False)


def test_a_setting_that_loses_data_is_refused(postgresql: str) -> None:
    name = postgresql.rpartition("/")[2]
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
    connect(postgresql, durability="process").close()
    with pytest.raises(StorageError, match="no durability 'none'"):
        connect(postgresql, durability="none")
    assert name in connect(postgresql).url


# Versions -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def bare(url: str, request: pytest.FixtureRequest) -> Any:
    """Where a database without tables is."""
    if url.startswith("sqlite"):
        yield url
        return
    name = url.rpartition("/")[2] + "_bare"
    server = psycopg.connect(url, autocommit=True)
    server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    server.execute(f"CREATE DATABASE {name}")
    yield f"{url.rpartition('/')[0]}/{name}"
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    server.close()


def test_migrations_make_what_the_models_say(bare: str) -> None:
    with opened(bare) as database:
        schema.upgrade(database.engine)
        with database.engine.connect() as connection:
            assert [] == compare_metadata(schema._context(connection), Base.metadata)


def test_migrations_keep_what_is_stored(bare: str) -> None:
    with opened(bare) as database:
        schema.upgrade(database.engine)
    uuid = stored_run(connect(bare))
    with opened(bare) as database:
        schema.downgrade(database.engine, "0001")
        assert "0001" == schema.current(database.engine)
        rows = select(Base.metadata.tables["wfgraph_object"].c.data)
        with database.reading() as connection:
            assert [{"n": 1, "noted": True}] == list(connection.execute(rows).scalars())
        schema.upgrade(database.engine)
    store = Store(connect(bare))
    assert ['{"n":1,"noted":true}'] == [one.stored for one in store.load(uuid).objects]
    assert [] == store.steps(uuid), "the history began anew"
    stored_run(store.database)
    with opened(bare) as database:
        schema.downgrade(database.engine, "base")
        assert schema.current(database.engine) is None


def test_each_version_can_be_left_and_come_back_to(bare: str) -> None:
    with opened(bare) as database:
        for version in ("0001", "0002", "0003", "0004"):
            schema.upgrade(database.engine, version)
            schema.downgrade(database.engine, "-1")
            schema.upgrade(database.engine, version)
        with pytest.raises(StorageError, match="Can't locate revision"), opened(bare) as other:
            schema.upgrade(other.engine, "9999")


def test_other_versions_are_refused(bare: str) -> None:
    with opened(bare) as database:
        schema.upgrade(database.engine, "0001")
    with pytest.raises(SchemaMismatch, match=r"are of version 0001, and this release works with .*wfgraph db upgrade"):
        connect(bare)
    with opened(bare) as database, database.writing() as connection:
        connection.exec_driver_sql("UPDATE wfgraph_version SET version_num = '4711'")
    with pytest.raises(SchemaMismatch, match="version 4711, which this release does not know"):
        connect(bare)


def test_a_server_needs_its_tables_made(bare: str) -> None:
    if bare.startswith("sqlite"):
        connect(bare).close()
        return
    with pytest.raises(SchemaMismatch, match="has no tables for runs; make them: wfgraph db upgrade"):
        connect(bare)


@pytest.mark.slow
def test_several_processes_may_come_first(tmp_path: Path) -> None:
    code = "import sys; from wfgraph.storage import connect; connect(sys.argv[1]).close()"
    place = str(tmp_path / "x.db")
    workers = [subprocess.Popen([sys.executable, "-c", code, place]) for _ in range(4)]
    assert [0] * 4 == [worker.wait(60) for worker in workers]
    connect(place).close()


# Tables of one's own --------------------------------------------------------------------------------------------------


class Own(DeclarativeBase):
    __wfgraph__: ClassVar = {"workflow": "my_run", "object": "my_item"}


class Run(WorkflowMixin, Own):
    __tablename__ = "my_run"
    team: Mapped[str] = mapped_column(String(20), default="curation", server_default="curation")


class Item(ObjectMixin, Own):
    __tablename__ = "my_item"
    priority: Mapped[int] = mapped_column(default=5, server_default="5")


class Version(DefinitionMixin, Own):
    __tablename__ = "my_version"


class Outcome(ResultMixin, Own):
    __tablename__ = "my_outcome"


class Went(StepMixin, Own):
    __tablename__ = "my_step"


def test_tables_of_ones_own(bare: str) -> None:
    database = connect(bare, models=Models(Run, Item, Version, Outcome, Went), create=True)
    uuid = stored_run(database)
    assert '{"n":1,"noted":true}' == Store(database).load(uuid).objects[0].stored
    with database.reading() as connection:
        assert ("curation", uuid) == tuple(connection.execute(select(Run.team, Run.uuid)).one())
        assert 5 == connection.execute(select(Item.priority)).scalar_one()
        connection.execute(insert(Version).values(fingerprint="f", name="n", graph="", created=0.0))
    Store(database).delete(uuid)
    database.close()


def test_postgresql_says_what_it_needs(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from wfgraph.storage import connect\n"
        "try: connect('postgresql://127.0.0.1/x')\n"
        "except Exception as error: print(error)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "pip install 'wfgraph[postgres]'" in told


def test_a_file_that_was_moved_away_is_missed(tmp_path: Path) -> None:
    database = connect(str(tmp_path / "x.db"))
    uuid = stored_run(database)
    database.close()
    shutil.move(tmp_path / "x.db", tmp_path / "y.db")
    assert uuid == Store(connect(str(tmp_path / "y.db"))).runs()[0].uuid
