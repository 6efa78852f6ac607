"""What is known of objects that exist: whose code they are, what their attributes and items are."""

from __future__ import annotations

import collections
import functools
import inspect
import itertools
import json
import operator
import os.path
import sys
import sysconfig
import threading
import types
import weakref
import xmlrpc.client
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import click
import hypothesis
import pytest

import wfgraph
from wfgraph.compiler.inference.known import (
    attribute_of,
    follows,
    is_inert,
    item_of,
    method_of,
    module_named,
)
from wfgraph.compiler.inference.values import PLAIN, SOME_ENGINE, Bound, Engine, Instance, Known, OneOf, Unknown, Value
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import HaltProcessing

CODE = Unknown(code=True)
STANDARD = f"{sysconfig.get_path('stdlib')}/"
INSTALLED = f"{sysconfig.get_path('purelib')}/"


def mine() -> None: ...


def from_file(file: str, module: Any, name: str = "mine") -> FunctionType:
    made = FunctionType(mine.__code__.replace(co_filename=file), {}, name)
    made.__module__ = module
    return made


class Mine:
    limit = 3

    def __call__(self) -> None: ...


class MyList(list[int]):
    __slots__ = ("step",)


# An object; whether it steers nothing by itself; whether it belongs to Python's library.
OBJECTS: list[tuple[Any, bool, bool]] = [
    (len, True, True),
    (str.upper, True, True),
    ("a".upper, True, True),
    (dict, True, True),
    ({}.get, True, True),
    ([].append, True, True),
    (threading.Lock().acquire, True, True),
    (collections.deque().append, True, True),
    (itertools.chain, True, True),
    (itertools.chain.__iter__, True, True),
    (json.dumps, True, True),
    (os.path.join, True, True),
    (collections.OrderedDict, True, True),
    (json.JSONDecoder, True, True),
    (functools.partial, True, True),
    (getattr, True, True),
    (from_file("<frozen importlib._bootstrap>", "importlib._bootstrap"), True, True),
    (from_file(f"{STANDARD}json/decoder.py", "json.decoder"), True, True),
    (from_file(f"{STANDARD}json/decoder.py", "my_project"), False, True),
    (from_file(f"{STANDARD}json/decoder.py", None), False, True),
    (from_file("/home/me/json.py", "json"), False, False),
    (eval, False, True),
    (exec, False, True),
    (__import__, False, True),
    (sys._getframe, False, True),
    (inspect.stack, False, True),
    (inspect.currentframe, False, True),
    (sys._current_frames, False, True),
    (operator.methodcaller, False, True),
    (operator.methodcaller("halt"), False, True),
    (operator.attrgetter("halt"), True, True),
    (from_file(f"{INSTALLED}click/core.py", "click.core"), True, False),
    (weakref.ref(mine), True, True),
    (click.style, True, False),
    (click.Command, True, False),
    (hypothesis.note, True, False),
    (from_file(f"{INSTALLED}wfgraph/graph.py", "wfgraph.graph"), False, False),
    (mine, False, False),
    (MyList.append, True, True),
    (MyList().append, False, True),
    (MyList.__dict__["step"], False, True),
    (Mine, False, False),
    (Mine(), False, False),
    (GenericWorkflowEngine, False, False),
    (GenericWorkflowEngine.halt, False, False),
]


@pytest.mark.parametrize(("one", "inert", "followed"), OBJECTS, ids=range(len(OBJECTS)))
def test_python_and_packages_that_know_no_engine_steer_nothing(one: Any, inert: bool, followed: bool) -> None:
    assert inert is is_inert(one)
    assert followed is follows(one)


class Refusing:
    """A function of C's, to those who ask it."""

    def __init__(self, module: Any) -> None:
        self.__dict__["__module__"] = module


def test_who_says_no_text_for_its_module_is_of_the_project() -> None:
    assert not is_inert(Refusing(3))
    assert not is_inert(Refusing(""))
    assert is_inert(Refusing("json"))
    assert is_inert(Refusing("_frozen_importlib"))
    assert not is_inert(Refusing("my_project.json"))
    assert is_inert(Refusing("json.no_such_part"))


def package(monkeypatch: pytest.MonkeyPatch, name: str, **variables: Any) -> FunctionType:
    """Return a function of a package that is installed, a part of which has these variables."""
    for each in (name, f"{name}.part"):
        module = ModuleType(each)
        module.__file__ = f"{INSTALLED}{each.replace('.', '/')}.py"
        monkeypatch.setitem(sys.modules, each, module)
    vars(sys.modules[f"{name}.part"]).update(variables)
    return from_file(f"{INSTALLED}{name}/core.py", f"{name}.core.deep")


def test_a_package_that_names_the_engine_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_inert(package(monkeypatch, "package_of_numbers", value=1, json=json, halt="wfgraph"))
    assert not is_inert(package(monkeypatch, "package_with_a_module", wf=wfgraph))
    assert not is_inert(package(monkeypatch, "package_with_a_part", errors=sys.modules["wfgraph.errors"]))
    assert not is_inert(package(monkeypatch, "package_with_a_class", first=1, halt=HaltProcessing))
    assert not is_inert(package(monkeypatch, "package_with_an_engine", engine=GenericWorkflowEngine()))
    assert not is_inert(package(monkeypatch, "wfgraph"))
    made = package(monkeypatch, "package_written_in_c")
    made.__module__ = "package_written_in_c"
    assert is_inert(Refusing("package_written_in_c.part"))
    package(monkeypatch, "package_in_c_with_an_engine", engine=GenericWorkflowEngine())
    assert not is_inert(Refusing("package_in_c_with_an_engine.part"))
    package(monkeypatch, "package_beside")
    package(monkeypatch, "package_beside_one", engine=GenericWorkflowEngine())
    assert is_inert(Refusing("package_beside"))


def test_a_file_of_the_projects_that_is_named_as_one_of_pythons_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    shadow = ModuleType("json")
    shadow.__file__ = "/home/me/json.py"
    monkeypatch.setitem(sys.modules, "json", shadow)
    assert not is_inert(Refusing("json"))
    shadow.__file__ = f"{STANDARD}json/__init__.py"
    assert is_inert(Refusing("json"))
    helper = ModuleType("helper")
    helper.__file__ = f"{STANDARD}helper.py"
    monkeypatch.setitem(sys.modules, "helper", helper)
    assert not is_inert(Refusing("helper"))


def test_modules_are_known_that_are_imported() -> None:
    assert Known(json) == module_named("json")
    assert Known(os.path) == module_named("os.path")
    assert SOME_ENGINE == module_named("no_such_module_anywhere")
    assert SOME_ENGINE == module_named("no_such_module_anywhere.json")


def test_modules_that_are_not_imported_yet_may_be_the_projects(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for folder, name in (("site-packages", "package_on_disk"), ("mine", "project_on_disk")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.py").write_text("")
        monkeypatch.syspath_prepend(tmp_path / folder)
    assert CODE == module_named("package_on_disk") == module_named("package_on_disk.part")
    assert SOME_ENGINE == module_named("project_on_disk")
    assert CODE == module_named("json.no_such_part")
    for name in ("wfgraph.no_such_part", "workflow.no_such_part"):
        assert SOME_ENGINE == module_named(name)


# Attributes ---------------------------------------------------------------------------------------------------------------


class Base:
    __slots__ = ()

    def step(self) -> str:
        return "base"


class Meta(type):
    def __getattr__(cls, name: str) -> Any:
        return mine


class MadeUp(metaclass=Meta): ...


class Whole(Base):
    number = 3
    held = mine
    kind = Mine
    made = functools.partial(mine)
    later = functools.partialmethod(mine)
    __slots__ = ("__dict__", "empty", "slot")

    def step(self) -> str:
        return "whole"

    @staticmethod
    def alone() -> None: ...

    @classmethod
    def of_class(cls) -> None: ...

    @property
    def asked(self) -> Any: ...


WHOLE = Whole()
WHOLE.slot = mine  # type: ignore[attr-defined]
WHOLE.own = mine  # type: ignore[attr-defined]


class Wild:
    def __getattr__(self, name: str) -> Any:
        return mine


def functions_of(kind: Any) -> Any:
    return {name: getattr(one, "__func__", one) for name, one in vars(kind).items()}


WHOLES = functions_of(Whole)
ATTRIBUTES: list[tuple[Any, str, Value | None]] = [
    (json, "dumps", Known(json.dumps, 1)),
    (json, "no_such_function", None),
    (sys.modules[__name__], "no_such_function", SOME_ENGINE),
    (types.SimpleNamespace(a=1), "a", Known(1, 0)),
    (WHOLE, "number", Known(3, 0)),
    (WHOLE, "own", Known(mine, 0)),
    (WHOLE, "slot", Known(mine, 0)),
    (WHOLE, "empty", PLAIN),
    (WHOLE, "kind", Known(Mine, 0)),
    # As of Python 3.13, a partial has a __get__, which warns.
    (WHOLE, "made", CODE if hasattr(functools.partial, "__get__") else Known(Whole.made, 0)),
    (WHOLE, "step", Bound(Known(Whole.step), Known(WHOLE, 0))),
    (WHOLE, "held", Bound(Known(mine), Known(WHOLE, 0))),
    (WHOLE, "alone", Known(WHOLES["alone"])),
    (WHOLE, "of_class", Bound(Known(WHOLES["of_class"]), Known(Whole))),
    (WHOLE, "asked", CODE),
    (WHOLE, "later", CODE),
    (WHOLE, "__repr__", PLAIN),
    (WHOLE, "missing", None),
    (Whole, "number", Known(3, 0)),
    (Whole, "step", Known(Whole.step, 0)),
    (Whole, "alone", Known(WHOLES["alone"])),
    (Whole, "of_class", Bound(Known(WHOLES["of_class"]), Known(Whole))),
    (Whole, "asked", CODE),
    (Whole, "slot", CODE),
    (Whole, "missing", PLAIN),
    (MadeUp, "anything", None),
    (Wild(), "anything", None),
    (xmlrpc.client.ServerProxy("http://localhost"), "anything", PLAIN),
    (Path("a"), "name", PLAIN),
    (Path, "name", PLAIN),
    (threading.Lock(), "acquire", PLAIN),
    ("text", "upper", PLAIN),
    ("text", "missing", None),
    (3, "real", PLAIN),
    (len, "__name__", PLAIN),
]


@pytest.mark.parametrize(("owner", "name", "expected"), ATTRIBUTES, ids=range(len(ATTRIBUTES)))
def test_attributes_are_found_without_asking_for_them(owner: Any, name: str, expected: Value | None) -> None:
    found = attribute_of(owner, name)
    assert expected == found


def test_methods_are_those_of_the_class_or_of_the_next() -> None:
    made = Instance(Known(Whole))
    held = Instance(Known(Whole), True)
    assert Bound(Known(Whole.step), made) == method_of(Whole, "step", made)
    assert Bound(Known(Base.step), made) == method_of(Whole, "step", made, Whole)
    assert Bound(Known(Whole.step), made) == method_of(Whole, "step", made, Mine)
    assert Bound(Known(WHOLES["of_class"]), Known(Whole)) == method_of(Whole, "of_class", made)
    assert Known(WHOLES["alone"]) == method_of(Whole, "alone", made)
    assert CODE == method_of(Whole, "asked", made)
    assert SOME_ENGINE == method_of(Whole, "asked", held)
    assert CODE == method_of(Whole, "later", made)
    assert SOME_ENGINE == method_of(Whole, "later", held)
    assert SOME_ENGINE == method_of(Whole, "slot", held)
    assert PLAIN == method_of(Whole, "__repr__", made)
    assert Known(3, 0) == method_of(Whole, "number", held)
    assert method_of(Whole, "missing", made) is None
    assert method_of(Whole, "number", made, Whole) is None


# Items --------------------------------------------------------------------------------------------------------------------


def one_of(*values: Any) -> Value:
    return OneOf(frozenset(Known(value, 0) for value in values))


ITEMS: list[tuple[Any, Value, Value]] = [
    ((1, mine), Known(0), Known(1)),
    ((1, mine), Known(1), Known(mine)),
    ((1, mine), Known(-2), Known(1)),
    ((1, mine), Known(2), PLAIN),
    ((1, mine), Known(-3), PLAIN),
    ((1, mine), Known(True), one_of(1, mine)),
    ((1, mine), Engine(), one_of(1, mine)),
    ((1, 2), PLAIN, PLAIN),
    ((), PLAIN, PLAIN),
    ([1, mine], Known(0), one_of(1, mine)),
    ([1, 2.0, "a", b"a", None, True, range(3)], PLAIN, PLAIN),
    ({"a": 1, "b": mine}, Known("a"), one_of(1, mine)),
    ({"a": 1}, Known("a"), PLAIN),
    ({mine: 1}, PLAIN, PLAIN),
    ({mine}, PLAIN, Known(mine, 0)),
    (frozenset({mine}), PLAIN, Known(mine, 0)),
    ([STANDARD, ATTRIBUTES], PLAIN, one_of(STANDARD, ATTRIBUTES)),
    ([WHOLE], PLAIN, Known(WHOLE, 0)),
    ([[*range(3)]] * 16, PLAIN, None),  # type: ignore[list-item]  # see below
    ([mine, *range(16)], PLAIN, CODE),
    ([*range(17)], PLAIN, PLAIN),
    ("text", Known(0), PLAIN),
    (b"text", Known(0), PLAIN),
    (range(3), Known(0), PLAIN),
    (collections.deque([mine]), Known(0), CODE),
    (collections.OrderedDict(a=mine), Known("a"), CODE),
    (WHOLE, Known("a"), CODE),
    (sys.modules, Known("json"), Known(json)),
    (sys.modules, Known("no_such_module_anywhere"), SOME_ENGINE),
    (sys.modules, Known(3), SOME_ENGINE),
    (sys.modules, PLAIN, SOME_ENGINE),
]


@pytest.mark.parametrize(("owner", "key", "expected"), ITEMS, ids=range(len(ITEMS)))
def test_items_are_any_of_those_that_are_there(owner: Any, key: Value, expected: Value | None) -> None:
    if expected is None:
        expected = Known(owner[0], 0)  # sixteen times the same
    assert expected == item_of(Known(owner), key)


def test_an_item_of_a_tuple_is_as_firm_as_the_tuple() -> None:
    assert Known(1, 1) == item_of(Known((1, 2), 1), Known(0))
    assert Known(1, 0) == item_of(Known((1, 2), 0), Known(0))
