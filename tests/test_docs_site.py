"""The site of the documentation: it builds, it has everything, and its links lead somewhere in the repository, too."""

from __future__ import annotations

import importlib
import pkgutil
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from sphinx.util.inventory import InventoryFile

import wfgraph

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), ROOT / "bench/README.md"]
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
INSIDE = {"cli", "compiler", "graph", "runtime"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    goal = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-n", "-d", goal / "trees", DOCS, goal / "html"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    return goal / "html"


def public_names() -> set[str]:
    names = {f"wfgraph.{name}" for name in wfgraph.__all__}
    for found in pkgutil.iter_modules(wfgraph.__path__):
        if found.name.startswith("_") or found.name in INSIDE:
            continue
        module = importlib.import_module(f"wfgraph.{found.name}")
        names |= {f"{module.__name__}.{name}" for name in module.__all__}
    for name in ("graph.ops", "graph.outcomes", "patterns.controlflow", "patterns.utils", "patterns.parallel"):
        module = importlib.import_module(f"wfgraph.{name}")
        names |= {f"{module.__name__}.{one}" for one in module.__all__}
    return names


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_reference_has_every_public_name(site: Path) -> None:
    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="").data
    known = {name for kind, found in inventory.items() if kind.startswith("py:") for name in found}
    assert set() == public_names() - known
    assert "wfgraph.engine.GenericWorkflowEngine.process" in known


@pytest.mark.long
@pytest.mark.timeout(600)
def test_each_page_of_the_repository_is_a_page_of_the_site_and_can_be_searched(site: Path) -> None:
    pages = {path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")}
    assert set() == {page for page in pages if not (site / page).is_file()}
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert {page.with_suffix("").as_posix() for page in pages} <= set(re.findall(r'"([\w/.-]+)"', index))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_of_the_repository(path: Path) -> None:
    links = LINK.findall(CODE.sub("", path.read_text(encoding="utf-8")))
    assert [] == [link for link in links if not (path.parent / link).exists()]


def test_the_page_of_the_command_is_what_the_command_says() -> None:
    made = runpy.run_path(str(DOCS / "make_cli.py"))
    assert made["page"]() == (DOCS / "cli.md").read_text(encoding="utf-8"), "write it anew: python docs/make_cli.py"


def test_the_pictures_are_those_that_are_made_and_shown() -> None:
    pictures = {path.name for path in (DOCS / "pictures").iterdir()}
    shown = set(re.findall(r"pictures/([\w.]+)", "".join(path.read_text(encoding="utf-8") for path in PAGES)))
    assert pictures == shown
