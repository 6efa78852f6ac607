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
from wfgraph.graph.definition import Block, TaskItem
from wfgraph.runtime import loops
from wfgraph.runtime.trace import Trace
from wfgraph.utils import escape_control, task_name

__all__ = ["Watchers", "listening", "walk"]


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
    """

    before: Callable[[Any, Any, Any], Any] | None = None
    after: Callable[[Any, Any, Any], Any] | None = None
    execute: Callable[[Any, Any], Any] | None = None
    enter: Callable[[Any, int], Any] | None = None
    debug: Any = None
    trace: Trace | None = None
    max_steps: int | None = None


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
    state = eng.state
    pos = state.callback_pos
    level = indent
    open_blocks = [root]
    block = root
    steps = 0
    while True:
        index = _index_at(pos, level)
        if index >= len(block.slots):
            if level == indent:
                pos[level] = len(block.slots) - 1
                return
        else:
            slot = block.slots[index]
            if isinstance(slot, Block):
                if watch.enter is None:
                    if len(pos) - 1 == level:
                        pos.append(0)
                    open_blocks.append(slot)
                    block, level = slot, level + 1
                else:
                    step = _enter_watched(slot, pos, level, watch.enter)
                    loops.leave(eng.extra_data, pos[: level + 1])
                    pos[level] = _moved(pos[level], step, len(block.slots))
                continue
            if len(pos) - 1 > level:
                raise _no_such_place(pos)
            steps += 1
            if steps == watch.max_steps:
                raise WorkflowError(f"{task_name(slot.task)} at {format_address(pos)} is task run number {steps} of "
                                    "this token, and max_steps forbids more; is there a loop without an exit?")
            moved = _run_task(slot, eng, obj, level - indent, watch)
            if state.callback_pos is not pos:
                state.callback_pos = pos
            while level > indent and len(pos) <= level:  # the task cut the position short: the lists below are left
                open_blocks.pop()
                block, level = open_blocks[-1], level - 1
            if moved is not None:
                pos[level] = _moved(pos[level], moved, len(block.slots))
                continue
            if level == indent:
                return
        loops.leave(eng.extra_data, pos[:level])
        open_blocks.pop()
        pos.pop()
        block, level = open_blocks[-1], level - 1
        pos[level] += 1


def _index_at(pos: list[int], level: int) -> int:
    """Return the position's index at a level, and keep it from being negative."""
    try:
        index = pos[level]
    except IndexError:
        raise _no_such_place(pos) from None
    if index < 0:
        index = pos[level] = 0
    return index


def _no_such_place(pos: list[int]) -> WorkflowError:
    return WorkflowError(
        f"the position {format_address(pos)} is no place in this definition; "
        "was it stored with another version of it, or changed by a task?"
    )


def _moved(index: int, step: int, length: int) -> int:
    """Return the index after a step within a list, clamped to the list."""
    return min(length, index + step) if step >= 0 else max(0, index + step)


def _enter_watched(slot: Block, pos: list[int], level: int, enter: Callable[[Any, int], Any]) -> int:
    """Hand a nested list to an overridden ``run_callbacks``; return how far the flow then moves in the list around."""
    if len(pos) - 1 == level:
        pos.append(0)
    step: int = 1
    try:
        enter(slot, level + 1)
    except JumpCall as error:
        step = error.args[0]
    del pos[level + 1 :]
    return step


def _run_task(item: TaskItem, eng: Any, obj: Any, depth: int, watch: Watchers) -> int | None:
    """Run one task.

    Returns:
        How far the flow moves within the list; None to leave it.
    """
    task = item.task
    ending: BaseException | None = None
    if watch.trace is not None:
        watch.trace.arrive(item.id)
    try:
        if watch.debug is not None:
            _log_step(watch.debug, eng, task, obj, depth)
        if watch.before is not None:
            watch.before(eng, task, obj)
        if watch.after is None:
            if watch.execute is None:
                task(obj, eng)
            else:
                watch.execute(task, obj)
        else:
            _run_followed(task, eng, obj, watch.execute, watch.after)
    except BreakFromThisLoop as error:
        ending = error
        return None
    except JumpCall as error:
        ending = error
        step: int = error.args[0]
        return step
    except BaseException as error:
        ending = error
        raise
    finally:
        if watch.trace is not None:
            watch.trace.ended(ending)
    return 1


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


