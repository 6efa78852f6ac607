"""How long importing an engine takes: whole processes, some that import it and some that do not, one after the other.

Bytecode counts as written before, whatever ``PYTHONDONTWRITEBYTECODE`` says and wherever sources may be written to.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bench.measure import Spread, spread, timed

__all__ = ["Import", "imports"]

_BEFORE = "import collections, collections.abc as abc; collections.Iterable = abc.Iterable; collections.Callable = abc.Callable"
"""What ``workflow`` expects; every process does it, so nobody is charged for it."""


@dataclass(frozen=True, slots=True)
class Import:
    """What importing a module takes.

    Attributes:
        module: its name.
        ms: milliseconds that a process takes longer which imports it; None where it is not installed.
        samples: how many pairs of processes were compared.
    """

    module: str
    ms: Spread | None
    samples: int


def _environment(where: str) -> dict[str, str]:
    """Return what processes find around them: this checkout, and a place where bytecode is kept from one to the next."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    root = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    return {**kept, "PYTHONPATH": path, "PYTHONPYCACHEPREFIX": where}


def _process(code: str, where: str) -> float:
    """Return how many milliseconds a Python process takes."""
    command = [sys.executable, "-W", "ignore", "-c", code]
    environment = _environment(where)
    return timed(lambda: subprocess.run(command, cwd=where, env=environment, check=True)) / 1e6  # noqa: S603 - our own


def imports(pairs: int, modules: tuple[str, ...] = ("wfgraph.engine", "workflow.engine")) -> list[Import]:
    """Measure what importing modules takes, in turns.

    Args:
        pairs: how many processes to compare for each.
        modules: what to import.
    """
    there = [module for module in modules if find_spec(module.partition(".")[0]) is not None]
    times: dict[str, list[float]] = {module: [] for module in there}
    with tempfile.TemporaryDirectory() as where:
        for module in there:
            _process(f"{_BEFORE}; import {module}", where)  # bytecode is written, files are read once
        for _ in range(pairs):
            nothing = _process(_BEFORE, where)
            for module in there:
                times[module].append(_process(f"{_BEFORE}; import {module}", where) - nothing)
    return [
        Import(module, spread(times[module]) if module in times else None, len(times.get(module, ())))
        for module in modules
    ]
