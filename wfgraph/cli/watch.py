"""How far a run is, shown again and again while workers go on with it."""

from __future__ import annotations

import json
import time

import click
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.text import Text

from wfgraph.cli.console import literal, output, table_of
from wfgraph.cli.stored import status_of, tally
from wfgraph.storage import Store
from wfgraph.storage.records import Progress

__all__ = ["watch_run"]


def watch_run(store: Store, uuid: str, every: float, as_json: bool) -> None:
    """Show how far a run is until nothing of it is to be run: a picture on a terminal, elsewhere a line for each change.

    Args:
        store: the runs of its database.
        uuid: the run.
        every: how many seconds to wait between two looks.
        as_json: write a line of JSON for each change instead.

    Raises:
        UnknownRun: there is no such run.
    """
    found = store.progress(uuid)
    uuid = found.run.uuid
    console = output()
    if as_json or not console.is_terminal:
        _write_changes(store, found, every, as_json)
        return
    with Live(_picture(found, console), console=console, auto_refresh=False) as live:
        while not found.is_over:
            time.sleep(every)
            found = store.progress(uuid)
            live.update(_picture(found, console), refresh=True)


def _write_changes(store: Store, found: Progress, every: float, as_json: bool) -> None:
    said = ""
    while True:
        line = json.dumps(found.to_json()) if as_json else _line(found)
        if line != said:
            click.echo(line)
            said = line
        if found.is_over:
            return
        time.sleep(every)
        found = store.progress(found.run.uuid)


def _line(found: Progress) -> str:
    pieces = {"parts": found.parts, "branches": found.branches}
    told = "".join(f"; {what}: {tally(counts)}" for what, counts in pieces.items() if counts)
    return f"{status_of(found.run)}: {found.ended} of {found.total} ({tally(found.objects)}){told}"


def _picture(found: Progress, console: Console) -> Group:
    table = table_of("objects", "status", "stand at")
    for (node, status), count in sorted(found.nodes.items(), key=lambda one: (-one[1], one[0][0])):
        table.add_row(str(count), literal(status.label), literal(node or "the start"))
    bar = ProgressBar(total=max(1, found.total), completed=found.ended, width=min(40, console.width))
    head = literal(f"{found.run.name} {found.run.uuid[:8]}: {_line(found)}")
    # A bar does not end its line.
    return Group(head, bar, Text(""), *([table] if found.nodes else []))
