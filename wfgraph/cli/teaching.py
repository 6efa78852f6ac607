"""What each verb's ``--help`` ends with: examples, exit codes, and what to do next, in one shape for all."""

from __future__ import annotations

from collections.abc import Mapping

import click

__all__ = ["TellingGroup", "taught"]


class TellingGroup(click.Group):
    """A group whose help gives the whole sentence of each command, on as many lines as it takes."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands."""
        commands = [self.commands[name] for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(one.name or "", one.get_short_help_str(200)) for one in commands])


def taught(
    examples: Mapping[str, str], codes: str = "0 done, 2 a mistake in what was asked for.", then: str = ""
) -> str:
    r"""Return the end of a verb's help.

    Args:
        examples: command lines, without the name of the command, and what they are good for.
        codes: what the exit code says.
        then: what to do next.

    >>> print(taught({"show flow.py:flow": "as text"}).replace("\b", "|"))
    |
    Examples:
      wfgraph show flow.py:flow
          as text
    <BLANKLINE>
    Exit code: 0 done, 2 a mistake in what was asked for.
    """
    lines = [f"  wfgraph {command}\n      {what}" for command, what in examples.items()]
    parts = ["\n".join(["\b", "Examples:", *lines]), f"Exit code: {codes}", *([f"Next: {then}"] if then else [])]
    return "\n\n".join(parts)
