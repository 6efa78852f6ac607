"""Where a file is in the sources that are checked."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["in_sources"]


def in_sources(file: str) -> Path | None:
    """Return the path to a file from the root of the sources, for which GitHub takes whatever is relative; None outside of it.

    That root is the one of the git checkout that the working directory is in; where it is in none, that directory.
    """
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if os.path.exists(folder / ".git")), here)
    path = Path(file).resolve()
    return path.relative_to(root) if path.is_relative_to(root) else None
