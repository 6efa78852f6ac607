"""What is raised, sent and logged."""

from __future__ import annotations

import inspect
import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from differential.real import OURS, REAL

import wfgraph
from ledger import Subject, both, fixed, note, ours, outcome


class Lines:
    """A logger that keeps what it is told, as it would be written."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def debug(self, message: str, *arguments: Any) -> None:
        self.lines.append(message % arguments if arguments else message)


class Logged(list[str]):
    """A token with a log of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.log = Lines()


class Broken:
    """A token whose texts would break a log line."""

    log = Lines()

    def __str__(self) -> str:
        return "line\nbreak"

    __repr__ = __str__


class Shouts:
    def __repr__(self) -> str:
        raise AssertionError("nobody may ask for this")


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("HaltProcessing", ("look", "approve", 7), "HaltProcessing(look, action=approve, payload=7)"),
        ("WorkflowError", ("bad", 1, 2, 3), "WorkflowError(bad, id_workflow=1, id_object=2, payload=3)"),
        ("WorkflowDefinitionError", ("bad", "flow", 3), "WorkflowDefinitionError(bad, workflow_name=flow, payload=3)"),
    ],
)
@fixed(ours="text", real="AttributeError")
def test_exceptions_have_a_text(lib: Subject, expected: str, name: str, arguments: Any, text: str) -> None:
    assert (text if expected == "text" else expected) == outcome(lambda: str(lib.error(name)(*arguments)))


@ours
@pytest.mark.parametrize(("payload", "text"), [(Broken(), r"line\nbreak"), (Shouts(), "<Shouts object>")])
def test_no_payload_can_break_the_text_of_an_exception(lib: Subject, payload: Any, text: str) -> None:
    error = lib.error("HaltProcessing")("look", payload=payload)
    assert f"HaltProcessing(look, action=None, payload={text})" == str(error)


@fixed(ours="", real="AttributeError")
def test_every_transition_has_a_message(lib: Subject, expected: str) -> None:
    assert expected == outcome(lambda: lib.error("StopProcessing")().message)


@pytest.mark.parametrize("leave", ["skip_token", "abort"])
@fixed(ours=None, real="AttributeError")
def test_skip_token_and_abort_need_no_log_of_the_token(lib: Subject, expected: Any, leave: str) -> None:
    assert expected == outcome(lambda: lib.engine(lambda obj, eng: getattr(eng, leave)()).process([[]]))


@both
@pytest.mark.parametrize("leave", ["skip_token", "abort"])
def test_skip_token_and_abort_use_the_log_of_the_token(lib: Subject, leave: str) -> None:
    obj = Logged()
    lib.engine(lambda obj, eng: getattr(eng, leave)()).process([obj])
    assert 1 == len(obj.log.lines)


class mro(Exception):  # noqa: N801 - the name of an attribute of every class
    pass


@fixed(ours="mro", real="TypeError")
def test_a_handler_is_never_an_attribute_of_type(lib: Subject, expected: str) -> None:
    def fail(obj: Any, eng: Any) -> None:
        raise mro

    assert expected == outcome(lambda: lib.engine(fail).process([[]]))


@fixed(ours="halted", real="an error")
def test_a_subclass_of_halt_is_handled_as_a_halt(lib: Subject, expected: str) -> None:
    class Mine(lib.error("HaltProcessing")):  # type: ignore[misc]
        pass

    def halt(obj: Any, eng: Any) -> None:
        raise Mine("look")

    handled: list[str] = []
    handlers = {"HaltProcessing": "halted", "Exception": "an error"}
    hooks = {name: lambda *arguments, said=said: handled.append(said) for name, said in handlers.items()}
    lib.engine(halt, hooks=hooks).process([[]])
    assert [expected] == handled


@pytest.mark.parametrize("hook", ["after_each_callback", "after_callbacks"])
@fixed(ours="HaltProcessing", real="RuntimeError")
def test_a_hook_that_fails_never_replaces_a_halt(lib: Subject, expected: str, hook: str, caplog: Any) -> None:
    def fail(*arguments: Any) -> None:
        raise RuntimeError("of the hook")

    assert expected == outcome(lambda: lib.engine(lib.pattern("HALT")(), hooks={hook: fail}).process([[]]))
    if not lib.library.real:
        assert "of the hook" in caplog.text


@fixed(ours="HaltProcessing", real="RuntimeError")
def test_a_receiver_that_fails_never_replaces_a_halt(lib: Subject, expected: str) -> None:
    def fail(sender: Any) -> None:
        raise RuntimeError("of the receiver")

    signals = lib.library.engine.Signal.signals()
    with signals.workflow_halted.connected_to(fail):
        assert expected == outcome(lambda: lib.engine(lib.pattern("HALT")()).process([[]]))


@pytest.mark.parametrize(
    ("last", "names"),
    [
        (note("a"), ["workflow_started", "workflow_finished"]),
        (lambda obj, eng: eng.halt(), ["workflow_started", "workflow_halted"]),
    ],
)
@fixed(ours="the engine", real=None)
def test_the_engine_is_the_sender_of_every_signal(lib: Subject, expected: Any, last: Any, names: list[str]) -> None:
    heard: list[tuple[str, Any]] = []
    eng = lib.engine(last)
    signals = lib.library.engine.Signal.signals()

    def receiver(name: str) -> Any:
        return lambda sender: heard.append((name, sender))

    receivers = [receiver("workflow_started"), receiver("workflow_finished"), receiver("workflow_halted")]
    with (
        signals.workflow_started.connected_to(receivers[0]),
        signals.workflow_finished.connected_to(receivers[1]),
        signals.workflow_halted.connected_to(receivers[2]),
    ):
        outcome(lambda: eng.process([[]]))
    assert [(name, eng if expected else None) for name in names] == heard


@fixed(ours=["workflow_error", "workflow_halted"], real=["workflow_halted"])
def test_an_error_is_told_by_the_signal_workflow_error(lib: Subject, expected: list[str]) -> None:
    heard: list[str] = []
    signals = lib.library.engine.Signal.signals()

    def on_error(sender: Any) -> None:
        heard.append("workflow_error")

    def on_halt(sender: Any) -> None:
        heard.append("workflow_halted")

    with signals.workflow_error.connected_to(on_error), signals.workflow_halted.connected_to(on_halt):
        outcome(lambda: lib.engine(lambda obj, eng: 1 / 0).process([[]]))
    assert expected == heard


def test_importing_changes_no_logger() -> None:
    look = "[(log.handlers, log.propagate, log.level) for log in (logging.root, logging.getLogger('wfgraph'))]"
    done = subprocess.run(
        [sys.executable, "-c", f"import logging, wfgraph.engine, wfgraph.patterns; print({look})"],
        env={**os.environ, "PYTHONPATH": str(Path(wfgraph.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"[([], True, {logging.WARNING}), ([], True, {logging.NOTSET})]\n" == done.stdout


@fixed(ours=True, real=False)
def test_messages_reach_the_loggers_around(lib: Subject, expected: bool) -> None:
    assert expected == bool(logging.getLogger(lib.library.name).propagate)


@fixed(ours=True, real=False)
def test_the_name_of_a_logger_is_that_of_the_class(lib: Subject, expected: bool) -> None:
    names = lib.engine().log.name.split(".")
    assert lib.library.name == names[0]
    assert expected == all(name.replace("<locals>", "locals").isidentifier() for name in names)


@fixed(ours=None, real="AssertionError")
def test_no_token_is_asked_for_its_text_unless_somebody_listens(lib: Subject, expected: Any) -> None:
    assert expected == outcome(lambda: lib.engine(lambda obj, eng: eng.stop()).process([Shouts()]))


@pytest.mark.parametrize("leave", ["stop", "halt", "skip_token", "abort"])
@fixed(ours=True, real=False)
def test_control_characters_never_reach_a_log(lib: Subject, expected: bool, leave: str) -> None:
    def task(obj: Any, eng: Any) -> None:
        getattr(eng, leave)()

    task.__name__ = "name\x1b[2J"
    eng = lib.engine(task)
    eng.log = Lines()
    outcome(lambda: eng.process([Broken()]))
    assert eng.log.lines
    assert expected == all(map(str.isprintable, eng.log.lines))


@ours
@pytest.mark.parametrize("named", [True, False])
def test_control_characters_never_reach_the_message_of_an_error(lib: Subject, named: bool) -> None:
    def task(obj: Any, eng: Any) -> None: ...

    task.__name__ = "name\x1b[2J"
    eng = lib.engine(*([task, task] if named else [Broken()]))
    eng.max_steps = 1
    with pytest.raises((lib.error("WorkflowError"), lib.error("WorkflowDefinitionError"))) as caught:
        eng.process([[]])
    assert caught.value.message.isprintable()


_DEPRECATED: dict[str, tuple[Any, ...]] = {
    "abortProcessing": (),
    "addCallback": ("*", note("a")),
    "addManyCallbacks": ("*", [note("a")]),
    "breakFromThisLoop": (),
    "continueNextToken": (),
    "delVar": ("key",),
    "duplicate": (),
    "getCallbacks": (),
    "getCurrObjId": (),
    "getCurrTaskId": (),
    "getVar": ("key",),
    "haltProcessing": (),
    "hasVar": ("key",),
    "jumpCall": (1,),
    "jumpCallBack": (-1,),
    "jumpCallForward": (1,),
    "jumpToken": (1,),
    "jumpTokenBack": (-1,),
    "jumpTokenForward": (1,),
    "removeAllCallbacks": (),
    "removeCallbacks": ("*",),
    "replaceCallbacks": ("*", [note("a")]),
    "setPosition": (0, [0]),
    "setVar": ("key", 1),
    "setWorkflow": ([note("a")],),
    "skipToken": (),
    "stopProcessing": (),
}


def test_every_deprecated_name_is_there() -> None:
    ours, real = (dir(library.engine.GenericWorkflowEngine) for library in (OURS, REAL))
    renamed = {name for name in real if name[0].islower() and name.lower() != name}
    assert renamed | {"duplicate"} == set(_DEPRECATED)
    assert set(_DEPRECATED) <= set(ours)


@pytest.mark.parametrize("name", _DEPRECATED)
@fixed(ours=True, real=False)
def test_a_deprecated_name_warns_at_the_line_that_uses_it(lib: Subject, expected: bool, name: str) -> None:
    eng = lib.engine(note("a"))

    def use() -> Any:
        return getattr(eng, name)(*_DEPRECATED[name])

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        outcome(use)
    here = (__file__, inspect.getsourcelines(use)[1] + 1)
    assert expected == (here == (caught[0].filename, caught[0].lineno))
    assert {DeprecationWarning} == {warning.category for warning in caught}


@pytest.mark.parametrize("name", ["STOP", "HALT"])
@fixed(ours=0, real=1)
def test_a_pattern_uses_no_deprecated_name(lib: Subject, expected: int, name: str) -> None:
    eng = lib.engine()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        outcome(lambda: lib.pattern(name)()([], eng))
    assert expected == len(caught)


@ours
def test_no_run_of_a_pattern_warns(lib: Subject) -> None:
    make = lib.pattern
    seen: list[Any] = []
    eng = lib.engine(
        make("FOR")([1, 2], "n", [make("PARALLEL_SPLIT")(note("split"))]),
        make("SYNCHRONIZE")([note("a")], note("b")),
        make("RUN_WF")([note("inside")]),
        make("IF")(lambda obj, eng: eng.state.token_pos == 0, [make("OBJ_JUMP_FWD")(1)]),
        lambda obj, eng: seen.append(obj),
        make("IF")(lambda obj, eng: len(seen) == 1, [make("OBJ_JUMP_BWD")(-1)]),
        make("STOP")(),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        eng.process([[], []])
    assert 2 == len(seen)


@fixed(ours=["b"], real="TypeError")
@pytest.mark.filterwarnings("ignore:`replaceCallbacks`:DeprecationWarning")
def test_replace_callbacks_takes_the_key_first(lib: Subject, expected: Any) -> None:
    obj: list[str] = []
    eng = lib.engine(note("a"))
    assert expected == outcome(lambda: eng.replaceCallbacks("*", [note("b")]) or eng.process([obj]) or obj)


@both
@pytest.mark.parametrize(("name", "offset", "expected"), [("Forward", 2, "ac"), ("Back", -1, "aabc")])
def test_the_deprecated_jumps_of_tasks_work(lib: Subject, name: str, offset: int, expected: str) -> None:
    def jump(obj: Any, eng: Any) -> None:
        if len(obj) < 2:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                getattr(eng, f"jumpCall{name}")(offset)

    assert list(expected) == lib.run(note("a"), jump, note("b"), note("c"))


@both
def test_hooks_around_a_token_take_the_token_first_and_hooks_around_a_task_the_engine(lib: Subject) -> None:
    given: dict[str, tuple[Any, ...]] = {}
    names = ("before_callbacks", "after_callbacks", "before_each_callback", "after_each_callback")

    def hook(name: str) -> Any:
        return lambda *arguments: given.setdefault(name, arguments)

    task, obj = note("a"), ["token"]
    eng = lib.engine(task, hooks={name: hook(name) for name in names})
    eng.process([obj])
    token, each = (obj, eng), (eng, task, obj)
    assert dict(zip(names, (token, token, each, each), strict=True)) == given


@fixed(ours=["a", "b"], real=["a", "hook", "b", "hook"])
def test_a_hook_that_is_exchanged_during_a_run_counts_from_the_next(lib: Subject, expected: list[str]) -> None:
    mapper: Any = type("Mapper", (lib.library.engine.ActionMapper,), {})

    def exchange(obj: Any, eng: Any) -> None:
        mapper.after_each_callback = staticmethod(lambda eng, callback, obj: obj.append("hook"))
        obj.append("a")

    factory = type("Factory", (lib.library.engine.ProcessingFactory,), {"action_mapper": mapper})
    eng, obj, later = lib.engine(exchange, note("b"), processing_factory=factory), [], []
    eng.process([obj])
    assert expected == obj
    eng.process([later])
    assert ["a", "hook", "b", "hook"] == later
