"""``wfgraph check``, and the formats of its findings."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sarif_schema import valid

from wfgraph.cli.app import wfgraph
from wfgraph.cli.check import check

FLOW = """
from wfgraph import ops, task
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.patterns import IF, ENG_GET, STOP, TASK_JUMP_BWD

@task(ops.Call())
def fetch(obj, eng): pass

@task(ops.Call())
def store(obj, eng): pass

good = [fetch, store]
late = [fetch, [STOP(), store]]
wrong = [fetch, "store"]
_private = [fetch, 7]
names = ["a", "b"]
errors = [ValueError]
number = 7

engine = GenericWorkflowEngine()
engine.callbacks.replace(good)
keyed = GenericWorkflowEngine()
keyed.callbacks.replace([STOP(), store], "late")
"""
TEXT = """\
warning[WF106] flow.py:late: store at [1, 1] can't be reached: STOP at [1, 0] never goes on
  --> flow.py:9
   |
   | [
   |   fetch    [0]
   |   [
   |     STOP   [1, 0]
   |     store  [1, 1]
   |     ^^^^^
   |   ]
   | ]
   |
   = path: fetch [0] -> STOP [1, 0]
   = help: take it out, or put it before that task
   = see: docs/checks/WF106.md, or wfgraph check --explain WF106

1 definition checked: 1 warning
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "flow.py").write_text(FLOW)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if not name.startswith("wfgraph"):
            del sys.modules[name]


def call(*arguments: str) -> Result:
    group = copy.copy(wfgraph)
    group.commands = {**wfgraph.commands, "check": check}
    result = CliRunner().invoke(group, ["check", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def refused(*arguments: str) -> str:
    result = call(*arguments)
    assert (2, "") == (result.exit_code, result.stdout)
    return result.stderr


def test_a_finding_shows_its_place(place: Path) -> None:
    result = call("flow.py:late", "--ignore", "WF4")
    assert (1, TEXT) == (result.exit_code, result.stdout)


@pytest.mark.parametrize("target", ["flow:good", "flow.py:good", "flow:engine"])
def test_nothing_is_found_in_what_is_right(place: Path, target: str) -> None:
    result = call(target)
    assert (0, "1 definition checked: nothing found\n") == (result.exit_code, result.stdout)


@pytest.mark.parametrize("target", ["flow", "flow.py"])
def test_all_definitions_of_a_module_are_checked_each_once(place: Path, target: str) -> None:
    result = call(target, "--select", "WF0,WF1", "--format", "json")
    found = json.loads(result.stdout)
    assert (1, 4) == (result.exit_code, found["definitions"])
    told = {(one["target"].removeprefix(f"{target}:"), one["code"]) for one in found["findings"]}
    assert {("late", "WF106"), ("wrong", "WF001"), ("keyed (late)", "WF106")} == told


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["flow:late"], 1),
        (["flow:late", "--fail-on", "error"], 0),
        (["flow:wrong", "--fail-on", "error"], 1),
        (["flow:late", "--ignore", "WF106"], 0),
        (["flow:late", "--ignore", "WF106", "--strict"], 0),
        (["flow:late", "--select", "WF106", "--strict"], 1),
    ],
)
def test_the_exit_code_says_whether_something_counts(place: Path, arguments: list[str], expected: int) -> None:
    assert expected == call(*arguments).exit_code


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "nothing to check; name a definition"),
        (["flow:none"], "flow has no attribute 'none'"),
        (["nowhere.py"], "there is no file 'nowhere.py'"),
        (["no_such_module"], "there is no module 'no_such_module'"),
        (["flow:number"], "flow:number is of type int"),
        (["json"], "there is no definition in json"),
        (["flow:good", "--select", "WF777"], "there is no check 'WF777'"),
        (["--explain", "WF777"], "there is no check 'WF777'"),
    ],
)
def test_what_can_not_be_checked_is_told_in_one_line(place: Path, arguments: list[str], message: str) -> None:
    assert message in refused(*arguments)


def test_explain_tells_what_a_check_is_about() -> None:
    result = call("--explain", "wf103")
    assert 0 == result.exit_code
    assert result.stdout.startswith("WF103 jump-to-itself (error, always right)\n\nWF103: a task that repeats itself")


def test_the_project_configures_the_checks(place: Path) -> None:
    (place / "sub").mkdir()
    (place / "pyproject.toml").write_text('[tool.wfgraph]\nignore = ["WF4"]\nseverity = { WF106 = "info" }\n')
    assert 0 == call("flow.py:late").exit_code
    assert 1 == call("flow.py:late", "--strict").exit_code
    (place / "pyproject.toml").write_text('[tool.wfgraph]\nfail-on = "info"\nselect = ["WF106"]\n')
    assert 1 == call("flow.py:late").exit_code
    assert 0 == call("flow.py:late", "--fail-on", "error").exit_code


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.wfgraph]\nfial-on = 'info'\n", "has no option 'fial-on'; it knows select, ignore, fail-on, severity"),
        ("[tool.wfgraph]\nselect = 'WF1'\n", "select of [tool.wfgraph] is to be a list, not 'WF1'"),
        ("[tool.wfgraph]\nselect = ['X']\n", "there is no check 'X'"),
        ("[tool.wfgraph]\nfail-on = 'never'\n", "no severity 'never'"),
        ("[tool.wfgraph.severity]\nWF1 = 'info'\n", "there is no check 'WF1'"),
        ("[tool\n", "can't read"),
    ],
)
def test_a_wrong_configuration_is_told(place: Path, text: str, message: str) -> None:
    (place / "pyproject.toml").write_text(text)
    assert message in refused("flow.py:good")


def test_github_gets_commands_with_its_escapes(place: Path) -> None:
    (place / "flow.py").write_text(FLOW.replace('"store"]', '"a%b\\n::c"]'))
    lines = call("flow.py", "--select", "WF001,WF106", "--format", "github").stdout.splitlines()
    assert lines[0] == (
        "::warning file=flow.py,line=9,title=WF106 code-after-the-end::flow.py:late: store at [1, 1] can't be reached: "
        "STOP at [1, 0] never goes on; take it out, or put it before that task"
    )
    assert lines[1].startswith(
        "::error file=flow.py,title=WF001 item-not-callable::flow.py:wrong: the item at [1] is not callable: 'a%25b"
    )
    assert 3 == len(lines)


def test_json_has_all_there_is_to_know(place: Path) -> None:
    (one,) = json.loads(call("flow:late", "--select", "WF106", "--format", "json").stdout)["findings"]
    assert {"file": str(place / "flow.py"), "line": 9} == one["location"]
    assert ([1, 1], "warning", "code-after-the-end") == (one["address"], one["severity"], one["rule"])
    assert {"address": [0], "where": "[0]", "name": "fetch"} == one["witness"][0]


def sarif(*arguments: str) -> Any:
    log = valid(call(*arguments, "--format", "sarif").stdout)
    assert ("2.1.0", 1) == (log["version"], len(log["runs"]))
    assert {"tool", "results"} == set(log["runs"][0])
    return log["runs"][0]


def test_sarif_is_complete_when_nothing_is_found(place: Path) -> None:
    run = sarif("flow.py:good")
    assert [] == run["results"]
    assert ("wfgraph", []) == (run["tool"]["driver"]["name"], run["tool"]["driver"]["rules"])


def test_sarif_keeps_the_rules_of_its_schema(place: Path) -> None:
    run = sarif("flow.py")
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
    for result in run["results"]:
        assert result["ruleId"] == rules[result["ruleIndex"]]["id"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        for location in result["locations"]:
            assert location["logicalLocations"][0]["fullyQualifiedName"].startswith("flow.py:")
            assert {"uri": "flow.py", "uriBaseId": "%SRCROOT%"} == location["physicalLocation"]["artifactLocation"]
            assert location["physicalLocation"]["region"]["startLine"] >= 1
        for flow in result.get("codeFlows", ()):
            assert all(step["location"]["message"]["text"] for step in flow["threadFlows"][0]["locations"])
            assert all("region" in step["location"]["physicalLocation"] for step in flow["threadFlows"][0]["locations"])
    places = {
        (one["ruleId"], one["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]) for one in run["results"]
    }
    assert {("WF106", "flow.py:late[1][1]"), ("WF001", "flow.py:wrong[1]")} <= places


@pytest.mark.parametrize("target", ["faulty.py", "faulty:flow", "faulty"])
def test_every_finding_is_in_a_file(place: Path, target: str) -> None:
    (place / "faulty.py").write_text(
        "async def wait(obj, eng): pass\n\ndef short(): pass\n\nflow = [short, wait, print, 7]\n"
    )
    found = sarif(target, "--select", "WF0")["results"]
    places = [one["locations"][0]["physicalLocation"] for one in found]
    assert {"faulty.py"} == {one["artifactLocation"]["uri"] for one in places}
    assert [("WF002", 3), ("WF003", 1), ("WF001", 1)] == [
        (one["ruleId"], where["region"]["startLine"]) for one, where in zip(found, places, strict=True)
    ]


def test_sarif_of_hostile_names_and_of_silenced_findings_keeps_to_it(place: Path) -> None:
    (place / "hostile.py").write_text(
        "from wfgraph import task\nfrom wfgraph.patterns import HALT, IF, STOP\n"
        "def late(obj, eng): pass\nlate.__name__ = '<b>\\n\\u202e\\\"%20/..'\n"
        "flow = [HALT('\\x00'), IF(lambda obj, eng: False, late), STOP(), late, late, 'text']\n"
    )
    (place / "calm.py").write_text(FLOW.replace("def store(", "# wfgraph: ignore[WF106]\ndef store("))
    assert {"WF001", "WF106", "WF107"} <= {one["ruleId"] for one in sarif("flow.py", "hostile.py:flow")["results"]}
    assert "WF106" not in {one["ruleId"] for one in sarif("calm.py:late")["results"]}


def test_a_place_deep_in_the_definition_is_shown_without_the_lists_far_out(place: Path) -> None:
    (place / "deep.py").write_text(
        "from wfgraph.patterns import EMPTY_CALL, STOP\nflow = [STOP(), EMPTY_CALL]\nfor _ in range(50):\n    flow = [flow]\n"
    )
    lines = call("deep.py:flow", "--select", "WF106").stdout.splitlines()
    assert "   | ... 45 lists further out ..." in lines
    assert len(lines) < 30


ENGINE = """
from wfgraph.engine import GenericWorkflowEngine

class Own(GenericWorkflowEngine):
    def leave(self):
        self.stop()

def ask(obj, eng):
    eng.leave()

def never(obj, eng):
    pass

flow = [ask, never]
number = 7
"""


def test_methods_that_an_engine_adds_are_known_when_its_class_is_named(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(ENGINE)
    without = CliRunner().invoke(wfgraph, ["check", f"{file}:flow", "--format", "json", "--select", "WF1"])
    assert ["WF116"] == [found["code"] for found in json.loads(without.output)["findings"]]
    named = ["check", f"{file}:flow", "--format", "json", "--select", "WF1", "--engine", f"{file}:Own"]
    told = CliRunner().invoke(wfgraph, named)
    assert ["WF106"] == [found["code"] for found in json.loads(told.output)["findings"]]


def test_what_is_no_class_of_engines_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(ENGINE)
    result = CliRunner().invoke(wfgraph, ["check", f"{file}:flow", "--engine", f"{file}:number"])
    assert result.exit_code == 2
    assert "--engine takes a class" in result.output


# An earlier version --------------------------------------------------------------------------------------------------

VERSIONS = """
from wfgraph.patterns import IF

def asked(obj, eng): return obj

def approve(obj, eng): eng.halt("a person must approve")

def other(obj, eng): eng.halt("or another")

before = [approve, other]
after = [IF(asked, approve)]
"""


def test_a_definition_is_compared_with_an_earlier_one_by_name_or_by_its_stored_graph(place: Path) -> None:
    (place / "versions.py").write_text(VERSIONS)
    drawn = CliRunner().invoke(wfgraph, ["draw", "versions.py:before", "-o", "before.json"])
    assert 0 == drawn.exit_code, drawn.output
    for baseline in ("versions.py:before", "before.json"):
        found = json.loads(
            call("versions.py:after", "--baseline", baseline, "--format", "json", "--select", "WF5").stdout
        )
        assert [("WF501", [1]), ("WF502", [0, 1])] == [
            (one["code"], one["address"]) for one in sorted(found["findings"], key=lambda one: one["code"])
        ]
    assert 0 == call("versions.py:before", "--baseline", "before.json").exit_code


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("flow.py", "--baseline", "flow.py:good"), "--baseline is for one definition; flow.py stands for"),
        (("flow.py:good", "--baseline", "no.json"), "there is no file 'no.json'"),
        (("flow.py:good", "--baseline", "bad.json"), "'bad.json': a stored graph is JSON; this is not"),
        (("flow.py:good", "--baseline", "folder.json"), "can't read 'folder.json'"),
    ],
)
def test_a_baseline_that_is_none_is_refused(place: Path, arguments: tuple[str, ...], said: str) -> None:
    (place / "bad.json").write_text("{")
    (place / "folder.json").mkdir(exist_ok=True)
    result = CliRunner().invoke(wfgraph, ["check", *arguments])
    assert 2 == result.exit_code
    assert said in result.stderr


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("", "an empty name is no target"),
        (".", "'.' is a directory; write package.module:attribute"),
        ("./", "'.' is a directory; name a file in it: file.py"),
        ("../..", "'../..' is a directory; name a file in it: ../../file.py"),
        ("a-b", "'a-b' names no module; write package.module:attribute"),
        ("no.module", "there is no module 'no'"),
    ],
)
def test_what_is_no_target_is_told(place: Path, target: str, said: str) -> None:
    assert said in refused(target)
