"""Looking into functions: the code that a call runs, the names in it, what a closure holds."""

from __future__ import annotations

from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

from wfgraph.utils import attribute, without_partials

__all__ = ["closed_over", "code_run_by", "names_in"]


def code_run_by(function: Any) -> CodeType | None:
    """Return the code that a call runs; None where that is no Python."""
    function = without_partials(function)
    code = attribute(function, "__code__")
    if code is None:
        code = getattr(type(function).__call__, "__code__", None)
    return code if isinstance(code, CodeType) else None


def names_in(code: CodeType) -> set[str]:
    """Return the names that are no variables of a function in a code object, and those within it."""
    found: set[str] = set()
    waiting = [code]
    while waiting:
        inner = waiting.pop()
        found.update(inner.co_names)
        waiting += [constant for constant in inner.co_consts if isinstance(constant, CodeType)]
    return found


def closed_over(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield the variables that a function's closure holds, by name; without those that are not assigned yet."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:
            continue
