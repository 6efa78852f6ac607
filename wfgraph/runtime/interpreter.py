"""The interpreter: walks a program one step at a time, with the position as a live list.

It is the reference for what a run does. A step is: look at the position, enter a block or run a task there, and move the
position as the task's end says. The position is plain data that a task may change, so it is read anew at each step and
never trusted; nothing recurses, so depth costs nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wfgraph.errors import BreakFromThisLoop, HaltProcessing, JumpCall, WorkflowError
from wfgraph.graph.address import format_address
from wfgraph.graph.definition import Block, Slot, TaskItem
from wfgraph.runtime import loops
from wfgraph.runtime.trace import Trace
from wfgraph.utils import escape_control, task_name

__all__ = ["NOBODY", "RUNNERS", "Watchers", "listening", "walk", "walk_on"]


@dataclass(frozen=True, slots=True)
class Watchers:
    """Who wants to see each step; None where nobody does.

    Attributes:
        before: ``before_each_callback(eng, task, obj)``.
        after: ``after_each_callback(eng, task, obj)``.
        execute: an overridden ``execute_callback(task, obj)``.
        enter: an overridden ``run_callbacks``, called for each nested list: ``enter(list, indent)``.
        debug: the logger, when it listens to debug messages.
        trace: the recording.
        max_steps: how many tasks one token may run.
        control: the engine, when it overrides a method that routines carry out themselves.
    """

    before: Callable[[Any, Any, Any], Any] | None = None
    after: Callable[[Any, Any, Any], Any] | None = None
    execute: Callable[[Any, Any], Any] | None = None
    enter: Callable[[Any, int], Any] | None = None
    debug: Any = None
    trace: Trace | None = None
    max_steps: int | None = None
    control: Any = None

    @property
    def only_before(self) -> bool:
        """Whether nothing but the hook before a task has to be called, at most."""
        others = (self.after, self.execute, self.enter, self.debug, self.trace, self.max_steps)
        return all(other is None for other in others)


NOBODY = Watchers()
"""Nobody looks on."""


def walk(root: Block, eng: Any, obj: Any, indent: int, watch: Watchers) -> None:
    """Run a token through a block, from the engine's position to the block's end.

    Args:
        root: the block to run.
        eng: the engine; its ``state.callback_pos`` says where to start, and follows.
        obj: the token.
        indent: the level of the position that belongs to the block.
        watch: who looks on.

    Raises:
        WorkflowError: the position leads nowhere, or ``max_steps`` is used up.
        Exception: whatever a task or a hook raises, other than a jump or a break.
    """
    _Walker(eng, obj, indent, watch, [root]).go()


def walk_on(blocks: list[Block], eng: Any, obj: Any, moved: int | None, watch: Watchers) -> None:
    """Go on with a token whose current task has run already, elsewhere.

    Args:
        blocks: the blocks that the task stands in, outermost first.
        eng: the engine; its ``state.callback_pos`` is the task's, and maybe changed by it.
        obj: the token.
        moved: how far the flow moves within the task's list; None to leave it.
        watch: who looks on.

    Raises:
        WorkflowError: as :func:`walk`.
        Exception: as :func:`walk`.
    """
    walker = _Walker(eng, obj, 0, watch, blocks)
    if walker.ended(moved):
        walker.go()


class _Walker:
    """One walk: the open blocks, and the level of the position that belongs to the innermost."""

    __slots__ = ("before", "blocks", "eng", "indent", "level", "obj", "pos", "state", "steps", "watch")

    def __init__(self, eng: Any, obj: Any, indent: int, watch: Watchers, blocks: list[Block]) -> None:
        self.eng = eng
        self.state = eng.state
        self.pos: list[int] = eng.state.callback_pos
        self.obj = obj
        self.indent = indent
        self.watch = watch
        # The hook before a task, where that is all there is to call.
        self.before = watch.before if watch is not NOBODY and watch.only_before else None
        self.blocks = blocks
        self.level = indent + len(blocks) - 1
        self.steps = 0

    def go(self) -> None:
        """Walk until the outermost block is left."""
        going = True
        while going:
            going = self._go_within(self.blocks[-1].slots, self.level)

    def _go_within(self, slots: tuple[Slot, ...], level: int) -> bool:
        """Walk within one list until it is left or another one is entered; tell whether the walk goes on."""
        pos, state, obj, eng, watch = self.pos, self.state, self.obj, self.eng, self.watch
        before = self.before
        watched = None if watch is NOBODY or before is not None else self._run_watched
        index = self._index()
        while index < len(slots):
            slot = slots[index]
            if slot.__class__ is not TaskItem:
                return self._enter(slot)  # type: ignore[arg-type]  # what is no task is a block
            moved: int | None = 1
            try:
                if watched is not None:
                    watched(slot)
                else:
                    if before is not None:
                        before(eng, slot.task, obj)
                    slot.task(obj, eng)
            except BreakFromThisLoop:
                moved = None
            except JumpCall as error:
                moved = error.args[0]
            index += 1
            if moved == 1 and state._callback_pos is pos and len(pos) - 1 == level and pos[level] == index - 1:
                pos[level] = index
                continue
            going = self.ended(moved)
            if not going or self.level != level:
                return going
            index = self._index()
        if level == self.indent:
            pos[level] = len(slots) - 1
        return self._leave()

    def _index(self) -> int:
        """Return the position's index at this level, kept from being negative."""
        self._refuse_short()
        index = self.pos[self.level] = max(0, self.pos[self.level])
        slots = self.blocks[-1].slots
        if len(self.pos) - 1 > self.level and index < len(slots) and isinstance(slots[index], TaskItem):
            raise _no_such_place(self.pos)
        return index

    def _enter(self, block: Block) -> bool:
        """Go into a nested list: at its first item, or deeper where the position says so; tell whether the walk goes on."""
        if len(self.pos) - 1 == self.level:
            self.pos.append(0)
        if self.watch.enter is None:
            self.blocks.append(block)
            self.level += 1
            return True
        moved: int | None = 1
        try:
            self.watch.enter(block, self.level + 1)
        except BreakFromThisLoop:
            moved = None
        except JumpCall as error:
            moved = error.args[0]
        del self.pos[self.level + 1 :]
        loops.leave(self.eng.extra_data, self.pos)
        return self.ended(moved)

    def _run_watched(self, item: TaskItem) -> None:
        """Run a task under the eyes of whoever looks on."""
        if self.steps == self.watch.max_steps:
            name = escape_control(task_name(item.task))
            raise WorkflowError(
                f"{name} at {format_address(self.pos)} is task run number {self.steps + 1} of this token, "
                "and max_steps forbids more; is there a loop without an exit?"
            )
        self.steps += 1
        debug, trace = self.watch.debug, self.watch.trace
        if debug is not None:
            _log_step(debug, self.eng, item.task, self.obj, self.level)
        if trace is None:
            self._run_seen(item)
            return
        trace.arrive(item.id)
        try:
            self._run_seen(item)
        except BaseException as error:
            trace.ended(error)
            raise
        trace.ended(None)

    def _run_seen(self, item: TaskItem) -> None:
        """Run a task, with the hooks around it."""
        watch, eng, obj, task = self.watch, self.eng, self.obj, item.task
        if watch.before is not None:
            watch.before(eng, task, obj)
        if watch.after is not None:
            _run_followed(task, eng, obj, watch.execute, watch.after)
        elif watch.execute is not None:
            watch.execute(task, obj)
        else:
            task(obj, eng)

    def ended(self, moved: int | None) -> bool:
        """Move on from a task that has ended; tell whether the walk goes on."""
        if self.state.callback_pos is not self.pos:
            self.state.callback_pos = self.pos  # a run inside the task, or the task itself, had put another there
        while self.level > self.indent and len(self.pos) <= self.level:
            self.blocks.pop()  # the position was cut short: the lists below are left
            self.level -= 1
        if moved is None:
            return self._leave()
        self._refuse_short()
        self.pos[self.level] += moved
        return True

    def _refuse_short(self) -> None:
        if len(self.pos) <= self.level:
            raise _no_such_place(self.pos)

    def _leave(self) -> bool:
        """Leave the innermost list for what follows it; False when it is the outermost."""
        if self.level == self.indent:
            return False
        loops.leave(self.eng.extra_data, self.pos[: self.level])
        self.blocks.pop()
        self.pos.pop()
        self.level -= 1
        self.pos[self.level] += 1
        return True


def _no_such_place(pos: list[int]) -> WorkflowError:
    return WorkflowError(
        f"the position {format_address(pos)} is no place in this definition; "
        "was it stored with another version of it, or changed by a task?"
    )


def _run_followed(task: Any, eng: Any, obj: Any, execute: Any, after: Any) -> None:
    """Run a task and the hook after it, which runs however the task ends but never takes the place of a halt."""
    try:
        if execute is None:
            task(obj, eng)
        else:
            execute(task, obj)
    except HaltProcessing:
        try:
            after(eng, task, obj)
        except Exception:
            eng.log.exception("after_each_callback failed while the workflow was being halted")
        raise
    except BaseException:
        after(eng, task, obj)
        raise
    else:
        after(eng, task, obj)


def _log_step(log: Any, eng: Any, task: Any, obj: Any, depth: int) -> None:
    log.debug(
        "Running (%s%s.) callback %s for obj: %s",
        depth * "-",
        eng.state.callback_pos,
        escape_control(task_name(task)),
        escape_control(repr(obj)),
    )


def listening(log: Any) -> Any:
    """Return a logger if it listens to debug messages, else None; loggers of other libraries count as listening."""
    ask = getattr(log, "isEnabledFor", None)
    return log if ask is None or ask(logging.DEBUG) else None


RUNNERS = frozenset((_Walker._go_within.__code__, _Walker._run_seen.__code__, _run_followed.__code__))
"""The code of what calls tasks."""
