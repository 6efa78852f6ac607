"""What is uploaded: built, looked into, and installed where there is no repository. Needs the package index of pip.

Marked ``long``: ``pytest --long tests/test_packaging.py``.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.long

NO_MODULES = {
    "wfgraph/py.typed",
    "wfgraph/storage/migrations/script.py.mako",
    "wfgraph/views/viewer/layout.js",
    "wfgraph/views/viewer/page.html",
    "wfgraph/views/viewer/style.css",
    "wfgraph/views/viewer/viewer.js",
}
"""What is in the wheel beside Python modules."""

IN_SDIST = {
    ".gitignore", ".pre-commit-hooks.yaml", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "PKG-INFO",
    "README.md", "bench", "docs", "examples", "pyproject.toml", "tests", "wfgraph",
}  # fmt: skip

CORE = """
import sys
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.patterns import FOR, HALT, IF_ELSE
eng = GenericWorkflowEngine()
eng.callbacks.replace([FOR([1, 2], "i", [lambda obj, eng: obj.append(eng.extra_data["i"])]), IF_ELSE(lambda o, e: 0, HALT(), [])])
token = []
eng.process([token])
assert [1, 2] == token
heavy = {"networkx", "graphviz", "click", "rich", "sqlalchemy", "celery", "opentelemetry"} & set(sys.modules)
assert not heavy, heavy
from wfgraph import check, compile_graph
graph = compile_graph([print, [print]])
assert graph.nx.number_of_nodes() > 2
assert "<svg" in f"{graph:html}"
assert "tests" not in __import__("importlib.metadata").metadata.packages_distributions()
import wfgraph
assert "site-packages" in wfgraph.__file__, wfgraph.__file__
"""
STORED = """
from wfgraph.storage import DbWorkflowEngine
eng = DbWorkflowEngine.with_name("orders", "sqlite:///runs.db")
eng.callbacks.replace([lambda obj, eng: obj.append(1)])
eng.process([[]])
assert [[1]] == DbWorkflowEngine.from_uuid(eng.uuid, "sqlite:///runs.db").objects
"""
MACHINE = """
from wfgraph import compile_graph
from wfgraph.views.machine import machine_of
machine_of(compile_graph([print]))
"""
WORKERS = """
from celery import Celery
from wfgraph.celery import CeleryWorkflows
import redis
print(CeleryWorkflows(Celery("x", broker="memory://"), {"a": [print]}, "sqlite:///workers.db", sweep=None))
"""
EXTRAS = {"transitions": MACHINE, "storage": STORED, "postgres": "import psycopg, wfgraph.storage", "celery": WORKERS}


def ran(*command: str | Path, cwd: Path, code: int = 0) -> str:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COVERAGE", "PYTEST"))}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=clean, capture_output=True, text=True, check=False)
    assert code == done.returncode, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the sdist, and the wheel that was made of the sdist."""
    folder = tmp_path_factory.mktemp("built")
    ran(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    return folder


def wheel_of(folder: Path) -> Path:
    return next(folder.glob("*.whl"))


def sdist_of(folder: Path) -> Path:
    return next(folder.glob("*.tar.gz"))


def contents(wheel: Path) -> dict[str, str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def test_the_wheel_holds_the_package_and_nothing_else(built: Path) -> None:
    found = {name for name in contents(wheel_of(built)) if ".dist-info/" not in name}
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "wfgraph").rglob("*.py")}
    assert modules | NO_MODULES | {"wfgraph/_examples/license_audit.py"} == found


def test_the_wheel_of_the_sdist_is_the_wheel_of_the_tree(built: Path, tmp_path: Path) -> None:
    ran(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, ROOT, cwd=tmp_path)
    assert contents(wheel_of(tmp_path)) == contents(wheel_of(built))


def test_the_sdist_holds_what_it_takes_to_test_and_to_document(built: Path) -> None:
    with tarfile.open(sdist_of(built)) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert {name.partition("/")[0] for name in names} == IN_SDIST
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md"))
    assert set(re.findall(r"^```\{include\} \.\./(\S+)$", pages, re.MULTILINE)) <= set(names)
    assert not [name for name in names if "__pycache__" in name or "node_modules" in name or name.endswith(".db")]


def test_the_metadata_is_whole_and_its_text_can_be_shown(built: Path) -> None:
    told = ran(sys.executable, "-m", "twine", "check", "--strict", *built.iterdir(), cwd=built)
    assert 2 == told.count("PASSED")
    with zipfile.ZipFile(wheel_of(built)) as archive:
        name = next(name for name in archive.namelist() if name.endswith("METADATA"))
        metadata = message_from_bytes(archive.read(name))
    assert ">=3.11" == metadata["Requires-Python"]
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])
    assert {"cli", "storage", "postgres", "celery", "otel", "transitions"} <= set(
        metadata.get_all("Provides-Extra", [])
    )
    core = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert {"blinker", "cloudpickle", "graphviz", "networkx"} == {line.partition(">")[0].strip() for line in core}


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_it_works_where_there_is_no_repository(built: Path, tmp_path: Path, kind: str) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    archive = wheel_of(built) if kind == "wheel" else sdist_of(built)

    def install(extra: str = "") -> None:
        quiet = ("-q", "--disable-pip-version-check", "--no-warn-script-location")
        ran(python, "-m", "pip", "install", *quiet, f"wfgraph{extra} @ {archive.as_uri()}", cwd=tmp_path)

    install()
    ran(python, "-W", "error", "-c", CORE, cwd=tmp_path)
    assert "pip install 'wfgraph[cli]'" in ran(python, "-m", "wfgraph", "demo", cwd=tmp_path, code=2)
    if kind == "wheel":  # what both hold is the same, as is proven above
        for extra, code in EXTRAS.items():
            install(f"[{extra}]")
            ran(python, "-W", "error", "-c", code, cwd=tmp_path)
    install("[cli]")
    assert ran(python, "-m", "wfgraph", "--version", cwd=tmp_path).startswith("wfgraph ")
    assert "By family of licence" in ran(python, "-m", "wfgraph", "demo", cwd=tmp_path)
    assert "wfgraph-demo" in ran(tmp_path / "venv" / "bin" / "wfgraph", "demo", cwd=tmp_path)
