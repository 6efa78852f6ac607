"""Options of the whole suite: how many examples Hypothesis generates."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import differential.real  # noqa: F401 - before another test imports `workflow`, which leaves files open
import pytest
from hypothesis import HealthCheck, settings

_CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run what is marked slow, too")
    parser.addoption("--long", action="store_true", help="generate examples at random, and a hundred times as many")
    parser.addoption("--examples", type=int, help="how many examples for each test; 100, or 10,000 with --long")


def pytest_configure(config: pytest.Config) -> None:
    # By default the same examples each time, so that a change is to blame for a failure, and not chance.
    common: Any = {"database": None, "deadline": None, "suppress_health_check": _CHECKS}
    examples = config.getoption("--examples")
    settings.register_profile("default", max_examples=examples or 100, derandomize=True, **common)
    settings.register_profile("long", max_examples=examples or 10_000, print_blob=True, **common)
    settings.load_profile("long" if config.getoption("--long") else "default")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked ``slow`` or ``long`` unless asked for it; with ``--long``, nothing has a time limit."""
    if config.getoption("--long"):
        for item in items:
            item.add_marker(pytest.mark.timeout(0))
        return
    unasked = ["long"] if config.getoption("--slow") else ["long", "slow"]
    left_out = [item for item in items if any(item.get_closest_marker(mark) for mark in unasked)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def no_event_loop() -> Iterator[None]:
    """Take away the event loop that Playwright keeps running in the thread of the tests, after those in a browser."""
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Whether the tests are to take their time."""
    return bool(request.config.getoption("--long"))
