"""One owner commits, whatever other workers, clocks and connections do."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from storage.promises import worker
from storage.promises.worker import GRANULARITIES, LOST, REPEATED, TASKS, every
from wfgraph.errors import RunOwned, StorageError
from wfgraph.statuses import WorkflowStatus
from wfgraph.storage import DbWorkflowEngine, Store, connect, once
from wfgraph.storage.patience import ConnectionEnded, patiently

TOKENS = 4


def test_workers_that_race_run_nothing_twice(url: str, tmp_path: Path, long: bool) -> None:
    for seed in range(20 if long else 1):
        log = tmp_path / f"log{seed}"
        uuids = [worker.submitted(url, TOKENS) for _ in range(250 if long else 12)]
        workers = [worker.start(worker.work_on_all, url, str(log), seed + number) for number in range(4)]
        for one in workers:
            one.join(300)
        assert [0] * 4 == [one.exitcode for one in workers]
        found = worker.ran(log)
        assert TASKS * TOKENS * len(uuids) == len(found)
        assert {1} == set(found.values()), "each task of each object ran once"
        assert all(worker.is_done(url, uuid, TOKENS) for uuid in uuids[:: 50 if long else 1])


@every
def test_what_a_zombie_writes_is_refused(url: str, tmp_path: Path, granularity: str, long: bool) -> None:
    """A worker is stopped, its lease runs out, another one takes over and ends the run, and the first wakes up."""
    for round_ in range(7 if long else 1):
        log = tmp_path / f"log{round_}"
        uuid = worker.submitted(url, TOKENS)
        zombie = worker.start(worker.work_with, url, uuid, granularity, str(log), {"pause": 0.02, "lease": 0.3})
        while not log.exists() or len(log.read_text().splitlines()) < 3 + round_:
            time.sleep(0.005)
        assert zombie.pid is not None
        os.kill(zombie.pid, signal.SIGSTOP)
        assert 0 == worker.carry_out(worker.work, url, uuid, granularity, str(log))
        ended = log.read_bytes()
        database = connect(url)
        before = [(one.revision, one.stored) for one in Store(database).load(uuid).objects]
        os.kill(zombie.pid, signal.SIGCONT)
        zombie.join(30)
        assert LOST == zombie.exitcode
        assert before == [(one.revision, one.stored) for one in Store(database).load(uuid).objects]
        assert worker.is_done(url, uuid, TOKENS)
        late = len(log.read_bytes()[len(ended) :].splitlines())
        assert late <= REPEATED[granularity], "a late worker stops at its first write"


@pytest.mark.parametrize("hours", [-1, 1])
def test_clocks_of_workers_are_not_trusted(
    url: str, tmp_path: Path, hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    uuid = worker.submitted(url, TOKENS)
    owner = worker.start(worker.work_with, url, uuid, "task", str(log), {"pause": 0.05, "lease": 0.6})
    while not log.exists() or not log.read_bytes():
        time.sleep(0.005)
    for name in ("time", "monotonic", "perf_counter"):
        real = getattr(time, name)
        monkeypatch.setattr(time, name, lambda real=real: real() + hours * 3600)
    eng = DbWorkflowEngine.from_uuid(uuid, url)
    eng.callbacks.replace(worker.FLOW)
    with pytest.raises(RunOwned):
        eng.recover()
    owner.kill()
    owner.join()
    deadline = count()
    while next(deadline) < 500:
        try:
            again = DbWorkflowEngine.from_uuid(uuid, url, granularity="task")
            again.callbacks.replace(worker.FLOW)
            worker._log = os.open(log, os.O_WRONLY | os.O_APPEND)
            again.recover()
            break
        except RunOwned:
            time.sleep(0.02)
    assert worker.is_done(url, uuid, TOKENS)


@every
@pytest.mark.parametrize("how", ["drop", "unheard", "told"])
@pytest.mark.slow
def test_a_dropped_connection_at_every_call(
    postgresql: str, tmp_path: Path, granularity: str, how: str, long: bool
) -> None:
    """Before and after each statement, COMMIT included: the worker looks what became of it, and goes on."""
    for at in count(1, 1 if long else 5):
        log = tmp_path / f"log{at}"
        uuid = worker.submitted(postgresql, TOKENS)
        options = {"fault": (at, how), "lease": 60.0}
        assert 0 == worker.carry_out(worker.work_with, postgresql, uuid, granularity, str(log), options)
        assert worker.is_done(postgresql, uuid, TOKENS)
        assert {1} == set(worker.ran(log).values()), "nothing is run again for a connection"
        database = connect(postgresql)
        steps = Store(database).steps(uuid)
        assert len(steps) == (TOKENS * TASKS if granularity == "task" else 0)
        if at > (90 if granularity == "task" else 20):
            break


@pytest.mark.parametrize("how", ["drop", "unheard"])
def test_a_connection_that_ends_while_a_part_is_loaded_and_claimed_costs_nothing(postgresql: str, how: str) -> None:
    """At each statement that is not the writer's, COMMIT included; unheard, the statement was carried out before."""
    ran: list[int] = []
    flow = [once("ran")(lambda obj, eng: ran.append(obj))]
    database, dropped = connect(postgresql, durability="process"), 0

    def count_down(connection: Any, _: Any, statement: str, parameters: Any, *__: Any) -> None:
        nonlocal left, dropped
        left -= 1
        if left == 0:
            raw, dropped = connection.connection.driver_connection, dropped + 1
            if how == "unheard":
                raw.execute(statement, parameters or None)
            with psycopg.connect(postgresql, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [raw.info.backend_pid])

    event.listen(database.engine, "before_cursor_execute", count_down)
    for at in count(1):
        left = 0
        eng = DbWorkflowEngine.with_name("ended", database)
        eng.callbacks.replace(flow)
        eng.submit([at], part_size=1)
        left = at
        eng.recover()
        assert (WorkflowStatus.COMPLETED, [at]) == (eng.status, ran[at - 1 :])
        if left > 0:
            break
    assert dropped > 15, "loading, claiming and the journal have more statements than that"


def test_who_waits_for_a_database_waits_once(postgresql: str) -> None:
    tries: list[int] = []

    def never() -> None:
        tries.append(1)
        raise ConnectionEnded("away")

    with pytest.raises(StorageError, match="away"):
        patiently(lambda: patiently(never, [0.0, 0.0]), [0.0, 0.0])
    assert 3 == len(tries)


# A server of one's own ------------------------------------------------------------------------------------------------


class Server:
    """A server of PostgreSQL's, to be treated badly."""

    def __init__(self, place: Path) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        program = shutil.which("initdb") or (str(found[-1]) if found else None)
        if program is None:
            if os.environ.get("CI"):
                raise FileNotFoundError("the program initdb")
            pytest.skip("needs the programs initdb and pg_ctl")
        self._bin = Path(program).parent
        self._place = place
        if os.getuid() == 0:
            shutil.chown(place, "postgres")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._do("initdb", "-A", "trust", "-U", "postgres", "-D", str(place / "db"))
        self.start()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def _do(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        user: Any = {"user": "postgres", "group": "postgres", "cwd": "/"} if os.getuid() == 0 else {}
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user)

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._place}"
        self._do("pg_ctl", "-D", str(self._place / "db"), "-o", options, "-l", str(self._place / "log"), "-w", "start")

    def stop(self) -> None:
        self._do("pg_ctl", "-D", str(self._place / "db"), "-m", "immediate", "-w", "stop")


@pytest.fixture
def server() -> Iterator[Server]:
    # Not in tmp_path, which another user, such as the server's, may not enter.
    with tempfile.TemporaryDirectory(prefix="server-") as place:
        made = Server(Path(place))
        connect(made.url, create=True).close()
        yield made
        made.stop()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_database_that_restarts_strands_nothing(server: Server, tmp_path: Path, long: bool) -> None:
    for round_ in range(50 if long else 2):
        granularity = list(GRANULARITIES)[round_ % 3]
        log = tmp_path / f"log{round_}"
        uuid = worker.submitted(server.url, TOKENS)
        owner = worker.start(worker.work_with, server.url, uuid, granularity, str(log), {"pause": 0.02, "lease": 60.0})
        while not log.exists() or len(log.read_text().splitlines()) < 1 + round_ % 15:
            time.sleep(0.005)
        server.stop()
        time.sleep(0.1)
        server.start()
        owner.join(60)
        assert 0 == owner.exitcode, "it waits for the database, and goes on"
        assert worker.is_done(server.url, uuid, TOKENS)
        assert {1} == set(worker.ran(log).values())
