"""Whatever the command is given, it ends with a documented exit code and one clear line, and leaves nothing half-written."""

from __future__ import annotations

import json
import os
import random
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy.dialects.sqlite  # noqa: F401 - can't be imported twice
from click.testing import CliRunner

import wfgraph as package
from wfgraph.cli.app import wfgraph
from wfgraph.errors import HaltProcessing, WorkflowError
from wfgraph.storage import DbWorkflowEngine

ROOT = Path(package.__file__).parent.parent
CODES = {0, 1, 2, 130}
FLOW = """
class Odd:
    @property
    def flow(self):
        raise RuntimeError("no <such>\\n\\x1b[31mthing")
    def __dir__(self):
        raise RuntimeError("no names")

class Lying:
    def __getattr__(self, name):
        raise ValueError(name)
    def __repr__(self):
        raise ValueError("repr")

def add(obj, eng):
    if isinstance(obj, dict):
        obj["n"] = obj.get("n", 0)
flow = [add]
odd, lying, loop = Odd(), Lying(), [add]
loop.append(loop)
named = [lambda obj, eng: None, add]
named[0].__name__ = "</script>\\n\\x1b[31m\\ud800"
"""
BAD_MODULES = {
    "raises": "raise ValueError('a\\nb\\x1b[31m')",
    "exits": "import sys\nsys.exit(3)",
    "exits_in_words": "import sys\nsys.exit('words\\nand more')",
    "leaves": "raise GeneratorExit('left')",
    "base": "class Own(BaseException):\n    def __str__(self):\n        raise ValueError\nraise Own",
    "mute": "class Own(Exception):\n    def __str__(self):\n        raise ValueError\nraise Own",
    "recurses": "def f():\n    f()\nf()",
    "wrong": "def (:",
    "zero": "x = 1\0",
    "latin": "# coding: no-such-coding\n",
    "deep": "flow = " + "(" * 5_000 + ")" * 5_000,
    "replaces": "import sys\nsys.modules[__name__] = None\nraise ValueError",
    "removes": "import sys\ndel sys.modules[__name__]\nraise ValueError",
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "tokens.json").write_text("[{}, {}]")
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if module is None or str(tmp_path) in str(vars(module).get("__file__")):
            del sys.modules[name]


def ended(*arguments: str | Path) -> tuple[int, str, str]:
    """Run the command; see that it ends as it may."""
    result = CliRunner().invoke(wfgraph, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert result.exit_code in CODES, result.output
    assert "Traceback" not in result.output
    assert all(character.isprintable() or character in "\n\t" for character in result.output), result.output
    return result.exit_code, result.stdout, result.stderr


def refused(*arguments: str | Path) -> str:
    """See that a mistake is answered with one line; return it."""
    code, stdout, stderr = ended(*arguments)
    assert (2, "") == (code, stdout), (stdout, stderr)
    assert stderr.startswith("wfgraph: ")
    assert 1 == stderr.count("\n")
    return stderr


def entries(path: Path) -> set[str]:
    return {str(one.relative_to(path)) for one in path.rglob("*") if "__pycache__" not in str(one)}


@pytest.mark.parametrize("name", BAD_MODULES)
@pytest.mark.parametrize("verb", ["show", "check", "run"])
def test_a_module_that_fails_is_one_line(place: Path, name: str, verb: str) -> None:
    (place / f"{name}.py").write_text(BAD_MODULES[name])
    more = ["tokens.json"] if verb == "run" else []
    for target in (f"{name}.py:flow", f"{name}:flow"):
        assert name in refused(verb, target, *more)


@pytest.mark.parametrize("verb", ["show", "check", "run"])
@pytest.mark.parametrize("target", ["flow.py:odd.flow", "flow.py:lying", "flow.py:lying.flow", "flow.py:odd.nothing"])
def test_an_attribute_that_fails_is_one_line(place: Path, verb: str, target: str) -> None:
    assert "flow.py" in refused(verb, target, *(["tokens.json"] if verb == "run" else []))


def test_a_definition_in_itself_is_one_line(place: Path) -> None:
    assert "contains itself" in refused("show", "flow.py:loop")
    code, stdout, _ = ended("check", "flow.py:loop")
    assert 1 == code
    assert "WF004" in stdout


NAMES = ["-x.py", "with space.py", "new\nline.py", "šé日本.py", "a:b.py", "quote'\".py", "[red]x.py", "percent%s.py"]


@pytest.mark.parametrize("name", NAMES)
def test_files_of_any_name_are_files(place: Path, name: str) -> None:
    (place / name).write_text(FLOW)
    code, stdout, _ = ended("show", "--", f"{name}:flow")
    assert (0, True) == (code, stdout.startswith("graph of 1 task"))
    code, stdout, _ = ended("check", "--", f"./{name}:named")
    assert code in (0, 1)
    made = place / f"{name}.svg.html"
    assert 0 == ended("draw", "--output", f"./{made.name}", "--", f"./{name}:named")[0]
    assert made.read_text(encoding="utf-8").startswith("<!")


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def _unreadable(path: Path) -> None:
    path.write_bytes(b"[]")
    path.chmod(0)
    if os.access(path, os.R_OK):  # the super-user reads anything
        path.unlink()


ODD_FILES: dict[str, Callable[[Path], Any]] = {
    "directory": Path.mkdir,
    "loop of links": _loop,
    "link to nowhere": lambda path: path.symlink_to("nowhere"),
    "socket": _socket,
    "unreadable": _unreadable,
    "binary": lambda path: path.write_bytes(bytes(range(256)) * 4),
    "zeros": lambda path: path.write_bytes(b"\0" * 100),
    "UTF-16": lambda path: path.write_bytes("[{}]".encode("utf-16")),
    "empty": lambda path: path.write_bytes(b""),
    "half": lambda path: path.write_bytes(b'[{"n": 1}, {'),
    "deep": lambda path: path.write_bytes(b"[" * 200_000),
    "deep and closed": lambda path: path.write_bytes(b"[" * 200_000 + b"]" * 200_000),
    "huge number": lambda path: path.write_bytes(b"[" + b"9" * 10_000 + b"]"),
    "an object": lambda path: path.write_bytes(b'{"a": [1]}'),
    "two values": lambda path: path.write_bytes(b"[] []"),
    "words": lambda path: path.write_bytes(b"[None]"),
}


@pytest.mark.parametrize("kind", ODD_FILES)
def test_what_is_no_file_of_tokens_is_one_line(place: Path, kind: str) -> None:
    for ending in ("json", "jsonl"):
        odd = place / f"odd.{ending}"
        ODD_FILES[kind](odd)
        before = entries(place)
        if ending == "jsonl" and kind in ("empty", "an object"):  # no tokens; one of them
            assert 0 == ended("run", "flow.py:flow", odd, "--output", "after.jsonl")[0]
            continue
        assert odd.name in refused("run", "flow.py:flow", odd, "--output", "after.json", "--trace", "trace.json")
        assert odd.name in refused("run", "flow.py:flow", odd, "--db", f"sqlite:///{place}/runs.db")
        assert before | {"runs.db"} >= entries(place)


@pytest.mark.parametrize("kind", ODD_FILES)
def test_what_is_no_graph_and_no_run_is_one_line(place: Path, kind: str) -> None:
    odd = place / "odd.json"
    ODD_FILES[kind](odd)
    before = entries(place)
    for arguments in (
        ("draw", "flow.py:flow", "--overlay", odd, "-o", "a.html"),
        ("draw", odd, "-o", "a.html"),
        ("drift", odd, "flow.py:flow"),
        ("check", "flow.py:flow", "--baseline", odd),
    ):
        assert odd.name in refused(*arguments)
    assert before == entries(place)


RUNS: dict[str, tuple[dict[str, Any], str]] = {
    "of a later format": ({"format": 2}, "no recorded run of format 1"),
    "of a format in words": ({"format": "1"}, "no recorded run of format 1"),
    "without a graph": ({"graph": None}, "no stored graph of format 1"),
    "with a graph of a later format": ({"graph": {"format": 2}}, "no stored graph of format 1"),
    "with half a graph": ({"graph": {"format": 1, "nodes": []}}, "the stored graph is damaged"),
    "without steps": ({"steps": None}, "the recorded run is damaged"),
    "with steps in words": ({"steps": "abcde"}, "the recorded run is damaged"),
    "with half a step": ({"steps": [[0, -1, 0]]}, "the recorded run is damaged"),
    "with a token that never ends": ({"steps": [[float("inf"), -1, 0, None, 0.0]]}, "the recorded run is damaged"),
    "with no number as time": ({"steps": [[0, -1, 0, None, float("nan")]]}, "the recorded run is damaged"),
    "with steps to nowhere": ({"steps": [[0, -1, 7, None, 0.0]]}, "the recorded run is damaged"),
}


def _recorded() -> dict[str, Any]:
    assert 0 == ended("run", "flow.py:flow", "tokens.json", "--output", "after.json", "--trace", "trace.json")[0]
    found: dict[str, Any] = json.loads(Path("trace.json").read_text())
    return found


@pytest.mark.parametrize("kind", RUNS)
def test_what_is_no_recorded_run_is_one_line(place: Path, kind: str) -> None:
    changed, said = RUNS[kind]
    (place / "odd.json").write_text(json.dumps(_recorded() | changed))
    before = entries(place)
    for arguments in (
        ("draw", "odd.json", "-o", "a.html"),
        ("draw", "flow.py:flow", "--overlay", "odd.json", "-o", "a.html"),
        ("draw", "flow.py:flow", "--diff", "odd.json", "-o", "a.html"),
        ("drift", "odd.json", "flow.py:flow"),
        ("check", "flow.py:flow", "--baseline", "odd.json"),
    ):
        assert said in refused(*arguments)
    assert before == entries(place)


def test_a_cut_off_run_is_one_line_and_one_written_otherwise_is_read(place: Path) -> None:
    text = json.dumps(_recorded(), indent=2, separators=(",", " : "))
    (place / "odd.json").write_text(text)
    code, stdout, _ = ended("draw", "odd.json")
    assert (0, True) == (code, "2×" in stdout)
    for share in (0.1, 0.5, 0.99):
        (place / "odd.json").write_text(text[: int(len(text) * share)])
        assert "is JSON; this is not" in refused("draw", "odd.json", "-o", "a.html")


def test_a_long_run_of_many_tokens_is_drawn(place: Path) -> None:
    steps = [step for token in range(30_000) for step in ([token, -1, 0, None, 0.0], [token, 0, -2, "return", 1e-6])]
    (place / "long.json").write_text(json.dumps(_recorded() | {"steps": steps}))
    assert 0 == ended("draw", "long.json", "-o", "a.html")[0]
    assert (place / "a.html").stat().st_size < 1_000_000


def _places(found: Any) -> Iterator[tuple[Any, Any]]:
    for key, value in found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ():
        yield found, key
        yield from _places(value)


DAMAGE = [
    None,
    True,
    -1,
    7,
    1.5,
    10**30,
    float("inf"),
    float("nan"),
    "",
    "Halt",
    "\ud800\0\x1b[31m</script>",
    [],
    {},
    [1, 2],
]


def test_a_run_with_a_part_exchanged_is_drawn_or_one_line(place: Path, long: bool) -> None:
    chance = random.Random(3)  # noqa: S311 - no secret
    content = _recorded()
    (place / "whole.json").write_text(json.dumps(content))
    everywhere, codes = list(_places(content)), set()
    for _ in range(2_000 if long else 60):
        inside, key = chance.choice(everywhere)
        was, inside[key] = inside[key], chance.choice(DAMAGE)
        (place / "odd.json").write_text(json.dumps(content))
        inside[key] = was
        for arguments in (
            ("odd.json", "-o", "a.html"),
            ("odd.json", "--all", "--format", "mermaid"),
            ("odd.json", "--diff", "whole.json"),
            ("whole.json", "--overlay", "odd.json"),
        ):
            code, _, stderr = ended("draw", *arguments)
            assert code in (0, 2)
            assert code == 0 or 1 == stderr.count("\n"), stderr
            codes.add(code)
    assert {0, 2} == codes


@pytest.mark.parametrize("kind", ODD_FILES)
def test_what_is_no_database_is_one_line(place: Path, kind: str) -> None:
    odd = place / "odd.db"
    ODD_FILES[kind](odd)
    if kind in ("empty", "link to nowhere") or not os.path.lexists(odd):  # SQLite makes a database of these
        return
    before = odd.read_bytes() if odd.is_file() else None
    for arguments in (
        ("run", "flow.py:flow", "tokens.json", "--db", odd),
        ("runs", "list", "--db", odd),
        ("runs", "show", "0123", "--db", odd),
        ("db", "upgrade", "--db", odd),
    ):
        refused(*arguments)
    assert before == (odd.read_bytes() if odd.is_file() else None)


def test_texts_in_stored_runs_stay_on_their_lines(place: Path) -> None:
    text = "</script>\x1b[31m\n\u202e\u2028\x07[red]x[/red]" + "y" * 150

    def fail(obj: Any, eng: Any) -> None:
        raise ValueError(text)

    def ask(obj: Any, eng: Any) -> None:
        eng.halt(text, action=text, payload={text: text})

    for flow in (fail, ask):
        flow.__name__ = flow.__qualname__ = text
        eng = DbWorkflowEngine.with_name(text, f"sqlite:///{place}/runs.db")
        eng.callbacks.replace([flow])
        with pytest.raises((WorkflowError, HaltProcessing)):
            eng.process([{text: text}])
        uuid = str(eng.uuid)
        for arguments in (("list",), ("list", "--name", text), ("show", uuid), ("steps", uuid), ("cancel", uuid)):
            code, stdout, _ = ended("runs", *arguments, "--db", "runs.db")
            assert (0, True) == (code, "</script>\\x1b[31m" in stdout), arguments


def test_a_database_of_something_else_is_left_alone(place: Path) -> None:
    other = sqlite3.connect("other.db")
    other.execute("CREATE TABLE runs (a)")
    other.commit()
    other.close()
    for arguments in (["runs", "list"], ["runs", "show", "0123"], ["runs", "cancel", "0123"]):
        refused(*arguments, "--db", "other.db")
    other = sqlite3.connect("other.db")
    assert ["CREATE TABLE runs (a)"] == [sql for (sql,) in other.execute("SELECT sql FROM sqlite_master")]
    other.close()


TOKENS = {
    "not a number": "[NaN, Infinity, -Infinity]",
    "the same key twice": '[{"n": 1, "n": 2}]',
    "a lone surrogate": '[{"n": "\\ud800", "\\udfff": 1}]',
    "a large number": "[1e999, 123456789012345678901234567890]",
    "no objects": '[null, true, "text", 1.5, []]',
}


@pytest.mark.parametrize("kind", TOKENS)
def test_odd_tokens_come_out_as_they_went_in(place: Path, kind: str) -> None:
    (place / "odd.json").write_text(TOKENS[kind])
    before = json.loads(TOKENS[kind])
    assert 0 == ended("run", "flow.py:flow", "odd.json", "--output", "after.json")[0]
    after = json.loads((place / "after.json").read_text("utf-8", "surrogatepass"))
    assert repr(before) == repr(after)
    code, _, stderr = ended("run", "flow.py:flow", "odd.json", "--db", "runs.db")
    assert code in (0, 2), stderr
    assert ended("runs", "list", "--db", "runs.db")[0] in (0, 2)


@pytest.mark.parametrize("output", ["no/such/place.json", "taken.json", "/proc/nothing.json"])
def test_an_output_that_can_not_be_written_is_one_line(place: Path, output: str) -> None:
    (place / "taken.json").mkdir()
    before = entries(place)
    _, _, stderr = ended("run", "flow.py:flow", "tokens.json", "--output", output)
    assert stderr.splitlines()[-1].startswith("wfgraph: ")
    (place / "taken.html").mkdir()
    refused("draw", "flow.py:flow", "-o", output.replace(".json", ".html"))
    (place / "taken.html").rmdir()
    assert before == entries(place)


VERBS = [
    "show",
    "check",
    "draw",
    "run",
    "drift",
    "runs",
    "db",
    "migrate",
    "completion",
    "nonsense",
    "--debug",
    "--version",
]
WORDS = [
    *VERBS, "list", "resume", "cancel", "upgrade", "flow.py:flow", "flow.py", ":", "::", "flow.py:", ":flow", "flow:flow",
    "flow.py:loop", "tokens.json", "-", "--", "", " ", "-o", "--output", "a.html", "a.xyz", "--db", "runs.db", "sqlite://",
    "postgresql://[", "://", "mysql://x", "--workers", "0", "-1", "1e9", "--depth", "--format", "json", "sarif", "--key",
    "\udcff", "x" * 5_000, "\n", "../..", "/", "/dev/null", "%s%n", "--select", "WF", "WF999", "--all", "--help", "{}", "*",
]  # fmt: skip


def test_any_words_end_in_a_documented_way(place: Path, long: bool) -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    for _ in range(5_000 if long else 200):
        arguments = chance.sample(VERBS, 1) + chance.choices(WORDS, k=chance.randint(0, 5))
        if "--workers" in arguments or "--open" in arguments:
            continue
        ended(*arguments)


def shell(*arguments: str, cwd: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    return subprocess.run(
        [sys.executable, "-m", "wfgraph", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment,
        check=False,
        timeout=60,
        **options,
    )


POOR = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "TERM": "dumb", "COLUMNS": "1"}


def test_a_poor_terminal_gets_all_there_is_to_say(place: Path) -> None:
    (place / "šé.py").write_text(FLOW, encoding="utf-8")
    for arguments in (["show", "šé.py:named"], ["check", "šé.py:named"], ["show", "nowhere é:flow"], ["--help"]):
        done = shell(*arguments, cwd=place, env=POOR)
        assert done.returncode in CODES, done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout or done.stderr


@pytest.mark.parametrize("arguments", ["show big.py:flow", "check big.py:flow", "draw big.py:flow", "runs --help"])
@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error_of_ours(place: Path, arguments: str) -> None:
    (place / "big.py").write_text("def a(obj, eng): ...\nflow = [a, lambda obj: 1] * 20_000\nflow = flow[::2]\n")
    command = f"{sys.executable} -m wfgraph {arguments} | head -c 20"
    done = subprocess.run(  # noqa: S602 - our own text
        command,
        shell=True,
        capture_output=True,
        text=True,
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
    )
    assert "" == done.stderr


@pytest.mark.slow
def test_closed_streams_are_no_crash(place: Path) -> None:
    for closed in (">&-", "2>&-", "<&-", ">&- 2>&- <&-"):
        for arguments in ("show flow.py:flow", "show nowhere:flow", "run flow.py:flow tokens.json"):
            done = subprocess.run(  # noqa: S602 - our own text
                f"{sys.executable} -m wfgraph {arguments} {closed}",
                shell=True, capture_output=True, text=True, cwd=place, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60,
            )  # fmt: skip
            assert done.returncode in CODES, (closed, arguments, done.stderr)
            assert "Traceback" not in done.stderr


def test_a_full_device_is_told(place: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "wfgraph", "show", "flow.py:flow"],
            stdout=full, stderr=subprocess.PIPE, text=True, cwd=place, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60,
        )  # fmt: skip
    assert 2 == done.returncode
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("wfgraph: ")
