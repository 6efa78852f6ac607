"""``wfgraph draw``: pictures of definitions, of what is found in them, of runs, of differences."""

from __future__ import annotations

import tempfile
import webbrowser
from pathlib import Path
from typing import Any

import click

from wfgraph.checks.runner import check
from wfgraph.cli.completion import complete_target, key_option
from wfgraph.cli.console import CommandError, say
from wfgraph.cli.targets import definition_of, graph_of, is_database, load, stored_of, version_of
from wfgraph.cli.teaching import taught
from wfgraph.graph.difference import difference
from wfgraph.graph.identity import fingerprint
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.runtime.trace import Step
from wfgraph.views.changes import diagram_of_difference
from wfgraph.views.extract import diagram_of, folded
from wfgraph.views.overlay import Overlay, of_findings, of_items, of_steps
from wfgraph.views.render import FILES, Drawing, drawn, render

__all__ = ["draw"]

_FORMATS = {found.name: ending for ending, found in FILES.items()}
_HELP = """Draw a definition: to a file, or to stdout.

TARGET is a definition, or a .json file: a graph that was drawn to one, or a run that was recorded by
`wfgraph run --trace`.

\b
""" + "\n".join(f".{ending:<7}{found.about}" for ending, found in FILES.items())


@click.command(
    help=_HELP,
    short_help="Draw a definition: a picture, a page, a tree.",
    epilog=taught(
        {
            "draw flow.py:flow": "a tree, here",
            "draw flow.py:flow -o flow.html": "a page to look around in",
            "draw flow.py:flow --overlay run.json -o run.html": "what wfgraph run --trace run.json recorded",
            "draw flow.py:flow --diff deployed.json -o change.svg": "what changed since a version that was kept",
            "draw flow.py:flow -o deployed.json": "keep this version",
        },
    ),
)
@click.argument("target", shell_complete=complete_target)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write; its ending is the format.")
@click.option("--format", "style", type=click.Choice(tuple(_FORMATS)), help="How to write.  [default: tree]")
@click.option(
    "--direction", type=click.Choice(("tb", "lr")), default="tb", show_default=True, help="Top down, or left to right."
)
@click.option(
    "--overlay",
    multiple=True,
    metavar="checks|TRACE.json|DB",
    help="Show what is found; what a run did; where stored objects stand.",
)
@click.option("--token", type=click.IntRange(min=0), help="Of a recorded run, show the path of this token only.")
@click.option("--run", metavar="UUID", help="Of a database, show where the objects of this run stand.")
@click.option("--diff", "other", metavar="OTHER", help="Show what changed since OTHER, another definition or graph.")
@click.option("--depth", type=click.IntRange(min=0), help="Fold what is nested deeper.")
@click.option("--all", "everything", is_flag=True, help="Show the bookkeeping of patterns, too.")
@click.option("--legend/--no-legend", default=None, help="Say what shapes and lines mean.  [default: in pictures]")
@click.option("--open", "show", is_flag=True, help="Open it: the file, or a page in the browser.")
@key_option
def draw(
    target: str,
    output: Path | None,
    style: str | None,
    direction: str,
    overlay: tuple[str, ...],
    token: int | None,
    run: str | None,
    other: str | None,
    depth: int | None,
    everything: bool,
    legend: bool | None,
    show: bool,
    key: str | None,
) -> None:
    """Draw a definition, as ``_HELP`` tells."""
    graph, steps = _target(target, key)
    if other is not None:
        if overlay or depth is not None:
            raise CommandError("--diff shows two versions; --overlay and --depth show one: leave them out")
        found = difference(version_of(other), graph)
        for line in found.lines():
            click.echo(line, err=True)
        diagram = diagram_of_difference(found, everything=everything)
    else:
        laid = Overlay()
        for one in overlay:
            if one == "checks":
                laid = laid.over(_findings(graph, target, key))
            elif is_database(one):
                laid = laid.over(_standing(one, graph, run))
            else:
                steps = _run_of(one, graph, target)
        if (steps := _of_token(steps, token)) is not None:
            laid = laid.over(of_steps(graph, steps))
        diagram = diagram_of(graph, everything=everything, overlay=laid)
        diagram = diagram if depth is None else folded(diagram, depth)
    ending = _ending(output, style, show)
    legend = ending in ("svg", "png", "pdf") if legend is None else legend
    drawing = Drawing(graph, diagram, direction.upper(), legend, Path(target).name, tuple(steps or ()))
    _write(drawing, output, ending, show)


def _ending(output: Path | None, style: str | None, show: bool) -> str:
    if output is None:
        return _FORMATS[style] if style else "html" if show else "txt"
    ending = output.suffix.lower().removeprefix(".")
    if style is not None and ending != _FORMATS[style]:
        raise CommandError(f"--format {style} goes into a file that ends in .{_FORMATS[style]}, not {str(output)!r}")
    return ending


def _write(drawing: Drawing, output: Path | None, ending: str, show: bool) -> None:
    if output is None and show:
        output = Path(tempfile.mkdtemp(prefix="wfgraph-")) / f"workflow.{ending}"
    if output is None:
        click.echo(drawn(drawing, ending), nl=False)
        return
    render(drawing, output)
    say(f"wrote {output}")
    if show and not webbrowser.open(output.resolve().as_uri()):
        raise CommandError(f"no browser could be opened here; open {str(output)!r} by hand")


def _target(target: str, key: str | None) -> tuple[WorkflowGraph, list[Step] | None]:
    """Return the graph that a target names; for a recorded run, its steps, too."""
    if target.lower().endswith(".json"):
        return stored_of(target)
    return graph_of(target, key), None


def _findings(graph: WorkflowGraph, target: str, key: str | None) -> Overlay:
    if target.lower().endswith(".json"):
        raise CommandError(f"--overlay checks needs the definition itself; {target!r} is a stored graph")
    definition: Any = definition_of(load(target), target, key)
    return of_findings(graph, check(definition))


def _standing(url: str, graph: WorkflowGraph, uuid: str | None) -> Overlay:
    """Lay over a graph how many stored objects stand where: those whose run stands in this version.

    Raises:
        CommandError: objects stand in it only in another version.
    """
    from wfgraph.cli.stored import store_at
    from wfgraph.storage.placement import Places

    store = store_at(url, create=False)
    found = store.standing(uuid=None if uuid is None else store.find(uuid).uuid)
    mine = [one for one in found if one[0] == fingerprint(graph)]
    if found and not mine:
        raise CommandError(
            f"no object in {url!r} stands in this version of the definition; `wfgraph drift` tells where those of other "
            "versions would go on"
        )
    places = Places(graph)
    standing: dict[int, dict[str, int]] = {}
    for _, position, status, count in mine:
        place = places.at(position or [0])
        if place is not None:
            counts = standing.setdefault(place.number, {})
            counts[status.label.lower()] = counts.get(status.label.lower(), 0) + count
    return of_items(graph, standing)


def _run_of(name: str, graph: WorkflowGraph, target: str) -> list[Step]:
    """Return the recorded run that ``--overlay`` names.

    Raises:
        CommandError: it is none, or one of another version.
    """
    ran, steps = stored_of(name) if name.lower().endswith(".json") else (graph, None)
    if steps is None:
        raise CommandError(f"--overlay takes checks, or a run that `wfgraph run --trace` recorded; not {name!r}")
    if fingerprint(ran) != fingerprint(graph):
        changes = "; ".join(list(difference(ran, graph).lines())[:3])
        raise CommandError(
            f"{name!r} was recorded with another version of {target} ({changes or 'its tasks changed'}); "
            f"draw the recorded one: wfgraph draw {name}"
        )
    return steps


def _of_token(steps: list[Step] | None, token: int | None) -> list[Step] | None:
    """Return the steps of one token, or of all, where there is a recorded run.

    Raises:
        CommandError: the token is named and there is no run, or no such token in it.
    """
    if token is None:
        return steps
    if steps is None:
        raise CommandError("--token shows the path of one token of a recorded run: give that, or --overlay TRACE.json")
    chosen = [step for step in steps if step.token == token]
    if not chosen:
        raise CommandError(f"the recorded run has no token {token}; its tokens count from 0")
    return chosen
