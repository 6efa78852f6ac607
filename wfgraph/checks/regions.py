"""Regions of tasks that no run can get to, each with what cuts it off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wfgraph.checks.context import Context
from wfgraph.checks.reading import is_stand_in
from wfgraph.graph.outcomes import Control
from wfgraph.graph.shapes import Kind
from wfgraph.graph.workflow_graph import Node

__all__ = ["Region", "merged", "never_goes_on", "regions"]

_GOES_ON = (Control.RETURN, Control.JUMP, Control.HALT)


@dataclass(frozen=True, slots=True)
class Region:
    """Tasks next to each other that no run can get to.

    Attributes:
        tasks: their nodes, in document order.
        cause: the last reached node before them; None when there is none.
    """

    tasks: tuple[int, ...]
    cause: int | None


def never_goes_on(node: Node) -> bool:
    """Tell whether a task always ends its list, its token or the run, and is not resumed after."""
    return not node.opaque and all(way.outcome.control not in _GOES_ON for way in node.exits)


def merged(context: Context) -> set[int]:
    """Return the tasks in the further branches of SIMPLE_MERGE, which are made to be jumped to."""
    found: set[int] = set()
    for shape in context.shapes:
        if shape.kind is Kind.MERGE:
            for arm in shape.arms[1:]:
                found.update(range(shape.start(arm), shape.start(arm + 1)))
    return found


def regions(context: Context) -> Iterator[Region]:
    """Yield the regions, in document order; what only waits to be jumped to, and bookkeeping, is left out."""
    told = context.shapes.bookkeeping | merged(context)
    hidden: list[int] = []
    cause: int | None = None
    lane: int | None = None
    for node in context.graph.nodes:
        if node.lane != lane:
            yield from _region(hidden, cause)
            hidden, cause, lane = [], None, node.lane
        if context.flow.reached(node.id):
            yield from _region(hidden, cause)
            hidden, cause = [], node.id
        elif node.lane is not None and not context.flow.reached(context.graph.lanes[node.lane].host):
            continue  # told with its host
        elif node.id not in told and not is_stand_in(node.item.task):
            hidden.append(node.id)
    yield from _region(hidden, cause)


def _region(tasks: list[int], cause: int | None) -> Iterator[Region]:
    if tasks:
        yield Region(tuple(tasks), cause)
