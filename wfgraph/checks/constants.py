"""What a callable always returns, read from its code without running it.

Only what is plain to see: ``lambda obj, eng: True``, ``return "a"`` on every path, a name of the enclosing function or
of the module, and a call of such a thing without arguments. Closures and globals are taken as they are now. Whatever
else there is, the answer is None: not known.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from wfgraph.compiler.inference.values import immutable
from wfgraph.graph.ops import Branch, Call, Op, While
from wfgraph.graph.task import op_of
from wfgraph.utils import attribute, without_partials

__all__ = ["Returned", "answer_of", "returned"]

_DEEPEST = 4
_NOTHING = frozenset(("RESUME", "COPY_FREE_VARS", "NOP", "PRECALL", "CACHE", "NOT_TAKEN"))
_AHEAD = "JUMP_FORWARD"
_LEAVING = frozenset((_AHEAD, "RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE"))
_CONSTANTS = frozenset(("LOAD_CONST", "LOAD_SMALL_INT", "RETURN_CONST"))


@dataclass(frozen=True, slots=True)
class Returned:
    """What a callable returns.

    Attributes:
        values: one of these, and nothing else.
        fixed: whether they are constants of its code, which nobody can change; else they are what a name means now.
    """

    values: tuple[Any, ...]
    fixed: bool


def returned(function: Any, deep: int = _DEEPEST) -> Returned | None:
    """Return what a callable returns, if that is plain to see."""
    function = without_partials(function)
    function = attribute(function, "__func__", function)
    if type(function) is not FunctionType or not deep:
        return None
    steps = [step for step in dis.get_instructions(function.__code__) if step.opname not in _NOTHING]
    constants = _constants(steps)
    if constants is not None:
        return Returned(constants, True)
    return _named(function, steps, deep)


def _constants(steps: list[dis.Instruction]) -> tuple[Any, ...] | None:
    """Return the constants that a function returns, if it returns nothing else."""
    found: list[tuple[int, Any]] = []
    for place, step in enumerate(steps):
        if step.opname == "RETURN_CONST":
            found.append((step.offset, step.argval))
        elif step.opname == "RETURN_VALUE":
            for before in _steps_before(steps, place):
                if before is None or before.opname not in _CONSTANTS:
                    return None
                found.append((before.offset, before.argval))
        elif step.opname in ("RETURN_GENERATOR", "YIELD_VALUE"):
            return None
    return tuple(value for _, value in sorted(found, key=lambda one: one[0])) or None


def _steps_before(steps: list[dis.Instruction], place: int) -> Iterator[dis.Instruction | None]:
    """Yield what runs right before a step, on each way to it; None for what is not plain."""
    target = steps[place]
    if place and steps[place - 1].opname not in _LEAVING:
        yield steps[place - 1]
    for index, step in enumerate(steps):
        if "JUMP" in step.opname and step.argval == target.offset:
            plain = step.opname == _AHEAD and not step.is_jump_target and index > 0
            yield steps[index - 1] if plain else None


def _named(function: FunctionType, steps: list[dis.Instruction], deep: int) -> Returned | None:
    """Return what ``lambda: name``, ``lambda: name()`` and ``lambda: []`` return."""
    names = [step.opname for step in steps]
    if names[-1:] != ["RETURN_VALUE"]:
        return None
    if names[:-1] in (["BUILD_LIST"], ["BUILD_MAP"]) and steps[0].arg == 0:
        return Returned(((),), True)
    loads = [step for step in steps[:-1] if step.opname not in ("PUSH_NULL", "CALL")]
    if len(loads) != 1 or loads[0].opname not in ("LOAD_DEREF", "LOAD_GLOBAL"):
        return None
    value = _value(function, loads[0])
    calls = [step.arg for step in steps if step.opname == "CALL"]
    if value is None or calls not in ([], [0]):
        return None
    return returned(value[0], deep - 1) if calls else Returned((value[0],), False)


def _value(function: FunctionType, load: dis.Instruction) -> tuple[Any] | None:
    if load.opname == "LOAD_GLOBAL":
        found = function.__globals__
        return (found[load.argval],) if load.argval in found else None
    names, cells = function.__code__.co_freevars, function.__closure__ or ()
    try:
        return (cells[names.index(load.argval)].cell_contents,)
    except (ValueError, IndexError):
        return None


def answer_of(op: Op) -> bool | None:
    """Return what the condition of a branch or a loop always says; None where that is not known."""
    if not isinstance(op, Branch | While) or op.test is None:
        return None
    found = _comparison(op.test)
    if found is None:
        found = returned(op.test)
        if found is None or not found.fixed:
            return None
    if not all(map(immutable, found.values)):
        return None
    answers = set(map(bool, found.values))
    return answers.pop() if len(answers) == 1 else None


def _comparison(test: Any) -> Returned | None:
    """Return the result of a ``CMP`` of constants, which is worked out here: they are numbers, texts and the like."""
    op = op_of(test)
    if attribute(test, "__name__", "") != "CMP" or not isinstance(op, Call) or op.asks:
        return None
    sides = [cell.cell_contents for cell in test.__closure__ or ()]
    if not all(immutable(side) or type(side) is FunctionType for side in sides):
        return None
    try:
        return Returned((bool(test(None, None)),), True)
    except Exception:  # such as comparing a number with a text: that fails when its turn comes
        return None
