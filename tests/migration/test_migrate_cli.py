"""The command `wfgraph migrate`: what it says, writes, and gives back to a shell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from wfgraph.cli.app import wfgraph

OLD = "from workflow.engine import Break\neng.stopProcessing()\nrecord.setVar(1, 2)\n"
NEW = "from wfgraph.engine import Break\neng.stop()\nrecord.setVar(1, 2)\n"


def migrate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(wfgraph, ["migrate", *map(str, arguments)])


@pytest.fixture
def client(tmp_path: Path) -> Path:
    path = tmp_path / "client.py"
    path.write_text(OLD)
    return path


def test_by_itself_it_says_which_files_would_change_and_fails(client: Path) -> None:
    done = migrate(client)
    assert (
        f"would change {client}: 2 places\n1 of 1 files would change; --diff shows how, --write does it\n"
        == done.stdout
    )
    assert f"wfgraph: look at {client}:3: `record.setVar`: if this is an engine, write" in done.stderr
    assert (1, OLD) == (done.exit_code, client.read_text())


def test_diff_prints_a_patch_and_writes_nothing(client: Path) -> None:
    done = migrate(client, "--diff")
    assert (1, OLD) == (done.exit_code, client.read_text())
    assert done.stdout == (
        f"--- {client}\n+++ {client}\n@@ -1,3 +1,3 @@\n"
        "-from workflow.engine import Break\n-eng.stopProcessing()\n"
        "+from wfgraph.engine import Break\n+eng.stop()\n record.setVar(1, 2)\n"
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_the_patch_is_one_that_patch_takes(end: str, tmp_path: Path) -> None:
    path = tmp_path / "client.py"
    path.write_bytes(b"import workflow.engine\n\nx = 1" + end.encode())
    patch = tmp_path / "client.patch"
    done = subprocess.run(
        [sys.executable, "-m", "wfgraph", "migrate", "client.py", "--diff"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    patch.write_bytes(done.stdout)
    subprocess.run(["git", "apply", "--no-index", "-p0", "client.patch"], cwd=tmp_path, check=True)  # noqa: S607
    assert b"import wfgraph.engine\n\nx = 1" + end.encode() == path.read_bytes()


def test_write_changes_files_keeps_permissions_and_is_done_then(client: Path) -> None:
    client.chmod(0o751)
    done = migrate(client, "--write")
    assert (0, f"changed {client}: 2 places\n") == (done.exit_code, done.stdout)
    assert (NEW, 0o751) == (client.read_text(), client.stat().st_mode & 0o777)
    assert ["client.py"] == os.listdir(client.parent)
    again = migrate(client)
    assert (0, "nothing to change in 1 file\n") == (again.exit_code, again.stdout)


def test_folders_are_gone_through_but_not_what_belongs_to_others(tmp_path: Path, client: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside.py"
    outside.write_text(OLD)
    for name in (".git", "__pycache__", "env", "pkg", "node_modules"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "inner.py").write_text(OLD)
    (tmp_path / "env" / "pyvenv.cfg").touch()
    (tmp_path / "link.py").symlink_to(outside)
    (tmp_path / "linked").symlink_to(outside.parent)
    (tmp_path / "notes.txt").write_text(OLD)
    done = migrate(tmp_path, "--write")
    changed = [line.split(": ")[0] for line in done.stdout.splitlines()]
    assert [f"changed {client}", f"changed {tmp_path / 'pkg' / 'inner.py'}"] == changed
    assert OLD == outside.read_text()


def test_a_link_that_is_named_is_written_through(tmp_path: Path, client: Path) -> None:
    (tmp_path / "link.py").symlink_to(client)
    assert 0 == migrate(tmp_path / "link.py", "--write").exit_code
    assert (tmp_path / "link.py").is_symlink()
    assert NEW == client.read_text()


def test_what_can_not_be_read_is_told_and_the_rest_is_done(tmp_path: Path, client: Path) -> None:
    (tmp_path / "old.py").write_text("import os\nprint 'x'\n")
    (tmp_path / "strange.py").write_bytes(b"'\xff'")
    done = migrate(tmp_path, tmp_path / "gone.py", "--write")
    assert (2, NEW) == (done.exit_code, client.read_text())
    assert f"changed {client}: 2 places\n" == done.stdout
    assert "" == migrate(tmp_path / "gone.py").stdout
    told = [line for line in done.stderr.splitlines() if "look at" not in line]
    expected = [
        f"wfgraph: {tmp_path / 'old.py'}:2: not Python 3:",
        f"wfgraph: {tmp_path / 'strange.py'}: not readable",
        f"wfgraph: {tmp_path / 'gone.py'}: no such file",
    ]
    assert expected == [line[: len(start)] for line, start in zip(told, expected, strict=True)]


def test_a_file_that_can_not_be_written_stays_whole(client: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", refuse)
    done = migrate(client, "--write")
    assert (2, OLD) == (done.exit_code, client.read_text())
    assert f"wfgraph: {client}: can't be written: Permission denied\n" in done.stderr
    assert ["client.py"] == os.listdir(client.parent)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [((), "nothing to migrate; name files or folders"), (("x", "--diff", "--write"), "give one of them")],
)
def test_a_command_that_makes_no_sense_gets_one_line(arguments: tuple[str, ...], told: str) -> None:
    done = migrate(*arguments)
    assert 2 == done.exit_code
    assert told in done.stderr
    assert 1 == len(done.stderr.splitlines())


def test_the_help_teaches_by_examples() -> None:
    text = migrate("--help").stdout
    for command in ("wfgraph migrate src tests --diff", "wfgraph migrate src tests --write", "Exit code: 0"):
        assert command in text


def test_migrating_loads_nothing_heavy() -> None:
    code = (
        "import sys, wfgraph.migrate as m; m.migrate_text('from workflow.engine import Break\\n"
        "from workflow.patterns import IF\\n'); "
        "print([n for n in 'click rich sqlalchemy networkx graphviz celery opentelemetry'.split() if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]\n" == done.stdout
