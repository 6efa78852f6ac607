"""The deprecated names of engines, where what has them is certainly an engine."""

from __future__ import annotations

import ast
import inspect
import tokenize
from collections.abc import Iterator
from functools import cache
from typing import Any

from wfgraph._legacy import Replacement
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.migrate.calls import Call, NotPlain
from wfgraph.migrate.forms import chosen_form, rendered
from wfgraph.migrate.names import NAMES
from wfgraph.migrate.receivers import Receivers
from wfgraph.migrate.scopes import Scopes, dotted
from wfgraph.migrate.source import Edits, Look, Source

__all__ = ["migrate_methods", "overridden"]

_HANDLERS = {"JumpTokenForward", "JumpTokenBack"}


def overridden(scopes: Scopes) -> Iterator[tuple[str, int]]:
    """Yield the deprecated names that engines of a file define anew, and where."""
    for found in scopes.engine_classes():
        for node in found.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in NAMES:
                yield node.name, node.lineno


def migrate_methods(source: Source, scopes: Scopes, edits: Edits, kept: dict[str, str]) -> list[Look]:
    """Write the new names for the deprecated ones; tell of those that have to be looked at.

    Args:
        source: the file.
        scopes: its scopes.
        edits: gets what is to be replaced.
        kept: deprecated names that an engine defines anew, and where: calls of these must go on reaching it.
    """
    looks = [
        Look(
            line, f"`def {name}` defines a deprecated name anew; calls of it are left, and wfgraph calls the newer one"
        )
        for name, line in overridden(scopes)
        if name in kept
    ]
    looks += list(_handlers(source))
    methods = _Methods(source, scopes, edits, kept)
    for node in _inner_first(source.tree):
        if isinstance(node, ast.Attribute) and node.attr in NAMES:
            looks += methods.migrate(node, NAMES[node.attr])
    return looks


def _inner_first(tree: ast.AST) -> list[ast.AST]:
    """Return the nodes of a tree, each after all that are in it."""
    return list(ast.walk(tree))[::-1]


def _handlers(source: Source) -> Iterator[Look]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef) and node.name in _HANDLERS:
            yield Look(node.lineno, f"`def {node.name}`: `jump_token` raises JumpToken; is the handler of that meant?")


class _Methods:
    """Replaces the deprecated names of one file."""

    def __init__(self, source: Source, scopes: Scopes, edits: Edits, kept: dict[str, str]) -> None:
        self._source = source
        self._scopes = scopes
        self._edits = edits
        self._kept = kept
        self._receivers = Receivers(source, scopes)

    def migrate(self, node: ast.Attribute, new: Replacement) -> Iterator[Look]:
        """Replace one use of a deprecated name, or tell of it."""
        told = f"`{dotted(node) or f'(...).{node.attr}'}`"
        line = self._scopes.in_text[node].lineno if node in self._scopes.in_text else node.lineno
        if not self._receivers.is_engine(node.value, new.name):
            if self._receivers.may_be_engine(node, new.name):
                yield Look(line, f"{told}: if this is an engine, write {_told(new)}")
        elif new.name in self._kept:
            yield Look(line, f"{told} left: {self._kept[new.name]} defines it anew")
        elif reason := self._replace(node, new):
            yield Look(line, f"{told} left: {reason}")

    def _replace(self, node: ast.Attribute, new: Replacement) -> str | None:
        """Replace one use; return why not."""
        parent = self._scopes.parents[node]
        if node in self._scopes.in_text:
            return f"it is inside an f-string; write {_told(new)}"
        if not new.forms:
            return new.told
        if not isinstance(node.ctx, ast.Load):
            return "it is assigned"
        if new.parameters is None:
            self._rename(node, new.forms[0])
            return None
        if not (isinstance(parent, ast.Call) and parent.func is node):
            if not _keeps_signature(new):
                return f"it is no call; write {_told(new)}"
            self._rename(node, new.forms[0])
            return None
        try:
            return self._replace_call(parent, node, new)
        except NotPlain as error:
            return f"{error}; write {_told(new)}"

    def _replace_call(self, call: ast.Call, node: ast.Attribute, new: Replacement) -> str | None:
        given = Call(self._source, call, node, new)
        if new.sign and given.sign() not in (0, new.sign):
            return f"`{new.forms[0]}` does not refuse an offset of the other sign; write that if it is meant"
        if new.name == "replaceCallbacks" and not _is_text(given.values.get("key")):
            return "workflow 2.1.6 takes the definition first, against its documentation; which one is the key?"
        if new.name == "getVar" and "default" in given.values and self._receivers.assigns_extra_data:
            return "`extra_data` is assigned in this file, and a plain dict has no `setget`"
        if _keeps_signature(new) and given.named <= _parameters_of(new.forms[0]):
            self._rename(node, new.forms[0])
            return None
        form = chosen_form(new, given, self._scopes)
        if form is None:
            return f"its arguments, or its place, are not those of {_told(new)}"
        if form.inserts:
            self._rename(node, form.text)
            for name, start in given.unnamed():
                self._edits.add(start, start, f"{name}=")
            return None
        given.refuse_comments()
        text = rendered(form, given, self._edits, self._scopes)
        self._edits.add(self._source.start(call), self._source.end(call), text)
        return None

    def _rename(self, node: ast.Attribute, form: str) -> None:
        """Replace the name alone: the form is ``eng.new.name`` or a call of that."""
        new = form.partition("(")[0].removeprefix("eng.")
        names = [token for token in self._source.of(node) if token.type == tokenize.NAME]
        self._edits.add(names[-1].start, names[-1].end, new)


def _told(new: Replacement) -> str:
    return " or ".join(f"`{form}`" for form in new.forms) or f"something else: {new.told}"


def _is_text(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _keeps_signature(new: Replacement) -> bool:
    """Tell whether the first form is the same call under another name."""
    called = ast.parse(new.forms[0]).body[0]
    if len(new.forms) != 1 or not isinstance(called, ast.Expr) or not isinstance(called.value, ast.Call):
        return False
    arguments = [ast.unparse(argument) for argument in called.value.args]
    is_method = ast.unparse(called.value.func).startswith("eng.")
    return is_method and not called.value.keywords and tuple(arguments) == new.parameters


@cache
def _parameters_of(form: str) -> frozenset[str]:
    """Return the names of the parameters of the method that a form calls."""
    found: Any = GenericWorkflowEngine()
    for part in form.partition("(")[0].split(".")[1:]:
        found = getattr(found, part)
    return frozenset(inspect.signature(found).parameters)
