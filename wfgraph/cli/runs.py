"""``wfgraph runs``: the stored runs of a database."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import click
from click.core import ParameterSource

from wfgraph.cli.console import EXPECTED, MANY, CommandError, complain_of, say
from wfgraph.cli.run import granularity_option, tell_report
from wfgraph.cli.runs_shown import list_runs, show, steps
from wfgraph.cli.stored import (
    absolute,
    complete_uuid,
    db_option,
    found,
    report_of,
    run_stored,
    store_at,
    tell_interrupted,
)
from wfgraph.cli.targets import load
from wfgraph.cli.teaching import TellingGroup, taught
from wfgraph.errors import StorageError
from wfgraph.statuses import ObjectStatus
from wfgraph.storage.going_on import chosen
from wfgraph.storage.patience import ConnectionEnded
from wfgraph.utils import counted

__all__ = ["runs"]

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


for _verb in (list_runs, show, steps):
    runs.add_command(_verb)


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
    granularity: str | None,
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
    code = _go_on(
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
    ctx.exit(code)


@runs.command(
    epilog=taught(
        {
            "runs requeue --stale --db runs.db": "all whose worker is gone, here and now",
            "runs requeue --stale --celery curation:workflows": "the same, by Celery's workers",
        },
        codes="0 done, 1 an object failed, 2 a run can't go on, 130 interrupted.",
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
    granularity: str | None,
    workers: int | None,
    place: str | None,
) -> None:
    """Go on with runs whose worker is gone, here and now; or tell the workers of a queue about them.

    What was not begun or was under way goes on; what halted or failed stays where it is, for `wfgraph runs resume`. A run
    that can't go on is told, and keeps none of the others from going on.
    """
    if bool(uuids) == stale:
        raise CommandError("name the runs to go on with, or say --stale for all whose worker is gone")
    if place is not None:
        for name, given in (("--target", target), ("--granularity", granularity), ("--workers", workers)):
            if given is not None:
                raise CommandError(f"{name} is for going on here; the workers of --celery have their own: leave it out")
        if ctx.get_parameter_source("url") is ParameterSource.COMMANDLINE:
            raise CommandError("--celery names workers, who have their own database: leave --db out")
        _tell_workers(place, uuids)
        return
    store = store_at(url, create=False)
    codes = [0]
    for uuid in uuids or [run.uuid for run in store.runs(interrupted=True)]:
        try:
            eng = found(store, uuid, target, granularity)
            say(f"{eng.name}: {eng.uuid}")
            codes.append(_go_on(ctx, eng, partial(eng.recover, workers=workers)))
        except EXPECTED as error:
            # Other kinds are about this run; with these the database can't be used, for none of the others either.
            if type(error) in (StorageError, ConnectionEnded):
                raise
            complain_of(error)
            codes.append(2)
    ctx.exit(max(codes))


def _tell_workers(place: str, uuids: tuple[str, ...]) -> None:
    """Tell the workers of a queue of these runs, or of all that should be going on."""
    workflows = load(place)
    if not hasattr(workflows, "requeue"):
        raise CommandError(f"{place!r} is no CeleryWorkflows")
    told = workflows.requeue(uuids, stale=not uuids)
    say(f"{counted(told, 'message')} sent")


def _go_on(ctx: click.Context, eng: Any, action: Callable[[], None]) -> int:
    """Go on with a run, and tell what became of it; return the exit code. An interrupted one ends the command."""
    done = run_stored(eng, len(eng.objects), action, shared=bool(eng.db_obj.parts))
    tell_report(report_of(eng), MANY)
    if not done:
        tell_interrupted(eng)
        ctx.exit(130)
    return int(any(one.status is ObjectStatus.ERROR for one in eng.database_objects))


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
