"""What inference tells about a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from wfgraph.graph.outcomes import RETURN, Outcome

__all__ = ["Effects", "Note"]


class Note(NamedTuple):
    """Something found at a line of a task's code (or of the code of a helper, which is named then)."""

    lineno: int
    text: str


@dataclass(frozen=True, slots=True)
class Effects:
    """What one call of a task can do to the flow, told without running it.

    Attributes:
        outcomes: all the ways in which a call can end, besides errors of its own; without ``RETURN`` it always steers.
            ``ERROR`` stands alone: nothing but an error can come. Empty: the call never ends.
        opaque: something can't be told; then it may do anything besides.
        position: it may read or change the position; true if opaque.
        restarts: it may run its engine inside the run (``restart``, ``process``); true if opaque.
        swallowed: where a control exception is caught and lost.
        unknown_methods: names called on the engine that no engine of this library has; such a task is opaque, too,
            because an engine's subclass may have them.
        returns: the constants that it can return; None if not all are known.
        why: for opaque ones, the first thing that could not be told.
    """

    outcomes: frozenset[Outcome]
    opaque: bool = False
    position: bool = False
    restarts: bool = False
    swallowed: tuple[Note, ...] = ()
    unknown_methods: tuple[Note, ...] = ()
    returns: frozenset[Any] | None = None
    why: str = ""

    @property
    def always_steers(self) -> bool:
        """Whether no call of the task ends with the flow simply going on."""
        return not self.opaque and RETURN not in self.outcomes
