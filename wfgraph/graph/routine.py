"""Routines: generated Python functions that walk a program, and the way back from a line of theirs to a task.

A routine keeps no position while it runs. Each of its calls stands on a line of its own, so the line that a frame of the
routine is at *is* the position; :attr:`Unit.lines` says which task a line belongs to. (In the same way Python finds the
handler of an exception: nothing is done until somebody asks.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from wfgraph.graph.ops import For, Op
from wfgraph.graph.program import Program

__all__ = ["ANSWER", "LOOK", "ROUTINES", "Executable", "LoopVariables", "Unit"]

ANSWER = "answer"
"""The local variable in which a routine keeps what the last condition said."""

LOOK = "look"
"""What a routine calls when a FOR is about to take its next item: ``look(head)``; None while nobody follows the token."""

ROUTINES = "<wfgraph "
"""How the names begin that the code of routines has in place of a file's."""


@dataclass(frozen=True, slots=True)
class LoopVariables:
    """A native loop of a routine.

    Attributes:
        head: the task at its head.
        end: the task after its block; its body is what lies between.
        op: what it iterates over.
        iterator: the local variable that holds the iterator.
        items: the local variable that holds what is iterated over.
        line: the line of its ``for``, counted from 1; in the next one an item is stored, if anywhere.
    """

    head: int
    end: int
    op: For
    iterator: str
    items: str
    line: int


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One generated source and what was made of it.

    Attributes:
        entry: the task at which it begins; -1 for the loop over tokens.
        run: ``run(obj, eng)``; returns None when the token reached its normal end, else the task at which it left the
            outermost list. The loop over tokens is ``run_tokens(objects, eng, state, cursor, featureless)``.
        lines: for each line of the source, counted from 1, the task it belongs to; -1 for none.
        loops: its native loops.
    """

    entry: int
    run: Callable[..., Any]
    lines: tuple[int, ...]
    loops: tuple[LoopVariables, ...]


class Executable(Protocol):
    """A program with its routines, made on demand."""

    program: Program
    namespace: dict[str, Any]
    units: dict[int, Unit]  # by the id of the code object
    landings: dict[tuple[int, int | None], Unit]  # by the task that jumped, and how far
    following: Any  # the cursor to whose wrappers the namespace is bound

    def unit_at(self, pc: int) -> Unit | None:
        """Return the routine that begins at a task; None when there is none (yet)."""
        ...

    def unit_of_tokens(self) -> Unit | None:
        """Return the routine that runs many tokens; None when there is none."""
        ...

    def name_of(self, pc: int) -> str:
        """Return the name under which the routines call a task."""
        ...

    def op_of(self, pc: int) -> Op:
        """Return the op of a task."""
        ...
