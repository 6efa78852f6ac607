"""Which Python statement a block is: the shapes that code generation knows.

========== =========================================================== =============================
shape      slots                                                       becomes
========== =========================================================== =============================
plain      tasks and blocks; jumps ahead and breaks                    statements in a row
if         a two-way condition that enters or leaves, then plain ones  ``if``
ifelse     ``[condition, yes, BREAK, no]``                             ``if``/``else``
choice     ``[decision, a, BREAK, b, BREAK, ...]``                     ``if``/``elif``
while, for ``[head, plain ones ..., jump to the head]``                ``while``, ``for``
dispatch   anything else                                               a loop over numbered parts
========== =========================================================== =============================
"""

from __future__ import annotations

from collections.abc import Sequence

from wfgraph.graph.definition import Block, TaskItem
from wfgraph.graph.ops import Branch, Break, Choice, For, Jump, Op, While
from wfgraph.graph.outcomes import BREAK, RETURN, Control, Outcome, jump
from wfgraph.graph.workflow_graph import Node

__all__ = ["control_op", "shape_of"]

_ENTER = (RETURN, jump(1))


def control_op(slot: object, nodes: Sequence[Node]) -> Op | None:
    """Return the op of a slot that the generated code carries out itself; None for what it only calls."""
    if not isinstance(slot, TaskItem):
        return None
    op = nodes[slot.id].op
    if isinstance(op, Jump | Break | For):
        return op
    if isinstance(op, Branch) and op.test is not None and _simple(op.when_true) and _simple(op.when_false):
        return op
    if isinstance(op, While) and op.test is not None:
        return op
    return op if isinstance(op, Choice) and op.arbiter is not None else None


def _simple(outcome: Outcome) -> bool:
    """Tell whether an outcome stays within the list or leaves it."""
    return outcome in (RETURN, BREAK) or (outcome.control is Control.JUMP and outcome.offset is not None)


def shape_of(block: Block, nodes: Sequence[Node]) -> str:
    """Return the shape of a block."""
    found = [control_op(slot, nodes) for slot in block.slots]
    if not found:
        return "plain"
    head, rest = found[0], found[1:]
    if all(_straight(op) for op in found):
        return "plain"
    if isinstance(head, Branch):
        return _branch_shape(head, rest)
    if isinstance(head, Choice):
        return "choice" if _is_choice(head, found) else "dispatch"
    if isinstance(head, While | For) and rest and all(_straight(op) for op in rest[:-1]):
        last = rest[-1]
        if isinstance(last, Jump) and len(rest) + last.offset <= 0:
            return "while" if isinstance(head, While) else "for"
    return "dispatch"


def _straight(op: Op | None) -> bool:
    return op is None or isinstance(op, Break) or (isinstance(op, Jump) and op.offset > 0)


def _branch_shape(head: Branch, rest: list[Op | None]) -> str:
    if all(_straight(op) for op in rest):
        ways = (head.when_true, head.when_false)
        if (ways[0] in _ENTER and ways[1] == BREAK) or (ways[1] in _ENTER and ways[0] == BREAK):
            return "if"
    arms = len(rest) == 3 and rest[0] is None and isinstance(rest[1], Break) and rest[2] is None
    return "ifelse" if arms and (head.when_true, head.when_false) == (jump(1), jump(3)) else "dispatch"


def _is_choice(head: Choice, found: list[Op | None]) -> bool:
    offsets = [offset for _, offset in head.cases] + ([] if head.default is None else [head.default])
    arms, breaks = found[1::2], found[2::2]
    return (
        len(arms) == len(breaks)
        and all(op is None for op in arms)
        and all(isinstance(op, Break) for op in breaks)
        and all(offset % 2 == 1 and offset < len(found) for offset in offsets)
    )
