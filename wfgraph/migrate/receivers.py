"""Which expressions are engines: what has a deprecated name has to be one before the name is changed.

An engine is

* the first parameter of a method of a class that is an engine (by its bases, or those of its bases, in all files given);
* what is made by calling such a class, and a parameter annotated with one;
* by convention, a name or attribute ``eng``, ``wfe``, ``workflow_engine``; ``engine`` too, in files that import
  ``workflow`` or ``wfgraph``. A name that the file binds to something that is certainly no engine is none.

``store`` and ``duplicate`` are names that anything may have: they are not even told of elsewhere.
"""

from __future__ import annotations

import ast

from wfgraph.migrate.names import ROOT
from wfgraph.migrate.scopes import Scopes
from wfgraph.migrate.source import Source

__all__ = ["Receivers"]

_SURE = {"eng", "wfe", "workflow_engine"}
_LIKELY = {"engine"}
_NOT_ENGINES = {"create_engine", "create_async_engine", "get_template_engine"}


class Receivers:
    """Knows which expressions of one file are engines."""

    def __init__(self, source: Source, scopes: Scopes) -> None:
        self._scopes = scopes
        nodes = list(ast.walk(source.tree))
        self._uses_library = any(_imports_library(node) for node in nodes)
        self._engines = set(scopes.engine_classes())
        self._defining = {
            member.name: node
            for node in nodes
            if isinstance(node, ast.ClassDef) and node not in self._engines
            for member in node.body
            if isinstance(member, ast.FunctionDef)
        }
        self.assigns_extra_data = any(
            isinstance(node, ast.Attribute) and node.attr == "extra_data" and isinstance(node.ctx, ast.Store)
            for node in nodes
        )

    def is_engine(self, node: ast.expr, name: str) -> bool:
        """Tell whether an expression, of which a deprecated name is used, is certainly an engine."""
        if isinstance(node, ast.Attribute):
            return _is_plain(node) and self._conventional(node.attr, name)
        if not isinstance(node, ast.Name):
            return False
        bound = self._scopes.bindings(node)
        if bound and all(self._binds_engine(one) for one in bound):
            return True
        return self._conventional(node.id, name) and not any(map(self._binds_other, bound))

    def _conventional(self, word: str, name: str) -> bool:
        common = name.islower()
        return word in _SURE or (word in _LIKELY and self._uses_library and not common)

    def _binds_engine(self, node: ast.AST) -> bool:
        if self._scopes.makes_engine(node):
            return True
        if not isinstance(node, ast.arg):
            return False
        if node.annotation is not None and self._scopes.is_engine_class(node.annotation):
            return True
        arguments = self._scopes.parents[node]
        function = self._scopes.parents[arguments]
        if self._scopes.parents.get(function) not in self._engines or not isinstance(function, ast.FunctionDef):
            return False
        assert isinstance(arguments, ast.arguments)  # noqa: S101 - parameters are in nothing else
        static = any(getattr(found, "id", "") in ("staticmethod", "classmethod") for found in function.decorator_list)
        return node is [*arguments.posonlyargs, *arguments.args, node][0] and not static

    def _binds_other(self, node: ast.AST) -> bool:
        """Tell whether a name is bound to what is certainly no engine: a class of this file, a known function."""
        if not isinstance(node, ast.Call) or self._scopes.makes_engine(node):
            return isinstance(node, ast.Constant)
        if getattr(node.func, "attr", getattr(node.func, "id", "")) in _NOT_ENGINES:
            return True
        bound = self._scopes.bindings(node.func) if isinstance(node.func, ast.Name) else []
        return any(isinstance(one, ast.ClassDef) for one in bound)

    def may_be_engine(self, node: ast.expr, name: str) -> bool:
        """Tell whether somebody must look: the name is one that hardly anything else has."""
        if name.islower():
            return False
        owner = self._defining.get(name)
        at: ast.AST | None = node
        while owner is not None and at is not None:
            if at is owner:
                return False  # a class of another kind that uses its own method
            at = self._scopes.parents.get(at)
        return True


def _is_plain(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def _imports_library(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.level == 0 and (node.module or "").partition(".")[0] in (ROOT, "wfgraph")
    return isinstance(node, ast.Import) and any(a.name.partition(".")[0] in (ROOT, "wfgraph") for a in node.names)
