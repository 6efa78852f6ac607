"""What each name of a source is bound to, and which expressions are certainly engines."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Scope", "Scopes", "dotted"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_MAKERS = {"with_name", "from_uuid"}
_SUFFIX = "WorkflowEngine"


@dataclass(slots=True, eq=False)
class Scope:
    """A module, class, function or comprehension, and the nodes that bind its names."""

    node: ast.AST
    parent: Scope | None = None
    bindings: dict[str, list[ast.AST]] = field(default_factory=dict)
    elsewhere: dict[str, Scope] = field(default_factory=dict)


def dotted(node: ast.AST) -> str | None:
    """Return the text of a name with attributes, such as ``a.b.c``; None for any other expression."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    return ".".join([node.id, *parts]) if isinstance(node, ast.Name) else None


class Scopes:
    """The scopes of a syntax tree, and the parent of each node.

    Args:
        tree: the module.
        engines: names of classes that are known to be engines, from other files.

    Attributes:
        all: every scope, the module's first.
        parents: the node that each node is in.
        in_text: the f-string that each node inside of one is in; places in these are not exact before Python 3.12.
    """

    def __init__(self, tree: ast.Module, engines: frozenset[str] = frozenset()) -> None:
        self.module = Scope(tree)
        self.all = [self.module]
        self.parents: dict[ast.AST, ast.AST] = {}
        self.in_text: dict[ast.AST, ast.JoinedStr] = {}
        self._of: dict[ast.AST, Scope] = {}
        self._engines = engines
        for node in ast.walk(tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
            if isinstance(node, ast.JoinedStr):
                self.in_text.update((inner, node) for inner in ast.walk(node) if inner is not node)
        self._build(tree)

    # Building ---------------------------------------------------------------------------------------------------------

    def _build(self, tree: ast.Module) -> None:
        """Go through all nodes in the order of the source, each with the scope that it is in; nothing recurses."""
        waiting: list[tuple[ast.AST, Scope]] = [(tree, self.module)]
        while waiting:
            node, scope = waiting.pop()
            self._of[node] = scope
            if isinstance(node, (*_FUNCTIONS, ast.ClassDef, *_COMPREHENSIONS)):
                coming = list(self._entered(node, scope))
            else:
                self._bind_by(node, scope)
                coming = [(child, scope) for child in ast.iter_child_nodes(node)]
            waiting += reversed(coming)

    def _entered(self, node: ast.AST, outside: Scope) -> Iterator[tuple[ast.AST, Scope]]:
        """Make the scope of a node; yield what is in the node, each with the scope that it is evaluated in."""
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self._bind(node.name, node, outside)
        inside = Scope(node, outside)
        self.all.append(inside)
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.arguments):
                yield child, inside if self._belongs_inside(node, child) else outside
                continue
            self._of[child] = outside
            for each in ast.iter_child_nodes(child):
                yield each, outside
                if isinstance(each, ast.arg):
                    inside.bindings.setdefault(each.arg, []).append(each)

    @staticmethod
    def _belongs_inside(node: ast.AST, child: ast.AST) -> bool:
        body = getattr(node, "body", None)
        return isinstance(node, _COMPREHENSIONS) or (child in body if isinstance(body, list) else child is body)

    def _bind_by(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            self._bind(node.id, self._value_of(node), self._scope_of_target(node, scope))
        elif isinstance(node, ast.alias):
            self._bind(node.asname or node.name.partition(".")[0], node, scope)
        elif isinstance(node, ast.Global):
            scope.elsewhere.update((name, self.module) for name in node.names)
        elif isinstance(node, ast.Nonlocal):
            scope.elsewhere.update((name, self._enclosing(scope)) for name in node.names)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            self._bind(node.name, node, scope)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            self._bind(node.rest, node, scope)

    def _enclosing(self, inside: Scope) -> Scope:
        """Return the function around; good enough for ``nonlocal``, of which engines are rarely."""
        scope = inside.parent
        while scope is not None and scope.parent is not None and not isinstance(scope.node, _FUNCTIONS):
            scope = scope.parent
        return scope or self.module

    def _value_of(self, target: ast.Name) -> ast.AST:
        """Return the value that a plain assignment gives a name; else the name itself."""
        parent = self.parents.get(target)
        if isinstance(parent, ast.Assign) and target in parent.targets:
            return parent.value
        if isinstance(parent, ast.AnnAssign | ast.NamedExpr) and parent.target is target and parent.value is not None:
            return parent.value
        return target

    def _scope_of_target(self, node: ast.Name, scope: Scope) -> Scope:
        """Return the scope in which a target is bound: ``:=`` in a comprehension binds around it."""
        if isinstance(self.parents[node], ast.NamedExpr):
            while isinstance(scope.node, _COMPREHENSIONS) and scope.parent is not None:
                scope = scope.parent
        return scope

    @staticmethod
    def _bind(name: str, node: ast.AST, scope: Scope) -> None:
        scope.elsewhere.get(name, scope).bindings.setdefault(name, []).append(node)

    # Asking -----------------------------------------------------------------------------------------------------------

    def scope_of(self, node: ast.AST) -> Scope:
        """Return the scope that a node is evaluated in."""
        return self._of[node]

    def resolve(self, name: str, scope: Scope) -> Scope | None:
        """Return the scope in which a name that is used in a scope is bound; None when it is in none."""
        at: Scope | None = scope.elsewhere.get(name, scope)
        while at is not None:
            if name in at.bindings and (at is scope or not isinstance(at.node, ast.ClassDef)):
                return at
            at = at.parent
        return None

    def bindings(self, node: ast.Name) -> list[ast.AST]:
        """Return the nodes that bind a name where it is used; ``None``, which stands for what is missing, is left out."""
        scope = self.resolve(node.id, self._of[node])
        found = [] if scope is None else scope.bindings[node.id]
        return [one for one in found if not (isinstance(one, ast.Constant) and one.value is None)]

    def engine_classes(self) -> Iterator[ast.ClassDef]:
        """Yield the classes of this file that are engines."""
        for node in self._of:
            if isinstance(node, ast.ClassDef) and any(self.is_engine_class(base) for base in node.bases):
                yield node

    def is_engine_class(self, node: ast.AST, depth: int = 0) -> bool:
        """Tell whether an expression is a class of engines: by where it comes from, or because it is called so."""
        if isinstance(node, ast.Attribute):
            return node.attr.endswith(_SUFFIX) or node.attr in self._engines
        if not isinstance(node, ast.Name) or depth > 20:
            return False
        found = self.bindings(node)
        for one in found:
            if isinstance(one, ast.alias):
                named = one.name.rpartition(".")[2]
                good = named.endswith(_SUFFIX) or named in self._engines
            elif isinstance(one, ast.ClassDef):
                good = any(self.is_engine_class(base, depth + 1) for base in one.bases)
            else:
                good = self.is_engine_class(one, depth + 1)
            if not good:
                return False
        return bool(found) or node.id.endswith(_SUFFIX)

    def makes_engine(self, node: ast.AST) -> bool:
        """Tell whether an expression makes an engine."""
        if not isinstance(node, ast.Call):
            return False
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in _MAKERS:
            function = function.value
        return self.is_engine_class(function)
