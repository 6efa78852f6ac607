"""Loops that are never left, told apart by what makes them so."""

from __future__ import annotations

from wfgraph.checks.context import Context
from wfgraph.graph.outcomes import Control
from wfgraph.graph.workflow_graph import Node

__all__ = ["clamped_traps", "jumps_to_itself", "token_jumps"]


def jumps_to_itself(context: Context, node: Node) -> bool:
    """Tell whether a task does nothing else than to jump to itself."""
    (way, *more) = list(context.ways(node, *Control))
    jumps = way[0].control is Control.JUMP and way[0].offset is not None
    edges = context.graph.out_edges(node.id)
    return not more and way[1] and jumps and all(edge.target == node.id for edge in edges)


def clamped_traps(context: Context) -> dict[int, list[int]]:
    """Return the tasks that jump back out of a nested list, and so make a loop in it that is never left."""
    found: dict[int, list[int]] = {}
    for trap in context.flow.traps:
        for number in trap:
            node = context.graph.nodes[number]
            if context.graph.block_of(node).parent is None or jumps_to_itself(context, node):
                continue
            ways = context.ways(node, Control.JUMP)
            if any(way.offset is not None and node.item.index + way.offset < 0 for way, _ in ways):
                found[number] = trap
    return found


def token_jumps(context: Context) -> list[int]:
    """Return the tasks that repeat or go back to a token, if every token meets one of them: the run never ends."""
    found = []
    for node in context.that(Control.JUMP_TOKEN):
        for outcome, certain in context.ways(node, Control.JUMP_TOKEN):
            if certain and node.lane is None and outcome.offset is not None and outcome.offset <= 0:
                found.append(node.id)
    return found if found and context.flow.every_path_meets(found) else []
