"""The verbs of ``wfgraph runs`` that show stored runs: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from wfgraph.cli.console import MANY, literal, output, say, table_of
from wfgraph.cli.stored import complete_uuid, db_option, how_to, status_of, store_at, total
from wfgraph.cli.teaching import taught
from wfgraph.cli.watch import watch_run
from wfgraph.graph.address import format_address
from wfgraph.statuses import ObjectStatus, WorkflowStatus
from wfgraph.storage.records import Record, RunRecord, error_line

__all__ = ["list_runs", "show", "steps"]

_json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON, for other programs.")


@click.command(
    "list",
    epilog=taught(
        {
            "runs list --db runs.db": "the newest first",
            "runs list --db runs.db --name orders --json": "those of one name, for a program",
        },
        codes="0 done, 2 the database can't be used.",
    ),
)
@db_option
@click.option("--name", help="Those of this name only.")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([one.name.lower() for one in WorkflowStatus]),
    help="Those of this status only.",
)
@click.option("--stale", is_flag=True, help="Those only whose worker is gone.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="This many at most.")
@_json_option
def list_runs(
    url: str | None, name: str | None, statuses: tuple[str, ...], stale: bool, limit: int, as_json: bool
) -> None:
    """List runs, the newest first."""
    store = store_at(url, create=False)
    wanted = [WorkflowStatus[one.upper()] for one in statuses] or None
    known = store.runs(name=name, statuses=wanted, interrupted=stale, limit=limit)
    counts = store.counts([run.uuid for run in known])
    if as_json:
        _tell_json([_run_json(run, counts[run.uuid]) for run in known])
        return
    if not known:
        say("no runs")
        return
    table = table_of("run", "name", "status", "objects", "begun")
    for run in known:
        table.add_row(
            run.uuid[:8], literal(run.name), status_of(run), total(counts[run.uuid]), _shown_time(run.created)
        )
    output().print(table)


@click.command(
    epilog=taught(
        {
            "runs show 1f3a --db runs.db": "where its objects stand",
            "runs show 1f3a --db runs.db --watch": "how far it is, until it is over",
        },
        codes="0 done, 2 no such run.",
    )
)
@click.argument("uuid", shell_complete=complete_uuid)
@db_option
@click.option("--all", "everything", is_flag=True, help=f"List all objects, not just {MANY} that wait for somebody.")
@_json_option
@click.option("--watch", is_flag=True, help="Show how far it is, again and again, until nothing of it is to be run.")
@click.option(
    "--every", type=click.FloatRange(min=0.05), default=1.0, show_default=True, help="... every so many seconds."
)
def show(uuid: str, url: str | None, everything: bool, as_json: bool, watch: bool, every: float) -> None:
    """Show what became of a run, and where its objects stand."""
    if watch:
        watch_run(store_at(url, create=False), uuid, every, as_json)
        return
    run = store_at(url, create=False).load(uuid)
    counts = Counter(one.status for one in run.objects)
    if as_json:
        _tell_json(_run_json(run, counts) | {"objects": [_object_json(one) for one in run.objects]})
        return
    say(f"{run.name}: {status_of(run)}")
    for what, value in (
        ("run", run.uuid),
        ("definition", "" if run.joins else run.target or "?"),  # workers alone find a branch
        ("branch of" if run.joins else "part of", run.parent),
        ("begun", _shown_time(run.created)),
        ("changed", _shown_time(run.modified)),
        ("worker", "" if run.parts else f"{run.owner or 'none'}{_whereabouts(run)}"),
        ("objects", total(counts)),
        ("parts", total(Counter(part.status for part in run.parts)) if run.parts else ""),
    ):
        if not value:
            continue
        say(f"  {what:<11}{value}")
    _show_standing(run)
    waiting = [one for one in run.objects if one.status in (ObjectStatus.HALTED, ObjectStatus.ERROR)]
    told = run.objects if everything else waiting[:MANY]
    if told:
        _show_objects(told)
    if not everything and len(waiting) > MANY:
        say(f"and {len(waiting) - MANY} more; --all shows them")
    where = "" if run.target and not run.joins else " --target module:attribute"
    if waiting and run.status is not WorkflowStatus.RUNNING:
        say(f"go on: {how_to('resume', run.parent if run.joins and run.parent else run.uuid, url)}{where}")
    elif run.interrupted:
        say(f"go on: {how_to('requeue', run.uuid, url)}{where}")


@click.command(
    epilog=taught(
        {"runs steps 1f3a --db runs.db --object 2": "what object 2 went through"}, codes="0 done, 2 no such run."
    )
)
@click.argument("uuid", shell_complete=complete_uuid)
@db_option
@click.option("--object", "ordinal", type=click.IntRange(min=0), help="Those of this object only.")
@_json_option
def steps(uuid: str, url: str | None, ordinal: int | None, as_json: bool) -> None:
    """Show the steps that the objects of a run took: all of them where each step was stored, else where they stopped."""
    store = store_at(url, create=False)
    rows = store.steps(store.find(uuid).uuid, ordinal)
    names = ("ordinal", "node", "callback_pos", "outcome", "seconds", "ended")
    if as_json:
        _tell_json([{name: getattr(row, name) for name in names} for row in rows])
        return
    if not rows:
        say("no steps are stored; run with --granularity task to have all of them")
        return
    table = table_of("object", "task", "position", "ended", "ms", "at")
    for row in rows:
        table.add_row(
            str(row.ordinal),
            literal(row.node),
            literal(format_address(row.callback_pos)),
            literal(row.outcome),
            f"{row.seconds * 1000:.1f}",
            _shown_time(row.ended),
        )
    output().print(table)


# ----------------------------------------------------------------------------------------------------------------------


def _whereabouts(run: RunRecord) -> str:
    """Return whether the owner of a run is still there, for the line that names it."""
    return "" if run.leased or run.owner is None else " (gone)" if run.interrupted else " (done)"


def _show_standing(run: RunRecord) -> None:
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


def _show_objects(objects: Sequence[Record]) -> None:
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


def _shown_time(seconds: float | None) -> str:
    """Return a time, given in seconds since 1970, as people read it."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _tell_json(value: Any) -> None:
    """Write a value as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=True))


def _run_json(run: RunRecord, counts: Any) -> dict[str, Any]:
    """Return a run as JSON."""
    plain = ("uuid", "parent", "name", "target", "definition", "owner", "epoch", "created", "modified")
    return {name: getattr(run, name) for name in plain} | {
        "status": run.status.name,
        "interrupted": run.interrupted,
        "counts": {one.name: count for one, count in counts.items()},
    }


def _object_json(one: Record) -> dict[str, Any]:
    """Return an object as JSON."""
    plain = (
        "ordinal", "callback_pos", "node", "error_type", "error_message", "halt_message", "halt_action", "halt_payload",
    )  # fmt: skip
    return {name: getattr(one, name) for name in plain} | {"status": one.status.name, "data": json.loads(one.stored)}
