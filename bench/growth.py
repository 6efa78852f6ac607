"""How the time to compile a definition, and the memory that the result holds, grow with the number of tasks.

The definition is nested five deep and draws on twenty shared functions: what those take, and the lists they stand in, is
the user's and is not counted. Time and memory are measured apart, since tracing memory takes time itself.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.measure import Spread, spread, timed
from bench.workloads import nested

__all__ = ["Growth", "growth"]

_MOST = 15


@dataclass(frozen=True, slots=True)
class Growth:
    """What one pass takes for one size.

    Attributes:
        function: ``compile_graph`` (nested lists to a graph) or ``build_program`` (to the table that is walked).
        tasks: how many tasks the definition has.
        ns: nanoseconds per task.
        bytes: bytes per task that the result holds.
        samples: how many times the time was measured.
    """

    function: str
    tasks: int
    ns: Spread
    bytes: float
    samples: int


def _functions() -> dict[str, Callable[[Any], Any]]:
    from wfgraph.compiler.pipeline import build_program, compile_graph

    return {"compile_graph": compile_graph, "build_program": build_program}


def _held(function: Callable[[Any], Any], definition: Any) -> int:
    """Return how many bytes the result of a function holds."""
    gc.collect()
    tracemalloc.start()
    try:
        result = function(definition)
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
        del result
    finally:
        tracemalloc.stop()
    return held


def _times(functions: dict[str, Callable[[Any], Any]], definition: Any, budget: int) -> dict[str, list[float]]:
    """Return nanoseconds for each function, measured in turns."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    spent = 0
    while spent < budget and len(times["compile_graph"]) < _MOST:
        for name, function in functions.items():
            gc.collect()
            gc.disable()
            try:
                took = timed(lambda function=function: function(definition))  # type: ignore[misc]
            finally:
                gc.enable()
            spent += took
            times[name].append(took)
    return times


def growth(sizes: Sequence[int], budget: int) -> list[Growth]:
    """Measure both passes.

    Args:
        sizes: for which numbers of tasks.
        budget: nanoseconds for each of them, to be passed once.
    """
    functions = _functions()
    found: list[Growth] = []
    for size in sizes:
        definition = nested(size)
        times = _times(functions, definition, budget)
        for name, function in functions.items():
            ns = spread([took / size for took in times[name]])
            found.append(Growth(name, size, ns, _held(function, definition) / size, len(times[name])))
    return found
