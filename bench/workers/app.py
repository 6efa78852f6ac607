"""The Celery application that the workers run. The environment says where its broker and its database are."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery

from wfgraph.celery import CeleryWorkflows
from wfgraph.engine import GenericWorkflowEngine

__all__ = ["REGISTRY", "REDIS", "app", "counter", "plain", "workflows"]

REDIS = os.environ.get("WFGRAPH_TEST_REDIS", "redis://127.0.0.1:6379/9")
QUEUE = "wfgraph-bench"
COUNTED = "wfgraph-bench-counted"


def _computing(turns: int) -> Any:
    def compute(obj: Any, eng: Any) -> None:
        value = obj["n"]
        for _ in range(turns):
            value = (value * 1103515245 + 12345) % 2147483648
        obj["value"] = value

    return compute


REGISTRY = {
    "nothing": [_computing(0), _computing(0)],
    "five": [_computing(0)] * 5,
    "work": [_computing(4_500), _computing(4_500)],
}
"""Definitions: two tasks that do nothing, five, and two that compute for about a third of a millisecond each."""

app = Celery("bench.workers", broker=os.environ.get("BENCH_BROKER", REDIS))
app.conf.update(
    task_default_queue=QUEUE,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    task_ignore_result=True,
)
workflows = CeleryWorkflows(
    app,
    REGISTRY,
    os.environ.get("BENCH_DB", "sqlite://"),
    sweep=None,
    granularity=os.environ.get("BENCH_GRANULARITY", "token"),
)


@app.task(name="bench.plain", ignore_result=True)
def plain(name: str, token: dict[str, Any]) -> None:
    """Run one token, as the documentation of ``workflow`` shows it, and count it."""
    eng = GenericWorkflowEngine()
    eng.callbacks.replace(REGISTRY[name])
    eng.process([token])
    counter().incr(COUNTED)


@app.task(name="bench.empty", ignore_result=True, acks_late=True)
def empty(last: bool) -> None:
    """Do nothing, but say so at the end."""
    if last:
        counter().incr(COUNTED)


_connections: dict[int, Any] = {}


def counter() -> Any:
    """Return this process' connection to Redis."""
    import redis

    if os.getpid() not in _connections:
        _connections[os.getpid()] = redis.Redis.from_url(REDIS)
    return _connections[os.getpid()]
