"""What is laid over the picture of a graph: findings of the checks, what runs did, where items stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from wfgraph.graph.workflow_graph import ERROR, HALT, STOP, WorkflowGraph
from wfgraph.runtime.trace import Step
from wfgraph.utils import counted, escape_control
from wfgraph.views.diagram import Badge, Tally
from wfgraph.views.look import SIGNS

__all__ = ["Overlay", "of_findings", "of_items", "of_steps"]


@dataclass(frozen=True, slots=True)
class Overlay:
    """What is known about the nodes and edges of a graph beyond itself.

    Attributes:
        badges: findings, by node.
        tallies: what happened at the nodes that runs have reached, or could have.
        steps: how often runs stepped from one node to another; None where no run is shown.
        notes: lines of text about the whole.
    """

    badges: Mapping[int, tuple[Badge, ...]] = field(default_factory=dict)
    tallies: Mapping[int, Tally] = field(default_factory=dict)
    steps: Mapping[tuple[int, int], int] | None = None
    notes: tuple[str, ...] = ()

    def over(self, other: Overlay) -> Overlay:
        """Return both at once; where both measured something, this one counts."""
        return Overlay(
            {**other.badges, **self.badges},
            {**other.tallies, **self.tallies},
            self.steps if self.steps is not None else other.steps,
            (*other.notes, *self.notes),
        )


def of_findings(graph: WorkflowGraph, findings: Iterable[Any]) -> Overlay:
    """Lay findings over the tasks that they are about.

    Args:
        graph: the graph.
        findings: what :func:`wfgraph.check` returned for its definition.
    """
    places = {node.item.address: node.id for node in graph.nodes if node.lane is None}
    badges: dict[int, list[Badge]] = {}
    counts: Counter[str] = Counter()
    notes = []
    for found in findings:
        code, message, hint = map(escape_control, (found.code, found.message, found.hint))
        badge = Badge(code, found.severity, message, hint)
        counts[found.severity] += 1
        node = places.get(found.address)
        if node is None:
            notes.append(f"{badge.code} {badge.severity}: {badge.message}")
        else:
            badges.setdefault(node, []).append(badge)
    told = ", ".join(counted(counts[one], one) for one in SIGNS if counts[one])
    return Overlay({node: tuple(found) for node, found in badges.items()}, notes=(told or "nothing found", *notes))


def of_steps(graph: WorkflowGraph, steps: Iterable[Step]) -> Overlay:
    """Lay what a recorded run did over its graph: visits, times, how the steps were shared among the edges.

    Args:
        graph: the graph that was run.
        steps: those of a :class:`wfgraph.Trace`.
    """
    visits: Counter[int] = Counter()
    seconds: dict[int, float] = {node.id: 0.0 for node in graph.nodes}
    taken: Counter[tuple[int, int]] = Counter()
    tokens = set()
    ends: dict[int, Counter[str]] = {}
    for step in steps:
        tokens.add(step.token)
        taken[step.source, step.target] += 1
        if step.target >= 0:
            visits[step.target] += 1
        if step.source >= 0:
            seconds[step.source] += step.seconds
            if step.target in _ENDS:
                ends.setdefault(step.source, Counter())[_ENDS[step.target]] += 1
    whole = sum(seconds.values())
    tallies = {
        node.id: Tally(
            visits[node.id],
            seconds[node.id],
            seconds[node.id] / whole if whole else 0.0,
            tuple(sorted(ends.get(node.id, {}).items())),
        )
        for node in graph.nodes
        if node.lane is None or visits[node.id]
    }
    told = f"{counted(len(tokens), 'token')}, {sum(visits.values())} visits, {whole:.3g} s in tasks"
    return Overlay(tallies=tallies, steps=taken, notes=(told,))


_ENDS = {HALT: "halted", STOP: "stopped", ERROR: "failed"}


def of_items(graph: WorkflowGraph, standing: Mapping[int, Mapping[str, int]]) -> Overlay:
    """Lay over a graph how many items stand where.

    Args:
        graph: the graph.
        standing: for each node, the number of items there by status.
    """
    tallies = {
        node: Tally(standing=tuple(sorted((escape_control(status), count) for status, count in counts.items())))
        for node, counts in standing.items()
        if node < len(graph.nodes)
    }
    whole: Counter[str] = Counter()
    for counts in standing.values():
        whole.update(counts)
    told = ", ".join(f"{count} {escape_control(status)}" for status, count in sorted(whole.items()))
    return Overlay(tallies=tallies, notes=(told or "no items",))
