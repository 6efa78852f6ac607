"""Modules and functions are of a size that a reader can hold; what is longer says why."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted(path for folder in ("wfgraph", "bench") for path in (ROOT / folder).rglob("*.py"))

LONG_MODULES = {
    "wfgraph/graph/ops.py": "a public module: a small class for each op, read row by row",
    "wfgraph/patterns/controlflow.py": "a documented module: a pattern after the other, each read by itself",
    "wfgraph/storage/engine.py": "one public class, mostly what its methods say of themselves; the work is in kept and parts",
}
LONG_FUNCTIONS = {
    "wfgraph/runtime/compiled.py:_run_plain": "one loop, in which each handler needs the state beside it",
    "wfgraph/storage/migrations/versions/0001_runs.py:upgrade": "a list of columns",
}


def long_functions(tree: ast.Module) -> list[str]:
    """Return the functions of more than 40 lines, their docstring not counted."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            first = node.body[0]
            if ast.get_docstring(node) is not None:
                lines -= (first.end_lineno or first.lineno) - first.lineno + 1
            if lines > 40:
                found.append(node.name)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_long_says_why(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    text = path.read_text()
    assert (len(text.splitlines()) > 350) == (name in LONG_MODULES), "cut it along a joint, or say here why not"
    found = {f"{name}:{function}" for function in long_functions(ast.parse(text))}
    assert found == {one for one in LONG_FUNCTIONS if one.partition(":")[0] == name}
