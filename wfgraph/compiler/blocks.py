"""Code generation for blocks: each shape becomes the statement that one would write by hand."""

from __future__ import annotations

from wfgraph.compiler.shapes import control_op
from wfgraph.compiler.source import Source
from wfgraph.errors import WfgraphInternalError
from wfgraph.graph.address import format_address
from wfgraph.graph.definition import Block, Slot, TaskItem
from wfgraph.graph.ops import Branch, Break, Choice, For, Jump, While
from wfgraph.graph.outcomes import BREAK, Control, Outcome
from wfgraph.graph.routine import ANSWER, LOOK, LoopVariables

__all__ = ["write_block", "write_rest"]

_MAX_DEPTH = 12
"""How deep blocks are indented before they get a function of their own: Python allows 20 loops in each other."""
_MAX_NESTING = 30
"""How deep blocks that need no indentation are followed before they get a function of their own."""


def _slot(out: Source, slot: Slot, depth: int) -> None:
    """Write an item that has no say in where its list goes on."""
    if isinstance(slot, TaskItem):
        out.line(depth, f"task_{slot.id}(obj, eng)", slot.id)
    elif (depth > _MAX_DEPTH or out.nesting > _MAX_NESTING) and slot.begin != slot.end:
        out.waiting.append(slot)
        out.line(depth, f"{out.part(slot)}(obj, eng)")
    else:
        out.nesting += 1
        write_block(out, slot, depth)
        out.nesting -= 1


def _leave(out: Source, block: Block, depth: int, pc: int, loop: bool = False) -> None:
    """Write the way out of a block by a task at its own level."""
    if block.parent is None:
        out.line(depth, f"return {pc}")
    elif loop:
        out.line(depth, "break")


def write_block(out: Source, block: Block, depth: int) -> None:
    """Write a whole block. Plain blocks in plain blocks are a matter of position only, so they are not nested here."""
    work: list[Slot] = [block]
    while work:
        slot = work.pop()
        if isinstance(slot, Block) and out.shape(slot) == "plain" and not _breaks(out, slot):
            work.extend(reversed(slot.slots))
        elif slot is block:
            _WRITERS[out.shape(block)](out, block, depth)
        else:
            _slot(out, slot, depth)


def _breaks(out: Source, block: Block) -> bool:
    return any(control_op(slot, out.program.graph.nodes) is not None for slot in block.slots)


def write_rest(out: Source, block: Block, index: int, depth: int) -> None:
    """Write what is left of a block from a slot on."""
    shape = out.shape(block)
    if index == 0:
        write_block(out, block, depth)
    elif index == len(block.slots):
        return
    elif shape in ("plain", "if"):
        _row(out, block, index, depth)
    elif shape in ("ifelse", "choice"):
        if index % 2:
            _slot(out, block.slots[index], depth)
            index += 1
        if index < len(block.slots) and block.parent is None:
            out.line(depth, f"return {block.starts[index]}")
    elif shape in ("while", "for"):
        _rest_of_loop(out, block, index, depth)
    else:
        _dispatch(out, block, depth, index)


def _row(out: Source, block: Block, index: int, depth: int, loop: bool = False) -> None:
    """Write slots in a row, following jumps ahead, until the list's end or a break; for a loop until its jump back."""
    nodes, length = out.program.graph.nodes, len(block.slots)
    last = length - 1 if loop else length
    while index < last:
        slot = block.slots[index]
        op = control_op(slot, nodes)
        if isinstance(op, Break):
            _look(out, block, depth, loop)
            _leave(out, block, depth, block.starts[index], loop)
            return
        if isinstance(op, Jump):
            index += op.offset
            continue
        if op is not None:
            raise WfgraphInternalError(f"{op!r} in a row of slots")
        _slot(out, slot, depth)
        index += 1
    _look(out, block, depth, loop)
    if loop and index > last:  # jumped over the jump back
        if block.parent is None:
            out.line(depth, "return None")
        else:
            out.line(depth, "break")


def _look(out: Source, block: Block, depth: int, loop: bool) -> None:
    """Write what looks, before a round of a FOR ends, whether its last task has changed the position."""
    if loop and out.shape(block) == "for":
        pc = block.starts[0]
        out.line(depth, f"if {LOOK}: {LOOK}({pc})", pc)


def _plain(out: Source, block: Block, depth: int) -> None:
    _row(out, block, 0, depth)


def _test(out: Source, block: Block, depth: int, text: str) -> None:
    pc = block.starts[0]
    out.line(depth, text.format(f"({ANSWER} := test_{pc}(obj, eng))"), pc)


def _if(out: Source, block: Block, depth: int) -> None:
    op = control_op(block.slots[0], out.program.graph.nodes)
    leaves_when_true = isinstance(op, Branch) and op.when_true == BREAK
    _test(out, block, depth, "if not {}:" if leaves_when_true else "if {}:")
    size = len(out.lines)
    _row(out, block, 1, depth + 1)
    if len(out.lines) == size:
        out.line(depth + 1, "pass")
    if block.parent is None:
        out.line(depth, "else:")
        _leave(out, block, depth + 1, block.starts[0])


def _ifelse(out: Source, block: Block, depth: int) -> None:
    _test(out, block, depth, "if {}:")
    _arm(out, block, 1, depth + 1)
    out.line(depth, "else:")
    _arm(out, block, 3, depth + 1)


def _arm(out: Source, block: Block, index: int, depth: int) -> None:
    """Write one branch and the BREAK after it, if there is one."""
    size = len(out.lines)
    _slot(out, block.slots[index], depth)
    if index + 1 < len(block.slots):
        _leave(out, block, depth, block.starts[index + 1])
    if len(out.lines) == size:
        out.line(depth, "pass")


def _choice(out: Source, block: Block, depth: int) -> None:
    pc = block.starts[0]
    out.line(depth, f"{ANSWER} = choose_{pc}(obj, eng)", pc)
    word = "if"
    for index in range(1, len(block.slots), 2):
        out.line(depth, f"{word} {ANSWER} == {index}:")
        _arm(out, block, index, depth + 1)
        word = "elif"


def _while(out: Source, block: Block, depth: int) -> None:
    _test(out, block, depth, "while {}:")
    _body(out, block, 1, depth + 1)
    _leave(out, block, depth, block.starts[0])


def _body(out: Source, block: Block, index: int, depth: int) -> None:
    size = len(out.lines)
    _row(out, block, index, depth, loop=True)
    if len(out.lines) == size:
        out.line(depth, "pass")


def _for(out: Source, block: Block, depth: int) -> None:
    pc = block.starts[0]
    # Where a routine begins at the head of a loop, that may be for its next round.
    start = "resume" if pc == out.entry else "begin"
    out.line(depth, f"rest_{pc}, items_{pc} = {start}_{pc}(obj, eng)", pc)
    _rounds(out, block, depth)


def _rounds(out: Source, block: Block, depth: int) -> None:
    """Write the rounds of a FOR whose iterator is at hand."""
    pc = block.starts[0]
    op = out.program.graph.nodes[pc].op
    if not isinstance(op, For):
        raise WfgraphInternalError(f"{op!r} at the head of a for")
    out.loops.append(LoopVariables(pc, block.end, op, f"rest_{pc}", f"items_{pc}", len(out.lines) + 1))
    out.line(depth, f"for item_{pc} in rest_{pc}:", pc)
    if op.key is not None:
        out.line(depth + 1, f"eng.extra_data[{op.key!r}] = item_{pc}", pc)
    elif op.assign is not None:
        place = format_address(out.program.rows[pc].address)
        out.line(depth + 1, f"assign_{pc}(obj, eng, {place!r}, item_{pc})", pc)
    _body(out, block, 1, depth + 1)
    _leave(out, block, depth, pc)


def _rest_of_loop(out: Source, block: Block, index: int, depth: int) -> None:
    """Write what is left of a round, then the loop; a round that ends by a break ends the loop too."""
    pc = block.starts[0]
    is_for = out.shape(block) == "for"
    out.line(depth, "while True:  # the rest of a round, and then the others")
    if is_for:
        out.line(depth + 1, f"rest_{pc}, items_{pc} = resume_{pc}(obj, eng, inside=True)", block.starts[index])
    _row(out, block, index, depth + 1, loop=True)
    (_rounds if is_for else _while)(out, block, depth + 1)
    if block.parent is not None:
        out.line(depth + 1, "break")


def _dispatch(out: Source, block: Block, depth: int, start: int = 0) -> None:
    """Write a list whose jumps fit no statement: numbered parts, and a variable that says which one is next."""
    leaders = sorted(_leaders(out, block) | {start})
    at = f"at_{block.id}"
    out.line(depth, f"{at} = {start}")
    out.line(depth, "while True:")
    word = "if"
    for index in leaders:
        out.line(depth + 1, f"{word} {at} == {index}:")
        _part(out, block, index, leaders, depth + 2)
        word = "elif"
    out.line(depth + 1, "else:")
    out.line(depth + 2, "break")


def _leaders(out: Source, block: Block) -> set[int]:
    """Return the slots at which a part begins: the first one, and those to which a task leads that decides."""
    leaders = {0}
    for index, slot in enumerate(block.slots):
        op = control_op(slot, out.program.graph.nodes)
        if op is not None:
            leaders.update(_clamp(block, index, way.outcome) for way in op.exits())
    return {index for index in leaders if index < len(block.slots)}


def _clamp(block: Block, index: int, outcome: Outcome) -> int:
    """Return the slot that an outcome leads to; past the end for a break."""
    if outcome.control is Control.BREAK:
        return len(block.slots)
    step = 1 if outcome.control is Control.RETURN else outcome.offset or 0
    return block.slot_for(index + step)


def _part(out: Source, block: Block, index: int, leaders: list[int], depth: int) -> None:
    at = f"at_{block.id}"
    while index < len(block.slots):
        slot = block.slots[index]
        op = control_op(slot, out.program.graph.nodes)
        if op is not None:
            _decide(out, block, index, depth)
            return
        _slot(out, slot, depth)
        index += 1
        if index in leaders:
            break
    out.line(depth, f"{at} = {index}")


def _decide(out: Source, block: Block, index: int, depth: int) -> None:
    """Write a task that decides where its list goes on."""
    pc, at = block.starts[index], f"at_{block.id}"
    op = control_op(block.slots[index], out.program.graph.nodes)

    def go(outcome: Outcome, deep: int) -> None:
        if outcome.control is Control.BREAK and block.parent is None:
            out.line(deep, f"return {pc}")
        else:
            out.line(deep, f"{at} = {_clamp(block, index, outcome)}")

    if isinstance(op, Jump | Break):
        go(op.exits()[0].outcome, depth)
    elif isinstance(op, Choice):
        out.line(depth, f"{at} = min({len(block.slots)}, max(0, {index} + ({ANSWER} := choose_{pc}(obj, eng))))", pc)
    elif isinstance(op, Branch | While):
        yes, no = (way.outcome for way in op.exits())
        out.line(depth, f"if ({ANSWER} := test_{pc}(obj, eng)):", pc)
        go(yes, depth + 1)
        out.line(depth, "else:")
        go(no, depth + 1)
    else:
        raise WfgraphInternalError(f"{op!r} can't be dispatched")


_WRITERS = {
    "plain": _plain,
    "if": _if,
    "ifelse": _ifelse,
    "choice": _choice,
    "while": _while,
    "for": _for,
    "dispatch": _dispatch,
}
