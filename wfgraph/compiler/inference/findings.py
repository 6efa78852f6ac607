"""What reading a task's code has found: its effects."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from wfgraph.graph.ops import OPAQUE, Call, Op
from wfgraph.graph.outcomes import RETURN, Control, Outcome

__all__ = ["Effects", "Note", "NoteKind", "Summary"]

_ORDER = {control: number for number, control in enumerate(Control)}


class NoteKind(Enum):
    """What is worth telling about a task besides its outcomes."""

    SWALLOWS = "swallows"
    RESTARTS = "restarts"
    MOVES = "moves"
    THREAD = "thread"
    NO_METHOD = "no method"
    NOT_AWAITED = "not awaited"


@dataclass(frozen=True, slots=True)
class Note:
    """Something in a task's code that a check may want to tell.

    Attributes:
        kind: what.
        detail: the method's name, or the like.
        file: the file it stands in.
        line: the line it stands in, from 1.
    """

    kind: NoteKind
    detail: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Effects:
    """What a call of a task may do, as far as its code tells.

    Attributes:
        outcomes: the ways in which it may end, in a fixed order; of no account where ``opaque``.
        opaque: why that can't be told; empty when it can.
        notes: what checks may want to tell.
        reads: the parts of the token and of ``extra_data`` that it reads, such as ``"obj['id']"``.
        writes: the parts that it writes; ``"obj"`` when it may write any part.
        elsewhere: whether it uses, or changes, what is kept in other places.
        acts: whether other code, outside Python's own, was called before it halts.
    """

    outcomes: tuple[Outcome, ...] = (RETURN,)
    opaque: str = ""
    notes: tuple[Note, ...] = ()
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    elsewhere: bool = False
    acts: bool = False

    @property
    def op(self) -> Op:
        """The op that says so."""
        return OPAQUE if self.opaque else Call(self.outcomes)


def _place(outcome: Outcome) -> tuple[int, bool, int]:
    return _ORDER[outcome.control], outcome.offset is None, outcome.offset or 0


@dataclass(slots=True)
class Summary:
    """Effects while they are being found."""

    opaque: str = ""
    notes: dict[Note, None] = field(default_factory=dict)
    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    elsewhere: bool = False
    acted: bool = False
    acts: bool = False

    def done(self, outcomes: set[Outcome]) -> Effects:
        """Return the effects of a task with these outcomes."""
        return Effects(
            tuple(sorted(outcomes, key=_place)),
            self.opaque,
            tuple(sorted(self.notes, key=lambda note: (note.file, note.line, note.kind.value, note.detail))),
            frozenset(self.reads),
            frozenset(self.writes),
            self.elsewhere,
            self.acts,
        )
