"""Stored runs on the command line: running them so that a signal ends them well, and telling what became of them."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from types import FrameType
from typing import Any

import click
from click.shell_completion import CompletionItem

from wfgraph.cli.console import CommandError, progress, say
from wfgraph.cli.runner import Fate, Report, Story, watched
from wfgraph.cli.targets import compiled, definition_of, load
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import StorageError
from wfgraph.graph.address import format_address
from wfgraph.statuses import ObjectStatus
from wfgraph.storage import DbWorkflowEngine, Interrupted, Store, connect
from wfgraph.storage.records import Record, RunRecord, error_line
from wfgraph.storage.store import store_of

__all__ = [
    "absolute",
    "begun",
    "complete_uuid",
    "db_option",
    "found",
    "how_to",
    "report_of",
    "run_stored",
    "status_of",
    "store_at",
    "tally",
    "tell_interrupted",
    "total",
]

_GRANULARITY = "token"
_LOOK_SECONDS = 0.3
_COMPLETED = 1_000
"""So many runs are looked at for what begins as typed: a shell waits for the answer."""

FATES: Mapping[ObjectStatus, Fate] = {
    ObjectStatus.INITIAL: Fate.WAITING,
    ObjectStatus.RUNNING: Fate.LEFT,
    ObjectStatus.COMPLETED: Fate.COMPLETED,
    ObjectStatus.HALTED: Fate.HALTED,
    ObjectStatus.ERROR: Fate.FAILED,
}

db_option = click.option(
    "--db",
    "url",
    metavar="URL",
    help="The database: runs.db, or postgresql://host/name.  [default: $WFGRAPH_DB, or wfgraph.db]",
)


def store_at(url: str | None, *, create: bool | None = None) -> Store:
    """Return the runs of a database; looking does not make one.

    Raises:
        StorageError: it can't be used.
    """
    return store_of(connect(url, create=create))


def complete_uuid(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the newest runs whose uuid begins so, of the database that the line names before, or the usual one."""
    with suppress(StorageError):  # there is none, or it does not answer
        known = store_at(ctx.params.get("url"), create=False).runs(limit=_COMPLETED)
        return [
            CompletionItem(run.uuid, help=f"{run.name}: {run.status.label}")
            for run in known
            if run.uuid.startswith(incomplete)
        ]
    return []


def absolute(target: str) -> str:
    """Return a target so that it names the same definition from every directory."""
    place, _, name = target.rpartition(":")
    return f"{Path(place).resolve()}:{name}" if place.endswith(".py") else target


def begun(target: str, key: str | None, url: str, name: str | None, granularity: str | None) -> DbWorkflowEngine:
    """Return an engine for a new run of a definition.

    Raises:
        CommandError: the target can't be loaded, or is an engine of its own.
    """
    eng = DbWorkflowEngine.with_name(
        name or target.rpartition(":")[2],
        connect(url),
        target=absolute(target),
        granularity=granularity or _GRANULARITY,
    )
    _define(eng, target, key)
    return eng


def found(store: Store, uuid: str, target: str | None, granularity: str | None) -> DbWorkflowEngine:
    """Return an engine for a stored run, with its definition.

    Raises:
        CommandError: the definition is not known, or does not exist any more.
        UnknownRun: there is no such run.
    """
    eng = DbWorkflowEngine.from_uuid(uuid, store.database, granularity=granularity or _GRANULARITY)
    if eng.db_obj.joins is not None:
        raise CommandError(
            f"the run {eng.uuid} is a branch of a task of the run {eng.db_obj.parent}; only workers go on with it: "
            f"wfgraph runs requeue {eng.uuid[:8]} --celery module:attribute"
        )
    place = target or eng.db_obj.target
    if place is None:
        raise CommandError(
            f"the run {eng.uuid} does not say where its definition is; say it: --target module:attribute"
        )
    try:
        _define(eng, place, None)
    except CommandError as error:
        if target is not None:
            raise
        raise CommandError(
            f"the definition of the run {eng.uuid} is not where it was: {error}; say where it is: --target "
            "module:attribute"
        ) from error
    return eng


def _define(eng: DbWorkflowEngine, target: str, key: str | None) -> None:
    definition = definition_of(load(target), target, key)
    compiled(definition, target)
    eng.callbacks.replace(definition)


@contextmanager
def _ending_well(eng: DbWorkflowEngine) -> Iterator[None]:
    """Let the first SIGINT or SIGTERM end a run after the task in hand, and a second one at once."""
    asked: list[int] = []

    def ask(number: int, _: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        eng.interrupt()
        click.echo("wfgraph: stopping after the task in hand; once more to stop at once", err=True)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_stored(eng: DbWorkflowEngine, total: int, action: Callable[[], Any], *, shared: bool = False) -> bool:
    """Carry out what runs an engine, showing how far it is.

    Args:
        eng: the engine.
        total: how many objects are to be run.
        action: runs it.
        shared: whether its objects are run in parts: how far they are is then asked of the database.

    Returns:
        False when it was interrupted.
    """
    with progress("objects", total) as tell, _ending_well(eng), _told_only_here():
        if not shared:
            taken = Report([Story(index, None) for index in range(max(total, len(eng.objects)))])
            eng.processing_factory = watched(eng, taken, tell)
        try:
            with _counting(eng, tell) if shared else nullcontext():
                action()
        except (Interrupted, KeyboardInterrupt):
            return False
        tell(total)
    return True


@contextmanager
def _counting(eng: DbWorkflowEngine, tell: Callable[[int], Any]) -> Iterator[None]:
    """Tell again and again how many objects are done with, whichever process runs them."""
    over = threading.Event()

    def count() -> None:
        while not over.wait(_LOOK_SECONDS):
            with suppress(StorageError):  # not stored yet, or the database is away: the run itself will say so
                tell(eng.runs.progress(eng.uuid).ended)

    thread = threading.Thread(target=count, name="wfgraph-progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def _told_only_here() -> Iterator[None]:
    """Keep the log from telling of halts and errors, which the report tells of; where somebody reads it, it goes there."""
    log, nobody = logging.getLogger("wfgraph"), logging.NullHandler()
    if not click.get_current_context().find_root().params.get("debug"):
        log.addHandler(nobody)
    try:
        yield
    finally:
        log.removeHandler(nobody)


def report_of(eng: GenericWorkflowEngine) -> Report:
    """Return what became of the objects of a stored run."""
    records: list[Record] = getattr(eng, "database_objects", [])
    return Report([_story(record, eng.objects[record.ordinal]) for record in records])


def _story(record: Record, token: Any) -> Story:
    said = error_line(record) if record.status is ObjectStatus.ERROR else record.halt_message
    return Story(
        record.ordinal,
        token,
        FATES[record.status],
        None,
        said or "",
        record.halt_action or "",
        record.node or "",
        format_address(record.callback_pos or []),
    )


def status_of(run: RunRecord) -> str:
    """Return what a run is, in a word."""
    return "Interrupted" if run.interrupted else run.status.label


def tally(counts: Mapping[Any, int]) -> str:
    """Return how many runs or objects there are of each status."""
    return ", ".join(f"{counts[one]} {one.label.lower()}" for one in sorted(counts, key=lambda status: status.value))


def total(counts: Mapping[Any, int]) -> str:
    """Return how many there are, and how many of each status."""
    return f"{sum(counts.values())} ({tally(counts)})" if counts else "0"


def how_to(verb: str, uuid: str, url: str | None) -> str:
    """Return the command that does something to a run."""
    return f"wfgraph runs {verb} {uuid[:8]}" + (f" --db {url}" if url else "")


def tell_interrupted(eng: DbWorkflowEngine) -> None:
    """Say how to go on with a run that was interrupted."""
    say(f"interrupted; what is done is stored. Go on: {how_to('requeue', eng.uuid, eng.runs.database.url)}")
