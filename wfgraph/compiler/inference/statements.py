"""Reading statements: which way control goes."""

from __future__ import annotations

import ast
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

from wfgraph.compiler.inference.arguments import Arguments
from wfgraph.compiler.inference.controls import DATA, EXCEPTION_OF, HARMLESS, STEERING, outcome_of_exception
from wfgraph.compiler.inference.expressions import Expressions
from wfgraph.compiler.inference.findings import NoteKind
from wfgraph.compiler.inference.frames import Env, Ways, joined
from wfgraph.compiler.inference.known import module_named
from wfgraph.compiler.inference.values import (
    PLAIN,
    POSITION,
    SOME_ENGINE,
    Caught,
    Engine,
    EngineAttribute,
    Instance,
    Known,
    Sequence,
    Token,
    Unknown,
    Value,
    carries,
    constants,
    is_code,
    join,
    members,
)
from wfgraph.errors import WorkflowTransition
from wfgraph.graph.outcomes import Outcome
from wfgraph.utils import is_a

__all__ = ["Statements"]


class Statements(Expressions):
    """The part of the reader that reads statements."""

    def body(self, statements: list[ast.stmt]) -> None:
        """Read statements in a row, up to where control leaves them."""
        for node in statements:
            if not self.frame.live:
                return
            self.step()
            self.line = node.lineno
            reader = self._STATEMENTS.get(type(node))
            if reader is None:  # a class, `async`, `except*`
                self.give_up(f"{type(node).__name__} in a task")
                for name in (part.id for part in ast.walk(node) if isinstance(part, ast.Name)):
                    if name in self.frame.scope.local:
                        self.frame.store(name, SOME_ENGINE)
                if isinstance(node, ast.ClassDef | ast.AsyncFunctionDef):
                    self.frame.store(node.name, SOME_ENGINE)
            else:
                reader(self, node)

    def _use(self, node: ast.Expr) -> None:
        self.not_awaited(self.value(node.value))

    # Assignments --------------------------------------------------------------------------------------------------------

    def _assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.assign(target, value)

    def _annotated(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.assign(node.target, self.value(node.value))

    def _augmented(self, node: ast.AugAssign) -> None:
        read: Any = ast.copy_location(_loaded(node.target), node)
        self.assign(node.target, self._folded([read, node.value], node.op))

    def assign(self, target: ast.AST, value: Value) -> None:
        """Store a value where an assignment says."""
        match target:
            case ast.Name(id=name):
                if name in self.frame.scope.declared:
                    self._store_outside(value)
                else:
                    self.frame.store(name, value)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                starred = any(isinstance(part, ast.Starred) for part in parts)
                for index, part in enumerate(parts):
                    if starred:
                        inner = part.value if isinstance(part, ast.Starred) else part
                        found = self.items(value)
                        self.assign(inner, _several(found) if isinstance(part, ast.Starred) else found)
                    else:
                        self.assign(part, self.unpacked(value, index, len(parts)))
            case ast.Attribute(value=inner, attr=name):
                self._store_in(self.value(inner), name, None, value)
            case ast.Subscript(value=inner, slice=key):
                owner = self.value(inner)
                self._store_in(owner, "", self.value(key), value)

    def _store_outside(self, value: Value) -> None:
        """Store in a variable of another function, or a global."""
        self.summary.elsewhere = True
        if carries(value):
            self.give_up("the engine is stored outside the task")

    def _store_in(self, owner: Value, name: str, key: Value | None, value: Value) -> None:
        for one in members(owner):
            match one:
                case Engine():
                    self._store_in_engine(name, value)
                case EngineAttribute(path=("state", *_)):
                    self._moved()
                case EngineAttribute(path=(first, *_)) if first in DATA:
                    self.writes_data(constants(key) if key is not None else None)
                case EngineAttribute(path=(first, *_)) if first not in HARMLESS:
                    self.give_up("a part of the engine is changed")
                case Token(path=path):
                    known = None if key is None else constants(key)
                    single = known is not None and len(known) == 1
                    part = f".{name}" if key is None else f"[{known[0]!r}]" if known and single else "[?]"
                    self.writes((*path, part))
                case _:
                    self.summary.elsewhere = True
                    if is_code(value) and not isinstance(one, Unknown):
                        self.give_up("code is stored in an object")
            if carries(value) or value == POSITION:
                self.give_up("the engine, or its position, is stored in an object")

    def _store_in_engine(self, name: str, value: Value) -> None:
        if name == "state":
            self._moved()
        elif name in STEERING or name.startswith("_") or is_code(value):
            self.give_up(f"eng.{name} is exchanged")
        self.summary.elsewhere = True

    def _moved(self) -> None:
        self.summary.touches = True
        self.note(NoteKind.MOVES, "state")
        self.give_up("the position is set by hand")

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.frame.env.pop(target.id, None)
            else:
                self.assign(target, PLAIN)

    def _def(self, node: ast.FunctionDef) -> None:
        made = self.closure(node)
        for decorator in reversed(node.decorator_list):
            made = self.call(self.value(decorator), Arguments((made,)))
        self.frame.store(node.name, made)

    def _import(self, node: ast.Import) -> None:
        self.looks_around = True
        for alias in node.names:
            name = alias.name if alias.asname else alias.name.partition(".")[0]
            self.frame.store(alias.asname or name, module_named(name))

    def _import_from(self, node: ast.ImportFrom) -> None:
        self.looks_around = True
        package = str(self.frame.variables.get("__package__") or "").split(".")
        base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
        module = ".".join(part for part in (base, node.module or "") if part)
        for alias in node.names:
            found = self.attribute(module_named(module), alias.name)
            if isinstance(found, Unknown):
                inner = module_named(f"{module}.{alias.name}")
                found = inner if isinstance(inner, Known) else found
            self.frame.store(alias.asname or alias.name, found)

    # Leaving ------------------------------------------------------------------------------------------------------------

    def _return(self, node: ast.Return) -> None:
        value = Known(None) if node.value is None else self.value(node.value)
        if self.frame.live:
            self.frame.ways.returns.append(value)
        self.frame.live = False

    def _leave_loop(self, ends: list[Env]) -> None:
        ends.append(self.frame.env)
        self.frame.live = False

    def _raise(self, node: ast.Raise) -> None:
        if node.exc is None:
            for caught in self.frame.handled[-1:]:
                self._throw(caught)
            if not self.frame.handled:
                self.give_up("a bare raise outside a handler")
        else:
            value = self.value(node.exc)
            if node.cause is not None:
                self.value(node.cause)
            if self.frame.live:
                for one in members(value):
                    self._throw(one)
        self.frame.live = False

    def _throw(self, value: Value) -> None:
        match value:
            case Caught(outcomes=outcomes):
                for outcome in outcomes:
                    self.leaves(outcome)
                self.frame.ways.fails = True
            case Known(value=type() as kind) if issubclass(kind, BaseException):
                self._throw_kind(kind, ())
            case Known(value=BaseException() as error):
                self._throw_kind(type(error), tuple(Known(one, 0) for one in error.args))
            case Known(value=value) if not is_a(value, type):
                self.frame.ways.fails = True  # a TypeError
            case Instance(kind=Known(value=type() as kind), args=args):
                self._throw_kind(kind, args)
            case _:
                self.give_up("an exception of which nothing is known is raised")

    def _throw_kind(self, kind: type, args: tuple[Value, ...]) -> None:
        if not issubclass(kind, WorkflowTransition):
            self.frame.ways.fails = True
            return
        offsets = constants(args[0]) if args else None
        for offset in offsets if offsets and all(type(one) is int for one in offsets) else (None,):
            outcome = outcome_of_exception(kind, offset)
            if outcome is None:
                self.give_up(f"{kind.__name__}, which the engine does not know, is raised")
            else:
                self.leaves(outcome)

    def _assert(self, node: ast.Assert) -> None:
        self.value(node.test)
        self.frame.ways.fails = True

    # Choosing -----------------------------------------------------------------------------------------------------------

    def _if(self, node: ast.If) -> None:
        decided = self.truth(node.test)
        if not self.frame.live:
            return
        if decided is not None:
            self.body(node.body if decided else node.orelse)
            return
        self.frame.branch((lambda: self._block(node.body), lambda: self._block(node.orelse)))

    def _block(self, statements: list[ast.stmt]) -> Value:
        self.body(statements)
        return PLAIN

    def _match(self, node: ast.Match) -> None:
        subject = self.value(node.subject)
        whole = blur(subject)
        ways: list[Callable[[], Value]] = []
        for case in node.cases:
            ways.append(lambda case=case: self._case(case, whole))  # type: ignore[misc]
        last = node.cases[-1]
        if not (last.guard is None and isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None):
            ways.append(lambda: PLAIN)
        self.frame.branch(ways)

    def _case(self, case: ast.match_case, whole: Value) -> Value:
        for part in ast.walk(case.pattern):
            name = getattr(part, "name", None) or getattr(part, "rest", None)
            if isinstance(name, str):
                self.frame.store(name, whole)
        if case.guard is not None and self.truth(case.guard) is False:
            self.frame.live = False
        return self._block(case.body)

    # Loops --------------------------------------------------------------------------------------------------------------

    def _while(self, node: ast.While) -> None:
        self._loop(node, lambda: self.truth(node.test))

    def _for(self, node: ast.For) -> None:
        items = self.value(node.iter)

        def ahead() -> bool | None:
            self.assign(node.target, self.items(items))
            return None

        self._loop(node, ahead)

    def _loop(self, node: ast.While | ast.For, ahead: Callable[[], bool | None]) -> None:
        frame = self.frame
        if not frame.live:
            return
        around, frame.ways = frame.ways, Ways()
        exits: list[Env] = []
        entered: list[bool] = []

        def once() -> None:
            exits.clear()
            frame.ways.breaks.clear()
            if isinstance(node, ast.For):
                exits.append(dict(frame.env))
            decided = ahead()
            if not frame.live:
                return
            if isinstance(node, ast.While) and decided is not True:
                exits.append(dict(frame.env))
            if decided is False:
                frame.live = False
                return
            entered.append(True)
            self.body(node.body)
            ends = [*frame.ways.continues, *([frame.env] if frame.live else [])]
            frame.ways.continues.clear()
            frame.live = bool(ends)
            if ends:
                frame.env = joined(ends)

        self.rounds(once)
        inner, frame.ways = frame.ways, around
        breaks, inner.breaks, inner.continues = inner.breaks, [], []
        around.take(inner)
        frame.live = bool(exits)
        if exits:
            frame.env = joined(exits)
            self.body(node.orelse)
        if breaks:
            frame.env = joined([*breaks, *([frame.env] if frame.live else [])])
            frame.live = True

    # Errors -------------------------------------------------------------------------------------------------------------

    def _try(self, node: ast.Try) -> None:
        frame = self.frame
        around = frame.ways
        frame.ways = every = Ways()
        start = dict(frame.env)
        log: list[tuple[str, Value]] = []
        frame.logs.append(log)
        self._guarded(node, start, log)
        frame.logs.pop()
        frame.ways = around
        if node.finalbody:
            ended, live = frame.env, frame.live
            frame.env, frame.live = _anywhere(start, [*log, *(ended.items() if live else ())]), True
            self.body(node.finalbody)
            if not frame.live:  # it never ends: nothing gets past it
                self._swallowed(every.raises)
                return
            frame.live = live
        around.take(every)

    def _guarded(self, node: ast.Try, start: Env, log: list[tuple[str, Value]]) -> None:
        """Read a ``try`` without its ``finally``."""
        frame = self.frame
        around = frame.ways
        frame.ways = Ways()
        self.body(node.body)
        inner, frame.ways = frame.ways, around
        ends: list[Env] = []
        if frame.live:
            self.body(node.orelse)
            if frame.live:
                ends.append(frame.env)
        left = dict(inner.raises)
        inner.raises = {}
        failed, inner.fails = inner.fails, False
        around.take(inner)
        broad = False
        for handler in node.handlers:
            frame.env, frame.live = _anywhere(start, log), True
            kinds = self._kinds(handler)
            caught, left = _caught(left, kinds)
            broad |= kinds is None or any(issubclass(Exception, kind) for kind in kinds)
            self._handle(handler, caught, kinds)
            if frame.live:
                ends.append(frame.env)
        for outcome, line in left.items():
            around.raises.setdefault(outcome, line)
        around.fails |= failed and not broad
        frame.live = bool(ends)
        if ends:
            frame.env = joined(ends)

    def _handle(self, handler: ast.ExceptHandler, caught: dict[Outcome, int], kinds: tuple[type, ...] | None) -> None:
        frame = self.frame
        if handler.name:
            frame.store(handler.name, Caught(tuple(caught)))
        frame.handled.append(Caught(tuple(caught)))
        around, frame.ways = frame.ways, Ways()
        self.body(handler.body)
        inner, frame.ways = frame.ways, around
        frame.handled.pop()
        meant = kinds is not None and any(issubclass(kind, WorkflowTransition) for kind in kinds)
        if not meant:
            self._swallowed({outcome: line for outcome, line in caught.items() if outcome not in inner.raises})
        around.take(inner)

    def _swallowed(self, raised: dict[Outcome, int]) -> None:
        here = self.line
        for outcome, line in raised.items():
            self.line = line
            self.note(NoteKind.SWALLOWS, str(outcome))
        self.line = here

    def _kinds(self, handler: ast.ExceptHandler) -> tuple[type, ...] | None:
        """Return the classes that a handler catches; None where they can't be told."""
        if handler.type is None:
            return (BaseException,)
        return self._kinds_of(self.value(handler.type))

    def _kinds_of(self, value: Value) -> tuple[type, ...] | None:
        """Return the classes of exceptions that a value names; None where they can't be told."""
        found: list[type] = []
        for one in members(value):
            inner = one.items if isinstance(one, Sequence) else (one,)
            for kind in inner:
                known = kind.value if isinstance(kind, Known) else None
                several = known if isinstance(known, tuple) else (known,)
                if not all(isinstance(each, type) and issubclass(each, BaseException) for each in several):
                    return None
                found += several
        return tuple(found)

    def _with(self, node: ast.With) -> None:
        frame = self.frame
        start = dict(frame.env)
        log: list[tuple[str, Value]] = []
        frame.logs.append(log)
        may_hide = False
        hidden: list[type] = []
        for item in node.items:
            value = self.value(item.context_expr)
            may_hide |= not _never_hides(value)
            if isinstance(value, Instance) and value.kind.value is suppress:
                hidden += self._kinds_of(Sequence(value.args)) or ()
            if item.optional_vars is not None:
                self.assign(item.optional_vars, blur(value))
        entered = frame.live
        around, frame.ways = frame.ways, Ways()
        self.body(node.body)
        inner, frame.ways = frame.ways, around
        frame.logs.pop()
        _, inner.raises = _caught(inner.raises, tuple(hidden))
        around.take(inner)
        if may_hide and entered and not frame.live:
            frame.env, frame.live = _anywhere(start, log), True

    _STATEMENTS: ClassVar[dict[type, Callable[[Any, Any], None]]] = {
        ast.Expr: _use,
        ast.Assign: _assign,
        ast.AnnAssign: _annotated,
        ast.AugAssign: _augmented,
        ast.Return: _return,
        ast.Raise: _raise,
        ast.If: _if,
        ast.While: _while,
        ast.For: _for,
        ast.Try: _try,
        ast.With: _with,
        ast.Match: _match,
        ast.Assert: _assert,
        ast.FunctionDef: _def,
        ast.Import: _import,
        ast.ImportFrom: _import_from,
        ast.Delete: _delete,
        ast.Break: lambda self, node: self._leave_loop(self.frame.ways.breaks),
        ast.Continue: lambda self, node: self._leave_loop(self.frame.ways.continues),
        ast.Pass: lambda self, node: None,
        ast.Global: lambda self, node: None,
        ast.Nonlocal: lambda self, node: None,
    }


def blur(value: Value) -> Value:
    """Return what is known of something that comes out of a value."""
    if isinstance(value, Token):
        return value
    return SOME_ENGINE if carries(value) else Unknown(code=True) if is_code(value) else PLAIN


def _several(item: Value) -> Value:
    return item if isinstance(item, Unknown | Token) else blur(item)


def _loaded(target: ast.AST) -> ast.AST:
    match target:
        case ast.Name(id=name):
            return ast.Name(name, ast.Load())
        case ast.Attribute(value=value, attr=attr):
            return ast.Attribute(value, attr, ast.Load())
        case ast.Subscript(value=value, slice=key):
            return ast.Subscript(value, key, ast.Load())
    return target


def _anywhere(start: Env, log: list[tuple[str, Value]]) -> Env:
    """Return the variables at some point after a start, given all that was assigned since."""
    result = dict(start)
    for name, value in log:
        result[name] = join(result[name], value) if name in result else value
    return result


def _caught(
    raised: dict[Outcome, int], kinds: tuple[type, ...] | None
) -> tuple[dict[Outcome, int], dict[Outcome, int]]:
    """Divide what is raised into what a handler of these classes may catch, and what it may let pass."""
    caught: dict[Outcome, int] = {}
    left: dict[Outcome, int] = {}
    for outcome, line in raised.items():
        classes = EXCEPTION_OF[outcome.control]
        hits = [kinds is not None and issubclass(one, kinds) for one in classes]
        if kinds is None or any(hits):
            caught[outcome] = line
        if kinds is None or not all(hits):
            left[outcome] = line
    return caught, left


_NEVER_HIDE = ("_thread", "threading", "_io", "io", "tempfile", "multiprocessing")


def _never_hides(value: Value) -> bool:
    """Tell whether a context manager lets every exception pass: a lock or a file does."""
    kind = type(value.value) if isinstance(value, Known) else None
    return kind is not None and kind.__module__ in _NEVER_HIDE
