"""Workers by Celery, whose own types are not known to type checkers."""

from __future__ import annotations

from typing import Any, assert_type

from wfgraph.celery import CeleryWorkflows, Registered
from wfgraph.storage import DbWorkflowEngine


def ship(order: dict[str, int], eng: DbWorkflowEngine) -> None:
    order["shipped"] = 1


def workflows(app: Any) -> CeleryWorkflows:
    registry = {"orders": [ship, [ship]], "returns": Registered([ship], engine=DbWorkflowEngine)}
    found = CeleryWorkflows(app, registry, "sqlite:///runs.db", granularity="token", lease=30, sweep=None)
    assert_type(found.registry, dict[str, Registered])
    return found
