"""What is read from statements, and that what is read is never less than what a run shows."""

from __future__ import annotations

import linecache
import re
import sys
from types import ModuleType
from typing import Any

import pytest

from inference.animals import ANIMALS
from inference.defining import defined
from inference.test_inference import outcomes_of, unforeseen
from wfgraph.compiler.inference import Inference
from wfgraph.graph.outcomes import HALT, STOP


def text_at(file: str, line: int) -> str:
    return linecache.getline(file, line).partition("  #")[0].strip()


def told_of(task: Any) -> dict[str, str]:
    """Return all that is read of a task, as texts."""
    found = Inference().effects(task)
    file = task.__code__.co_filename
    return {
        "why": re.sub(r", line (\d+)$", lambda match: f": {text_at(file, int(match[1]))}", found.opaque),
        "notes": "; ".join(f"{note.kind.value} {note.detail}: {text_at(note.file, note.line)}" for note in found.notes),
        "reads": " ".join(sorted(found.reads)),
        "writes": " ".join(sorted(found.writes)),
        "beside": " ".join(name for name in ("elsewhere", "acts") if getattr(found, name)),
    }


@pytest.mark.parametrize("name", ANIMALS)
def test_an_animal_is_read_as_it_is_written_down(name: str) -> None:
    one = ANIMALS[name]
    found = outcomes_of(one.task)
    assert set(one.outcomes.split()) == ({"?"} if found is None else {str(outcome) for outcome in found})
    told = told_of(one.task)
    assert one.told == {about: told[about] for about in one.told}


@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning")
@pytest.mark.parametrize("name", ANIMALS)
def test_nothing_comes_of_an_animal_that_was_not_foreseen(name: str) -> None:
    assert not unforeseen(ANIMALS[name].task)


# What is imported ---------------------------------------------------------------------------------------------------------


def task_of(*lines: str, package: str | None = "farm.barn") -> Any:
    """Return a task of a module in a package."""
    text = "\n    ".join(["def task(obj, eng):", *lines, ""])
    return defined(text, {"__name__": "farm.barn.tasks", **({"__package__": package} if package else {})})["task"]


@pytest.fixture
def farm(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    modules: dict[str, Any] = {}
    for name in ("farm", "farm.tools", "farm.barn", "farm.barn.tools", "farm.barn.hidden"):
        modules[name] = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, modules[name])
        around, _, own = name.rpartition(".")
        if around and own != "hidden":
            setattr(modules[around], own, modules[name])
    modules["farm"].leave = lambda engine: engine.halt()
    modules["farm.tools"].leave = lambda engine: engine.abort()
    modules["farm.barn.tools"].leave = lambda engine: engine.stop()
    modules["farm.barn.hidden"].leave = lambda engine: engine.skip_token()
    return modules


@pytest.mark.parametrize(
    ("line", "call", "expected"),
    [
        ("import farm", "farm.leave", "halt"),
        ("import farm as place", "place.leave", "halt"),
        ("import farm.barn.tools", "farm.barn.tools.leave", "stop"),
        ("import farm.barn.tools", "farm.leave", "halt"),
        ("import farm.barn.tools as tools", "tools.leave", "stop"),
        ("import json, farm.tools as tools", "tools.leave", "abort"),
        ("from farm import leave", "leave", "halt"),
        ("from farm import leave as go, tools", "go", "halt"),
        ("from farm.barn import tools", "tools.leave", "stop"),
        ("from farm.barn import hidden", "hidden.leave", "skip_token"),
        ("from . import tools", "tools.leave", "stop"),
        ("from . import hidden", "hidden.leave", "skip_token"),
        ("from .tools import leave", "leave", "stop"),
        ("from .tools import leave as go", "go", "stop"),
        ("from .. import leave", "leave", "halt"),
        ("from ..tools import leave", "leave", "abort"),
        ("from farm import nothing", "nothing", "?"),
        ("from nowhere import leave", "leave", "?"),
        ("import nowhere", "nowhere.leave", "?"),
    ],
)
def test_what_a_task_imports_is_read_where_it_is_imported(
    farm: dict[str, Any], line: str, call: str, expected: str
) -> None:
    found = outcomes_of(task_of(line, f"{call}(eng)"))
    assert {expected} == ({"?"} if found is None else {str(one) for one in found})


@pytest.mark.parametrize(
    "lines",
    [
        ("from farm import nothing", "nothing()"),
        ("from nowhere import leave", "leave()"),
        ("import nowhere", "nowhere.leave()"),
        ("import farm.field", "farm.field.leave()"),
    ],
)
def test_what_is_not_imported_yet_may_do_anything(farm: dict[str, Any], lines: tuple[str, ...]) -> None:
    assert outcomes_of(task_of(*lines)) is None


def test_what_is_imported_in_no_package_is_not_known(farm: dict[str, Any]) -> None:
    assert outcomes_of(task_of("from .tools import leave", "leave()", package=None)) is None
    assert outcomes_of(task_of("from .farm import leave", "leave(eng)", package="nowhere")) is None


def test_a_module_that_is_imported_as_a_whole_may_be_exchanged(farm: dict[str, Any]) -> None:
    task = task_of("import farm", "farm.leave(eng)")
    assert {HALT} == outcomes_of(task)
    farm["farm"].leave = lambda engine: engine.stop()
    assert {STOP} == outcomes_of(task)


# In which order -----------------------------------------------------------------------------------------------------------


def test_outcomes_and_notes_have_an_order() -> None:
    task = task_of(
        "try:",
        "    eng.jump_call(5) if obj else eng.break_current_loop()",
        "except Exception:",
        "    pass",
        "eng.foo() if obj else eng.bar()",
        "for step in (2, -1, 0, 1, obj['step']):",
        "    if obj: eng.jump_call(step)",
        "    if obj: eng.jump_token(-step)",
        "if obj: eng.halt()",
        "if obj: eng.jump_call(3) if obj else eng.jump_call(-3)",
        "if obj: eng.jump_call(0)",
        "eng.jump_call(-2) if obj else eng.jump_call(obj['step'])",
    )
    found = Inference().effects(task)
    assert ["jump_call:-3", "jump_call:-2", "jump_call:0", "jump_call:3", "jump_call:?", "halt", "jump_token:?"] == [
        str(outcome) for outcome in found.outcomes
    ]
    assert [
        ("swallows", "break", 3),
        ("swallows", "jump_call:5", 3),
        ("no method", "bar", 6),
        ("no method", "foo", 6),
    ] == [(note.kind.value, note.detail, note.line) for note in found.notes]
