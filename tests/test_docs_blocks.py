"""Every code block of the documents works.

``python`` blocks of a file run in order, in one namespace; a ``text`` block that directly follows one is what it
prints. In ``sh`` and ``console`` blocks every command of wfgraph must succeed; what installs, or runs the tools of
developers, is skipped.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SKIPPED = {"python3 -m venv", "pip", "apt-get", "pytest", "mypy", "ruff", "lint-imports"}
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    language: str
    code: str
    line: int
    follows: bool
    """Whether nothing but blank lines is between it and the block before."""


def blocks(path: Path) -> list[Block]:
    text = path.read_text(encoding="utf-8")
    found = []
    end = -1
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 2
        follows = end >= 0 and not text[end : match.start()].strip()
        found.append(Block(match["language"], match["code"], line, follows))
        end = match.end()
    return found


def commands() -> list[tuple[str, str]]:
    """Return the commands of wfgraph in all files, each with the name of its file, each once."""
    found = {}
    for path in FILES:
        for block in blocks(path):
            if block.language not in ("sh", "console"):
                continue
            for line in block.code.splitlines():
                command = line.removeprefix("$ ") if block.language == "sh" or line.startswith("$ ") else ""
                if command.strip() and not all(map(skipped, command.split("&&"))):
                    found[command.replace(".venv/bin/", "")] = path.name
    return list(found.items())


def skipped(command: str) -> bool:
    bare = command.strip().replace(".venv/bin/", "")
    return any(bare == known or bare.startswith(f"{known} ") for known in SKIPPED)


def test_there_are_documents_and_they_use_known_languages() -> None:
    assert {"README.md", "CONTRIBUTING.md", "quickstart.md"} <= {path.name for path in FILES}
    languages = {block.language for path in FILES for block in blocks(path)}
    assert languages <= {"python", "text", "sh", "console", "yaml"}, "a block without a known language is not tested"


@pytest.mark.usefixtures("no_event_loop")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_python_blocks_run_and_print_what_they_say(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    printed = None
    for block in blocks(path):
        if block.language == "python":
            text, name = "\n" * (block.line - 1) + block.code, f"<{path.name}, line {block.line}>"
            linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
            code = compile(text, name, "exec", dont_inherit=True)
            with contextlib.redirect_stdout(io.StringIO()) as stdout:
                exec(code, namespace)  # noqa: S102
            printed = stdout.getvalue()
        elif block.language == "text" and block.follows and printed is not None:
            assert block.code == printed, f"{path.name}, line {block.line}"


@pytest.mark.parametrize(("command", "name"), commands())
def test_commands_succeed(command: str, name: str, tmp_path: Path) -> None:
    words = shlex.split(command, comments=True)
    assert "wfgraph" == words[0], f"{name}: unknown command: {command}"
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
