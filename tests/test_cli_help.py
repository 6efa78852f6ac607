"""What the command teaches: its help, its suggestions, its completion in real shells, its colours."""

from __future__ import annotations

import os
import pty
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from wfgraph.cli.app import wfgraph
from wfgraph.cli.completion import complete_target
from wfgraph.storage import DbWorkflowEngine

BIN = Path(sys.executable).parent
FLOW = """
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.patterns import IF, STOP

1 / 0  # completing reads the file, and does not run it

def add(obj, eng): ...

LIMITS = (1, 2)
flow = [add, STOP(), add]
other: list = [add]
engine = GenericWorkflowEngine()
choice = IF(add, add) + [add]
name = "x"
_hidden = [add]
"""


def verbs(group: click.Group = wfgraph, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from verbs(command, (*path, name))


VERBS = list(verbs())
TOP = [verb for verb in VERBS if len(verb[0]) == 1]


def helped(*path: str, columns: int = 80) -> str:
    result = CliRunner().invoke(wfgraph, [*path, "--help"], terminal_width=columns)
    assert 0 == result.exit_code
    return result.stdout


def examples(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.startswith("    wfgraph ") and not line[4:].count("   ")]


@pytest.mark.parametrize("verb", [" ".join(path) for path, _ in VERBS])
def test_each_verb_ends_with_examples_and_exit_codes(verb: str) -> None:
    text = helped(*verb.split())
    assert "\n  Examples:\n" in text
    assert "\n  Exit code: 0 " in text
    assert examples(text)


@pytest.mark.parametrize("example", [line for path, _ in VERBS for line in examples(helped(*path))])
def test_each_example_is_a_command_that_there_is(example: str) -> None:
    words = shlex.split(example.partition(" >")[0])[1:]
    command: click.Command = wfgraph
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found is not None, example
        command = found
    above = click.Context(wfgraph, **wfgraph.context_settings)  # without it, click remembers another option for help
    command.make_context("wfgraph", words, parent=above)  # refuses what it does not know


def test_the_groups_name_every_verb() -> None:
    text = helped()
    assert "\nMore:\n" not in text
    for (name,), _ in TOP:
        assert f"\n  {name} " in text


@pytest.mark.parametrize("path", [path for path, _ in VERBS], ids=" ".join)
def test_help_keeps_within_the_terminal_and_cuts_no_sentence(path: tuple[str, ...]) -> None:
    text = helped(*path)
    assert not [line for line in text.splitlines()[1:] if line.endswith("...")]
    assert 80 >= max(map(len, text.splitlines()))
    for columns in (40, 200):
        assert "Usage: wfgraph" in helped(*path, columns=columns)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chek", "flow.py"], "No such command 'chek'. Did you mean 'check'?"),
        (["draw", "flow.py:flow", "--fromat", "tree"], "No such option '--fromat'. Did you mean '--format'?"),
        (["runs", "resum"], "No such command 'resum'. Did you mean 'resume'?"),
    ],
)
def test_a_misspelt_verb_or_option_is_answered_with_the_one_that_was_meant(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(wfgraph, arguments)
    assert 2 == result.exit_code
    assert said in result.stderr


# Completion ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "tasks.py").write_text("def one(obj, eng): ...\ndef _two(obj, eng): ...\n")
    (tmp_path / "sub" / "twice.py").write_text("(")
    (tmp_path / ".secret.py").write_text("")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "old.json").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("begun", "expected"),
    [
        ("", ["flow.py:", "old.json", "sub/"]),
        ("f", ["flow.py:flow", "flow.py:other", "flow.py:engine", "flow.py:choice"]),
        ("flow.py:", ["flow.py:flow", "flow.py:other", "flow.py:engine", "flow.py:choice"]),
        ("flow.py:fl", ["flow.py:flow"]),
        ("sub/t", ["sub/tasks.py:", "sub/twice.py:"]),
        ("sub/ta", ["sub/tasks.py:one"]),
        ("sub/twice.py:", []),
        ("none/x", []),
        ("none.py:x", []),
        (".s", []),
        ("package.module:x", []),
    ],
)
def test_a_target_is_completed_from_what_files_hold(place: Path, begun: str, expected: list[str]) -> None:
    context = click.Context(wfgraph)
    assert expected == [item.value for item in complete_target(context, click.Argument(["target"]), begun)]


@pytest.mark.parametrize("before", [["--db", "kept.db"], []])
@pytest.mark.parametrize("verb", ["show", "steps", "resume", "requeue", "cancel"])
def test_a_run_is_completed_from_the_database_that_the_line_or_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str, before: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WFGRAPH_DB", "none.db" if before else "kept.db")
    uuids = [f"{digit}0000000-0000-4000-8000-000000000000" for digit in "12"]
    for uuid in uuids:
        eng = DbWorkflowEngine.with_name("orders", "sqlite:///kept.db", uuid=uuid)
        eng.callbacks.replace([lambda obj, eng: None])
        eng.process([{}])
    complete = ShellComplete(wfgraph, {}, "wfgraph", "_WFGRAPH_COMPLETE")
    found = complete.get_completions(["runs", verb, *before], "")
    assert {(uuid, "orders: Completed") for uuid in uuids} == {(item.value, item.help) for item in found}
    assert [uuids[1]] == [item.value for item in complete.get_completions(["runs", verb, *before], "20")]


def test_where_there_is_no_database_no_run_is_completed_and_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WFGRAPH_DB", raising=False)
    assert [] == ShellComplete(wfgraph, {}, "wfgraph", "_WFGRAPH_COMPLETE").get_completions(["runs", "show"], "")
    assert [] == list(tmp_path.iterdir())


def test_verbs_are_completed_without_loading_what_stores() -> None:
    code = """
import sys
from click.shell_completion import ShellComplete
from wfgraph.cli.app import wfgraph
for item in ShellComplete(wfgraph, {}, "wfgraph", "_WFGRAPH_COMPLETE").get_completions([], "d"):
    print(item.value)
print("sqlalchemy" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ["db", "demo", "draw", "drift", "False"] == done.stdout.split()


def environment(**more: str) -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    return {**known, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "TERM": "xterm", "PS1": "$ ", **more}


def on_terminal(command: list[str], cwd: Path, *steps: tuple[str, str], **env: str) -> str:
    """Run a command on a terminal of its own, and return the screen's bytes.

    Args:
        command: it.
        cwd: where.
        steps: what to wait for on the screen, and what to type then; who types ahead is not shown any list.
        env: variables.
    """
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd, env=environment(**env), start_new_session=True
    ) as process:
        os.close(theirs)
        screen = b""
        for awaited, typed in steps:
            fresh = b""
            while awaited.encode() not in fresh:
                more = _read(ours)
                assert more, f"{command[0]} ended before it said {awaited!r}: {(screen + fresh).decode()}"
                fresh += more
            screen += fresh
            os.write(ours, typed.encode())
        while more := _read(ours):
            screen += more
        process.wait()
    os.close(ours)
    return screen.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed: the process has ended
        return b""


BASH = ["bash", "--norc", "--noprofile", "-i"]
LEARN = ("$ ", ". <(wfgraph completion bash)\n")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("wfgraph comp\tfi\t", "fish_complete"),
        ("wfgraph show sub/ta\t", "graph of 1 task"),
        ("wfgraph show sub/tasks.py:\t", "graph of 1 task"),
        ("wfgraph draw sub/tasks.py:one --for\tdo\t", "digraph wfgraph {"),
        ("wfgraph draw sub/tasks.py:one --format=do\t", "digraph wfgraph {"),
    ],
)
def test_bash_completes_verbs_options_and_targets(place: Path, typed: str, expected: str) -> None:
    screen = on_terminal(BASH, place, LEARN, ("$ ", f"{typed}\n"), ("$ ", "exit\n"))
    assert expected in screen


def test_bash_lists_what_a_word_may_become(place: Path) -> None:
    listing = ("$ ", "bind 'set show-all-if-ambiguous on'\n")
    screen = on_terminal(BASH, place, LEARN, listing, ("$ ", "wfgraph show flow.py:\t"), ("choice", "\x15exit\n"))
    assert {"flow", "other", "engine", "choice"} <= set(screen.split())


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_read_what_they_are_given(shell: str) -> None:
    if shutil.which(shell) is None and not os.environ.get("CI"):
        pytest.skip(f"needs {shell}")
    script = CliRunner().invoke(wfgraph, ["completion", shell]).stdout
    done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


def test_fish_completes_verbs_and_targets(place: Path) -> None:
    if shutil.which("fish") is None and not os.environ.get("CI"):
        pytest.skip("needs fish")
    (place / "a, b.py").write_text("flow = [print]\n")
    asked = ["wfgraph dr", "wfgraph show flow.py:f", "wfgraph show a", "wfgraph show a, b.py:".replace(" b", "\\ b")]
    script = "\n".join(["wfgraph completion fish | source", *[f'complete -C "{line}"' for line in asked]])
    done = subprocess.run(
        [str(shutil.which("fish")), "--no-config", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
        cwd=place,
    )
    found = ["draw", "drift", "flow.py:flow", "a, b.py:flow", "a, b.py:flow"]
    assert found == [line.partition("\t")[0] for line in done.stdout.splitlines()]


ZSH = ["zsh", "-f", "-i"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("wfgraph show s\tta\t", "graph of 1 task"),
        ("wfgraph show a\\ d\tflow\t", "graph of 1 task"),
        ("wfgraph comp\tfi\t", "fish_complete"),
    ],
)
def test_zsh_completes_verbs_directories_and_targets(place: Path, typed: str, expected: str) -> None:
    if shutil.which("zsh") is None and not os.environ.get("CI"):
        pytest.skip("needs zsh")
    (place / "a dir").mkdir()
    (place / "a dir" / "flow.py").write_text("flow = [print]\n")
    learn = "autoload -Uz compinit; compinit -u -D; . <(wfgraph completion zsh)\n"
    screen = on_terminal(ZSH, place, ("$ ", learn), ("$ ", f"{typed}\n"), ("$ ", "exit\n"), TERM="dumb")
    assert expected in screen


# Colours -------------------------------------------------------------------------------------------------------------

ESCAPE = "\x1b["


@pytest.mark.parametrize(
    ("env", "expected"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False)],
    ids=str,
)
def test_a_terminal_gets_colours_unless_it_is_told_otherwise(place: Path, env: dict[str, str], expected: bool) -> None:
    (place / "flow.py").write_text(FLOW.replace("1 / 0", ""))
    screen = on_terminal([str(BIN / "wfgraph"), "check", "flow.py:flow"], place, **env)
    assert "WF106" in screen
    assert expected is (ESCAPE in screen)


@pytest.mark.parametrize(("env", "expected"), [({}, False), ({"FORCE_COLOR": "1"}, True)], ids=str)
def test_a_file_gets_colours_only_where_they_are_forced(place: Path, env: dict[str, str], expected: bool) -> None:
    (place / "flow.py").write_text(FLOW.replace("1 / 0", ""))
    command = [str(BIN / "wfgraph"), "check", "flow.py:flow"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(**env), check=False)
    assert "WF106" in done.stdout
    assert expected is (ESCAPE in done.stdout)
