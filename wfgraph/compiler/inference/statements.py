"""Reading statements: which way control goes."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, ClassVar

from wfgraph.compiler.inference.arguments import Arguments
from wfgraph.compiler.inference.frames import Env, Ways, joined
from wfgraph.compiler.inference.handling import Handling
from wfgraph.compiler.inference.known import module_named
from wfgraph.compiler.inference.storing import blur
from wfgraph.compiler.inference.values import (
    PLAIN,
    SOME_ENGINE,
    Known,
    Token,
    Unknown,
    Value,
)

__all__ = ["Statements"]

_LOOKS_INSIDE = (ast.MatchMapping, ast.MatchSequence, ast.MatchClass)
"""Patterns that ask for parts of what is matched."""


class Statements(Handling):
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

    # Names that are made ------------------------------------------------------------------------------------------------

    def _def(self, node: ast.FunctionDef) -> None:
        made = self.closure(node)
        for decorator in reversed(node.decorator_list):
            made = self.call(self.value(decorator), Arguments((made,)))
        self.store(node.name, made)

    def _import(self, node: ast.Import) -> None:
        self.looks_around = True
        for alias in node.names:
            name = alias.name if alias.asname else alias.name.partition(".")[0]
            self.store(alias.asname or name, module_named(name))

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
            self.store(alias.asname or alias.name, found)

    # Leaving ------------------------------------------------------------------------------------------------------------

    def _return(self, node: ast.Return) -> None:
        value = Known(None) if node.value is None else self.value(node.value)
        if self.frame.live:
            self.frame.ways.returns.append(value)
        self.frame.live = False

    def _leave_loop(self, ends: list[Env]) -> None:
        ends.append(self.frame.env)
        self.frame.live = False

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
        if not self.frame.live:
            return
        whole = blur(subject)
        ways: list[Callable[[], Value]] = [lambda case=case: self._case(case, whole) for case in node.cases]  # type: ignore[misc]
        last = node.cases[-1]
        if not (last.guard is None and isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None):
            ways.append(lambda: PLAIN)
        self.frame.branch(ways)

    def _case(self, case: ast.match_case, whole: Value) -> Value:
        looks_inside = any(isinstance(part, _LOOKS_INSIDE) for part in ast.walk(case.pattern))
        inside = self.item(whole, PLAIN) if looks_inside and isinstance(whole, Token) else whole
        for part in ast.walk(case.pattern):
            name = getattr(part, "name", None) or getattr(part, "rest", None)
            if isinstance(name, str):
                self.store(name, whole if part is case.pattern else inside)
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
                return
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

    _STATEMENTS: ClassVar[dict[type, Callable[[Any, Any], None]]] = {
        ast.Expr: _use,
        ast.Assign: Handling._assign,
        ast.AnnAssign: Handling._annotated,
        ast.AugAssign: Handling._augmented,
        ast.Return: _return,
        ast.Raise: Handling._raise,
        ast.If: _if,
        ast.While: _while,
        ast.For: _for,
        ast.Try: Handling._try,
        ast.With: Handling._with,
        ast.Match: _match,
        ast.Assert: Handling._assert,
        ast.FunctionDef: _def,
        ast.Import: _import,
        ast.ImportFrom: _import_from,
        ast.Delete: Handling._delete,
        ast.Break: lambda self, node: self._leave_loop(self.frame.ways.breaks),
        ast.Continue: lambda self, node: self._leave_loop(self.frame.ways.continues),
        ast.Pass: lambda self, node: None,
        ast.Global: lambda self, node: None,
        ast.Nonlocal: lambda self, node: None,
    }
