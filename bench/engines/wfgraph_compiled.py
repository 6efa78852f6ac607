"""wfgraph with generated Python: ``engine.tier = "compiled"``."""

from __future__ import annotations

import linecache
from typing import Any

from bench.engines.definitions import runners
from wfgraph import engine
from wfgraph.compiler import codegen
from wfgraph.patterns import controlflow

__all__ = ["RUNNERS"]


def _forget() -> None:
    """Empty the store of compiled sources: a definition whose text was seen before would not be compiled again."""
    sources: Any = getattr(codegen, "_sources", {})
    for code in sources.values():
        linecache.cache.pop(code.co_filename, None)
    sources.clear()


RUNNERS = runners(engine, controlflow, tier="compiled", forget=_forget)
