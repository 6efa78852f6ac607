"""The page of differences and the tests name each other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
PAGE = TESTS.parent / "docs" / "compat" / "quirks.md"
REFERENCE = re.compile(r"`([\w/]+\.py)::(\w+)`")
HEADS = {"---", "`workflow` 2.1.6"}


def rows() -> list[list[str]]:
    """Return the cells of each line of the page's tables."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] not in HEADS]


def functions(path: Path) -> set[str]:
    """Return the names of a file's tests."""
    names = {
        node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)
    }
    return {name for name in names if name.startswith("test_")}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_each_line_says_what_became_of_a_quirk_and_names_its_tests(row: list[str]) -> None:
    assert 4 == len(row)
    assert row[2] in {"Kept", "Fixed", "Refused"}
    named = REFERENCE.findall(row[3])
    assert ", ".join(f"`{file}::{name}`" for file, name in named) == row[3]
    assert named
    for file, name in named:
        assert name in functions(TESTS / file)


def test_each_test_of_the_ledger_stands_on_the_page() -> None:
    here = {path for path in Path(__file__).parent.glob("test_*.py") if path != Path(__file__)}
    found = {(f"ledger/{path.name}", name) for path in here for name in functions(path)}
    named = {reference for row in rows() for reference in REFERENCE.findall(row[3])}
    assert 5 == len(here)
    assert set() == found - named


def test_no_line_stands_on_the_page_twice() -> None:
    quirks = [row[0] for row in rows()]
    assert len(set(quirks)) == len(quirks)
