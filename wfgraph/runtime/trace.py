"""The trace: the steps that a run took, as data. Each is an edge of the run's graph; the tests hold it to that."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter

from wfgraph.errors import (
    AbortProcessing,
    BreakFromThisLoop,
    ContinueNextToken,
    HaltProcessing,
    JumpCall,
    JumpToken,
    JumpTokenBack,
    JumpTokenForward,
    Rewind,
    SkipToken,
    StopProcessing,
)
from wfgraph.graph.outcomes import Control
from wfgraph.graph.workflow_graph import ENTRY, ERROR, EXIT, HALT, STOP, TOKEN
from wfgraph.utils import counted

__all__ = ["Step", "Trace", "control_of"]

_CONTROL: tuple[tuple[type[BaseException], Control], ...] = (
    (JumpCall, Control.JUMP),
    (BreakFromThisLoop, Control.BREAK),
    (HaltProcessing, Control.HALT),
    (StopProcessing, Control.STOP),
    (AbortProcessing, Control.ABORT),
    (ContinueNextToken, Control.NEXT_TOKEN),
    (SkipToken, Control.SKIP_TOKEN),
    (JumpToken, Control.JUMP_TOKEN),
    (JumpTokenForward, Control.JUMP_TOKEN),
    (JumpTokenBack, Control.JUMP_TOKEN),
    (Rewind, Control.JUMP_TOKEN),
)
_TARGET = {
    Control.HALT: HALT,
    Control.STOP: STOP,
    Control.ABORT: STOP,
    Control.NEXT_TOKEN: TOKEN,
    Control.SKIP_TOKEN: TOKEN,
    Control.JUMP_TOKEN: TOKEN,
    Control.ERROR: ERROR,
}


def control_of(error: BaseException | None) -> Control:
    """Return what the engine is told by a call that ended with this exception (None: by returning)."""
    if error is None:
        return Control.RETURN
    return next((control for kind, control in _CONTROL if isinstance(error, kind)), Control.ERROR)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run.

    Attributes:
        token: the index of the token that took it.
        source: the node it left; ``ENTRY`` where the token began.
        target: the node it reached: a task, or a terminal.
        control: how the task that was left ended; None at the entry.
        seconds: the time that the task that was left took; not counted when steps are compared.
    """

    token: int
    source: int
    target: int
    control: Control | None
    seconds: float = field(default=0.0, compare=False)


@dataclass(slots=True, eq=False, repr=False)
class Trace:
    """A recording: set it as ``engine.trace`` before a run and read :attr:`steps` afterwards.

    Attributes:
        steps: what was recorded, in order.
    """

    steps: list[Step] = field(default_factory=list)
    _token: int = -1
    _source: int = ENTRY
    _control: Control | None = None
    _since: float = 0.0
    _seconds: float = 0.0

    def begin(self, token: int) -> tuple[int, int, Control | None]:
        """A token starts; return where the token around it, if any, stood."""
        around = (self._token, self._source, self._control)
        self._token, self._source, self._control, self._seconds = token, ENTRY, None, 0.0
        return around

    def arrive(self, node: int) -> None:
        """The token reaches a node."""
        self.steps.append(Step(self._token, self._source, node, self._control, self._seconds))
        self._source, self._control, self._seconds = node, None, 0.0
        self._since = perf_counter()

    def ended(self, error: BaseException | None) -> None:
        """The task at the node has ended."""
        self._seconds = perf_counter() - self._since
        self._control = control_of(error)

    def end(self, around: tuple[int, int, Control | None]) -> None:
        """The token's walk is over; go back to the one around it."""
        if self._source >= 0:
            control = self._control or Control.ERROR
            self.arrive(_TARGET.get(control, EXIT))
        self._token, self._source, self._control = around

    def __repr__(self) -> str:
        return f"<Trace of {counted(len(self.steps), 'step')}>"
