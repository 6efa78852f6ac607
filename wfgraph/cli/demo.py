"""``wfgraph demo``: a real workflow on what every machine has, the metadata of its Python distributions."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import click
from rich.table import Table

from wfgraph.cli.console import CommandError, literal, output, say
from wfgraph.cli.runner import Fate, Report, Story
from wfgraph.cli.stored import begun, report_of, run_stored, tell_interrupted
from wfgraph.cli.targets import load_file
from wfgraph.cli.teaching import taught
from wfgraph.compiler.pipeline import compile_graph
from wfgraph.graph.text import graph_text
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.storage import DbWorkflowEngine
from wfgraph.views.extract import diagram_of
from wfgraph.views.render import HOW_TO_GET_DOT, DotMissingError, Drawing, render

__all__ = ["demo"]

_NAME = "license_audit"
_LONGEST_LIST = 8


@click.command(
    short_help="See all of it at work: audit the licences of what is installed here.",
    epilog=taught(
        {"demo": "into ./wfgraph-demo", "demo --output /tmp/audit": "into another directory"},
        codes="0 done (halted objects are no failure), 1 an object failed, 2 the directory can't be written.",
        then="the commands that it prints at the end: look at the stored run, and go on with it.",
    ),
)
@click.option(
    "--output", "directory", type=click.Path(path_type=Path), default=Path("wfgraph-demo"), show_default=True,
    help="Where to write the drawings, and the run.",
)  # fmt: skip
def demo(directory: Path) -> None:
    """Audit the licences of the Python distributions that are installed here.

    Compiles the workflow of examples/license_audit.py, shows it, draws it, runs it, stores that run, and tells what it
    halted for a human to decide. Works offline and changes nothing but the directory of the drawings.
    """
    example = _example()
    graph = compile_graph(example.audit)
    _title(f"The workflow {_NAME}:audit, compiled to its graph")
    click.echo(graph_text(graph), nl=False)
    _title("Drawn")
    for path in _draw(graph, directory):
        say(f"wrote {path}")
    tokens = example.installed()
    _title(f"Run over {len(tokens)} installed distributions")
    url = str(directory / "audit.db")
    eng = begun(f"{example.__file__}:audit", None, url, _NAME, "batch")
    done = run_stored(eng, len(tokens), lambda: eng.process(tokens, stop_on_error=False, stop_on_halt=False))
    report = report_of(eng)
    eng.runs.database.close()
    _show(report)
    if not done:
        tell_interrupted(eng)
        click.get_current_context().exit(130)
    _tell_of_storage(eng, url, report)


def _tell_of_storage(eng: DbWorkflowEngine, url: str, report: Report) -> None:
    _title("Stored")
    say(f"The run is stored in {url}. Look at it, and at where its objects stand:")
    say(f"  wfgraph runs show {eng.uuid[:8]} --db {url}")
    say(f"  wfgraph draw {eng.db_obj.target} --overlay {url}")
    halted = report.of(Fate.HALTED)
    if halted:
        say("When somebody has looked at what is halted, it goes on after the task that halted; one of it, or all:")
        say(f"  wfgraph runs resume {eng.uuid[:8]} --object {halted[0].index} --db {url}")
        say(f"  wfgraph runs resume {eng.uuid[:8]} --db {url}")
    if report.of(Fate.FAILED):
        click.get_current_context().exit(1)


def _example() -> ModuleType:
    """Load the example: the copy in the installed package, else the one of the repository around the package."""
    package = Path(__file__).resolve().parent.parent
    places = (package / "_examples" / f"{_NAME}.py", package.parent / "examples" / f"{_NAME}.py")
    for place in places:
        if place.is_file():
            return load_file(place)
    raise CommandError(f"the example {_NAME}.py is missing: the installation is incomplete")


def _title(text: str) -> None:
    output().print()
    output().print(literal(text, "bold"))


def _draw(graph: WorkflowGraph, directory: Path) -> list[Path]:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"can't make the directory {str(directory)!r}: {error.strerror or error}") from error
    drawing = Drawing(graph, diagram_of(graph), legend=True, title=_NAME)
    try:
        return [render(drawing, directory / f"{_NAME}.{ending}") for ending in ("html", "svg", "png")]
    except DotMissingError:
        written = [render(drawing, directory / f"{_NAME}.{ending}") for ending in ("html", "mmd")]
        say(f"no picture: the program dot is missing; to get pictures, {HOW_TO_GET_DOT}")
        return written


def _show(report: Report) -> None:
    halted = report.of(Fate.HALTED)
    if halted:
        output().print(_halts(halted))
    else:
        say("Nothing was halted: there is nothing that a human must look at.")
    failed = report.of(Fate.FAILED)
    for story in failed:
        say(f"{_name(story.token)} failed in {story.task} at {story.position}: {story.what}")
    output().print(_families(report))
    say(f"{len(report.of(Fate.COMPLETED))} accepted, {len(halted)} halted for a human, {len(failed)} failed.")


def _halts(halted: list[Story]) -> Table:
    """List what was halted, by the task and the reason."""
    table = Table(title="Halted: a human must look at these", title_justify="left", title_style="")
    for name in ("why", "waits for", "position", "distributions"):
        table.add_column(name, overflow="fold")
    groups: dict[tuple[str, str, str], list[Any]] = {}
    for story in halted:
        groups.setdefault((story.what, story.action, story.position), []).append(story.token)
    for (why, action, position), tokens in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        table.add_row(literal(why), literal(action), literal(position), literal(_listed(tokens)))
    return table


def _families(report: Report) -> Table:
    """Count the distributions of each family of licences."""
    table = Table(title="By family of licence", title_justify="left", title_style="")
    table.add_column("family")
    for name in ("accepted", "halted"):
        table.add_column(name, justify="right")
    table.add_column("licences", overflow="fold")
    families: dict[str, list[Story]] = {}
    for story in report.stories:
        families.setdefault(story.token["family"], []).append(story)
    for family, stories in sorted(families.items(), key=lambda item: (-len(item[1]), item[0])):
        counts = [sum(story.fate is fate for story in stories) for fate in (Fate.COMPLETED, Fate.HALTED)]
        licences = ", ".join(sorted({story.token["licence"] for story in stories if story.token["licence"]}))
        table.add_row(literal(family), *map(str, counts), literal(licences))
    return table


def _name(token: Any) -> str:
    return f"{token['name']} {token['version']}"


def _listed(tokens: list[Any]) -> str:
    shown = [_name(token) for token in tokens[:_LONGEST_LIST]]
    more = len(tokens) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
