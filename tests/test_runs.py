"""What a run tells whom, and with what: hooks, handlers, signals and log lines; and which tokens run by what."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import ExitStack, nullcontext, suppress
from functools import partial
from typing import Any

import pytest
from helpers import engine, tiers

from wfgraph import signals
from wfgraph.engine import (
    ActionMapper,
    Break,
    Callbacks,
    Continue,
    GenericWorkflowEngine,
    ProcessingFactory,
    Signal,
    TransitionActions,
)
from wfgraph.errors import (
    AbortProcessing,
    BreakFromThisLoop,
    HaltProcessing,
    JumpCall,
    JumpTokenBack,
    JumpTokenForward,
    SkipToken,
    StopProcessing,
    WorkflowError,
)
from wfgraph.graph.routine import ROUTINES
from wfgraph.logs import fields_of
from wfgraph.patterns import BREAK, FOR
from wfgraph.runtime import loops
from wfgraph.runtime.hooks import _Signal, handler_for, provided
from wfgraph.runtime.tokens import process_tokens
from wfgraph.runtime.trace import Trace


def a(obj: Any, eng: Any) -> None: ...


def with_classes(
    actions: type = ActionMapper, transitions: Any = TransitionActions, base: type = ProcessingFactory, **hooks: Any
) -> type[GenericWorkflowEngine]:
    """Return a class of engines with an action mapper, a transition mapper, and hooks of a factory."""
    parts = {"action_mapper": actions, "transition_exception_mapper": transitions}
    factory = type("Factory", (base,), parts | {name: staticmethod(hook) for name, hook in hooks.items()})
    return type("Hooked", (GenericWorkflowEngine,), {"processing_factory": factory})


class Token:
    """A token with a name, and with a log of its own where it is given one."""

    def __init__(self, name: str, log: Any = None) -> None:
        self.name = name
        if log is not None:
            self.log = log

    def __repr__(self) -> str:
        return f"<{self.name}>"


def raises(error: BaseException | type[BaseException], only: str = "") -> Callable[[Any, Any], None]:
    def task(obj: Any, eng: Any) -> None:
        if not only or obj.name == only:
            raise error

    return task


# Hooks -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "normal"),
    [
        (a, True),
        (raises(ValueError("own")), False),
        (raises(HaltProcessing("look")), False),
        (raises(SkipToken), False),
    ],
    ids=["returns", "fails", "halts", "skips"],
)
def test_each_hook_is_told_of_its_engine_and_its_token(last: Any, normal: bool) -> None:
    told: list[Any] = []

    def tells(name: str) -> Any:
        return lambda *args: told.append((name, *args))

    actions = type(
        "Actions",
        (ActionMapper,),
        {name: staticmethod(tells(name)) for name in ("before_callbacks", "after_callbacks")},
    )
    hooks = {name: tells(name) for name in ("before_processing", "after_processing", "before_object", "after_object")}
    eng = engine(last, kind=with_classes(actions, **hooks))
    token = Token("token")
    given = [token]
    eng.objects = given
    failed = False
    try:
        eng.process(given)
    except (ValueError, HaltProcessing):
        failed = True
    assert [
        ("before_processing", eng, given),
        ("before_object", eng, given, token),
        ("before_callbacks", token, eng),
        ("after_callbacks", token, eng),
        *([("after_object", eng, given, token)] if normal else []),
        *([] if failed else [("after_processing", eng, given)]),
    ] == told


def test_a_hook_after_a_token_that_fails_is_logged_where_it_is_halted(caplog: pytest.LogCaptureFixture) -> None:
    def fails(obj: Any, eng: Any) -> None:
        raise KeyError("the hook")

    actions = type("Actions", (ActionMapper,), {"after_callbacks": staticmethod(fails)})
    with pytest.raises(HaltProcessing, match="look"):
        engine(raises(HaltProcessing("look")), kind=with_classes(actions)).process([Token("one")])
    assert ["after_callbacks failed while the workflow was being halted"] == [
        one.getMessage() for one in caplog.records
    ]
    with pytest.raises(KeyError, match="the hook"):
        engine(raises(ValueError("own")), kind=with_classes(actions)).process([Token("one")])


@tiers
def test_what_has_ended_a_token_is_said_while_it_is_handled_and_not_after(tier: str) -> None:
    said: list[Any] = []

    def handler(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        said.append(fields_of(eng).get("wfgraph_outcome"))

    def task(obj: int, eng: Any) -> None:
        said.append(fields_of(eng).get("wfgraph_outcome"))
        if obj == 1:
            raise ValueError

    actions = type("Actions", (TransitionActions,), {"ValueError": staticmethod(handler)})
    engine(task, tier=tier, kind=with_classes(transitions=actions)).process([1, 2])
    assert [None, "error", None] == said


def handling(handled: list[Any]) -> type:
    """Return a transition mapper that notes what its handlers are given, and goes on."""

    def note(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        handled.append((obj, eng, callbacks, exc_info, eng._run.ended))
        raise Continue

    return type("Actions", (TransitionActions,), {"Exception": staticmethod(note), "WorkflowError": staticmethod(note)})


@tiers
@pytest.mark.parametrize("hooked", [False, True], ids=["without hooks", "with hooks"])
@pytest.mark.parametrize("error", [ValueError("own"), WorkflowError("ours")], ids=["theirs", "ours"])
def test_a_handler_is_given_the_token_the_definition_and_what_was_raised(
    tier: str, hooked: bool, error: Exception
) -> None:
    handled: list[Any] = []
    hooks = {"before_object": lambda *_: None} if hooked else {}
    eng = engine(a, [raises(error, "two")], tier=tier, kind=with_classes(transitions=handling(handled), **hooks))
    tokens = [Token(name) for name in ("one", "two", "three")]
    eng.process(tokens)
    [(obj, sender, callbacks, exc_info, ended)] = handled
    assert (tokens[1], eng, eng.callbacks.get(), error) == (obj, sender, callbacks, ended)
    assert callbacks is eng.callbacks.get()
    assert (type(error), error) == (exc_info[0], exc_info[1])
    assert exc_info[2] is error.__traceback__
    assert (exc_info is error) is isinstance(error, WorkflowError)
    assert eng._run is None


@tiers
@pytest.mark.parametrize("end", [Continue, Break, None], ids=["continue", "break", "return"])
def test_after_a_handler_the_run_goes_on_or_is_over(tier: str, end: Any) -> None:
    def handler(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        if end is not None:
            raise end

    def note(obj: Any, eng: Any) -> None:
        ran.append(obj.name)
        if obj.name == "one":
            raise ValueError

    for hooked in (False, True):
        ran: list[str] = []
        actions = type("Actions", (TransitionActions,), {"ValueError": staticmethod(handler)})
        hooks = {"before_object": lambda *_: None} if hooked else {}
        eng = engine([note], tier=tier, kind=with_classes(transitions=actions, **hooks))
        eng.process([Token("one"), Token("two")])
        assert (["one"] if end is Break else ["one", "two"]) == ran
        assert (end is not Break) is eng.has_completed


class Bare:
    """A mapper that has no handler of its own."""


class OfLookups:
    @staticmethod
    def LookupError(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None: ...


class Derived(OfLookups):
    pass


@pytest.mark.parametrize(
    ("mapper", "error", "owner", "name"),
    [
        (TransitionActions, HaltProcessing(), TransitionActions, "HaltProcessing"),
        (TransitionActions, KeyError(), TransitionActions, "Exception"),
        (Bare, HaltProcessing(), TransitionActions, "HaltProcessing"),
        (Bare, KeyError(), TransitionActions, "Exception"),
        (OfLookups, KeyError(), OfLookups, "LookupError"),
        (Derived, KeyError(), OfLookups, "LookupError"),
        (Derived(), KeyError(), OfLookups, "LookupError"),
        (Derived(), ValueError(), TransitionActions, "Exception"),
        (OfLookups(), SkipToken(), TransitionActions, "SkipToken"),
    ],
)
def test_a_handler_is_that_of_the_nearest_class_that_the_mapper_or_the_standard_has(
    mapper: Any, error: Exception, owner: Any, name: str
) -> None:
    assert getattr(owner, name) is handler_for(mapper, error)


def test_what_is_no_exception_is_nobodys_to_handle() -> None:
    error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt) as raised:
        handler_for(TransitionActions, error)
    assert error is raised.value


def test_a_class_is_provided_by_itself_or_by_what_returns_it() -> None:
    class Given:
        @staticmethod
        def by_function() -> type:
            return Bare

        @classmethod
        def by_method(cls) -> type:
            return Bare

    assert [Bare] * 3 == [provided(one) for one in (Bare, Given.by_function, Given.by_method)]


# Log lines ---------------------------------------------------------------------------------------------------------------


class Lines:
    """A logger of another library, which keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def debug(self, message: str, *arguments: Any) -> None:
        self.lines.append(message % arguments)


class Deaf(Lines):
    def isEnabledFor(self, level: int) -> bool:
        assert level == logging.DEBUG
        return False


@tiers
@pytest.mark.parametrize(
    ("leave", "said", "own"),
    [
        (lambda eng: eng.stop(), "Processing was stopped for object: <a\\nb>", False),
        (
            lambda eng: eng.halt("look"),
            "Processing was halted at step: MachineState(token_pos=0, callback_pos=[1])",
            False,
        ),
        (lambda eng: eng.continue_next_token(), "Stop processing for this object, continue with next", False),
        (lambda eng: eng.skip_token(), "Skipped running this object: <a\\nb>", True),
        (lambda eng: eng.abort(), "Processing was aborted for object: <a\\nb>", True),
        (lambda eng: eng.break_current_loop(), "Break from this loop", False),
        (lambda eng: eng.jump_call(2), "We skip [2] calls", False),
    ],
    ids=["stop", "halt", "continue", "skip", "abort", "break", "jump"],
)
def test_what_ends_a_task_early_is_said_to_who_listens(tier: str, leave: Any, said: str, own: bool) -> None:
    for kind in (Lines, Deaf):
        eng = engine(a, lambda obj, eng: leave(eng), tier=tier)
        eng.log = kind()
        token = Token("a\nb", log=kind())
        with suppress(HaltProcessing):
            eng.process([token])
        heard = [line for line in eng.log.lines if not line.startswith("Running (")]
        asked = kind is Deaf and not said.startswith("Stop processing")  # which costs nothing to say
        assert ([] if asked else [said]) == heard
        assert ([said] if kind is Lines and own else []) == token.log.lines


@tiers
def test_each_task_is_said_to_who_listens_with_its_place_and_its_token(tier: str) -> None:
    for kind in (Lines, Deaf):
        eng = engine(a, [a, [a]], tier=tier)
        eng.log = kind()
        eng.process([Token("x\ny")])
        places = ["[0]", "-[1, 0]", "--[1, 1, 0]"] if kind is Lines else []
        assert [f"Running ({place}.) callback a for obj: <x\\ny>" for place in places] == eng.log.lines


def test_depth_costs_nothing_under_the_eyes_of_a_trace() -> None:
    deep: list[Any] = [a]
    for _ in range(1_500):
        deep = [deep]
    eng = engine(deep)
    eng.trace = Trace()
    eng.process([1])
    assert 2 == len(eng.trace.steps)


def test_a_stop_without_tokens_that_log_is_said_once() -> None:
    eng = engine(raises(AbortProcessing))
    eng.log = Lines()
    eng.process([Token("one")])
    assert ["Processing was aborted for object: <one>"] == eng.log.lines[1:]


# Signals -----------------------------------------------------------------------------------------------------------------

NAMES = ["workflow_started", "workflow_finished", "workflow_halted", "workflow_error"]


@pytest.mark.parametrize("name", NAMES)
def test_a_signal_takes_along_what_it_is_given(name: str) -> None:
    heard: list[Any] = []

    def listen(sender: Any, **given: Any) -> None:
        heard.append((sender, given))

    eng = engine(a)
    with getattr(signals, name).connected_to(listen):
        getattr(Signal, name)(eng, more=1)
    assert [(eng, {"more": 1})] == heard


def test_what_is_sent_has_a_name(caplog: pytest.LogCaptureFixture) -> None:
    for name in NAMES[:2]:
        with pytest.raises(TypeError):
            getattr(Signal, name)(engine(a), 1)
    assert [] == caplog.records
    for name in NAMES[2:]:
        getattr(Signal, name)(engine(a), 1)
    assert [f"a receiver of the signal {name} failed" for name in NAMES[2:]] == [
        one.getMessage() for one in caplog.records
    ]


@pytest.mark.parametrize("name", ["workflow_halted", "workflow_error"])
def test_a_receiver_that_fails_is_named_by_its_signal(name: str, caplog: pytest.LogCaptureFixture) -> None:
    def fails(sender: Any) -> None:
        raise ValueError("the receiver")

    with getattr(signals, name).connected_to(fails), pytest.raises(KeyError):
        engine(raises(KeyError("own"))).process([Token("one")])
    assert [f"a receiver of the signal {name} failed"] == [one.getMessage() for one in caplog.records]
    assert "the receiver" in caplog.text


def test_without_blinker_no_signal_is_sent_which_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "wfgraph.signals", None)  # type: ignore[arg-type]

    class Mine(GenericWorkflowEngine):
        signal = _Signal()

    class Other(GenericWorkflowEngine):
        signal = _Signal()

    for kind in (Mine, Other):
        eng = engine(a, kind=kind)
        eng.process([1, 2])
        eng.process([1])
    assert _Signal().signals() is None
    said = "blinker is not installed; no workflow signal is sent"
    assert [said] * 3 == [one.getMessage() for one in caplog.records]
    assert ["Mine", "Other", "wfgraph"] == [one.name.rpartition(".")[2] for one in caplog.records]
    assert "wfgraph" == caplog.records[-1].name


@tiers
@pytest.mark.parametrize(
    ("last", "names"),
    [
        (a, ["workflow_started", "workflow_finished"]),
        (raises(StopProcessing), ["workflow_started", "workflow_finished"]),
        (raises(HaltProcessing), ["workflow_started", "workflow_halted"]),
        (raises(ValueError), ["workflow_started", "workflow_error", "workflow_halted"]),
    ],
    ids=["returns", "stops", "halts", "fails"],
)
def test_a_run_sends_its_signals_in_order_with_itself(tier: str, last: Any, names: list[str]) -> None:
    heard: list[Any] = []
    with ExitStack() as stack:
        for name in NAMES:
            listener = partial(lambda name, sender: heard.append((name, sender)), name)
            stack.enter_context(getattr(signals, name).connected_to(listener))
        eng = engine(last, tier=tier)
        with suppress(HaltProcessing, ValueError):
            eng.process([1])
    assert [(name, eng) for name in names] == heard


def test_with_blinker_signals_are_those_of_the_module() -> None:
    assert signals is Signal.signals()
    assert "<Signal of wfgraph>" == repr(Signal)


# Tokens ------------------------------------------------------------------------------------------------------------------


@tiers
@pytest.mark.parametrize(
    ("jump", "expected"),
    [
        (JumpTokenForward(0), [0, 1, 1, 2]),
        (JumpTokenForward(1), [0, 1, 2]),
        (JumpTokenForward(2), [0, 1]),
        (JumpTokenForward(9), [0, 1]),
        (JumpTokenBack(0), [0, 1, 1, 2]),
        (JumpTokenBack(-1), [0, 1, 0, 1, 2]),
        (JumpTokenBack(-9), [0, 1, 0, 1, 2]),
    ],
    ids=repr,
)
def test_a_jump_in_one_direction_leads_there_or_stays(tier: str, jump: Exception, expected: list[int]) -> None:
    ran: list[int] = []

    def once(obj: int, eng: Any) -> None:
        ran.append(obj)
        if obj == 1 and ran.count(1) == 1:
            raise jump

    eng = engine(a, [once], tier=tier)
    eng.process([0, 1, 2])
    assert expected == ran
    assert (2, [0]) == (eng.state.token_pos, eng.state.callback_pos)


@tiers
@pytest.mark.parametrize(
    ("jump", "message"),
    [
        (JumpTokenForward(-1), "JumpTokenForward cannot be negative number"),
        (JumpTokenBack(1), "JumpTokenBack cannot be positive number"),
    ],
    ids=["forward", "back"],
)
def test_a_jump_in_the_other_direction_is_refused(tier: str, jump: Exception, message: str) -> None:
    def jumps(obj: int, eng: Any) -> None:
        raise jump

    with pytest.raises(WorkflowError) as raised:
        engine(jumps, tier=tier).process([0, 1, 2])
    assert message == raised.value.message


class OwnJump(JumpCall):
    pass


@tiers
@pytest.mark.parametrize("hooked", [False, True], ids=["without hooks", "with hooks"])
@pytest.mark.parametrize(
    ("jump", "expected"),
    [
        (JumpCall(2), "jc"),
        (JumpCall(-1), "jajbc"),
        (OwnJump(2), "jc"),
        (OwnJump(9), "j"),
        (OwnJump(-1), "jajbc"),
        (OwnJump(0), "jjbc"),
        (BreakFromThisLoop(), "j"),
    ],
    ids=repr,
)
def test_whoever_raises_a_jump_itself_is_led_where_it_says(
    tier: str, hooked: bool, jump: Exception, expected: str
) -> None:
    def jumps(obj: list[str], eng: Any) -> None:
        obj.append("j")
        if obj.count("j") == 1:
            raise jump

    def say(text: str) -> Any:
        return lambda obj, eng: obj.append(text)

    kind = with_classes(before_object=lambda *_: None) if hooked else GenericWorkflowEngine
    eng = engine(say("a"), jumps, say("b"), say("c"), tier=tier, kind=kind)
    for _ in range(6):  # after some, routines lead there
        token: list[str] = []
        eng.process([token])
        assert f"a{expected}" == "".join(token)


class Slotted:
    __slots__ = ("key",)

    def __init__(self, key: str = "") -> None:
        self.key = key


class Asked(Slotted):
    """Finds its method when it is asked for it."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name == "getFeature" and self.key:
            return lambda what: self.key if what == "type" else None
        raise AttributeError(name)


class Watched(Slotted):
    """Looks at all that it is asked for."""

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        if name == "getFeature" and object.__getattribute__(self, "key"):
            return lambda what: self.key if what == "type" else None
        return object.__getattribute__(self, name)


class Given:
    """May be given a method of its own."""

    def __init__(self, key: str = "") -> None:
        self.key = key
        if key:
            self.getFeature = lambda what: key if what == "type" else None


class Always(Slotted):
    __slots__ = ()

    def getFeature(self, what: str) -> str:
        assert what == "type"
        return self.key or "*"


@tiers
@pytest.mark.parametrize("kind", [Asked, Watched, Given, Always], ids=lambda kind: kind.__name__)
def test_a_token_chooses_its_definition_wherever_it_has_that_from(tier: str, kind: Any) -> None:
    ran: list[str] = []
    eng = engine(lambda obj, eng: ran.append("standard"), tier=tier)
    eng.callbacks.add(lambda obj, eng: ran.append("other"), "other")
    eng.process([Slotted(), kind(), kind(), kind("other"), kind("other"), kind(), Slotted(), 5, kind("other")])
    assert ["standard"] * 3 + ["other"] * 2 + ["standard"] * 3 + ["other"] == ran


@tiers
def test_a_run_pauses_before_the_token_that_it_is_told(tier: str) -> None:
    paused: list[int] = []
    ran: list[tuple[int, int]] = []

    class Pausing(GenericWorkflowEngine):
        def _process(self, objects: Any) -> None:
            process_tokens(self, self._run, objects, self.pause)  # type: ignore[arg-type]

        def pause(self) -> int:
            paused.append(self.state.token_pos)
            return self.state.token_pos + 3

    def note(obj: int, eng: Any) -> None:
        ran.append((obj, len(paused)))

    eng = engine(a, [note], tier=tier, kind=Pausing)
    eng.process([10, 11, 12, 13, 14])
    assert [(10, 1), (11, 1), (12, 2), (13, 2), (14, 3)] == ran
    assert [-1, 1, 3, 4] == paused
    assert (4, [0], True) == (eng.state.token_pos, eng.state.callback_pos, eng.has_completed)


def routine_of(obj: list[bool], eng: Any) -> None:
    obj.append(sys._getframe(1).f_code.co_filename.startswith(ROUTINES))


@pytest.mark.parametrize(
    ("loop", "counts", "expected"),
    [
        (False, [39], [False]),
        (False, [40], [True]),
        (False, [20, 19, 1], [False, False, True]),
        (False, [10, 10, 10, 9, 1], [False, False, False, False, True]),
        (True, [3], [False]),
        (True, [4], [True]),
        (True, [1, 1, 1, 1], [False, False, False, True]),
    ],
)
@pytest.mark.unobserved
def test_routines_are_made_for_as_many_tokens_as_they_pay_for(
    monkeypatch: pytest.MonkeyPatch, loop: bool, counts: list[int], expected: list[bool]
) -> None:
    monkeypatch.delenv("WFGRAPH_TIER", raising=False)
    eng = engine(*(FOR([1], "x", routine_of) if loop else [routine_of]))
    for count, compiled in zip(counts, expected, strict=True):
        tokens: list[list[bool]] = [[] for _ in range(count)]
        eng.process(tokens)
        assert [[compiled]] * count == tokens


# What can't go on --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        ("text", "Passed in object <class 'str'> is not an iterable"),
        (5, "Passed in object <class 'int'> is not an iterable"),
        (
            {"a": 1},
            "Passed in object <class 'dict'> is a mapping, which has no order of tokens; pass [it] if it is one token, or "
            "list(it.values())",
        ),
    ],
)
def test_what_is_no_list_of_tokens_is_told_with_what_to_do(objects: Any, message: str) -> None:
    with pytest.raises(WorkflowError) as raised:
        engine(a).process(objects)
    assert message == raised.value.message


@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
def test_a_token_whose_definition_is_empty_is_told_of_when_it_is_its_turn(tier: str) -> None:
    ran: list[str] = []
    eng = engine(a, tier=tier)
    eng.callbacks.get().clear()
    eng.callbacks.add(lambda obj, eng: ran.append("other"), "other")
    with pytest.raises(WorkflowError) as raised:
        eng.process([Given("other"), 5])
    assert "The callbacks under '*' are empty, did you set them?" == raised.value.message
    assert ["other"] == ran


def test_definitions_are_cleared_by_key_or_all_at_once() -> None:
    known = Callbacks()
    known.add(a)
    known.add_many([over])
    for key in ("one", "two"):
        known.add(a, key)
    assert [a, over] == known.get()
    known.clear()
    assert {"one": [a], "two": [a]} == known.get(None)
    known.clear("one")
    known.clear("unknown")
    assert {"two": [a]} == known.get(None)
    assert not known.empty()
    known.clear(None)
    assert known.empty()


def test_an_unknown_key_says_what_to_do_and_an_engines_definitions_are_told_by_their_keys() -> None:
    known = Callbacks()
    assert "<Callbacks for nothing>" == repr(known)
    for number in range(5):
        known.add(a, f"key {number}")
    assert "<Callbacks for 'key 0', 'key 1', 'key 2', 'key 3', 'key 4'>" == repr(known)
    known.add(a, "one")
    known.add(a, "two")
    assert "<Callbacks for 'key 0', 'key 1', 'key 2', 'key 3', 'key 4' and 2 more>" == repr(known)
    with pytest.raises(KeyError) as raised:
        known.get("three")
    assert raised.value.args == (
        "No workflow is registered for the key: three. Perhaps you forgot to load workflows or the workflow definition for "
        "the given key was empty?",
    )


# Routines and what is done around them -----------------------------------------------------------------------------------


def ask_unseen(eng: Any) -> list[int]:
    """Return the live position, in a way that no reader of the code sees."""
    found: list[int] = getattr(eng.state, "callback_" + "pos")
    return found


def jumps_over_one(obj: Any, eng: Any) -> None:
    eng.jump_call(2)


@pytest.mark.unobserved
def test_a_jump_leads_into_a_routine_when_it_has_led_there_often() -> None:
    eng = engine(jumps_over_one, a, routine_of, tier="compiled")
    tokens: list[list[bool]] = [[] for _ in range(6)]
    eng.process(tokens)
    assert [[False]] * 3 + [[True]] * 3 == tokens


def over(obj: Any, eng: Any) -> None:
    raise AssertionError("what lies before is not run again")


@pytest.mark.parametrize(
    ("callbacks", "position", "interpreted"),
    [
        ([over, [over, routine_of]], [1, 1], 3),
        ([over, routine_of], [1], 3),
        ([over, [[routine_of], a]], [1, 0, 0], 3),
        ([over, [routine_of]], [1], 6),  # the place of a list is no task's
        ([routine_of], [0], 0),
    ],
)
@pytest.mark.unobserved
def test_a_token_goes_on_from_the_middle_in_a_routine_when_that_was_done_often(
    callbacks: list[Any], position: list[int], interpreted: int
) -> None:
    eng = engine(*callbacks, tier="compiled", kind=with_classes(before_object=lambda *_: None))
    seen: list[list[bool]] = []
    for _ in range(6):
        seen.append([])
        eng.state.callback_pos = list(position)
        eng.process([seen[-1]], reset_state=False)
        eng.state.token_pos = -1
    assert [[False]] * interpreted + [[True]] * (6 - interpreted) == seen


def asks_and_tells(obj: list[bool], eng: Any) -> None:
    obj.append(sys._getframe(1).f_code.co_filename.startswith(ROUTINES))
    ask_unseen(eng)


@pytest.mark.parametrize(
    ("last", "hooked", "interpreted", "compiled"),
    [
        (a, False, 0, 3),
        (raises(SkipToken), False, 0, 3),
        (jumps_over_one, False, 0, 3),
        (a, True, 40, 3),
        (raises(SkipToken), True, 40, 3),
    ],
    ids=["returns", "skips", "jumps", "returns, with hooks", "skips, with hooks"],
)
@pytest.mark.unobserved
def test_the_interpreter_takes_over_when_three_tokens_were_asked_for_their_position(
    monkeypatch: pytest.MonkeyPatch, last: Any, hooked: bool, interpreted: int, compiled: int
) -> None:
    monkeypatch.delenv("WFGRAPH_TIER", raising=False)
    kind = with_classes(before_object=lambda *_: None) if hooked else GenericWorkflowEngine
    eng = engine(asks_and_tells, last, kind=kind)
    tokens: list[list[bool]] = [[] for _ in range(50)]
    eng.process(tokens)
    executable = eng._compiled(eng.callbacks.get()).executable()
    assert (None, None) == (eng.state._cursor, executable.following)
    assert asks_and_tells is executable.namespace["task_0"]
    rest = 50 - interpreted - compiled
    assert [[False]] * interpreted + [[True]] * compiled + [[False]] * rest == tokens


@tiers
@pytest.mark.parametrize("hooked", [False, True], ids=["without hooks", "with hooks"])
@pytest.mark.parametrize(
    ("callbacks", "expected"),
    [
        ([a, a], [2]),
        ([BREAK(), a], [1]),
        ([[BREAK(), a], a], [2]),
        ([jumps_over_one, a, BREAK(), a], [3]),
        ([jumps_over_one, a, a], [3]),
        ([raises(BreakFromThisLoop), a], [1]),
        ([[raises(BreakFromThisLoop), a], a], [2]),
        ([raises(SkipToken)], [1]),
    ],
)
def test_who_holds_the_position_of_a_token_sees_where_it_has_ended(
    tier: str, hooked: bool, callbacks: list[Any], expected: list[int]
) -> None:
    def holds(obj: list[Any], eng: Any) -> None:
        obj.append(ask_unseen(eng))

    kind = with_classes(before_object=lambda *_: None) if hooked else GenericWorkflowEngine
    eng = engine(holds, *callbacks, tier=tier, kind=kind)
    tokens: list[list[Any]] = [[] for _ in range(6)]
    eng.process(tokens)
    assert [[expected]] * 6 == tokens
    assert 6 == len({id(one[0]) for one in tokens}), "each token has its own"
    assert [0] == eng.state.callback_pos


@pytest.mark.parametrize("hooked", [False, True], ids=["without hooks", "with hooks"])
@pytest.mark.parametrize("asks", [False, True], ids=["unasked", "asked"])
@pytest.mark.parametrize(
    "last",
    [a, raises(SkipToken), raises(HaltProcessing), raises(ValueError), raises(BreakFromThisLoop), raises(JumpCall(1))],
    ids=["returns", "skips", "halts", "fails", "breaks", "jumps"],
)
@pytest.mark.unobserved
def test_after_a_run_nobody_follows_it_any_more(last: Any, asks: bool, hooked: bool) -> None:
    kind = with_classes(before_object=lambda *_: None) if hooked else GenericWorkflowEngine
    eng = engine(asks_and_tells if asks else a, [last], tier="compiled", kind=kind)
    for _ in range(6):
        with suppress(HaltProcessing, ValueError):
            eng.process([[], []])
        assert eng.state._cursor is None
        executable = eng._compiled(eng.callbacks.get()).executable()
        assert executable.following is None
        assert last is executable.namespace["task_1"]


@tiers
def test_the_next_token_knows_nothing_of_the_loops_of_the_last(tier: str) -> None:
    def looks(obj: list[int], eng: Any) -> None:
        records = eng.extra_data.get(loops.KEY, {}).values()
        obj.extend(one["token"] for one in records if one["token"] != eng.state.token_pos)
        if eng.extra_data["x"] == 2:
            eng.break_current_loop()

    eng = engine(*FOR([1, 2, 3], "x", [looks]), tier=tier)
    tokens: list[list[int]] = [[] for _ in range(6)]
    eng.process(tokens)
    assert [[]] * 6 == tokens
    assert {"x": 2} == eng.extra_data


@tiers
def test_a_loop_that_was_left_is_forgotten_before_the_next_task(tier: str) -> None:
    def breaks(obj: Any, eng: Any) -> None:
        eng.break_current_loop()

    def looks(obj: list[bool], eng: Any) -> None:
        obj.append(loops.KEY in eng.extra_data)

    eng = engine(looks, [FOR([1, 2], "x", [breaks])], looks, tier=tier)
    tokens: list[list[bool]] = [[] for _ in range(6)]
    eng.process(tokens)
    assert [[False, False]] * 6 == tokens


@tiers
@pytest.mark.parametrize("step", [-1, 0, 1, 2, None])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_jump_after_a_change_of_the_position_is_one_from_there(tier: str, place: int, step: int | None) -> None:
    def say(text: str) -> Any:
        return lambda obj, eng: obj.append(text)

    def moves(obj: list[str], eng: Any) -> None:
        obj.append("m")
        if obj.count("m") == 1:
            ask_unseen(eng)[0] = place
            if step is not None:
                eng.jump_call(step)

    eng = engine(say("a"), moves, say("b"), say("c"), tier=tier)
    rest = ["ambc", "mbc", "bc", "c", ""][max(0, place + (1 if step is None else step)) :]
    for _ in range(6):
        token: list[str] = []
        eng.process([token])
        assert f"am{rest[0]}" == "".join(token)


@tiers
def test_a_position_changed_by_the_last_task_of_a_token_leads_that_token_back(tier: str) -> None:
    def note(obj: list[str], eng: Any) -> None:
        obj.append("note")

    def moves(obj: list[str], eng: Any) -> None:
        position = ask_unseen(eng)
        if len(obj) < 3:
            position[0] = -1

    eng = engine(note, moves, tier=tier)
    tokens: list[list[str]] = [[] for _ in range(6)]
    eng.process(tokens)
    assert [["note"] * 3] * 6 == tokens


@tiers
@pytest.mark.parametrize("hooked", [False, True], ids=["without hooks", "with hooks"])
@pytest.mark.parametrize("how", ["process", "restart"])
@pytest.mark.parametrize("asks", ["before", "there", "never"])
def test_a_run_in_a_task_leaves_to_it_its_position(tier: str, hooked: bool, how: str, asks: str) -> None:
    seen: list[Any] = []

    def note(obj: Any, eng: Any) -> None:
        if asks == "before":
            ask_unseen(eng)
        seen.append((obj, eng.state.glance()))

    def again(obj: Any, eng: Any) -> None:
        held = ask_unseen(eng) if asks == "there" else None
        assert held in (None, [1, 0])
        if obj == 1 and len(seen) == 1:
            if how == "process":
                eng.process([2])
            else:
                eng.restart("first", "first", [2])
            assert held is None or (held is ask_unseen(eng) and held == [1, 0])

    kind = with_classes(before_object=lambda *_: None) if hooked else GenericWorkflowEngine
    eng = engine(note, [again, note], note, tier=tier, kind=kind)
    eng.process([1])
    inner = [(2, [0]), (2, [1, 1]), (2, [2])]
    assert [(1, [0]), *inner, (1, [1, 1]), (1, [2])] == seen


@tiers
@pytest.mark.parametrize("hooked", [False, True], ids=["without hooks", "with hooks"])
@pytest.mark.parametrize("asks", [False, True], ids=["unasked", "asked"])
@pytest.mark.parametrize("error", [HaltProcessing("look"), ValueError("own")], ids=["halt", "error"])
def test_what_ends_a_run_in_a_task_leaves_the_position_where_it_was_raised(
    tier: str, hooked: bool, asks: bool, error: Exception
) -> None:
    def first(obj: Any, eng: Any) -> None:
        if asks:
            ask_unseen(eng)

    def again(obj: Any, eng: Any) -> None:
        if obj == 1:
            eng.process([3, 2])

    def ends(obj: Any, eng: Any) -> None:
        if obj == 2:
            raise error

    kind = with_classes(before_object=lambda *_: None) if hooked else GenericWorkflowEngine
    eng = engine(first, [again], [a, ends], tier=tier, kind=kind)
    with pytest.raises(type(error)):
        eng.process([1])
    assert (1, [2, 1]) == (eng.state.token_pos, eng.state.callback_pos)
    assert (False, False) == (eng.state.current_object_processed, eng.has_completed)


def places(obj: list[Any], eng: Any) -> None:
    obj.append((eng.extra_data.get("x"), list(ask_unseen(eng))))


def halts(obj: list[Any], eng: Any) -> None:
    obj.append("halts")
    eng.halt("look")


@tiers
@pytest.mark.parametrize("hooked", [False, True], ids=["without hooks", "with hooks"])
@pytest.mark.parametrize(
    ("callbacks", "noted", "halted"),
    [
        ([jumps_over_one, over, places, a], [(None, [2])], None),
        ([jumps_over_one, over, a, jumps_over_one, over, places], [(None, [5])], None),
        ([jumps_over_one, over, [raises(BreakFromThisLoop), over], places], [(None, [3])], None),
        ([jumps_over_one, over, a, halts, over], ["halts"], [3]),
        ([FOR([1, 2], "x", [jumps_over_one, over, places, a])], [(1, [0, 3]), (2, [0, 3])], None),
        (FOR([1, 2], "x", [jumps_over_one, over, [places, jumps_over_one]]), [(1, [3, 0]), (2, [3, 0])], None),
        (
            [FOR([1, 2], "y", [FOR([3, 4], "x", [jumps_over_one, over, places])])],
            [(3, [0, 1, 3]), (4, [0, 1, 3])] * 2,
            None,
        ),
        ([FOR([1, 2], "x", [jumps_over_one, over, raises(BreakFromThisLoop), over]), places], [(1, [1])], None),
        ([FOR([1, 2], "x", [jumps_over_one, over, places, halts])], [(1, [0, 3]), "halts"], [0, 4]),
    ],
)
def test_after_a_jump_a_token_goes_on_as_it_would_have_without(
    tier: str, hooked: bool, callbacks: list[Any], noted: list[Any], halted: list[int] | None
) -> None:
    kind = with_classes(before_object=lambda *_: None) if hooked else GenericWorkflowEngine
    eng = engine(*callbacks, tier=tier, kind=kind)
    for _ in range(6):  # after some, in a routine that begins there
        token: list[Any] = []
        with pytest.raises(HaltProcessing) if halted else nullcontext():
            eng.process([token])
        assert noted == token
        assert halted in (None, eng.state.callback_pos)
        assert (loops.KEY in eng.extra_data) is (halted == [0, 4])
        eng.extra_data.clear()
