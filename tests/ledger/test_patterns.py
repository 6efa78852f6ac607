"""The patterns, where 2.1.6 does not what it documents."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ledger import Subject, both, fixed, note, ours, outcome


def a(obj: Any, eng: Any) -> None:
    """Tell whose docstring this is: mine."""
    obj.append("a")


def answer(value: Any) -> Any:
    """Return a condition, or an arbiter, that always says the same."""

    def answering(obj: Any, eng: Any) -> Any:
        return value

    return answering


class Arbiter:
    def __call__(self, obj: Any, eng: Any) -> str:
        return "two"


def keep(obj: Any, eng: Any) -> None:
    """Write the item of the loop into the token."""
    obj.append(eng.extra_data["item"])


@both
@pytest.mark.parametrize(("condition", "expected"), [(True, ["a"]), (False, ["b", "c"])])
def test_if_else_runs_one_of_its_lists(lib: Subject, condition: bool, expected: list[str]) -> None:
    assert expected == lib.run(lib.pattern("IF_ELSE")(answer(condition), [note("a")], [note("b"), note("c")]))


@fixed(ours=["c", "d"], real=[])
def test_if_else_takes_tuples_as_branches(lib: Subject, expected: list[str]) -> None:
    branches = (note("a"), note("b")), (note("c"), note("d"))
    assert expected == lib.run(lib.pattern("IF_ELSE")(answer(False), *branches))


@fixed(ours=["c", "d"], real=[])
def test_choice_takes_tuples_as_branches(lib: Subject, expected: list[str]) -> None:
    branches = ("one", note("a"), note("b")), ("two", note("c"), note("d"))
    assert expected == lib.run(lib.pattern("CHOICE")(answer("two"), *branches))


@fixed(ours=["c", "d"], real=[])
def test_choice_takes_tuples_by_name(lib: Subject, expected: list[str]) -> None:
    branches = {"one": (note("a"), note("b")), "two": (note("c"), note("d"))}
    assert expected == lib.run(lib.pattern("CHOICE")(answer("two"), **branches))


@both
def test_a_branch_of_choice_has_one_place_in_the_list(lib: Subject) -> None:
    def place(obj: Any, eng: Any) -> None:
        obj.append(list(eng.state.callback_pos))

    for value, expected in (("one", [0, 1]), ("two", [0, 3, 0]), ("three", [0, 5])):
        choice = lib.pattern("CHOICE")(answer(value), ("one", place), ("two", [place]), three=place)
        assert [expected] == lib.run(choice)


@both
def test_the_arbiter_of_choice_is_in_the_closure_of_its_task(lib: Subject) -> None:
    arbiter = answer("one")
    [deciding, *_] = lib.pattern("CHOICE")(arbiter, one=note("a"))
    assert arbiter in [cell.cell_contents for cell in deciding.__closure__]


@pytest.mark.parametrize("arbiter", [partial(answer("two")), Arbiter()])
@fixed(ours=["b"], real="AttributeError")
def test_choice_takes_any_callable_as_its_arbiter(lib: Subject, expected: Any, arbiter: Any) -> None:
    assert expected == outcome(lambda: lib.run(lib.pattern("CHOICE")(arbiter, one=note("a"), two=note("b"))))


@fixed(ours=["other"], real="KeyError")
def test_choice_has_a_default(lib: Subject, expected: Any) -> None:
    choice = lib.pattern("CHOICE")(answer("three"), one=note("a"), default=note("other"))
    assert expected == outcome(lambda: lib.run(choice))


@fixed(ours=True, real=False)
def test_choice_names_the_branches_that_there_are(lib: Subject, expected: bool) -> None:
    with pytest.raises(KeyError) as caught:
        lib.run(lib.pattern("CHOICE")(answer("three"), one=note("a"), two=note("b")))
    assert "three" in str(caught.value)
    assert expected == ("one" in str(caught.value) and "two" in str(caught.value))


@fixed(ours=["a"], real="KeyError")
def test_a_branch_of_choice_may_be_called_comment(lib: Subject, expected: Any) -> None:
    assert expected == outcome(lambda: lib.run(lib.pattern("CHOICE")(answer("comment"), comment=note("a"))))


@fixed(ours="mine", real="SIMPLE_MERGE")
def test_simple_merge_leaves_docstrings_alone(lib: Subject, expected: str) -> None:
    def own(obj: Any, eng: Any) -> None:
        """My own text: mine."""

    lib.pattern("SIMPLE_MERGE")(own, note("b"))
    assert expected in str(own.__doc__)


@fixed(ours=["a", "last"], real="AttributeError")
def test_simple_merge_takes_a_list_as_its_first_branch(lib: Subject, expected: Any) -> None:
    assert expected == outcome(lambda: lib.run(lib.pattern("SIMPLE_MERGE")([note("a")], note("b"), note("last"))))


@pytest.mark.parametrize(("first", "operator", "second"), [(1, "ne", 2), (1, "!=", 2), ([1], "not in", 2)])
@fixed(ours=True, real="KeyError")
def test_cmp_knows_ne_and_not_in(lib: Subject, expected: Any, first: Any, operator: str, second: Any) -> None:
    assert expected == outcome(lambda: lib.pattern("CMP")(first, second, operator)([], None))


@fixed(ours="WorkflowDefinitionError", real="built")
def test_cmp_refuses_an_unknown_operator_when_it_is_built(lib: Subject, expected: str) -> None:
    assert expected == outcome(lambda: lib.pattern("CMP")(1, 2, "like") and "built")


@both
@pytest.mark.parametrize(("first", "second", "expected"), [([1, 2], 1, True), ([1, 2], 3, False)])
def test_cmp_in_asks_whether_the_second_is_in_the_first(lib: Subject, first: Any, second: Any, expected: bool) -> None:
    assert expected is lib.pattern("CMP")(first, second, "in")([], None)


@pytest.mark.parametrize(("order", "items"), [("ASC", [1, 2, 3]), ("DSC", [3, 2, 1])])
@pytest.mark.parametrize("cached", [True, False])
@fixed(ours="items", real="KeyError")
def test_for_ends_and_leaves_the_last_item(
    lib: Subject, expected: str, cached: bool, order: str, items: list[int]
) -> None:
    eng = lib.engine(lib.pattern("FOR")([1, 2, 3], "item", [keep], cache_data=cached, order=order), note("end"))
    obj: list[Any] = []
    if expected == "items":
        eng.process([obj])
        assert ([*items, "end"], {"item": items[-1]}) == (obj, eng.extra_data)
    else:
        assert expected == outcome(lambda: eng.process([obj]))


@fixed(ours=[1, 2], real="RecursionError")
def test_for_takes_a_callable(lib: Subject, expected: Any) -> None:
    assert expected == outcome(lambda: lib.run(lib.pattern("FOR")(lambda obj, eng: [1, 2], "item", [keep])))


def leaving(lib: Subject, leave: str) -> Any:
    """Return an engine whose tokens leave a FOR at its second item."""

    def go(obj: Any, eng: Any) -> None:
        if len(obj) > 1:
            getattr(eng, leave)()

    return lib.engine(lib.pattern("FOR")([1, 2, 3], "item", [keep, go]))


@ours
@pytest.mark.parametrize("leave", ["continue_next_token", "break_current_loop", "skip_token"])
def test_for_begins_anew_for_each_token(lib: Subject, leave: str) -> None:
    tokens: list[list[Any]] = [[], []]
    leaving(lib, leave).process(tokens)
    assert [[1, 2], [1, 2]] == tokens


@ours
@pytest.mark.parametrize("leave", ["continue_next_token", "break_current_loop", "skip_token", "abort"])
def test_the_progress_of_for_is_gone_with_its_token(lib: Subject, leave: str) -> None:
    eng = leaving(lib, leave)
    eng.process([[]])
    assert {"item": 2} == eng.extra_data


@ours
def test_for_begins_anew_for_the_token_after_a_halt(lib: Subject) -> None:
    tokens: list[list[Any]] = [[], []]
    halt = lib.pattern("IF")(lambda obj, eng: obj == [1, 2], [lib.pattern("HALT")()])
    eng = lib.engine(lib.pattern("FOR")([1, 2, 3], "item", [keep, halt]))
    lib.halted(eng, *tokens)
    with pytest.raises(lib.error("HaltProcessing")):
        eng.restart("next", "first")
    assert [[1, 2], [1, 2]] == tokens


@ours
def test_for_goes_on_after_a_halt_in_an_engine_that_read_its_state_from_json(lib: Subject) -> None:
    def revived(old: Any, eng: Any) -> Any:
        eng.state.__setstate__(json.loads(json.dumps(old.state.__getstate__())))
        eng.extra_data = json.loads(json.dumps(old.extra_data))
        return eng

    def make() -> Any:
        inner = lib.pattern("FOR")(["x", "y"], "item", [keep, lambda obj, eng: obj[-1] == "x" and eng.halt("look")])
        return lib.engine(lib.pattern("FOR")([1, 2], "outer", [inner]), note("end"))

    obj: list[Any] = []
    eng = make()
    lib.halted(eng, obj)
    eng = revived(eng, make())
    with pytest.raises(lib.error("HaltProcessing")):
        eng.restart("current", "next", objects=[obj])
    eng = revived(eng, make())
    eng.restart("current", "next", objects=[obj])
    assert (["x", "y", "x", "y", "end"], {"outer": 2, "item": "y"}) == (obj, eng.extra_data)


class Shouts:
    def __str__(self) -> str:
        raise AssertionError("nobody may ask for this")

    __repr__ = __str__


def fail(obj: Any, eng: Any) -> None:
    raise ValueError("of the task")


def leave_python(obj: Any, eng: Any) -> None:
    raise SystemExit


def message_of_error(lib: Subject) -> bool:
    with pytest.raises(Exception, match="no way") as caught:
        lib.run(lib.pattern("ERROR")("no way"))
    return __file__ in str(caught.value)


def call_twice(lib: Subject) -> list[str]:
    obj = {"name": "b"}
    task, found = lib.pattern("CALLFUNC")("os.path.join", "out", args=["a"], oeargs=["name"]), []
    for _ in range(2):
        task(obj, lib.engine())
        found.append(obj["out"])
    return found


def keys_after(lib: Subject) -> list[str]:
    keys = ["key"]
    eng = lib.engine(lib.pattern("RUN_WF")([note("inside")], pass_eng=keys))
    eng.extra_data["key"] = 1
    eng.process([[[]]])
    return keys


@pytest.mark.parametrize(
    ("use", "good", "bad"),
    [
        (message_of_error, True, False),
        (call_twice, ["a/b", "a/b"], ["a/b", "a/b/b"]),
        (keys_after, ["key"], []),
        (lambda lib: lib.run(lib.pattern("RUN_WF")([note("inside")])), ["inside"], []),
        (lambda lib: lib.run(lib.pattern("TRY")(fail, verbose=False)), "Exception", []),
        (lambda lib: bool(lib.pattern("ENG_SET")("key", Shouts())), True, "AssertionError"),
    ],
    ids=["ERROR", "CALLFUNC", "RUN_WF pass_eng", "RUN_WF token", "TRY", "docstrings"],
)
@fixed(ours="good", real="bad")
def test_the_helpers_do_what_they_document(lib: Subject, expected: str, use: Any, good: Any, bad: Any) -> None:
    assert (good if expected == "good" else bad) == outcome(lambda: use(lib))


@fixed(ours=True, real=False)
def test_try_lets_system_exit_pass(lib: Subject, expected: bool) -> None:
    passed = False
    try:
        lib.run(lib.pattern("TRY")(leave_python, verbose=False, onfailure=note("failed")))
    except SystemExit:
        passed = True
    assert expected == passed


@fixed(ours=True, real=False)
def test_profile_writes_its_statistics_also_for_a_task_that_halts(lib: Subject, expected: bool, tmp_path: Path) -> None:
    output = tmp_path / "profile"
    profiled = lib.pattern("PROFILE")(lambda obj, eng: eng.halt("look"), output=str(output), stats=["time"])
    lib.halted(lib.engine(profiled), [])
    assert expected == (tmp_path / "profile.stats-time").exists()


@both
def test_parallel_split_leaves_nothing_but_its_lock(lib: Subject) -> None:
    eng = lib.engine(lib.pattern("PARALLEL_SPLIT")())
    eng.process([[]])
    assert {"lock"} == set(eng.extra_data)
