"""Every code block of the documents works.

``python`` blocks of a file run in order, in one namespace; a ``text`` block that directly follows one is what it
prints. In ``sh`` and ``console`` blocks every command of wfgraph must succeed; what installs, or runs the tools of
developers, is skipped.

A page in which a block is named after a file, as in ```` ```python flow.py ````, is one to follow: all its blocks are done in
order, in one directory. A block with a name becomes that file; a ``console`` block is what a terminal shows: commands, and
what each of them prints. Uuids and dates are others each time: a uuid of the page, or the first eight digits of one, stands for
the one that was printed in its place.
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
SKIPPED = {
    *("python3 -m venv", ". activate", "mkdir", "cd", "pip", "apt-get"),
    *("pytest", "mypy", "ruff", "lint-imports", "celery"),
}
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>[\w{}]*)(?: (?P<file>\w\S*\.\w+))?[^\n]*\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
DIRECTIVES = {"{toctree}", "{include}"}
UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
PROGRESS = re.compile(r"^(?:tokens|objects) \d+ of \d+\n", re.MULTILINE)


# What a person has: pytest, for one, tells more where it takes itself to be run by a machine.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("CI", "BUILD_NUMBER")}
ENVIRONMENT["PYTHONPATH"] = str(ROOT)


@dataclass(frozen=True)
class Block:
    language: str
    file: str | None
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
        found.append(Block(match["language"], match["file"], match["code"], line, follows))
        end = match.end()
    return found


def commands() -> list[tuple[str, str]]:
    """Return the commands of wfgraph in all files, each with the name of its file, each once."""
    found = {}
    for path in FILES:
        followed = is_followed(blocks(path))
        for block in blocks(path):
            if block.language not in ("sh", "console") or (followed and block.language == "console"):
                continue
            for line in block.code.splitlines():
                command = line.removeprefix("$ ") if block.language == "sh" or line.startswith("$ ") else ""
                if command.strip() and not all(map(skipped, command.split("&&"))):
                    found[command.replace(".venv/bin/", "")] = path.name
    return list(found.items())


def is_followed(found: list[Block]) -> bool:
    return any(block.file for block in found)


def skipped(command: str) -> bool:
    bare = command.strip().replace(".venv/bin/", "")
    return any(bare == known or bare.startswith(f"{known} ") for known in SKIPPED)


def test_there_are_documents_and_they_use_known_languages() -> None:
    assert {"README.md", "CONTRIBUTING.md", "quickstart.md"} <= {path.name for path in FILES}
    languages = {block.language for path in FILES for block in blocks(path)}
    known = {"python", "text", "sh", "console", "yaml", "json", "toml"} | DIRECTIVES
    assert languages <= known, "a block without a known language is not tested"


SLOW = {"tutorial.md", "ci.md", "crashes.md"}
PAGES = [
    pytest.param(path, marks=[pytest.mark.slow] if path.name in SLOW else [], id=str(path.relative_to(ROOT)))
    for path in FILES
]


@pytest.mark.usefixtures("no_event_loop")
@pytest.mark.parametrize("path", PAGES)
def test_blocks_run_and_print_what_they_say(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    printed = None
    found = blocks(path)
    session = Session(tmp_path)
    for block in found:
        where = f"{path.name}, line {block.line}"
        if block.file:
            (tmp_path / block.file).write_text(block.code, encoding="utf-8")
        elif block.language == "python":
            text, name = "\n" * (block.line - 1) + block.code, f"<{where}>"
            linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
            code = compile(text, name, "exec", dont_inherit=True)
            with contextlib.redirect_stdout(io.StringIO()) as stdout:
                exec(code, namespace)  # noqa: S102
            printed = stdout.getvalue()
        elif block.language == "text" and block.follows and printed is not None:
            assert block.code == printed, where
        elif block.language == "console" and is_followed(found):
            session.follow(block.code, where)


class Session:
    """A terminal in which somebody follows a page."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.real: dict[str, str] = {}

    def follow(self, transcript: str, where: str) -> None:
        for part in transcript.removeprefix("$ ").split("\n$ "):
            command, _, expected = part.partition("\n")
            status, printed = self.run(command)
            if not expected:
                assert 0 == status, f"{where}: {command}\n{printed}"
                continue
            for written, real in zip(UUID.findall(expected), UUID.findall(printed), strict=False):
                self.real |= {written: real, written[:8]: real[:8]}
            for written, real in self.real.items():
                printed = printed.replace(real, written)
            assert plain(expected) == plain(printed), f"{where}: {command}"

    def run(self, command: str) -> tuple[int, str]:
        for written, real in self.real.items():
            command = command.replace(written, real)
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-c", command],  # noqa: S607 - that of the machine
            cwd=self.directory,
            env={**ENVIRONMENT, "PATH": programs},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, PROGRESS.sub("", done.stdout)


def plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in DATE.sub("~", text).rstrip().splitlines())


@pytest.mark.parametrize(("command", "name"), commands())
def test_commands_succeed(command: str, name: str, tmp_path: Path) -> None:
    words = shlex.split(command, comments=True)
    assert "wfgraph" == words[0], f"{name}: unknown command: {command}"
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
