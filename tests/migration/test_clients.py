"""Clients of `workflow`, as they are in the field, run on wfgraph: unmodified, with other imports, and migrated.

Each is a script that writes what it sees, an event per line. What it sees is compared with what it sees when it runs with
`workflow` 2.1.6, but for what `docs/compat/quirks.md` says is fixed.
"""

from __future__ import annotations

import ast
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from migration.running import CLIENTS, ROOT, as_it_is, in_its_place, with_the_real_one
from wfgraph.cli.app import wfgraph
from wfgraph.migrate import migrate_text
from wfgraph.migrate.names import NAMES

PAGE = ROOT / "docs" / "compat" / "quirks.md"

# What a client sees that is fixed here: the quirk as the page has it, what it sees there, and what here.
FIXED: dict[str, list[tuple[str, Any, Any]]] = {
    "curation": [
        (
            "handlers write `raise exc_info[1]` or `reraise(*exc_info)`; the documentation's `raise e` fails",
            ["documented handler", "TypeError"],
            ["documented handler", "HaltProcessing"],
        )
    ],
    "library_db": [
        ("a run that succeeds is saved as HALTED", ["run is", "HALTED"], ["run is", "COMPLETED"]),
        (
            "a run that succeeds is saved as HALTED",
            ["after", 3, "HALTED", False, ["Ulysses"]],
            ["after", 3, "COMPLETED", True, ["Ulysses"]],
        ),
        (
            "an error other than `WorkflowError` ends in a `TypeError`, so `stop_on_error=False` has no effect",
            ["error", "TypeError", "ERROR", "ValueError: negative: Bad", "ERROR"],
            ["error", "WorkflowError", "ERROR", "ValueError: negative: Bad", "ERROR"],
        ),
    ],
}

each = pytest.mark.parametrize("client", CLIENTS, ids=lambda path: path.stem)


@cache
def theirs(client: Path) -> tuple[Any, ...]:
    return tuple(with_the_real_one(client))


def hold(client: Path, ours: list[Any]) -> None:
    """Hold what a client has seen to what it sees with the real library; each fixed quirk must show, and nothing else."""
    expected = list(theirs(client))
    assert len(expected) > 8
    differing = [(there, here) for there, here in zip(expected, ours, strict=True) if there != here]
    assert [(there, here) for _, there, here in FIXED.get(client.stem, [])] == differing


@each
def test_a_client_runs_unmodified(client: Path, tmp_path: Path) -> None:
    hold(client, in_its_place(client, tmp_path))


@each
def test_a_client_runs_when_only_its_imports_are_changed(client: Path, tmp_path: Path) -> None:
    text = re.sub(r"\b(import|from|, )( ?)workflow\b", r"\1\2wfgraph", client.read_text())
    changed = tmp_path / client.name
    changed.write_text(re.sub(r"workflow\.(engine\.Gen|errors\.Work)", r"wfgraph.\1", text))
    hold(client, as_it_is(changed, "-W", "ignore::DeprecationWarning"))


@each
def test_a_client_runs_migrated_without_a_deprecation_warning(client: Path, tmp_path: Path) -> None:
    changed = tmp_path / client.name
    shutil.copy(client, changed)
    done = CliRunner().invoke(wfgraph, ["migrate", str(changed), "--write"])
    assert (0, "") == (done.exit_code, done.stderr)
    hold(client, as_it_is(changed, "-W", "error::DeprecationWarning"))
    text = changed.read_text()
    assert text == migrate_text(text).text
    assert not re.search(r"(from|import) workflow\b", text)


@each
def test_a_client_is_warned_before_it_is_migrated(client: Path, tmp_path: Path) -> None:
    """What the test above proves the absence of is there before."""
    with pytest.raises(AssertionError, match="DeprecationWarning: `"):
        in_its_place(client, tmp_path, warnings="error::DeprecationWarning")


def test_between_them_the_clients_use_nearly_all_deprecated_names() -> None:
    used = {
        node.attr
        for path in CLIENTS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
    }
    # Not there, or broken, in 2.1.6; or told instead of changed.
    broken = {"duplicate", "getObjects", "jumpTokenBack", "jumpTokenForward", "replaceCallbacks", "skipToken"}
    assert broken == set(NAMES) - used


def test_what_is_fixed_stands_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for quirks in FIXED.values():
        for quirk, _, _ in quirks:
            assert f"\n| {quirk} |" in page
