"""How stored runs are shown: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click
from rich.table import Table

from wfgraph.cli.console import literal, output
from wfgraph.graph.address import format_address
from wfgraph.statuses import ObjectStatus, WorkflowStatus
from wfgraph.storage.records import Record, RunRecord, error_line

__all__ = [
    "counted",
    "object_json",
    "pieces_of",
    "run_json",
    "show_objects",
    "show_standing",
    "shown_time",
    "status_of",
    "table_of",
    "tell_json",
    "whereabouts",
]


def whereabouts(run: RunRecord) -> str:
    """Return whether the owner of a run is still there, for the line that names it."""
    return "" if run.leased or run.owner is None else " (gone)" if run.interrupted else " (done)"


def show_standing(run: RunRecord) -> None:
    """Show how many objects of a run stand where."""
    standing = Counter(
        (one.node or "the start", format_address(one.callback_pos or [0]), one.status)
        for one in run.objects
        if one.status is not ObjectStatus.COMPLETED
    )
    if not standing:
        return
    table = table_of("objects", "status", "stand at", "position")
    for (node, position, status), count in sorted(standing.items(), key=lambda item: (-item[1], item[0][1])):
        table.add_row(str(count), literal(status.label), literal(node), literal(position))
    output().print(table)


def show_objects(objects: Sequence[Record]) -> None:
    """Show objects, a row each."""
    table = table_of("object", "status", "at", "says", "waits for")
    for one in objects:
        said = one.halt_message or error_line(one)
        table.add_row(
            str(one.ordinal),
            literal(one.status.label),
            literal(format_address(one.callback_pos) if one.callback_pos else ""),
            literal(said),
            literal(one.halt_action or ""),
        )
    output().print(table)


def status_of(run: RunRecord) -> str:
    """Return what a run is, in a word."""
    return "Interrupted" if run.interrupted else run.status.label


def counted(counts: Any) -> str:
    """Return how many objects there are, and of which status."""
    whole = sum(counts.values())
    told = ", ".join(f"{counts[one]} {one.label.lower()}" for one in ObjectStatus if counts.get(one))
    return f"{whole} ({told})" if told else str(whole)


def pieces_of(counts: Mapping[WorkflowStatus, int]) -> str:
    """Return how many parts, or branches, there are, and of which status; nothing where there are none."""
    whole = sum(counts.values())
    told = ", ".join(f"{counts[one]} {one.label.lower()}" for one in WorkflowStatus if counts.get(one))
    return f"{whole} ({told})" if told else ""


def shown_time(seconds: float | None) -> str:
    """Return a time, given in seconds since 1970, as people read it."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def table_of(*names: str) -> Table:
    """Return a table with these columns."""
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    return table


def tell_json(value: Any) -> None:
    """Write a value as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=True))


def run_json(run: RunRecord, counts: Any) -> dict[str, Any]:
    """Return a run as JSON."""
    plain = ("uuid", "name", "target", "definition", "owner", "epoch", "created", "modified")
    return {name: getattr(run, name) for name in plain} | {
        "status": run.status.name,
        "interrupted": run.interrupted,
        "counts": {one.name: count for one, count in counts.items()},
    }


def object_json(one: Record) -> dict[str, Any]:
    """Return an object as JSON."""
    plain = (
        "ordinal", "callback_pos", "node", "error_type", "error_message", "halt_message", "halt_action", "halt_payload",
    )  # fmt: skip
    return {name: getattr(one, name) for name in plain} | {"status": one.status.name, "data": json.loads(one.stored)}
