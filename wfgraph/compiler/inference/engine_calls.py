"""Reading calls of methods of the engine, of its parts and of tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

from wfgraph.compiler.inference.arguments import Arguments
from wfgraph.compiler.inference.controls import (
    CALLS_TASK,
    CONTROLS,
    DATA,
    HARMLESS,
    HARMLESS_STATE,
    MOVES,
    PROCESSES,
    RESTARTS,
)
from wfgraph.compiler.inference.findings import NoteKind
from wfgraph.compiler.inference.known import is_inert
from wfgraph.compiler.inference.statements import Statements
from wfgraph.compiler.inference.values import (
    NOTHING,
    PLAIN,
    POSITION,
    SOME_ENGINE,
    Bound,
    ClosureOf,
    Engine,
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
    is_code,
    join,
    members,
    offsets,
    subscript,
)
from wfgraph.utils import is_a

__all__ = ["EngineCalls"]

_TAKES_OUT = frozenset(("pop", "popitem", "clear", "remove", "sort", "reverse"))
"""What puts nothing into a list or dict, and does nothing to an empty one."""
_READS_DISPLAY = frozenset(("keys", "index", "count"))
_READS_LIST = frozenset(("copy", "index", "count"))
_PLAIN_PARTS = frozenset(("log", "objects", "callbacks", "uuid", "name", "db_obj", "idempotency_key"))
_CALLED_DATA = frozenset(("getVar", "hasVar", "setVar", "delVar"))
_COPIES = frozenset(("values", "items", "copy"))
_GIVES_TOKENS = frozenset(("get_object", "getObjects"))
_VIEWS = frozenset(("keys", "values", "items"))
_GIVES_ONE = frozenset(("get", "pop", "popleft", "setdefault", "__getitem__"))
_GIVES_PARTS = frozenset(("values", "items", "copy", "pop"))
_WRONG_WAY: dict[str, Callable[[int], bool]] = {
    "jumpCallForward": lambda offset: offset < 0,
    "jumpCallBack": lambda offset: offset > 0,
}
"""Which distances a method refuses."""
_READS_DICT = frozenset(
    ("get", "keys", "values", "items", "copy", "__contains__", "__getitem__", "startswith", "endswith")
)


class EngineCalls(Statements):
    """The part of the reader that reads what is asked of the engine."""

    def _call_engine(self, name: str, args: Arguments) -> Value:
        """Read the call of a method of the engine."""
        if name in CONTROLS:
            self._control(name, args)
            return PLAIN
        if name == CALLS_TASK:
            task = args.get(0, "callback") or SOME_ENGINE
            self.call(task, Arguments((args.get(1, "obj") or PLAIN, Engine())))
            return PLAIN
        if name in RESTARTS:
            self.note(NoteKind.RESTARTS, name)
        elif name in MOVES:
            self.note(NoteKind.MOVES, name)
        elif name == "getCurrTaskId":
            return POSITION
        elif name in DATA or name in HARMLESS:
            return self._use_data(name, args)
        elif name not in PROCESSES and self._call_own(name, args):
            return SOME_ENGINE
        self.give_up(f"eng.{name}() is called")
        return SOME_ENGINE

    def _control(self, name: str, args: Arguments) -> None:
        make = CONTROLS[name]
        ints = offsets(args.get(0, "offset"))
        refused = _WRONG_WAY.get(name)
        for one in ints:
            if one is None or refused is None or not refused(one):
                self.leaves(make(one))
        self.frame.live = False

    def _use_data(self, name: str, args: Arguments) -> Value:
        if name in _CALLED_DATA:
            known = constants(args.get(0, "key"))
            self.reads_data(known)
            if name != "hasVar":
                self.writes_data(known)
        if name == "save":
            self.summary.acted = True
        if args.carry:
            self.give_up(f"the engine is given to eng.{name}()")
        if name in _GIVES_TOKENS:
            return Token()
        return Unknown(code=name in DATA or name == "getCallbacks")

    def _call_own(self, name: str, args: Arguments) -> bool:
        """Read the call of a method that the engine's class adds; note where there is none such."""
        self.looks_around = True
        found = getattr(self.engine, name, None)
        if isinstance(found, FunctionType):
            self.call(Known(found), args.after(Engine()))
            return True
        if found is None:
            self.note(NoteKind.NO_METHOD, name)
        return False

    def _call_part(self, path: tuple[str, ...], args: Arguments) -> Value:
        """Read the call of a method of something that belongs to the engine."""
        first, name = path[0], path[-1]
        if first == "state":
            if path[1] in HARMLESS_STATE or (path[:2] == POSITION.path and name in _READS_LIST):
                return PLAIN
            self.note(NoteKind.MOVES, f"state.{name}")
        elif first in DATA:
            known = constants(args.get(0, "key"))
            self.reads_data(known)
            if name not in _READS_DICT:
                self.writes_data(known)
            if not args.carry:
                return Unknown(code=True)
        elif first in _PLAIN_PARTS:
            self.summary.acted |= first == "db_obj"
            if first == "log" or not args.carry:
                return Unknown(code=first == "callbacks")
        self.give_up(f"eng.{'.'.join(path)}() is called")
        return SOME_ENGINE

    def _call_token(self, path: tuple[str, ...], args: Arguments) -> Value:
        name = path[-1][1:] if path else None
        owner = path[:-1]
        part = subscript(constants(args.get(0, "key")))
        if name not in _READS_DICT:
            self.writes(owner)
        if args.carry:
            self.give_up("the engine is given to a method of the token")
        self.hand_out(args)
        self.may_change(args)
        if name == "get":
            self.reads((*owner, part))
            return Token((*owner, part))
        return Token((*owner, ".?")) if name in _GIVES_PARTS else PLAIN

    def _call_display(self, name: str, owner: Sequence | Mapping, args: Arguments) -> Value:
        """Read the call of a method of a list or dict that the task writes down."""
        if name == "get" and isinstance(owner, Mapping):
            return _got(owner, constants(args.get(0)), args.get(1) or NOTHING)
        if name in _READS_DISPLAY:
            return PLAIN
        if name not in _COPIES:
            puts_in = name not in _TAKES_OUT
            if puts_in and any(carries(one) or is_code(one) for one in args):
                self.give_up("code, or the engine, is put into a list or dict")
            if puts_in or owner.items:
                self.changed(owner)
        if name == "sort":
            self.hand_out(args)
        return blurred((owner, *args))

    def _call_container(self, name: str, owner: Value, args: Arguments) -> Value:
        """Read the call of a method of a list or dict that exists, was changed since, or may be anything else."""
        if carries(owner) or args.carry:
            self.give_up("something of which nothing is known is called")
            return SOME_ENGINE
        self.summary.elsewhere = True
        if not isinstance(owner, Known):
            self.hand_out(args)
        elif type(owner.value) is dict and name in _VIEWS:
            return Known(tuple(getattr(owner.value, name)()), 0)
        if name in _GIVES_ONE:
            others = Arguments(args.positional[1:], args.keywords, args.more)
            return join(self.item(owner, PLAIN), *(one for one in others if one != NOTHING))
        return blurred((owner, *args))

    def may_change(self, args: Arguments) -> None:
        """Forget what is in the lists and dicts that are given to code of the project which is not read."""
        for one in args:
            for value in _within(one):
                self.changed(value)

    def hand_out(self, args: Arguments) -> Value:
        """Give arguments to code that does not steer by itself; what it may call is read as if it did."""
        for one in args:
            for value in _within(one):
                if isinstance(value, Token):
                    self.writes(value.path)
                if value == POSITION:
                    self.give_up("the position itself is handed out")
                elif isinstance(value, Unknown) and value.code and args.carry and not value.engine:
                    self.give_up("the engine is handed out with something of which nothing is known")
                elif _may_be_called(value) and not self._is_being_made(value):
                    rest = Arguments(more=_given_to(value, args))
                    self.frame.branch((lambda value=value, rest=rest: self.call(value, rest), lambda: PLAIN))  # type: ignore[misc]
        return blurred(args)

    def _is_being_made(self, value: Value) -> bool:
        """Tell whether a value is a class whose ``__new__`` is read: that gets it, and hands it on."""
        return isinstance(value, Known) and any(value.value is kind for kind in self.making)


def _within(value: Value) -> Iterator[Value]:
    """Yield what a value can be, and what is in it where it is a list or dict that the task wrote down."""
    for one in members(value):
        yield one
        if isinstance(one, Sequence):
            for part in one.items:
                yield from _within(part)
        elif isinstance(one, Mapping):
            for _, part in one.items:
                yield from _within(part)


def _may_be_called(value: Value) -> bool:
    if isinstance(value, Known):
        return callable(value.value) and not is_inert(value.value)
    if isinstance(value, Instance):
        return any("__call__" in vars(kind) for kind in value.kind.value.__mro__)
    if isinstance(value, EngineAttribute):
        first, *rest = value.path
        return bool(rest) if first == "state" else first not in HARMLESS
    if isinstance(value, Unknown):
        return value.engine and value.code
    return isinstance(value, ClosureOf | Partial | Bound)


def _given_to(value: Value, args: Arguments) -> Value:
    """Return what something may be called with by code that has these arguments: classes are not made with classes."""
    return blurred(one for one in args if not (_is_class(value) and _is_class(one)))


def _is_class(value: Value) -> bool:
    return isinstance(value, Known) and is_a(value.value, type)


def _got(owner: Mapping, known: tuple[Any, ...] | None, default: Value) -> Value:
    """Return what ``get`` gives, for a key that can have these values."""
    found = [value for name, value in owner.items if known is None or name in known]
    sure = known is not None and {*known} <= {name for name, _ in owner.items}
    return join(*found) if sure else join(*found, default)
