"""What a task does to the flow: its declared op, what its code tells, or nothing known.

This is the one place that answers the question. A task that declares nothing and can't be read is *opaque*: the graph
says so instead of guessing. Reading code takes time, so it is done for the graph that people look at and the checks work
on; what an executor walks knows only what is declared, and learns the rest by running.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from wfgraph.graph import outcomes as out
from wfgraph.graph.nesting import is_block
from wfgraph.graph.ops import CalledWith, Exit, Op, Synchronize
from wfgraph.graph.outcomes import Control, Outcome
from wfgraph.graph.task import declaration_of, op_of
from wfgraph.utils import is_a

__all__ = ["Infer", "declared", "ends_of_lanes", "inferred", "known_op", "of_asked"]

Infer = Callable[[Any], Op]
declared: Infer = op_of
"""Returns the op of a task: declared by its author, or ``OPAQUE``."""


def inferred(inference: Any) -> Infer:
    """Return what returns the op of a task: declared by its author, or what an
    :class:`~wfgraph.compiler.inference.Inference` reads.
    """  # noqa: D205 - the name of the class is that long

    def infer(task: Any) -> Op:
        known = declaration_of(task)
        found: Op = inference.effects(task).op if known is None or known.op is None else known.op
        return found

    return infer


def known_op(op: Op, infer: Infer) -> Op:
    """Return an op with what its author could not know: how the last task of a SYNCHRONIZE ends."""
    if not isinstance(op, Synchronize) or op.outcomes is not None or not op.final:
        return op
    return replace(op, outcomes=ends_of_lanes(op.lanes, infer(op.final[0]), infer))


def ends_of_lanes(lanes: Iterable[Any], last: Op, infer: Infer) -> tuple[Outcome, ...] | None:
    """Return how a SYNCHRONIZE can end: as its last task, or with a halt where a branch may halt; None if not known."""
    beside, opaque = of_asked(last, infer)
    if last.opaque or opaque:
        return None
    outcomes = dict.fromkeys(way.outcome for way in (*last.exits(), *beside))
    if any(_may_halt(lane, infer) for lane in lanes):
        outcomes[out.HALT] = None
    return tuple(outcomes)


def _may_halt(items: Any, infer: Infer) -> bool:
    """Tell whether any task of a parallel branch may halt."""
    waiting = list(items)
    while waiting:
        item = waiting.pop()
        if is_block(item):
            waiting += item
        elif callable(item):
            op = infer(item)
            beside, opaque = of_asked(op, infer)
            ways = (*op.exits(), *beside)
            if op.opaque or opaque or any(way.outcome.control is Control.HALT for way in ways):
                return True
    return False


def of_asked(op: Op, infer: Infer) -> tuple[tuple[Exit, ...], bool]:
    """Return how the callables that a task asks may steer, and whether that is not known of one of them."""
    if not op.asked:
        return (), False
    own = {way.outcome for way in op.exits()}
    found: dict[Exit, None] = {}
    opaque = False
    waiting = list(op.asked)
    seen: set[tuple[int, int]] = set()
    while waiting:
        asked = waiting.pop(0)
        key = (id(asked.function), asked.more) if is_a(asked, CalledWith) else (id(asked), 0)
        if key in seen:
            continue
        seen.add(key)
        inner = infer(asked)
        opaque |= inner.opaque
        waiting += inner.asked
        for way in inner.exits():
            if way.outcome not in own and way.outcome.control not in (Control.RETURN, Control.ERROR):
                found[Exit.of(way.outcome)] = None
    return tuple(found), opaque
