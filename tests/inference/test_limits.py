"""How much code is read, what is read once, and where notes point to."""

from __future__ import annotations

from typing import Any

import pytest

from inference import farm
from inference.test_reading import make
from wfgraph import task
from wfgraph.compiler.inference import Inference, Note, NoteKind, base
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.graph import ops
from wfgraph.graph.outcomes import HALT, RETURN, STOP, jump


def test_a_task_is_read_up_to_a_certain_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_MOST_STEPS", 200)
    assert Inference().effects(make("pass\n" * 150 + "eng.halt()")).outcomes == (HALT,)
    assert Inference().effects(make("pass\n" * 250 + "eng.halt()")).opaque == "too much code to follow"


def nested(depth: int) -> Any:
    if not depth:
        return lambda obj, eng: eng.halt()
    inner = nested(depth - 1)

    def call(obj: Any, eng: Any) -> None:
        farm.give(obj)
        inner(obj, eng)

    return call


def test_helpers_of_helpers_are_followed_up_to_a_certain_depth() -> None:
    assert Inference().effects(nested(11)).outcomes == (HALT,)
    assert Inference().effects(nested(13)).opaque.startswith("calls that are nested too deep, line ")


def test_any_number_of_helpers_is_followed_one_after_the_other() -> None:
    assert Inference().effects(make("give(obj)\n" * 50 + "eng.halt()")).outcomes == (HALT,)


def test_a_task_is_read_once() -> None:
    def declared(obj: Any, eng: Any) -> None:
        eng.stop()

    inference = Inference()
    one, other = (lambda obj, eng: eng.jump_call(7)), task(ops.Call((HALT,)))(declared)
    assert [inference.effects(one).outcomes, inference.effects(other).outcomes] == [(jump(7),), (HALT,)]
    assert [inference.facts(one).outcomes, inference.facts(other).outcomes] == [(jump(7),), (STOP,)]
    for ask in (inference.effects, inference.facts):
        assert ask(one) is ask(one)
        assert ask(other) is ask(other)
        assert ask(one) is not ask(other)


def test_facts_depend_on_the_class_of_the_engine() -> None:
    class Polite(GenericWorkflowEngine):
        def leave(self) -> None:
            self.halt("please")

    @task(ops.Call((RETURN,)))
    def leaves(obj: Any, eng: Any) -> None:
        eng.leave()

    assert Inference(Polite).facts(leaves).outcomes == (HALT,)
    assert Inference().facts(leaves).opaque.startswith("eng.leave() is called, line ")
    assert Inference(Polite).effects(leaves).outcomes == (RETURN,)


@pytest.mark.parametrize(
    ("body", "kind", "detail", "line"),
    [
        ("eng.restart()", NoteKind.RESTARTS, "restart", 1),
        ("def inner():\n    def more(): eng.restart()\n    more()\ninner()", NoteKind.RESTARTS, "restart", 2),
        ("(lambda: (lambda: eng.restart())())()", NoteKind.RESTARTS, "restart", 1),
        ("pass\nlater(eng)", NoteKind.NOT_AWAITED, "later", 2),
    ],
)
def test_a_note_says_where_it_belongs(body: str, kind: NoteKind, detail: str, line: int) -> None:
    written = make(body)
    found = Inference().effects(written).notes
    assert found == (Note(kind, detail, written.__code__.co_filename, written.__code__.co_firstlineno + line),)


def test_a_coroutine_that_is_dropped_is_noted_where_it_was_made() -> None:
    written = make("made = later(eng)\nreturn made")
    line = written.__code__.co_firstlineno + 1
    assert Inference().effects(written).notes == (Note(NoteKind.NOT_AWAITED, "later", "", line),)
    found = Inference().effects(farm.later)
    assert found.notes == (Note(NoteKind.NOT_AWAITED, "later", "", 0),)
    assert found.opaque == "an async function is called"


def test_a_variable_of_a_closure_that_is_not_set_for_good_may_be_code() -> None:
    def changing(obj: Any, eng: Any) -> None:
        farm.HELD.step = value

    def unset(obj: Any, eng: Any) -> None:
        farm.HELD.step = later

    value: Any = 1
    found = [Inference().effects(one).opaque.partition(",")[0] for one in (changing, unset)]
    value = later = len
    assert ["code is stored in an object"] * 2 == found
