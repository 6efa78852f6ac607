"""Where a jump goes, and what it leaves."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import pytest

from ledger import Subject, both, fixed, note, outcome


class Token(list[str]):
    log = logging.getLogger("token")


def true(obj: Any, eng: Any) -> bool:
    return True


def visited(lib: Subject, *leave: Any) -> Any:
    """Run four tokens, of which number 1 leaves by a task; return the order in which they are begun."""
    begun: list[int] = []

    def begin(obj: Any, eng: Any) -> None:
        begun.append(obj)
        if obj != 1 or begun.count(1) > 1:
            eng.continue_next_token()

    eng = lib.engine(begin, *leave)
    return outcome(lambda: eng.process([0, 1, 2, 3]) or begun)


@both
def test_jump_call_0_repeats_the_task(lib: Subject) -> None:
    def again(obj: Any, eng: Any) -> None:
        obj.append("again")
        if len(obj) < 4:
            eng.jump_call(0)

    assert ["a", "again", "again", "again", "b"] == lib.run(note("a"), again, note("b"))


@both
def test_a_jump_by_what_is_no_number_is_a_type_error(lib: Subject) -> None:
    def lost(obj: Any, eng: Any) -> None:
        eng.jump_call(None)

    assert "TypeError" == outcome(lambda: lib.run(lost, note("b")))


@both
def test_a_jump_never_leaves_its_own_list(lib: Subject) -> None:
    def b(obj: Any, eng: Any) -> None:
        obj.append("b")
        if len(obj) == 5:
            eng.stop()

    ahead = [lib.pattern("TASK_JUMP_FWD")(9), note("never")]
    endless = lib.pattern("IF")(true, [b, lib.pattern("TASK_JUMP_BWD")(-5)])
    assert ["a", "b", "b", "b", "b"] == lib.run(ahead, note("a"), endless)


@both
def test_break_inside_if_inside_while_leaves_only_the_if(lib: Subject) -> None:
    leave = lib.pattern("IF")(true, [lib.pattern("BREAK")(), note("never")])
    loop = lib.pattern("WHILE")(lambda obj, eng: len(obj) < 4, [note("a"), leave, note("b")])
    assert ["a", "b", "a", "b"] == lib.run(loop)


@both
def test_break_at_the_top_ends_the_token_as_any_end_does(lib: Subject) -> None:
    ended: list[Any] = []
    eng = lib.engine(
        note("a"),
        lambda obj, eng: eng.break_current_loop(),
        note("never"),
        hooks={"after_object": lambda eng, objects, obj: ended.append(obj)},
    )
    eng.process([[], []])
    assert [["a"], ["a"]] == ended
    assert eng.has_completed


@both
@pytest.mark.parametrize(
    ("offset", "expected"),
    [(2, [0, 1, 3]), (1, [0, 1, 2, 3]), (0, [0, 1, 1, 2, 3]), (-1, [0, 1, 0, 1, 2, 3]), (-9, [0, 1, 0, 1, 2, 3])],
)
def test_jump_token_goes_on_repeats_or_goes_back_to_the_first(lib: Subject, offset: int, expected: list[int]) -> None:
    assert expected == visited(lib, lambda obj, eng: eng.jump_token(offset))


@fixed(ours=([2], [2]), real=([2], [3]))
def test_a_jump_beyond_the_end_leaves_the_position_of_any_other_end(lib: Subject, expected: Any) -> None:
    ends: list[list[int]] = []

    def jump(obj: Any, eng: Any) -> None:
        if obj:
            eng.jump_call(9)

    eng = lib.engine(
        jump,
        lambda obj, eng: None,
        lambda obj, eng: None,
        hooks={"after_callbacks": lambda obj, eng: ends.append(list(eng.state.callback_pos))},
    )
    eng.process([0, 1])
    assert expected == tuple(ends)


@fixed(ours=(1, "b", True), real=(2, "IndexError", False))
def test_jump_token_beyond_the_last_token_ends_the_run_at_the_last(lib: Subject, expected: Any) -> None:
    eng = lib.engine(lambda obj, eng: eng.jump_token(9))
    eng.process(["a", "b"])
    assert expected == (eng.state.token_pos, outcome(lambda: eng.current_object), eng.has_completed)


@fixed(ours=[0, 1, 3], real="AttributeError")
def test_obj_jump_fwd_goes_to_a_later_token(lib: Subject, expected: Any) -> None:
    assert expected == visited(lib, lib.pattern("OBJ_JUMP_FWD")(2))


@fixed(ours=[0, 1, 0, 1, 2, 3], real="AttributeError")
def test_obj_jump_bwd_goes_to_an_earlier_token(lib: Subject, expected: Any) -> None:
    assert expected == visited(lib, lib.pattern("OBJ_JUMP_BWD")(-1))


@pytest.mark.parametrize(("name", "offset", "begun"), [("Forward", 2, [0, 1, 3]), ("Back", -1, [0, 1, 0, 1, 2, 3])])
@fixed(ours="begun", real="AttributeError")
def test_the_deprecated_jumps_of_tokens_work(
    lib: Subject, expected: Any, name: str, offset: int, begun: list[int]
) -> None:
    def jump(obj: Any, eng: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            getattr(eng, f"jumpToken{name}")(offset)

    assert (begun if expected == "begun" else expected) == visited(lib, jump)


@fixed(ours=[], real=["after"])
def test_obj_next_leaves_the_token_and_not_only_its_list(lib: Subject, expected: Any) -> None:
    assert expected == lib.run([lib.pattern("OBJ_NEXT")(), note("list")], note("after"))


@fixed(ours=["a", "b"], real=["b"])
def test_after_skip_token_the_next_token_starts_at_its_first_task(lib: Subject, expected: Any) -> None:
    tokens = [Token(["skip"]), Token()]
    lib.engine(note("a"), lambda obj, eng: obj[:1] == ["skip"] and eng.skip_token(), note("b")).process(tokens)
    assert expected == tokens[1]


@fixed(ours=[0], real=[1])
def test_abort_resets_the_position(lib: Subject, expected: Any) -> None:
    eng = lib.engine(note("a"), lambda obj, eng: eng.abort())
    eng.process([Token()])
    assert expected == eng.state.callback_pos


@both
def test_restart_inside_a_task_runs_inside_the_run_and_the_task_goes_on(lib: Subject) -> None:
    def fork(obj: Any, eng: Any) -> None:
        obj.append("fork")
        if obj.count("fork") == 1:
            eng.restart("current", "first")
        obj.append("on")

    assert ["a", "fork", "a", "fork", "on", "b", "on", "b"] == lib.run(note("a"), fork, note("b"))


@fixed(ours=[[1], [2]], real=[[0], [0]])
def test_after_a_run_inside_a_task_the_position_is_the_tasks_own(lib: Subject, expected: Any) -> None:
    def nested(obj: Any, eng: Any) -> None:
        if not obj:
            obj.append("nested")
            eng.restart("current", "first")
            look(obj, eng)

    def look(obj: Any, eng: Any) -> None:
        seen.append(list(eng.state.callback_pos))

    seen: list[list[int]] = []
    eng = lib.engine(lambda obj, eng: None, nested, look)
    eng.process([[]])
    assert expected == seen[-2:]


@fixed(ours=["a", "b", "a", "b", "c"], real=["a", "b", "c", "a", "b", "c"])
def test_a_position_changed_to_a_negative_index_is_the_start_of_its_list(lib: Subject, expected: Any) -> None:
    def back(obj: Any, eng: Any) -> None:
        obj.append("b")
        if len(obj) == 2:
            eng.state.callback_pos[-1] = -2

    assert expected == lib.run(note("a"), back, note("c"))


@fixed(ours=["t", "a", "b"], real="IndexError")
def test_a_run_inside_a_task_may_shorten_the_position(lib: Subject, expected: Any) -> None:
    def task(obj: Any, eng: Any) -> None:
        obj.append("t")
        eng.restart("current", "next")

    assert expected == outcome(lambda: lib.run([task, note("a")], note("b")))


@fixed(ours=400, real="RecursionError")
def test_runs_inside_tasks_do_not_use_up_the_recursion_limit(lib: Subject, expected: Any) -> None:
    def again(obj: Any, eng: Any) -> None:
        obj.append(1)
        if len(obj) < 400:
            eng.restart("current", "first")

    assert expected == outcome(lambda: len(lib.run(again)))
