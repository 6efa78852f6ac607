"""The declaration of a task: what its author says about it, kept on the callable.

This is the one public way in which a task, or the head of a pattern of one's own, declares its effect on the flow:

    >>> from wfgraph.graph import ops, outcomes
    >>> def UNLESS(test, branch):
    ...     @task(ops.Branch(outcomes.BREAK, outcomes.RETURN, test=test, keyword="unless"))
    ...     def unless(obj, eng):
    ...         if test(obj, eng):
    ...             eng.break_current_loop()
    ...     return [unless, branch]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from wfgraph.graph.ops import OPAQUE, Op
from wfgraph.utils import attribute

__all__ = ["Declaration", "declaration_of", "op_of", "task"]

_F = TypeVar("_F", bound=Callable[..., Any])
_ATTRIBUTE = "__wfgraph__"


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the author of a task says about it.

    Attributes:
        owner: the callable that was declared. ``functools.wraps`` copies attributes to the wrapper, which may do
            something else: a declaration counts only for its owner.
        op: the effect on the flow; None when nothing is said about it.
        id: a name that stays when the task moves or is renamed.
        ignore: the codes of the checks that are silenced for this task.
    """

    owner: Any
    op: Op | None = None
    id: str | None = None
    ignore: tuple[str, ...] = ()


def task(op: Op | None = None, *, id: str | None = None, ignore: Iterable[str] = ()) -> Callable[[_F], _F]:  # noqa: A002 - the word users look for
    """Declare what a task does to the flow; the callable itself is returned unchanged.

    Args:
        op: one of :mod:`wfgraph.graph.ops`. A run that takes a step which the op does not have is a defect of the
            declaration.
        id: a name for the task that stays when the code moves.
        ignore: codes of checks to silence for it.

    Raises:
        TypeError: ``op`` is no op, or the callable takes no attributes.
    """
    if op is not None and not isinstance(op, Op):
        raise TypeError(f"@task takes an op of wfgraph.graph.ops, not {op!r}; write @task() or @task(ops.Call(...))")

    def declare(function: _F) -> _F:
        target = getattr(function, "__func__", function)
        try:
            setattr(target, _ATTRIBUTE, Declaration(target, op, id, tuple(ignore)))
        except AttributeError:
            raise TypeError(f"{function!r} takes no attributes; wrap it in a function to declare it") from None
        return function

    return declare


def declaration_of(function: Any) -> Declaration | None:
    """Return what was declared for this very callable, or None."""
    target = attribute(function, "__func__", function)
    found = attribute(target, _ATTRIBUTE)
    return found if type(found) is Declaration and found.owner is target else None


def op_of(function: Any) -> Op:
    """Return the op declared for this very callable, or :data:`~wfgraph.graph.ops.OPAQUE`."""
    found = declaration_of(function)
    return OPAQUE if found is None or found.op is None else found.op
