"""The version of the tables: made, looked at, and brought from one to another by Alembic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect
from sqlalchemy.engine import Connection

from wfgraph.errors import SchemaMismatch
from wfgraph.storage.models import READY, Models

__all__ = ["VERSION_TABLE", "current", "downgrade", "head", "prepare", "upgrade"]

VERSION_TABLE = "wfgraph_version"
"""The table in which Alembic keeps the version: not the one of an application in the same database."""


def head() -> str:
    """Return the version that this release works with."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None  # noqa: S101 - there is at least one
    return found


def current(engine: Engine) -> str | None:
    """Return the version of a database; None where there is none."""
    with engine.connect() as connection:
        found: str | None = _context(connection).get_current_revision()
        return found


def prepare(engine: Engine, models: Models, create: bool, url: str) -> None:
    """Make sure that a database has the tables that this release works with.

    Args:
        engine: the database.
        models: which tables hold what; only the version of ours is known.
        create: whether to make them where there are none.
        url: the database's name for messages.

    Raises:
        SchemaMismatch: it has none, or those of another version.
    """
    there = inspect(engine).has_table(models.workflow.__tablename__)
    if not there and create:
        _create(engine, models)
        return
    if not there:
        raise SchemaMismatch(f"the database {url} has no tables for runs; make them: wfgraph db upgrade --db {url}")
    if models is not READY:
        return
    version, wanted = current(engine), head()
    if version == wanted:
        return
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if version in known or version is None:
        raise SchemaMismatch(
            f"the tables in {url} are of version {version or 'none'}, and this release works with {wanted}; "
            f"bring them up to date: wfgraph db upgrade --db {url}"
        )
    raise SchemaMismatch(
        f"the tables in {url} are of version {version}, which this release does not know (it works with {wanted}); "
        "a newer release has made them: use that"
    )


def _create(engine: Engine, models: Models) -> None:
    """Make the tables; of several processes that come first at the same time, one does it."""
    with engine.connect() as connection:
        sqlite = engine.dialect.name == "sqlite"
        connection.exec_driver_sql("BEGIN IMMEDIATE" if sqlite else "BEGIN")
        if not sqlite:
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7719120)")
        models.metadata.create_all(connection)
        if models is READY:
            _context(connection).stamp(ScriptDirectory.from_config(_config()), "head")
        connection.exec_driver_sql("COMMIT")


def upgrade(engine: Engine, version: str = "head") -> None:
    """Bring the tables of a database to a newer version."""
    with engine.connect() as connection:
        command.upgrade(_config(connection), version)


def downgrade(engine: Engine, version: str) -> None:
    """Bring the tables of a database back to an older version; ``"base"`` for none at all."""
    with engine.connect() as connection:
        command.downgrade(_config(connection), version)


def _context(connection: Connection) -> Any:
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["version_table"] = VERSION_TABLE
    return config
