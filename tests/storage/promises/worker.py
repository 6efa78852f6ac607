"""What runs in processes of its own, to be killed: each task leaves a line in a file that no crash takes away."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psycopg
import pytest

from wfgraph.errors import OwnershipLost, RunOwned, StorageError
from wfgraph.statuses import WorkflowStatus
from wfgraph.storage import DbWorkflowEngine, Interrupted, Store, batch, connect, keeper
from wfgraph.storage.granularity import Granularity
from wfgraph.storage.writer import Writer

TASKS = 5
CRASHED, REFUSED, LOST, STOPPED = 17, 18, 19, 20
GRANULARITIES: dict[str, Granularity | str] = {"task": "task", "token": "token", "batch": batch(3, 60_000)}
REPEATED = {"task": 1, "token": TASKS, "batch": 3 * TASKS}
"""How many runs of a task one crash may cost: those of the unit in flight."""

_slow = [pytest.param(name, marks=pytest.mark.slow) for name in ("task", "batch")]
every = pytest.mark.parametrize("granularity", ["token", *_slow])

_children = multiprocessing.get_context("forkserver")
_children.set_forkserver_preload(["wfgraph.storage", "psycopg", "pytest"])
_log = -1
_pause = 0.0


def step(number: int) -> Any:
    def task(obj: Any, eng: Any) -> None:
        os.write(_log, f"{obj['n']} {number} {eng.uuid}\n".encode())
        if _pause:
            time.sleep(_pause)
        obj["done"].append(number)

    task.__name__ = task.__qualname__ = f"step{number}"
    return task


FLOW = [step(0), [step(1), [step(2)], step(3)], step(4)]


def submitted(url: str, tokens: int) -> str:
    """Store a run that nobody has begun; return its uuid."""
    database = connect(url)
    eng = DbWorkflowEngine.with_name("crash", database)
    eng.callbacks.replace(FLOW)
    uuid = eng.submit([{"n": n, "done": []} for n in range(tokens)])
    database.close()
    return uuid


def ran(log: Path) -> Counter[tuple[int, int, str]]:
    """Return how often each task ran for each object of each run."""
    found: Counter[tuple[int, int, str]] = Counter()
    for line in log.read_text().splitlines():
        n, number, uuid = line.split()
        found[int(n), int(number), uuid] += 1
    return found


def is_done(url: str, uuid: str, tokens: int) -> bool:
    """See that a run is complete, and that each object went through each task once, as far as the database knows."""
    database = connect(url)
    run = Store(database).load(uuid)
    database.close()
    stored = [json.loads(one.stored) for one in run.objects]
    done = [(one["n"], one["done"]) for one in stored]
    return run.status is WorkflowStatus.COMPLETED and done == [(n, [0, 1, 2, 3, 4]) for n in range(tokens)]


# The processes --------------------------------------------------------------------------------------------------------


def start(target: Callable[..., None], *arguments: Any) -> BaseProcess:
    """Start a function in a process of its own."""
    process: BaseProcess = _children.Process(target=target, args=arguments, daemon=True)
    process.start()
    return process


def carry_out(target: Callable[..., None], *arguments: Any) -> int:
    """Carry a function out in a process of its own; return the exit code."""
    process = start(target, *arguments)
    process.join(60)
    assert process.exitcode is not None, "the process hangs"
    return process.exitcode


def work(
    url: str,
    uuid: str,
    granularity: str,
    log: str,
    *,
    lease: float = 0.15,
    pause: float = 0.0,
    fault: tuple[int, str] | None = None,
    durability: str = "full",
) -> None:
    """Go on with a run until it is complete, waiting for a lease that runs out."""
    global _log, _pause
    _log, _pause = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT), pause
    database = connect(url, durability=durability)
    eng = None
    while eng is None:
        eng = DbWorkflowEngine.from_uuid(uuid, database, granularity=GRANULARITIES[granularity], lease=lease)
        eng.callbacks.replace(FLOW)
        if fault is not None:
            arm(fault[0], fault[1], url)
        signal.signal(signal.SIGTERM, partial(_interrupt, eng))
        try:
            eng.recover()
        except RunOwned:
            eng = None
            time.sleep(0.02)
        except OwnershipLost:
            sys.exit(LOST)
        except Interrupted:
            sys.exit(STOPPED)
        except StorageError:
            sys.exit(REFUSED)


def _interrupt(eng: DbWorkflowEngine, *_: Any) -> None:
    eng.interrupt()


def work_on_all(url: str, log: str, seed: int) -> None:
    """Take whatever run can be had, until none is left."""
    global _log
    _log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    database = connect(url)
    store = Store(database)
    while waiting := store.runs(statuses=[WorkflowStatus.NEW, WorkflowStatus.RUNNING]):
        for run in waiting[seed % len(waiting) :] + waiting[: seed % len(waiting)]:
            try:
                eng = DbWorkflowEngine.from_uuid(run.uuid, database)
                eng.callbacks.replace(FLOW)
                if eng.status in (WorkflowStatus.NEW, WorkflowStatus.RUNNING):
                    eng.recover()
            except (RunOwned, OwnershipLost):
                continue


# Faults ---------------------------------------------------------------------------------------------------------------


class Faulty:
    """A connection, at the n-th call of which, or right after it, something happens."""

    def __init__(self, raw: Any, count: Callable[[Any], None]) -> None:
        self.raw = raw
        self.count = count

    def execute(self, *arguments: Any) -> Any:
        self.count(self.raw)
        try:
            return self.raw.execute(*arguments)
        finally:
            self.count(self.raw)

    def cursor(self) -> Any:
        self.count(self.raw)
        return self.raw.cursor()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.raw, name)


def arm(at: int, how: str, url: str) -> None:
    """Let something happen at the n-th call: of the database by the writer, or of the keeper by the engine.

    Args:
        at: n, from 1.
        how: ``"exit"`` ends the process, ``"raise"`` raises an error of the database, ``"drop"`` ends the connection,
            ``"unheard"`` does so before what the server answers is heard, and with ``"told"`` it says that it will.
        url: the database.
    """
    calls = 0

    def count(raw: Any) -> None:
        nonlocal calls
        calls += 1
        if calls != at:
            return
        if how == "exit":
            os._exit(CRASHED)
        if how == "drop":
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", [raw.info.backend_pid])
            return
        if how == "told":
            raise psycopg.errors.AdminShutdown("terminating connection due to administrator command")
        if how == "unheard":
            raw.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        raise RuntimeError("a fault") if raw is None else _error_of(url)

    connected = Writer._connect

    def connect_faulty(self: Writer) -> None:
        connected(self)
        self._raw = Faulty(self._raw, count)

    Writer._connect = connect_faulty  # type: ignore[method-assign]
    if how == "exit":
        for name in ("token_begins", "task_begins", "token_left", "run_begins", "run_ends", "close"):
            setattr(keeper.Keeper, name, _counted(getattr(keeper.Keeper, name), count))


def _counted(method: Any, count: Callable[[Any], None]) -> Any:
    def counted(self: Any, *arguments: Any, **more: Any) -> Any:
        count(None)
        return method(self, *arguments, **more)

    return counted


def _error_of(url: str) -> Exception:
    if url.startswith("sqlite"):
        import sqlite3

        return sqlite3.OperationalError("disk I/O error")
    return psycopg.errors.DiskFull("could not extend file: No space left on device")


def work_with(url: str, uuid: str, granularity: str, log: str, options: dict[str, Any]) -> None:
    """Go on with a run, with options of :func:`work`."""
    work(url, uuid, granularity, log, **options)


def work_on_little(url: str, uuid: str, granularity: str, log: str, pages: int) -> None:
    """Go on with a run in a file that may not grow by more than so many pages, with tokens that grow."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def limit(raw: Any, _: Any) -> None:
        (now,) = raw.execute("PRAGMA page_count").fetchone()
        raw.execute(f"PRAGMA max_page_count = {now + pages}").fetchone()

    event.listen(Engine, "connect", limit)
    grown = DbWorkflowEngine.to_stored
    DbWorkflowEngine.to_stored = lambda self, token: {**grown(self, token), "big": "x" * 3_000 * len(token["done"])}  # type: ignore[method-assign]
    work(url, uuid, granularity, log)
