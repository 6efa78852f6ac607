"""Write ``docs/compat/names.md``: what is called how in ``workflow`` 2.x and here.

python docs/make_names.py
"""

from __future__ import annotations

from pathlib import Path

from wfgraph.migrate.names import table

PAGE = Path(__file__).parent / "compat" / "names.md"
_HEAD = """\
# Old names and new names

Made by `docs/make_names.py` from the same table by which the engine warns and `wfgraph migrate` rewrites. Everything that
is not listed has the name that it has in `workflow` 2.x. All deprecated names work, and warn `DeprecationWarning` at the
line that uses them.
"""
_TAIL = """\
`eng` stands for the engine. Where two new forms are given, the second is for calls with all arguments (`getVar`) or for
calls that are no statement of their own, as in a lambda (`setVar`).
"""


def page() -> str:
    """Return the text of the page."""
    return "\n".join([_HEAD, *table(), "", _TAIL])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
