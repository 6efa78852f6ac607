"""Who stores each step: raw statements, wfgraph at each granularity, and other libraries.

Everybody runs the same five steps over the same tokens of about 200 bytes, and whatever is stored is durable: SQLite in WAL
mode with ``synchronous = FULL``, PostgreSQL with ``synchronous_commit = on``. The raw rows are the limit: a loop over the
driver that writes position, status and token of each, in one statement and one commit per step, per token, or per 50 tokens.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

__all__ = ["CONTENDERS", "STEPS", "Job", "Place", "Tokens", "make_tokens", "raw", "raw_rows"]

STEPS = 5
BATCH = 50

Tokens: TypeAlias = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Place:
    """A database to measure on.

    Attributes:
        name: its kind.
        url: where it is.
        directory: where files can be put.
    """

    name: str
    url: str
    directory: Path


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What a contender does in its turn.

    Attributes:
        run: takes tokens through all steps, and stores them.
        ready: is called with the tokens before; what it takes is not counted.
        end: is called when all turns are over, likewise.
    """

    run: Callable[[Tokens], None]
    ready: Callable[[Tokens], None] = lambda tokens: None
    end: Callable[[], None] = lambda: None


def make_tokens(count: int) -> Tokens:
    """Return tokens of about 200 bytes."""
    return [{"n": 0, "id": number, "title": "x" * 170} for number in range(count)]


def step(token: dict[str, Any]) -> None:
    """Do what everybody does in each step."""
    token["n"] += 1


# Raw ------------------------------------------------------------------------------------------------------------------

_UPDATE = "UPDATE raw_object SET status = {0}, callback_pos = {0}, data = {0} WHERE id = {0}"


def raw(place: Place, unit: str) -> Job:
    """Return the limit: plain statements."""
    size = {"task": 1, "token": 1, "batch": BATCH}[unit]

    made: list[tuple[Any, str, str]] = []

    def ready(tokens: Tokens) -> None:
        end()
        made.append(_raw_connection(place, len(tokens)))

    def end() -> None:
        # Not counted: closing a file of SQLite's copies what is in its journal.
        while made:
            made.pop()[0].close()

    def run(tokens: Tokens) -> None:
        connection, statement, begin = made[-1]
        for start in range(0, len(tokens), size):
            chunk = tokens[start : start + size]
            for position in range(STEPS):
                for token in chunk:
                    step(token)
                if unit == "task":
                    _write(connection, statement, "", chunk, position)
            if unit != "task":
                _write(connection, statement, begin if size > 1 else "", chunk, STEPS)

    return Job(run, ready, end)


def _raw_connection(place: Place, count: int) -> tuple[Any, str, str]:
    if place.name == "sqlite":
        connection: Any = sqlite3.connect(place.directory / "raw.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        mark, begin = "?", "BEGIN IMMEDIATE"
    else:
        import psycopg

        connection, mark, begin = psycopg.connect(place.url, autocommit=True), "%s", "BEGIN"
    connection.execute("DROP TABLE IF EXISTS raw_object")
    connection.execute("CREATE TABLE raw_object (id INTEGER PRIMARY KEY, status TEXT, callback_pos TEXT, data TEXT)")
    insert = f"INSERT INTO raw_object VALUES ({mark}, 'INITIAL', '', '')"  # noqa: S608 - a mark
    connection.cursor().executemany(insert, [(number,) for number in range(count)])
    return connection, _UPDATE.format(mark), begin


def raw_rows(place: Place) -> list[str]:
    """Return what the raw statements have stored, for the tests."""
    if place.name == "sqlite":
        connection: Any = sqlite3.connect(place.directory / "raw.db")
    else:
        import psycopg

        connection = psycopg.connect(place.url)
    rows = connection.execute("SELECT data FROM raw_object ORDER BY id").fetchall()
    connection.close()
    return [data for (data,) in rows]


def _write(connection: Any, statement: str, begin: str, chunk: Tokens, position: int) -> None:
    rows = [("RUNNING", f"[{position}]", json.dumps(token), token["id"]) for token in chunk]
    if not begin:
        connection.execute(statement, rows[0])
        return
    connection.execute(begin)
    connection.cursor().executemany(statement, rows)
    connection.execute("COMMIT")


# wfgraph --------------------------------------------------------------------------------------------------------------


def wfgraph(place: Place, unit: str) -> Job:
    """Return wfgraph at a granularity. Storing the tokens at first is not counted for anybody, nor here."""
    from wfgraph.storage import DbWorkflowEngine, batch, connect

    database = connect(place.url, create=True)
    granularity: Any = batch(BATCH, 10_000) if unit == "batch" else unit

    def task(number: int) -> Any:
        def run_step(token: Any, eng: Any) -> None:
            step(token)

        run_step.__name__ = run_step.__qualname__ = f"step{number}"
        return run_step

    flow = [task(number) for number in range(STEPS)]
    made: list[Any] = []

    def ready(tokens: Tokens) -> None:
        while made:  # the raw table is made anew each time, too
            done = made.pop()
            done.runs.delete(done.uuid)
        eng = DbWorkflowEngine.with_name("bench", database, granularity=granularity)
        eng.callbacks.replace(flow)
        eng.submit(tokens)
        made.append(eng)

    def run(tokens: Tokens) -> None:
        eng = made[-1]
        eng.resume()
        if eng.status.name != "COMPLETED" or tokens[-1]["n"] != STEPS:
            raise RuntimeError("not everything was run")

    return Job(run, ready, database.close)


# Others ---------------------------------------------------------------------------------------------------------------


def dbos(place: Place, unit: str) -> Job:
    """Return DBOS: a workflow for each token, a step for each task."""
    import logging

    from dbos import DBOS, DBOSConfig

    logging.getLogger("dbos").setLevel(logging.ERROR)
    url = f"sqlite:///{place.directory}/dbos.db" if place.name == "sqlite" else place.url
    DBOS.destroy(destroy_registry=True)
    DBOS(config=DBOSConfig(name="bench", system_database_url=url, run_admin_server=False, log_level="ERROR"))

    @DBOS.step()
    def durable_step(token: dict[str, Any]) -> dict[str, Any]:
        step(token)
        return token

    @DBOS.workflow()
    def flow(token: dict[str, Any]) -> dict[str, Any]:
        for _ in range(STEPS):
            token = durable_step(token)
        return token

    DBOS.launch()

    def run(tokens: Tokens) -> None:
        for token in tokens:
            if flow(token)["n"] != STEPS:
                raise RuntimeError("not everything was run")

    return Job(run, end=lambda: DBOS.destroy(destroy_registry=True))


def burr(place: Place, unit: str) -> Job:
    """Return Burr: an action for each task, and a persister that saves after each."""
    from burr.core import ApplicationBuilder, State, action

    @action(reads=["token"], writes=["token"])
    def act(state: State) -> State:
        token = dict(state["token"])
        step(token)
        return state.update(token=token)

    persister = _burr_persister(place)
    persister.initialize()
    names = [f"step{number}" for number in range(STEPS)]

    def run(tokens: Tokens) -> None:
        for token in tokens:
            application = (
                ApplicationBuilder()
                .with_actions(**{name: act.bind() for name in names})
                .with_transitions(*pairwise(names))
                .with_state(token=token)
                .with_entrypoint(names[0])
                .with_identifiers(app_id=str(uuid.uuid4()), partition_key="bench")
                .with_state_persister(persister)
                .build()
            )
            _, _, state = application.run(halt_after=[names[-1]])
            if state["token"]["n"] != STEPS:
                raise RuntimeError("not everything was run")

    return Job(run)


def _burr_persister(place: Place) -> Any:
    if place.name == "sqlite":
        from burr.core.persistence import SQLitePersister

        persister = SQLitePersister(str(place.directory / "burr.db"), table_name="burr_state")
        persister.connection.execute("PRAGMA journal_mode = WAL")
        persister.connection.execute("PRAGMA synchronous = FULL")
        return persister
    from urllib.parse import urlsplit

    from burr.integrations.persisters.b_psycopg2 import PostgreSQLPersister

    found = urlsplit(place.url)
    return PostgreSQLPersister.from_values(
        db_name=found.path.lstrip("/"),
        user=found.username or "root",
        password=found.password or "",
        host=found.hostname or "",
        port=found.port or 5432,
        table_name="burr_state",
    )


def langgraph(place: Place, unit: str) -> Job:
    """Return LangGraph: a node for each task, and a checkpointer that writes before the next."""
    from typing import TypedDict

    from langgraph.graph import END, START, StateGraph

    class Held(TypedDict):
        n: int
        id: int
        title: str

    def node(state: Any) -> dict[str, int]:
        return {"n": state["n"] + 1}

    made = StateGraph(Held)
    names = [f"step{number}" for number in range(STEPS)]
    for name in names:
        made.add_node(name, node)
    for source, target in zip([START, *names], [*names, END], strict=True):
        made.add_edge(source, target)
    saver = _langgraph_saver(place)
    saver.setup()
    graph = made.compile(checkpointer=saver)

    def run(tokens: Tokens) -> None:
        for token in tokens:
            config: Any = {"configurable": {"thread_id": str(uuid.uuid4())}}
            if graph.invoke(token, config, durability="sync")["n"] != STEPS:
                raise RuntimeError("not everything was run")

    return Job(run, end=saver.conn.close)


def _langgraph_saver(place: Place) -> Any:
    if place.name == "sqlite":
        from langgraph.checkpoint.sqlite import SqliteSaver

        connection = sqlite3.connect(place.directory / "langgraph.db", check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return SqliteSaver(connection)
    import psycopg
    from langgraph.checkpoint.postgres import PostgresSaver

    rows: Any = psycopg.rows.dict_row
    return PostgresSaver(psycopg.connect(place.url, autocommit=True, prepare_threshold=0, row_factory=rows))


# All ------------------------------------------------------------------------------------------------------------------

CONTENDERS: tuple[tuple[str, str, Callable[[Place, str], Job], str], ...] = (
    ("task", "raw", raw, ""),
    ("task", "wfgraph", wfgraph, "wfgraph"),
    ("task", "burr", burr, "apache-burr"),
    ("task", "langgraph", langgraph, "langgraph"),
    ("task", "dbos", dbos, "dbos"),
    ("token", "raw", raw, ""),
    ("token", "wfgraph", wfgraph, "wfgraph"),
    ("batch", "raw", raw, ""),
    ("batch", "wfgraph", wfgraph, "wfgraph"),
)
"""What is stored at once, who stores it, how, and the distribution."""
