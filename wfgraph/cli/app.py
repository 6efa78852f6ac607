"""The group of all verbs: global options, and what becomes of errors."""

from __future__ import annotations

import errno
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from wfgraph import __version__
from wfgraph.cli.check import check
from wfgraph.cli.completion import completion
from wfgraph.cli.console import EXPECTED, complain, complain_of
from wfgraph.cli.draw import draw
from wfgraph.cli.drift import drift
from wfgraph.cli.run import run
from wfgraph.cli.show import show

__all__ = ["wfgraph"]

# How verbs are told of: what they are for, in the order in which one meets them.
_GROUPS = {
    "Begin": ("demo", "migrate", "completion"),
    "Look at a definition": ("show", "check", "draw", "drift"),
    "Run it": ("run", "runs", "db"),
}
# Loaded when they are asked for: what stores takes longer to import than all the rest, and few migrate twice.
_LATER = {
    "demo": "See all of it at work: audit the licences of what is installed here.",
    "db": "Make the tables of a database of runs, and bring them up to date.",
    "migrate": "Rewrite code for `workflow` 2.x: imports, and deprecated names.",
    "runs": "Look at stored runs, go on with them, cancel them.",
}


class _Verbs(click.Group):
    """A group that turns expected errors into one line and the exit code 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *_LATER])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _LATER:
            return super().get_command(ctx, cmd_name)
        found: click.Command = getattr(import_module(f"wfgraph.cli.{cmd_name}"), cmd_name)
        return found

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        verbs = [CompletionItem(name, help=self._told(name)) for name in names]
        return verbs + click.Command.shell_complete(
            self, ctx, incomplete
        )  # a group's would load every verb for its help

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        known = self.list_commands(ctx)
        grouped = {name for names in _GROUPS.values() for name in names}
        for title, names in {**_GROUPS, "More": tuple(name for name in known if name not in grouped)}.items():
            rows = [(name, self._told(name)) for name in names if name in known]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows, col_max=12)

    def _told(self, name: str) -> str:
        command = self.commands.get(name)
        return _LATER[name] if command is None else command.get_short_help_str(100)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except EXPECTED as error:
            complain_of(error)
            ctx.exit(2)
        except KeyboardInterrupt:
            complain("interrupted")
            ctx.exit(130)
        except OSError as error:
            if error.errno == errno.EPIPE:  # who reads the output has gone: click ends quietly
                raise
            complain_of(error)
            ctx.exit(2)


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="wfgraph", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of errors.")
def wfgraph(debug: bool) -> None:
    """Compile, check, draw and run workflows: nested lists of Python callables.

    A workflow is named by its TARGET, the place of its definition:

    \b
      package.module:attribute      an importable module
      path/to/file.py:attribute     a file

    The attribute is a list (or tuple) of callables, one callable, or an engine.

    \b
    To begin with:
      wfgraph demo                               see all of it at work on this machine
      wfgraph show my/flow.py:flow               what the definition means, as text
      wfgraph draw my/flow.py:flow -o flow.html  the same, as a page to look around in
      wfgraph check my/flow.py                   what is wrong with the definitions in it
      wfgraph run my/flow.py:flow tokens.json    run each element of a JSON array through it
      wfgraph drift old.json my/flow.py:flow     which halted runs could not go on after a change
      wfgraph migrate src --diff                 code for `workflow` 2.x, rewritten

    Each verb tells more: wfgraph VERB --help. Exit codes are 0 when all went well, 1 when what was looked for was found or
    a token failed, 2 for a mistake in what was asked for, 130 after Ctrl-C.
    """  # noqa: D301 - click wants the character, not the escape


for _verb in (show, check, draw, run, drift, completion):
    wfgraph.add_command(_verb)
