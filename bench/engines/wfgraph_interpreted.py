"""wfgraph with the interpreter: ``engine.tier = "interpreted"``."""

from __future__ import annotations

from bench.engines.definitions import runners
from wfgraph import engine
from wfgraph.patterns import controlflow

__all__ = ["RUNNERS"]

RUNNERS = runners(engine, controlflow, tier="interpreted")
