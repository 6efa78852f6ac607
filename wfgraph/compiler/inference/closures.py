"""Reading what holds code of its own: functions inside of tasks, comprehensions, generators."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from wfgraph.compiler.inference.base import Reading, TooMuch
from wfgraph.compiler.inference.frames import Env, Frame, joined
from wfgraph.compiler.inference.sources import Source, scope_of
from wfgraph.compiler.inference.values import (
    PLAIN,
    ClosureOf,
    Value,
    blurred,
    carries,
)

__all__ = ["Closures"]


class Closures(Reading):
    """The part of the reader that reads functions within functions, and what runs again and again in an expression."""

    def closure(self, node: ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef) -> Value:
        """Return the function that a ``def`` or ``lambda`` makes."""
        arguments = node.args
        defaults: list[Value | None] = [self.value(one) for one in arguments.defaults]
        defaults += [None if one is None else self.value(one) for one in arguments.kw_defaults]
        frame = self.frame
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        later = any(name in frame.scope.local and name not in frame.written for name in names)
        engine = later or any(carries(one) for one in defaults if one is not None)
        engine = engine or any(carries(frame.load(name)) or frame.has_carried(name) for name in names)
        if not engine:
            around: Frame | None = frame
            while around is not None:
                around.closed |= names - scope_of(node).local
                around = around.outer
        return ClosureOf(node, frame, tuple(defaults), engine)

    def _comprehension(self, node: Any) -> Value:
        """Read a comprehension: its parts may run any number of times."""
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        found: list[Value] = []
        self.rounds(lambda: self._round(node.generators, 0, parts, found))
        return blurred(found)

    def _round(
        self, generators: list[ast.comprehension], depth: int, parts: list[ast.expr], found: list[Value]
    ) -> None:
        if depth == len(generators):
            found += [self.value(part) for part in parts]
            return
        generator = generators[depth]
        items = self.items(self.value(generator.iter))
        before = dict(self.frame.env)

        def once() -> Value:
            self.assign(generator.target, items)
            for condition in generator.ifs:
                if self.truth(condition) is False:
                    self.frame.live = False
            if self.frame.live:
                self.rounds(lambda: self._round(generators, depth + 1, parts, found))
            return PLAIN

        self.frame.branch((once, lambda: PLAIN))
        for part in ast.walk(generator.target):
            if isinstance(part, ast.Name):  # a variable of the comprehension only
                self.frame.env.pop(part.id, None)
                if part.id in before:
                    self.frame.env[part.id] = before[part.id]

    def rounds(self, once: Callable[[], object]) -> None:
        """Read a piece of code that runs any number of times, until nothing new is known."""
        frame = self.frame
        start = dict(frame.env)
        for number in range(6):
            frame.env, frame.live = dict(start), True
            seen = self._all_written()
            once()
            after = joined((start, frame.env)) if frame.live else start
            if after == start and seen == self._all_written():
                break
            start = after if number < 3 else {name: _widened(start.get(name), one) for name, one in after.items()}
        else:
            raise TooMuch("a loop whose variables keep changing")
        frame.env, frame.live = start, True

    def _all_written(self) -> list[Env]:
        return [dict(one.written) for one in self.frames()]

    def _generator(self, node: ast.GeneratorExp) -> Value:
        """Read a generator expression: as if it ran here, unless it steers and may run elsewhere."""
        before = dict(self.frame.ways.raises)
        found = self._comprehension(node)
        if self.frame.ways.raises.keys() != before.keys() and node is not self.consumed:
            self.give_up("a generator that steers and is kept")
        return found

    def _yield(self, node: ast.Yield | ast.YieldFrom) -> Value:
        if node.value is not None:
            self.frame.ways.returns.append(self.value(node.value))
        return PLAIN

    def source_of(self, made: ClosureOf) -> Source:
        """Return the source of a function that a task makes; what stands around it, its frame tells."""
        return Source(made.node, (), frozenset())


def _widened(before: Value | None, after: Value) -> Value:
    return after if before == after or before is None else blurred((before, after))
