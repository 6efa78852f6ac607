"""Waiting for a database that has dropped the connection: what is done again then has to be the same when done twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar

from wfgraph.errors import StorageError

__all__ = ["PAUSES", "ConnectionEnded", "at_once", "patient", "patiently"]

_T = TypeVar("_T")
_F = TypeVar("_F", bound=Callable[..., Any])

PAUSES = (0.0, 0.1, 0.3, 1.0, 2.0, 4.0, 8.0)
"""How many seconds to wait before each further attempt."""

LONGEST = 15.0
"""After how many seconds no further attempt begins: one that nobody answers takes long by itself."""

_HURRIED = ContextVar("_HURRIED", default=False)


class ConnectionEnded(StorageError):
    """The connection to the database has ended, or could not be made: that may be over soon."""


@contextmanager
def at_once() -> Iterator[None]:
    """Let nothing inside be done again: for what may be left out, where somebody waits for the end."""
    token = _HURRIED.set(True)
    try:
        yield
    finally:
        _HURRIED.reset(token)


def patiently(do: Callable[[], _T], pauses: Sequence[float] = PAUSES) -> _T:
    """Do something with a database; again, after a pause, when the connection has ended meanwhile.

    Raises:
        StorageError: it has ended each time.
        Exception: whatever else is raised.
    """
    end = time.monotonic() + LONGEST
    waits = iter(pauses)
    while True:
        try:
            return do()
        except ConnectionEnded as error:
            pause, left = next(waits, None), end - time.monotonic()
            if pause is None or left <= 0 or _HURRIED.get():
                raise StorageError(error.message) from error  # who waits around this has waited with it
            time.sleep(min(pause, left))


def patient(method: _F) -> _F:
    """Do what a method does :func:`patiently`."""

    @wraps(method)
    def done(*given: Any, **more: Any) -> Any:
        return patiently(lambda: method(*given, **more))

    return done  # type: ignore[return-value]  # whoever calls it sees the method
