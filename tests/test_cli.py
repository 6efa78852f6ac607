"""The command ``wfgraph``: what it prints, where, and with which exit code."""

from __future__ import annotations

import importlib.metadata
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy.dialects.sqlite  # noqa: F401 - before a test takes away what it has imported: this can't be imported twice
from click.testing import CliRunner, Result

import wfgraph as package
import wfgraph.cli.demo
from wfgraph import cli
from wfgraph.cli.app import wfgraph
from wfgraph.cli.console import progress
from wfgraph.cli.runner import Fate, run_all
from wfgraph.engine import GenericWorkflowEngine, ProcessingFactory

ROOT = Path(package.__file__).parent.parent
FLOW = '''
from wfgraph.engine import GenericWorkflowEngine

def add(obj, eng):
    """Add one."""
    obj["n"] += 1

def look(obj, eng):
    if obj["n"] > 5:
        eng.halt("too [red]many[/red]\\x1b[31m", action="review")
    if obj["n"] < 0:
        raise ValueError("below [b]zero[/b]")
    if obj.get("then") == "next":
        eng.continue_next_token()
    if obj.get("then") == "stop":
        eng.stop()
    if obj.get("then") == "set":
        obj["n"] = {1}

flow = [add, [look]]
pair = (add, look)
number = 7
bad = [add, 7]

class Holder:
    flow = [add]

engine = GenericWorkflowEngine()
engine.callbacks.replace(flow)
empty = GenericWorkflowEngine()
keyed = GenericWorkflowEngine()
keyed.callbacks.replace(flow, "a")
keyed.callbacks.replace([add], "b")
'''
ADD_ALONE = "graph of 1 task\nentry -next-> [0]\n[0] add\n    -next-> exit\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory with flow.py in it, to be in; what is imported from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "flow.py").write_text(FLOW)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if not name.startswith("wfgraph"):
            del sys.modules[name]


def call(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(wfgraph, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def refused(*arguments: str | Path) -> str:
    """Return the one line that a mistake is answered with."""
    result = call(*arguments)
    assert 2 == result.exit_code
    assert "" == result.stdout
    assert result.stderr.startswith("wfgraph: ")
    assert 1 == result.stderr.count("\n")
    return result.stderr.removeprefix("wfgraph: ").rstrip("\n")


def shell(*arguments: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **env}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=cwd, env=environment, check=False
    )


def write(path: Path, value: Any) -> Path:
    path.write_text(json.dumps(value))
    return path


def test_version_and_help() -> None:
    assert f"wfgraph {package.__version__}\n" == call("--version").stdout
    for verb in ((), ("check",), ("demo",), ("draw",), ("run",), ("show",)):
        result = call(*verb, "--help")
        assert 0 == result.exit_code
        assert "Usage: wfgraph" in result.stdout
    assert "\n    path/to/file.py:attribute     a file\n" in call("--help").stdout


@pytest.mark.parametrize("target", ["flow:one", "flow.py:one", "./flow.py:one", "flow.py:Holder.flow"])
def test_show_prints_the_text_form(place: Path, target: str) -> None:
    (place / "flow.py").write_text(FLOW + "one = add\n")
    result = call("show", target)
    assert (0, ADD_ALONE, "") == (result.exit_code, result.stdout, result.stderr)


def test_a_module_in_a_package_is_found_from_the_working_directory(place: Path) -> None:
    (place / "shop").mkdir()
    (place / "shop" / "orders.py").write_text(FLOW)
    assert call("show", "shop.orders:pair").stdout.startswith("graph of 2 tasks\n")


def test_a_file_imports_what_lies_beside_it(place: Path) -> None:
    (place / "sub").mkdir()
    (place / "sub" / "helper_of_it.py").write_text("def add(obj, eng): pass\n")
    (place / "sub" / "main_flow.py").write_text("from helper_of_it import add\nflow = [add]\n")
    assert ADD_ALONE == call("show", "sub/main_flow.py:flow").stdout


def test_a_file_named_like_a_module_does_not_take_its_place(place: Path) -> None:
    (place / "json.py").write_text("def add(obj, eng): pass\nflow = [add]\n")
    assert ADD_ALONE == call("show", "json.py:flow").stdout
    assert json is sys.modules["json"]


def test_show_prints_the_code_or_says_why_there_is_none(place: Path) -> None:
    code = call("show", "--code", "flow:Holder.flow").stdout
    assert "def run(obj, eng):\n    task_0(obj, eng)  # [0] add\n    return None\n" == code
    (place / "deep.py").write_text("flow = [print]\nfor _ in range(3000):\n    flow = [flow]\n")
    assert "there is no code for deep:flow" in refused("show", "--code", "deep:flow")


def test_an_engine_is_shown_by_its_definition(place: Path) -> None:
    assert call("show", "flow:engine").stdout.startswith("graph of 2 tasks\n")
    assert ADD_ALONE == call("show", "flow:keyed", "--key", "b").stdout


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("flow", "'flow' names no definition; write package.module:attribute or path/file.py:attribute"),
        (":flow", "':flow' names no definition; write package.module:attribute or path/file.py:attribute"),
        ("flwo.py:flow", "there is no file 'flwo.py'; did you mean flow.py?"),
        ("nowhere/flow.py:flow", "there is no file 'nowhere/flow.py'"),
        ("flwo:flow", "there is no module 'flwo'; did you mean flow?"),
        ("jsn:flow", "there is no module 'jsn'; did you mean json?"),
        ("no.such:flow", "there is no module 'no'"),
        ("..x:flow", "'..x' names no module; write package.module:attribute"),
        ("flow.py:flwo", "flow.py has no attribute 'flwo'; did you mean flow?"),
        ("flow:Holder.flo", "flow has no attribute 'Holder.flo'; did you mean flow?"),
        ("flow:number", "flow:number is of type int; a definition is a list or tuple of callables, one callable, or"),
        ("flow:Holder", "flow:Holder is the class Holder; a definition is a list"),
        ("flow:bad", "flow:bad does not compile: the item at [1] is not callable: 7 (int)"),
        ("flow:empty", "the engine flow:empty has no definition under '*'; choose with --key: none"),
        ("flow:keyed", "the engine flow:keyed has no definition under '*'; choose with --key: 'a', 'b'"),
        ("fails.py:flow", "fails.py failed to import: ZeroDivisionError: division by zero (fails.py, line 2)"),
        ("fails:flow", "fails failed to import: ZeroDivisionError: division by zero (fails.py, line 2)"),
        ("imports.py:flow", "imports.py failed to import: ModuleNotFoundError: No module named 'no_such_thing'"),
        ("syntax.py:flow", "syntax.py failed to import: '(' was never closed (syntax.py, line 1)"),
        ("exits.py:flow", "exits.py failed to import: it ended the process with exit code 3"),
    ],
)
def test_a_wrong_target_is_answered_with_one_line(place: Path, target: str, message: str) -> None:
    (place / "fails.py").write_text("x = 1\nx / 0\n")
    (place / "imports.py").write_text("import no_such_thing\n")
    (place / "syntax.py").write_text("print(\n")
    (place / "exits.py").write_text("import sys\nsys.exit(3)\n")
    assert refused("show", target).startswith(message)


def test_a_file_that_failed_is_not_left_behind(place: Path) -> None:
    (place / "fails_too.py").write_text("1 / 0\n")
    refused("show", "fails_too.py:flow")
    assert "fails_too" not in sys.modules


def test_key_is_for_engines(place: Path) -> None:
    assert "--key chooses one of an engine's definitions, and flow:flow is no engine" == refused(
        "show", "flow:flow", "--key", "a"
    )


def test_debug_shows_the_traceback(place: Path) -> None:
    result = call("--debug", "show", "flow.py:bad")
    assert 2 == result.exit_code
    assert "WorkflowDefinitionError" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("wfgraph: flow.py:bad does not compile: ")


def test_draw_writes_what_the_ending_says(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(place))  # where there is no dot
    assert call("draw", "flow:flow").stdout.startswith("● start\n├ add\n")
    assert call("draw", "flow:flow", "--format", "dot").stdout.startswith("digraph wfgraph {\n")
    assert "wrote flow.mmd\n" == call("draw", "flow:flow", "-o", "flow.mmd").stdout
    assert (place / "flow.mmd").read_text().startswith("flowchart TB\n")
    assert "apt-get install graphviz" in refused("draw", "flow:flow", "-o", "flow.svg")
    assert "one of .svg, .png" in refused("draw", "flow:flow", "-o", "flow.gif")
    assert "can't write no/flow.dot" in refused("draw", "flow:flow", "-o", "no/flow.dot")


def test_run_goes_on_past_halts_and_errors(place: Path) -> None:
    tokens = [{"n": 1}, {"n": 9}, {"n": -5}, {"n": 2, "then": "next"}, {"n": 8}]
    write(place / "tokens.json", tokens)
    result = call("run", "flow.py:flow", "tokens.json", "--output", "after.json")
    assert 1 == result.exit_code
    assert [
        "token 1 halted in look at [1, 0]: too [red]many[/red]\\x1b[31m (waits for: review)",
        "token 4 halted in look at [1, 0]: too [red]many[/red]\\x1b[31m (waits for: review)",
        "token 2 failed in look at [1, 0]: ValueError: below [b]zero[/b]",
        "5 tokens: 1 completed, 2 halted, 1 failed, 1 left early",
    ] == result.stdout.splitlines()
    assert ["tokens 1 of 5", "tokens 2 of 5", "tokens 3 of 5", "tokens 5 of 5"] == result.stderr.splitlines()
    expected = [{**token, "n": token["n"] + 1} for token in tokens]  # type: ignore[operator]
    assert expected == json.loads((place / "after.json").read_text())


def test_run_reads_and_writes_lines_and_a_halt_is_no_failure(place: Path) -> None:
    (place / "tokens.jsonl").write_text(
        '\ufeff{"n": 1}\n\n{"n": 9, "é": "\u2028"}\n{"n": 1, "then": "stop"}\n{"n": 1}\n'
    )
    result = call("run", "flow:engine", "tokens.jsonl", "--output", "after.jsonl")
    assert 0 == result.exit_code
    assert "4 tokens: 1 completed, 1 halted, 0 failed, 1 left early, 1 not run" == result.stdout.splitlines()[-1]
    lines = (place / "after.jsonl").read_text().split("\n")
    assert [{"n": 2}, {"n": 10, "é": "\u2028"}] == [json.loads(line) for line in lines[:2]]


def test_run_uses_the_definition_that_key_names(place: Path) -> None:
    write(place / "tokens.json", [{"n": 9}])
    assert "1 token: 1 completed, 0 halted, 0 failed\n" == call("run", "flow:keyed", "tokens.json", "--key", "b").stdout
    assert "0 completed, 1 halted" in call("run", "flow:keyed", "tokens.json", "--key", "a").stdout


def test_run_shows_tracebacks_of_failed_tokens_with_debug(place: Path) -> None:
    write(place / "tokens.json", [{"n": -9}])
    assert "Traceback" not in call("run", "flow:flow", "tokens.json").stderr
    assert "Traceback" in call("--debug", "run", "flow:flow", "tokens.json").stderr


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", b"[1,\n 2,,]", "'a.json' is not JSON: line 2, column 4: Expecting value"),
        ("a.jsonl", b'{"n": 1}\n\n{n}\n', "'a.jsonl' is not JSON: line 3, column 2: Expecting property name"),
        ("a.json", b'{"n": 1}', "'a.json' holds one dict; write an array of tokens: [...]"),
        ("a.json", b"\xff\xfe", "'a.json' is no UTF-8 text: byte 1"),
        ("a.json", b"[" * 100_000, "'a.json' can't be read: from line 1: maximum recursion depth exceeded"),
        ("a.json", b"[" + b"1" * 5000 + b"]", "'a.json' can't be read: from line 1: Exceeds the limit"),
        ("a.csv", b"n\n1\n", "'a.csv': tokens come from .json files"),
    ],
)
def test_tokens_that_are_not_json_are_answered_with_one_line(
    place: Path, name: str, content: bytes, message: str
) -> None:
    (place / name).write_bytes(content)
    assert refused("run", "flow:flow", name).startswith(message)


def test_run_refuses_what_it_can_not_read_or_write(place: Path) -> None:
    assert "there is no file 'none.json'" == refused("run", "flow:flow", "none.json")
    (place / "dir.json").mkdir()
    assert "can't read 'dir.json': Is a directory" == refused("run", "flow:flow", "dir.json")
    write(place / "tokens.json", [{"n": 1}])
    assert "--output 'x.txt': tokens are written to" in refused("run", "flow:flow", "tokens.json", "--output", "x.txt")
    result = call("run", "flow:flow", "tokens.json", "--output", "no/x.json")
    assert (2, "wfgraph: can't write 'no/x.json': No such file or directory") == (
        result.exit_code,
        result.stderr.splitlines()[-1],
    )


def test_an_output_that_can_not_be_replaced_leaves_no_draft(place: Path) -> None:
    write(place / "tokens.json", [{"n": 1}])
    (place / "after.json").mkdir()
    assert 2 == call("run", "flow:flow", "tokens.json", "--output", "after.json").exit_code
    assert [] == [path.name for path in place.iterdir() if path.name.startswith(".")]


def test_tokens_that_are_no_json_any_more_leave_the_older_file(place: Path) -> None:
    write(place / "tokens.json", [{"n": 1}, {"n": 1, "then": "set"}])
    (place / "after.json").write_text("old")
    result = call("run", "flow:flow", "tokens.json", "--output", "after.json")
    assert 2 == result.exit_code
    assert "token 1 is no JSON value any more: Object of type set" in result.stderr
    assert "old" == (place / "after.json").read_text()


def test_an_engine_keeps_its_own_hooks() -> None:
    heard = []

    class Factory(ProcessingFactory):
        @staticmethod
        def before_object(eng: Any, objects: Any, obj: Any) -> None:
            heard.append(obj)

    class Engine(GenericWorkflowEngine):
        processing_factory = Factory

    eng = Engine()
    eng.callbacks.replace([lambda obj, eng: eng.halt("x") if obj == 2 else None])
    told: list[int] = []
    report = run_all(eng, [1, 2, 3], told.append)
    assert [1, 2, 3] == heard
    assert [Fate.COMPLETED, Fate.HALTED, Fate.COMPLETED] == [story.fate for story in report.stories]
    assert [0, 1, 2, 3] == told


def test_a_run_that_can_not_begin_is_an_error() -> None:
    eng = GenericWorkflowEngine()
    with pytest.raises(Exception, match="callbacks are empty"):
        run_all(eng, [1], print)


def test_no_tokens_are_no_error(place: Path) -> None:
    write(place / "tokens.json", [])
    assert "0 tokens: 0 completed, 0 halted, 0 failed\n" == call("run", "flow:flow", "tokens.json").stdout


def test_demo_draws_runs_and_tells(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(place))
    result = call("demo", "--output", "drawn")
    assert 0 == result.exit_code
    assert {"audit.db", "license_audit.html", "license_audit.mmd"} == set(os.listdir("drawn"))
    assert "[3, 0] FOR: for requirement in requirements" in result.stdout
    assert "apt-get install graphviz" in result.stdout
    assert "By family of licence" in result.stdout
    assert " accepted, " in result.stdout
    assert "wfgraph runs show" in result.stdout


@pytest.mark.skipif(shutil.which("dot") is None, reason="needs the program dot")
def test_demo_draws_pictures_where_it_can(place: Path) -> None:
    assert 0 == call("demo").exit_code
    assert {"audit.db", "license_audit.html", "license_audit.svg", "license_audit.png"} == set(
        os.listdir("wfgraph-demo")
    )


def test_demo_says_when_it_can_not_draw(place: Path) -> None:
    (place / "taken").write_text("")
    result = call("demo", "--output", "taken")
    assert 2 == result.exit_code
    assert "wfgraph: can't make the directory 'taken'" in result.stderr


def test_demo_needs_its_example(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wfgraph.cli.demo._NAME", "missing")
    assert "the example missing.py is missing: the installation is incomplete" == refused("demo")


METADATA = {
    "free": "License-Expression: MIT",
    "choice": "License: GPLv2 or later, or Apache-2.0",
    "lesser": "Classifier: License :: OSI Approved :: GNU Lesser General Public License v3 or later (LGPLv3+)",
    "copyleft": "License: GPL-3.0-only",
    "mixed": "License: MIT and GPLv3",
    "closed": "License: Proprietary",
    "silent": "License: UNKNOWN",
    "odd": "License: Beer-Ware [red]",
    "needy": "License-Expression: BSD-3-Clause\n"
    "Requires-Dist: free>=1\nRequires-Dist: absent\nRequires-Dist: x; extra=='y'",
}


def test_demo_halts_what_a_human_must_look_at(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, lines in METADATA.items():
        folder = place / f"{name}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{lines}\n")
    distributions = partial(importlib.metadata.distributions, path=[str(place)])
    monkeypatch.setattr(importlib.metadata, "distributions", distributions)
    monkeypatch.setattr("wfgraph.cli.console._PLAIN_WIDTH", 200)
    result = call("demo")
    assert 0 == result.exit_code
    assert "3 accepted, 6 halted for a human, 0 failed." in result.stdout.splitlines()
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.stdout.splitlines() if "│" in line]
    told = {row[3]: row[0] for row in rows if len(row) == 4 and row[3].endswith("1.0")}
    assert {
        "copyleft 1.0, mixed 1.0": "strong copyleft: may it be part of what we distribute?",
        "closed 1.0": "proprietary: is there a contract that covers it?",
        "silent 1.0": "no licence is declared: ask its authors",
        "odd 1.0": "a licence that the rules don't know: Beer-Ware [red]",
        "needy 1.0": "requires absent, which is not installed",
    } == told
    assert ["weak copyleft", "1", "0", "LGPL"] in rows


def test_ctrl_c_ends_with_one_line_and_130(place: Path) -> None:
    (place / "stop.py").write_text("def press(obj, eng):\n    raise KeyboardInterrupt\n")
    write(place / "tokens.json", [1])
    result = call("run", "stop.py:press", "tokens.json")
    assert (130, "wfgraph: interrupted\n") == (result.exit_code, result.stderr)


def test_without_click_one_line_says_what_to_install(place: Path) -> None:
    code = "import sys; sys.modules['click'] = None; from wfgraph.cli import main; main()"
    done = shell("-c", code, cwd=place)
    assert 2 == done.returncode
    assert "wfgraph: this command needs click and rich: pip install 'wfgraph[cli]'\n" == done.stderr


def test_main_says_what_to_install(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delitem(sys.modules, "wfgraph.cli.app")
    monkeypatch.setitem(sys.modules, "click", None)
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert 2 == left.value.code
    assert "pip install 'wfgraph[cli]'" in capsys.readouterr().err


def test_main_can_be_interrupted_while_it_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Slow(ModuleType):
        def __getattr__(self, name: str) -> Any:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "wfgraph.cli.app", Slow("wfgraph.cli.app"))
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert (130, "wfgraph: interrupted\n") == (left.value.code, capsys.readouterr().err)


def test_on_a_terminal_there_is_a_bar_and_names_are_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress("to[red]kens", 4) as tell:
        tell(4)
    shown = sys.stderr.getvalue()  # type: ignore[attr-defined]
    assert "to[red]kens" in shown
    assert "4/4" in shown


def test_main_lets_other_import_errors_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wfgraph.cli.app", None)
    with pytest.raises(ModuleNotFoundError, match=r"wfgraph\.cli\.app"):
        cli.main()


def test_main_is_the_group(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["wfgraph", "--version"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert (0, f"wfgraph {package.__version__}\n") == (left.value.code, capsys.readouterr().out)


def test_python_dash_m_is_the_command_and_plain_text_has_no_colour(place: Path) -> None:
    write(place / "tokens.json", [{"n": 1}, {"n": 9}])
    done = shell("-m", "wfgraph", "run", "flow:flow", "tokens.json", cwd=place)
    assert 0 == done.returncode
    assert "2 tokens: 1 completed, 1 halted, 0 failed" == done.stdout.splitlines()[-1]
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "library", "extra"),
    [
        ("wfgraph.storage", "sqlalchemy", "storage"),
        ("wfgraph.celery", "sqlalchemy", "celery"),
        ("wfgraph.celery", "celery", "celery"),
        ("wfgraph.otel", "opentelemetry", "otel"),
    ],
)
def test_who_imports_what_an_extra_brings_is_told_which(place: Path, module: str, library: str, extra: str) -> None:
    done = shell("-c", f"import sys; sys.modules[{library!r}] = None; import {module}", cwd=place)
    said = f"ModuleNotFoundError: No module named {library!r}; it comes with pip install 'wfgraph[{extra}]'"
    assert said == done.stderr.splitlines()[-1]


def test_running_a_workflow_imports_neither_click_nor_networkx(place: Path) -> None:
    code = (
        "import sys, flow; flow.engine.process([{'n': 1}]); "
        "print(sorted({'graphviz', 'networkx', 'click', 'rich'} & set(sys.modules)))"
    )
    assert "[]\n" == shell("-c", code, cwd=place).stdout


# Pictures of more than the definition ---------------------------------------------------------------------------------


def test_a_recorded_run_is_drawn_over_its_definition_or_by_itself(place: Path) -> None:
    write(place / "tokens.json", [{"n": 1}, {"n": 9}, {"n": -5}])
    assert 1 == call("run", "flow.py:flow", "tokens.json", "--trace", "run.json").exit_code
    drawn = call("draw", "flow.py:flow", "--overlay", "run.json", "--overlay", "checks").stdout
    assert "├ add  ┄ 3×" in drawn
    assert "3 tokens, " in drawn
    assert "├ add  ┄ 3×" in call("draw", "run.json").stdout
    assert "├ add  ┄ 1×" in call("draw", "run.json", "--token", "1").stdout
    assert "the recorded run has no token 9" in refused("draw", "run.json", "--token", "9")
    assert "--token shows the path of one token" in refused("draw", "flow.py:flow", "--token", "1")
    assert '"steps":[[0,"entry","n0"]' in call("draw", "run.json", "--format", "html").stdout
    assert "--trace 'run.txt'" in refused("run", "flow.py:flow", "tokens.json", "--trace", "run.txt")
    assert "can't write 'no/run.json'" in call("run", "flow.py:flow", "tokens.json", "--trace", "no/run.json").stderr


def test_two_versions_are_drawn_as_one_and_told_in_words(place: Path) -> None:
    (place / "other.py").write_text((place / "flow.py").read_text() + "\nflow = [*flow, add]\n")
    assert 0 == call("draw", "flow.py:flow", "-o", "old.json").exit_code
    for older in ("flow.py:flow", "old.json"):
        result = call("draw", "other.py:flow", "--diff", older)
        assert "+ add" in result.stdout
        assert "+ added " in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("flow.py:flow", "--overlay", "none.json"), "there is no file 'none.json'"),
        (("flow.py:flow", "--overlay", "flow.json"), "--overlay takes checks, or a run that"),
        (("flow.py:flow", "--overlay", "everything"), "--overlay takes checks, or a run that"),
        (("flow.json", "--overlay", "checks"), "--overlay checks needs the definition itself"),
        (("flow.py:flow", "--diff", "flow.json", "--depth", "1"), "--diff shows two versions"),
        (("flow.py:flow", "--format", "svg", "-o", "x.png"), "--format svg goes into a file that ends in .svg"),
        (("damaged.json",), "'damaged.json': the recorded run is damaged"),
        (("strange.json",), "'strange.json': this is no stored graph"),
    ],
)
def test_what_can_not_be_drawn_is_told(place: Path, arguments: tuple[str, ...], said: str) -> None:
    call("draw", "flow.py:flow", "-o", "flow.json")
    graph = (place / "flow.json").read_text()
    (place / "damaged.json").write_text(f'{{"format":1,"graph":{graph},"steps":[[0,-1,77,null,0.0]]}}')
    (place / "strange.json").write_text("{}")
    assert said in refused("draw", *arguments)


def test_a_run_of_another_version_is_not_drawn_over_this_one(place: Path) -> None:
    write(place / "tokens.json", [{"n": 1}])
    call("run", "flow.py:flow", "tokens.json", "--trace", "run.json")
    (place / "other.py").write_text((place / "flow.py").read_text() + "\nflow = [*flow, add]\n")
    assert "'run.json' was recorded with another version of other.py:flow (" in refused(
        "draw", "other.py:flow", "--overlay", "run.json"
    )


def test_open_shows_a_page_in_the_browser(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    assert 0 == call("draw", "flow.py:flow", "--open").exit_code
    assert opened[0].startswith("file:///")
    assert opened[0].endswith("/workflow.html")
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    result = call("draw", "flow.py:flow", "-o", "x.html", "--open")
    assert (2, "wrote x.html\n") == (result.exit_code, result.stdout)
    assert "no browser could be opened here; open 'x.html' by hand" in result.stderr


VERSIONS = """
from wfgraph.patterns import HALT, IF

def asked(obj, eng): return obj

def approve(obj, eng): eng.halt("a person must approve")

def fetch(obj, eng): pass

def unknown(obj, eng): getattr(eng, obj)()

before = [fetch, approve, HALT("look"), unknown]
moved = [approve, [HALT("look")], fetch, fetch, unknown]
after = [fetch, IF(asked, approve), HALT("look again")]
"""


def test_drift_tells_where_halted_runs_go_on(place: Path) -> None:
    (place / "versions.py").write_text(VERSIONS)
    same = call("drift", "versions.py:before", "versions.py:before")
    assert (0, "the same structure: every run goes on where it stands\n") == (same.exit_code, same.stdout)
    moved = call("drift", "versions.py:before", "versions.py:moved")
    assert (
        0,
        """\
  versions.approve at [1] goes on at [0]
  HALT('look') at [2] goes on at [1, 0]
  versions.unknown at [3] goes on at [4]
every run that is halted can go on
""",
    ) == (moved.exit_code, moved.stdout)
    call("draw", "versions.py:before", "-o", "before.json")
    lost = call("drift", "before.json", "versions.py:after", "--all")
    assert (
        1,
        """\
  versions.fetch at [0] goes on at [0]
✖ versions.approve at [1] stands under another pattern now: if asked; nearest: [1, 1]
✖ HALT('look') at [2] was made with other arguments; nearest: [2]
? versions.unknown at [3] is gone
lost: 2 that halt, 1 that may
""",
    ) == (lost.exit_code, lost.stdout)
