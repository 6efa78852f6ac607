"""The control-flow patterns.

A pattern returns a task, or a list whose first item is a task. Each task behaves as documented when it is called by hand
and carries the op that says the same to the compiler. After the workflow patterns of van der Aalst et al.,
http://www.workflowpatterns.com (the ones called *basic* there).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from wfgraph.errors import WorkflowDefinitionError
from wfgraph.graph import ops
from wfgraph.graph import outcomes as out
from wfgraph.graph.describing import describe
from wfgraph.graph.nesting import Task, Tasks, clean
from wfgraph.patterns._compare import CMP
from wfgraph.patterns._loops import assigner, item_source
from wfgraph.patterns._tasks import distance, named, named_branch, pattern
from wfgraph.patterns.parallel import PARALLEL_SPLIT, SYNCHRONIZE
from wfgraph.runtime import loops
from wfgraph.utils import is_a, shown, task_name

__all__ = [
    "BREAK",
    "CHOICE",
    "CMP",
    "FOR",
    "HALT",
    "IF",
    "IF_ELSE",
    "IF_NOT",
    "OBJ_JUMP_BWD",
    "OBJ_JUMP_FWD",
    "OBJ_NEXT",
    "PARALLEL_SPLIT",
    "SIMPLE_MERGE",
    "STOP",
    "SYNCHRONIZE",
    "TASK_JUMP_BWD",
    "TASK_JUMP_FWD",
    "TASK_JUMP_IF",
    "WHILE",
]


@pattern
def TASK_JUMP_BWD(step: int = -1) -> Task:
    """Jump back: ``A, B, TASK_JUMP_BWD(-2)`` repeats A and B for ever.

    Args:
        step: how far, as for ``eng.jump_call``; not positive.
    """
    return _jump("TASK_JUMP_BWD", step)


@pattern
def TASK_JUMP_FWD(step: int = 1) -> Task:
    """Jump ahead: ``A, TASK_JUMP_FWD(2), B, C`` runs A and C.

    Args:
        step: how far, as for ``eng.jump_call``.
    """
    return _jump("TASK_JUMP_FWD", step)


def _jump(name: str, step: int) -> Task:
    step = distance(name, step)

    @named(name, ops.Jump(step))
    def jump_call(obj: Any, eng: Any) -> None:
        eng.jump_call(step)

    return jump_call


@pattern
def TASK_JUMP_IF(cond: Task, step: int) -> Task:
    """Jump if a condition holds, else go on; needs no list of its own, as IF does.

    Args:
        cond: the condition, called with the token and the engine.
        step: how far, as for ``eng.jump_call``.
    """
    step = distance("TASK_JUMP_IF", step)
    op = ops.Branch(out.jump(step), out.RETURN, test=cond, keyword="jump if", describe=describe(cond))

    @named("jump", op)
    def jump_if(obj: Any, eng: Any) -> None:
        if cond(obj, eng):
            eng.jump_call(step)

    return jump_if


@pattern
def BREAK() -> Task:
    """Leave the list that holds this task, as ``eng.break_current_loop()`` does."""

    @named("BREAK", ops.Break())
    def leave(obj: Any, eng: Any) -> None:
        eng.break_current_loop()

    return leave


@pattern
def STOP() -> Task:
    """Stop the run, as ``eng.stop()`` does."""

    @named("STOP", ops.Stop())
    def stop(obj: Any, eng: Any) -> None:
        eng.stop()

    return stop


@pattern
def HALT(message: str = "", action: str | None = None, payload: Any = None) -> Task:
    """Halt the run, as ``eng.halt()`` does.

    Args:
        message: why.
        action: the name of the action that is waited for.
        payload: whatever the one who takes that action needs.
    """

    @named("HALT", ops.Halt(message if is_a(message, str) else describe(message)))
    def halt(obj: Any, eng: Any) -> None:
        eng.halt(message, action=action, payload=payload)

    return halt


@pattern
def OBJ_NEXT() -> Task:
    """Leave this token and go on with the next one."""

    @named("OBJ_NEXT", ops.NextToken())
    def next_token(obj: Any, eng: Any) -> None:
        eng.continue_next_token()

    return next_token


@pattern
def OBJ_JUMP_FWD(step: int = 1) -> Task:
    """Leave this token and go on with a later one.

    Args:
        step: how many tokens ahead, as for ``eng.jump_token``.
    """
    return _jump_token("OBJ_JUMP_FWD", step)


@pattern
def OBJ_JUMP_BWD(step: int = -1) -> Task:
    """Leave this token and go on with an earlier one.

    Args:
        step: how many tokens ahead, so negative for going back, as for ``eng.jump_token``.
    """
    return _jump_token("OBJ_JUMP_BWD", step)


def _jump_token(name: str, step: int) -> Task:
    step = distance(name, step)

    @named(name, ops.JumpToken(step))
    def jump_token(obj: Any, eng: Any) -> None:
        eng.jump_token(step)

    return jump_token


@pattern
def IF(cond: Task, branch: Tasks | None) -> list[Any]:
    """Run a branch if a condition holds.

    The branch stands in a list of its own: jumps in it stay in it.

    Args:
        cond: the condition, called with the token and the engine.
        branch: a task, or a list of them.
    """
    op = ops.Branch(out.jump(1), out.BREAK, test=cond, keyword="if", describe=describe(cond))

    @named("IF", op)
    def test(obj: Any, eng: Any) -> None:
        if cond(obj, eng):
            eng.jump_call(1)
        eng.break_current_loop()

    return [test, branch]


@pattern
def IF_NOT(cond: Task, branch: Tasks | None) -> list[Any]:
    """Run a branch if a condition does not hold; see :func:`IF`."""
    op = ops.Branch(out.BREAK, out.RETURN, test=cond, keyword="unless", describe=describe(cond))

    @named("IF_NOT", op)
    def test(obj: Any, eng: Any) -> None:
        if cond(obj, eng):
            eng.break_current_loop()

    return [test, branch]


@pattern
def IF_ELSE(cond: Task, branch1: Tasks, branch2: Tasks) -> list[Any]:
    """Run one branch if a condition holds, and another if it does not.

    Args:
        cond: the condition, called with the token and the engine.
        branch1: what runs when it holds: a task, or a list of them.
        branch2: what runs when it does not.

    Raises:
        WorkflowDefinitionError: a branch is None.
    """
    if branch1 is None or branch2 is None:
        raise WorkflowDefinitionError("Neither of the branches of IF_ELSE can be None; use [] for nothing to do")
    op = ops.Branch(out.jump(1), out.jump(3), test=cond, keyword="if", describe=describe(cond))

    @named("IF_ELSE", op)
    def test(obj: Any, eng: Any) -> None:
        eng.jump_call(1 if cond(obj, eng) else 3)

    return [test, _one_slot(branch1), BREAK(), _one_slot(branch2)]


def _one_slot(branch: Any) -> Any:
    """Return a branch as one item, whatever becomes of tuples and None when the definition is registered."""
    if branch is None:
        return []
    return clean(branch) if is_a(branch, tuple) and not callable(branch) else branch


@pattern
def WHILE(cond: Task, branch: Tasks) -> list[Any]:
    """Repeat a branch as long as a condition holds.

    Args:
        cond: the condition, called with the token and the engine before each round.
        branch: a task, or a list of them; its items stand in the loop's own list, so ``BREAK`` leaves the loop.
    """
    body = clean(branch)

    @named("WHILE", ops.While(test=cond, describe=describe(cond)))
    def head(obj: Any, eng: Any) -> None:
        if not cond(obj, eng):
            eng.break_current_loop()

    return [head, *body, TASK_JUMP_BWD(-(len(body) + 1))]


def CHOICE(arbiter: Task, *predicates: Any, default: Any = None, **kwpredicates: Any) -> list[Any]:
    """Run the branch that an arbiter names.

    Args:
        arbiter: returns the name of a branch, called with the token and the engine.
        predicates: branches as tuples: the name, then the tasks.
        default: the branch for every other name; without it, another name is an error.
        kwpredicates: branches by name, each a task or a list of them. ``comment``, when it is a text, is no branch but
            the docstring of the deciding task.

    Raises:
        WorkflowDefinitionError: a branch has no name.
        KeyError: (when run) there is no branch of that name and no default; the names there are are listed.
    """
    comment = kwpredicates.pop("comment") if isinstance(kwpredicates.get("comment"), str) else None
    # A tuple with one item is a branch of that item, in the place that it always had: positions in it are stored.
    branches: list[tuple[Any, Any]] = [
        (name, _one_slot(tasks[0] if len(tasks) == 1 else tuple(tasks)))
        for name, *tasks in map(named_branch, predicates)
    ]
    branches += [(name, _one_slot(branch)) for name, branch in kwpredicates.items()]
    slots = [branch for _, branch in branches]
    offsets = {name: 2 * index + 1 for index, (name, _) in enumerate(branches)}
    other = None
    if default is not None:
        other = 2 * len(slots) + 1
        slots.append(_one_slot(default))
    op = ops.Choice(tuple(offsets.items()), arbiter=arbiter, default=other, describe=describe(arbiter))

    @named(task_name(arbiter), op)
    def decide(obj: Any, eng: Any) -> None:
        # The arbiter is asked here, and so is in the closure: clients look for it there.
        eng.jump_call(op.offset_of(arbiter(obj, eng)))

    decide.__doc__ = comment or f"CHOICE: {describe(arbiter)}, one of {', '.join(map(describe, offsets))}."
    return [decide, *(item for branch in slots for item in (branch, BREAK()))]


def SIMPLE_MERGE(*args: Any, comment: str = "") -> list[Any]:
    """Run the first branch, then the last task; the other branches can be jumped to, and end in the last task too.

    Args:
        args: the branches, then the task that each of them ends in.
        comment: accepted as by every pattern; nothing here is the pattern's own to be commented.

    Raises:
        WorkflowDefinitionError: fewer than two are given.
    """
    if len(args) < 2:
        raise WorkflowDefinitionError("You must supply at least 2 callables to SIMPLE_MERGE")
    *branches, final = args
    merged: list[Any] = []
    for index, branch in enumerate(branches):
        merged += [_one_slot(branch), TASK_JUMP_FWD(2 * (len(branches) - index) - 1)]
    return [*merged, final]


@pattern
def FOR(
    get_list_function: Callable[..., Any] | Iterable[Any],
    setter: Callable[..., Any] | str | None,
    branch: Tasks,
    cache_data: bool = False,
    order: str = "ASC",
) -> list[Any]:
    """Repeat a branch for each item of a list.

    How far the loop has come belongs to the token and the place of the loop: it survives a halt, and is gone when the
    loop is left. What was stored last stays.

    Args:
        get_list_function: the items, or a callable, ``(obj, eng)`` or without arguments, that gives them.
        setter: the key of ``eng.extra_data`` under which the body finds the item; or a callable ``(obj, eng, item)``
            or ``(obj, eng, position, item)``; or None.
        branch: a task, or a list of them; its items stand in the loop's own list, so ``BREAK`` leaves the loop.
        cache_data: ask for the items once per loop instead of once per round.
        order: ``"ASC"`` from the first to the last, ``"DSC"`` from the last to the first.

    Raises:
        WorkflowDefinitionError: the order is neither, or the items are neither callable nor iterable.
    """
    if not is_a(order, str) or order not in ("ASC", "DSC"):
        raise WorkflowDefinitionError(f"FOR knows the orders 'ASC' and 'DSC', not {shown(order)}", payload=order)
    body = clean(branch)
    items, text = item_source(get_list_function)
    key = setter if is_a(setter, str) else None
    op = ops.For(
        items,
        assigner(setter),
        reverse=order == "DSC",
        cached=bool(cache_data),
        constant=not callable(get_list_function),
        key=key,
        describe=f"{'item' if key is None else key} in {text}",
    )

    @named("FOR", op)
    def head(obj: Any, eng: Any) -> None:
        if not loops.advance(op, obj, eng):
            eng.break_current_loop()

    return [head, *body, TASK_JUMP_BWD(-(len(body) + 1))]
