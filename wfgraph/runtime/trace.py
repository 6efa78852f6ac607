"""The trace: the steps that a run took, as data. Each is an edge of the run's graph; the tests hold it to that."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter

from wfgraph.graph.outcomes import Control, told_by
from wfgraph.graph.workflow_graph import ENTRY, EXIT, TERMINAL_OF
from wfgraph.utils import counted

__all__ = ["Step", "Trace", "control_of"]


def control_of(error: BaseException | None) -> Control:
    """Return what the engine is told by a call that ended with this exception (None: by returning)."""
    if error is None:
        return Control.RETURN
    return told_by(type(error)) or Control.ERROR


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
        self._source, self._control = node, None
        self._since = perf_counter()

    def ended(self, error: BaseException | None) -> None:
        """The task at the node has ended."""
        self._seconds = perf_counter() - self._since
        self._control = control_of(error)

    def end(self, around: tuple[int, int, Control | None]) -> None:
        """The token's walk is over; go back to the one around it."""
        if self._source >= 0:
            control = self._control or Control.ERROR
            self.arrive(TERMINAL_OF.get(control, EXIT))
        self._token, self._source, self._control = around

    def __repr__(self) -> str:
        return f"<Trace of {counted(len(self.steps), 'step')}>"
