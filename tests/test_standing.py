"""Where an engine stands and what it is made of, as it is told to others: its state, its trace, and what it overrides."""

from __future__ import annotations

import copy
import pickle
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from helpers import engine, tiers

from wfgraph.engine import ActionMapper, GenericWorkflowEngine, MachineState, ProcessingFactory
from wfgraph.errors import (
    AbortProcessing,
    BreakFromThisLoop,
    HaltProcessing,
    JumpCall,
    SkipToken,
    StopProcessing,
    WorkflowDefinitionError,
    WorkflowError,
)
from wfgraph.graph.outcomes import Control
from wfgraph.graph.workflow_graph import ENTRY, EXIT, TERMINAL_OF
from wfgraph.runtime import trace
from wfgraph.runtime.context import current_engine, identity_of, item_at, speaking_of, standing_of
from wfgraph.runtime.extension import watchers
from wfgraph.runtime.extra_data import ExtraData
from wfgraph.runtime.interpreter import NOBODY, Watchers
from wfgraph.runtime.trace import Step, Trace, control_of


def a(obj: Any, eng: Any) -> None: ...
def b(obj: Any, eng: Any) -> None: ...


# The state ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), (-1, [0])),
        ((0,), (0, [0])),
        ((3, [1, 2]), (3, [1, 2])),
        ((None, [4]), (-1, [4])),
        ((-1, []), (-1, [])),
    ],
)
def test_a_state_stands_where_it_is_told_and_else_before_the_first_token(given: Any, expected: Any) -> None:
    state = MachineState(*given)
    assert (*expected, False) == (state.token_pos, state.callback_pos, state.current_object_processed)
    assert f"MachineState(token_pos={expected[0]}, callback_pos={expected[1]})" == repr(state)
    assert ("token_pos", "callback_pos", "current_object_processed") == state._state_keys


def test_a_state_is_kept_and_given_back_as_copies() -> None:
    state = MachineState(2, [1, 0])
    state.current_object_processed = True
    kept = state.__getstate__()
    assert {"token_pos": 2, "callback_pos": [1, 0], "current_object_processed": True} == kept
    other = MachineState()
    other.__setstate__(kept)
    for one in (other, copy.copy(state), copy.deepcopy(state), pickle.loads(pickle.dumps(state))):  # noqa: S301 - ours
        assert kept == one.__getstate__()
        assert one.callback_pos is not state.callback_pos
    assert other.callback_pos is not kept["callback_pos"]
    assert state.glance() == state.callback_pos
    assert state.glance() is not state.callback_pos


def test_a_state_goes_back_in_part_or_as_a_whole_with_a_new_position() -> None:
    state = MachineState(2, [1, 0])
    state.current_object_processed = True
    position = state.callback_pos
    state.token_pos_reset()
    assert (-1, [1, 0]) == (state.token_pos, state.callback_pos)
    state.token_pos = 2
    state.callback_pos_reset()
    assert (2, [0], [1, 0]) == (state.token_pos, state.callback_pos, position)
    state.reset()
    assert (-1, [0], False) == (state.token_pos, state.callback_pos, state.current_object_processed)


def test_no_token_is_two_before_the_first() -> None:
    state = MachineState(2)
    with pytest.raises(AttributeError) as raised:
        state.token_pos = -2
    assert "token_pos may not be < -1" == str(raised.value)
    assert 2 == state.token_pos


def test_setget_stores_what_is_missing_unless_that_is_none() -> None:
    data = ExtraData(known=None)
    assert [None, None, 0, 0, None] == [
        data.setget("known", 1),
        data.setget("none"),
        data.setget("zero", 0),
        data.setget("zero", 5),
        data.setget("none", None),
    ]
    assert {"known": None, "zero": 0} == data


# Where it stands ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("position", "found"),
    [
        ([0], a),
        ([1], [b, [a]]),
        ([1, 0], b),
        ([1, 1, 0], a),
        ([0, 5], a),
        ([-1], [b, [a]]),
        ([-2], a),
        ([-3], None),
        ([2], None),
        ([1, 2], None),
        ([1, 2, 0], None),
        ([], [a, [b, [a]]]),
    ],
)
def test_what_stands_at_a_position(position: list[int], found: Any) -> None:
    eng = engine(a, [b, [a]])
    assert found == item_at(eng, position)
    eng.state.callback_pos = position
    name = found.__name__ if callable(found) else None
    assert (-1, position, name) == standing_of(eng)


def test_the_definition_of_a_token_is_that_of_its_own_kind() -> None:
    class Choosing(GenericWorkflowEngine):
        def callback_chooser(self, obj: Any) -> Any:
            return obj

    def first(obj: Any, eng: Any) -> None:
        seen.append((standing_of(eng), eng.current_taskname))

    def second(obj: Any, eng: Any) -> None:
        seen.append((standing_of(eng), eng.current_taskname))

    seen: list[Any] = []
    eng = engine(a, kind=Choosing)
    eng.process([[a, first], [[second]]])
    assert [((0, [1], "first"), "first"), ((1, [0, 0], "second"), "second")] == seen
    assert (1, [0], "a") == standing_of(eng)


def test_a_name_that_could_break_a_line_is_escaped() -> None:
    def task(obj: Any, eng: Any) -> None: ...

    task.__name__ = "one\ntwo"
    assert (-1, [0], "one\\ntwo") == standing_of(engine(task))


class Stored:
    def __init__(self, **given: Any) -> None:
        self.__dict__.update(given)


@pytest.mark.parametrize(
    ("stored", "more"),
    [
        (None, {}),
        (Stored(), {}),
        (Stored(uuid=5, name=None), {"run_uuid": "5"}),
        (Stored(uuid="u", name="flow"), {"run_uuid": "u", "run_name": "flow"}),
    ],
)
def test_an_engine_is_named_by_its_class_and_by_its_stored_run(stored: Any, more: dict[str, str]) -> None:
    found: list[Any] = []
    eng = engine(lambda obj, eng: found.append(identity_of(eng)))
    if stored is not None:
        eng.db_obj = stored
    named = {"engine": "wfgraph.engine.GenericWorkflowEngine", **more}
    assert named == identity_of(eng)
    eng.process([1, 2])
    assert [named, named] == found
    assert found[0] is found[1], "what is stored is asked once in a run"
    eng.process([1])
    assert found[2] is not found[0]


def test_an_engine_is_the_current_one_within_its_run_and_where_it_speaks() -> None:
    seen: list[Any] = []

    def note(obj: Any, eng: Any) -> None:
        seen.append(current_engine.get())
        if obj == 1:
            other.process([2])
            seen.append(current_engine.get())

    eng, other = engine(note), engine(note)
    eng.process([1])
    assert [eng, other, eng] == seen
    assert current_engine.get() is None
    with speaking_of(eng):
        with pytest.raises(KeyError), speaking_of(other):
            raise KeyError(seen.append(current_engine.get()))
        assert [other, eng] == [seen[-1], current_engine.get()]
    assert current_engine.get() is None


# A run in a run ----------------------------------------------------------------------------------------------------------


def test_runs_that_are_nested_may_take_more_frames_and_give_them_back() -> None:
    limits: list[int] = []

    def note(obj: Any, eng: Any) -> None:
        limits.append(sys.getrecursionlimit())
        if obj < 3:
            run = eng._run
            eng.process([obj + 1])
            assert run is eng._run
            limits.append(sys.getrecursionlimit())

    before = sys.getrecursionlimit()
    eng = engine(note)
    eng.process([1])
    assert [before, before + 60, before + 120, before + 60, before] == limits
    assert (before, None) == (sys.getrecursionlimit(), eng._run)


def test_an_engine_that_runs_in_another_thread_says_what_to_do() -> None:
    eng = engine(a)
    said: list[WorkflowError] = []

    def elsewhere() -> None:
        try:
            eng.process([1])
        except WorkflowError as error:
            said.append(error)

    def task(obj: Any, eng: Any) -> None:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()

    eng.callbacks.replace([task])
    eng.process([1])
    assert ["this engine is running in another thread; an engine runs one workflow at a time: make one per thread"] == [
        one.message for one in said
    ]


@tiers
def test_halts_are_gone_past_as_long_as_tokens_are_left(tier: str) -> None:
    ran: list[int] = []

    def task(obj: int, eng: Any) -> None:
        ran.append(obj)
        if obj % 2:
            eng.halt("odd")
        if obj == 4:
            raise WorkflowError("four")

    eng = engine([task], tier=tier)
    eng.process([1, 2, 3, 4, 5, 5, 6], stop_on_halt=False, stop_on_error=False)
    assert [1, 2, 3, 4, 5, 5, 6] == ran
    assert eng.has_completed
    with pytest.raises(WorkflowError, match="four"):
        eng.process([1, 4, 5], stop_on_halt=False)
    assert 1 == eng.state.token_pos
    with pytest.raises(HaltProcessing, match="odd"):
        eng.process([4, 5, 2], stop_on_error=False)
    assert 1 == eng.state.token_pos


@pytest.mark.parametrize("error", [WorkflowError("not now"), HaltProcessing("not now")], ids=["error", "halt"])
def test_what_ends_a_run_before_its_first_token_is_raised_whatever_is_to_be_gone_past(error: Exception) -> None:
    def fails(eng: Any, objects: Any) -> None:
        raise error

    factory = type("Factory", (ProcessingFactory,), {"before_processing": staticmethod(fails)})
    eng = engine(a, kind=type("Failing", (GenericWorkflowEngine,), {"processing_factory": factory}))
    with pytest.raises(type(error), match="not now"):
        eng.process([1, 2], stop_on_error=False, stop_on_halt=False)


@tiers
def test_a_run_keeps_the_definitions_that_it_began_with(tier: str) -> None:
    ran: list[str] = []

    class Typed:
        def __init__(self, key: str) -> None:
            self.key = key

        def getFeature(self, what: str) -> str:
            return self.key

    def first(obj: Any, eng: Any) -> None:
        ran.append("first")
        eng.callbacks.get("one").append(more)
        eng.callbacks.get("two")[:] = []
        eng.callbacks.clear("three")

    def more(obj: Any, eng: Any) -> None:
        ran.append("more")

    def other(obj: Any, eng: Any) -> None:
        ran.append("other")

    eng = engine(a, tier=tier)
    eng.callbacks.replace([first], "one")
    eng.callbacks.replace([other], "two")
    eng.callbacks.replace([other], "three")
    eng.process([Typed("one"), Typed("one"), Typed("two"), Typed("three")])
    assert ["first", "first", "other", "other"] == ran
    ran.clear()
    eng.process([Typed("one")])
    assert ["first", "more", "more"] == ran
    with pytest.raises(WorkflowError) as raised:
        eng.process([Typed("two")])
    assert "The callbacks under 'two' are empty, did you set them?" == raised.value.message


def test_a_definition_that_can_not_be_compiled_is_told_of_by_the_token_that_needs_it() -> None:
    class Typed:
        def getFeature(self, what: str) -> str:
            return "broken"

    eng = engine(a)
    eng.callbacks.replace([a], "broken")
    eng.callbacks.get("broken").append(5)
    eng.process([1, 2])
    with pytest.raises(WorkflowDefinitionError, match="not callable"):
        eng.process([1, Typed()])
    assert 1 == eng.state.token_pos


# The trace ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "control"),
    [
        (None, Control.RETURN),
        (JumpCall(1), Control.JUMP),
        (BreakFromThisLoop(), Control.BREAK),
        (HaltProcessing(), Control.HALT),
        (StopProcessing(), Control.STOP),
        (ValueError(), Control.ERROR),
        (KeyboardInterrupt(), Control.ERROR),
    ],
)
def test_what_the_engine_is_told_by_an_end(error: BaseException | None, control: Control) -> None:
    assert control is control_of(error)


def test_a_trace_keeps_each_step_of_each_token_and_how_long_each_task_took(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1_000, 2))
    monkeypatch.setattr(trace, "perf_counter", lambda: next(clock))

    def jumps(obj: Any, eng: Any) -> None:
        if obj == 1:
            eng.jump_call(2)

    eng = engine(jumps, a, [b])
    eng.trace = Trace()
    eng.process([1, 2])
    expected = [
        Step(0, ENTRY, 0, None, 0.0),
        Step(0, 0, 2, Control.JUMP, 2),
        Step(0, 2, EXIT, Control.RETURN, 2),
        Step(1, ENTRY, 0, None, 0.0),
        Step(1, 0, 1, Control.RETURN, 2),
        Step(1, 1, 2, Control.RETURN, 2),
        Step(1, 2, EXIT, Control.RETURN, 2),
    ]
    assert expected == eng.trace.steps
    assert [one.seconds for one in expected] == [one.seconds for one in eng.trace.steps]
    assert "<Trace of 7 steps>" == repr(eng.trace)
    assert "<Trace of 1 step>" == repr(Trace([expected[0]]))


@pytest.mark.parametrize(
    ("error", "control"),
    [
        (HaltProcessing("look"), Control.HALT),
        (StopProcessing(), Control.STOP),
        (SkipToken(), Control.SKIP_TOKEN),
        (AbortProcessing(), Control.ABORT),
        (ValueError("own"), Control.ERROR),
        (BreakFromThisLoop(), Control.BREAK),
    ],
    ids=repr,
)
def test_a_trace_ends_where_a_token_is_left(error: Exception, control: Control) -> None:
    def leaves(obj: Any, eng: Any) -> None:
        raise error

    eng = engine(a, leaves)
    eng.trace = Trace()
    with suppress(HaltProcessing, ValueError):
        eng.process([1])
    assert [
        Step(0, ENTRY, 0, None),
        Step(0, 0, 1, Control.RETURN),
        Step(0, 1, TERMINAL_OF.get(control, EXIT), control),
    ] == eng.trace.steps


def test_a_run_in_a_task_is_traced_within_its_step() -> None:
    def again(obj: int, eng: Any) -> None:
        if obj == 1:
            eng.process([2])

    eng = engine(again, b)
    eng.trace = Trace()
    eng.process([1])
    inner = [Step(0, ENTRY, 0, None), Step(0, 0, 1, Control.RETURN), Step(0, 1, EXIT, Control.RETURN)]
    assert [inner[0], *inner, *inner[1:]] == eng.trace.steps


# What is overridden ------------------------------------------------------------------------------------------------------


def hook(*_: Any) -> None: ...


class Chooses(GenericWorkflowEngine):
    def callback_chooser(self, obj: Any) -> Any:
        return super().callback_chooser(obj)


class Enters(GenericWorkflowEngine):
    def run_callbacks(self, callbacks: Any, objects: Any, obj: Any, indent: int = 0) -> None:
        super().run_callbacks(callbacks, objects, obj, indent)


class Executes(GenericWorkflowEngine):
    def execute_callback(self, callback: Any, obj: Any) -> None:
        super().execute_callback(callback, obj)


class Jumps(GenericWorkflowEngine):
    def jump_call(self, offset: int) -> Any:
        super().jump_call(offset)


class Breaks(GenericWorkflowEngine):
    def break_current_loop(self) -> Any:
        super().break_current_loop()


def of_hooks(kind: str, name: str) -> type[GenericWorkflowEngine]:
    given = {name: staticmethod(hook)}
    actions = type("Actions", (ActionMapper,), given if kind == "actions" else {})
    factory = type("Factory", (ProcessingFactory,), {"action_mapper": actions} | (given if kind == "factory" else {}))
    return type("Hooked", (GenericWorkflowEngine,), {"processing_factory": factory})


@pytest.mark.parametrize(
    ("kind", "between", "chosen", "entered", "watched"),
    [
        (GenericWorkflowEngine, False, False, False, []),
        (Chooses, True, True, False, []),
        (Enters, True, False, True, []),
        (Executes, False, False, False, ["execute"]),
        (Jumps, False, False, False, ["control"]),
        (Breaks, False, False, False, ["control"]),
        (of_hooks("factory", "before_processing"), False, False, False, []),
        (of_hooks("factory", "before_object"), True, False, False, []),
        (of_hooks("factory", "after_object"), True, False, False, []),
        (of_hooks("actions", "before_callbacks"), True, False, False, []),
        (of_hooks("actions", "after_callbacks"), True, False, False, []),
        (of_hooks("actions", "before_each_callback"), False, False, False, ["before"]),
        (of_hooks("actions", "after_each_callback"), False, False, False, ["after"]),
    ],
    ids=lambda kind: getattr(kind, "__name__", None),
)
def test_an_engine_is_watched_by_what_it_overrides(
    kind: Any, between: bool, chosen: bool, entered: bool, watched: list[str]
) -> None:
    eng = engine(a, kind=kind)
    found = eng._extension()
    assert (between, chosen, entered) == (found.between, found.chosen, found.entered)
    values = {"before": hook, "after": hook, "execute": eng.execute_callback, "control": eng}
    assert Watchers(**{name: values[name] for name in watched}) == found.watch
    assert (found.watch is NOBODY) is (not watched)
    assert found is eng._extension(found)
    assert (watchers(eng, found) is found.watch) is (not entered)
    eng.max_steps = 7
    assert 7 == watchers(eng, found).max_steps


@pytest.mark.parametrize("name", ["callback_chooser", "run_callbacks", "execute_callback", "jump_call"])
def test_what_is_set_on_one_engine_counts_as_overridden(name: str) -> None:
    eng = engine(a)
    plain = eng._extension()
    setattr(eng, name, getattr(eng, name))
    found = eng._extension()
    flags = (found.chosen, found.entered, found.watch.execute is not None, found.watch.control is eng)
    assert flags == tuple(name == one for one in ("callback_chooser", "run_callbacks", "execute_callback", "jump_call"))
    assert plain is eng._extension(plain), "what is known of a run stays"


def test_another_factory_or_mapper_is_noticed() -> None:
    eng = engine(a)
    known = eng._extension()
    eng.processing_factory = type("Factory", (ProcessingFactory,), {})
    found = eng._extension(known)
    assert found.factory is eng.processing_factory
    eng.processing_factory.action_mapper = type("Actions", (ActionMapper,), {})
    again = eng._extension(found)
    assert again is not found
    assert again.actions is eng.processing_factory.action_mapper


@tiers
@pytest.mark.parametrize("hooked", [False, True], ids=["without hooks", "with hooks"])
def test_a_hook_that_a_task_exchanges_is_called_from_the_next_run_on(tier: str, hooked: bool) -> None:
    ran: list[Any] = []
    parts: dict[str, Any] = {"action_mapper": type("Actions", (ActionMapper,), {})}
    if hooked:
        parts["after_object"] = staticmethod(hook)  # so that tokens are run one by one
    factory: Any = type("Factory", (ProcessingFactory,), parts)

    def exchanges(obj: Any, eng: Any) -> None:
        ran.append(obj)
        factory.action_mapper.after_each_callback = staticmethod(lambda eng, task, obj: ran.append(("after", obj)))

    eng = engine(exchanges, tier=tier, kind=type("Hooked", (GenericWorkflowEngine,), {"processing_factory": factory}))
    eng.process([1, 2])
    assert [1, 2] == ran
    eng.process([3])
    assert [3, ("after", 3)] == ran[2:]


class Watching:
    """Looks on from outside."""

    def __init__(self) -> None:
        self.runs: list[Any] = []
        self.actions: Any = None

    @contextmanager
    def run(self, eng: Any) -> Iterator[None]:
        self.runs.append(eng)
        yield
        self.runs.append("end")

    def around(self, actions: Any) -> Any:
        if self.actions is None:
            self.actions = type("Around", (actions,), {"before_callbacks": staticmethod(hook)})
        return self.actions


def test_who_looks_on_is_told_of_each_run_that_is_no_part_of_another() -> None:
    def task(obj: int, eng: Any) -> None:
        watching.runs.append(obj)
        if obj == 1:
            eng.process([3])
        if obj == 2:
            eng.halt("look")

    watching, eng = Watching(), engine(task)
    eng._observer = watching
    assert eng._extension().actions is watching.actions
    assert issubclass(watching.actions, ActionMapper)
    eng.process([1])
    assert [eng, 1, eng, 3, "end", "end"] == watching.runs
    watching.runs.clear()
    eng.process([2, 4], stop_on_halt=False)
    assert [eng, 2, 4, "end"] == watching.runs


@tiers
def test_an_overridden_run_callbacks_is_given_each_list_with_the_tokens_and_its_level(tier: str) -> None:
    given: list[Any] = []

    class Entered(GenericWorkflowEngine):
        def run_callbacks(self, callbacks: Any, objects: Any, obj: Any, indent: int = 0) -> None:
            given.append((callbacks, objects, obj, indent, list(self.state.callback_pos)))
            super().run_callbacks(callbacks, objects, obj, indent)

    eng = engine(a, [b, [a]], tier=tier, kind=Entered)
    whole = eng.callbacks.get()
    tokens = ["one"]
    eng.process(tokens)
    assert [
        (whole, tokens, "one", 0, [0]),
        (whole[1], tokens, "one", 1, [1, 0]),
        (whole[1][1], tokens, "one", 2, [1, 1, 0]),
    ] == given
    assert given[0][1] is tokens
