"""``python -m wfgraph``: the same as the command ``wfgraph``."""

from __future__ import annotations

from wfgraph.cli import main

if __name__ == "__main__":
    main()
