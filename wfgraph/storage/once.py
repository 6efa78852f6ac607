"""Tasks that run once for each object, however often they are come to."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from wfgraph.storage.keeper import Keeper
from wfgraph.utils import task_name

__all__ = ["once"]

_F = TypeVar("_F", bound=Callable[..., Any])


def once(name: str | None = None) -> Callable[[_F], _F]:
    """Make a task run once for each object of a stored run.

    What the task returns, which has to be JSON, is stored with what the object then holds and where it stands, in one
    transaction. When the object comes to the task again, after a crash or by a jump, the task is not run; what it had
    returned is returned. Between the end of the task and that transaction a crash can still come; for what may never be
    done twice, hand ``eng.idempotency_key`` to who does it.

    In an engine that does not store, and in branches and workflows inside a task, it runs each time.

    Args:
        name: the key of the result among those of the object; the task's name when not given.

    >>> @once()
    ... def open_ticket(order, eng):
    ...     order["ticket"] = "T-1"
    """

    def decorate(task: _F) -> _F:
        key = name or task_name(task)

        @wraps(task)
        def run_once(obj: Any, eng: Any) -> Any:
            keeper = getattr(eng, "_keeper", None)
            if not isinstance(keeper, Keeper):
                return task(obj, eng)
            known, result = keeper.remembered(eng, key)
            if not known:
                result = task(obj, eng)
                keeper.remember(eng, key, result)
            return result

        return run_once  # type: ignore[return-value]  # whoever calls it sees the task

    return decorate
