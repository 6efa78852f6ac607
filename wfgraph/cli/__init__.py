"""The command ``wfgraph``: a file per verb, and this entry point."""

from __future__ import annotations

import sys

__all__ = ["main"]

_NEEDED = ("click", "rich")


def main() -> None:
    """Run the command with the arguments of the process, and leave the process with its exit code."""
    try:
        # Imported here: without the extra [cli] the library works, and only this command can't.
        from wfgraph.cli.app import wfgraph
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        sys.stderr.write(f"wfgraph: this command needs {' and '.join(_NEEDED)}: pip install 'wfgraph[cli]'\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("wfgraph: interrupted\n")
        sys.exit(130)
    wfgraph(prog_name="wfgraph")
