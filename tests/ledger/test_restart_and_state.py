"""Where a run begins again, and what an engine says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from ledger import Subject, both, fixed, note, ours, outcome
from wfgraph.errors import WorkflowError


class Keyed(list[str]):
    """A token that chooses its definition."""

    def __init__(self, kind: str | None) -> None:
        super().__init__()
        self.kind = kind

    def getFeature(self, name: str) -> str | None:
        return self.kind


class Lazy(list[Any]):
    """Tokens that nobody may iterate over."""

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError("iterated over")


def halt_once() -> Any:
    """Return a task that halts when it first runs."""
    seen: list[Any] = []

    def halt(obj: Any, eng: Any) -> None:
        seen.append(obj)
        if len(seen) == 1:
            eng.halt("look")
        obj.append("halt")

    return halt


@both
def test_after_a_halt_in_a_condition_next_is_its_branch(lib: Subject) -> None:
    obj: list[str] = []
    eng = lib.engine(lib.pattern("IF")(lambda obj, eng: eng.halt("look"), [note("branch")]), note("after"))
    lib.halted(eng, obj)
    eng.restart("current", "next")
    assert ["branch", "after"] == obj


@both
def test_process_without_a_reset_goes_on_from_the_position(lib: Subject) -> None:
    tokens: list[list[str]] = [[], [], []]
    eng = lib.engine(note("a"), [note("b"), note("c")])
    eng.state.token_pos, eng.state.callback_pos = 0, [1, 1]
    eng.process(tokens, reset_state=False)
    assert [[], ["c"], ["a", "b", "c"]] == tokens


@both
def test_current_next_after_the_end_runs_the_tail_of_the_last_token(lib: Subject) -> None:
    tokens: list[list[str]] = [[], []]
    eng = lib.engine(note("a"), note("b"), note("c"))
    eng.process(tokens)
    eng.restart("current", "next")
    assert [["a", "b", "c"], ["a", "b", "c", "b", "c"]] == tokens


@both
@pytest.mark.parametrize("objects", [[], (), None])
def test_no_objects_for_a_restart_are_the_old_ones(lib: Subject, objects: Any) -> None:
    tokens: list[list[str]] = [[], []]
    eng = lib.engine(note("a"))
    eng.process(tokens)
    eng.restart("first", "first", objects=objects)
    assert [["a", "a"], ["a", "a"]] == tokens


@fixed(ours=["halt", "b", "c"], real=["c", "halt", "b", "c"])
def test_prev_at_the_first_task_stays_at_the_first(lib: Subject, expected: list[str]) -> None:
    obj: list[str] = []
    eng = lib.engine(halt_once(), note("b"), note("c"))
    lib.halted(eng, obj)
    eng.restart("current", "prev")
    assert expected == obj


@pytest.mark.parametrize(
    ("words", "error"),
    [(("prev", "first"), "AttributeError"), (("bogus", "first"), "TypeError"), (("first", "bogus"), "Exception")],
)
@fixed(ours="WorkflowError", real="an error of its own")
def test_at_the_first_token_a_bad_restart_is_one_clear_error(
    lib: Subject, expected: str, words: tuple[str, str], error: str
) -> None:
    eng = lib.engine(halt_once())
    lib.halted(eng, [])
    assert (error if lib.library.real else expected) == outcome(lambda: eng.restart(*words))
    if not lib.library.real:
        assert (0, [0]) == (eng.state.token_pos, eng.state.callback_pos)
        with pytest.raises(WorkflowError, match="bogus" if "bogus" in words else "there is no prev object"):
            eng.restart(*words)


@fixed(ours=("WorkflowError", 1), real=("TimeoutError", 50))
def test_an_error_before_the_first_token_is_raised_and_not_repeated_for_ever(lib: Subject, expected: Any) -> None:
    attempts: list[Any] = []

    def fail(eng: Any, objects: Any) -> None:
        attempts.append(objects)
        if len(attempts) == 50:
            raise TimeoutError
        raise lib.error("WorkflowError")("before the first token")

    eng = lib.engine(note("a"), hooks={"before_processing": fail})
    eng.objects = [[]]
    assert expected == (outcome(lambda: eng.process([[]], stop_on_error=False)), len(attempts))


@pytest.mark.parametrize("tokens", [lambda: {1, 2}, lambda: (n for n in (1, 2)), lambda: {1: "", 2: ""}.keys()])
@fixed(ours=[1, 2], real="TypeError")
def test_tokens_without_an_order_or_a_length_become_a_list(lib: Subject, expected: Any, tokens: Any) -> None:
    seen: list[int] = []
    eng = lib.engine(lambda obj, eng: seen.append(obj))
    assert expected == outcome(lambda: eng.process(tokens()) or seen)


@fixed(ours="WorkflowError", real="KeyError")
def test_a_dict_of_tokens_is_refused(lib: Subject, expected: str) -> None:
    assert expected == outcome(lambda: lib.engine(note("a")).process({"key": []}))


@fixed(ours=(True, 0), real=(False, 0))
def test_an_engine_without_tokens_is_true_and_has_no_length(lib: Subject, expected: Any) -> None:
    eng = lib.engine(note("a"))
    assert expected == (bool(eng), len(eng))


@pytest.mark.parametrize("leave", ["stop", "abort"])
@fixed(ours=False, real=True)
def test_a_run_that_was_ended_early_has_not_completed(lib: Subject, expected: bool, leave: str) -> None:
    eng = lib.engine(lambda obj, eng: getattr(eng, leave)())
    eng.process([type("Token", (), {"log": eng.log})()])
    assert expected == eng.has_completed


def _named(obj: Any, eng: Any) -> None: ...


class Unnamed:
    def __call__(self, obj: Any, eng: Any) -> None: ...


@pytest.mark.parametrize(
    ("callbacks", "position", "name", "error"),
    [
        ([_named], [0], "_named", "_named"),
        ([_named, [_named]], [1], "[", "["),
        ([partial(_named)], [0], "partial(_named)", "AttributeError"),
        ([Unnamed()], [0], "Unnamed", "AttributeError"),
        ([_named], [7], None, "IndexError"),
        ([_named], [0, 3], "_named", "_named"),
        ([], [0], None, "KeyError"),
    ],
)
@fixed(ours="name", real="error")
def test_the_name_of_the_current_task_is_known_or_none(
    lib: Subject, expected: str, callbacks: list[Any], position: list[int], name: Any, error: Any
) -> None:
    eng = lib.engine(*callbacks)
    eng.state.callback_pos = position
    found = outcome(lambda: eng.current_taskname)
    shown = "[" if isinstance(found, str) and found.startswith("[") else found
    assert (name if expected == "name" else error) == shown


@fixed(ours="_named", real="KeyError")
def test_the_name_of_the_current_task_is_that_of_the_tokens_own_definition(lib: Subject, expected: str) -> None:
    found: list[Any] = []
    eng = lib.engine()
    look = {"before_each_callback": lambda eng, task, obj: found.append(outcome(lambda: eng.current_taskname))}
    eng = lib.engine(hooks=look)
    eng.callbacks.add(_named, "key")
    eng.process([Keyed("key")])
    assert [expected] == found


@fixed(ours="b", real="AssertionError")
def test_the_current_token_is_found_without_a_copy_of_all(lib: Subject, expected: str) -> None:
    eng = lib.engine(note("a"))
    eng.objects = Lazy(["a", "b"])
    eng.state.token_pos = 1
    assert expected == outcome(lambda: eng.current_object)


@fixed(ours="WorkflowError", real=None)
def test_a_token_without_a_type_is_an_error_instead_of_left_out(lib: Subject, expected: Any) -> None:
    obj = Keyed(None)
    assert expected == outcome(lambda: lib.engine(note("a")).process([obj]))
    assert [] == obj


@ours
def test_the_error_for_a_token_without_a_type_says_so(lib: Subject) -> None:
    with pytest.raises(WorkflowError, match=r"getFeature\('type'\) of the token Keyed gave None"):
        lib.engine(note("a")).process([Keyed(None)])
