"""Every documented method and attribute is there, is called as documented, and does what is said of it."""

from __future__ import annotations

import inspect
import logging
import warnings
from typing import Any

import pytest
from api import A, B, C, Token, both, engine, engine_of, fail, outcome
from differential.real import REAL, Library

from wfgraph import signals
from wfgraph.engine import GenericWorkflowEngine, MachineState, ProcessingFactory, Signal, TransitionActions
from wfgraph.utils import classproperty, staticproperty

# How it is called ----------------------------------------------------------------------------------------------------

ENGINE = {
    "abort": "()",
    "break_current_loop": "()",
    "callback_chooser": "(obj)",
    "continue_next_token": "()",
    "execute_callback": "(callback, obj)",
    "halt": "(msg='', action=None, payload=None)",
    "init_logger": "()",
    "jump_call": "(offset)",
    "jump_token": "(offset)",
    "process": "(objects, stop_on_error=True, stop_on_halt=True, initial_run=True, reset_state=True)",
    "restart": "(obj, task, objects=None, stop_on_error=True, stop_on_halt=True)",
    "run_callbacks": "(callbacks, objects, obj, indent=0)",
    "skip_token": "()",
    "stop": "()",
}
CALLBACKS = {
    "add": "(func, key='*')",
    "add_many": "(list_or_tuple, key='*')",
    "cleanup_callables": "(callbacks)",
    "clear": "(key='*')",
    "clear_all": "()",
    "empty": "()",
    "get": "(key='*')",
    "replace": "(funcs, key='*')",
}
SIGNATURES = {
    "GenericWorkflowEngine": ENGINE,
    "MachineState": dict.fromkeys(("callback_pos_reset", "reset", "token_pos_reset"), "()"),
    "Callbacks": CALLBACKS,
    "_Signal": dict.fromkeys(
        ("workflow_error", "workflow_finished", "workflow_halted", "workflow_started"), "(eng, *args, **kwargs)"
    ),
    "ProcessingFactory": {
        **dict.fromkeys(("before_processing", "after_processing"), "(eng, objects)"),
        **dict.fromkeys(("before_object", "after_object"), "(eng, objects, obj)"),
    },
    "ActionMapper": {
        **dict.fromkeys(("before_callbacks", "after_callbacks"), "(obj, eng)"),
        **dict.fromkeys(("before_each_callback", "after_each_callback"), "(eng, callback_func, obj)"),
    },
    "TransitionActions": dict.fromkeys(
        ("StopProcessing", "HaltProcessing", "ContinueNextToken", "JumpToken", "Exception"),
        "(obj, eng, callbacks, exc_info)",
    ),
}
METHODS = [(kind, name, text) for kind, methods in SIGNATURES.items() for name, text in methods.items()]


def called_as(function: Any) -> str:
    given = inspect.signature(function).parameters.values()
    # What can be given by name only is ours, and in nobody's way.
    parameters = [each for each in given if each.kind is not each.KEYWORD_ONLY]
    return str(inspect.Signature([each.replace(annotation=inspect.Parameter.empty) for each in parameters]))


@both
@pytest.mark.parametrize(("kind", "name", "text"), METHODS, ids=lambda value: value)
def test_methods_are_called_as_documented(library: Library, kind: str, name: str, text: str) -> None:
    assert text == called_as(getattr(getattr(library.engine, kind)(), name))


@both
@pytest.mark.parametrize(
    ("name", "text"), [("MachineState", "(token_pos=None, callback_pos=None)"), ("GenericWorkflowEngine", "()")]
)
def test_classes_are_called_as_documented(library: Library, name: str, text: str) -> None:
    assert text == called_as(getattr(library.engine, name))


@pytest.mark.parametrize("call", ["abort", "abortProcessing", "jump_token", "skip_token", "skipToken"])
def test_static_methods_need_no_engine(call: str) -> None:
    assert isinstance(inspect.getattr_static(GenericWorkflowEngine, call), staticmethod)


# What a task tells the engine ----------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda eng: eng.abort(), ("AbortProcessing",)),
        (lambda eng: eng.break_current_loop(), ("BreakFromThisLoop",)),
        (lambda eng: eng.continue_next_token(), ("ContinueNextToken",)),
        (lambda eng: eng.halt(), ("HaltProcessing",)),
        (lambda eng: eng.jump_call(-3), ("JumpCall", -3)),
        (lambda eng: eng.jump_token(2), ("JumpToken", 2)),
        (lambda eng: eng.skip_token(), ("SkipToken",)),
        (lambda eng: eng.stop(), ("StopProcessing",)),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_each_control_method_raises_its_transition(library: Library, call: Any, expected: tuple[Any, ...]) -> None:
    eng = engine_of(library)
    assert expected == outcome(call, eng)
    with pytest.raises(library.error("WorkflowTransition")):
        call(eng)


class SavingFactory(ProcessingFactory):
    @staticmethod
    def after_object(eng: Any, objects: Any, obj: Token) -> None:
        obj.said += " saved"


class SavingEngine(GenericWorkflowEngine):
    @classproperty
    def processing_factory(cls: Any) -> Any:  # noqa: N805 - a class property
        return SavingFactory


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda eng: None, ["ab saved", "ab saved"]),
        (lambda eng: eng.abort(), ["a", ""]),
        (lambda eng: eng.skip_token(), ["a", "ab saved"]),
        (lambda eng: eng.continue_next_token(), ["a", "ab saved"]),
        (lambda eng: eng.stop(), ["a", ""]),
        (lambda eng: eng.jump_token(1), ["a", "ab saved"]),
        (lambda eng: eng.break_current_loop(), ["a saved", "ab saved"]),
    ],
    ids=["none", "abort", "skip_token", "continue_next_token", "stop", "jump_token", "break_current_loop"],
)
def test_a_token_that_is_left_is_not_saved(call: Any, expected: list[str]) -> None:
    tokens = [Token(), Token()]
    engine(A, lambda obj, eng: call(eng) if obj is tokens[0] else None, B, kind=SavingEngine).process(tokens)
    assert expected == [token.said for token in tokens]


@both
@pytest.mark.parametrize(
    ("steer", "expected"),
    [(lambda obj, eng: eng.halt("why", "act", 5), "HaltProcessing"), (lambda obj, eng: eng.stop(), None)],
    ids=["halt", "stop"],
)
def test_a_halt_stops_the_runs_around_it_and_a_stop_does_not(library: Library, steer: Any, expected: Any) -> None:
    inner, token = engine_of(library, steer), Token()
    halted = outcome(lambda eng: eng.process([token]), engine_of(library, lambda obj, eng: inner.process([obj]), A))
    assert ((expected,), "") == (halted, token.said) if expected else (None, "a") == (halted, token.said)


# What an engine tells ------------------------------------------------------------------------------------------------


@both
def test_current_object_current_taskname_and_length_inside_a_task(library: Library) -> None:
    def named(obj: Any, eng: Any) -> None:
        assert (obj, "named", 2) == (eng.current_object, eng.current_taskname, len(eng))
        obj.said += "seen"

    eng, tokens = engine_of(library, [lambda obj, eng: None, named]), [Token(), Token()]
    assert (None, 0) == (eng.current_object, len(eng))
    eng.process(tokens)
    assert (["seen", "seen"], True) == ([token.said for token in tokens], eng.objects is tokens)


def test_init_logger_is_overridden_to_use_any_logger() -> None:
    class Quiet:
        lines = 0

        def debug(self, *arguments: Any) -> None:
            self.lines += 1

        warning = debug

    class Engine(GenericWorkflowEngine):
        def init_logger(self) -> Any:
            return Quiet()

    assert isinstance(GenericWorkflowEngine().init_logger(), logging.Logger)
    eng = engine(A, kind=Engine)
    eng.process([])
    assert 1 <= eng.log.lines


@both
def test_extra_data_is_shared_by_the_tasks_and_stays(library: Library) -> None:
    def count(obj: Any, eng: Any) -> None:
        eng.extra_data["n"] = eng.extra_data.get("n", 0) + 1

    eng = engine_of(library, count, [count])
    eng.process([1, 2])
    eng.process([3])
    assert {"n": 6} == eng.extra_data


# What is called for tokens and tasks ---------------------------------------------------------------------------------


@both
def test_callback_chooser_chooses_by_type_and_can_be_overridden(library: Library) -> None:
    class Typed(Token):
        def getFeature(self, name: str) -> str:
            return {"type": "book"}[name]

    class Chooser(library.engine.GenericWorkflowEngine):  # type: ignore[name-defined, misc]
        def callback_chooser(self, obj: Any) -> Any:
            return [C] if isinstance(obj, Typed) else super().callback_chooser(obj)

    said = []
    for kind in (library.engine.GenericWorkflowEngine, Chooser):
        eng, tokens = engine(A, kind=kind), [Typed(), Token()]
        eng.callbacks.add(B, "book")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # 2.1.6 means to remove getFeature
            eng.process(tokens)
        said += [token.said for token in tokens]
    assert ["b", "a", "c", "a"] == said


@both
def test_execute_callback_and_run_callbacks_can_be_overridden(library: Library) -> None:
    class Engine(library.engine.GenericWorkflowEngine):  # type: ignore[name-defined, misc]
        def execute_callback(self, callback: Any, obj: Any) -> None:
            obj.said += "<"
            super().execute_callback(callback, obj)
            obj.said += ">"

        def run_callbacks(self, callbacks: Any, objects: Any, obj: Any, indent: int = 0) -> None:
            obj.said += f"{len(objects)}{indent}"
            super().run_callbacks(callbacks, objects, obj, indent)

    token = Token()
    engine(A, [B], kind=Engine).process([token])
    assert "10<a>11<b>" == token.said


@both
def test_who_overrides_run_callbacks_can_leave_the_list_around_a_list(library: Library) -> None:
    class Engine(library.engine.GenericWorkflowEngine):  # type: ignore[name-defined, misc]
        def run_callbacks(self, callbacks: Any, objects: Any, obj: Any, indent: int = 0) -> None:
            super().run_callbacks(callbacks, objects, obj, indent)
            if indent == 1:
                self.break_current_loop()

    token = Token()
    engine(A, [B, A], C, kind=Engine).process([token])
    assert "aba" == token.said


@both
def test_a_record_of_a_task_shows_how_deep_its_list_is_also_where_run_callbacks_is_overridden(library: Library) -> None:
    class Engine(library.engine.GenericWorkflowEngine):  # type: ignore[name-defined, misc]
        def run_callbacks(self, callbacks: Any, objects: Any, obj: Any, indent: int = 0) -> None:
            super().run_callbacks(callbacks, objects, obj, indent)

    eng = engine(A, [B, [A]], kind=Engine)
    heard: list[str] = []
    eng.log = logging.Logger("heard", logging.DEBUG)
    eng.log.addFilter(lambda record: heard.append(record.getMessage()))
    eng.process([Token()])
    assert ["([0].)", "(-[1, 0].)", "(--[1, 1, 0].)"] == [
        f"({text.partition('(')[2].partition(')')[0]})" for text in heard if text.startswith("Running (")
    ]


@both
def test_run_callbacks_and_execute_callback_can_be_called(library: Library) -> None:
    eng, token = engine_of(library, A), Token()
    eng.execute_callback(C, token)
    eng.state.callback_pos = [1, 0]
    eng.run_callbacks([A, [A, B], C], [token], token)
    assert ("cabc", [2]) == (token.said, eng.state.callback_pos)


@both
def test_what_is_given_to_process_is_checked(library: Library) -> None:
    assert "WorkflowError" == outcome(lambda eng: eng.process("text"), engine_of(library, A))[0]
    assert "WorkflowError" == outcome(lambda eng: eng.process([1]), engine_of(library))[0]


@both
def test_process_raises_what_no_handler_takes(library: Library) -> None:
    assert ("ValueError", "failed") == outcome(lambda eng: eng.process([1]), engine_of(library, fail))


# MachineState, Callbacks, signals ------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("call", "expected"),
    [("reset", (-1, [0])), ("token_pos_reset", (-1, [1, 2])), ("callback_pos_reset", (3, [0]))],
)
def test_the_state_is_reset(library: Library, call: str, expected: tuple[int, list[int]]) -> None:
    state = library.engine.MachineState(3, [1, 2])
    assert (3, [1, 2]) == (state.token_pos, state.callback_pos)
    getattr(state, call)()
    assert expected == (state.token_pos, state.callback_pos)
    with pytest.raises(AttributeError):
        state.token_pos = -2


@both
@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda it: it.add(C), {"*": [A, [B], C], "k": [B]}),
        (lambda it: it.add(C, "new"), {"*": [A, [B]], "k": [B], "new": [C]}),
        (lambda it: it.add_many((B, C), "k"), {"*": [A, [B]], "k": [B, B, C]}),
        (lambda it: it.clear(), {"k": [B]}),
        (lambda it: it.clear("k"), {"*": [A, [B]]}),
        (lambda it: it.clear("unknown"), {"*": [A, [B]], "k": [B]}),
        (lambda it: it.clear_all(), {}),
        (lambda it: it.replace([C]), {"*": [C], "k": [B]}),
        (lambda it: it.replace(((A, B), None, [C, None]), "k"), {"*": [A, [B]], "k": [A, B, [C]]}),
    ],
)
def test_callbacks_are_changed_by_key(library: Library, call: Any, expected: dict[str, Any]) -> None:
    it = library.engine.Callbacks()
    assert it.empty()
    it.add_many([A, [B]])
    it.add(B, "k")
    assert ([A, [B]], [B], False) == (it.get(), it.get("k"), it.empty())
    call(it)
    assert (expected, not expected) == (it.get(None), it.empty())


def test_clear_without_a_key_clears_all() -> None:
    it = engine(A).callbacks
    it.add(B, "k")
    it.clear(None)
    assert it.empty()


@both
def test_cleanup_callables_flattens_tuples_drops_none_and_nests_lists(library: Library) -> None:
    cleaned = library.engine.Callbacks.cleanup_callables([A, (B, (C, None)), [A, (B,)], None])
    assert [A, B, C, [A, B]] == list(cleaned)


@pytest.mark.parametrize("name", SIGNATURES["_Signal"])
def test_each_signal_has_a_caller_which_sends_the_engine(name: str) -> None:
    heard = []

    def hear(sender: Any, **more: Any) -> None:
        heard.append((sender, more))

    eng = engine()
    with getattr(signals, name).connected_to(hear):
        getattr(Signal, name)(eng, why="test")
        getattr(eng.signal, name)(eng)
    assert [(eng, {"why": "test"}), (eng, {})] == heard


def test_the_standard_parts_are_found_through_the_engine() -> None:
    assert (ProcessingFactory, Signal) == (GenericWorkflowEngine.processing_factory, GenericWorkflowEngine().signal)
    assert TransitionActions is ProcessingFactory.transition_exception_mapper
    assert MachineState is type(GenericWorkflowEngine().state)


# Errors and utils ----------------------------------------------------------------------------------------------------

TRANSITIONS = (
    "AbortProcessing BreakFromThisLoop ContinueNextToken HaltProcessing JumpCall JumpCallBack JumpCallForward "
    "JumpToken JumpTokenBack JumpTokenForward SkipToken StopProcessing"
)


@both
@pytest.mark.parametrize("name", TRANSITIONS.split())
def test_transitions_are_one_family_and_no_errors(library: Library, name: str) -> None:
    assert issubclass(library.error(name), library.error("WorkflowTransition"))
    assert not issubclass(library.error(name), library.error("WorkflowError"))


ERRORS = [
    ("HaltProcessing", {"message": "why", "action": "act", "payload": 5}, "action=act, payload=5"),
    (
        "WorkflowError",
        {"message": "why", "id_workflow": 1, "id_object": 2, "payload": 5},
        "id_workflow=1, id_object=2, payload=5",
    ),
    ("WorkflowDefinitionError", {"message": "why", "workflow_name": "w", "payload": 5}, "workflow_name=w, payload=5"),
    ("WorkflowObjectStatusError", {"message": "why", "id_object": 2, "obj_status": "s"}, "obj_status=s, id_object=2"),
]


@both
@pytest.mark.parametrize(("name", "arguments", "text"), ERRORS, ids=[row[0] for row in ERRORS])
def test_errors_keep_what_they_are_made_of(library: Library, name: str, arguments: dict[str, Any], text: str) -> None:
    for error in (library.error(name)(*arguments.values()), library.error(name)(**arguments)):
        assert arguments == {key: getattr(error, key) for key in arguments}
        assert library is REAL or f"{name}(why, {text})" == str(error)  # 2.1.6 raises a TypeError in `str`


@both
def test_names_that_the_changes_dropped_are_not_there(library: Library) -> None:
    assert not {"WorkflowHalt", "WorkflowMissingKey"} & set(dir(library.errors))
    assert not hasattr(library.engine, "PhoenixWorkflowEngine")


def test_properties_of_classes_work_on_class_subclass_and_instance() -> None:
    class Base:
        @classproperty
        def own(cls: Any) -> str:  # noqa: N805 - a class property
            return str(cls.__name__)

        @staticproperty
        def fixed() -> str:  # type: ignore[misc]
            return "fixed"

    class Sub(Base):
        pass

    assert ["Base", "Base", "Sub", "Sub"] == [Base.own, Base().own, Sub.own, Sub().own]
    assert {"fixed"} == {Base.fixed, Base().fixed, Sub.fixed}
