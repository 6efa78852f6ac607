"""Reading calls of what steers nothing by itself: Python's own functions, and those of packages that know no engine."""

from __future__ import annotations

from inspect import getattr_static
from types import BuiltinFunctionType, FunctionType
from typing import Any, cast

from wfgraph.compiler.inference.arguments import Arguments
from wfgraph.compiler.inference.engine_calls import EngineCalls
from wfgraph.compiler.inference.known import follows, is_inert
from wfgraph.compiler.inference.values import (
    PLAIN,
    SOME_ENGINE,
    Known,
    Sequence,
    Token,
    Unknown,
    Value,
    carries,
    constants,
    join,
)
from wfgraph.graph.functions import closed_over
from wfgraph.utils import is_a

__all__ = ["ANSWERS", "InertCalls", "consumes"]

ANSWERS = frozenset(
    (
        *("len", "isinstance", "issubclass", "hasattr", "str", "repr", "print", "id", "bool", "int", "float", "hash"),
        *("format", "callable", "ord", "chr", "abs", "round", "sum", "bytes", "complex", "range", "ascii"),
    )
)
"""Functions that use what they are given, and hand back nothing of it."""
_PURE = frozenset(("len", "isinstance", "issubclass", "hasattr", "str", "repr", "bool", "int", "float", "abs", "round"))
_NAMESPACES = ("globals", "locals", "vars")
_LAZY = ("map", "filter", "zip", "enumerate", "iter")
_CALLS_FIRST = frozenset(("map", "filter", "reduce", "starmap", "filterfalse", "takewhile", "dropwhile"))
_ASKS_KEY = frozenset(("sorted", "min", "max", "groupby", "nlargest", "nsmallest", "merge"))
_ACTING = frozenset(
    ("subprocess", "shutil", "smtplib", "urllib", "http", "ftplib", "socket", "posix", "nt", "os", "sqlite3")
)


class InertCalls(EngineCalls):
    """The part of the reader that reads calls of what steers nothing by itself."""

    def _call_inert(self, value: Any, args: Arguments) -> Value:
        """Read the call of what steers nothing by itself: Python's own, or of a package that knows no engine."""
        name = getattr(value, "__name__", "")
        if name == "getattr" and len(args.positional) > 1:
            return self._getattr(args)
        if value is cast and len(args.positional) == 2:
            return args.positional[1]
        if name in ("setattr", "delattr") and len(args.positional) > 1:
            return self._setattr(args)
        if is_a(value, BuiltinFunctionType) and name in _NAMESPACES and not isinstance(args.get(0), Token):
            self.summary.elsewhere = True
            around = name == "locals" or (name == "vars" and args == Arguments())
            return SOME_ENGINE if around or args.carry else Unknown(code=True)
        if is_a(value, FunctionType) and _holds_code(value):
            self.give_up(f"{name}() holds code of the project")
        if name == "isinstance" and len(args.positional) == 2:
            return _is_instance(*args.positional)
        if name not in _PURE:
            self.summary.elsewhere = True
            self.summary.acted |= _acts(value)
        if name in ANSWERS:
            return PLAIN
        if args.carry and not follows(value):
            self.give_up(f"the engine is given to {name}()")
        before = dict(self.frame.ways.raises)
        found = self.hand_out(args)
        called = args.get(0) if name in _CALLS_FIRST else dict(args.keywords).get("key") if name in _ASKS_KEY else None
        if isinstance(called, Unknown) and called.code:
            self.give_up(f"{name}() calls something of which nothing is known")
        lazy = name in _LAZY or getattr(value, "__module__", None) == "itertools"
        if lazy and before.keys() != self.frame.ways.raises.keys():
            self.give_up(f"{name}() of code that steers")
        return found

    def _getattr(self, args: Arguments) -> Value:
        names = constants(args.positional[1])
        if names is None or not all(isinstance(name, str) for name in names):
            owner = args.positional[0]
            return Unknown(carries(owner), True)
        found = [self.attribute(args.positional[0], name) for name in names]
        return join(*found, *args.positional[2:])

    def _setattr(self, args: Arguments) -> Value:
        names = constants(args.positional[1])
        value = args.positional[2] if len(args.positional) > 2 else PLAIN
        for name in names if names is not None else (None,):
            if not isinstance(name, str):
                if carries(args.positional[0]):
                    self.give_up("an attribute of the engine is set by a name that is not known")
                self.writes(())
            else:
                self._store_in(args.positional[0], name, None, value)
        return PLAIN


def consumes(callee: Value) -> bool:
    """Tell whether a function uses up the generator that it is given before it returns."""
    if not isinstance(callee, Known):
        return isinstance(callee, Token | Unknown)
    name = getattr(callee.value, "__name__", "")
    return name not in _LAZY and getattr(callee.value, "__module__", None) == "builtins"


def _is_instance(value: Value, kind: Value) -> Value:
    every: list[Any] = []
    for one in kind.items if isinstance(kind, Sequence) else (kind,):
        found = one.value if isinstance(one, Known) else None
        every += found if type(found) is tuple else (found,)
    if isinstance(value, Known) and value.firm and _says_its_class(value.value) and all(map(_asks_the_class, every)):
        return Known(isinstance(value.value, tuple(every)), value.firm)
    return PLAIN


def _says_its_class(value: Any) -> bool:
    return getattr_static(type(value), "__class__") is object.__dict__["__class__"]


def _asks_the_class(kind: Any) -> bool:
    """Tell whether ``isinstance`` runs nothing of the project's for a class."""
    return type(kind) is type or (is_a(kind, type) and is_inert(kind))


def _holds_code(function: FunctionType) -> bool:
    """Tell whether a function of Python's library was made around a function of the project."""
    seen, waiting = {function}, [function]
    while waiting:
        for _, one in closed_over(waiting.pop()):
            if callable(one) and not is_inert(one):
                return True
            if is_a(one, FunctionType) and one not in seen:
                seen.add(one)
                waiting.append(one)
    return False


def _acts(value: Any) -> bool:
    """Tell whether a function probably changes the world outside the process."""
    root = (getattr(value, "__module__", None) or "").partition(".")[0]
    return root in _ACTING or not follows(value)
