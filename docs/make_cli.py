"""Writes the reference of the command, from the command itself: ``python docs/make_cli.py``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from wfgraph.cli.app import wfgraph

PAGE = Path(__file__).resolve().parent / "cli.md"
HEAD = """\
# The command `wfgraph`

This is what `wfgraph --help` prints, and the same for each verb; `docs/make_cli.py` has written it down. The command comes with
the extra `[cli]`. `python -m wfgraph` is the same.
"""


def page() -> str:
    """Return the page."""
    return "\n".join([HEAD, *_sections(wfgraph, None, "wfgraph")])


def _sections(command: click.Command, parent: click.Context | None, name: str) -> Iterator[str]:
    context = click.Context(
        command, parent=parent, info_name=name, **{**command.context_settings, "terminal_width": 80}
    )
    level = "##" if parent is None or parent.parent is None else "###"
    told = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    yield f"{level} {context.command_path}\n\n```text\n{told}\n```\n"
    if isinstance(command, click.Group):
        for verb in command.list_commands(context):
            found = command.get_command(context, verb)
            if found is not None and not found.hidden:
                yield from _sections(found, context, verb)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
