"""Makes the pictures of the documentation: ``python docs/make_pictures.py``; needs the program ``dot``.

Each is drawn from code: that of a page, the files that a page has its reader write, or the engine's own tables.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from wfgraph import compile_graph
from wfgraph.storage.lifecycle import OBJECTS, RUNS, Lifecycle
from wfgraph.views.extract import diagram_of
from wfgraph.views.look import DARK, LIGHT, Palette
from wfgraph.views.pictures import picture
from wfgraph.views.render import Drawing, render

HERE = Path(__file__).resolve().parent

PIPELINE = """
lists [label="nested lists of callables"]; definition [label="Definition"]; wgraph [label="WorkflowGraph"];
program [label="Program"]; run [label="run of a token\\ninterpreter | generated Python"]; trace [label="Trace"];
diagram [label="Diagram"]; files [label="HTML, SVG, Mermaid, text ..."]; rows [label="rows: runs, objects, steps"];
findings [label="diagnostics"]; workers [label="workers, which run them:\\nprocesses, Celery"];
lists -> definition [label="  compiler.normalize"]; definition -> wgraph [label="  compiler.lower"];
wgraph -> program [label="  compiler.assemble"]; program -> run [label="  engine"]; run -> trace [label="  runtime.trace"];
wgraph -> findings [label="  checks"]; wgraph -> diagram [label="  views.extract"]; trace -> diagram [label="  views.overlay"];
diagram -> files [label="  views"]; run -> rows [label="  storage.keeper"]; rows -> workers [label="  storage.parts, celery"];
ranksep=0.45; nodesep=0.9;
"""


def pictures() -> dict[str, Drawing]:
    """Return the workflows that are drawn, by the name of the file in ``docs/pictures``."""
    versions = from_tutorial()
    return {
        "readme.svg": _drawing(from_readme(), "README", "LR"),
        "tutorial_first.svg": _drawing(versions[0], "curation"),
        "tutorial.svg": _drawing(versions[2], "curation"),
        "patterns.svg": _drawing(patterns(), "orders"),
    }


def _drawing(flow: Any, title: str, direction: str = "TB") -> Drawing:
    graph = compile_graph(flow)
    return Drawing(graph, diagram_of(graph), direction=direction, title=title)


def from_tutorial() -> list[Any]:
    """Return the versions of the definition that a reader of the tutorial writes."""
    text = (HERE / "tutorial.md").read_text(encoding="utf-8")
    found = []
    for code in re.findall(r"^```python curation\.py\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        found.append(_run(code, f"<curation {len(found)}>")["curation"])
    return found


def _run(code: str, name: str) -> dict[str, Any]:
    """Run the code of a page, whose tasks can then be read as those of a file."""
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    namespace: dict[str, Any] = {"__name__": "flow"}
    exec(compile(code, name, "exec", dont_inherit=True), namespace)  # noqa: S102 - our own text
    return namespace


def from_readme() -> list[Any]:
    """Return the definition in the first block of README.md."""
    text = (HERE.parent / "README.md").read_text(encoding="utf-8")
    code = text.partition("```python\n")[2].partition("engine = ")[0]
    flow: list[Any] = _run(code, "README.md")["flow"]
    return flow


def patterns() -> list[Any]:
    """Return the definition in which ``how_it_works.md`` shows what patterns become."""
    text = (HERE / "how_it_works.md").read_text(encoding="utf-8")
    code = re.search(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert code is not None  # noqa: S101
    flow: list[Any] = _run(code[1].partition("print(")[0], "<orders>")["flow"]
    return flow


def statuses(life: Lifecycle) -> Iterable[str]:
    """Yield the changes of a status that are legal, as DOT."""
    for event in life.machine.events.values():
        for changes in event.transitions.values():
            for one in changes:
                yield f'{one.source} -> {one.dest} [label=" {event.name.replace("_", " ")} "];'


def in_light_and_dark(body: str, direction: str = "LR") -> str:
    """Return a picture of plain boxes that follows light and dark."""
    drawn = picture(
        f'digraph {{ rankdir={direction}; bgcolor="{LIGHT.ground}"; nodesep=0.6; ranksep=0.8; '
        f'node [shape=box, style="rounded,filled", fontname="Helvetica,Arial,sans-serif", fontsize=12, margin="0.15,0.08"]; '
        f'edge [fontname="Helvetica,Arial,sans-serif", fontsize=11]; {body} }}',
        "svg",
    ).decode("utf-8")
    head, mark, rest = drawn.partition("<g id=")
    dark = f"@media (prefers-color-scheme: dark) {{ {_colours(DARK)} }}"
    return f"{head}<style>{_colours(LIGHT)} {dark}</style>\n{mark}{rest}"


def _colours(palette: Palette) -> str:
    fill, frame = palette.indigo
    return (
        f".graph > polygon {{ fill: {palette.ground}; }} .node path {{ fill: {fill}; stroke: {frame}; }} "
        f".node text {{ fill: {palette.text}; }} .edge path {{ stroke: {palette.quiet}; }} "
        f".edge polygon {{ fill: {palette.quiet}; stroke: {palette.quiet}; }} .edge text {{ fill: {palette.quiet}; }}"
    )


if __name__ == "__main__":
    folder = HERE / "pictures"
    folder.mkdir(exist_ok=True)
    for name, drawing in pictures().items():
        render(drawing, folder / name)
    (folder / "pipeline.svg").write_text(in_light_and_dark(PIPELINE, "TB"), encoding="utf-8")
    (folder / "runs.svg").write_text(in_light_and_dark("\n".join(statuses(RUNS))), encoding="utf-8")
    (folder / "objects.svg").write_text(in_light_and_dark("\n".join(statuses(OBJECTS))), encoding="utf-8")
