"""``wfgraph runs``: the stored runs of a database."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import click

from wfgraph.cli.console import CommandError, literal, output, say
from wfgraph.cli.run import tell_report
from wfgraph.cli.runs_shown import (
    counted,
    object_json,
    pieces_of,
    run_json,
    show_objects,
    show_standing,
    shown_time,
    status_of,
    table_of,
    tell_json,
    whereabouts,
)
from wfgraph.cli.stored import (
    absolute,
    complete_uuid,
    db_option,
    found,
    granularity_option,
    how_to,
    report_of,
    run_stored,
    store_at,
    tell_interrupted,
)
from wfgraph.cli.targets import load
from wfgraph.cli.teaching import TellingGroup, taught
from wfgraph.cli.watch import watch_run
from wfgraph.graph.address import format_address
from wfgraph.statuses import ObjectStatus, WorkflowStatus
from wfgraph.storage.going_on import chosen

__all__ = ["runs"]

_MANY = 20
_json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON, for other programs.")
_workers_option = click.option(
    "--workers", type=click.IntRange(min=1), help="How many processes share a run that is in parts."
)
_target_option = click.option("--target", help="Where the definition is, if not where it was: module:attribute.")


@click.group(
    cls=TellingGroup,
    short_help="Look at stored runs, go on with them, cancel them.",
    epilog=taught(
        {
            "runs list --db runs.db": "the newest first",
            "runs show 1f3a --db runs.db --watch": "how far a run is, until it is over",
            "runs resume 1f3a --db runs.db": "go on with what halted, failed or was not begun",
            "runs requeue --stale --db runs.db": "go on with runs whose worker is gone",
        },
        codes="0 done, 1 an object failed, 2 no such run, or it is another worker's, 130 interrupted.",
    ),
)
def runs() -> None:
    """Look at stored runs, go on with those that halted or were interrupted, cancel them.

    A run is named by its uuid, of which the first digits do where they tell it apart.
    """


@runs.command(
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
        tell_json([run_json(run, counts[run.uuid]) for run in known])
        return
    if not known:
        say("no runs")
        return
    table = table_of("run", "name", "status", "objects", "begun")
    for run in known:
        table.add_row(
            run.uuid[:8], literal(run.name), status_of(run), counted(counts[run.uuid]), shown_time(run.created)
        )
    output().print(table)


@runs.command(
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
@click.option("--all", "everything", is_flag=True, help=f"List all objects, not just {_MANY} that wait for somebody.")
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
        tell_json(run_json(run, counts) | {"objects": [object_json(one) for one in run.objects]})
        return
    say(f"{run.name}: {status_of(run)}")
    for what, value in (
        ("run", run.uuid),
        ("definition", run.target or "?"),
        ("begun", shown_time(run.created)),
        ("changed", shown_time(run.modified)),
        ("worker", "" if run.parts else f"{run.owner or 'none'}{whereabouts(run)}"),
        ("objects", counted(counts)),
        ("parts", pieces_of(Counter(part.status for part in run.parts))),
    ):
        if not value:
            continue
        say(f"  {what:<11}{value}")
    show_standing(run)
    waiting = [one for one in run.objects if one.status in (ObjectStatus.HALTED, ObjectStatus.ERROR)]
    chosen = run.objects if everything else waiting[:_MANY]
    if chosen:
        show_objects(chosen)
    if not everything and len(waiting) > _MANY:
        say(f"and {len(waiting) - _MANY} more; --all shows them")
    if waiting and run.status is not WorkflowStatus.RUNNING:
        say(f"go on: {how_to('resume', run.uuid, url)}")
    elif run.interrupted:
        say(f"go on: {how_to('requeue', run.uuid, url)}")


@runs.command(
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
        tell_json([{name: getattr(row, name) for name in names} for row in rows])
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
            shown_time(row.ended),
        )
    output().print(table)


@runs.command(
    epilog=taught(
        {
            "runs resume 1f3a --db runs.db": "what halted goes on at the next task",
            "runs resume 1f3a --db runs.db --from current --object 2": "object 2 runs the task that halted again",
        },
        codes="0 done, 1 an object failed, 2 it can't go on, 130 interrupted.",
    )
)
@click.argument("uuid", shell_complete=complete_uuid)
@db_option
@click.option(
    "--from",
    "halted",
    type=click.Choice(("next", "current", "prev", "first", "none")),
    default="next",
    show_default=True,
    help="Where halted objects go on: at the task after the one that halted, at that, ...",
)
@click.option(
    "--failed",
    type=click.Choice(("next", "current", "prev", "first", "none")),
    default="current",
    show_default=True,
    help="Where failed objects go on.",
)
@click.option("--object", "objects", type=click.IntRange(min=0), multiple=True, help="This object only.")
@click.option("--set", "changes", multiple=True, metavar="KEY=JSON", help="Set something in these objects first.")
@click.option(
    "--remap", "remaps", multiple=True, metavar="OLD=NEW", help="A task of the old definition, and what it is now."
)
@_target_option
@granularity_option
@_workers_option
@click.pass_context
def resume(
    ctx: click.Context,
    uuid: str,
    url: str | None,
    halted: str,
    failed: str,
    objects: tuple[int, ...],
    changes: tuple[str, ...],
    remaps: tuple[str, ...],
    target: str | None,
    granularity: str,
    workers: int | None,
) -> None:
    """Go on with a run: with what halted, what failed, and what was not begun.

    Where the definition has changed, objects go on at the same tasks; if one of them is not certainly there, nothing is
    run. The exit code is 0 when no object failed, else 1.
    """
    eng = found(store_at(url, create=False), uuid, target, granularity)
    if target is not None:
        eng.db_obj.target = absolute(target)
    _set(eng.objects, chosen(eng.db_obj, objects or None), changes)
    remap = dict(_pair(one, "--remap OLD=NEW") for one in remaps) or None
    _go_on(
        ctx,
        eng,
        lambda: eng.resume(
            halted=None if halted == "none" else halted,
            failed=None if failed == "none" else failed,
            objects=objects or None,
            remap=remap,
            workers=workers,
        ),
    )


@runs.command(
    epilog=taught(
        {
            "runs requeue --stale --db runs.db": "all whose worker is gone, here and now",
            "runs requeue --stale --celery curation:workflows": "the same, by Celery's workers",
        },
        codes="0 done, 1 an object failed, 2 it can't go on, 130 interrupted.",
    )
)
@click.argument("uuids", shell_complete=complete_uuid, nargs=-1)
@db_option
@click.option("--stale", is_flag=True, help="All whose worker is gone.")
@_target_option
@granularity_option
@_workers_option
@click.option("--celery", "place", metavar="TARGET", help="Tell workers instead: a CeleryWorkflows, module:attribute.")
@click.pass_context
def requeue(
    ctx: click.Context,
    uuids: tuple[str, ...],
    url: str | None,
    stale: bool,
    target: str | None,
    granularity: str,
    workers: int | None,
    place: str | None,
) -> None:
    """Go on with runs whose worker is gone, here and now; or tell the workers of a queue about them.

    What was not begun or was under way goes on; what halted or failed stays where it is, for `wfgraph runs resume`.
    """
    if bool(uuids) == stale:
        raise CommandError("name the runs to go on with, or say --stale for all whose worker is gone")
    if place is not None:
        _tell_workers(place, uuids)
        return
    store = store_at(url, create=False)
    for uuid in uuids or [run.uuid for run in store.runs(interrupted=True)]:
        eng = found(store, uuid, target, granularity)
        say(f"{eng.name}: {eng.uuid}")
        _go_on(ctx, eng, partial(eng.recover, workers=workers))


def _tell_workers(place: str, uuids: tuple[str, ...]) -> None:
    """Tell the workers of a queue of these runs, or of all that should be going on."""
    workflows = load(place)
    if not hasattr(workflows, "requeue"):
        raise CommandError(f"{place!r} is no CeleryWorkflows")
    told = workflows.requeue(uuids, stale=not uuids)
    say(f"{told} message{'' if told == 1 else 's'} sent")


def _go_on(ctx: click.Context, eng: Any, action: Callable[[], None]) -> None:
    done = run_stored(eng, len(eng.objects), action, shared=bool(eng.db_obj.parts))
    report = report_of(eng)
    tell_report(report, _MANY)
    if not done:
        tell_interrupted(eng)
        ctx.exit(130)
    if any(one.status is ObjectStatus.ERROR for one in eng.database_objects):
        ctx.exit(1)


@runs.command(
    epilog=taught(
        {"runs cancel 1f3a --db runs.db": "its worker is refused its next write, and stops"},
        codes="0 done, 2 no such run, or it is completed.",
    )
)
@click.argument("uuids", shell_complete=complete_uuid, nargs=-1, required=True)
@db_option
def cancel(uuids: tuple[str, ...], url: str | None) -> None:
    """Cancel runs. A worker that has one is refused its next write, and stops."""
    store = store_at(url, create=False)
    for uuid in uuids:
        run = store.find(uuid)
        store.cancel(run.uuid)
        say(f"cancelled {run.uuid} of {run.name}")


# ----------------------------------------------------------------------------------------------------------------------


def _set(tokens: Sequence[Any], chosen: set[int], changes: tuple[str, ...]) -> None:
    for change in changes:
        key, text = _pair(change, "--set KEY=JSON")
        try:
            value = json.loads(text)
        except ValueError as error:
            raise CommandError(
                f"--set {change!r}: {text!r} is no JSON: {error}; texts need quotes: '\"text\"'"
            ) from error
        for ordinal in chosen:
            if not isinstance(tokens[ordinal], dict):
                raise CommandError(f"--set {change!r}: object {ordinal} is no JSON object, and has no keys")
            tokens[ordinal][key] = value


def _pair(text: str, form: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise CommandError(f"{text!r} is not of the form {form}")
    return key, value
