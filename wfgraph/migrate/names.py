"""What is called how in ``workflow`` 2.x and here: the one table that ``wfgraph migrate`` and the documentation share."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from types import ModuleType

from wfgraph._legacy import Replacement, replacements
from wfgraph.compat import ALIASES

__all__ = ["MODULES", "NAMES", "ROOT", "WORDS", "exists", "instead_of", "is_module", "table", "without_counterpart"]

ROOT = "workflow"
MODULES = {ROOT: "wfgraph", **ALIASES}
"""Each public module of ``workflow`` 2.1.6 that has a counterpart; only the first part of its name changes."""

NAMES = replacements()
"""What replaces each deprecated name of the engine."""

WORDS = re.compile(
    rf"{ROOT}|wfgraph|Engine|JumpToken|\b(?:eng|engine|wfe)\b|\.store\b|\.duplicate\b|"
    + "|".join(name for name in NAMES if not name.islower())
)
"""What has none of these has nothing to migrate; most files of most projects have not."""

_NO_COUNTERPART = {
    "workflow.config": "wfgraph has no configuration reader; use `configparser` or `configobj`",
    "workflow.deprecation": "wfgraph has no decorator for that; use `warnings.warn(..., DeprecationWarning)`",
    "workflow.version": "`importlib.metadata.version('wfgraph')` tells the version",
}
_INSTEAD = {
    "workflow.engine.LOG": "`logging.getLogger('wfgraph')`",
    "workflow.engine.LOGGING_LEVEL": "`logging.getLogger('wfgraph').level`",
    "workflow.engine.get_logger": "`logging.getLogger(name)`, with handlers of yours",
    "workflow.engine.reset_all_loggers": "`logging.getLogger('wfgraph').setLevel(level)`",
    "workflow.patterns.controlflow.MAX_TIMEOUT": "`wfgraph.patterns.parallel.MAX_TIMEOUT`; `SYNCHRONIZE` takes `timeout`",
    "workflow.patterns.controlflow.MySpecialThread": "`threading.Thread`",
    "workflow.patterns.controlflow.MyTimeoutQueue": "`queue.Queue`",
}
"""What to use where names of the modules that there are have no counterpart."""


def is_module(name: str) -> bool:
    """Tell whether a dotted name is a module of ``workflow`` that has a counterpart."""
    return name in MODULES


def without_counterpart(name: str) -> str:
    """Return what to do about a module that wfgraph does not have."""
    return _NO_COUNTERPART.get(
        name, f"`{name}` is no module of workflow 2.1.6; it seems to belong to another package of that name"
    )


def instead_of(name: str) -> str:
    """Return, in words to go after "wfgraph has no ...", what to do about a name that it does not have."""
    return f"; use {_INSTEAD[name]}" if name in _INSTEAD else ""


@cache
def _module(name: str) -> ModuleType:
    return importlib.import_module(MODULES[name])


def exists(name: str) -> bool:
    """Tell whether a dotted name of ``workflow`` is there under ``wfgraph``, modules and what is in them.

    >>> exists("workflow.engine.MachineState"), exists("workflow.engine.get_logger"), exists("workflow.other")
    (True, False, False)
    """
    parts = name.split(".")
    known = max(count for count in range(len(parts) + 1) if count == 0 or ".".join(parts[:count]) in MODULES)
    if known == 0:
        return False
    if known == len(parts):
        return True
    # What the attribute has itself is not asked for: it may be anything.
    return hasattr(_module(".".join(parts[:known])), parts[known])


def public_names(module: str) -> set[str]:
    """Return what ``from module import *`` could be meant to give."""
    return {name for name in vars(_module(module)) if not name.startswith("_")}


# The table of the documentation ---------------------------------------------------------------------------------------


def _call(one: Replacement) -> str:
    return f"eng.{one.name}" if one.parameters is None else f"eng.{one.name}({', '.join(one.parameters)})"


def _new(one: Replacement) -> str:
    return " or ".join(f"`{form}`" for form in one.forms) or one.told


def _done(one: Replacement) -> str:
    if not one.forms:
        return "told, not changed"
    if one.sign:
        return f"changed where the offset is a number that is {'not negative' if one.sign > 0 else 'not positive'}"
    if one.name == "replaceCallbacks":
        return "changed where the key is written as a text"
    if all(isinstance(ast.parse(form).body[0], ast.Assign) for form in one.forms):
        return "changed where it is a statement of its own"
    return "changed"


def table() -> Iterator[str]:
    """Yield the lines of the tables of names, in Markdown."""
    yield from ("## Modules", "", "| `workflow` 2.1.6 | wfgraph |", "|---|---|")
    yield from (f"| `{old}` | `{new}` |" for old, new in MODULES.items())
    yield from (f"| `{old}` | none: {what} |" for old, what in _NO_COUNTERPART.items())
    yield from ("", "## Names that wfgraph does not have", "", "| `workflow` 2.1.6 | use |", "|---|---|")
    yield from (f"| `{old}` | {what} |" for old, what in _INSTEAD.items())
    yield from ("", "## Deprecated names of the engine", "", "| old | new | `wfgraph migrate` |", "|---|---|---|")
    for one in sorted(NAMES.values(), key=lambda found: found.name.lower()):
        yield f"| `{_call(one)}` | {_new(one)} | {_done(one)} |"
