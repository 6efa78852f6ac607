"""Effects that were read before, for functions that depend on nothing but their code and a few constants.

A function's effects follow from its code and from what its names stand for. Where all of these are constants, or
functions and classes of Python's own, equal ones have equal effects: a definition that is compiled and then checked is
read once, and so are the closures that one function has made with the same values.
"""

from __future__ import annotations

import builtins
from dataclasses import dataclass, field
from types import BuiltinFunctionType, CodeType, FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from wfgraph.compiler.inference.findings import Effects
from wfgraph.graph.functions import names_in

__all__ = ["Remembered", "remembered"]

_CONSTANTS = frozenset((int, str, bytes, bool, type(None)))
"""Types of which equal values can't be told apart."""
_MISSING = object()
_MOST = 20_000
"""How many functions of one code object are remembered."""


@dataclass(slots=True, eq=False)
class Remembered:
    """The functions that were made of equal code.

    Attributes:
        names: all names in it that may be globals.
        effects: what was read, by where the functions come from and what their names stand for.
    """

    names: tuple[str, ...]
    effects: dict[Any, Effects] = field(default_factory=dict)

    def keep(self, key: Any, effects: Effects) -> None:
        """Remember the effects of a function."""
        if len(self.effects) >= _MOST:
            self.effects.clear()
        self.effects[key] = effects


_known: WeakKeyDictionary[CodeType, Remembered] = WeakKeyDictionary()


def remembered(task: Any) -> tuple[Remembered, Any] | None:
    """Return where a function's effects are remembered, and by which key; None where they depend on other things."""
    if type(task) is not FunctionType or task.__dict__ or task.__defaults__ or task.__kwdefaults__:
        return None
    code = task.__code__
    found = _known.get(code)
    if found is None:
        found = _known[code] = Remembered(tuple(sorted(names_in(code))))
    # Code objects may be equal and come from different files.
    key: list[Any] = [code.co_filename, task.__module__, task.__name__]
    variables = task.__globals__
    try:
        values = [variables[name] if name in variables else getattr(builtins, name, _MISSING) for name in found.names]
        values += [cell.cell_contents for cell in task.__closure__ or ()]
    except ValueError:  # a variable that is not set yet
        return None
    for value in values:
        kind = type(value)
        if kind not in _CONSTANTS and value is not _MISSING and not _is_pythons(value, kind):
            return None
        key += (kind, value)
    return found, tuple(key)


def _is_pythons(value: Any, kind: type) -> bool:
    return (kind is BuiltinFunctionType or kind is type) and value.__module__ == "builtins"
