"""Algorithms on graphs of plain numbers: paths, strongly connected components, dominators. All without recursion."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["components", "irreducible_edges", "reach"]


def reach(successors: Sequence[Sequence[int]], start: int, without: frozenset[int] = frozenset()) -> list[int]:
    """Return for each node the node before it on a shortest path from the start; -1 where there is no path.

    The start is before itself. What is in ``without`` is not entered.
    """
    before = [-1] * len(successors)
    before[start] = start
    waiting = [start]
    for node in waiting:
        for other in successors[node]:
            if before[other] < 0 and other not in without:
                before[other] = node
                waiting.append(other)
    return before


def components(successors: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return the strongly connected components, those that others lead to first (Tarjan, without recursion)."""
    count = len(successors)
    index, low, on_stack = [-1] * count, [0] * count, [False] * count
    stack: list[int] = []
    found: list[list[int]] = []
    clock = 0
    for root in range(count):
        if index[root] >= 0:
            continue
        work = [(root, 0)]
        while work:
            node, done = work.pop()
            if done == 0:
                index[node] = low[node] = clock
                clock += 1
                stack.append(node)
                on_stack[node] = True
            else:
                low[node] = min(low[node], low[successors[node][done - 1]])
            for place in range(done, len(successors[node])):
                other = successors[node][place]
                if index[other] < 0:
                    work.append((node, place + 1))
                    work.append((other, 0))
                    break
                if on_stack[other]:
                    low[node] = min(low[node], index[other])
            else:
                if low[node] == index[node]:
                    cut = _last(stack, node)
                    group = stack[cut:]
                    del stack[cut:]
                    for member in group:
                        on_stack[member] = False
                    found.append(group)
    return found


def _last(stack: list[int], node: int) -> int:
    """Return where a node stands on the stack, looked for from the top."""
    place = len(stack) - 1
    while stack[place] != node:
        place -= 1
    return place


def irreducible_edges(successors: Sequence[Sequence[int]], start: int) -> list[tuple[int, int]]:
    """Return the edges that lead back to a node which does not dominate where they come from."""
    order = _postorder(successors, start)
    number = {node: place for place, node in enumerate(order)}
    above = _immediate(successors, order, number)
    begin, end = _intervals(above, len(order))
    return [
        (node, other)
        for node in order
        for other in successors[node]
        if number[other] >= number[node] and not begin[number[other]] <= begin[number[node]] <= end[number[other]]
    ]


def _postorder(successors: Sequence[Sequence[int]], start: int) -> list[int]:
    order: list[int] = []
    seen = {start}
    work = [(start, iter(successors[start]))]
    while work:
        node, rest = work[-1]
        for other in rest:
            if other not in seen:
                seen.add(other)
                work.append((other, iter(successors[other])))
                break
        else:
            order.append(node)
            work.pop()
    return order


def _immediate(successors: Sequence[Sequence[int]], order: list[int], number: dict[int, int]) -> list[int]:
    """Return the immediate dominators, all as places in the postorder (Cooper, Harvey and Kennedy)."""
    root = len(order) - 1
    predecessors: list[list[int]] = [[] for _ in order]
    for node in order:
        for other in successors[node]:
            predecessors[number[other]].append(number[node])
    above = [-1] * len(order)
    above[root] = root
    changed = True
    while changed:
        changed = False
        for node in range(root - 1, -1, -1):
            best = -1
            for before in predecessors[node]:
                if above[before] >= 0:
                    best = before if best < 0 else _meet(above, before, best)
            if above[node] != best:
                above[node] = best
                changed = True
    return above


def _meet(above: list[int], one: int, other: int) -> int:
    while one != other:
        while one < other:
            one = above[one]
        while other < one:
            other = above[other]
    return one


def _intervals(above: list[int], count: int) -> tuple[list[int], list[int]]:
    """Number the dominator tree so that what a node dominates is what lies between its two numbers."""
    below: list[list[int]] = [[] for _ in range(count)]
    for node, parent in enumerate(above):
        if parent != node:
            below[parent].append(node)
    begin, end = [0] * count, [0] * count
    clock = 0
    work = [(count - 1, False)]
    while work:
        node, done = work.pop()
        if done:
            end[node] = clock
            continue
        clock += 1
        begin[node] = clock
        work.append((node, True))
        work.extend((child, False) for child in below[node])
    return begin, end
