"""Reading a function that has no source: a coarse look at its bytecode.

What it can say is less than what reading the source can: every control call that stands there may be reached, and the
function may return. Whatever else is done with the engine makes it opaque.
"""

from __future__ import annotations

import builtins
import dis
from collections import ChainMap
from collections.abc import Iterable, Sequence
from types import CodeType, FunctionType, ModuleType
from typing import Any

from wfgraph.compiler.inference.arguments import Arguments
from wfgraph.compiler.inference.controls import CONTROLS, DATA, HARMLESS
from wfgraph.compiler.inference.known import is_inert, is_inert_module
from wfgraph.compiler.inference.values import Engine, Known, carries, is_code
from wfgraph.graph.outcomes import Outcome
from wfgraph.utils import is_a

__all__ = ["read_code"]

_PASSED_OVER = frozenset(("CACHE", "PRECALL", "NOP", "EXTENDED_ARG", "PUSH_NULL", "RESUME"))
_STATE_DATA = "token_pos"
_HOLD_CODE = DATA | {"callbacks", "getCallbacks"}


def read_code(function: FunctionType, args: Arguments) -> tuple[Outcome, ...] | str:
    """Return the outcomes that a function may have besides returning; a text that says why where that can't be told."""
    code = function.__code__
    engines = _engines(code, args)
    if engines is None:
        return f"{function.__name__}() has no source, and takes the engine in a way that can't be followed"
    every = list(dis.get_instructions(code))
    trouble = _others(function, every)
    if trouble:
        return f"{function.__name__}() has no source, and {trouble}"
    found: list[Outcome] = []
    calls_found = "__call__" in code.co_names or any(step.opname == "PUSH_NULL" for step in every)
    steps = [step for step in every if step.opname not in _PASSED_OVER]
    for index, step in enumerate(steps):
        if not _names_engine(step, engines):
            continue
        after = steps[index + 1 : index + 4]  # a function does not end here: it returns
        if not step.opname.startswith("LOAD_FAST") or not after[0].opname.startswith(("LOAD_ATTR", "LOAD_METHOD")):
            return f"{function.__name__}() has no source, and hands the engine on"
        name = after[0].argval
        if name in CONTROLS:
            found.append(CONTROLS[name](_offset(after[1:])))
        elif name == "state" and after[1].argval == _STATE_DATA and "LOAD" in after[1].opname:
            continue
        elif name in _HOLD_CODE and calls_found:
            return f"{function.__name__}() has no source, and may call what it finds in eng.{name}"
        elif name not in DATA and name not in HARMLESS:
            return f"{function.__name__}() has no source, and uses eng.{name}"
    return tuple(dict.fromkeys(found))


def _engines(code: CodeType, args: Arguments) -> frozenset[str] | None:
    """Return the parameters that are the engine; None where it may be anything else, too."""
    if not args.carry:
        return frozenset()
    if args.more is not None or any(carries(value) for _, value in args.keywords):
        return None
    if len(args.positional) > code.co_argcount:
        return None
    found = set()
    for name, value in zip(code.co_varnames, args.positional, strict=False):
        if isinstance(value, Engine):
            found.add(name)
        elif carries(value):
            return None
    return None if found & {*code.co_cellvars, *code.co_freevars} else frozenset(found)


def _names_engine(step: dis.Instruction, engines: frozenset[str]) -> bool:
    value = step.argval
    return (isinstance(value, str) and value in engines and "FAST" in step.opname) or (
        isinstance(value, tuple) and "FAST" in step.opname and not engines.isdisjoint(value)
    )


def _offset(after: Iterable[dis.Instruction]) -> int | None:
    """Return the constant that a method is called with, given the steps that follow its lookup."""
    steps = list(after)
    if len(steps) == 2 and steps[0].opname in ("LOAD_CONST", "LOAD_SMALL_INT") and steps[1].opname == "CALL":
        value = steps[0].argval
        return value if type(value) is int and steps[1].arg == 1 else None
    return None


def _others(function: FunctionType, steps: Sequence[dis.Instruction]) -> str:
    """Say what else of a function could steer: names of the project's own code, generators, code within it."""
    code = function.__code__
    if any(isinstance(constant, CodeType) for constant in code.co_consts):
        return "holds other functions"
    if code.co_flags & 0x20 or code.co_flags & 0x80 or code.co_flags & 0x200:
        return "is no plain function"
    if any(step.opname == "IMPORT_NAME" for step in steps):
        return "imports something"
    variables = ChainMap(function.__globals__, vars(builtins))
    values: list[Any] = [variables[name] for name in code.co_names if name in variables]
    for cell in function.__closure__ or ():
        try:
            values.append(cell.cell_contents)
        except ValueError:
            return "has a variable that is not set"
    for value in (*values, *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        if _may_steer(value):
            return f"uses {getattr(value, '__name__', type(value).__name__)}"
    return ""


def _may_steer(value: Any) -> bool:
    if callable(value):
        return not is_inert(value)
    if is_a(value, ModuleType):
        return not is_inert_module(value.__name__)
    return is_code(Known(value)) or not is_inert(type(value))
