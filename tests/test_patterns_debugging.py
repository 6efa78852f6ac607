"""The helper patterns that measure, repeat and call: PROFILE, DEBUG_CYCLE, CALLFUNC."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
from helpers import Duplicable, Needy, add, engine, halted, run

from wfgraph.errors import (
    HaltProcessing,
    WorkflowDefinitionError,
    WorkflowError,
)
from wfgraph.graph import ops
from wfgraph.graph.task import op_of
from wfgraph.patterns import _debugging
from wfgraph.patterns.controlflow import HALT
from wfgraph.patterns.utils import (
    CALLFUNC,
    DEBUG_CYCLE,
    EMPTY_CALL,
    PROFILE,
    debug_simple,
    universal_repeater,
)

# The profiler --------------------------------------------------------------------------------------------------------


def test_profile_prints_without_output(capsys):
    obj = []
    run(PROFILE(add("a")), PROFILE([add("b"), [add("c")]]), obj=obj)
    assert obj == ["a", "b", "c"]
    assert capsys.readouterr().out.count("function calls") == 2


def test_profile_saves_what_it_is_asked_for(tmp_path, capsys):
    output = tmp_path / "profile"
    run(PROFILE(EMPTY_CALL, str(output), ["time", "calls"]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["profile", "profile.stats-calls", "profile.stats-time"]
    assert "EMPTY_CALL" in (tmp_path / "profile.stats-time").read_text()
    assert capsys.readouterr().out == ""


def test_profile_reports_what_was_halted(capsys):
    with pytest.raises(HaltProcessing):
        run(PROFILE([HALT()]))
    assert "function calls" in capsys.readouterr().out
    assert isinstance(op_of(PROFILE([HALT()])), ops.SubWorkflow)


def test_a_profile_that_can_not_be_saved_never_replaces_a_halt(tmp_path, caplog):
    output = str(tmp_path / "missing" / "profile")
    assert halted(engine(PROFILE([HALT("look")], output)), [{}]).message == "look"
    assert [record.message for record in caplog.records] == ["the profile can't be saved"]
    with pytest.raises(FileNotFoundError):
        run(PROFILE(EMPTY_CALL, output))


def test_profile_works_with_an_engine_that_needs_arguments(capsys):
    obj = []
    run(PROFILE([add("a")]), obj=obj, kind=Duplicable, args=("db",))
    assert obj == ["a"]
    with pytest.raises(WorkflowError, match=r"PROFILE needs another engine"):
        run(PROFILE([add("a")]), kind=Needy, args=("db",))


@pytest.mark.parametrize("arguments", [(EMPTY_CALL, None, ["beauty"]), ("text",)])
def test_profile_refuses_what_it_can_not_do(arguments):
    with pytest.raises(WorkflowDefinitionError):
        PROFILE(*arguments)


# Repeating while the code is being written ---------------------------------------------------------------------------


@pytest.fixture
def no_pause(monkeypatch):
    monkeypatch.setattr(_debugging, "PAUSE", 0)


def test_debug_cycle_runs_once_and_knows_its_names():
    eng = engine(DEBUG_CYCLE("obj.append((number, path.sep, eng))", "from os import path", number=3))
    obj = []
    eng.process([obj])
    assert obj == [(3, "/", eng)]


def test_debug_cycle_repeats_until_the_stopper_says_so():
    obj = []
    run(DEBUG_CYCLE("obj.append(1)", debug_stopper=lambda obj, eng: len(obj) == 3), obj=obj)
    assert obj == [1, 1, 1]


def test_debug_cycle_runs_onerror_after_an_error_only(no_pause):
    obj = []
    run(DEBUG_CYCLE("obj.append(1 // good[0])", onerror="obj.append('mend'); good[0] = 1", good=[0]), obj=obj)
    assert obj == ["mend", 1]


def test_debug_cycle_raises_where_nothing_can_change():
    with pytest.raises(ZeroDivisionError):
        run(DEBUG_CYCLE("1 // 0"))


def test_debug_cycle_raises_the_error_it_is_stopped_at(no_pause, caplog):
    attempts = []
    stopper = lambda obj, eng: attempts.append(1) or len(attempts) == 3  # noqa: E731
    with pytest.raises(ZeroDivisionError):
        run(DEBUG_CYCLE("1 // 0", debug_stopper=stopper))
    assert len(attempts) == 3
    assert len(caplog.records) == 2


def test_debug_cycle_lets_what_steers_the_token_pass():
    assert halted(engine(DEBUG_CYCLE("eng.halt('look')", onerror="1 // 0")), [{}]).message == "look"


def test_debug_cycle_can_be_tried_without_an_engine(no_pause):
    obj = []
    DEBUG_CYCLE("obj.append(done[0]); 1 // done[0]", onerror="done[0] = 1", done=[0])(obj, "eng")
    assert obj == [0, 1]


@pytest.mark.parametrize("arguments", [("1 +",), ("1", "import"), ("1", None, ")")])
def test_debug_cycle_refuses_what_can_not_be_compiled(arguments):
    with pytest.raises(WorkflowDefinitionError, match="can't compile"):
        DEBUG_CYCLE(*arguments)


# Any function --------------------------------------------------------------------------------------------------------


def test_callfunc_stores_the_result_in_the_token():
    obj = {}
    eng = run(CALLFUNC(lambda *args, **kwargs: (args, kwargs), "out", args=[1], a=2), obj=obj)
    assert obj == {"out": ((1,), {"a": 2})}
    assert eng.extra_data == {}
    run(CALLFUNC(len, args=["abc"]), obj=obj)
    assert set(obj) == {"out"}


def test_callfunc_imports_a_dotted_name():
    obj = {}
    run(
        CALLFUNC("os.path.join", "out", args=["a", "b"]),
        CALLFUNC("collections.OrderedDict.fromkeys", "n", args=["a"]),
        obj=obj,
    )
    assert obj == {"out": "a/b", "n": {"a": None}}


@pytest.mark.parametrize("func", ["os.path.no_such_name", "no_such_module.f", "len", "", "os.sep", 5, "a b", "..x"])
def test_callfunc_refuses_what_can_not_be_imported(func):
    with pytest.raises(WorkflowDefinitionError):
        CALLFUNC(func)


def test_the_arguments_of_callfunc_do_not_accumulate():
    seen, args = [], [0]
    made = CALLFUNC(lambda *args, **kwargs: seen.append((args, kwargs)), args=args, oeargs=["Ox"], okeys={"k": "y"})
    eng = engine(made)
    eng.process([{"x": 1, "y": 2}, {"x": 3, "y": 4}])
    assert seen == [((0, 1), {"k": 2}), ((0, 3), {"k": 4})]
    assert args == [0]


def test_callfunc_takes_arguments_from_where_it_is_told():
    obj = {"a": "token", "b": "token", "Only": 1}
    eng = engine(CALLFUNC(lambda *args, **kwargs: (args, kwargs), "out", oeargs=["Oa", "Ea", "b", "c", "Only"],
                          ekeys={"x": "a"}, okeys={"y": "a"}))  # fmt: skip
    eng.extra_data.update(a="engine", b="engine", c="engine")
    eng.process([obj])
    assert obj["out"] == (("token", "engine", "token", "engine", 1), {"x": "engine", "y": "token"})


@pytest.mark.parametrize(
    ("options", "named"),
    [({"oeargs": ["Ogone"]}, "'Ogone'"), ({"ekeys": {"x": "gone"}}, "'gone'"), ({"okeys": {"x": "gone"}}, "'gone'")],
)
def test_callfunc_names_a_key_that_is_not_there_and_does_not_exit(options, named):
    with pytest.raises(WorkflowError, match=named):
        run(CALLFUNC(print, **options))


def test_callfunc_takes_texts_as_keys():
    with pytest.raises(WorkflowDefinitionError, match="oeargs"):
        CALLFUNC(print, oeargs=[3])


@pytest.fixture
def edited(tmp_path, monkeypatch, no_pause):
    """A module on disk, with a function to write it anew."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path = tmp_path / "edited_by_the_tests.py"

    def write(text):
        path.write_text(text)

    write("def work(x):\n    raise ValueError('not yet')\n")
    yield write
    sys.modules.pop("edited_by_the_tests", None)


def test_callfunc_reloads_the_module_until_it_works(edited, caplog):
    versions = ["def work(x:", "def work(x):\n    return 'done ' * x\n"]

    def stopper(obj, eng):
        edited(versions.pop(0))

    obj = {}
    run(CALLFUNC("edited_by_the_tests.work", "out", debug=True, stopper=stopper, args=[2]), obj=obj)
    assert obj == {"out": "done done "}
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING", "ERROR"]


def test_callfunc_raises_the_error_it_is_stopped_at(edited):
    with pytest.raises(ValueError, match="not yet"):
        run(CALLFUNC("edited_by_the_tests.work", debug=True, stopper=lambda obj, eng: True, args=[2]))


def test_callfunc_does_not_repeat_what_can_not_be_reloaded():
    def fail():
        raise ValueError("once")

    fail.__module__ = None
    with pytest.raises(ValueError, match="once"):
        run(CALLFUNC(fail, debug=True))


def test_callfunc_lets_what_steers_the_token_pass(edited):
    def work():
        raise HaltProcessing("look")

    assert halted(engine(CALLFUNC(work, debug=True)), [{}]).message == "look"


def test_universal_repeater_asks_before_each_call(edited):
    module = __import__("edited_by_the_tests")
    asked = []

    def stopper(x):
        asked.append(x)
        edited("def work(x):\n    return x + 1\n")

    assert universal_repeater(module, module.work, stopper, 1) == 2
    assert asked == [1, 1]
    assert universal_repeater(module, module.work, lambda x: True, 1) is None


def test_universal_repeater_raises_without_a_module():
    with pytest.raises(ZeroDivisionError):
        universal_repeater(None, divmod, None, 1, 0)


def test_debug_simple_hands_on_the_arguments(edited, monkeypatch):
    monkeypatch.setattr(_debugging.time, "sleep", lambda pause: edited("def work(x, y):\n    return x + y\n"))
    edited("def work(x, y=0):\n    raise ValueError\n")
    assert debug_simple("edited_by_the_tests.work", 1, y=2) == 3


def test_a_module_that_was_never_imported_from_a_file_is_not_reloaded():
    module = ModuleType("made_by_hand")
    sys.modules["made_by_hand"] = module
    try:
        exec("def f():\n    raise KeyError('once')", vars(module))  # noqa: S102 - a module without a file
        with pytest.raises(KeyError, match="once"):
            debug_simple(module.f)
    finally:
        del sys.modules["made_by_hand"]
