"""``pytest --wfgraph``: a definition is a test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FLOWS = """
from wfgraph.patterns import EMPTY_CALL, STOP, TASK_JUMP_FWD

good = [EMPTY_CALL, [TASK_JUMP_FWD(1)]]
late = [EMPTY_CALL, [STOP(), EMPTY_CALL]]
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "flows.py").write_text(FLOWS)
    (folder / "test_nothing.py").write_text("def test_nothing(): pass\n")
    (folder / "pyproject.toml").write_text("")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_each_definition_is_a_test_that_fails_with_its_report(tmp_path: Path) -> None:
    found = run(tmp_path, "--wfgraph", "flows.py:good", "--wfgraph", "flows.py:late")
    assert 1 == found.returncode, found.stdout + found.stderr
    assert "1 failed, 2 passed" in found.stdout
    assert "warning[WF106] flows.py:late: EMPTY_CALL at [1, 1] can't be reached" in found.stdout
    assert "Traceback" not in found.stdout


@pytest.mark.slow
def test_a_target_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    found = run(tmp_path, "--wfgraph", "flows.py:missing")
    assert 4 == found.returncode
    assert "ERROR: --wfgraph: " in found.stderr
    assert "missing" in found.stderr


@pytest.mark.slow
def test_without_the_option_nothing_is_imported(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "import sys\ndef pytest_unconfigure():\n"
        "    print('loaded', sorted(n for n in sys.modules if n in ('click', 'wfgraph.checks', 'wfgraph.cli')))\n"
    )
    found = run(tmp_path, "-s")
    assert 0 == found.returncode, found.stdout + found.stderr
    assert "loaded []" in found.stdout


WALKS = """
import pytest
from flows import flow
from wfgraph.testing import assert_path

@pytest.mark.parametrize("size", [1, 2])
def test_small(size, wfgraph_run):
    assert "completed" == wfgraph_run(flow, {"size": size}, stubs={"send": None}).outcome

def test_wrong():
    assert_path(flow, {"size": 1}, ["send", "missing"])
"""
WALKED = """
from wfgraph.patterns import HALT, IF_ELSE

def is_large(order, eng):
    return order["size"] > 5

def send(order, eng): ...
def pack(order, eng): ...

flow = [IF_ELSE(is_large, [HALT("look"), pack], send)]
other = [pack]
"""
COVERED = """\
flows.py:flow: 2 of 5 tasks, 2 of 6 edges
    never came to HALT at [0, 1, 0]
    never came to pack at [0, 1, 1]
    never came to BREAK at [0, 2]
    never took -true-> [0, 1, 0] from IF_ELSE at [0, 0]
flows.py:other: 0 of 1 tasks, 0 of 1 edges
    never came to pack at [0]
"""


def walked(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_walks.py").write_text(WALKS)
    (folder / "flows.py").write_text(WALKED)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_walks.py", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("workers", ["0", pytest.param("2", marks=pytest.mark.slow)])
def test_what_was_never_walked_is_told_by_however_many_workers(tmp_path: Path, workers: str) -> None:
    found = walked(tmp_path, "-n", workers, "--wfgraph-cover", "flows.py:flow", "--wfgraph-cover", "flows.py:other")
    assert "1 failed, 2 passed" in found.stdout, found.stdout + found.stderr
    assert COVERED in found.stdout


@pytest.mark.slow
def test_a_walk_that_fails_shows_the_message_at_the_line_of_the_test(tmp_path: Path) -> None:
    found = walked(tmp_path, "-p", "no:xdist")
    assert "E         - missing" in found.stdout, found.stdout + found.stderr
    assert "test_walks.py:11: AssertionError" in found.stdout
    assert "wfgraph.testing has walked" not in found.stdout


@pytest.mark.slow
def test_a_target_of_cover_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    found = walked(tmp_path, "-p", "no:xdist", "--wfgraph-cover", "flows.py:missing")
    assert 4 == found.returncode
    assert "ERROR: --wfgraph-cover: " in found.stderr
    assert "Traceback" not in found.stderr
