"""The verifier: rules that every graph and program keeps, whatever the user wrote.

A violation is a defect of the compiler (:class:`WfgraphInternalError`), never the user's mistake. The tests run it after
every pass; it costs about as much as compiling, so a normal run does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wfgraph.errors import WfgraphInternalError
from wfgraph.graph.definition import Block, Definition, TaskItem
from wfgraph.graph.program import Program
from wfgraph.graph.text import graph_text
from wfgraph.graph.workflow_graph import ENTRY, TERMINALS, WorkflowGraph

__all__ = ["graph_faults", "verify_definition", "verify_graph", "verify_program"]


def verify_definition(definition: Definition) -> None:
    """Check a definition.

    Raises:
        WfgraphInternalError: it breaks a rule; the message lists every violation.
    """
    _refuse("definition", list(_definition_faults(definition)), lambda: repr(definition))


def verify_graph(graph: WorkflowGraph) -> None:
    """Check a graph; raises as :func:`verify_definition`."""
    faults = list(_definition_faults(graph.definition))
    for lane in graph.lanes:
        faults.extend(_definition_faults(lane.definition))
    faults.extend(graph_faults(graph))
    _refuse("graph", faults, lambda: graph_text(graph))


def verify_program(program: Program) -> None:
    """Check a program against its graph; raises as :func:`verify_definition`."""
    faults = []
    for node, row in zip(program.graph.nodes, program.rows, strict=False):
        if node.item is not row:
            faults.append(f"row {row.id} is not node {node.id}")
        if program.pc_at(row.address) != row.id:
            faults.append(f"the address {row.address} leads to {program.pc_at(row.address)}, not to {row.id}")
    _refuse("program", faults, lambda: graph_text(program.graph))


def _definition_faults(definition: Definition) -> Iterator[str]:
    total = len(definition.tasks)
    for number, item in enumerate(definition.tasks):
        if item.id != number:
            yield f"task {number} has the number {item.id}"
        if definition.blocks[item.block].slots[item.address[-1]] is not item:
            yield f"task {number} is not in the slot of its address {item.address}"
    for number, block in enumerate(definition.blocks):
        if block.id != number:
            yield f"block {number} has the number {block.id}"
        if len(block.starts) != len(block.slots) + 1:
            yield f"block {number} has {len(block.starts)} starts for {len(block.slots)} slots"
            continue
        if list(block.starts) != sorted(block.starts) or not 0 <= block.begin <= block.end <= total:
            yield f"block {number} has starts out of order: {block.starts}"
        if (block.parent is None) != (number == 0):
            yield f"block {number} has the parent {block.parent}"
        yield from _slot_faults(block)


def _slot_faults(block: Block) -> Iterator[str]:
    for index, slot in enumerate(block.slots):
        if isinstance(slot, TaskItem):
            if slot.block != block.id or slot.id != block.starts[index]:
                yield f"slot {index} of block {block.id} holds a task of another place: {slot.address}"
        elif slot.parent != block.id or (slot.begin, slot.end) != (block.starts[index], block.starts[index + 1]):
            yield f"slot {index} of block {block.id} holds a block of another place: {slot.address}"


def graph_faults(graph: WorkflowGraph) -> Iterator[str]:
    """Yield what is wrong with the nodes and edges of a graph; one that was read from a file may be anybody's."""
    count = len(graph.nodes)
    for number, node in enumerate(graph.nodes):
        if node.id != number:
            yield f"node {number} has the number {node.id}"
        if node.lane is None and node.item is not graph.definition.tasks[number]:
            yield f"node {number} is not task {number}"
        if not graph.out_edges(number):
            yield f"node {number} has no way out"
    if len(graph.out_edges(ENTRY)) != 1:
        yield "entry has not exactly one edge"
    last = ENTRY
    for edge in graph.edges:
        for end in (edge.source, edge.target):
            if end not in TERMINALS and not 0 <= end < count:
                yield f"{edge} has an end that does not exist"
        if edge.source < ENTRY or edge.target == ENTRY:
            yield f"{edge} leaves a last node or enters the first"
        if edge.source < last:
            yield f"{edge} is out of order"
        last = edge.source
    for lane in graph.lanes:
        if lane.first + len(lane.definition.tasks) > count:
            yield f"lane {lane.id} ends after the last node"


def _refuse(what: str, faults: list[str], text: Callable[[], str]) -> None:
    if faults:
        raise WfgraphInternalError(f"the compiler made an invalid {what}:\n" + "\n".join(faults) + "\n" + text())
