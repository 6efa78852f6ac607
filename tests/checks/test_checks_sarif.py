"""Findings as SARIF, held to the official schema: whatever is found, and however hostile the names are."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from checks_generated import Maker
from sarif_schema import SCHEMA, faults, valid
from test_checks_seeded import AT_THE_TOP, PLANTS, itself, pair

from wfgraph import ops, task
from wfgraph.checks import check
from wfgraph.checks.reporters import Report, github, sarif
from wfgraph.compiler.pipeline import compile_graph
from wfgraph.patterns import EMPTY_CALL, RUN_WF, STOP, TASK_JUMP_BWD
from wfgraph.utils import escape_control

NOTHING = compile_graph([])
HOSTILE = [
    "plain",
    "",
    "a b\tc\n\r\x00\x1b[31m",
    "\"quoted\" 'twice' \\ </script><b>&amp;",
    "{0} {message} %s %n",
    "[link](javascript:alert)",
    "\N{RIGHT-TO-LEFT OVERRIDE}ä\N{SNOWMAN}\U0001f600",
    "\ud800",
    "x" * 10_000,
]


def log_of(definition: Any, target: str = "flow.py:flow", **options: Any) -> Any:
    return valid(sarif([Report(target, check(definition, **options), NOTHING)], "0"))


def results_of(definition: Any, target: str = "flow.py:flow", **options: Any) -> Any:
    return log_of(definition, target, **options)["runs"][0]["results"]


def test_a_log_names_the_schema_that_it_keeps_to() -> None:
    assert SCHEMA["id"] == log_of([])["$schema"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda log, result: log.pop("version"),
        lambda log, result: result.pop("message"),
        lambda log, result: result.update(level="info"),
        lambda log, result: result.update(locations=[{"physicalLocation": {"region": {"startLine": 0}}}]),
        lambda log, result: result["locations"][0]["physicalLocation"]["artifactLocation"].update(uri="a b.py"),
        lambda log, result: result["codeFlows"][0].pop("threadFlows"),
        lambda log, result: result["partialFingerprints"].update(wfgraph=1),
        lambda log, result: log["runs"][0]["tool"]["driver"].pop("name"),
        lambda log, result: log["runs"][0]["tool"]["driver"].update(unknown=1),
    ],
)
def test_a_log_that_breaks_the_schema_is_told(spoil: Callable[[Any, Any], Any]) -> None:
    log = log_of([EMPTY_CALL, STOP(), task(ops.Call())(lambda obj, eng: None)], select=["WF106"])
    broken = copy.deepcopy(log)
    spoil(broken, broken["runs"][0]["results"][0])
    assert [] == faults(log)
    assert [] != faults(broken)


def test_nothing_found_is_a_log_of_no_results() -> None:
    assert [] == results_of([EMPTY_CALL])
    assert {"runs"} == {*valid(sarif([], "0"))} - {"$schema", "version"}


@pytest.mark.parametrize("code", [*PLANTS, *AT_THE_TOP])
def test_findings_of_every_rule_keep_to_it(code: str) -> None:
    for seed in range(3):
        maker = Maker(seed)
        flow = maker.planted(PLANTS[code]) if code in PLANTS else AT_THE_TOP[code](maker)
        assert code in {result["ruleId"] for result in results_of(flow)}


@pytest.mark.parametrize("code", ["WF501", "WF502"])
def test_findings_against_a_baseline_keep_to_it(code: str) -> None:
    before, after = pair(code, 1)
    assert code in {result["ruleId"] for result in results_of(after, baseline=before)}


def test_what_is_silenced_is_not_in_the_log() -> None:
    flow = [STOP(), task(ops.Call(), ignore=["WF106"])(lambda obj, eng: None)]
    assert "WF106" not in {result["ruleId"] for result in results_of(flow)}
    assert ["WF902"] == [result["ruleId"] for result in results_of(flow[1:], select=["WF106", "WF902"])]


def test_definitions_that_contain_themselves_have_a_log() -> None:
    flow: list[Any] = []
    flow.append(flow)
    assert {"WF004"} == {result["ruleId"] for result in results_of(flow, select=["WF0"])}
    results_of([RUN_WF(itself())])


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_stay_text(name: str) -> None:
    def named(obj: Any, eng: Any) -> None: ...

    task(ops.Call())(named)
    named.__name__ = named.__qualname__ = name
    for flow in ([EMPTY_CALL, STOP(), named], [named, TASK_JUMP_BWD(-1)], [name, {name: name}]):
        results = results_of(flow, target=f"{name}:flow")
        assert results
        assert all(text.isprintable() for text in texts(results))
        for result in results:
            assert name_of(result).startswith(escape_control(f"{name}:flow"))


def texts(value: Any) -> list[str]:
    """Return all texts in a log."""
    if isinstance(value, dict):
        return [text for key, one in value.items() for text in (key, *texts(one))]
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    return [value] if isinstance(value, str) else []


def name_of(result: Any) -> str:
    found: str = result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]
    return found


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize(
    "name",
    [
        b"plain.py",
        b"a b.py",
        b"50%25.py",
        b"a#b?c&d.py",
        b"c:d.py",
        b"\xff.py",
        "ä\n.py".encode(),
        b"http:/x.py",
        b"'\"<.py",
    ],
)
def test_hostile_files_are_named_by_a_uri(
    name: bytes, inside: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work").mkdir()
    file = tmp_path / ("work" if inside else "elsewhere") / os.fsdecode(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("flow = lambda obj, eng: None\n")
    monkeypatch.chdir(tmp_path / "work")
    namespace: dict[str, Any] = {}
    exec(compile(file.read_text(), str(file), "exec"), namespace)  # noqa: S102
    (result,) = results_of([STOP(), namespace["flow"]], select=["WF106"])
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    uri = place["uri"]
    assert ("uriBaseId" in place) == inside
    path = unquote_to_bytes(uri.removeprefix("file://"))
    assert uri.startswith("file:///") != inside
    assert (name if inside else os.fsencode(file)) == path


@pytest.mark.parametrize("kind", ["a folder", "a file"])
def test_files_are_named_from_the_root_of_the_checkout(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second working tree of a checkout has a file of this name."""
    (tmp_path / ".git").mkdir() if kind == "a folder" else (tmp_path / ".git").write_text("gitdir: elsewhere")
    (tmp_path / "app" / "here").mkdir(parents=True)
    file = tmp_path / "app" / "a flow.py"
    file.write_text("flow = lambda obj, eng: None\n")
    monkeypatch.chdir(tmp_path / "app" / "here")
    namespace: dict[str, Any] = {}
    exec(compile(file.read_text(), str(file), "exec"), namespace)  # noqa: S102
    definition = [STOP(), namespace["flow"]]
    (result,) = results_of(definition, select=["WF106"])
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert {"uri": "app/a%20flow.py", "uriBaseId": "%SRCROOT%"} == place
    told = github([Report("flow", check(definition, select=["WF106"]), NOTHING)], "0")
    assert "file=app/a flow.py,line=1," in told


@pytest.mark.parametrize("file", ["<made up>", "", "x" * 10_000, "\ufffe\n"])
def test_code_that_is_in_no_file_has_no_place_in_one(file: str) -> None:
    namespace: dict[str, Any] = {}
    exec(compile("flow = lambda obj, eng: None", "x", "exec"), namespace)  # noqa: S102
    namespace["flow"].__code__ = namespace["flow"].__code__.replace(co_filename=file)
    (result,) = results_of([STOP(), namespace["flow"]], select=["WF106"])
    assert {"logicalLocations"} == {*result["locations"][0]}
