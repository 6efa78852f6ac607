"""The types of the public interface, as mypy and pyright see them: ``tests/typing`` holds uses, right and wrong.

A wrong use carries an ``ignore`` for each checker; an ``ignore`` for what is no error is an error.
"""

from __future__ import annotations

import runpy
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
USES = sorted((ROOT / "tests" / "typing").glob("*.py"))
CHECKERS = {
    "mypy": ["mypy", "--config-file", "pyproject.toml"],
    "pyright": ["pyright", "--pythonpath", sys.executable],
}


def checked(checker: str, *paths: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", *CHECKERS[checker], *map(str, paths)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("checker", CHECKERS)
def test_right_uses_are_accepted_and_wrong_ones_are_found(checker: str) -> None:
    code, said = checked(checker, *USES)
    assert 0 == code, said


@pytest.mark.parametrize("checker", CHECKERS)
def test_a_use_that_is_no_mistake_and_a_mistake_that_nobody_expects_are_told(checker: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    ignored = {"mypy": "type: ignore[arg-type]", "pyright": "pyright: ignore[reportArgumentType]"}[checker]
    wrong.write_text(
        "from wfgraph.engine import GenericWorkflowEngine\n"
        "GenericWorkflowEngine().process(3)\n"
        f"GenericWorkflowEngine().process([3])  # {ignored}\n"
    )
    if checker == "pyright":  # the settings for the project are for files in it
        wrong.write_text("# pyright: reportUnnecessaryTypeIgnoreComment=true\n" + wrong.read_text())
    code, said = checked(checker, wrong)
    assert 1 == code
    assert 2 == said.count("error: "), said
    assert "nnecessary" in said or "Unused" in said


@pytest.mark.parametrize("use", [path for path in USES if "__main__" in path.read_text()], ids=lambda path: path.stem)
def test_the_uses_run(use: Path) -> None:
    runpy.run_path(str(use), run_name="__main__")


def test_the_package_says_that_it_is_typed() -> None:
    assert (files("wfgraph") / "py.typed").is_file()
