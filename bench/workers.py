"""What workers bring, and what they cost: this process, a pool of processes, and Celery, in turns.

``python -m bench.workers`` needs PostgreSQL and Redis (``WFGRAPH_TEST_POSTGRESQL``, ``WFGRAPH_TEST_REDIS``). Everybody runs
the same tokens through the same two tasks, which compute for about a millisecond together. Times are from asking for the
work to its end, with workers that run already, but for the pool, which is started each time.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from celery import Celery

from wfgraph.celery import CeleryWorkflows
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.storage import DbWorkflowEngine, Store, connect

__all__ = ["main"]

_REDIS = os.environ.get("WFGRAPH_TEST_REDIS", "redis://127.0.0.1:6379/9")
_SERVER = os.environ.get("WFGRAPH_TEST_POSTGRESQL", "postgresql://127.0.0.1:5432/postgres")
_TURNS = int(os.environ.get("BENCH_TURNS", "2200"))


def compute(obj: Any, eng: Any) -> None:
    """Compute for about half a millisecond."""
    value = obj["n"]
    for _ in range(_TURNS * 2):
        value = (value * 1103515245 + 12345) % 2147483648
    obj["value"] = value


FLOW = [compute, compute]
app = Celery("bench.workers", broker=_REDIS)
app.conf.update(
    task_default_queue="wfgraph-bench", worker_prefetch_multiplier=1, broker_connection_retry_on_startup=True
)
workflows = CeleryWorkflows(app, {"bench": FLOW}, os.environ.get("BENCH_DB", _SERVER), sweep=None)


@app.task(name="bench.plain", ignore_result=True)
def plain(token: dict[str, Any]) -> None:
    """Run one token, as the documentation of workflow shows it, and count it."""
    eng = GenericWorkflowEngine()
    eng.callbacks.replace(FLOW)
    eng.process([token])
    _redis().incr("wfgraph-bench-count")


_connections: dict[int, Any] = {}


def _redis() -> Any:
    import redis

    if os.getpid() not in _connections:
        _connections[os.getpid()] = redis.Redis.from_url(_REDIS)
    return _connections[os.getpid()]


def _tokens(count: int) -> list[dict[str, Any]]:
    return [{"n": n} for n in range(count)]


def in_process(count: int) -> None:
    """Run tokens in this process, without storing them."""
    eng = GenericWorkflowEngine()
    eng.callbacks.replace(FLOW)
    eng.process(_tokens(count))


def pool(count: int) -> None:
    """Run tokens in two processes, without storing them."""
    eng = GenericWorkflowEngine()
    eng.callbacks.replace(FLOW)
    eng.process(_tokens(count), workers=2)


def stored(count: int) -> None:
    """Run tokens in this process, and store each."""
    eng = DbWorkflowEngine.with_name("bench", workflows._database())
    eng.callbacks.replace(FLOW)
    eng.process(_tokens(count))


def stored_pool(count: int) -> None:
    """Run tokens in two processes, and store each."""
    eng = DbWorkflowEngine.with_name("bench", workflows._database())
    eng.callbacks.replace(FLOW)
    eng.process(_tokens(count), workers=2)


def celery(shard: int) -> Callable[[int], None]:
    """Return what runs tokens in Celery's workers, in shards of so many, and stores each."""

    def run(count: int) -> None:
        uuid = workflows.run.delay_sharded("bench", _tokens(count), shard_size=shard)
        while not workflows.progress(uuid).is_over:
            time.sleep(0.005)

    return run


def one_per_message(count: int) -> None:
    """Run each token by a message of its own, without storing it."""
    _redis().set("wfgraph-bench-count", 0)
    for token in _tokens(count):
        plain.delay(token)
    while int(_redis().get("wfgraph-bench-count")) < count:
        time.sleep(0.005)


@contextmanager
def _worker(count: int, database: str) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "log"
        with log.open("w") as out:
            process = subprocess.Popen(  # noqa: S603 - this very module
                [sys.executable, "-m", "celery", "-A", "bench.workers", "worker", "-c", str(count), "--without-mingle",
                 "--without-gossip", "-l", "info"],
                env=os.environ | {"BENCH_DB": database}, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            while " ready." not in log.read_text():
                time.sleep(0.1)
            celery(50)(100)  # connections and caches
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def main() -> None:
    """Measure, and write a table in Markdown."""
    count, rounds = 1000, 5
    database = workflows._database()
    Store(connect(database, create=True))
    ways: dict[str, tuple[Callable[[int], None], int]] = {
        "this process": (in_process, count),
        "pool of 2": (pool, count),
        "this process, stored": (stored, count),
        "pool of 2, stored": (stored_pool, count),
        "Celery, 100 a shard, stored": (celery(100), count),
        "Celery, 10 a shard, stored": (celery(10), count),
        "Celery, 1 a shard, stored": (celery(1), 200),
        "plain Celery, 1 a message": (one_per_message, count),
    }
    for workers in (1, 2):
        times: dict[str, list[float]] = {name: [] for name in ways}
        with _worker(workers, database.engine.url.render_as_string(hide_password=False)):
            for _ in range(rounds):
                for name, (way, number) in ways.items():
                    began = time.perf_counter()
                    way(number)
                    times[name].append((time.perf_counter() - began) / number)
        print(f"\n{workers} worker process(es) of Celery's; {rounds} rounds in turns, medians\n")
        print("| | ms a token | speed against this process |\n|---|---|---|")
        base = times["this process"]
        for name, found in times.items():
            ratio = statistics.median(one / other for one, other in zip(base, found, strict=True))
            print(f"| {name} | {1000 * statistics.median(found):.2f} | {ratio:.2f} |")
    for run in Store(database).runs(name="bench"):
        Store(database).delete(run.uuid)


if __name__ == "__main__":
    main()
