"""``wfgraph migrate``: from ``workflow`` 2.x to wfgraph."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from wfgraph.cli.console import CommandError, complain, output, say
from wfgraph.cli.teaching import taught
from wfgraph.migrate import FileResult, migrate_paths, write
from wfgraph.migrate.source import lines_of
from wfgraph.utils import counted

__all__ = ["migrate"]


@click.command(
    short_help="Rewrite code for `workflow` 2.x: imports, and deprecated names.",
    epilog=taught(
        {
            "migrate src tests": "which files would change, and what to look at; also for CI",
            "migrate src tests --diff": "the same, as a patch",
            "migrate src tests --write": "change them",
        },
        codes="0 nothing to change, or it was changed; 1 something to change and --write is not given; 2 a file can't be "
        "read or written (the others are dealt with all the same). What is told to be looked at does not count.",
    ),
)
@click.argument("paths", metavar="PATH...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--diff", is_flag=True, help="Show what would be changed, and write nothing.")
@click.option("--write", "writing", is_flag=True, help="Change the files.")
def migrate(paths: tuple[Path, ...], diff: bool, writing: bool) -> None:
    """Rewrite code for `workflow` 2.x into code for wfgraph.

    A PATH is a file, or a folder, of which all Python files are looked at; links, hidden folders and virtual environments
    in it are passed over. Name all of your code at once: engines of one file are known in the others then.

    Changed are imports of `workflow`, and deprecated names of engines (eng.setVar, eng.getCurrTaskId), with comments and
    formatting left as they are. What may be something else is not changed, but told: `look at file.py:7: ...`.
    """
    if diff and writing:
        raise CommandError("--diff shows and --write changes; give one of them")
    if not paths:
        raise CommandError("nothing to migrate; name files or folders, such as: wfgraph migrate src tests")
    results = migrate_paths(paths)
    failed = [result.error for result in results if result.error is not None]
    changed = [result for result in results if result.changed]
    for result in changed:
        if diff:
            _show(result)
        elif error := _written(result) if writing else None:
            failed.append(error)
        else:
            say(f"{'changed' if writing else 'would change'} {result.path}: {_count(result)}")
    for result in results:
        for look in result.rewritten.looks if result.rewritten is not None else ():
            complain(f"look at {result.path}:{look.line}: {look.message}")
    for error in failed:
        complain(error)
    read = sum(result.error is None for result in results)
    if read and not diff:
        _conclude(read, len(changed), writing)
    if failed:
        click.get_current_context().exit(2)
    if changed and not writing:
        click.get_current_context().exit(1)


def _count(result: FileResult) -> str:
    count = result.rewritten.changes if result.rewritten is not None else 0
    return counted(count, "place")


def _conclude(files: int, changed: int, writing: bool) -> None:
    if not changed:
        say(f"nothing to change in {counted(files, 'file')}")
    elif not writing:
        say(f"{changed} of {files} files would change; --diff shows how, --write does it")


def _written(result: FileResult) -> str | None:
    """Write a file; return why that is not possible."""
    try:
        write(result)
    except OSError as error:
        return f"{result.path}: can't be written: {error.strerror}"
    return None


def _show(result: FileResult) -> None:
    """Write a patch to stdout, in colours on a terminal; line ends are those of the file."""
    assert result.rewritten is not None  # noqa: S101 - it is changed
    before, after = lines_of(result.before), lines_of(result.rewritten.text)
    lines = difflib.unified_diff(before, after, str(result.path), str(result.path))
    colours = {"+": "green", "-": "red", "@": "cyan"} if output().is_terminal else {}
    for line in lines:
        text = line if line.endswith(("\n", "\r")) else f"{line}\n\\ No newline at end of file\n"
        click.echo(click.style(text, fg=colours.get(line[0])), nl=False)
