"""Reading what is raised, and who catches it."""

from __future__ import annotations

import ast
from contextlib import suppress

from wfgraph.compiler.inference.arguments import Arguments
from wfgraph.compiler.inference.controls import EXCEPTION_OF, outcome_of_exception
from wfgraph.compiler.inference.findings import NoteKind
from wfgraph.compiler.inference.frames import Env, Ways, joined
from wfgraph.compiler.inference.known import is_inert
from wfgraph.compiler.inference.storing import Storing, blur
from wfgraph.compiler.inference.values import (
    PLAIN,
    Caught,
    Instance,
    Known,
    Sequence,
    Value,
    join,
    members,
    offsets,
)
from wfgraph.errors import WorkflowTransition
from wfgraph.graph.outcomes import Outcome

__all__ = ["Handling"]


class Handling(Storing):
    """The part of the reader that reads ``raise``, ``try`` and ``with``."""

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
            case Known(value=type() as kind) if issubclass(kind, BaseException):
                self._throw_kind(kind)
            case Known(value=BaseException() as error):
                self._throw_kind(type(error))
            case Known():
                pass  # a TypeError
            case Instance(kind=Known(value=type() as kind), args=args):
                self._throw_kind(kind, args)
            case _:
                self.give_up("an exception of which nothing is known is raised")

    def _throw_kind(self, kind: type, args: tuple[Value, ...] = ()) -> None:
        if not issubclass(kind, WorkflowTransition):
            return
        for offset in offsets(args[0] if args else None):
            outcome = outcome_of_exception(kind, offset)
            if outcome is None:
                self.give_up(f"{kind.__name__}, which the engine does not know, is raised")
            else:
                self.leaves(outcome)

    def _assert(self, node: ast.Assert) -> None:
        decided = self.truth(node.test)
        if node.msg is not None and decided is not True and self.frame.live:
            message = node.msg
            self.frame.branch((lambda: self.value(message), lambda: PLAIN))

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
            live = frame.live
            frame.env, frame.live = _anywhere(start, log), True
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
        around.take(inner)
        for handler in node.handlers:
            frame.env, frame.live = _anywhere(start, log), True
            kinds = self._kinds(handler)
            caught, left = _caught(left, kinds)
            self._handle(handler, caught, kinds)
            if frame.live:
                ends.append(frame.env)
        for outcome, line in left.items():
            around.raises.setdefault(outcome, line)
        frame.live = bool(ends)
        if ends:
            frame.env = joined(ends)

    def _handle(self, handler: ast.ExceptHandler, caught: dict[Outcome, int], kinds: tuple[type, ...] | None) -> None:
        frame = self.frame
        if handler.name:
            self.store(handler.name, Caught(tuple(caught)))
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
        for outcome, line in raised.items():
            self.note(NoteKind.SWALLOWS, str(outcome), line)

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
        hidden: list[type] = []
        managers: list[Value] = []
        for item in node.items:
            value = self.value(item.context_expr)
            if isinstance(value, Instance) and value.kind.value is suppress:
                hidden += self._kinds_of(Sequence(value.args)) or ()
            got = self._ask_manager(value, "__enter__", Arguments())
            if item.optional_vars is not None:
                self.assign(item.optional_vars, got)
            if frame.live:
                managers.append(value)
        around, frame.ways = frame.ways, Ways()
        self.body(node.body)
        inner, frame.ways = frame.ways, around
        frame.logs.pop()
        _, inner.raises = _caught(inner.raises, tuple(hidden))
        around.take(inner)
        ended = frame.live
        self._leave(managers)
        if frame.live and not ended:
            frame.env = _anywhere(start, log)

    def _ask_manager(self, value: Value, name: str, args: Arguments) -> Value:
        """Read the method of a context manager that the project's code may have written."""
        if not self.frame.live:
            return PLAIN
        return self.frame.branch(
            [
                lambda one=one: self.call(self.attribute(one, name), args) if _of_project(one) else blur(one)  # type: ignore[misc]
                for one in members(value)
            ]
        )

    def _leave(self, managers: list[Value]) -> None:
        """Read how context managers are left, whether their block has come to its end or not."""
        frame = self.frame
        for manager in reversed(managers):
            goes_on = frame.live or not _never_hides(manager)
            frame.live = True
            self._ask_manager(manager, "__exit__", Arguments((PLAIN, PLAIN, PLAIN)))
            frame.live &= goes_on


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


def _of_project(value: Value) -> bool:
    """Tell whether a context manager may be one whose methods the project has written."""
    if isinstance(value, Instance):
        return value.kind.value is not suppress
    return isinstance(value, Known) and not is_inert(type(value.value))


def _never_hides(value: Value) -> bool:
    """Tell whether a context manager lets every exception pass: a lock or a file does."""
    kind = type(value.value) if isinstance(value, Known) else None
    return kind is not None and kind.__module__ in _NEVER_HIDE
