"""The hook for pre-commit is valid, and stops a commit of a definition that is wrong."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

MANIFEST = Path(__file__).resolve().parents[2] / ".pre-commit-hooks.yaml"
FLOW = "from wfgraph.patterns import EMPTY_CALL, TASK_JUMP_FWD\n\nflow = [EMPTY_CALL, [TASK_JUMP_FWD({})]]\n"


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": here, "PRE_COMMIT_HOME": str(folder / ".cache"), "COLUMNS": "80"}
    environment = {name: value for name, value in environment.items() if not name.startswith("GIT_")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_manifest_is_valid(tmp_path: Path) -> None:
    found = run(tmp_path, sys.executable, "-m", "pre_commit", "validate-manifest", str(MANIFEST))
    assert (0, "") == (found.returncode, found.stdout + found.stderr)


def test_the_documented_configuration_names_the_hook() -> None:
    page = (MANIFEST.parent / "docs" / "checks" / "README.md").read_text()
    (shown,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (repository,) = yaml.safe_load(shown)
    (hook,) = yaml.safe_load(MANIFEST.read_text())
    assert [hook["id"]] == [used["id"] for used in repository["hooks"]]


@pytest.mark.parametrize(("distance", "code", "says"), [(1, 0, "Passed"), (5, 1, "WF102")])
def test_the_hook_runs_as_it_is_described(tmp_path: Path, distance: int, code: int, says: str) -> None:
    (hook,) = yaml.safe_load(MANIFEST.read_text())
    config = {"repos": [{"repo": "local", "hooks": [{**hook, "args": ["flow.py:flow"]}]}]}
    (tmp_path / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    (tmp_path / "flow.py").write_text(FLOW.format(distance))
    assert 0 == run(tmp_path, "git", "init", "-q").returncode
    assert 0 == run(tmp_path, "git", "add", "flow.py", ".pre-commit-config.yaml").returncode
    found = run(tmp_path, sys.executable, "-m", "pre_commit", "run", "--all-files")
    assert code == found.returncode, found.stdout + found.stderr
    assert says in found.stdout
