"""The documented engine over objects of the user's, side by side with the real one wherever that runs."""

from __future__ import annotations

import importlib
import logging
import pickle
from typing import Any

import pytest
from differential.real import OURS, REAL, Library

from wfgraph import engine_db
from wfgraph.engine_db import DbWorkflowEngine, EnumLabel, ObjectStatus, WorkflowStatus
from wfgraph.errors import HaltProcessing, WorkflowError
from wfgraph.patterns import PARALLEL_SPLIT, RUN_WF, SYNCHRONIZE
from wfgraph.utils import classproperty

REAL_DB = importlib.import_module("workflow.engine_db")
both = pytest.mark.parametrize("library", [OURS, REAL], ids=lambda library: library.name)
tiers = pytest.mark.parametrize("tier", ["interpreted", "compiled"])


class Log(list[Any]):
    """What was saved, in order, of the run and of its tokens."""


class Token:
    """A token with the documented contract."""

    def __init__(self, name: str, log: Log, library: Library = OURS) -> None:
        self.name, self.log_, self.status, self.error = name, log, None, ""
        self.known_statuses = db_of(library).ObjectStatus
        self.said: list[str] = []

    def save(
        self, status: Any = None, callback_pos: Any = None, id_workflow: Any = None, task_counter: Any = None
    ) -> None:
        self.status = status
        position = callback_pos if task_counter is None else task_counter
        self.log_.append((self.name, status.name, position and list(position), id_workflow))

    def set_error_message(self, text: str) -> None:
        self.error = text


class Run:
    """A stored run with the documented contract."""

    name, uuid = "grading", "uuid-1"

    def __init__(self, log: Log) -> None:
        self.log_, self.status, self.objects = log, None, []

    def save(self, status: Any = None) -> None:
        self.status = status
        self.log_.append(("run", status and status.name))


def db_of(library: Library) -> Any:
    return REAL_DB if library.real else engine_db


def engine(library: Library, *callbacks: Any, tokens: int = 3, tier: str = "auto") -> tuple[Any, Log]:
    log = Log()
    run = Run(log)
    run.objects = [Token(f"t{index}", log, library) for index in range(tokens)]
    eng = db_of(library).DbWorkflowEngine(run)
    eng.tier = tier
    eng.callbacks.replace(list(callbacks))
    return eng, log


def note(obj: Token, eng: Any) -> None:
    obj.said.append("note")


def halt_at_second(obj: Token, eng: Any) -> None:
    if eng.state.token_pos == 1:
        eng.halt("look at it", action="approve", payload={"why": 1})


def fail_at_second(obj: Token, eng: Any) -> None:
    if eng.state.token_pos == 1:
        raise ValueError("no\x1b[31m")


def test_the_statuses_are_the_documented_ones_with_their_labels() -> None:
    for name in ("WorkflowStatus", "ObjectStatus"):
        theirs = {member.name: (member.value, member.label) for member in getattr(REAL_DB, name)}
        ours = {member.name: (member.value, member.label) for member in getattr(engine_db, name)}
        assert theirs == {key: ours[key] for key in theirs}
        assert ours.keys() - theirs.keys() <= {"CANCELLED"}


def test_an_enumeration_with_labels_is_made_by_overriding_labels() -> None:
    class Colour(EnumLabel):
        RED = 1

        @classproperty
        def labels(cls: Any) -> dict[int, str]:  # noqa: N805
            return {1: "Rouge"}

    assert "Rouge" == Colour.RED.label
    assert Colour.RED is Colour(1)


@both
@tiers
def test_a_run_saves_the_objects_around_each_of_them(library: Library, tier: str) -> None:
    eng, log = engine(library, note, tokens=2, tier=tier)
    eng.process(eng.database_objects)
    assert [
        ("run", "RUNNING"),
        ("t0", "RUNNING", None, "uuid-1"),
        ("t0", "COMPLETED", None, "uuid-1"),
        ("t1", "RUNNING", None, "uuid-1"),
        ("t1", "COMPLETED", None, "uuid-1"),
    ] == log[:-1]


@tiers
def test_a_run_that_succeeds_is_completed(tier: str) -> None:
    eng, log = engine(OURS, note, tier=tier)
    eng.process(eng.database_objects)
    assert ("run", "COMPLETED") == log[-1]
    assert WorkflowStatus.COMPLETED is eng.status
    assert eng.has_completed


def test_the_real_engine_calls_a_run_that_succeeds_halted() -> None:
    eng, log = engine(REAL, note)
    eng.process(eng.database_objects)
    assert ("run", "HALTED") == log[-1]


@both
@tiers
def test_a_halt_saves_the_object_with_its_position_then_the_run(library: Library, tier: str) -> None:
    eng, log = engine(library, note, [note, halt_at_second], tier=tier)
    with pytest.raises(library.error("HaltProcessing")) as caught:
        eng.process(eng.database_objects)
    assert [("t1", "HALTED", [1, 1], "uuid-1"), ("run", "HALTED")] == log[-2:]
    assert "approve" == caught.value.action
    assert ["t0"] == [obj.name for obj in eng.final_objects]
    assert ["t1"] == [obj.name for obj in eng.halted_objects]
    assert [] == eng.running_objects
    assert ("grading", "uuid-1", "HALTED") == (eng.name, eng.uuid, eng.status.name)


@both
def test_an_engine_shows_its_run(library: Library) -> None:
    eng, _ = engine(library, note)
    line = "-" * 31
    assert "<DbWorkflow_engine(grading)>" == repr(eng)
    assert f"{line}\nDbWorkflowEngine\n{line}\n    {eng.db_obj}\n{line}\n" == str(eng)
    assert db_of(library).WorkflowStatus is eng.known_statuses


@tiers
def test_any_error_becomes_a_workflow_error_that_names_the_run_and_the_object(tier: str) -> None:
    eng, log = engine(OURS, fail_at_second, tier=tier)
    with pytest.raises(WorkflowError, match="ValueError: no") as caught:
        eng.process(eng.database_objects)
    assert ("uuid-1", 1) == (caught.value.id_workflow, caught.value.id_object)
    assert isinstance(caught.value.__cause__, ValueError)
    assert [("t1", "ERROR", [0], "uuid-1"), ("run", "ERROR")] == log[-2:]
    assert "Traceback" in eng.database_objects[1].error


@tiers
def test_a_run_goes_on_after_an_error_when_it_is_told_to_and_says_so_at_its_end(tier: str) -> None:
    eng, log = engine(OURS, fail_at_second, tier=tier)
    eng.process(eng.database_objects, stop_on_error=False)
    assert ["COMPLETED", "ERROR", "COMPLETED"] == [obj.status.name for obj in eng.database_objects]
    assert ("run", "ERROR") == log[-1]


@tiers
def test_a_run_that_went_past_a_halt_is_halted_at_its_end(tier: str) -> None:
    eng, log = engine(OURS, halt_at_second, tier=tier)
    eng.process(eng.database_objects, stop_on_halt=False)
    assert ["COMPLETED", "HALTED", "COMPLETED"] == [obj.status.name for obj in eng.database_objects]
    assert ("run", "HALTED") == log[-1]


@pytest.mark.parametrize(
    ("call", "token", "run"),
    [
        (lambda eng: eng.stop(), "COMPLETED", "HALTED"),
        (lambda eng: eng.abort(), "HALTED", "HALTED"),
        (lambda eng: eng.continue_next_token(), "COMPLETED", "COMPLETED"),
        (lambda eng: eng.skip_token(), "COMPLETED", "COMPLETED"),
        (lambda eng: eng.jump_token(1), "COMPLETED", "COMPLETED"),
        (lambda eng: eng.rewind("next", "first"), "COMPLETED", "COMPLETED"),
    ],
    ids=["stop", "abort", "continue", "skip", "jump", "rewind"],
)
@tiers
def test_however_a_token_is_left_it_has_a_defined_status(call: Any, token: str, run: str, tier: str) -> None:
    def leave(obj: Token, eng: Any) -> None:
        if obj.name == "t1":
            call(eng)

    eng, log = engine(OURS, leave, tier=tier)
    eng.process(eng.database_objects)
    assert token == eng.database_objects[1].status.name
    assert ("run", run) == log[-1]


def test_a_token_that_is_left_for_an_earlier_one_is_new_until_its_turn_comes_again() -> None:
    def back(obj: Token, eng: Any) -> None:
        obj.said.append("back")
        if obj.name == "t1" and len(obj.said) == 1:
            eng.jump_token(-1)

    eng, log = engine(OURS, back)
    eng.process(eng.database_objects)
    statuses = [entry[1] for entry in log if entry[0] == "t1"]
    assert ["RUNNING", "INITIAL", "RUNNING", "COMPLETED"] == statuses


def test_objects_with_the_older_spelling_of_save_are_given_the_position_under_its_name() -> None:
    class Old(Token):
        def save(self, status: Any = None, task_counter: Any = None, id_workflow: Any = None) -> None:  # type: ignore[override]
            super().save(status, task_counter, id_workflow)

    eng, log = engine(OURS, note, [lambda obj, eng: eng.halt()])
    with pytest.raises(HaltProcessing):
        eng.process([Old("old", log)])
    assert ("old", "HALTED", [1, 0], "uuid-1") == log[-2]


def test_an_object_is_given_what_its_signature_asks_for_of_a_halt() -> None:
    class Asking:
        status = None

        def save(self, status: Any, message: str = "", action: Any = None, payload: Any = None) -> None:
            self.status, self.halt = status, (message, action, payload)

    obj = Asking()
    eng, _ = engine(OURS, lambda obj, eng: eng.halt("look", "approve", {"n": 1}))
    with pytest.raises(HaltProcessing):
        eng.process([obj])
    assert (ObjectStatus.HALTED, ("look", "approve", {"n": 1})) == (obj.status, obj.halt)


def test_saved_positions_are_copies() -> None:
    kept = []

    class Keeping(Token):
        def save(self, status: Any = None, callback_pos: Any = None, id_workflow: Any = None) -> None:  # type: ignore[override]
            kept.append(callback_pos)

    eng, log = engine(OURS, note, lambda obj, eng: eng.halt())
    with pytest.raises(HaltProcessing):
        eng.process([Keeping("t", log)])
    eng.state.callback_pos[0] = 7
    assert [None, [1]] == kept


def test_an_object_without_save_is_one_clear_error() -> None:
    eng, _ = engine(OURS, note)
    with pytest.raises(WorkflowError, match=r"type dict has no method `save`"):
        eng.process([{}])


def test_a_token_that_is_false_is_saved_all_the_same() -> None:
    class Empty(Token):
        def __bool__(self) -> bool:
            return False

    eng, log = engine(OURS, fail_at_second)
    with pytest.raises(WorkflowError):
        eng.process([Empty("a", log), Empty("b", log)])
    assert [("b", "ERROR", [0], "uuid-1"), ("run", "ERROR")] == log[-2:]


def test_the_name_of_the_log_ends_with_the_uuid_and_can_be_overridden() -> None:
    class Own(DbWorkflowEngine):
        def init_logger(self) -> Any:
            return logging.getLogger("mine")

    eng, _ = engine(OURS, note)
    assert "wfgraph.engine_db.DbWorkflowEngine.uuid-1" == eng.log.name
    assert "mine" == Own(Run(Log())).log.name
    assert eng.log.name not in logging.root.manager.loggerDict
    assert eng.log.name == pickle.loads(pickle.dumps(eng.log)).name  # noqa: S301


def test_the_log_of_a_run_follows_the_level_of_the_one_above(caplog: pytest.LogCaptureFixture) -> None:
    eng, _ = engine(OURS, note)
    assert not eng.log.isEnabledFor(logging.DEBUG)
    with caplog.at_level(logging.DEBUG, "wfgraph.engine_db"):
        assert eng.log.isEnabledFor(logging.DEBUG)
    assert not eng.log.isEnabledFor(logging.DEBUG)


def test_errors_and_halts_are_logged_with_control_characters_escaped(caplog: pytest.LogCaptureFixture) -> None:
    eng, _ = engine(OURS, fail_at_second)
    with pytest.raises(WorkflowError):
        eng.process(eng.database_objects)
    eng, _ = engine(OURS, lambda obj, eng: eng.halt("a\x1b\nb"))
    with pytest.raises(HaltProcessing):
        eng.process(eng.database_objects)
    assert "\x1b" not in caplog.text
    assert r"Workflow 'grading' halted at task <lambda> with message: a\x1b\nb" in caplog.text


@pytest.mark.parametrize(
    "pattern",
    [SYNCHRONIZE([note], [note], note), PARALLEL_SPLIT(note, [note]), RUN_WF([note])],
    ids=["SYNCHRONIZE", "PARALLEL_SPLIT", "RUN_WF"],
)
def test_engines_inside_a_task_run_and_save_nothing(pattern: Any) -> None:
    eng, log = engine(OURS, pattern, tokens=1)
    eng.process(eng.database_objects)
    assert 1 <= len(eng.database_objects[0].said)
    assert ["RUNNING", "RUNNING", "COMPLETED", "COMPLETED"] == [entry[1] for entry in log]


def test_hooks_of_a_subclass_can_go_on_to_those_of_the_engine() -> None:
    seen = []

    class Actions(engine_db.DbTransitionAction):
        @staticmethod
        def HaltProcessing(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
            seen.append("halt")
            super(Actions, Actions).HaltProcessing(obj, eng, callbacks, exc_info)

    class Factory(engine_db.DbProcessingFactory):
        @classproperty
        def transition_exception_mapper(cls: Any) -> Any:  # noqa: N805
            return Actions

        @staticmethod
        def before_object(eng: Any, objects: Any, obj: Any) -> None:
            super(Factory, Factory).before_object(eng, objects, obj)
            seen.append(obj.name)

    class Own(DbWorkflowEngine):
        @classproperty
        def processing_factory(cls: Any) -> Any:  # noqa: N805
            return Factory

    eng, log = engine(OURS, halt_at_second)
    own = Own(eng.db_obj)
    own.callbacks.replace([halt_at_second])
    with pytest.raises(HaltProcessing):
        own.process(own.database_objects)
    assert ["t0", "t1", "halt"] == seen
    assert ("run", "HALTED") == log[-1]
