"""Run code that is written for ``workflow`` 2.x and can't be changed.

``install_as_workflow()`` lets ``import workflow.engine`` and its like find wfgraph; call it before the first such import.
A script can be run as it is with ``python -m wfgraph.compat script.py [argument ...]``, a module with
``python -m wfgraph.compat -m module [argument ...]``.

What is imported is wfgraph itself, not a copy: ``workflow.errors.HaltProcessing is wfgraph.errors.HaltProcessing``.
"""

from __future__ import annotations

import importlib
import importlib.util
import runpy
import sys
import warnings
from collections.abc import Callable
from functools import wraps
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, cast

from wfgraph.errors import WorkflowAPIError

__all__ = ["ALIASES", "install_as_workflow"]

_F = TypeVar("_F", bound=Callable[..., Any])
_USAGE = "usage: python -m wfgraph.compat script.py [argument ...], or -m module [argument ...]"

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
"""The modules of ``workflow`` that there are here."""


def install_as_workflow() -> None:
    """Let ``import workflow`` and its submodules find wfgraph. Calling it again changes nothing.

    Raises:
        WorkflowAPIError: the real ``workflow``, or another module of that name, is installed or imported already;
            nothing is changed then.
    """
    present = sys.modules.get("workflow")
    if getattr(present, "__wfgraph__", False):
        return
    spec = getattr(present, "__spec__", None) or PathFinder.find_spec("workflow")
    # A folder that happens to be called so, and has no __init__.py, is no module of anybody's.
    if present is not None or (spec is not None and spec.origin is not None):
        what = "imported" if present is not None else "installed"
        raise WorkflowAPIError(
            f"can't stand in for `workflow`: the real one is {what} ({getattr(spec, 'origin', None)}); uninstall it "
            "(pip uninstall workflow) first"
        )
    facade = _module("workflow", "wfgraph under the name of the library whose place it takes.", __wfgraph__=True)
    facade.__path__ = []
    modules = {alias: importlib.import_module(name) for alias, name in ALIASES.items()}
    modules["workflow.version"] = _module("workflow.version", "The version whose interface this is.")
    modules["workflow.deprecation"] = _module("workflow.deprecation", "How to deprecate.", deprecated=_deprecated)
    sys.modules["workflow"] = facade
    for alias, module in modules.items():
        sys.modules[alias] = module
        parent, _, name = alias.rpartition(".")
        if parent == "workflow":
            setattr(facade, name, module)


def _module(name: str, about: str, **contents: Any) -> ModuleType:
    module = ModuleType(name, about)
    vars(module).update(contents, __version__="2.1.6")
    return module


def _deprecated(message: str, category: type[Warning] = DeprecationWarning) -> Callable[[_F], _F]:
    """Mark a function as deprecated, as ``workflow.deprecation`` does; each call warns at the line that calls it."""

    def decorate(function: _F) -> _F:
        @wraps(function)
        def warned(*args: Any, **kwargs: Any) -> Any:
            warnings.warn(message, category, stacklevel=2)
            return function(*args, **kwargs)

        return cast("_F", warned)

    return decorate


def _main(arguments: list[str]) -> int:
    if arguments in (["-h"], ["--help"]):
        sys.stdout.write(f"{_USAGE}\n")
        return 0
    module = arguments[:1] == ["-m"]
    words = arguments[1:] if module else arguments
    if not words:
        return _refuse(_USAGE)
    if not module and not Path(words[0]).exists():
        return _refuse(f"wfgraph.compat: no such file: {words[0]}")
    if not module:
        sys.path[0] = str(Path(words[0]).resolve().parent)
    try:
        # Run as __main__ this module is a second copy of itself; the flag on the facade keeps both to one installation.
        install_as_workflow()
    except WorkflowAPIError as error:
        return _refuse(f"wfgraph.compat: {error}")
    sys.argv = words
    if module:
        if importlib.util.find_spec(words[0].partition(".")[0]) is None:
            return _refuse(f"wfgraph.compat: no module named {words[0]}")
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(words[0], run_name="__main__")
    return 0


def _refuse(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 2


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
