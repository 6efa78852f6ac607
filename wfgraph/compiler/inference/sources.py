"""From a function to the place in its file: the node of the syntax tree that it was compiled from.

A source file may have been changed since it was imported, or may not be what was run at all. So the file is compiled
again, and the node counts only if the function's own code object comes out of it.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any
from weakref import WeakKeyDictionary

__all__ = ["FunctionNode", "Scope", "Source", "node_of", "scope_of"]

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Place = tuple[int, str]
_LAMBDA = "<lambda>"
_FUNCTIONS = frozenset((ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
_BINDING = frozenset(
    (
        *(ast.Name, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler, ast.alias),
        *(ast.MatchAs, ast.MatchStar, ast.MatchMapping),
    )
)
"""What binds names by itself."""
_BLOCKS = {
    kind: tuple(name for name in ("body", "orelse", "handlers", "finalbody", "cases") if name in fields)
    for kind in (*ast.stmt.__subclasses__(), ast.ExceptHandler, ast.match_case)
    if (fields := getattr(kind, "_fields", ()))
}
"""Where statements hold other statements."""
_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}
_NO_PARTS = frozenset(("ctx", "op", "ops", "id", "attr", "kind", "type_comment"))


@dataclass(frozen=True, slots=True)
class Scope:
    """The names of one function.

    Attributes:
        local: those it binds itself.
        bound: how many places bind each of them; a parameter counts as one.
        declared: those it declares ``global`` or ``nonlocal``.
        shared: those that functions within it bind, too.
        yields: whether it is a generator.
    """

    local: frozenset[str]
    bound: dict[str, int]
    declared: frozenset[str]
    shared: frozenset[str]
    yields: bool


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Where a function comes from.

    Attributes:
        node: its part of the syntax tree.
        around: the functions around it, from the nearest on.
        rebound: the globals that functions of its file rebind.
    """

    node: FunctionNode
    around: tuple[FunctionNode, ...]
    rebound: frozenset[str]

    def steady(self, name: str) -> bool:
        """Tell whether a variable of the functions around this one is set once and for all."""
        for node in self.around:
            scope = scope_of(node)
            if name in scope.local:
                ended = not scope.yields and not isinstance(node, ast.AsyncFunctionDef)
                return ended and scope.bound[name] == 1 and name not in scope.shared
        return False


@dataclass(slots=True, eq=False)
class _File:
    """A source file: its functions by first line and name, and the code that it compiles to, likewise.

    Attributes:
        lines: its text, by which a changed file is told.
        tree: what it says; None once the lambdas, which may stand anywhere in it, have been looked for.
        nodes: the functions in its syntax tree.
        codes: the code objects that the text compiles to now.
        around: for each function, the one that it is defined in.
        rebound: the names that some function declares ``global``.
    """

    lines: list[str]
    tree: ast.Module | None = None
    nodes: dict[_Place, list[FunctionNode]] = field(default_factory=dict)
    around: dict[FunctionNode, FunctionNode | None] = field(default_factory=dict)
    rebound: frozenset[str] = frozenset()
    codes: dict[_Place, list[CodeType]] = field(default_factory=dict)

    def at(self, place: _Place) -> list[FunctionNode]:
        """Return the functions at a place."""
        if place[1] == _LAMBDA and self.tree is not None:
            tree, self.tree = self.tree, None
            _add_lambdas(self, tree)
        return self.nodes.get(place, [])

    def add(self, node: FunctionNode, outer: FunctionNode | None) -> None:
        """Add a function to those that are known."""
        self.nodes.setdefault(_key(node), []).append(node)
        self.around[node] = outer


_files: dict[str, _File] = {}
_FILES_KEPT = 512
_found: WeakKeyDictionary[CodeType, tuple[str, Source]] = WeakKeyDictionary()
"""The sources of code objects, with the file they come from: equal code objects may come from different files."""


def node_of(function: FunctionType) -> Source | None:
    """Return the source of a function; None where it is missing, changed, or not told apart from another's."""
    code = function.__code__
    known = _found.get(code)
    if known is not None and known[0] == code.co_filename:
        return known[1]
    found = _search(code, function)
    if found is not None:
        _found[code] = (code.co_filename, found)
    return found


def _search(code: CodeType, function: FunctionType) -> Source | None:
    lines = linecache.getlines(code.co_filename, function.__globals__)
    if not lines:
        return None
    source = _files.get(code.co_filename)
    if source is None or source.lines is not lines:
        source = _read(code.co_filename, lines)
        if len(_files) >= _FILES_KEPT:
            _files.clear()
        _files[code.co_filename] = source
    key = (code.co_firstlineno, code.co_name)
    if code not in source.codes.get(key, ()):
        return None
    nodes = source.at(key)
    node = nodes[0] if len(nodes) == 1 else _innermost(nodes, code)
    if node is None:
        return None
    around = []
    outer = source.around[node]
    while outer is not None:
        around.append(outer)
        outer = source.around[outer]
    return Source(node, tuple(around), source.rebound)


def _read(filename: str, lines: list[str]) -> _File:
    source = _File(lines)
    try:
        tree = ast.parse("".join(lines))
        whole = compile(tree, filename, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return source
    source.tree = tree
    rebound: set[str] = set()
    waiting: list[tuple[list[Any], FunctionNode | None]] = [(tree.body, None)]
    while waiting:
        statements, outer = waiting.pop()
        for node in statements:
            kind = type(node)
            if kind is ast.Global:
                rebound.update(node.names)
            elif kind in _BLOCKS:
                function = kind is ast.FunctionDef or kind is ast.AsyncFunctionDef
                if function:
                    source.add(node, outer)
                waiting += [(getattr(node, name), node if function else outer) for name in _BLOCKS[kind]]
    source.rebound = frozenset(rebound)
    for code in _codes(whole):
        source.codes.setdefault((code.co_firstlineno, code.co_name), []).append(code)
    return source


def _add_lambdas(source: _File, tree: ast.Module) -> None:
    """Add the lambdas of a file: few are tasks, and only a walk through everything finds them."""
    waiting: list[tuple[ast.AST, FunctionNode | None]] = [(tree, None)]
    while waiting:
        node, outer = waiting.pop()
        if isinstance(node, ast.Lambda):
            source.add(node, outer)
        inside: list[ast.AST] = []
        if isinstance(node, FunctionNode):
            inside = [node.body] if isinstance(node, ast.Lambda) else [*node.body]
            waiting += [(child, node) for child in inside]
        waiting += [(child, outer) for child in children(node) if child not in inside]


def _key(node: FunctionNode) -> _Place:
    if isinstance(node, ast.Lambda):
        return node.lineno, _LAMBDA
    first = min((decorator.lineno for decorator in node.decorator_list), default=node.lineno)
    return first, node.name


def _codes(code: CodeType) -> Iterator[CodeType]:
    waiting = [code]
    while waiting:
        found = waiting.pop()
        yield found
        waiting += [constant for constant in found.co_consts if isinstance(constant, CodeType)]


def _innermost(nodes: list[FunctionNode], code: CodeType) -> FunctionNode | None:
    """Return the one of several functions on a line that a code object was compiled from, by where its steps stand."""
    spots = set(code.co_positions())
    fitting = [node for node in nodes if isinstance(node, ast.Lambda) and _span(node.body) in spots]
    return fitting[0] if len(fitting) == 1 else None


def _span(node: ast.expr) -> tuple[int, int | None, int, int | None]:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def children(node: ast.AST) -> list[ast.AST]:
    """Return the parts of a piece of syntax that may have parts themselves, or names; faster than :mod:`ast` does."""
    kind = type(node)
    fields = _FIELDS.get(kind)
    if fields is None:
        fields = _FIELDS[kind] = tuple(name for name in node._fields if name not in _NO_PARTS)
    found: list[ast.AST] = []
    for name in fields:
        value = getattr(node, name, None)
        if type(value) is list:
            found += [one for one in value if isinstance(one, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def scope_of(node: FunctionNode) -> Scope:
    """Return the names of a function."""
    known: Scope | None = getattr(node, "_wfgraph_scope", None)
    if known is None:
        known = _scope(node)
        node._wfgraph_scope = known  # type: ignore[union-attr]  # kept where it can't outlive what it is about
    return known


def _scope(node: FunctionNode) -> Scope:
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    names = [one.arg for one in every] + [one.arg for one in (arguments.vararg, arguments.kwarg) if one]
    bound = dict.fromkeys(names, 1)
    declared: set[str] = set()
    free: set[str] = set()
    inner: set[str] = set()
    yields = False
    waiting: list[Any] = [node.body] if isinstance(node, ast.Lambda) else list(node.body)
    while waiting:
        part = waiting.pop()
        kind = type(part)
        if kind is ast.Constant or (kind is ast.Name and type(part.ctx) is ast.Load):
            continue  # most of what there is
        if kind in _BINDING:
            for name in _binds(part):
                bound[name] = bound.get(name, 0) + 1
        if kind is ast.Global:
            declared.update(part.names)
        elif kind is ast.Nonlocal:
            free.update(part.names)
        elif kind in _FUNCTIONS:
            inner |= _rebinds(part)
            waiting += _outside(part)
        elif kind is ast.comprehension:
            waiting += [part.iter, *part.ifs]  # its target is a variable of its own
        else:
            waiting += children(part)
            yields |= kind is ast.Yield or kind is ast.YieldFrom
    local = frozenset(bound) - declared - free
    return Scope(local, bound, frozenset(declared | free), frozenset(inner & local), yields)


def _binds(part: ast.AST) -> Iterator[str]:
    """Yield the names that a piece of syntax binds by itself."""
    match part:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case ast.alias(name=name, asname=given):
            yield given or name.partition(".")[0]


def _outside(part: FunctionNode) -> list[ast.AST]:
    """Return what of an inner function is evaluated outside it."""
    found: list[ast.AST] = [*part.args.defaults, *(one for one in part.args.kw_defaults if one)]
    return found + ([] if isinstance(part, ast.Lambda) else list(part.decorator_list))


def _rebinds(part: FunctionNode) -> set[str]:
    """Return the names that an inner function, and those in it, declare ``nonlocal``."""
    return {name for inner in ast.walk(part) if isinstance(inner, ast.Nonlocal) for name in inner.names}
