"""Reading assignments: what is stored where."""

from __future__ import annotations

import ast

from wfgraph.compiler.inference.arguments import Arguments
from wfgraph.compiler.inference.controls import DATA, HARMLESS, STEERING
from wfgraph.compiler.inference.expressions import Expressions
from wfgraph.compiler.inference.findings import NoteKind
from wfgraph.compiler.inference.values import (
    PLAIN,
    SOME_ENGINE,
    Engine,
    EngineAttribute,
    Mapping,
    Sequence,
    Token,
    Unknown,
    Value,
    carries,
    constants,
    is_code,
    members,
    subscript,
)

__all__ = ["Storing", "blur"]


class Storing(Expressions):
    """The part of the reader that reads assignments."""

    def _assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.assign(target, value)

    def _annotated(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.assign(node.target, self.value(node.value))
        elif isinstance(node.target, ast.Attribute | ast.Subscript):  # it is looked at, but not stored
            self.value(node.target)

    def _augmented(self, node: ast.AugAssign) -> None:
        owner = self.value(node.target)
        for one in members(owner):
            self.changed(one)  # a list is changed in place, whoever else has it
        value = self._folded([node.target, node.value], node.op)
        lists = any(isinstance(one, Sequence | Mapping) for one in members(owner))
        if lists and ((is_code(value) and not is_code(owner)) or (carries(value) and not carries(owner))):
            self.give_up("code, or the engine, is put into a list or dict")
        self.assign(node.target, value)

    def assign(self, target: ast.AST, value: Value) -> None:
        """Store a value where an assignment says."""
        match target:
            case ast.Name(id=name):
                self.store(name, value)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                starred = any(isinstance(part, ast.Starred) for part in parts)
                for index, part in enumerate(parts):
                    if starred:
                        inner = part.value if isinstance(part, ast.Starred) else part
                        found = self.items(value)
                        self.assign(inner, blur(found) if isinstance(part, ast.Starred) else found)
                    else:
                        self.assign(part, self.unpacked(value, index, len(parts)))
            case ast.Attribute(value=inner, attr=name):
                self._store_in(self.value(inner), name, None, value)
            case ast.Subscript(value=inner, slice=key):
                owner = self.value(inner)
                self._store_in(owner, "", self.value(key), value)

    def store(self, name: str, value: Value) -> None:
        """Store in a variable: the task's own, one of another function, or a global."""
        if name not in self.frame.scope.declared:
            if name in self.frame.closed and carries(value):
                self.give_up("the engine is stored where a function of the task finds it")
            self.frame.store(name, value)
            return
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
                    self.writes_data(constants(key))
                case EngineAttribute(path=(first, *_)) if first not in HARMLESS:
                    self.give_up("a part of the engine is changed")
                case Token(path=path):
                    self.writes((*path, f".{name}" if key is None else subscript(constants(key))))
                case Unknown(engine=True):
                    self.give_up("a part of the engine is changed")
                case _:
                    self.changed(one)
                    self.summary.elsewhere = True
                    if isinstance(one, Unknown):
                        self.hand_out(Arguments((value,)))
                    elif is_code(value):
                        self.give_up("code is stored in an object")
            if carries(value):
                self.give_up("the engine, or its position, is stored in an object")

    def _store_in_engine(self, name: str, value: Value) -> None:
        if name == "state":
            self._moved()
        elif name in STEERING or name.startswith("_") or is_code(value):
            self.give_up(f"eng.{name} is exchanged")
        self.summary.elsewhere = True

    def _moved(self) -> None:
        self.note(NoteKind.MOVES, "state")
        self.give_up("the position is set by hand")

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.frame.env.pop(target.id, None)
            else:
                self.assign(target, PLAIN)


def blur(value: Value) -> Value:
    """Return what is known of something that comes out of a value."""
    if isinstance(value, Token):
        return value
    return SOME_ENGINE if carries(value) else Unknown(code=True) if is_code(value) else PLAIN
