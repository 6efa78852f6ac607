"""The databases that the contract of storage is held on: each test runs once for each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from wfgraph.storage import Base, Database, connect

_SERVER = os.environ.get("WFGRAPH_TEST_POSTGRESQL", "postgresql://127.0.0.1:5432/postgres")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A database of PostgreSQL's for this process of the tests, with its tables; it is dropped afterwards."""
    name = f"wfgraph_test_{os.getpid()}"
    try:
        server = psycopg.connect(_SERVER, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no PostgreSQL answers at {_SERVER}: {error}")
    with server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
        url = f"{_SERVER.rpartition('/')[0]}/{name}"
        connect(url, create=True).close()
        yield url
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty database of runs is, or can be made."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/runs.db"
    found: str = request.getfixturevalue("postgresql")
    names = ", ".join(Base.metadata.tables)
    with psycopg.connect(found, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
    return found


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close at the end of a test whatever database it has connected to."""
    connected: list[Database] = []
    init = Database.__init__

    def noted(self: Database, *args: Any, **kwargs: Any) -> None:
        connected.append(self)
        init(self, *args, **kwargs)

    monkeypatch.setattr(Database, "__init__", noted)
    yield
    for one in connected:
        one.close()


@pytest.fixture
def database(url: str) -> Database:
    """A database of runs."""
    return connect(url)
