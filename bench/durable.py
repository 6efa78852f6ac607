"""What it costs to store each step, for all of :mod:`bench.stores`, in turns."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.measure import Spread, spread
from bench.stores import CONTENDERS, STEPS, Job, Place, make_tokens

__all__ = ["Durable", "durable", "places"]

_SERVER = os.environ.get("WFGRAPH_TEST_POSTGRESQL", "postgresql://127.0.0.1:5432/postgres")


@dataclass(frozen=True, slots=True)
class Durable:
    """What came of one contender on one database.

    Attributes:
        database: ``"sqlite"`` or ``"postgresql"``.
        unit: what is stored at once: ``"task"``, ``"token"`` or ``"batch"``.
        name: who.
        version: its version.
        rate: steps a second; None where it was not measured.
        share: that, divided by what the raw statements of the unit did in the same round.
        reason: why it was not measured.
    """

    database: str
    unit: str
    name: str
    version: str = ""
    rate: Spread | None = None
    share: Spread | None = None
    reason: str = ""


@contextmanager
def places(directory: Path | None = None) -> Iterator[list[Place]]:
    """Provide the databases that there are: a file, and a database of its own on PostgreSQL, dropped afterwards."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=directory) as name:
        where = Path(name)
        found = [Place("sqlite", f"sqlite:///{where}/wfgraph.db", where)]
        try:
            import psycopg

            server = psycopg.connect(_SERVER, autocommit=True, connect_timeout=5)
        except (ImportError, OSError, psycopg.OperationalError):
            yield found
            return
        made = f"wfgraph_bench_{os.getpid()}"
        with server:
            server.execute(f"CREATE DATABASE {made}")
            try:
                yield [*found, Place("postgresql", f"{_SERVER.rpartition('/')[0]}/{made}", where)]
            finally:
                server.execute(f"DROP DATABASE {made} WITH (FORCE)")


def durable(tokens: int, rounds: int, names: tuple[str, ...] | None = None) -> list[Durable]:
    """Measure all contenders on all databases, in turns.

    Args:
        tokens: how many tokens each runs in one turn.
        rounds: how many turns each has.
        names: who takes part; all when not given. The raw statements always do.
    """
    chosen = [one for one in CONTENDERS if names is None or one[1] in ("raw", *names)]
    found: list[Durable] = []
    with places() as databases:
        for place in databases:
            found += _on(place, chosen, tokens, rounds)
    return found


def _on(place: Place, chosen: list[Any], tokens: int, rounds: int) -> list[Durable]:
    jobs: dict[tuple[str, str], Job] = {}
    rates: dict[tuple[str, str], list[float]] = {}
    failed: dict[tuple[str, str], str] = {}
    for unit, name, make, _ in chosen:
        try:
            jobs[unit, name] = job = make(place, unit)
            _turn(job, 2)  # what is made once is not counted
            rates[unit, name] = []
        except Exception as error:
            failed[unit, name] = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    for number in range(rounds):
        order = list(rates)
        for key in order[number % len(order) :] + order[: number % len(order)]:
            rates[key].append(_turn(jobs[key], tokens))
    for job in jobs.values():
        job.end()
    made = []
    for unit, name, _, package in chosen:
        mine = rates.get((unit, name))
        if mine is None:
            made.append(Durable(place.name, unit, name, _version(package), reason=failed[unit, name]))
            continue
        share = [rate / limit for rate, limit in zip(mine, rates[unit, "raw"], strict=True)]
        made.append(Durable(place.name, unit, name, _version(package), spread(mine), spread(share)))
    return made


def _turn(job: Job, tokens: int) -> float:
    """Return how many steps a second a contender does."""
    given = make_tokens(tokens)
    job.ready(given)
    began = time.perf_counter()
    job.run(given)
    return tokens * STEPS / (time.perf_counter() - began)


def _version(package: str) -> str:
    try:
        return version(package) if package else ""
    except PackageNotFoundError:
        return ""
