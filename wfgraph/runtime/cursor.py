"""The cursor: the position of a token that runs in a routine of the compiled tier.

The routine keeps no position. When somebody asks, the cursor finds the routine's frame and reads the position off the
line it is at. From then on somebody may hold the live list, so the token is *followed*: the names under which the routine
calls its tasks are bound to wrappers, which move the list along before each task and look whether it was changed after.
"""

from __future__ import annotations

import sys
import threading
from types import FrameType, TracebackType
from typing import Any

from wfgraph.graph.ops import For
from wfgraph.graph.outcomes import BREAK, RETURN, Outcome, jump
from wfgraph.graph.routine import ANSWER, LOOK, Executable, LoopVariables, Unit
from wfgraph.runtime import loops

__all__ = ["Cursor", "Moved"]

_BEGINNING = [0]
"""Where a token stands that is asked for its definition."""
_OURS = 3
"""How many references to a position there are while nobody holds it: the state's, the cursor's, the question's own."""


class Moved(BaseException):
    """Raised within a routine when a task has changed the position by hand: the interpreter goes on from there.

    Attributes:
        pc: the task.
        outcome: how it ended.
    """

    def __init__(self, pc: int, outcome: Outcome) -> None:
        self.pc = pc
        self.outcome = outcome


class Cursor:
    """Where one run stands in its routines.

    Attributes:
        base: the list that becomes the live one, because somebody may hold it already; None for a new one.
        live: the position as the list that was handed out; None while nobody has asked.
        touched: whether the token has to be looked after: it was asked for its position, or started from ``base``.
        asked: how many times a token had to be followed.
    """

    __slots__ = (
        "_executable",
        "_frame",
        "_saved",
        "_state",
        "_thread",
        "asked",
        "base",
        "live",
        "pc",
        "touched",
    )

    def __init__(self, executable: Executable, state: Any) -> None:
        self._executable = executable
        self._state = state
        self._thread = threading.get_ident()
        self._saved: dict[str, Any] | None = None
        self._frame: FrameType | None = None
        self.base: list[int] | None = state._callback_pos
        self.live: list[int] | None = None
        self.touched = True
        self.asked = 0
        self.pc = 0

    def position(self) -> list[int]:
        """Return the position: live for the thread of the run, a copy for every other."""
        if threading.get_ident() != self._thread:
            live = self.live
            if live is not None:
                return list(live)
            return self._address_in(sys._current_frames().get(self._thread))
        found = self._find(sys._getframe(1))
        if found is None:
            return _BEGINNING.copy()
        pc, self._frame = found
        address = self.address(pc)
        if self.live is None:
            live = self.show(address)
            self.follow()
            self.pc = pc
            return live
        if pc != self.pc and self.unchanged():
            self.live[:] = address  # at what is not followed, such as a loop that is gone on with
        self.pc = pc
        return self.live

    def glance(self) -> list[int]:
        """Return a copy of the position, without following the token for that."""
        if self.live is not None or threading.get_ident() != self._thread:
            return list(self.position())
        return self._address_in(sys._getframe(1))

    def _address_in(self, frame: FrameType | None) -> list[int]:
        found = self._find(frame)
        return _BEGINNING.copy() if found is None else self.address(found[0])

    def _find(self, frame: FrameType | None) -> tuple[int, FrameType] | None:
        """Return the task at which the routine is, and the routine's frame; None where it is at none."""
        units = self._executable.units
        while frame is not None:
            unit = units.get(id(frame.f_code))
            if unit is not None:
                pc = unit.lines[frame.f_lineno]
                if pc >= 0:
                    return pc, frame
            frame = frame.f_back
        return None

    def start(self, pc: int) -> None:
        """Begin at a task; somebody who holds the list that the run starts from sees it follow from here on."""
        self._state._cursor = self
        if sys.getrefcount(self.base) == _OURS:
            self.base = None
            self.touched = False
        elif self._executable.program.rows:
            self.show(self.address(pc))
            self.follow()
            self.pc = pc

    def renew(self) -> None:
        """Begin with the next token, whose position nobody has seen yet."""
        self._state._cursor = self
        self.base = None
        self.touched = False
        self.asked = 0

    # Following -------------------------------------------------------------------------------------------------------

    def follow(self) -> None:
        """Bind the routine's names to wrappers, until :meth:`rest`."""
        if self._saved is not None:
            return
        self.asked += 1
        self.touched = True
        self._executable.following = self
        namespace = self._executable.namespace
        bound: dict[str, Any] = {LOOK: self._arrive}
        for row in self._executable.program.rows:
            name = self._executable.name_of(row.id)
            bound[name] = self._followed(row.id, namespace[name])
            if isinstance(self._executable.op_of(row.id), For):
                name = f"begin_{row.id}"
                bound[name] = self._begun(row.id, namespace[name])
        self._saved = {name: namespace[name] for name in bound}
        namespace.update(bound)

    def pause(self) -> None:
        """Bind the names to the tasks again: another run of the same routine begins, inside a task of this one."""
        if self._saved is not None:
            self._executable.namespace.update(self._saved)
            self._saved = None
            self._executable.following = None

    def rest(self) -> None:
        """Stop following: the routine is left."""
        self.pause()
        self._frame = None
        if self.live is not None:
            self.base, self.live = self.live, None

    def _followed(self, pc: int, task: Any) -> Any:
        address = self.address(pc)

        def followed(obj: Any, eng: Any) -> Any:
            self._arrive(pc)
            if self._state._cursor is not self:
                self._state._cursor = self
            result = task(obj, eng)
            if self.live != address:
                raise Moved(pc, self._outcome(pc, result))
            return result

        return followed

    def _begun(self, pc: int, begin: Any) -> Any:
        def begun(obj: Any, eng: Any) -> Any:
            self._arrive(pc)
            return begin(obj, eng)

        return begun

    def _arrive(self, pc: int) -> None:
        """Come to a task, or to the head of a loop for its next round: the list shows that from here on."""
        self.check(pc)
        self.show(self.address(pc))
        self.pc = pc

    def _outcome(self, pc: int, result: Any) -> Outcome:
        """Return how a task has ended by what the routine was told; a task that is called itself tells by raising."""
        name = self._executable.name_of(pc)
        if name.startswith("test_"):
            return self._executable.op_of(pc).exits()[0 if result else 1].outcome
        return jump(result) if name.startswith("choose_") else RETURN

    def show(self, address: list[int]) -> list[int]:
        """Set the live list and return it."""
        if self.live is None:
            self.live = self.base if self.base is not None else []
        self.live[:] = address
        return self.live

    def _end_of(self, pc: int) -> int:
        """Return the task after the list that a task stands in."""
        program = self._executable.program
        return program.graph.definition.blocks[program.rows[pc].block].end

    def address(self, pc: int) -> list[int]:
        """Return the address of a task as a new list."""
        return list(self._executable.program.address_of(pc))

    def unchanged(self) -> bool:
        """Tell whether the live list still shows what it was last set to."""
        return self.live == self.address(self.pc)

    def check(self, pc: int | None = None) -> None:
        """Look whether the position was changed by hand since it was last set.

        Args:
            pc: the task that comes next; None at the end.

        Raises:
            Moved: it was.
        """
        if self.live is None or self.unchanged():
            return
        if isinstance(self._executable.op_of(self.pc), For):
            # What it iterates over has changed it, or what is told of the item: where no round follows, there was no item.
            round_begun = pc is not None and self.pc <= pc < self._end_of(self.pc)
            raise Moved(self.pc, RETURN if round_begun else BREAK)
        # What the routine called last was called under its own name, so only the routine knows what came of it.
        said = None if self._frame is None else self._frame.f_locals.get(ANSWER)
        raise Moved(self.pc, self._outcome(self.pc, said))

    # The end of a routine --------------------------------------------------------------------------------------------

    def settle(self, error: BaseException) -> int:
        """Work out where an exception left the routine, and write down how far its loops have come.

        Returns:
            The task that ended with it.
        """
        at = 0
        looping: list[tuple[Unit, FrameType, int]] = []
        found, units = False, self._executable.units
        trace: TracebackType | None = error.__traceback__
        while trace is not None:
            unit = units.get(id(trace.tb_frame.f_code))
            if unit is not None:
                found = True
                line = unit.lines[trace.tb_lineno]
                at = line if line >= 0 else at
                if unit.loops:
                    looping.append((unit, trace.tb_frame, trace.tb_lineno))
            elif found:
                break
            trace = trace.tb_next
        ended = error.pc if isinstance(error, Moved) else at
        for unit, frame, line in looping:
            variables = frame.f_locals
            for loop in unit.loops:
                ahead = _ahead(loop, error, line, ended)
                if ahead is not None and loop.iterator in variables:
                    head = self._executable.program.address_of(loop.head)
                    rest, items = variables[loop.iterator], variables[loop.items]
                    loops.record(loop.op, head, rest, items, variables["eng"], ahead)
        return ended


def _ahead(loop: LoopVariables, error: BaseException, line: int, ended: int) -> int | None:
    """Return how many rounds of a loop its iterator is ahead, where an exception left the routine; None outside of it."""
    if ended != loop.head:
        return 0 if loop.head < ended < loop.end else None
    if isinstance(
        error, Moved
    ):  # without a further item the loop is over, and the position may be where nobody forgets it
        return 0 if error.outcome == RETURN else None
    # A round begins when its item has been stored. Another loop of the same head may have been written further down.
    return line - loop.line if loop.line <= line <= loop.line + 1 else None
