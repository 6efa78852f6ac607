"""What is known at one point of a function that is being read: its variables, and the ways in which control leaves it."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from wfgraph.compiler.inference.sources import FunctionNode, Scope, Source, scope_of
from wfgraph.compiler.inference.values import PLAIN, Caught, Known, Unknown, Value, carries, join
from wfgraph.graph.outcomes import Outcome

__all__ = ["Env", "Frame", "Ways", "joined"]

Env = dict[str, Value]
_MISSING = object()


@dataclass(slots=True, eq=False)
class Ways:
    """How control leaves a piece of code other than at its end.

    Attributes:
        raises: what the engine would be told, each with the line that says so.
        returns: the values that are returned.
        breaks: the variables at each ``break``.
        continues: the variables at each ``continue``.
    """

    raises: dict[Outcome, int] = field(default_factory=dict)
    returns: list[Value] = field(default_factory=list)
    breaks: list[Env] = field(default_factory=list)
    continues: list[Env] = field(default_factory=list)

    def take(self, other: Ways) -> None:
        """Add the ways of another piece of code."""
        for outcome, line in other.raises.items():
            self.raises.setdefault(outcome, line)
        self.returns += other.returns
        self.breaks += other.breaks
        self.continues += other.continues


@dataclass(slots=True, eq=False)
class Frame:
    """One call of a function that is being read.

    Attributes:
        source: the function's place in its file.
        variables: its globals.
        function: the function itself; None for one that a task makes.
        outer: the call in which such a one was made.
        env: its variables here and now.
        live: whether this point can be reached.
        ways: where leaving is written down.
        handled: the exceptions that the handlers around this point have caught.
        written: all values that its variables have had so far, for the functions made in it.
        closed: the names that functions which it made, and which lead to no engine, may ask it for.
        logs: for each ``try`` around this point, what was assigned in it.
    """

    source: Source
    variables: dict[str, Any]
    function: FunctionType | None = None
    outer: Frame | None = None
    env: Env = field(default_factory=dict)
    live: bool = True
    ways: Ways = field(default_factory=Ways)
    handled: list[Caught] = field(default_factory=list)
    written: Env = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    logs: list[list[tuple[str, Value]]] = field(default_factory=list)
    scope: Scope = field(init=False)

    def __post_init__(self) -> None:
        self.scope = scope_of(self.node)

    @property
    def node(self) -> FunctionNode:
        """The function's part of the syntax tree."""
        return self.source.node

    def store(self, name: str, value: Value) -> None:
        """Assign to a variable."""
        self.env[name] = value
        self.written[name] = value if name not in self.written else join(self.written[name], value)
        for log in self.logs:
            log.append((name, value))

    def has_carried(self, name: str) -> bool:
        """Tell whether one of the values that a variable has had may lead to the engine."""
        return name in self.written and carries(self.written[name])

    def load(self, name: str) -> Value:
        """Return the value of a variable."""
        if name in self.scope.shared or name in self.scope.declared:
            return Unknown(self.has_carried(name), True)
        if name in self.env:
            return self.env[name]
        return PLAIN if name in self.scope.local else self._free(name)

    def _free(self, name: str) -> Value:
        inner, frame = self, self.outer
        while frame is not None:
            if name in frame.scope.shared:
                return Unknown(frame.has_carried(name), True)
            if name in frame.written:
                return frame.written[name]
            if name in frame.scope.local:
                return PLAIN
            inner, frame = frame, frame.outer
        return inner.of_closure(name)

    def of_closure(self, name: str) -> Value:
        """Return a variable from outside all functions that are being read."""
        function = self.function
        if function is not None and name in function.__code__.co_freevars:
            cell = (function.__closure__ or ())[function.__code__.co_freevars.index(name)]
            try:
                found = cell.cell_contents
            except ValueError:
                return Unknown(code=True)
            steady = name == "__class__" or self.source.steady(name)
            return Known(found) if steady else Unknown(code=True)
        found = self.variables.get(name, _MISSING)
        if found is not _MISSING:
            return Unknown(code=True) if name in self.source.rebound else Known(found, 1)
        found = getattr(builtins, name, _MISSING)
        return Unknown(code=True) if found is _MISSING else Known(found, 1)

    def branch(self, parts: Iterable[Callable[[], Value]]) -> Value:
        """Read pieces of code of which one is run; return what is known of the value."""
        before, values, ends = self.env, [], []
        for part in parts:
            self.env, self.live = dict(before), True
            value = part()
            if self.live:
                values.append(value)
                ends.append(self.env)
        self.live = bool(ends)
        self.env = joined(ends) if ends else before
        return join(*values) if values else PLAIN


def joined(ends: Iterable[Env]) -> Env:
    """Return the variables where several ways meet."""
    result: Env = {}
    for env in ends:
        for name, value in env.items():
            known = result.get(name)
            result[name] = value if known is None or known is value else join(known, value)
    return result
