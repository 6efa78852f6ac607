"""Makes the pictures of the documentation: ``python docs/make_pictures.py``; needs the program ``dot``."""

from __future__ import annotations

import sys
from pathlib import Path

from wfgraph import compile_graph
from wfgraph.views.extract import diagram_of
from wfgraph.views.render import Drawing, render

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "examples"))


def pictures() -> dict[str, Drawing]:
    """Return what is drawn, by the name of its file in ``docs/pictures``."""
    import license_audit  # found on the path that is set above

    audit = compile_graph(license_audit.audit)
    return {"license_audit.svg": Drawing(audit, diagram_of(audit), legend=True, title="license_audit:audit")}


if __name__ == "__main__":
    (HERE / "pictures").mkdir(exist_ok=True)
    for name, drawing in pictures().items():
        render(drawing, HERE / "pictures" / name)
