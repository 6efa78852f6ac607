"""Waiting for a database that has dropped the connection: what is done again then has to be the same when done twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

from wfgraph.errors import StorageError

__all__ = ["PAUSES", "ConnectionEnded", "patient", "patiently"]

_T = TypeVar("_T")
_F = TypeVar("_F", bound=Callable[..., Any])

PAUSES = (0.0, 0.1, 0.3, 1.0, 2.0, 4.0, 8.0)
"""How many seconds to wait before each further attempt."""


class ConnectionEnded(StorageError):
    """The connection to the database has ended, or could not be made: that may be over soon."""


def patiently(do: Callable[[], _T], pauses: Sequence[float] = PAUSES) -> _T:
    """Do something with a database; again, after a pause, when the connection has ended meanwhile.

    Raises:
        StorageError: it has ended each time.
        Exception: whatever else is raised.
    """
    for pause in pauses:
        try:
            return do()
        except ConnectionEnded:
            time.sleep(pause)
    try:
        return do()
    except ConnectionEnded as error:
        raise StorageError(error.message) from error  # who waits around this has waited with it


def patient(method: _F) -> _F:
    """Do what a method does :func:`patiently`."""

    @wraps(method)
    def done(*given: Any, **more: Any) -> Any:
        return patiently(lambda: method(*given, **more))

    return done  # type: ignore[return-value]  # whoever calls it sees the method
