"""The place of a finding, shown in an outline of the definition.

Example, for ``[2, 1]``::

    [
      ...
      fetch                 [1]
      [
        IF (is_new)         [2, 0]
        TASK_JUMP_FWD (+0)  [2, 1]
        ^^^^^^^^^^^^^^^^^^
      ]
      ...
    ]
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import name_of
from wfgraph.graph.address import Address, format_address
from wfgraph.graph.definition import Block, Slot, TaskItem
from wfgraph.graph.workflow_graph import WorkflowGraph

__all__ = ["excerpt"]

_DEEPEST = 6
_LONGEST = 60


def excerpt(graph: WorkflowGraph, address: Address) -> list[str]:
    """Return the lines of an outline around an address; none where it is no place of the definition."""
    blocks = _path(graph, address)
    if not blocks:
        return []
    lines: list[tuple[str, str]] = []
    hidden = max(0, len(blocks) - _DEEPEST)
    if hidden:
        lines.append((f"... {hidden} lists further out ...", ""))
    _outline(graph, blocks, address, hidden, lines)
    width = max((len(text) for text, place in lines if place), default=0)
    return [f"{text:{width}}  {place}" if place else text for text, place in lines]


def _path(graph: WorkflowGraph, address: Address) -> list[Block]:
    """Return the lists that lead to an address, the outermost first."""
    if not address:
        return []
    blocks = [graph.definition.root]
    for index in address[:-1]:
        slots = blocks[-1].slots
        inner = slots[index] if index < len(slots) else None
        if not isinstance(inner, Block):
            return []
        blocks.append(inner)
    return blocks if address[-1] < len(blocks[-1].slots) else []


def _outline(
    graph: WorkflowGraph, blocks: list[Block], address: Address, first: int, lines: list[tuple[str, str]]
) -> None:
    after: list[tuple[str, str]] = []
    for depth in range(first, len(blocks)):
        block, index = blocks[depth], address[depth]
        innermost = depth == len(blocks) - 1
        indent = "  " * (depth - first)
        lines.append((f"{indent}[", ""))
        shown = {0, index - 1, index, index + 1} if innermost else {0, index}
        last = -1
        for slot in (slot for slot in sorted(shown) if 0 <= slot < len(block.slots)):
            if slot > last + 1:
                lines.append((f"{indent}  ...", ""))
            last = slot
            if slot == index and not innermost:
                break
            lines.extend(_line(graph, block.slots[slot], (*address[:depth], slot), indent, slot == index))
        rest = [(f"{indent}  ...", "")] if last < len(block.slots) - 1 else []
        after[:0] = [*rest, (f"{indent}]", "")]
    lines.extend(after)


def _line(graph: WorkflowGraph, slot: Slot, address: Address, indent: str, marked: bool) -> Iterator[tuple[str, str]]:
    text = name_of(graph.nodes[slot.id]) if isinstance(slot, TaskItem) else "[...]" if slot.slots else "[]"
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
    yield f"{indent}  {text}", format_address(address)
    if marked:
        yield f"{indent}  {'^' * len(text)}", ""
