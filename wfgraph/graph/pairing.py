"""Which task of one graph a reader would find again in another, and under which pattern it stands there."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from operator import attrgetter

from wfgraph.graph.identity import Identity, answers_to, identities
from wfgraph.graph.shapes import Kind, Shapes
from wfgraph.graph.workflow_graph import WorkflowGraph

__all__ = ["BY_KEY", "BY_NAME", "BY_SHORT", "Rule", "Side", "pairs_of"]

Rule = Callable[[Identity], Hashable]
"""What those tasks have in common that are taken for the same."""
BY_KEY: Rule = attrgetter("key")
BY_SHORT: Rule = attrgetter("name", "detail")
BY_NAME: Rule = attrgetter("name")


class Side:
    """One of two graphs that are compared."""

    def __init__(self, graph: WorkflowGraph) -> None:
        self.graph = graph
        self.names = identities(graph)
        self.shapes = Shapes(graph)
        self.aside = set(self.bookkeeping().values())

    def around(self, number: int) -> tuple[int | None, str]:
        """Return the head of the pattern that a task stands in, and in which of its branches; None at the top."""
        node = self.graph.nodes[number]
        lane, block, slot = node.lane, node.item.block, node.item.index
        while True:
            shape = self.shapes.shape(lane, block)
            if slot in shape.arms:
                head = shape.start(0)
                if shape.kind in (Kind.IF_ELSE, Kind.CHOICE):
                    return head, answers_to(self.graph.nodes[head], slot)
                return head, str(slot) if shape.kind is Kind.MERGE else ""
            if shape.block.parent is not None:
                block, slot = shape.block.parent, shape.block.index
            elif lane is not None:
                return self.graph.lanes[lane].host, str(self.graph.lanes[lane].index)
            else:
                return None, ""

    def bookkeeping(self) -> dict[tuple[int, int], int]:
        """Return the bookkeeping of all patterns, by the head and the slot.

        A SIMPLE_MERGE whose first branch is empty begins with its bookkeeping: nothing leads to it, so that is compared as
        other tasks are.
        """
        return {
            (shape.start(0), index): shape.start(slot)
            for shape in self.shapes
            if shape.own and shape.start(0) != shape.start(shape.own[0])
            for index, slot in enumerate(shape.own)
        }


_RULES: tuple[Rule, ...] = (BY_KEY, BY_SHORT, attrgetter("setting", "name"))
"""By what tasks are paired, the strictest first; among those that are alike, in their order."""


def pairs_of(old: Side, new: Side) -> dict[int, int]:
    """Return, for each task of one graph that a reader would find again in the other, that one."""
    pairs: dict[int, int] = {}
    left, right = ([number for number in range(len(side.names)) if number not in side.aside] for side in (old, new))
    for rule in _RULES:
        waiting: dict[Hashable, list[int]] = {}
        for number in reversed(right):
            waiting.setdefault(rule(new.names[number]), []).append(number)
        for number in left:
            if found := waiting.get(rule(old.names[number])):
                pairs[number] = found.pop()
        taken = set(pairs.values())
        left = [number for number in left if number not in pairs]
        right = [number for number in right if number not in taken]
    there = new.bookkeeping()
    for (head, index), number in old.bookkeeping().items():
        if head in pairs and (pairs[head], index) in there:
            pairs[number] = there[pairs[head], index]
    return pairs
