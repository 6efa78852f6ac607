"""Where an engine stands, and ``restart`` in all its words from there; with 2.1.6, where that is right."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from differential.real import OURS, REAL, Library

WORDS = ("prev", "current", "next", "first")
TOKENS = ["x", "y", "z"]
KINDS = {"interpreted": OURS, "compiled": OURS, "real": REAL}
everywhere = pytest.mark.parametrize("kind", KINDS)


class Journal:
    """An engine for ``[a, [b, c, d], e]``, and which token came to which task: "yc" is y that came to c."""

    def __init__(self, kind: str) -> None:
        self.library: Library = KINDS[kind]
        self.visits: list[str] = []
        self.acts: dict[str, Callable[[Any], Any]] = {}
        self.eng = self.library.engine.GenericWorkflowEngine()
        self.eng.tier = kind
        a, b, c, d, e = map(self.task, "abcde")
        self.eng.callbacks.replace([a, [b, c, d], e])

    def task(self, name: str) -> Any:
        def task(obj: str, eng: Any) -> None:
            self.visits.append(obj + name)
            if act := self.acts.pop(obj + name, None):
                act(eng)

        return task

    def run(self, call: Callable[..., Any], *arguments: Any, **options: Any) -> str:
        """Make a call of the engine; return the visits, and the name of the exception if there is one."""
        self.visits.clear()
        try:
            call(*arguments, **options)
        except Exception as error:
            self.visits.append(type(error).__name__)
        return " ".join(self.visits)

    def fail(self, eng: Any) -> None:
        raise self.library.error("WorkflowError")("failed")

    def halt(self, eng: Any) -> None:
        eng.halt()

    def stop(self, eng: Any) -> None:
        eng.stop()


@dataclass(frozen=True)
class Stand:
    """Where an engine stands, and what ``restart`` makes of it.

    Attributes:
        ended_at: the visit that ended the run; "" when it ended by itself, None when there was none.
        tokens: by the word for the object, the tokens that are run; None where there is no such object.
        tasks: by the word for the task, the tasks of the first of them; the others run all.
    """

    ended_at: str | None
    tokens: dict[str, str | None]
    tasks: dict[str, str]

    def journal(self, kind: str, end: str = "halt") -> Journal:
        journal = Journal(kind)
        if self.ended_at is not None:
            journal.acts[self.ended_at] = getattr(journal, end)
            journal.run(journal.eng.process, TOKENS)
        return journal

    def expected(self, obj: str, task: str) -> str:
        tokens = self.tokens[obj]
        if tokens is None:
            return "WorkflowError"
        tasks = [self.tasks[task], *["abcde"] * len(tokens)]
        return " ".join(token + name for token, names in zip(tokens, tasks, strict=False) for name in names)

    def fixed(self, obj: str, task: str) -> bool:
        """Tell whether 2.1.6 errs: no such object, or at the first task "prev" means the last one there."""
        return self.tokens[obj] is None or (task == "prev" and self.tasks["prev"] == self.tasks["current"])


AT_FIRST: dict[str, str] = {"prev": "abcde", "current": "abcde", "next": "bcde", "first": "abcde"}
AT_LAST: dict[str, str | None] = {"prev": "yz", "current": "z", "next": "", "first": "xyz"}
MIDDLE = Stand(
    "yc",
    {"prev": "xyz", "current": "yz", "next": "z", "first": "xyz"},
    {"prev": "bcde", "current": "cde", "next": "de", "first": "abcde"},
)
STANDS = {
    "middle": MIDDLE,
    "first token": Stand("xa", {"prev": None, "current": "xyz", "next": "yz", "first": "xyz"}, AT_FIRST),
    "first in list": Stand("zb", AT_LAST, {"prev": "bcde", "current": "bcde", "next": "cde", "first": "abcde"}),
    "last in list": Stand("zd", AT_LAST, {"prev": "cde", "current": "de", "next": "e", "first": "abcde"}),
    "last of all": Stand("ze", AT_LAST, {"prev": "bcde", "current": "e", "next": "", "first": "abcde"}),
    "after the end": Stand("", AT_LAST, AT_FIRST),
    "fresh engine": Stand(None, {"prev": None, "current": None, "next": "xyz", "first": "xyz"}, AT_FIRST),
}


@everywhere
@pytest.mark.parametrize(
    ("visit", "end", "position", "completed"),
    [
        ("yc", "halt", (1, [1, 1]), False),
        ("yc", "fail", (1, [1, 1]), False),
        ("yc", "stop", (1, [1, 1]), False),
        ("ze", "fail", (2, [2]), False),
        ("", "halt", (2, [0]), True),
    ],
)
def test_the_state_stays_where_the_run_ended(kind: str, visit: str, end: str, position: Any, completed: bool) -> None:
    eng = Stand(visit, {}, {}).journal(kind, end).eng
    assert (*position, completed) == (eng.state.token_pos, eng.state.callback_pos, eng.has_completed)
    assert TOKENS[position[0]] == eng.current_object


@everywhere
def test_the_state_follows_the_run(kind: str) -> None:
    seen: list[Any] = []

    def look(eng: Any) -> None:
        seen.append((eng.state.token_pos, list(eng.state.callback_pos), eng.current_object, eng.has_completed))

    journal = Journal(kind)
    journal.acts = dict.fromkeys(("xa", "yc", "ze"), look)
    journal.run(journal.eng.process, TOKENS)
    assert [(0, [0], "x", False), (1, [1, 1], "y", False), (2, [2], "z", False)] == seen


def test_a_run_that_was_stopped_at_the_last_token_has_not_completed() -> None:
    assert not STANDS["last of all"].journal("interpreted", "stop").eng.has_completed


def cases() -> list[Any]:
    return [
        pytest.param(stand, kind, obj, task, id=f"{name}-{kind}-{obj}-{task}")
        for (name, stand), kind, obj, task in product(STANDS.items(), KINDS, WORDS, WORDS)
        if kind != "real" or not stand.fixed(obj, task)
    ]


@pytest.mark.parametrize(("stand", "kind", "obj", "task"), cases())
def test_restart_goes_on_where_its_words_say(stand: Stand, kind: str, obj: str, task: str) -> None:
    journal = stand.journal(kind)
    before = journal.eng.state.__getstate__()
    assert stand.expected(obj, task) == journal.run(journal.eng.restart, obj, task, objects=TOKENS)
    if stand.tokens[obj] is None:
        assert before == journal.eng.state.__getstate__()


@everywhere
@pytest.mark.parametrize("end", ["fail", "stop"])
@pytest.mark.parametrize("words", [*product(WORDS, WORDS)], ids="-".join)
def test_restart_after_an_error_or_a_stop_is_as_after_a_halt(kind: str, end: str, words: tuple[str, str]) -> None:
    journal = MIDDLE.journal(kind, end)
    assert MIDDLE.expected(*words) == journal.run(journal.eng.restart, *words)


@everywhere
@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        (None, "yd ye za zb zc zd ze"),
        ([], "yd ye za zb zc zd ze"),
        (["p", "q"], "qd qe"),
        (("p", "q", "r"), "qd qe ra rb rc rd re"),
    ],
)
def test_restart_takes_other_objects_but_its_own_when_there_are_none(kind: str, objects: Any, expected: str) -> None:
    journal = MIDDLE.journal(kind)
    assert expected == journal.run(journal.eng.restart, "current", "next", objects=objects)
    assert (objects or TOKENS) == journal.eng.objects


@everywhere
@pytest.mark.parametrize(("end", "option"), [("halt", "stop_on_halt"), ("fail", "stop_on_error")])
@pytest.mark.parametrize("call", ["process", "restart"])
def test_a_run_goes_on_with_the_next_token_where_it_is_told_to(kind: str, end: str, option: str, call: str) -> None:
    def run(**options: Any) -> str:
        journal = MIDDLE.journal(kind)
        journal.acts = dict.fromkeys(("xb", "ya"), getattr(journal, end))
        arguments = (TOKENS,) if call == "process" else ("first", "first")
        return journal.run(getattr(journal.eng, call), *arguments, **options)

    stopped = f"xa xb {'HaltProcessing' if end == 'halt' else 'WorkflowError'}"
    other = "stop_on_error" if end == "halt" else "stop_on_halt"
    assert [stopped, stopped, "xa xb ya za zb zc zd ze"] == [run(), run(**{other: False}), run(**{option: False})]


@everywhere
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"reset_state": False}, "zc zd ze"),
        ({"initial_run": False}, "xa xb xc xd xe ya yb yc yd ye za zb zc zd ze"),
        ({"initial_run": False, "reset_state": False}, "za zb zc zd ze"),
    ],
    ids=str,
)
def test_process_can_go_on_where_the_engine_stands(kind: str, options: dict[str, bool], expected: str) -> None:
    journal = MIDDLE.journal(kind)
    assert expected == journal.run(journal.eng.process, TOKENS, **options)


@everywhere
def test_a_position_kept_as_json_is_restarted_on_a_fresh_engine(kind: str) -> None:
    kept = json.dumps(MIDDLE.journal(kind).eng.state.__getstate__())
    journal = Journal(kind)
    journal.eng.state.__setstate__(json.loads(kept))
    assert MIDDLE.expected("current", "next") == journal.run(journal.eng.restart, "current", "next", objects=TOKENS)


@everywhere
def test_restart_inside_a_task_runs_to_the_end_and_then_the_task_goes_on(kind: str) -> None:
    def again_and_stop(eng: Any) -> None:
        eng.restart("first", "first")
        journal.visits.append("went on")
        eng.stop()

    journal = Journal(kind)
    journal.acts["yc"] = again_and_stop
    assert "xa xb xc xd xe ya yb yc xa xb xc xd xe ya yb yc yd ye za zb zc zd ze went on" == journal.run(
        journal.eng.process, TOKENS
    )


@pytest.mark.parametrize("words", [("bogus", "first"), ("first", "bogus"), ("first", None), (None, "first")], ids=str)
def test_restart_with_an_unknown_word_names_the_known_ones_and_leaves_the_state(words: tuple[Any, Any]) -> None:
    eng = MIDDLE.journal("interpreted").eng
    with pytest.raises(OURS.error("WorkflowError"), match="prev, current, next, first"):
        eng.restart(*words)
    assert (1, [1, 1]) == (eng.state.token_pos, eng.state.callback_pos)
