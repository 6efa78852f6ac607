"""The compiled tier at run time: tokens run in routines; what a routine can't do itself is carried out around it.

A routine is left by an exception whenever a task steers its token. A jump or a break stays in the definition: the token
goes on in the routine that begins at the target, or in the interpreter when there is none. Everything else leaves the
token, with its position worked out from where the exception came from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import Any, Protocol

from wfgraph.errors import BreakFromThisLoop, JumpCall
from wfgraph.graph.definition import Block, TaskItem
from wfgraph.graph.outcomes import Control, Outcome
from wfgraph.graph.program import Program
from wfgraph.graph.routine import Executable, Unit
from wfgraph.runtime import loops
from wfgraph.runtime.cursor import Cursor, Moved
from wfgraph.runtime.interpreter import NOBODY, walk, walk_on

__all__ = ["run_token", "run_tokens"]


class Counter(Protocol):
    """Who wants to know how many tokens were asked for their position, and says when that was too often."""

    asked: int

    @property
    def overasked(self) -> bool: ...


def run_tokens(
    executable: Executable, eng: Any, objects: Any, counter: Counter, handle: Callable[[Any, Exception], None]
) -> None:
    """Run the tokens from the one after ``state.token_pos``, as long as they are plain ones that need no hook.

    It ends before a token that chooses its definition itself, after one that was left by an exception, and when the
    counter says that the interpreter would be faster.

    Args:
        executable: the routines of the definition.
        eng: the engine.
        objects: the tokens.
        counter: is told how many tokens were asked for their position.
        handle: is given the token that was left by an exception, and that.
    """
    unit = executable.unit_of_tokens()
    if unit is None:
        return
    with _alone(executable) if executable.following is not None else nullcontext():
        _run_plain(unit, executable, eng, objects, counter, handle)


def _run_plain(
    unit: Unit,
    executable: Executable,
    eng: Any,
    objects: Any,
    counter: Counter,
    handle: Callable[[Any, Exception], None],
) -> None:
    state = eng.state
    cursor = Cursor(executable, state)
    cursor.start(0)
    while True:
        obj, steered = None, None
        try:
            try:
                ended = unit.run(objects, eng, state, cursor, _never_featured)
                if ended is None:
                    break
                obj = ended[0]
                cursor.check()
                _end(cursor, executable, state, ended[1])
            except (JumpCall, BreakFromThisLoop, Moved) as error:
                obj, steered = _token_of(error, obj), error
            except BaseException as error:
                obj = _token_of(error, obj)
                _stand(cursor, state, error)
                raise
            if steered is not None:
                _continue(cursor, executable, eng, obj, steered)
                if loops.KEY in eng.extra_data:
                    loops.clear(eng.extra_data)
            if cursor.asked:
                counter.asked += cursor.asked
                if counter.overasked:
                    break
            cursor.renew()
        except Exception as error:
            counter.asked += cursor.asked
            handle(obj, error)
            return
    state._cursor = None


def _token_of(error: BaseException, obj: Any) -> Any:
    """Return the token that an exception left: the one at hand, or the one that the loop over tokens was at."""
    inner = None if error.__traceback__ is None else error.__traceback__.tb_next
    return obj if obj is not None or inner is None else inner.tb_frame.f_locals.get("obj")


@lru_cache(maxsize=64)
def _never_featured(kind: type) -> type | None:
    """Return a type of tokens if none of it can choose its definition, so that the others need not be asked."""
    if kind.__module__ != "builtins":
        own: Any = kind.__getattribute__
        if own is not object.__getattribute__ or hasattr(kind, "__getattr__"):
            return None
    return None if kind.__dictoffset__ else kind


def run_token(executable: Executable, eng: Any, obj: Any, counter: Counter) -> None:
    """Run one token from ``state.callback_pos`` to its end.

    Raises:
        Exception: what a task raised, other than a jump or a break.
    """
    state = eng.state
    unit = _unit_for(executable, state.callback_pos)
    if unit is None:
        walk(executable.program.root, eng, obj, 0, NOBODY)
        return
    cursor = Cursor(executable, state)
    try:
        with _alone(executable) if executable.following is not None else nullcontext():
            _run_unit(unit, cursor, executable, eng, obj)
    finally:
        counter.asked += cursor.asked


@contextmanager
def _alone(executable: Executable) -> Iterator[None]:
    """Keep the routines' names from being followed for a run around this one."""
    around = executable.following
    around.pause()
    try:
        yield
    finally:
        around.follow()


def _unit_for(executable: Executable, position: list[int]) -> Unit | None:
    if position == [0]:
        return executable.unit_at(0)
    pc = executable.program.pc_at(position)
    return None if pc is None else executable.unit_at(pc)


def _run_unit(unit: Unit, cursor: Cursor, executable: Executable, eng: Any, obj: Any) -> None:
    state = eng.state
    cursor.start(unit.entry)
    try:
        left = unit.run(obj, eng)
        cursor.check()
    except (JumpCall, BreakFromThisLoop, Moved) as error:
        steered: BaseException = error
    except BaseException as error:
        _stand(cursor, state, error)
        raise
    else:
        _end(cursor, executable, state, left)
        return
    _continue(cursor, executable, eng, obj, steered)


def _end(cursor: Cursor, executable: Executable, state: Any, left: int | None) -> None:
    """Set the position that a token has when it is done."""
    program = executable.program
    end = [len(program.root.slots) - 1] if left is None else list(program.address_of(left))
    _set(cursor, state, end)


def _stand(cursor: Cursor, state: Any, error: BaseException) -> None:
    """Leave the position at the task that raised, unless that, or a run inside it, has set another."""
    if state._cursor is not cursor:
        cursor.rest()
        return
    pc = cursor.settle(error)
    _set(cursor, state, cursor.address(pc))


def _set(cursor: Cursor, state: Any, position: list[int]) -> None:
    """Put a plain list in the place of the cursor: the live one where it was handed out, else the one it stood for."""
    if cursor.live is None or cursor.unchanged():
        cursor.show(position)
    state._callback_pos = cursor.live
    cursor.rest()
    state._cursor = None


def _continue(cursor: Cursor, executable: Executable, eng: Any, obj: Any, error: BaseException) -> None:
    """Go on after a task that jumped, left its list, or changed the position.

    Not called while that is being handled: what a later task raises has nothing to do with it.
    """
    program, state = executable.program, eng.state
    while True:
        pc = cursor.settle(error)
        error.__traceback__ = None  # which holds this frame, which holds the error
        moved = _step(error)
        unit = None
        if cursor.live is None or (not isinstance(error, Moved) and cursor.unchanged()):
            unit = executable.landings.get((pc, moved)) or _land(executable, pc, moved)
        if unit is None:
            _set(cursor, state, cursor.address(pc))
            walk_on(_blocks_of(program, program.rows[pc]), eng, obj, moved, NOBODY)
            return
        if loops.KEY in eng.extra_data:
            loops.keep_enclosing(eng.extra_data, cursor.address(unit.entry), state.token_pos)
        state._cursor = cursor
        try:
            left = unit.run(obj, eng)
            if cursor.touched:
                cursor.check()
        except (JumpCall, BreakFromThisLoop, Moved) as another:
            error = another
            continue
        except BaseException as last:
            _stand(cursor, state, last)
            raise
        if cursor.touched:
            _end(cursor, executable, state, left)
        return


def _step(error: BaseException) -> int | None:
    """Return how far the flow moves within the list; None to leave it."""
    if isinstance(error, JumpCall):
        step: int = error.args[0]
        return step
    return _distance(error.outcome) if isinstance(error, Moved) else None


def _land(executable: Executable, pc: int, moved: int | None) -> Unit | None:
    """Return the routine that begins where a task's end leads; None when there is none (yet)."""
    program = executable.program
    target = _target(program, program.rows[pc], moved)
    unit = None if target == len(program.rows) else executable.unit_at(target)
    if unit is not None:
        executable.landings[pc, moved] = unit
    return unit


def _distance(outcome: Outcome) -> int | None:
    if outcome.control is Control.BREAK:
        return None
    return 1 if outcome.control is Control.RETURN else outcome.offset


def _target(program: Program, item: TaskItem, moved: int | None) -> int:
    """Return the task at which the flow goes on: the number of tasks for the token's end."""
    block = program.graph.definition.blocks[item.block]
    if moved is None:
        return block.end
    return block.starts[block.slot_for(item.index + moved)]


def _blocks_of(program: Program, item: TaskItem) -> list[Block]:
    """Return the blocks that a task stands in, outermost first."""
    blocks = program.graph.definition.blocks
    found = [blocks[item.block]]
    while found[-1].parent is not None:
        found.append(blocks[found[-1].parent])
    return found[::-1]
