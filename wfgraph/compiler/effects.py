"""What a task does to the flow: its declared op, or nothing known.

This is the one place that answers the question. A task that declares nothing is *opaque*: the graph says so instead of
guessing. Inferring the effects of such tasks from their code belongs here.
"""

from __future__ import annotations

from functools import partial
from types import CodeType, FunctionType
from typing import Any

from wfgraph.graph.ops import Op
from wfgraph.graph.task import op_of

__all__ = ["effect_of", "is_opaque", "mentions_position"]

_POSITION = frozenset(("callback_pos", "getCurrTaskId", "setPosition", "curr_task_id"))
_FOLLOWED = 3
"""How many calls deep helpers of a task are looked into."""


def effect_of(task: Any) -> Op:
    """Return the op of a task: declared by its author, or ``OPAQUE``."""
    return op_of(task)


def is_opaque(op: Op) -> bool:
    """Tell whether code of which nothing is known has a say in what a task does: its own, or that of what it asks."""
    return op.opaque or any(is_opaque(effect_of(asked)) for asked in op.asked)


def mentions_position(task: Any) -> bool:
    """Tell whether a task's code, or that of a helper which it names, speaks of the position.

    A hint that makes following such a task cheap and exact; a task that reaches the position in another way is noticed
    when it does.
    """
    return _mentions(task, _FOLLOWED, set())


def _mentions(function: Any, deep: int, seen: set[int]) -> bool:
    while isinstance(function, partial):
        function = function.func
    function = getattr(function, "__func__", function)
    if not isinstance(function, FunctionType):
        function = getattr(type(function), "__call__", None)  # noqa: B004 - the function, not whether there is one
    if not isinstance(function, FunctionType) or id(function) in seen:
        return False
    seen.add(id(function))
    names = _names(function.__code__)
    if names & _POSITION:
        return True
    if not deep:
        return False
    helpers = [function.__globals__[name] for name in names if name in function.__globals__]
    helpers += [cell.cell_contents for cell in function.__closure__ or () if _filled(cell)]
    return any(callable(helper) and _mentions(helper, deep - 1, seen) for helper in helpers)


def _names(code: CodeType) -> set[str]:
    """Return the names that a code object, and the functions within it, use."""
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _names(constant)
    return found


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - asking is the test
    except ValueError:
        return False
    return True
