"""``wfgraph show``: the text form."""

from __future__ import annotations

import click

from wfgraph.cli.targets import graph_of
from wfgraph.graph.text import graph_text

__all__ = ["show"]


@click.command(short_help="Print what a definition means, as text.")
@click.argument("target")
@click.option("--key", help="Which of an engine's definitions; the one under '*' when not given.")
def show(target: str, key: str | None) -> None:
    """Print what a definition means: one line per task, one per transition.

    A "?" marks a transition that is possible but not certain; "(opaque)" a task of which nothing is known, so that it
    may do besides whatever an engine lets a task do.
    """
    click.echo(graph_text(graph_of(target, key)), nl=False)
