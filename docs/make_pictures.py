"""Makes the pictures of the documentation: ``python docs/make_pictures.py``; needs the program ``dot``."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path
from typing import Any

from wfgraph import compile_graph
from wfgraph.views.extract import diagram_of
from wfgraph.views.render import Drawing, render

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "examples"))


def pictures() -> dict[str, Drawing]:
    """Return what is drawn, by the name of its file in ``docs/pictures``."""
    import license_audit  # found on the path that is set above

    audit = compile_graph(license_audit.audit)
    return {
        "license_audit.svg": Drawing(audit, diagram_of(audit), legend=True, title="license_audit:audit"),
        "readme.svg": readme(),
    }


def readme() -> Drawing:
    """Return the workflow of the first Python block in README.md, from left to right."""
    text = (HERE.parent / "README.md").read_text(encoding="utf-8")
    lines = text[: text.index("```python\n")].count("\n") + 1
    code = "\n" * lines + text.partition("```python\n")[2].partition("engine = ")[0]
    linecache.cache["README.md"] = (len(code), None, code.splitlines(keepends=True), "README.md")
    names: dict[str, Any] = {"__name__": "README"}
    exec(compile(code, "README.md", "exec"), names)  # noqa: S102 - it is ours
    graph = compile_graph(names["flow"])
    return Drawing(graph, diagram_of(graph), direction="LR", title="README")


if __name__ == "__main__":
    (HERE / "pictures").mkdir(exist_ok=True)
    for name, drawing in pictures().items():
        render(drawing, HERE / "pictures" / name)
