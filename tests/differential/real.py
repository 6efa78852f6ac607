"""Both libraries as namespaces of the same shape."""

from __future__ import annotations

import collections
import collections.abc
import gc
import importlib
import logging
import warnings
from dataclasses import dataclass
from types import ModuleType
from typing import Any

__all__ = ["OURS", "REAL", "Library"]


@dataclass(frozen=True)
class Library:
    """One of the two: its modules, by what they hold."""

    name: str
    engine: ModuleType
    errors: ModuleType
    controlflow: ModuleType
    helpers: ModuleType

    @property
    def real(self) -> bool:
        return self.name == "workflow"

    def pattern(self, name: str) -> Any:
        return getattr(self.controlflow if hasattr(self.controlflow, name) else self.helpers, name)

    def error(self, name: str) -> Any:
        return getattr(self.errors, name)


def _load(name: str) -> Library:
    parts = ("engine", "errors", "patterns.controlflow", "patterns.utils")
    return Library(name, *(importlib.import_module(f"{name}.{part}") for part in parts))


def _load_real() -> Library:
    """Import the real library, which expects names that Python 3.10 has moved, and silence its log."""
    for name in ("Iterable", "Callable"):
        if not hasattr(collections, name):
            setattr(collections, name, getattr(collections.abc, name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        library = _load("workflow")
        # To learn its own version it has opened the packs of the repository that it is run in, and closed none.
        gc.collect()
    log = logging.getLogger("workflow")
    log.handlers = [logging.NullHandler()]
    return library


OURS = _load("wfgraph")
REAL = _load_real()
