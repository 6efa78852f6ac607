"""Workers of Celery's that run for as long as they are measured, and what their processes have used of the processor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from celery import Celery

from bench.workers.app import COUNTED, QUEUE, REDIS, REGISTRY, counter
from wfgraph.celery import CeleryWorkflows
from wfgraph.storage import Database, connect

__all__ = ["Scene", "scene"]

_TICK = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Scene:
    """Workers, and what they work with.

    Attributes:
        workflows: what asks them for work.
        database: where they store.
        process: the process of the worker, which has one child for each of its workers.
    """

    workflows: CeleryWorkflows
    database: Database
    process: subprocess.Popen[bytes]

    def seconds_of_workers(self) -> float:
        """Return the seconds of processor that the workers have used."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return sum(map(_seconds, [self.process.pid, *map(int, children)]))

    def seconds_of_database(self) -> float:
        """Return those that the server has used for connections to the database; 0 for SQLite, which has no server."""
        if self.database.is_sqlite:
            return 0.0
        with self.database.reading() as connection:
            found = connection.exec_driver_sql(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).scalars()
            return sum(map(_seconds, found))

    def seconds_of_broker(self) -> float:
        """Return those that Redis, or RabbitMQ, has used."""
        if self.workflows.app.conf.broker_url.startswith("redis"):
            return _seconds(int(counter().info("server")["process_id"]))
        return sum(_seconds(int(one.name)) for one in Path("/proc").iterdir() if _is_erlang(one))

    def run(self, name: str, count: int, shard: int, pause: float = 0.01) -> float:
        """Run tokens, in shards of so many; return the seconds that it took, from asking for it to its end."""
        began = time.perf_counter()
        uuid = self.workflows.run.delay_sharded(name, [{"n": n} for n in range(count)], shard_size=shard)
        while not self.workflows.progress(uuid).is_over:
            time.sleep(pause)
        return time.perf_counter() - began

    def send(self, task: str, arguments: list[Any], counted: int) -> float:
        """Send a message for each of the arguments; return the seconds until so many of their tasks have counted."""
        counter().set(COUNTED, 0)
        signature = self.workflows.app.signature(task)
        began = time.perf_counter()
        for one in arguments:
            signature.apply_async(one)
        while int(counter().get(COUNTED)) < counted:
            time.sleep(0.002)
        return time.perf_counter() - began


def _seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) * _TICK


def _is_erlang(process: Path) -> bool:
    try:
        return (process / "comm").read_text() == "beam.smp\n"
    except OSError:
        return False


@contextmanager
def scene(url: str, workers: int, *, broker: str = REDIS, granularity: str = "token") -> Iterator[Scene]:
    """Start workers, which are ready when this returns, and end them.

    Args:
        url: the database.
        workers: how many processes.
        broker: where messages go.
        granularity: what is stored at once.
    """
    database = connect(url, create=True)
    app = Celery("bench.client", broker=broker, set_as_current=False)
    app.conf.update(task_default_queue=QUEUE, task_ignore_result=True)
    found = CeleryWorkflows(app, REGISTRY, database, sweep=None, granularity=granularity)
    env = os.environ | {"BENCH_BROKER": broker, "BENCH_DB": url, "BENCH_GRANULARITY": granularity}
    command = [sys.executable, "-m", "celery", "-A", "bench.workers.app", "worker", "-c", str(workers), "-l", "info"]
    with tempfile.NamedTemporaryFile(prefix="bench-worker-") as log:
        process = subprocess.Popen(  # noqa: S603 - this very package
            [*command, "--without-mingle", "--without-gossip"], env=env, stdout=log, stderr=log
        )
        made = Scene(found, database, process)
        try:
            _wait_for_start(process, Path(log.name))
            made.run("nothing", 100, 10)  # connections and caches
            yield made
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
            for run in found.store.runs():
                found.store.delete(run.uuid)
            database.close()


def _wait_for_start(process: subprocess.Popen[bytes], log: Path) -> None:
    while " ready." not in (said := log.read_text()):
        if process.poll() is not None:
            raise RuntimeError(f"the worker has ended: {said}")
        time.sleep(0.1)
