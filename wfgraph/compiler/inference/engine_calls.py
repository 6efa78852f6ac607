"""Reading calls of methods of the engine, of its parts and of tokens."""

from __future__ import annotations

from types import FunctionType

from wfgraph.compiler.inference.arguments import Arguments
from wfgraph.compiler.inference.controls import (
    CALLS_TASK,
    CONTROLS,
    DATA,
    GETS_POSITION,
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

_CHANGES_LIST = frozenset(("append", "extend", "insert", "update", "setdefault", "__setitem__", "add"))
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
            task = args.get(0, "callback")
            self.call(SOME_ENGINE if task is None else task, Arguments((args.get(1, "obj") or PLAIN, Engine())))
            return PLAIN
        if name in RESTARTS:
            self.note(NoteKind.RESTARTS, name)
        elif name in MOVES:
            self.note(NoteKind.MOVES, name)
        elif name in GETS_POSITION:
            return PLAIN
        elif name in DATA or name in HARMLESS:
            return self._use_data(name, args)
        elif name not in PROCESSES and self._call_own(name, args):
            return SOME_ENGINE
        self.give_up(f"eng.{name}() is called")
        return SOME_ENGINE

    def _control(self, name: str, args: Arguments) -> None:
        make = CONTROLS[name]
        ints = offsets(args.get(0, "offset"))
        if name in ("jumpCallForward", "jumpCallBack") and None not in ints:
            right = [one for one in ints if one is not None and (one >= 0 if name == "jumpCallForward" else one <= 0)]
            ints = tuple(right)
        for one in ints:
            self.leaves(make(one))
        self.frame.live = False

    def _use_data(self, name: str, args: Arguments) -> Value:
        if name in ("getVar", "hasVar", "setVar", "delVar"):
            known = constants(args.get(0, "key"))
            self.reads_data(known)
            if name != "hasVar":
                self.writes_data(known)
        if name == "save":
            self.summary.acted = True
        if any(map(carries, args)):
            self.give_up(f"the engine is given to eng.{name}()")
        if name in ("get_object", "getObjects"):
            return Token()
        return Unknown(code=name in DATA)

    def _call_own(self, name: str, args: Arguments) -> bool:
        """Read the call of a method that the engine's class adds; note where there is none such."""
        self.looks_around = True
        found = None if self.engine is None else getattr(self.engine, name, None)
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
            if name in HARMLESS_STATE or (path[1] == "callback_pos" and name in ("copy", "index", "count")):
                return PLAIN
            self.note(NoteKind.MOVES, f"state.{name}")
        elif first in DATA:
            known = constants(args.get(0, "key"))
            self.reads_data(known)
            if name not in _READS_DICT:
                self.writes_data(known)
            if not any(map(carries, args)):
                return Unknown(code=True)
        elif first in ("log", "objects", "callbacks", "uuid", "name", "db_obj", "idempotency_key"):
            self.summary.acted |= first == "db_obj"
            if first == "log" or not args.carry:
                return PLAIN
        self.give_up(f"eng.{'.'.join(path)}() is called")
        return SOME_ENGINE

    def _call_token(self, path: tuple[str, ...], args: Arguments) -> Value:
        name = path[-1][1:] if path else ""
        owner = path[:-1]
        part = subscript(constants(args.get(0, "key")))
        if name not in _READS_DICT:
            self.writes(owner)
        if args.carry:
            self.give_up("the engine is given to a method of the token")
        self._hand_out(args)
        if name == "get":
            self.reads((*owner, part))
            return Token((*owner, part))
        return Token((*owner, ".?")) if name in ("values", "items", "copy", "pop") else PLAIN

    def _call_display(self, function: Value, owner: Value, args: Arguments) -> Value:
        """Read the call of a method of a list or dict that the task writes down."""
        name = function.value if isinstance(function, Known) else ""
        if name == "get" and isinstance(owner, Mapping):
            default = args.get(1, "default")
            return join(self.item(owner, args.get(0, "key") or PLAIN), Known(None) if default is None else default)
        if any(carries(one) or is_code(one) for one in args) and name in _CHANGES_LIST:
            self.give_up("code, or the engine, is put into a list or dict")
        if name in ("values", "items", "copy", "pop", "popitem"):
            return Unknown(carries(owner), is_code(owner))
        return PLAIN

    def _hand_out(self, args: Arguments) -> Value:
        """Give arguments to code that does not steer by itself; what it may call is read as if it did."""
        for one in args:
            for value in members(one):
                if isinstance(value, Token):
                    self.writes(value.path)
                if value == POSITION:
                    self.give_up("the position itself is handed out")
                if isinstance(value, Unknown) and value.code and args.carry:
                    self.give_up("the engine is handed out with something of which nothing is known")
                if _may_be_called(value):
                    rest = Arguments(more=blurred(list(args)))
                    self.frame.branch((lambda value=value, rest=rest: self.call(value, rest), lambda: PLAIN))  # type: ignore[misc]
        return Unknown(args.carry, any(is_code(one) for one in args))


def _may_be_called(value: Value) -> bool:
    if isinstance(value, Known):
        return callable(value.value) and not is_a(value.value, type) and not is_inert(value.value)
    if isinstance(value, Instance):
        return any("__call__" in vars(kind) for kind in value.kind.value.__mro__)
    return isinstance(value, EngineAttribute | ClosureOf | Partial | Bound) and not (
        isinstance(value, EngineAttribute) and value.path[0] in HARMLESS | {"state"}
    )
