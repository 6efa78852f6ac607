"""``pytest --wfgraph``: a definition is a test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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


def test_a_target_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    found = run(tmp_path, "--wfgraph", "flows.py:missing")
    assert 4 == found.returncode
    assert "ERROR: --wfgraph: " in found.stderr
    assert "missing" in found.stderr


def test_without_the_option_nothing_is_imported(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "import sys\ndef pytest_unconfigure():\n"
        "    print('loaded', sorted(n for n in sys.modules if n in ('click', 'wfgraph.checks', 'wfgraph.cli')))\n"
    )
    found = run(tmp_path, "-s")
    assert 0 == found.returncode, found.stdout + found.stderr
    assert "loaded []" in found.stdout
