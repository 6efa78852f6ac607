"""What a notebook shows of a graph and of a difference: run by a real kernel."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

RUNNER = """
import json, sys
import nbformat
from nbclient import NotebookClient
cells = [nbformat.v4.new_code_cell(source) for source in json.load(sys.stdin)]
notebook = nbformat.v4.new_notebook(cells=cells)
NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
print(json.dumps([[dict(output.get("data", {})) for output in cell.outputs] for cell in notebook.cells]))
"""
CELLS = [
    """
from wfgraph import compile_graph
from wfgraph.graph.difference import difference
from wfgraph.patterns import HALT, IF
def is_large(obj, eng): return obj > 9
def add(obj, eng): ...
graph = compile_graph([add, IF(is_large, HALT("a <b>person</b> must look"))])
""",
    "graph",
    "difference(graph, compile_graph([add]))",
    "difference(graph, graph)",
]


def shown(path: str) -> list[list[dict[str, Any]]]:
    """Run a notebook with this path of programs; return what each cell showed, by MIME type."""
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        input=json.dumps(CELLS),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path, "PYDEVD_DISABLE_FILE_VALIDATION": "1"},
    )
    assert 0 == done.returncode, done.stderr
    found: list[list[dict[str, Any]]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.skipif(shutil.which("dot") is None and "CI" not in os.environ, reason="needs the program dot")
def test_a_notebook_shows_a_graph_as_a_picture() -> None:
    _, [graph], [change], [same] = shown(os.environ["PATH"])
    assert {"text/plain", "image/svg+xml", "text/vnd.mermaid"} == set(graph)
    assert "is_large?" in graph["image/svg+xml"]
    assert "<pre>- removed " in change["text/html"]
    assert "&lt;b&gt;" in change["text/html"]
    assert "<b>" not in change["text/html"]
    assert "<pre>no difference</pre>" == same["text/html"]


def test_a_notebook_shows_a_graph_as_a_tree_where_there_is_no_dot(tmp_path: Path) -> None:
    _, [graph], _, _ = shown(str(tmp_path))
    assert {"text/plain", "text/html", "text/vnd.mermaid"} == set(graph)
    assert "├ add\n" in graph["text/html"]
    assert "a &lt;b&gt;person&lt;/b&gt; must look" in graph["text/html"]
