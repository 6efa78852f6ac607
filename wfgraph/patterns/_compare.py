"""CMP: the comparison, a condition for the other patterns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wfgraph.errors import WorkflowDefinitionError
from wfgraph.graph import ops
from wfgraph.graph import outcomes as out
from wfgraph.graph.describing import describe
from wfgraph.graph.nesting import Task
from wfgraph.patterns._tasks import named, pattern
from wfgraph.utils import is_a, shown

__all__ = ["CMP"]

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(("eq", "=="), lambda a, b: a == b),
    **dict.fromkeys(("ne", "!="), lambda a, b: a != b),
    **dict.fromkeys(("gt", ">"), lambda a, b: a > b),
    **dict.fromkeys(("gte", ">="), lambda a, b: a >= b),
    **dict.fromkeys(("lt", "<"), lambda a, b: a < b),
    **dict.fromkeys(("lte", "<="), lambda a, b: a <= b),
    "in": lambda a, b: b in a,
    "not in": lambda a, b: b not in a,
}


@pattern
def CMP(a: Any, b: Any, op: str) -> Task:
    """Compare two values; a condition for the other patterns.

    Args:
        a: the left-hand side, or a callable ``(obj, eng)`` that gives it.
        b: the right-hand side, likewise.
        op: ``eq ne gt gte lt lte == != > >= < <=``, or ``in``, which asks whether *b* is in *a*, and ``not in``.

    Raises:
        WorkflowDefinitionError: there is no such operator.
    """
    if not is_a(op, str) or op not in _COMPARISONS:
        raise WorkflowDefinitionError(
            f"CMP knows no operator {shown(op)}; use one of {', '.join(_COMPARISONS)}", payload=op
        )
    compare = _COMPARISONS[op]
    text = f"CMP({describe(a)}, {describe(b)}, {op!r})"

    @named("CMP", ops.Call((out.RETURN,), describe=text, asks=tuple(side for side in (a, b) if callable(side))))
    def comparison(obj: Any, eng: Any) -> Any:
        return compare(_value(a, obj, eng), _value(b, obj, eng))

    comparison.hide = True  # type: ignore[attr-defined]
    return comparison


def _value(value: Any, obj: Any, eng: Any) -> Any:
    while callable(value):
        value = value(obj, eng)
    return value
