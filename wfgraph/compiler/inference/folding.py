"""Which operations on constants are done while a task is read."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

__all__ = ["FOLDED", "foldable"]

FOLDED: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
_LARGEST = 1 << 31


def foldable(fold: Callable[[Any, Any], Any], left: Any, right: Any) -> bool:
    """Tell whether an operation on two values is done: it gives the same in every process, and takes little."""
    kinds = (type(left), type(right))
    if fold in (operator.is_, operator.is_not):  # whether equal texts are one object is Python's own affair
        return type(None) in kinds or bool in kinds
    if fold is operator.mul and kinds != (int, int):  # a text that is too long to be made
        return False
    return _small(left) and _small(right)


def _small(value: Any) -> bool:
    if type(value) is int:
        return -_LARGEST < value < _LARGEST
    return type(value) in (bool, type(None)) or (type(value) is str and len(value) < 1_000)
