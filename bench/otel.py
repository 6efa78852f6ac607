"""What watching costs: ``python -m bench.otel``. A run of ten tasks that do nothing, unwatched, logged and in spans, in turns.

"The SDK alone" makes as many spans and events, with as many attributes, and runs no tasks. Spans are made by the SDK, kept
in a batch, and thrown away: what a collector costs is not in it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from bench.measure import spread
from bench.tasks import TASKS
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.otel import instrument

__all__ = ["main", "measured"]

_TASKS, _TOKENS = 10, 1_000


class _Nowhere(SpanExporter):
    def export(self, spans: object) -> SpanExportResult:
        return SpanExportResult.SUCCESS


class _Engine(GenericWorkflowEngine):
    """Has a logger of its own."""


def _alone(provider: TracerProvider) -> Callable[[list[Any]], None]:
    tracer = provider.get_tracer("bench")

    def process(objects: list[Any]) -> None:
        for number in range(len(objects)):
            with tracer.start_as_current_span("token", attributes={"engine": "name", "position": number}) as span:
                for task in range(_TASKS):
                    span.add_event("task", {"name": "t00", "position": f"[{task}]"})
                span.set_attributes({"outcome": "completed"})

    return process


def _contenders() -> dict[str, Callable[[list[Any]], None]]:
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(_Nowhere()))
    flow = list(TASKS[:_TASKS])
    logged = [*flow[:-1], lambda obj, eng: eng.log.info("done")]
    log = _Engine().log
    log.addHandler(logging.NullHandler())
    log.propagate = False
    found: dict[str, Callable[[list[Any]], None]] = {}
    watched = ("a span per token", "and events for tasks")
    for name in ("unwatched", "a log line per token", *watched):
        engine = _Engine()
        found[name] = engine.process
        engine.callbacks.replace(logged if "log" in name else flow)
        if name in watched:
            instrument(engine, provider, tasks=name == watched[1])
    found["the SDK alone"] = _alone(provider)
    log.setLevel(logging.INFO)
    return found


def measured(rounds: int, tokens: int = _TOKENS) -> dict[str, list[float]]:
    """Return microseconds per token, one for each round."""
    contenders = _contenders()
    objects: list[Any] = [{} for _ in range(tokens)]
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 2):
        for name, process in contenders.items():
            began = time.perf_counter()
            process(objects)
            if number >= 2:  # the first turns compile
                found[name].append((time.perf_counter() - began) / tokens * 1e6)
    return found


def main() -> None:
    """Print the medians, with quartiles, and what that is more than unwatched."""
    found = {name: spread(samples) for name, samples in measured(40).items()}
    base = found["unwatched"].median
    for name, it in found.items():
        print(f"{name:22}{it.median:9.2f} µs per token ({it.low:.2f} to {it.high:.2f}), {it.median - base:+.2f}")


if __name__ == "__main__":
    main()
