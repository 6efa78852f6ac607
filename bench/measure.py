"""Interleaved sampling: in each round every engine has one short turn, so that a noisy machine is noisy for all of them."""

from __future__ import annotations

import gc
import statistics
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from bench.engines import Cannot, Engine
from bench.workloads import Stage, Workload

__all__ = ["FULL", "QUICK", "Cell", "Plan", "Spread", "in_deep_stack", "measure", "spread", "timed"]

_T = TypeVar("_T")

_STACK = 512 * 1024 * 1024
_FRAMES = 100_000
_WARM_CALLS = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to measure.

    Attributes:
        sample: nanoseconds that one turn of one engine should take; a slow engine's takes as long as one call.
        budget: nanoseconds for all rounds of a workload.
        least: how many rounds there are at least, whatever they take.
        most: how many there are at most.
        sizes: numbers of tasks of which the growth is measured.
        compiling: nanoseconds for measuring how long compiling one of these sizes takes.
        processes: how many processes of each kind are started to measure imports.
        stored: how many tokens are stored, and how many turns each contender has at that.
    """

    sample: int
    budget: int
    least: int
    most: int
    sizes: tuple[int, ...]
    compiling: int
    processes: int
    stored: tuple[int, int] = (1, 1)


FULL = Plan(5_000_000, 15_000_000_000, 7, 300, (1_000, 10_000, 100_000, 1_000_000), 5_000_000_000, 25, (1_000, 5))
QUICK = Plan(1_000_000, 500_000_000, 3, 30, (1_000, 10_000), 300_000_000, 5, (100, 2))


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of many samples: the median and the two quartiles, in the unit of the samples."""

    median: float
    low: float
    high: float


def spread(samples: Sequence[float]) -> Spread:
    """Sum samples up."""
    if len(samples) == 1:
        return Spread(samples[0], samples[0], samples[0])
    low, median, high = statistics.quantiles(samples, n=4, method="inclusive")
    return Spread(median, low, high)


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of one engine at one workload.

    Attributes:
        status: ``"measured"``, ``"not installed"``, ``"not expressed"`` or ``"failed"``.
        reason: why it was not measured.
        ns: nanoseconds per call of a task or condition.
        ratio: that, divided by what hand-written Python took in the same round; None when that was not measured.
        samples: how many turns it had.
        tokens: how many tokens it was given at once.
    """

    status: str
    reason: str = ""
    ns: Spread | None = None
    ratio: Spread | None = None
    samples: int = 0
    tokens: int = 0


@dataclass(slots=True)
class _Turn:
    """One engine that takes part.

    Attributes:
        stage: how it does the workload.
        tokens: how many tokens it is given at once.
        calls: how many times it is called in one turn.
        took: nanoseconds of one call.
        samples: nanoseconds per call of a task, one for each turn.
    """

    stage: Stage
    tokens: int
    calls: int
    took: int
    samples: list[float]


@contextmanager
def _quiet() -> Iterator[None]:
    """Collect no garbage while a sample is taken."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def timed(run: Callable[[], object]) -> int:
    """Return how many nanoseconds a call takes."""
    start = time.perf_counter_ns()
    run()
    return time.perf_counter_ns() - start


def _calibrate(engine: Engine, workload: Workload, plan: Plan) -> _Turn:
    """Warm an engine up, and find out how much it can do in one turn."""
    stage = engine.stage(workload)
    tokens = workload.tokens if engine.batch else workload.least
    took = 0
    for _ in range(_WARM_CALLS):
        took = timed(stage(workload.make_tokens(tokens)))
        if took > plan.sample * 20:
            break
    if not engine.batch and took * workload.tokens // tokens <= plan.sample:
        took = took * workload.tokens // tokens
        tokens = workload.tokens
    return _Turn(stage, tokens, max(1, plan.sample // max(1, took)), took, [])


def _sample(turn: _Turn, workload: Workload) -> float:
    """Return how many nanoseconds a call of a task takes, over one turn. Making things ready is not counted."""
    total = 0
    with _quiet():
        for _ in range(turn.calls):
            total += timed(turn.stage(workload.make_tokens(turn.tokens)))
    return total / (turn.calls * turn.tokens * workload.calls)


def _rounds(turns: Sequence[_Turn], workload: Workload, plan: Plan) -> None:
    """Let each engine have its turn, again and again, each time beginning with another one."""
    expected = sum(turn.took * turn.calls for turn in turns)
    count = min(plan.most, max(plan.least, plan.budget // max(1, expected)))
    for number in range(count):
        first = number % len(turns)
        for turn in (*turns[first:], *turns[:first]):
            turn.samples.append(_sample(turn, workload))
        gc.collect()


def measure(workload: Workload, engines: Sequence[Engine], plan: Plan) -> dict[str, Cell]:
    """Measure engines at a workload.

    Args:
        workload: what they do.
        engines: who does it; the first is what the others are compared with, when it is hand-written Python.
        plan: how long to measure.
    """
    if workload.deep:
        return in_deep_stack(lambda: _measure(workload, engines, plan))
    return _measure(workload, engines, plan)


def _measure(workload: Workload, engines: Sequence[Engine], plan: Plan) -> dict[str, Cell]:
    cells: dict[str, Cell] = {}
    turns: dict[str, _Turn] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for engine in engines:
            try:
                turns[engine.name] = _calibrate(engine, workload, plan)
            except Cannot as error:
                cells[engine.name] = Cell(error.status, str(error))
            except Exception as error:
                cells[engine.name] = Cell("failed", f"{type(error).__name__}: {error}")
        if turns:
            _rounds(list(turns.values()), workload, plan)
    base = turns["hand-written"].samples if "hand-written" in turns else None
    for name, turn in turns.items():
        ratio = None if base is None else spread([mine / his for mine, his in zip(turn.samples, base, strict=True)])
        cells[name] = Cell("measured", "", spread(turn.samples), ratio, len(turn.samples), turn.tokens)
    return cells


def in_deep_stack(work: Callable[[], _T]) -> _T:
    """Do something in a thread with a stack, and a recursion limit, that no nesting here comes to the end of."""
    found: list[_T] = []
    refused: list[Cannot] = []

    def do() -> None:
        try:
            found.append(work())
        except Cannot as reason:
            refused.append(reason)

    before, limit = threading.stack_size(_STACK), sys.getrecursionlimit()
    sys.setrecursionlimit(_FRAMES)
    try:
        thread = threading.Thread(target=do)
        thread.start()
        thread.join()
    finally:
        sys.setrecursionlimit(limit)
        threading.stack_size(before)
    if refused:
        raise refused[0]
    if not found:
        raise RuntimeError("the thread with the deep stack failed; its traceback stands above")
    return found[0]
