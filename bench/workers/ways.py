"""The same tokens through the same tasks: in this process, in a pool of processes, and in Celery's workers, in turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from bench.measure import Spread, spread
from bench.workers.app import REGISTRY
from bench.workers.scene import Scene, scene
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.storage import DbWorkflowEngine

__all__ = ["Way", "ways"]

Run = Callable[[int], float]


@dataclass(frozen=True, slots=True)
class Way:
    """What came of one way to run tokens.

    Attributes:
        name: which.
        workers: how many workers Celery had meanwhile.
        seconds: a token.
        speed: tokens a second, in proportion to what this process alone does without storing, in the same round.
    """

    name: str
    workers: int
    seconds: Spread
    speed: Spread


def _tokens(count: int) -> list[dict[str, Any]]:
    return [{"n": n} for n in range(count)]


def _timed(eng: Any, count: int, **options: Any) -> float:
    eng.callbacks.replace(REGISTRY["work"])
    given = _tokens(count)
    began = perf_counter()
    eng.process(given, **options)
    return perf_counter() - began


def _ways(found: Scene, count: int) -> dict[str, tuple[Run, int]]:
    def stored(number: int, **options: Any) -> float:
        return _timed(DbWorkflowEngine.with_name("work", found.database), number, **options)

    few = max(20, count // 5)
    return {
        "this process": (lambda number: _timed(GenericWorkflowEngine(), number), count),
        "a pool of 2": (lambda number: _timed(GenericWorkflowEngine(), number, workers=2), count),
        "this process, stored": (stored, count),
        "a pool of 2, stored": (lambda number: stored(number, workers=2), count),
        "Celery, 100 tokens a message, stored": (lambda number: found.run("work", number, 100), count),
        "Celery, 10 tokens a message, stored": (lambda number: found.run("work", number, 10), count),
        "Celery, 1 token a message, stored": (lambda number: found.run("work", number, 1), few),
        "plain Celery, 1 token a message, not stored": (
            lambda number: found.send("bench.plain", [("work", one) for one in _tokens(number)], number),
            count,
        ),
    }


def ways(url: str, count: int, rounds: int, workers: Sequence[int] = (1, 2)) -> list[Way]:
    """Measure all ways, in turns.

    Args:
        url: the database.
        count: how many tokens each runs in a turn; a fifth of that with a message for each, stored.
        rounds: how many turns each has.
        workers: how many workers Celery has.
    """
    made = []
    for many in workers:
        with scene(url, many) as found:
            all_ways = _ways(found, count)
            times: dict[str, list[float]] = {name: [] for name in all_ways}
            for _ in range(rounds):
                for name, (run, number) in all_ways.items():
                    times[name].append(run(number) / number)
        base = times["this process"]
        for name, mine in times.items():
            speeds = [one / other for one, other in zip(base, mine, strict=True)]
            made.append(Way(name, many, spread(mine), spread(speeds)))
    return made
