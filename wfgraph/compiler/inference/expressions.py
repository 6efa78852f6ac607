"""Reading expressions: what is known of their values, and what they do on the way."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, ClassVar

from wfgraph.compiler.inference.closures import Closures
from wfgraph.compiler.inference.controls import DATA, HANDS_OUT, STEERING
from wfgraph.compiler.inference.folding import FOLDED, foldable
from wfgraph.compiler.inference.known import attribute_of, is_inert, item_of, keeps, method_of
from wfgraph.compiler.inference.values import (
    NOTHING,
    PLAIN,
    POSITION,
    SOME_ENGINE,
    Bound,
    Engine,
    EngineAttribute,
    Instance,
    Known,
    Mapping,
    OneOf,
    Sequence,
    Token,
    Unknown,
    Value,
    blurred,
    carries,
    constants,
    immutable,
    is_code,
    join,
    members,
    subscript,
)
from wfgraph.utils import is_a

__all__ = ["Expressions"]

_MOST_ITEMS = 32


class Expressions(Closures):
    """The part of the reader that reads expressions."""

    def value(self, node: ast.AST) -> Value:
        """Read an expression; return what is known of its value."""
        if not self.frame.live:
            return PLAIN
        self.step()
        reader = self._READERS.get(type(node))
        if reader is not None:
            return reader(self, node)
        # What is left (sets, slices) makes something of its parts.
        return blurred(self._children(node))

    def _children(self, node: ast.AST) -> list[Value]:
        return [self.value(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]

    # Parts -----------------------------------------------------------------------------------------------------------

    def _attribute(self, node: ast.Attribute) -> Value:
        if isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name) and node.value.func.id == "super":
            return self._of_super(node.value.args, node.attr)
        return self.attribute(self.value(node.value), node.attr)

    def attribute(self, owner: Value, name: str) -> Value:
        """Return an attribute of a value."""
        return join(*(self._attribute_of(one, name) for one in members(owner)))

    def _attribute_of(self, owner: Value, name: str) -> Value:
        match owner:
            case Engine():
                return self._of_engine(name)
            case EngineAttribute(path=path):
                return EngineAttribute((*path, name))
            case Token(path=path):
                self.reads((*path, f".{name}"))
                return Token((*path, f".{name}"))
            case Known(value=value):
                if not callable(value) and not is_a(value, ModuleType):
                    self.summary.elsewhere = True
                found = attribute_of(value, name)
                if name in HANDS_OUT and not callable(value) and _of_python(found):
                    if keeps(value):
                        return Bound(Known(name), Unknown(code=True))
                    if is_code(owner):
                        return Bound(Known(name), owner)
                if found == PLAIN and callable(value) and name in ("__call__", "__get__"):
                    return owner if name == "__call__" else Unknown(code=True)
                return Unknown(code=True) if found is None else found
            case Instance(kind=kind, engine=engine):
                found = method_of(kind.value, name, owner)
                return Unknown(engine, True) if found is None else found
            case Unknown(engine=True):
                return SOME_ENGINE
            case Unknown(engine=False, code=True) if name in HANDS_OUT:
                return Bound(Known(name), owner)
            case Unknown(engine=False, code=True) if name not in STEERING and name != "__call__":
                return PLAIN
            case Sequence() | Mapping():
                return Bound(Known(name), owner)
            case Bound(function=Known(value=str()), owner=inner):
                return self._attribute_of(blurred((inner,)), name)
        return blurred((owner,))

    def _of_engine(self, name: str) -> Value:
        if name.startswith("__"):
            return SOME_ENGINE
        if name == "curr_task_id":
            return POSITION
        if name == "current_object":
            return Token()
        return EngineAttribute((name,))

    def _of_super(self, args: list[ast.expr], name: str) -> Value:
        """Return what ``super().name``, or ``super(Kind, self).name``, is of an object that exists."""
        given = [self.value(one) for one in args] or [self.frame.load("__class__"), *self.frame.env.values()]
        after, owner, *_ = (*given, PLAIN, PLAIN)
        if isinstance(owner, Known | Instance) and isinstance(after, Known) and is_a(after.value, type):
            kind = owner.kind.value if isinstance(owner, Instance) else type(owner.value)
            if after.value in kind.__mro__:
                found = method_of(kind, name, owner, after.value)
                if found is not None:
                    return found
        return SOME_ENGINE

    def _subscript(self, node: ast.Subscript) -> Value:
        owner, key = self.value(node.value), self.value(node.slice)
        if isinstance(node.slice, ast.Slice):
            owner = join(*(_parts_of(one) for one in members(owner)))
        return self.item(owner, key)

    def item(self, owner: Value, key: Value) -> Value:
        """Return an item of a value."""
        return join(*(self._item_of(one, key) for one in members(owner)))

    def _item_of(self, owner: Value, key: Value) -> Value:
        known = constants(key)
        match owner:
            case Token(path=path):
                part = (*path, subscript(known))
                self.reads(part)
                return Token(part)
            case EngineAttribute(path=(name, *_)) if name in DATA:
                self.reads_data(known)
                return Unknown(code=True)
            case EngineAttribute(path=("objects", *_)):
                return Token()
            case EngineAttribute(path=("state", *_)) if owner == POSITION or not carries(owner):
                return PLAIN
            case Sequence(items=items):
                if known is not None and len(known) == 1 and type(known[0]) is int:
                    return items[known[0]] if -len(items) <= known[0] < len(items) else PLAIN
                return join(*items) if items else PLAIN
            case Mapping(items=items):
                return _of_mapping(items, known)
            case Known():
                self.summary.elsewhere = True
                return item_of(owner, key)
        return blurred((owner,))

    def items(self, owner: Value) -> Value:
        """Return what an iteration over a value gives."""
        return join(*(self._any_item(one) for one in members(owner)))

    def _any_item(self, owner: Value) -> Value:
        if isinstance(owner, Mapping):
            return PLAIN  # its keys
        if isinstance(owner, Known) and type(owner.value) in (str, bytes, range):
            return PLAIN
        if isinstance(owner, Known) and type(owner.value) in (dict, set, frozenset):
            return self.item(Known(list(owner.value)), PLAIN)
        return self.item(owner, PLAIN)

    def unpacked(self, value: Value, index: int, count: int) -> Value:
        """Return one of the parts of a value that is taken apart."""
        if isinstance(value, Sequence) and len(value.items) == count:
            return value.items[index]
        if isinstance(value, OneOf):
            return join(*(self.unpacked(one, index, count) for one in members(value)))
        in_order = isinstance(value, Token) or (isinstance(value, Known) and type(value.value) is tuple)
        return self.item(value, Known(index)) if in_order else self.items(value)

    # Values that are made -----------------------------------------------------------------------------------------------

    def _named(self, node: ast.NamedExpr) -> Value:
        found = self.value(node.value)
        self.assign(node.target, found)
        return found

    def _display(self, node: ast.Tuple | ast.List) -> Value:
        found: list[Value] = []
        exact = len(node.elts) <= _MOST_ITEMS
        for one in node.elts:
            if isinstance(one, ast.Starred):
                inner = self.value(one.value)
                exact = exact and isinstance(inner, Sequence)
                found += inner.items if isinstance(inner, Sequence) else [self.items(inner)]
            else:
                found.append(self.value(one))
        return Sequence(tuple(found)) if exact else blurred(found)

    def _dict(self, node: ast.Dict) -> Value:
        keys = [NOTHING if key is None else self.value(key) for key in node.keys]
        values = [self.value(one) for one in node.values]
        names = [key.value for key in keys if isinstance(key, Known) and key.firm and type(key.value) is str]
        if len(names) > _MOST_ITEMS or len(names) < len(keys):
            return blurred((*keys, *values))
        return Mapping(tuple(zip(names, values, strict=True)))

    def _text(self, node: ast.JoinedStr | ast.FormattedValue) -> Value:
        self._children(node)
        return PLAIN

    def _conditional(self, node: ast.IfExp) -> Value:
        decided = self.truth(node.test)
        if decided is not None:
            return self.value(node.body if decided else node.orelse)
        if not self.frame.live:
            return PLAIN
        return self.frame.branch((lambda: self.value(node.body), lambda: self.value(node.orelse)))

    def _bool_op(self, node: ast.BoolOp) -> Value:
        goes_on = isinstance(node.op, ast.And)
        first = self.value(node.values[0])
        for operand in node.values[1:]:
            decided = truth_of(first)
            if not self.frame.live or (decided is not None and decided is not goes_on):
                return first
            if decided is None:
                kept = first
                rest = operand
                first = self.frame.branch((lambda kept=kept: kept, lambda rest=rest: self.value(rest)))  # type: ignore[misc]
            else:
                first = self.value(operand)
        return first

    def truth(self, node: ast.expr) -> bool | None:
        """Read a condition; return whether it holds, None where that depends."""
        return truth_of(self.value(node))

    def _unary(self, node: ast.UnaryOp) -> Value:
        found = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            decided = truth_of(found)
            return PLAIN if decided is None else Known(not decided)
        if isinstance(node.op, ast.USub) and isinstance(found, Known) and type(found.value) is int:
            return Known(-found.value, found.firm)
        return PLAIN

    def _compare(self, node: ast.Compare) -> Value:
        if len(node.ops) == 1:
            return self._folded([node.left, node.comparators[0]], node.ops[0])
        for part in (node.left, *node.comparators):
            self.value(part)
        return PLAIN

    def _folded(self, parts: Iterable[ast.expr], operation: ast.AST) -> Value:
        left, right = (self.value(part) for part in parts)
        fold = FOLDED.get(type(operation))
        if fold in (operator.is_, operator.is_not) and isinstance(left, Engine) and right == NOTHING:
            return Known(fold is operator.is_not)
        if fold is None or not isinstance(left, Known) or not isinstance(right, Known):
            # `[a] + [b]`, `a | b`: the parts may live on in the result.
            text = isinstance(left, Known) and type(left.value) is str  # `"%s" % a`
            return blurred((left, right)) if isinstance(operation, ast.operator) and not text else PLAIN
        if not foldable(fold, left.value, right.value):
            return PLAIN
        try:
            return Known(fold(left.value, right.value), min(left.firm, right.firm))
        except TypeError:
            return PLAIN

    _READERS: ClassVar[dict[type, Callable[[Any, Any], Value]]] = {
        ast.Constant: lambda self, node: Known(node.value),
        ast.Name: lambda self, node: self.frame.load(node.id),
        ast.Attribute: _attribute,
        ast.Subscript: _subscript,
        ast.Call: lambda self, node: self.read_call(node),
        ast.Lambda: Closures.closure,
        ast.NamedExpr: _named,
        ast.Tuple: _display,
        ast.List: _display,
        ast.Dict: _dict,
        ast.IfExp: _conditional,
        ast.BoolOp: _bool_op,
        ast.UnaryOp: _unary,
        ast.BinOp: lambda self, node: self._folded([node.left, node.right], node.op),
        ast.Compare: _compare,
        ast.ListComp: Closures._comprehension,
        ast.SetComp: Closures._comprehension,
        ast.DictComp: Closures._comprehension,
        ast.GeneratorExp: Closures._generator,
        ast.JoinedStr: _text,
        ast.FormattedValue: _text,
        ast.Starred: lambda self, node: self.items(self.value(node.value)),
        ast.Yield: Closures._yield,
        ast.YieldFrom: Closures._yield,
    }


def truth_of(value: Value) -> bool | None:
    """Tell whether a value is true; None where that is not known for sure."""
    if isinstance(value, Engine):
        return True
    known = constants(value, 2)
    answers = None if known is None else {bool(one) for one in known}
    return answers.pop() if answers is not None and len(answers) == 1 else None


def _of_python(method: Value | None) -> bool:
    """Tell whether an attribute is a method of one of Python's own classes."""
    if isinstance(method, Bound) and isinstance(method.function, Known):
        return is_inert(method.function.value)
    return method == PLAIN


def _of_mapping(items: tuple[tuple[str, Value], ...], known: tuple[Any, ...] | None) -> Value:
    found = [value for name, value in items if known is None or name in known]
    return join(*found) if found else PLAIN


def _parts_of(value: Value) -> Value:
    """Return what is known of a slice: of a list or tuple, no longer where its items are."""
    if isinstance(value, Known):
        return Unknown(code=not immutable(value.value))
    return blurred((value,)) if isinstance(value, Sequence) else value
