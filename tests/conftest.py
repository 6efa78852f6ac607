"""Options of the whole suite: how many examples Hypothesis generates."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

_CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="generate a hundred times as many examples, at random")
    parser.addoption("--examples", type=int, default=10_000, help="with --long: how many for each test")


def pytest_configure(config: pytest.Config) -> None:
    # By default the same examples each time, so that a change is to blame for a failure, and not chance.
    common: Any = {"database": None, "deadline": None, "suppress_health_check": _CHECKS}
    settings.register_profile("default", max_examples=100, derandomize=True, **common)
    settings.register_profile("long", max_examples=config.getoption("--examples"), print_blob=True, **common)
    settings.load_profile("long" if config.getoption("--long") else "default")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without ``--long``, leave out what is marked ``long``; with it, nothing has a time limit."""
    if config.getoption("--long"):
        for item in items:
            item.add_marker(pytest.mark.timeout(0))
        return
    long = [item for item in items if item.get_closest_marker("long")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
