"""Brokers and workers of Celery's."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.workers.servers import Redis, Worker, is_open, wait_until

_RABBITMQ = os.environ.get("WFGRAPH_TEST_RABBITMQ", "amqp://guest:guest@127.0.0.1:5672//")


@pytest.fixture
def redis() -> Iterator[Redis]:
    with tempfile.TemporaryDirectory(prefix="redis-") as place:
        made = Redis(Path(place))
        yield made
        made.kill()


@pytest.fixture
def rabbitmq() -> str:
    if not is_open(int(_RABBITMQ.rpartition("@")[2].partition(":")[2].partition("/")[0] or 5672)):
        if os.environ.get("CI"):
            raise ConnectionError(f"no RabbitMQ answers at {_RABBITMQ}")
        pytest.skip(f"no RabbitMQ answers at {_RABBITMQ}")
    return _RABBITMQ


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Starts workers, which are ready when they are returned, and are gone at the end."""
    started: list[Worker] = []

    def start(env: dict[str, str], *arguments: Any, **more: Any) -> Worker:
        made = Worker(env, tmp_path / f"worker{len(started)}.log", *arguments, **more)
        started.append(made)
        wait_until(lambda: made.is_ready, 40, f"the worker ({made.log})")
        return made

    yield start
    for one in started:
        one.stop()


@pytest.fixture
def env(url: str, tmp_path: Path) -> dict[str, str]:
    """What flows.py is told, but for the broker."""
    return {
        "FLOWS_DB": url,
        "FLOWS_LOG": str(tmp_path / "log"),
        "FLOWS_OPTIONS": '{"lease": 2, "sweep": 0.5, "stale": 1, "time_limit": 20}',
        "FLOWS_CONF": f'{{"task_default_queue": "wfgraph-{uuid.uuid4()}"}}',
    }
