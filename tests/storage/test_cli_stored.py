"""Stored runs on the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy.dialects.sqlite  # noqa: F401 - can't be imported twice
from click.testing import CliRunner, Result
from rich.console import Console

from wfgraph.cli.app import wfgraph
from wfgraph.errors import StorageError
from wfgraph.storage import DbWorkflowEngine, Store, connect
from wfgraph.storage.patience import ConnectionEnded

FLOW = """
from wfgraph.patterns import IF

def add(obj, eng):
    obj["n"] += 1
def is_large(obj, eng):
    return obj["n"] > 10
def ask(obj, eng):
    eng.halt("large", action="approve")
def divide(obj, eng):
    obj["half"] = 10 / obj["n"]

flow = [add, IF(is_large, [ask]), divide]
"""

SLOW = """
import time

def wait(obj, eng):
    print("begun", flush=True)
    time.sleep(0.3)
    obj["waited"] = True

flow = [wait, wait]
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "slow.py").write_text(SLOW)
    (tmp_path / "tokens.json").write_text(json.dumps([{"n": 1}, {"n": 10}, {"n": -1}, {"n": 20}]))
    (tmp_path / "one.json").write_text("[{}]")
    before = set(sys.modules)
    yield tmp_path
    for name in {"flow", "slow", "last", "fails", "lost"} & (set(sys.modules) - before):
        del sys.modules[name]


def call(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(wfgraph, [str(one) for one in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert code == result.exit_code, result.output
    return result


@pytest.fixture
def ran(place: Path, url: str) -> Any:
    """A run of four objects: one completed, two halted, one failed; its uuid, and its database."""
    made = call("run", "flow.py:flow", "tokens.json", "--db", url, "--granularity", "task", code=1)
    assert "4 tokens: 1 completed, 2 halted, 1 failed" in made.stdout
    return Store(connect(url)).runs()[0].uuid, url


def test_run_stores_and_says_so(ran: Any) -> None:
    uuid, url = ran
    told = call("runs", "list", "--db", url).stdout
    assert uuid[:8] in told
    assert "4 (1 done, 2 need action, 1 error)" in told
    (found,) = json.loads(call("runs", "list", "--json", "--db", url).stdout)
    assert (uuid, "ERROR", {"COMPLETED": 1, "HALTED": 2, "ERROR": 1}) == (
        found["uuid"], found["status"], found["counts"],
    )  # fmt: skip
    assert "no runs" in call("runs", "list", "--db", url, "--name", "other").stdout
    assert "no runs" in call("runs", "list", "--db", url, "--status", "new").stdout
    assert "no runs" in call("runs", "list", "--db", url, "--stale").stdout


def test_show_tells_where_objects_stand(ran: Any) -> None:
    uuid, url = ran
    told = call("runs", "show", uuid[:6], "--db", url).stdout
    assert "flow: Error" in told
    assert "2        Need action  if is_large / flow.ask  [1, 1, 0]" in told
    assert "ZeroDivisionError: division by zero" in told
    assert f"go on: wfgraph runs resume {uuid[:8]} --db {url}" in told
    found = json.loads(call("runs", "show", uuid, "--json", "--db", url).stdout)
    assert [{"n": 2, "half": 5.0}, {"n": 11}, {"n": 0}, {"n": 21}] == [one["data"] for one in found["objects"]]


def test_steps(ran: Any) -> None:
    uuid, url = ran
    rows = json.loads(call("runs", "steps", uuid, "--object", "1", "--json", "--db", url).stdout)
    assert [("flow.add", "done"), ("IF(is_large)", "done"), ("if is_large / flow.ask", "halted")] == [
        (row["node"], row["outcome"]) for row in rows
    ]
    assert "flow.divide" in call("runs", "steps", uuid, "--db", url).stdout


def test_resume_goes_on(ran: Any) -> None:
    uuid, url = ran
    told = call("runs", "resume", uuid, "--object", "1", "--db", url, code=1).stdout
    assert "4 tokens: 2 completed, 1 halted, 1 failed" in told
    told = call("runs", "resume", uuid, "--object", "2", "--set", "n=5", "--failed", "first", "--db", url).stdout
    assert "4 tokens: 3 completed, 1 halted, 0 failed" in told
    assert {"n": 6, "half": 10 / 6} == DbWorkflowEngine.from_uuid(uuid, url).objects[2]
    call("runs", "resume", uuid, "--db", url)
    assert "flow: Completed" in call("runs", "show", uuid, "--db", url).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--set", "n"), "'n' is not of the form --set KEY=JSON"),
        (("--set", "n=x"), "'x' is no JSON"),
        (("--object", "9"), "has no object 9; its 4 objects count from 0"),
        (("--remap", "nothing=flow.add"), "remap: there is no task 'nothing' in the old definition"),
        (("--target", "flow.py:other"), "flow.py has no attribute 'other'"),
    ],
)
def test_resume_refuses(ran: Any, arguments: tuple[str, ...], message: str) -> None:
    uuid, url = ran
    before = json.loads(call("runs", "show", uuid, "--json", "--db", url).stdout)
    assert message in call("runs", "resume", uuid, "--db", url, *arguments, code=2).stderr
    assert before == json.loads(call("runs", "show", uuid, "--json", "--db", url).stdout)


def test_a_changed_definition(ran: Any, place: Path) -> None:
    uuid, url = ran
    (place / "flow.py").write_text(FLOW.replace("flow = [add", "flow = [print, add"))
    told = call("drift", url, "flow.py:flow").stdout
    assert "  2 need action at flow.ask, [1, 1, 0]: goes on at [2, 1, 0]" in told
    assert "every object can go on" in told
    (place / "flow.py").write_text(FLOW.replace("ask", "question"))
    told = call("drift", url, "flow.py:flow", code=1).stdout
    assert "✖ 2 need action at flow.ask, [1, 1, 0]: is gone" in told
    assert "2 objects could not go on" in told
    refused = call("runs", "resume", uuid, "--db", url, code=2)
    assert "2 objects at flow.ask, [1, 1, 0]: it is gone" in refused.stderr
    assert "  - removed if is_large / flow.ask at [1, 1, 0]" in refused.stderr
    told = call("runs", "resume", uuid, "--db", url, "--remap", "ask=question", code=1).stdout
    assert "4 tokens: 3 completed, 0 halted, 1 failed" in told


def test_a_definition_that_no_longer_exists(ran: Any, place: Path) -> None:
    uuid, url = ran
    (place / "flow.py").rename(place / "moved.py")
    message = call("runs", "resume", uuid, "--db", url, code=2).stderr
    assert "is not where it was: there is no file" in message
    assert "--target module:attribute" in message


def test_where_objects_stand_is_drawn(ran: Any) -> None:
    uuid, url = ran
    told = call("draw", "flow.py:flow", "--overlay", url).stdout
    assert "ask  ┄ halt; 2 need action" in told
    assert "2 need action" in call("draw", "flow.py:flow", "--overlay", url, "--run", uuid[:8]).stdout
    Path("flow.py").write_text(FLOW.replace("flow = [add", "flow = [print, add"))
    assert "stands in this version of the definition" in call("draw", "flow.py:flow", "--overlay", url, code=2).stderr


def test_on_a_terminal_the_table_stands_below_the_bar(ran: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    uuid, url = ran
    screen = StringIO()
    terminal = Console(file=screen, force_terminal=True, width=80, no_color=True, color_system=None)
    monkeypatch.setattr("wfgraph.cli.watch.output", lambda: terminal)
    call("runs", "show", uuid, "--db", url, "--watch")
    lines = [line.rstrip() for line in screen.getvalue().splitlines()]
    assert f"flow {uuid[:8]}: Error: 4 of 4 (1 done, 2 need action, 1 error)" in lines[0]
    assert {"━"} == set(lines[1])
    assert "objects  status       stand at" == lines[2]


def test_cancel(ran: Any) -> None:
    uuid, url = ran
    assert f"cancelled {uuid} of flow" in call("runs", "cancel", uuid, "--db", url).stdout
    assert "is CANCELLED, and can't become RUNNING" in call("runs", "resume", uuid, "--db", url, code=2).stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_signal_ends_a_run_after_the_task_in_hand(place: Path, url: str, number: int) -> None:
    (place / "tokens.json").write_text("[{}, {}]")
    worker = subprocess.Popen(
        [sys.executable, "-m", "wfgraph", "run", "slow.py:flow", "tokens.json", "--db", url],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert worker.stdout is not None
    while worker.stdout.readline() != "begun\n":
        assert worker.poll() is None
    worker.send_signal(number)
    told, complaint = worker.communicate(timeout=60)
    assert 130 == worker.returncode
    assert "stopping after the task in hand; once more to stop at once" in complaint
    assert "interrupted; what is done is stored. Go on: wfgraph runs requeue" in told
    run = Store(connect(url)).runs(interrupted=True)[0]
    record = Store(connect(url)).load(run.uuid).objects[0]
    assert ("RUNNING", [1], '{"waited":true}') == (record.status.name, record.callback_pos, record.stored)
    assert "Interrupted" in call("runs", "list", "--db", url).stdout
    told = call("runs", "requeue", "--stale", "--db", url).stdout
    assert "2 tokens: 2 completed" in told


def test_a_second_signal_ends_it_at_once(place: Path, tmp_path: Path) -> None:
    (place / "slow.py").write_text(SLOW.replace("0.3", "60"))
    (place / "tokens.json").write_text("[{}]")
    worker = subprocess.Popen(
        [sys.executable, "-m", "wfgraph", "run", "slow.py:flow", "tokens.json", "--db", "x.db"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert worker.stdout is not None
    assert worker.stderr is not None
    while worker.stdout.readline() != "begun\n":
        assert worker.poll() is None
    worker.send_signal(signal.SIGTERM)
    while "stopping after" not in worker.stderr.readline():
        assert worker.poll() is None
    worker.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    worker.communicate(timeout=50)
    assert 130 == worker.returncode
    assert time.monotonic() - begun < 50
    assert Store(connect("x.db")).runs(interrupted=True)


def test_requeue_asks_for_one_or_all(ran: Any) -> None:
    _, url = ran
    assert "name the runs to go on with, or say --stale" in call("runs", "requeue", "--db", url, code=2).stderr


@pytest.mark.parametrize("option", ["--db", "--target", "--granularity", "--workers"])
def test_who_tells_workers_says_nothing_of_how_to_go_on_here(option: str) -> None:
    value = {"--granularity": "task", "--workers": "2"}.get(option, "x.db")
    told = call("runs", "requeue", "--stale", "--celery", "flows:workflows", option, value, code=2)
    assert f"{option} " in told.stderr
    assert "leave" in told.stderr


def test_the_tables_of_a_database(place: Path) -> None:
    assert "no tables" in call("db", "status", "--db", "x.db").stdout
    assert "0004" in call("db", "upgrade", "--db", "x.db").stdout
    assert "0001" in call("db", "downgrade", "--to", "0001", "--yes", "--db", "x.db").stdout
    assert "wfgraph db upgrade" in call("runs", "list", "--db", "x.db", code=2).stderr
    assert "0004" in call("db", "upgrade", "--db", "x.db").stdout
    assert "no runs" in call("runs", "list", "--db", "x.db").stdout


def test_looking_makes_no_database(place: Path) -> None:
    assert "there is no database 'x.db'" in call("runs", "list", "--db", "x.db", code=2).stderr
    assert not os.path.exists("x.db")


def test_the_environment_names_the_database(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call("run", "flow.py:flow", "tokens.json", "--db", "y.db", code=1)
    monkeypatch.setenv("WFGRAPH_DB", "y.db")
    assert "flow" in call("runs", "list").stdout


def test_options_of_stored_runs_alone(place: Path) -> None:
    assert "say where to store it" in call("run", "flow.py:flow", "tokens.json", "--name", "x", code=2).stderr
    assert (
        "--name chooses runs of a database"
        in call("drift", "flow.py:flow", "flow.py:flow", "--name", "x", code=2).stderr
    )


def test_tokens_that_can_not_be_stored(place: Path) -> None:
    (place / "tokens.json").write_text('[{"n": NaN}]')
    message = call("run", "flow.py:flow", "tokens.json", "--db", "x.db", code=2).stderr
    assert "token 0['n'] can't be stored: nan is no number to JSON" in message
    assert "no runs" in call("runs", "list", "--db", "x.db").stdout


def test_a_run_that_was_not_stored_is_told(place: Path, url: str) -> None:
    (place / "nan.json").write_text('[{"n": 1}, {"n": NaN}]')
    told = call("run", "flow.py:flow", "nan.json", "--db", url, code=2)
    assert "token 1['n'] can't be stored: nan is no number" in told.stderr
    assert told.stderr.endswith("; this run was not stored\n")
    assert "no runs" in call("runs", "list", "--db", url).stdout


def test_a_run_that_can_not_go_on_keeps_no_other_from_going_on(place: Path, url: str) -> None:
    for name in ("last", "fails", "lost"):
        code = f'def stop(obj, eng):\n    eng.interrupt()\ndef go_on(obj, eng):\n    assert "{name}" != "fails"\n'
        (place / f"{name}.py").write_text(f"{code}flow = [stop, go_on]\n")
        call("run", f"{name}.py:flow", "one.json", "--db", url, "--name", name, "--granularity", "task", code=130)
    (place / "lost.py").unlink()
    told = call("runs", "requeue", "--stale", "--db", url, code=2)
    assert "there is no file" in told.stderr
    assert "1 token: 0 completed, 0 halted, 1 failed" in told.stdout
    assert "1 token: 1 completed, 0 halted, 0 failed" in told.stdout


@pytest.mark.parametrize("kind", [StorageError, ConnectionEnded])
def test_a_database_that_is_away_is_told_once(
    place: Path, url: str, monkeypatch: pytest.MonkeyPatch, kind: type[StorageError]
) -> None:
    connect(url)
    asked: list[str] = []

    def away(_: Any, uuid: str, *__: Any) -> None:
        asked.append(uuid)
        raise kind("away")

    monkeypatch.setattr("wfgraph.cli.runs.found", away)
    assert "wfgraph: away\n" == call("runs", "requeue", "one", "two", "--db", url, code=2).stderr
    assert ["one"] == asked
