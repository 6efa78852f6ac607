"""The library whose API wfgraph keeps: ``workflow`` 2.1.6."""

from __future__ import annotations

import collections
import collections.abc
import warnings
from typing import Any

from bench.engines.definitions import runners

__all__ = ["RUNNERS"]


def _load() -> tuple[Any, Any]:
    """Import it; it expects names that Python 3.10 has moved."""
    for name in ("Iterable", "Callable"):
        if not hasattr(collections, name):
            setattr(collections, name, getattr(collections.abc, name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from workflow import engine
        from workflow.patterns import controlflow
    return engine, controlflow


RUNNERS = runners(*_load())
