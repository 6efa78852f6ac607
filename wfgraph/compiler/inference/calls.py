"""Reading calls: what is called, and what that does."""

from __future__ import annotations

import ast
import threading
from contextlib import suppress
from functools import partial
from importlib import import_module
from types import FunctionType, MethodType
from typing import Any

from wfgraph.compiler.inference.arguments import Arguments, bind
from wfgraph.compiler.inference.bytecode import read_code
from wfgraph.compiler.inference.findings import NoteKind
from wfgraph.compiler.inference.frames import Frame, Ways
from wfgraph.compiler.inference.inert_calls import ANSWERS, InertCalls, consumes
from wfgraph.compiler.inference.known import is_inert, module_named
from wfgraph.compiler.inference.sources import Source, node_of
from wfgraph.compiler.inference.values import (
    PLAIN,
    POSITION,
    SOME_ENGINE,
    Bound,
    ClosureOf,
    Coroutine,
    EngineAttribute,
    Instance,
    Known,
    Mapping,
    Partial,
    Sequence,
    Token,
    Unknown,
    Value,
    blurred,
    carries,
    constants,
    join,
    members,
)
from wfgraph.graph.ops import CalledWith, Op
from wfgraph.graph.outcomes import Control
from wfgraph.graph.task import declaration_of
from wfgraph.utils import is_a

__all__ = ["Calls"]

_DEEPEST = 12
"""How many calls deep helpers are followed."""
_ERRORS = "wfgraph.errors"
_NAMING = ("wfgraph.graph.describing.describe", "wfgraph.utils.escape_control", "wfgraph.utils.task_name")
"""Functions of this package that only name what they are given."""


class Calls(InertCalls):
    """The part of the reader that reads calls."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._reading: list[tuple[Any, ...]] = []

    def read_call(self, node: ast.Call) -> Value:
        """Read a call as it is written."""
        callee = self.value(node.func)
        alone = len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp) and consumes(callee)
        around, self.consumed = self.consumed, node.args[0] if alone else None
        args = self._arguments(node)
        self.consumed = around
        if not self.frame.live:
            return PLAIN
        self.line = node.lineno
        return self.call(callee, args)

    def _arguments(self, node: ast.Call) -> Arguments:
        positional: list[Value] = []
        keywords: list[tuple[str, Value]] = []
        more: list[Value] = []
        for one in node.args:
            if isinstance(one, ast.Starred):
                found = self.value(one.value)
                if isinstance(found, Sequence) and not more:
                    positional += found.items
                else:
                    more.append(self.items(found))
            elif more:
                more.append(self.value(one))
            else:
                positional.append(self.value(one))
        for keyword in node.keywords:
            found = self.value(keyword.value)
            if keyword.arg is not None:
                keywords.append((keyword.arg, found))
            elif isinstance(found, Mapping):
                keywords += found.items
            else:
                more.append(self.item(found, PLAIN))
        return Arguments(tuple(positional), tuple(keywords), join(*more) if more else None)

    def call(self, callee: Value, args: Arguments) -> Value:
        """Read the call of a value."""
        every = list(members(callee))
        if len(every) == 1:
            return self._call(every[0], args)
        return self.frame.branch([lambda one=one: self._call(one, args) for one in every])  # type: ignore[misc]

    def _call(self, callee: Value, args: Arguments) -> Value:
        match callee:
            case Known(value=value):
                return self._call_known(callee, value, args)
            case EngineAttribute(path=(name,)):
                return self._call_engine(name, args)
            case EngineAttribute(path=path):
                return self._call_part(path, args)
            case ClosureOf():
                return self._call_closure(callee, args)
            case Partial(function=function, args=first, keywords=keywords):
                named = {**dict(keywords), **dict(args.keywords)}
                mine = Arguments((*first, *args.positional), tuple(named.items()), args.more)
                return self.call(function, mine)
            case Bound(function=Known(value=name), owner=Sequence() | Mapping() as owner):
                return self._call_display(name, owner, args)
            case Bound(function=Known(value=str() as name), owner=owner):
                return self._call_container(name, owner, args)
            case Bound(function=function, owner=owner):
                return self.call(function, args.after(owner))
            case Instance():
                return self.call(self.attribute(callee, "__call__"), args)
            case Token(path=path):
                return self._call_token(path, args)
            case Unknown(engine=False, code=False) if not args.carry:
                self.summary.elsewhere = True
                return self.hand_out(args)
        self.give_up("something of which nothing is known is called")
        return SOME_ENGINE

    # Functions that exist -------------------------------------------------------------------------------------------------

    def _call_known(self, callee: Known, value: Any, args: Arguments) -> Value:
        declared = declaration_of(value)
        if declared is not None and declared.op is not None and value is not self.looks_inside:
            return self._declared(declared.op, args)
        if is_a(value, partial):
            first = tuple(Known(one) for one in value.args)
            keywords = tuple((name, Known(one)) for name, one in value.keywords.items())
            return self._call(Partial(Known(value.func), first, keywords), args)
        if is_a(value, MethodType):
            return self.call(Known(value.__func__), args.after(Known(value.__self__, 0)))
        if is_a(value, CalledWith):
            return self.call(Known(value.function), Arguments((*args.positional, *[PLAIN] * value.more)))
        if is_a(value, type):
            return self._make(callee, value, args)
        if is_a(value, FunctionType):
            return self._call_inert(value, args) if is_inert(value) else self._call_function(value, args)
        wrapped = getattr(value, "__wrapped__", None)
        if is_a(wrapped, FunctionType) and is_inert(type(value)):  # what functools.cache makes
            return self.frame.branch((lambda: self.call(Known(wrapped), args), lambda: Unknown(code=True)))
        own = type(value).__call__
        if is_a(own, FunctionType):
            return self._call(Bound(Known(own), Known(value, 0)), args)
        if callable(value) and is_inert(value):
            return self._call_inert(value, args)
        self.give_up(f"{getattr(value, '__name__', type(value).__name__)}() is called, and can't be read")
        return SOME_ENGINE

    def _declared(self, op: Op, args: Arguments) -> Value:
        """Read the call of a task whose author says what it does."""
        if op.opaque:
            self.give_up("a task that declares nothing is called")
            return SOME_ENGINE
        self.writes(())
        self.may_change(args)
        for asked in op.asked:
            self.frame.branch((lambda asked=asked: self.call(Known(asked), args), lambda: PLAIN))  # type: ignore[misc]
        outcomes = {way.outcome for way in op.exits()}
        for outcome in outcomes:
            if outcome.control not in (Control.ERROR, Control.RETURN):
                self.leaves(outcome)
        self.frame.live = any(outcome.control is Control.RETURN for outcome in outcomes)
        return Unknown(code=True)

    def _call_function(self, function: FunctionType, args: Arguments) -> Value:
        module = function.__module__ or ""
        if f"{module}.{function.__name__}" in _NAMING:
            return PLAIN
        if function is import_module:
            return self._import_module(args)
        if module.startswith("wfgraph.") and not module.startswith(("wfgraph.patterns", "wfgraph.utils")):
            self.give_up(f"{module}.{function.__name__}() is called")
            return SOME_ENGINE
        source = node_of(function)
        if source is None:
            return self._call_code(function, args)
        plain = [Known(one) for one in function.__defaults__ or ()]
        names = [one.arg for one in source.node.args.kwonlyargs]
        by_name = function.__kwdefaults__ or {}
        kwonly = [Known(by_name[name]) if name in by_name else None for name in names]
        return self._enter(Frame(source, function.__globals__, function), (*plain, *kwonly), args)

    def _import_module(self, args: Arguments) -> Value:
        names = constants(args.positional[0]) if args.exact and len(args.positional) == 1 else None
        if names is None or not all(isinstance(name, str) for name in names):
            self.give_up("a module is imported of which nothing is known")
            return SOME_ENGINE
        return join(*map(module_named, names))

    def _call_code(self, function: FunctionType, args: Arguments) -> Value:
        """Read a function without source by its bytecode."""
        found = read_code(function, args)
        if isinstance(found, str):
            self.give_up(found)
            return SOME_ENGINE
        for outcome in found:
            self.leaves(outcome)
        self.summary.elsewhere = True
        self.hand_out(args)
        return Unknown(code=True)

    def _call_closure(self, made: ClosureOf, args: Arguments) -> Value:
        source: Source = self.source_of(made)
        return self._enter(Frame(source, made.frame.variables, None, made.frame), made.defaults, args)

    def _enter(self, frame: Frame, defaults: tuple[Value | None, ...], args: Arguments) -> Value:
        """Read the body of a function for one call of it."""
        node = frame.node
        key = (node, frame.function, frame.outer, args)
        if isinstance(node, ast.AsyncFunctionDef):
            self.give_up("an async function is called")
            return Coroutine(True, True, node.name, self.line)
        if self._depth >= _DEEPEST:
            self.give_up("calls that are nested too deep")
            return SOME_ENGINE
        bound = bind(node.args, defaults, args)
        if bound is None:  # a TypeError
            self.frame.live = False
            return PLAIN
        if key in self._reading:
            return self._recursive()
        around, line = self.frame, self.line
        self.callers.append(around)
        self.frame = frame
        self._depth += 1
        self._reading.append(key)
        try:
            for name, value in bound.items():
                frame.store(name, value)
            return self._read_body(node, around)
        finally:
            self.callers.pop()
            self._reading.pop()
            self._depth -= 1
            self.frame, self.line = around, line

    def _recursive(self) -> Value:
        """A call that is being read already adds nothing to what that reading finds, except that it may return."""
        return Unknown(True, True)

    def _read_body(self, node: Any, around: Frame) -> Value:
        frame = self.frame
        if isinstance(node, ast.Lambda):
            frame.ways.returns.append(self.value(node.body))
            if not frame.live:
                frame.ways.returns.clear()
        else:
            self.body(node.body)
            if frame.live:
                frame.ways.returns.append(Known(None))
        ways: Ways = frame.ways
        if frame.scope.yields:
            if ways.raises:
                self.give_up("a generator that steers")
            return Unknown(any(map(carries, (*frame.written.values(), *ways.returns))), True)
        for outcome, line in ways.raises.items():
            around.ways.raises.setdefault(outcome, line)
        if not ways.returns:
            around.live = False
            return PLAIN
        return join(*ways.returns)

    # Classes ------------------------------------------------------------------------------------------------------------

    def _make(self, callee: Known, kind: type, args: Arguments) -> Value:
        """Read the making of an object."""
        if kind is partial and args.positional:
            if args.more is not None:
                return Unknown(args.carry, True)
            return Partial(args.positional[0], args.positional[1:], args.keywords)
        if kind in (threading.Thread, threading.Timer):
            return self._thread(kind is threading.Timer, args)
        if kind in (tuple, list) and len(args.positional) == 1:
            if isinstance(args.positional[0], Sequence):
                return args.positional[0]
            if args.positional[0] == POSITION:
                return PLAIN
        if kind is dict and not args.positional and args.more is None:
            return Mapping(args.keywords)
        if issubclass(kind, BaseException) and (is_inert(kind.__init__) or kind.__init__.__module__ == _ERRORS):
            return Instance(callee, args.carry, args.positional)
        if kind is suppress and args.more is None:
            return Instance(callee, args.carry, args.positional)
        if issubclass(kind, threading.Thread) and args.carry:
            self.give_up(f"the engine is given to {kind.__name__}()")
        if is_inert(kind):
            return PLAIN if kind.__name__ in ANSWERS else self._call_inert(kind, args)
        if not is_inert(type(kind)):
            self.give_up(f"{kind.__name__}() is made by a class of the project")
        return self._construct(callee, kind, args)

    def _construct(self, callee: Known, kind: type[Any], args: Arguments) -> Value:
        """Read what a class of the project does when an object is made."""
        result: Value
        result = made = Instance(callee, args.carry)  # an exception says for itself what its arguments are
        new, init = kind.__new__, kind.__init__
        self.making.append(kind)
        if is_a(new, FunctionType) and not is_inert(new):  # it may give anything
            result = Unknown(carries(self.call(Known(new), args.after(Known(kind)))) or args.carry, True)
        if is_a(init, FunctionType) and not is_inert(init):
            self.call(Known(init), args.after(made))
        self.making.pop()
        return result

    def _thread(self, timer: bool, args: Arguments) -> Value:
        """Read what a thread is to run: what it tells the engine does not reach it."""
        target = args.get(1, "function" if timer else "target")
        given = args.get(2 if timer else 3, "args")
        named = args.get(3 if timer else 4, "kwargs")
        frame = self.frame
        ways, frame.ways = frame.ways, Ways()
        if target is not None:
            shapes = ((given, Sequence), (named, Mapping))
            unsure = [one for one, shape in shapes if one is not None and not isinstance(one, shape)]
            inner = Arguments(
                given.items if isinstance(given, Sequence) else (),
                named.items if isinstance(named, Mapping) else (),
                blurred(unsure) if unsure else None,
            )
            frame.branch((lambda: self.call(target, inner),))
            frame.live = True
        for outcome, line in frame.ways.raises.items():
            self.line = line
            self.note(NoteKind.THREAD, str(outcome))
        frame.ways = ways
        return PLAIN
