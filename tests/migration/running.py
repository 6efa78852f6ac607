"""Runs a client's script with the real `workflow`, with wfgraph in its place, and as it is; each in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = sorted((Path(__file__).parent / "clients").glob("*.py"))
NEEDED = ("wfgraph", "blinker", "six")
_REAL = """
import collections, collections.abc, logging, runpy, sys, warnings
for name in ("Iterable", "Callable"):
    setattr(collections, name, getattr(collections.abc, name))
warnings.simplefilter("ignore")
import workflow.engine
assert "wfgraph" not in sys.modules
logging.getLogger("workflow").handlers = [logging.NullHandler()]
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def with_the_real_one(script: Path) -> list[Any]:
    """Return the events of a script that runs with `workflow` 2.1.6."""
    return _events(script, "-c", _REAL, str(script))


def in_its_place(script: Path, site: Path, warnings: str = "ignore::DeprecationWarning") -> list[Any]:
    """Return the events of a script that runs with wfgraph under the name `workflow`, where the real one is not."""
    _make_site(site)
    return _events(script, "-W", warnings, "-S", "-m", "wfgraph.compat", str(script), path=site)


def as_it_is(script: Path, *options: str) -> list[Any]:
    """Return the events of a script that imports wfgraph."""
    return _events(script, *options, str(script))


def _make_site(site: Path) -> None:
    """Make a folder with nothing to import but what wfgraph and the clients need."""
    for name in NEEDED:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin)
        found = origin.parent if origin.name == "__init__.py" else origin
        (site / found.name).symlink_to(found)


def _events(script: Path, *arguments: str, path: Path = ROOT) -> list[Any]:
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(path)},
        cwd=script.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr), done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
