"""Every documented name is there, is called as documented, and does what is said of it; `restart` has its own file."""

from __future__ import annotations

import inspect
import logging
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from differential.real import OURS, REAL, Library

from wfgraph import patterns, signals
from wfgraph.engine import GenericWorkflowEngine, MachineState, ProcessingFactory, Signal, TransitionActions
from wfgraph.utils import classproperty, staticproperty

both = pytest.mark.parametrize("library", [OURS, REAL], ids=lambda library: library.name)


def engine(*callbacks: Any, kind: Callable[[], Any] = GenericWorkflowEngine) -> Any:
    eng = kind()
    eng.callbacks.replace(list(callbacks))
    return eng


def engine_of(library: Library, *callbacks: Any) -> Any:
    return engine(*callbacks, kind=library.engine.GenericWorkflowEngine)


class Token(dict[Any, Any]):
    """A token that keeps what was said to it."""

    said = ""


def say(text: Any) -> Any:
    """Return a task that says a text, or what a callable gives."""

    def task(obj: Token, eng: Any) -> None:
        obj.said += str(text(obj, eng)) if callable(text) else text

    return task


A, B, C = map(say, "abc")


def at_first(obj: Token, eng: Any) -> bool:
    return obj.said == "a"


def thrice(obj: Token, eng: Any) -> bool:
    return obj.said == "aaa"


def once_at_second(obj: Token, eng: Any) -> bool:
    return eng.state.token_pos == 1 and obj.said == "a"


def fail(obj: Token, eng: Any) -> None:
    raise ValueError("failed")


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
    parameters = inspect.signature(function).parameters.values()
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


def outcome(call: Callable[[Any], Any], eng: Any) -> Any:
    """Return what a call returns, or the name and the arguments of the exception that it raises."""
    try:
        return call(eng)
    except Exception as error:
        return (type(error).__name__, *error.args)


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


# Deprecated names ----------------------------------------------------------------------------------------------------

DEPRECATED: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "abortProcessing": (lambda eng: eng.abortProcessing(), ("AbortProcessing",), {}),
    "addCallback": (lambda eng: eng.addCallback("k", C), None, {"callbacks": {"*": [A, [B]], "k": [B, C]}}),
    "addManyCallbacks": (
        lambda eng: eng.addManyCallbacks("k", (A, C)),
        None,
        {"callbacks": {"*": [A, [B]], "k": [B, A, C]}},
    ),
    "breakFromThisLoop": (lambda eng: eng.breakFromThisLoop(), ("BreakFromThisLoop",), {}),
    "continueNextToken": (lambda eng: eng.continueNextToken(), ("ContinueNextToken",), {}),
    "delVar": (lambda eng: eng.delVar("a"), None, {"extra_data": {}}),
    "duplicate": (lambda eng: eng.duplicate().extra_data, {}, {}),
    "getCallbacks": (lambda eng: eng.getCallbacks("k"), [B], {}),
    "getCurrObjId": (lambda eng: eng.getCurrObjId(), 2, {}),
    "getCurrTaskId": (lambda eng: eng.getCurrTaskId(), [1, 0], {}),
    "getObjects": (lambda eng: list(eng.getObjects()), [(0, "x"), (1, "y")], {}),
    "getVar": (lambda eng: eng.getVar("b", 2), 2, {"extra_data": {"a": 1, "b": 2}}),
    "haltProcessing": (lambda eng: eng.haltProcessing("why"), ("HaltProcessing",), {}),
    "hasVar": (lambda eng: eng.hasVar("a"), True, {}),
    "jumpCall": (lambda eng: eng.jumpCall(2), ("JumpCall", 2), {}),
    "jumpCallBack": (lambda eng: eng.jumpCallBack(-2), ("JumpCall", -2), {}),
    "jumpCallForward": (lambda eng: eng.jumpCallForward(2), ("JumpCall", 2), {}),
    "jumpToken": (lambda eng: eng.jumpToken(-1), ("JumpToken", -1), {}),
    "jumpTokenBack": (lambda eng: eng.jumpTokenBack(-1), ("JumpTokenBack", -1), {}),
    "jumpTokenForward": (lambda eng: eng.jumpTokenForward(1), ("JumpTokenForward", 1), {}),
    "removeAllCallbacks": (lambda eng: eng.removeAllCallbacks(), None, {"callbacks": {}}),
    "removeCallbacks": (lambda eng: eng.removeCallbacks("k"), None, {"callbacks": {"*": [A, [B]]}}),
    "replaceCallbacks": (lambda eng: eng.replaceCallbacks("k", [C]), None, {"callbacks": {"*": [A, [B]], "k": [C]}}),
    "setPosition": (lambda eng: eng.setPosition(0, [1]), None, {"position": (0, [1])}),
    "setVar": (lambda eng: eng.setVar("b", 2), None, {"extra_data": {"a": 1, "b": 2}}),
    "setWorkflow": (lambda eng: eng.setWorkflow([C]), None, {"callbacks": {"*": [C], "k": [B]}}),
    "skipToken": (lambda eng: eng.skipToken(), ("SkipToken",), {}),
    "stopProcessing": (lambda eng: eng.stopProcessing(), ("StopProcessing",), {}),
    "store": (lambda eng: eng.store, {"a": 1}, {}),
}
NOT_IN_2_1_6 = {"getObjects", "replaceCallbacks"}  # documented, and not there; swaps its arguments


def standing_engine(library: Library) -> Any:
    eng = engine_of(library, A, [B])
    eng.callbacks.add(B, "k")
    eng.extra_data["a"] = 1
    eng.objects = ["x", "y"]
    eng.state.token_pos, eng.state.callback_pos = 2, [1, 0]
    return eng


def contents(eng: Any) -> dict[str, Any]:
    callbacks = {key: list(value) for key, value in eng.callbacks.get(None).items()}
    position = (eng.state.token_pos, list(eng.state.callback_pos))
    return {"callbacks": callbacks, "position": position, "extra_data": dict(eng.extra_data)}


@pytest.mark.parametrize(
    ("library", "name"),
    [(OURS, name) for name in DEPRECATED] + [(REAL, name) for name in DEPRECATED if name not in NOT_IN_2_1_6],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_deprecated_names_do_what_they_did(library: Library, name: str) -> None:
    call, expected, changes = DEPRECATED[name]
    eng = standing_engine(library)
    before = contents(eng)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert expected == outcome(call, eng)
    assert before | changes == contents(eng)


@pytest.mark.parametrize("name", DEPRECATED)
def test_deprecated_names_warn_once_at_the_line_that_calls_them(name: str) -> None:
    call = DEPRECATED[name][0]
    with pytest.warns(DeprecationWarning, match=f"`{name}` is replaced with") as caught:
        outcome(call, standing_engine(OURS))
    assert [(__file__, call.__code__.co_firstlineno)] == [(each.filename, each.lineno) for each in caught]


def test_no_deprecated_name_of_2_1_6_is_missing() -> None:
    of_real = {name for name in vars(REAL.engine.GenericWorkflowEngine) if name.lower() != name}
    assert of_real | {"duplicate", "getObjects", "store"} == set(DEPRECATED)


@pytest.mark.parametrize(
    ("name", "offset", "expected"),
    [
        ("jumpTokenForward", 2, ["ab", "a", "", "ab"]),
        ("jumpTokenBack", -1, ["abab", "aab", "ab", "ab"]),
        ("jumpTokenForward", -1, "JumpTokenForward cannot be negative number"),
        ("jumpTokenBack", 1, "JumpTokenBack cannot be positive number"),
        ("jumpCallForward", -1, "JumpCallForward cannot be negative number"),
        ("jumpCallBack", 1, "JumpCallBack cannot be positive number"),
    ],
)
@pytest.mark.filterwarnings("ignore:`jump:DeprecationWarning")
def test_deprecated_jumps_go_one_way_only(name: str, offset: int, expected: Any) -> None:
    tokens = [Token() for _ in range(4)]
    eng = engine(A, lambda obj, eng: getattr(eng, name)(offset) if once_at_second(obj, eng) else None, B)
    ended = outcome(lambda eng: eng.process(tokens), eng)
    assert expected == (ended[1] if ended else [token.said for token in tokens])


def test_names_of_the_changes_chapter() -> None:
    eng = standing_engine(OURS)
    assert (2, [1, 0], ["x", "y"]) == (eng.curr_obj_id, eng.curr_task_id, list(eng.get_object()))
    assert (1, 7, 7) == (eng.extra_data.setget("a", 5), eng.extra_data.setget("b", 7), eng.extra_data["b"])


# Patterns ------------------------------------------------------------------------------------------------------------


P = patterns
PATTERNS: dict[str, tuple[list[Any], list[str]]] = {
    "BREAK": ([[A, P.BREAK(), B], C], ["ac", "ac", "ac"]),
    "CALLFUNC": ([P.CALLFUNC(len, "n", args=["text"]), say(lambda obj, eng: obj["n"])], ["4", "4", "4"]),
    "CHOICE": ([P.CHOICE(lambda obj, eng: "y", ("x", A), ("y", B), z=C)], ["b", "b", "b"]),
    "CMP": ([say(P.CMP(lambda obj, eng: eng.state.token_pos, 1, "<="))], ["True", "True", "False"]),
    "DEBUG_CYCLE": ([P.DEBUG_CYCLE("obj.said += text", text="d")], ["d", "d", "d"]),
    "EMPTY_CALL": ([P.EMPTY_CALL, A], ["a", "a", "a"]),
    "ENG_GET": ([say(P.ENG_GET("missing"))], ["None", "None", "None"]),
    "ENG_SET": ([P.ENG_SET("k", 5), say(lambda obj, eng: eng.extra_data["k"])], ["5", "5", "5"]),
    "ERROR": ([A, P.ERROR("msg"), B], ["a", "", "", "Exception"]),
    "FOR": ([P.FOR([1, 2], "i", say(P.ENG_GET("i"))), say(P.ENG_GET("i"))], ["122", "122", "122"]),
    "HALT": ([A, P.HALT("msg"), B], ["a", "", "", "HaltProcessing"]),
    "IF": ([A, P.IF(once_at_second, [B, C]), A], ["aa", "abca", "aa"]),
    "IF_ELSE": ([A, P.IF_ELSE(once_at_second, [A, B], C), A], ["aca", "aaba", "aca"]),
    "IF_NOT": ([A, P.IF_NOT(once_at_second, [B, C]), A], ["abca", "aa", "abca"]),
    "OBJ_GET": ([say(P.OBJ_GET("missing"))], ["False", "False", "False"]),
    "OBJ_JUMP_BWD": ([A, P.IF(once_at_second, P.OBJ_JUMP_BWD()), B], ["abab", "aab", "ab"]),
    "OBJ_JUMP_FWD": ([[A, P.OBJ_JUMP_FWD(2)], B], ["a", "", "a"]),
    "OBJ_NEXT": ([[A, P.OBJ_NEXT(), B], C], ["a", "a", "a"]),
    "OBJ_SET": ([P.OBJ_SET("k", 5), say(P.OBJ_GET("k"))], ["5", "5", "5"]),
    "PARALLEL_SPLIT": ([A, P.PARALLEL_SPLIT([B, C])], ["abc", "abc", "abc"]),
    "PROFILE": ([P.PROFILE(A)], ["a", "a", "a"]),
    "RUN_WF": ([P.RUN_WF([A, [B]]), C], ["abc", "abc", "abc"]),
    "SIMPLE_MERGE": ([P.SIMPLE_MERGE(A, B, C)], ["ac", "ac", "ac"]),
    "STOP": ([A, P.STOP(), B], ["a", "", ""]),
    "SYNCHRONIZE": ([P.SYNCHRONIZE([A, B], C)], ["abc", "abc", "abc"]),
    "TASK_JUMP_BWD": ([A, P.TASK_JUMP_IF(thrice, 2), P.TASK_JUMP_BWD(-2), B], ["aaab", "aaab", "aaab"]),
    "TASK_JUMP_FWD": ([A, P.TASK_JUMP_FWD(2), B, C], ["ac", "ac", "ac"]),
    "TASK_JUMP_IF": ([A, P.TASK_JUMP_IF(at_first, -1), B], ["aab", "aab", "aab"]),
    "TRY": ([P.TRY(fail, retry=1, onfailure=A, verbose=False)], ["a", "a", "a"]),
    "WHILE": ([P.WHILE(lambda obj, eng: len(obj.said) < 3, [A, B]), C], ["ababc", "ababc", "ababc"]),
}


@pytest.mark.parametrize("name", PATTERNS)
def test_patterns_do_what_is_said_of_them_and_call_nothing_deprecated(
    name: str, recwarn: pytest.WarningsRecorder
) -> None:
    warnings.simplefilter("always")
    definition, expected = PATTERNS[name]
    tokens = [Token() for _ in range(3)]
    ended = outcome(lambda eng: eng.process(tokens), engine(*definition))
    assert expected == [token.said for token in tokens] + ([ended[0]] if ended else [])
    assert [] == recwarn.list


def test_the_tables_name_every_pattern() -> None:
    assert sorted(patterns.__all__) == sorted(PATTERNS)
    of_real = vars(REAL.controlflow) | vars(REAL.helpers)
    assert set(patterns.__all__) >= {name for name, value in of_real.items() if name.isupper() and callable(value)}
