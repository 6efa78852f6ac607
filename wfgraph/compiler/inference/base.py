"""What all parts of the reader share: what is being read, and what has been found."""

from __future__ import annotations

import ast
from typing import Any

from wfgraph.compiler.inference.arguments import Arguments
from wfgraph.compiler.inference.changing import forgotten
from wfgraph.compiler.inference.findings import Note, NoteKind, Summary
from wfgraph.compiler.inference.frames import Frame
from wfgraph.compiler.inference.values import Coroutine, Mapping, Sequence, Value
from wfgraph.graph.outcomes import Outcome

__all__ = ["Reading", "TooMuch"]

_MOST_STEPS = 20_000
"""How many pieces of syntax are looked at for one task."""


class TooMuch(Exception):
    """There is more code behind a task than is read."""


class Reading:
    """A task's code, while it is being read.

    Attributes:
        engine: the class of the engine; None when it is not known.
        frame: the call that is being read.
        summary: what has been found.
        callers: the calls around that one.
        consumed: the generator expression that is used up where it stands.
        line: the line that is being read.
        looks_inside: the task that is read though it is declared.
        making: the classes of which objects are being made.
        looks_around: whether what was found depends on more than the task's code and what its names stand for.
    """

    frame: Frame

    def __init__(self) -> None:
        self.engine: type | None = None
        self.summary = Summary()
        self.callers: list[Frame] = []
        self.consumed: ast.AST | None = None
        self.line = 0
        self.looks_inside: Any = None
        self.looks_around = False
        self.making: list[type] = []
        self._steps = 0

    def step(self) -> None:
        """Count one piece of syntax.

        Raises:
            TooMuch: there were too many of them.
        """
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise TooMuch("too much code to follow")

    def give_up(self, reason: str) -> None:
        """Write down that the outcomes can't be told; reading goes on for what else there is to find."""
        if not self.summary.opaque:
            self.summary.opaque = f"{reason}, line {self.line}" if self.line else reason

    def note(self, kind: NoteKind, detail: str, line: int | None = None) -> None:
        """Write down what a check may want to tell."""
        function = self.frame.function
        code = None if function is None else function.__code__
        outer = self.frame.outer
        while code is None and outer is not None:
            code = None if outer.function is None else outer.function.__code__
            outer = outer.outer
        self.summary.notes[Note(kind, detail, "" if code is None else code.co_filename, line or self.line)] = None

    def not_awaited(self, value: Value) -> None:
        """Write down that a value is made and dropped, if that is worth telling: a coroutine has done nothing then."""
        if isinstance(value, Coroutine):
            self.note(NoteKind.NOT_AWAITED, value.name, value.line)

    def leaves(self, outcome: Outcome) -> None:
        """Write down that the code here tells the engine something."""
        self.frame.ways.raises.setdefault(outcome, self.line)
        self.summary.acts = self.summary.acted

    def reads(self, path: tuple[str, ...]) -> None:
        """Write down that a part of the token is read."""
        self.summary.reads.add("obj" + "".join(path))

    def writes(self, path: tuple[str, ...]) -> None:
        """Write down that a part of the token is written."""
        self.summary.writes.add("obj" + "".join(path))

    def reads_data(self, key: tuple[Any, ...] | None) -> None:
        """Write down that a key of ``extra_data`` is read."""
        self.summary.reads.update(_data(key))

    def writes_data(self, key: tuple[Any, ...] | None) -> None:
        """Write down that a key of ``extra_data`` is written."""
        self.summary.writes.update(_data(key))

    def changed(self, value: Value) -> None:
        """Forget what is in a list or dict that the task wrote down, by all names that it has."""
        if not isinstance(value, Sequence | Mapping):
            return
        for frame in self.frames():
            for name, known in list(frame.env.items()):
                left = forgotten(known, value)
                if left is not known:
                    frame.store(name, left)

    def frames(self) -> list[Frame]:
        """Return the calls whose variables what is read here may change."""
        frames = [*self.callers, self.frame]
        for frame in frames:
            if frame.outer is not None and frame.outer not in frames:
                frames.append(frame.outer)
        return frames

    # What the parts ask of each other -----------------------------------------------------------------------------------

    def value(self, node: ast.AST) -> Value:
        """See :class:`~wfgraph.compiler.inference.expressions.Expressions`."""
        raise NotImplementedError

    def assign(self, target: ast.AST, value: Value) -> None:
        """See :class:`~wfgraph.compiler.inference.storing.Storing`."""
        raise NotImplementedError

    def body(self, statements: list[ast.stmt]) -> None:
        """See :class:`~wfgraph.compiler.inference.statements.Statements`."""
        raise NotImplementedError

    def read_call(self, node: ast.Call) -> Value:
        """See :class:`~wfgraph.compiler.inference.calls.Calls`."""
        raise NotImplementedError

    def call(self, callee: Value, args: Arguments) -> Value:
        """See :class:`~wfgraph.compiler.inference.calls.Calls`."""
        raise NotImplementedError

    def hand_out(self, args: Arguments) -> Value:
        """See :class:`~wfgraph.compiler.inference.engine_calls.EngineCalls`."""
        raise NotImplementedError

    def truth(self, node: ast.expr) -> bool | None:
        """See :class:`~wfgraph.compiler.inference.expressions.Expressions`."""
        raise NotImplementedError

    def items(self, owner: Value) -> Value:
        """See :class:`~wfgraph.compiler.inference.expressions.Expressions`."""
        raise NotImplementedError


def _data(key: tuple[Any, ...] | None) -> set[str]:
    return {"eng.extra_data"} if key is None else {f"eng.extra_data[{one!r}]" for one in key}
