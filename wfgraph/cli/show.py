"""``wfgraph show``: the text form, or the code."""

from __future__ import annotations

import click

from wfgraph.cli.completion import complete_target, key_option
from wfgraph.cli.console import CommandError
from wfgraph.cli.targets import graph_of
from wfgraph.cli.teaching import taught
from wfgraph.compiler.assemble import assemble
from wfgraph.compiler.codegen import source_of
from wfgraph.graph.text import graph_text

__all__ = ["show"]


@click.command(
    short_help="Print what a definition means, as text or as code.",
    epilog=taught(
        {
            "show flow.py:flow": "each task with its place, and where the flow goes from it",
            "show --code flow.py:flow": "the Python code that walks it",
        },
        then="wfgraph draw for a picture of the same, wfgraph check for what is wrong with it.",
    ),
)
@click.argument("target", shell_complete=complete_target)
@key_option
@click.option("--code", is_flag=True, help="Print the Python code that walks it where nobody looks on.")
def show(target: str, key: str | None, code: bool) -> None:
    """Print what a definition means: one line per task, one per transition.

    A "?" marks a transition that is possible but not certain; "(opaque)" a task of which nothing is known, so that it
    may do besides whatever an engine lets a task do.
    """
    graph = graph_of(target, key)
    if not code:
        click.echo(graph_text(graph), nl=False)
        return
    source = source_of(assemble(graph))
    if not source:
        raise CommandError(
            f"there is no code for {target}: it is nested too deep, or jumps into a loop; it is interpreted"
        )
    click.echo(source, nl=False)
