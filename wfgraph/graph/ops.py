"""Ops: what a task does to the flow, as data.

A pattern's task is a real callable that behaves as documented when called by hand; its op says the same thing to the
compiler. An op's whole meaning for the graph is its :meth:`~Op.exits`: the outcomes a call of the task can have, each
with the kind of edge it becomes. The rules:

* a call of the task ends in exactly one of the exits, or in an error (any task may fail, so that is not listed);
* offsets are relative to the task, within the list that holds it, as ``jump_call`` counts them;
* fields that hold callables (``test``, ``items``, ...) are what the task itself calls: an executor may call them in its
  stead, because *task* and *test, then the matching exit* are the same thing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from wfgraph.graph import outcomes as out
from wfgraph.graph.outcomes import Control, Outcome
from wfgraph.utils import shown

__all__ = [
    "OPAQUE",
    "Break",
    "Branch",
    "Call",
    "CalledWith",
    "Choice",
    "EdgeKind",
    "Exit",
    "Fail",
    "For",
    "Halt",
    "Jump",
    "JumpToken",
    "NextToken",
    "Op",
    "Opaque",
    "Split",
    "Stop",
    "SubWorkflow",
    "Synchronize",
    "While",
]


class EdgeKind(Enum):
    """The type of a transition."""

    NEXT = "next"
    TRUE = "true"
    FALSE = "false"
    CASE = "case"
    LOOP = "loop"
    BACK = "back"
    JUMP = "jump"
    BREAK = "break"
    HALT = "halt"
    RESUME = "resume"
    STOP = "stop"
    TOKEN = "token"  # noqa: S105 - no password
    SPAWN = "spawn"
    JOIN = "join"
    ERROR = "error"


_KIND_OF = {
    Control.RETURN: EdgeKind.NEXT,
    Control.JUMP: EdgeKind.JUMP,
    Control.BREAK: EdgeKind.BREAK,
    Control.HALT: EdgeKind.HALT,
    Control.STOP: EdgeKind.STOP,
    Control.ABORT: EdgeKind.STOP,
    Control.NEXT_TOKEN: EdgeKind.TOKEN,
    Control.SKIP_TOKEN: EdgeKind.TOKEN,
    Control.JUMP_TOKEN: EdgeKind.TOKEN,
    Control.ERROR: EdgeKind.ERROR,
}


@dataclass(frozen=True, slots=True)
class Exit:
    """One way out of a task: its outcome, the kind of edge it becomes, and that edge's label."""

    outcome: Outcome
    kind: EdgeKind
    label: str = ""

    @classmethod
    def of(cls, outcome: Outcome) -> Exit:
        """Return the exit for an outcome with the kind of edge that the outcome suggests."""
        kind, text = _KIND_OF[outcome.control], str(outcome)
        return cls(outcome, kind, "" if outcome.control is Control.RETURN or text == kind.value else text)


_RETURNS = (out.RETURN,)
_NEXT = (Exit.of(out.RETURN),)


@dataclass(frozen=True, slots=True)
class CalledWith:
    """A callable that a task calls with more than the token and the engine.

    Attributes:
        function: the callable.
        more: how many arguments follow the engine.
    """

    function: Callable[..., Any]
    more: int


@dataclass(frozen=True, slots=True)
class Op:
    """Base of all ops."""

    @property
    def opaque(self) -> bool:
        """Whether nothing is known: the task may do whatever the engine lets a task do."""
        return False

    @property
    def text(self) -> str:
        """What the op tells a reader beyond the task's name, on one line."""
        return ""

    @property
    def asked(self) -> tuple[Callable[..., Any] | CalledWith, ...]:
        """What the task calls with the token and the engine; how that steers is an outcome of the task beside its exits."""
        return ()

    def exits(self) -> tuple[Exit, ...]:
        """Return the ways out, in a fixed order."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Opaque(Op):
    """A task whose effects on the flow are not known."""

    @property
    def opaque(self) -> bool:
        return True

    def exits(self) -> tuple[Exit, ...]:
        return _NEXT


OPAQUE = Opaque()


@dataclass(frozen=True, slots=True)
class Call(Op):
    """A task whose possible outcomes are known.

    Attributes:
        outcomes: all of them; with one only, the task always ends so.
        describe: a short text for readers, such as ``"size < 10"``.
        asks: what it calls on the way, with the token and the engine.
    """

    outcomes: tuple[Outcome, ...] = (out.RETURN,)
    describe: str = ""
    asks: tuple[Callable[..., Any] | CalledWith, ...] = ()

    @property
    def text(self) -> str:
        return self.describe

    @property
    def asked(self) -> tuple[Callable[..., Any] | CalledWith, ...]:
        return self.asks

    def exits(self) -> tuple[Exit, ...]:
        return _NEXT if self.outcomes == _RETURNS else tuple(map(Exit.of, self.outcomes))


@dataclass(frozen=True, slots=True)
class Branch(Op):
    """A two-way condition.

    Attributes:
        when_true: the outcome when the condition holds.
        when_false: the outcome when it does not.
        test: the condition, ``test(obj, eng)``; None when only the task itself can tell.
        keyword: the pattern's word, such as ``"if"``.
        describe: the condition for readers.
    """

    when_true: Outcome
    when_false: Outcome
    test: Callable[[Any, Any], Any] | None = None
    keyword: str = "if"
    describe: str = ""

    @property
    def text(self) -> str:
        return f"{self.keyword} {self.describe}".rstrip()

    @property
    def asked(self) -> tuple[Callable[..., Any], ...]:
        return () if self.test is None else (self.test,)

    def exits(self) -> tuple[Exit, ...]:
        return (Exit(self.when_true, EdgeKind.TRUE), Exit(self.when_false, EdgeKind.FALSE))


@dataclass(frozen=True, slots=True)
class While(Op):
    """The head of a loop that runs as long as a condition holds: goes on into the body, or leaves the list."""

    test: Callable[[Any, Any], Any] | None = None
    describe: str = ""

    @property
    def text(self) -> str:
        return f"while {self.describe}".rstrip()

    @property
    def asked(self) -> tuple[Callable[..., Any], ...]:
        return () if self.test is None else (self.test,)

    def exits(self) -> tuple[Exit, ...]:
        return (Exit(out.RETURN, EdgeKind.LOOP), Exit(out.BREAK, EdgeKind.FALSE))


@dataclass(frozen=True, slots=True)
class For(Op):
    """The head of a loop over items: takes the next item and goes on into the body, or leaves the list.

    Attributes:
        items: returns the items, ``items(obj, eng)``; asked at each round unless ``cached``.
        assign: stores the item, ``assign(obj, eng, position, item)``; None when nothing is stored.
        reverse: from the last item to the first.
        cached: ask for the items once per loop.
        constant: ``items`` gives the very same object each time.
        key: where ``assign`` does nothing but ``eng.extra_data[key] = item``, that key.
        describe: the loop for readers, such as ``"x in range(3)"``.
    """

    items: Callable[[Any, Any], Any]
    assign: Callable[[Any, Any, str, Any], Any] | None = None
    reverse: bool = False
    cached: bool = False
    constant: bool = False
    key: str | None = None
    describe: str = ""

    @property
    def text(self) -> str:
        return f"for {self.describe}".rstrip()

    @property
    def asked(self) -> tuple[Callable[..., Any] | CalledWith, ...]:
        stores = () if self.assign is None or self.key is not None else (CalledWith(self.assign, 2),)
        return stores if self.constant else (self.items, *stores)

    def exits(self) -> tuple[Exit, ...]:
        return (Exit(out.RETURN, EdgeKind.LOOP), Exit(out.BREAK, EdgeKind.FALSE, "done"))


@dataclass(frozen=True, slots=True)
class Choice(Op):
    """A many-way condition.

    Attributes:
        cases: pairs of value and offset, in the order of the branches.
        arbiter: returns the value, ``arbiter(obj, eng)``.
        default: the offset for every other value; None: an unknown value is an error.
        describe: the arbiter for readers.
    """

    cases: tuple[tuple[Any, int], ...]
    arbiter: Callable[[Any, Any], Any] | None = None
    default: int | None = None
    describe: str = ""

    @property
    def text(self) -> str:
        return f"choice {self.describe}".rstrip()

    @property
    def asked(self) -> tuple[Callable[..., Any], ...]:
        return () if self.arbiter is None else (self.arbiter,)

    def exits(self) -> tuple[Exit, ...]:
        known = tuple(Exit(out.jump(offset), EdgeKind.CASE, _case_label(value)) for value, offset in self.cases)
        if self.default is None:
            return known
        return (*known, Exit(out.jump(self.default), EdgeKind.CASE, "default"))

    def decide(self, obj: Any, eng: Any) -> int:
        """Ask the arbiter and return the offset of the branch that it names.

        Raises:
            KeyError: there is no such branch and no default.
        """
        assert self.arbiter is not None, "only the task itself can tell"  # noqa: S101
        return self.offset_of(self.arbiter(obj, eng))

    def offset_of(self, value: Any) -> int:
        """Return the offset of the branch of a value.

        Raises:
            KeyError: there is no such branch and no default.
        """
        for known, offset in self.cases:
            if known == value:
                return offset
        if self.default is not None:
            return self.default
        names = ", ".join(shown(known) for known, _ in self.cases)
        raise KeyError(f"CHOICE has no branch {shown(value)}; known: {names}; give a default= for all others")


def _case_label(value: Any) -> str:
    """Name a case by its value, without ever showing an address in memory."""
    if value is None or isinstance(value, str | int | float | bytes | Enum):
        return value if isinstance(value, str) else shown(value)
    return type(value).__name__


@dataclass(frozen=True, slots=True)
class Jump(Op):
    """``eng.jump_call(offset)``, always."""

    offset: int

    @property
    def text(self) -> str:
        return f"{self.offset:+d}"

    def exits(self) -> tuple[Exit, ...]:
        return (Exit(out.jump(self.offset), EdgeKind.JUMP),)


@dataclass(frozen=True, slots=True)
class Break(Op):
    """``eng.break_current_loop()``, always."""

    def exits(self) -> tuple[Exit, ...]:
        return (Exit.of(out.BREAK),)


@dataclass(frozen=True, slots=True)
class Halt(Op):
    """``eng.halt(...)``, always."""

    message: str = ""

    @property
    def text(self) -> str:
        return self.message

    def exits(self) -> tuple[Exit, ...]:
        return (Exit.of(out.HALT),)


@dataclass(frozen=True, slots=True)
class Stop(Op):
    """``eng.stop()``, always."""

    def exits(self) -> tuple[Exit, ...]:
        return (Exit(out.STOP, EdgeKind.STOP),)


@dataclass(frozen=True, slots=True)
class NextToken(Op):
    """``eng.continue_next_token()``, always."""

    def exits(self) -> tuple[Exit, ...]:
        return (Exit(out.NEXT_TOKEN, EdgeKind.TOKEN, "next"),)


@dataclass(frozen=True, slots=True)
class JumpToken(Op):
    """``eng.jump_token(offset)``, always."""

    offset: int

    @property
    def text(self) -> str:
        return f"{self.offset:+d}"

    def exits(self) -> tuple[Exit, ...]:
        return (Exit(out.jump_token(self.offset), EdgeKind.TOKEN, f"{self.offset:+d}"),)


@dataclass(frozen=True, slots=True)
class Fail(Op):
    """Raises an error, always."""

    message: str = ""

    @property
    def text(self) -> str:
        return self.message

    def exits(self) -> tuple[Exit, ...]:
        return (Exit(out.ERROR, EdgeKind.ERROR),)


@dataclass(frozen=True, slots=True)
class Split(Op):
    """Starts branches in threads of their own and goes on without waiting.

    Attributes:
        lanes: the branches, each a nested callback list that is run by an engine of its own.
    """

    lanes: tuple[tuple[Any, ...], ...]

    def exits(self) -> tuple[Exit, ...]:
        return _NEXT


@dataclass(frozen=True, slots=True)
class Synchronize(Op):
    """Runs branches in threads, waits for all of them, then runs a last task.

    Attributes:
        lanes: the branches.
        final: what runs after them, in the token's own thread.
        outcomes: the ways in which that last task can end, None where they are not known.
    """

    lanes: tuple[tuple[Any, ...], ...]
    final: tuple[Any, ...] = ()
    outcomes: tuple[Outcome, ...] | None = None

    @property
    def opaque(self) -> bool:
        return self.outcomes is None

    def exits(self) -> tuple[Exit, ...]:
        return _NEXT if self.outcomes is None else tuple(map(Exit.of, self.outcomes))


@dataclass(frozen=True, slots=True)
class SubWorkflow(Op):
    """Runs another definition with an engine of its own; a halt in there halts here.

    Attributes:
        callbacks: the other definition.
        outkey: under which key of ``extra_data`` its engine is found; None for nowhere.
    """

    callbacks: Any
    outkey: Any = None

    @property
    def text(self) -> str:
        return "sub-workflow"

    def exits(self) -> tuple[Exit, ...]:
        return (Exit.of(out.RETURN), Exit.of(out.HALT))
