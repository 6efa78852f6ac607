"""Run code that is written for ``workflow`` 2.x and can't be changed.

``install_as_workflow()`` lets ``import workflow.engine`` and its like find wfgraph; call it before the first such import.
A script can be run as it is with ``python -m wfgraph.compat script.py [argument ...]``.

What is imported is wfgraph itself, not a copy: ``workflow.errors.HaltProcessing is wfgraph.errors.HaltProcessing``.
"""

from __future__ import annotations

import importlib
import runpy
import sys
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

from wfgraph.errors import WorkflowAPIError

__all__ = ["ALIASES", "install_as_workflow"]

ALIASES = {
    "workflow.engine": "wfgraph.engine",
    "workflow.engine_db": "wfgraph.engine_db",
    "workflow.errors": "wfgraph.errors",
    "workflow.patterns": "wfgraph.patterns",
    "workflow.patterns.controlflow": "wfgraph.patterns.controlflow",
    "workflow.patterns.utils": "wfgraph.patterns.utils",
    "workflow.signals": "wfgraph.signals",
    "workflow.utils": "wfgraph.utils",
}


def install_as_workflow() -> None:
    """Let ``import workflow`` and its submodules find wfgraph. Calling it again changes nothing.

    Raises:
        WorkflowAPIError: the real ``workflow`` is installed or imported already; nothing is changed then.
    """
    present = sys.modules.get("workflow")
    if getattr(present, "__wfgraph__", False):
        return
    if present is not None or PathFinder.find_spec("workflow") is not None:
        what = "imported" if present is not None else "installed"
        raise WorkflowAPIError(
            f"can't stand in for `workflow`: the real one is {what}; uninstall it (pip uninstall workflow) first"
        )
    facade = ModuleType("workflow", "wfgraph under the name of the library whose place it takes.")
    facade.__path__ = []
    facade.__version__ = "2.1.6"  # type: ignore[attr-defined]  # the version whose interface this is
    facade.__wfgraph__ = True  # type: ignore[attr-defined]
    modules = {alias: importlib.import_module(name) for alias, name in ALIASES.items()}
    sys.modules["workflow"] = facade
    for alias, module in modules.items():
        sys.modules[alias] = module
        parent, _, name = alias.rpartition(".")
        if parent == "workflow":
            setattr(facade, name, module)


def _main(arguments: list[str]) -> int:
    if not arguments:
        sys.stderr.write("usage: python -m wfgraph.compat script.py [argument ...]\n")
        return 2
    if not Path(arguments[0]).exists():
        sys.stderr.write(f"wfgraph.compat: no such file: {arguments[0]}\n")
        return 2
    try:
        # Run as __main__ this module is a second copy of itself; the flag on the facade keeps both to one installation.
        install_as_workflow()
    except WorkflowAPIError as error:
        sys.stderr.write(f"wfgraph.compat: {error}\n")
        return 2
    sys.argv = arguments
    sys.path[0] = str(Path(arguments[0]).resolve().parent)
    runpy.run_path(arguments[0], run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
