"""``wfgraph draw``: pictures, DOT and Mermaid."""

from __future__ import annotations

from pathlib import Path

import click

from wfgraph.cli.console import say
from wfgraph.cli.targets import graph_of
from wfgraph.views import render

__all__ = ["draw"]


@click.command()
@click.argument("target")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write; its ending is the format.")
@click.option("--key", help="Which of an engine's definitions; the one under '*' when not given.")
def draw(target: str, output: Path | None, key: str | None) -> None:
    """Draw a definition: to a file, or as DOT to stdout.

    \b
    .svg .png .pdf   pictures; they need the program dot (Debian's package graphviz)
    .dot             the language of Graphviz
    .mmd             Mermaid, which many Markdown viewers draw
    .txt             the text form, as `wfgraph show` prints it
    """  # noqa: D301 - click wants the character, not the escape
    graph = graph_of(target, key)
    if output is None:
        click.echo(graph.to_dot(), nl=False)
        return
    render(graph, output)
    say(f"wrote {output}")
