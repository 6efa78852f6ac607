"""What is written to the terminal, and how: text from users is shown as it is, never as markup or control codes."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from wfgraph.errors import (
    DefinitionChanged,
    StorageError,
    WorkflowAPIError,
    WorkflowDefinitionError,
    WorkflowError,
    WorkflowObjectStatusError,
)
from wfgraph.utils import escape_control
from wfgraph.views.render import RenderError

__all__ = [
    "EXPECTED",
    "MANY",
    "CommandError",
    "complain",
    "complain_of",
    "findings",
    "literal",
    "output",
    "progress",
    "say",
    "table_of",
]

MANY = 20
"""How many things are told of one by one, where there may be thousands."""

_PLAIN_WIDTH = 100
_PLAIN_STEPS = 4


class CommandError(Exception):
    """A mistake in what the user asked for; the message is the one line that the user gets to see."""


EXPECTED = (
    CommandError,
    RenderError,
    StorageError,
    WorkflowAPIError,
    WorkflowDefinitionError,
    WorkflowError,
    WorkflowObjectStatusError,
)
"""The errors that are told in a line: what they say is meant for the user."""


def complain(message: str) -> None:
    """Write one line to stderr."""
    click.echo(f"wfgraph: {escape_control(message.rstrip())}", err=True)


def complain_of(error: Exception) -> None:
    """Write what an error says to stderr; with ``--debug``, where it comes from, too."""
    if click.get_current_context().find_root().params.get("debug"):
        traceback.print_exception(error)
    message = str(getattr(error, "message", error))
    for line in message.splitlines() if isinstance(error, DefinitionChanged) else [message]:
        complain(line)


def say(message: str = "") -> None:
    """Write one line to stdout."""
    click.echo(escape_control(message))


def literal(text: object, style: str = "") -> Text:
    """Return a text for rich that shows every character as it is."""
    return Text(escape_control(str(text)), style=style)


def output() -> Console:
    """Return the console for stdout, wide enough for tables where stdout is no terminal."""
    # Looked up at each call, because tests and pagers replace sys.stdout.
    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _PLAIN_WIDTH
    return console


def table_of(*names: str) -> Table:
    """Return a table with these columns."""
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    return table


_PAINTS = (
    (re.compile(r"^error\[\w+\]"), "bold red"),
    (re.compile(r"^warning\[\w+\]"), "bold yellow"),
    (re.compile(r"^info\[\w+\]"), "bold cyan"),
    (re.compile(r"^ +(-->|\||= \w+:)"), "blue"),
)


def findings(text: str) -> None:
    """Write what checks have found, as it is; on a terminal that is not told otherwise, in colours."""
    console = output()
    painted = Text()
    for line in text.splitlines(keepends=True):
        painted.append(line)
        for sign, style in _PAINTS:
            if found := sign.match(line):
                painted.stylize(style, len(painted) - len(line), len(painted) - len(line) + found.end())
    if console.color_system is None or console.no_color:
        click.echo(text, nl=False)
    else:
        console.print(painted, end="", soft_wrap=True)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], Any]]:
    """Show how far a job is, on stderr: as a bar on a terminal, as a few plain lines elsewhere.

    Yields:
        A function that is told how much is done.
    """
    if not sys.stderr.isatty():
        yield _plain_progress(what, total)
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # What tasks print belongs on stdout: through the bar's console only where that is the same terminal.
    bar = Progress(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty())
    with bar:
        job = bar.add_task(escape_control(what), total=total)
        yield lambda done: bar.update(job, completed=done)


def _plain_progress(what: str, total: int) -> Callable[[int], None]:
    marks = {total * step // _PLAIN_STEPS for step in range(1, _PLAIN_STEPS + 1)} - {0}

    def update(done: int) -> None:
        if done in marks:
            marks.discard(done)
            click.echo(f"{escape_control(what)} {done} of {total}", err=True)

    return update
