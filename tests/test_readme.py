"""What the README and ARCHITECTURE.md claim can be looked up."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from wfgraph import compile_graph

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BLOCK = README.partition("```python\n")[2].partition("```")[0]


def test_the_first_example_is_at_most_fifteen_lines() -> None:
    assert 15 >= sum(bool(line.strip()) for line in BLOCK.splitlines())


def test_the_picture_shows_the_first_example() -> None:
    names: dict[str, object] = {}
    exec(BLOCK.partition("engine = ")[0], names)  # noqa: S102
    picture = (ROOT / "docs" / "pictures" / "readme.svg").read_text(encoding="utf-8")
    drawn = set(re.findall(r"<text [^>]*>([^<]*)</text>", picture))
    assert {"add_vat", "is_large?", "HALT", "reserve", "ship"} <= drawn
    graph = compile_graph(names["flow"])  # type: ignore[arg-type]
    shown = {node.name for node in graph.nodes} - {"IF_ELSE", "BREAK"}  # one is drawn as its condition, the other not
    assert shown <= drawn


def test_the_measured_ratios_are_those_of_the_benchmark() -> None:
    table = README.partition("## What else there is")[2]
    claimed = {found for line in table.splitlines() for found in re.findall(r"([\d,.]+)x", line.partition("\\*")[0])}
    row = next(
        line for line in (ROOT / "bench/README.md").read_text().splitlines() if line.startswith("| 20 tasks in a row ")
    )
    measured = re.findall(r"\(([\d,.]+)x\)", row)
    ours_and_the_old_one = set(measured[1:4])
    assert ours_and_the_old_one <= claimed <= set(measured)


def test_each_library_that_was_measured_is_named() -> None:
    named = {"workflow", "transitions", "python-statemachine", "SpiffWorkflow", "LangGraph", "Burr", "DBOS"}
    assert not [name for name in named if name not in README.partition("## What else there is")[2]]


def test_each_extra_is_told_of() -> None:
    told = set(re.findall(r"`'?(?:wfgraph)?\[(\w+)\]'?`", README))
    assert set(PROJECT["project"]["optional-dependencies"]) == told


def test_the_table_of_layers_is_that_which_imports_are_held_to() -> None:
    (contract,) = PROJECT["tool"]["importlinter"]["contracts"]
    layers = [name for layer in contract["layers"] for name in layer.split(" | ")]
    expected = [name for name in layers if not name.startswith("_")]
    rows = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("| layer |")[2].partition("\n\n")[0]
    told = re.findall(r"`(?:wfgraph)?\.(\w+)`", "".join(row.split("|")[1] for row in rows.splitlines()[2:]))
    assert expected == told
