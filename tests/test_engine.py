"""What the engine keeps and what it mends; one test for each line."""

from __future__ import annotations

import copy
import logging
import pickle
import threading
from typing import Any

import pytest
from six import reraise

from wfgraph import Trace, compile_graph
from wfgraph.engine import Continue, GenericWorkflowEngine, MachineState, ProcessingFactory, TransitionActions
from wfgraph.errors import HaltProcessing, WorkflowDefinitionError, WorkflowError
from wfgraph.patterns import CMP, FOR, HALT, IF, IF_ELSE
from wfgraph.signals import workflow_error, workflow_halted
from wfgraph.utils import classproperty


def engine(*callbacks: Any, kind: Any = GenericWorkflowEngine) -> Any:
    eng = kind()
    eng.callbacks.replace(list(callbacks))
    return eng


def note(name: str) -> Any:
    def task(obj: Any, eng: Any) -> None:
        obj.append(name)

    return task


def test_the_documented_loop_prints_what_the_documentation_says(capsys: Any) -> None:
    def append_from(key: str) -> Any:
        def task(obj: Any, eng: Any) -> None:
            obj.append(eng.extra_data[key])
            print("new data:", obj)

        return task

    def interrupt(obj: Any, eng: Any) -> None:
        print("Raising HaltProcessing")
        eng.halt("interrupting this workflow.")

    def restart(obj: Any, eng: Any) -> None:
        print("Restarting the engine")
        eng.restart("current", "first")

    less = CMP((lambda o, e: o), [0, 1, 0, 1], "<")
    flow = [FOR(range(2), "now", [append_from("now")]), IF_ELSE(less, [restart], [append_from("now"), interrupt])]
    eng = engine(*flow)
    try:
        eng.process([[], [0, 1], [0, 1, 0, 1]])
    except HaltProcessing:
        while True:
            try:
                eng.restart("next", "first")
            except HaltProcessing:
                continue
            break
    assert [[0, 1, 0, 1, 1], [0, 1, 0, 1, 1], [0, 1, 0, 1, 0, 1, 1]] == eng.objects
    expected = """\
new data: [0]
new data: [0, 1]
Restarting the engine
new data: [0, 1, 0]
new data: [0, 1, 0, 1]
new data: [0, 1, 0, 1, 1]
Raising HaltProcessing
new data: [0, 1, 0]
new data: [0, 1, 0, 1]
new data: [0, 1, 0, 1, 1]
Raising HaltProcessing
new data: [0, 1, 0, 1, 0]
new data: [0, 1, 0, 1, 0, 1]
new data: [0, 1, 0, 1, 0, 1, 1]
Raising HaltProcessing
"""
    assert expected == capsys.readouterr().out


def test_a_position_changed_in_place_is_a_jump() -> None:
    def back(obj: Any, eng: Any) -> None:
        obj.append("back")
        if len(obj) < 4:
            eng.state.callback_pos[-1] -= 2

    obj: list[str] = []
    engine(note("a"), back, note("b")).process([obj])
    assert ["a", "back", "a", "back", "b"] == obj


def test_the_position_stays_where_it_was_halted_and_restart_goes_on() -> None:
    eng = engine(note("a"), IF(lambda o, e: True, [HALT("look", "approve", 7), note("b")]), note("c"))
    obj: list[str] = []
    with pytest.raises(HaltProcessing) as caught:
        eng.process([obj])
    assert [1, 1, 0] == eng.state.callback_pos
    assert {"message": "look", "action": "approve", "payload": 7} == caught.value.as_dict()
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert ("look", "approve", 7) == (again.message, again.action, again.payload)
    eng.restart("current", "next")
    assert ["a", "b", "c"] == obj


def test_the_state_copies_and_pickles_with_its_three_keys() -> None:
    state = MachineState(3, [1, 2])
    for twin in (copy.copy(state), copy.deepcopy(state), pickle.loads(pickle.dumps(state))):  # noqa: S301 - our own
        assert {"token_pos": 3, "callback_pos": [1, 2], "current_object_processed": False} == twin.__getstate__()
    state.__getstate__()["callback_pos"].append(9)
    assert [1, 2] == state.callback_pos
    with pytest.raises(AttributeError):
        state.token_pos = -2


@pytest.mark.parametrize("again", ["e", "value", "reraise"])
def test_a_handler_may_raise_the_halt_in_all_three_ways(again: str) -> None:
    class Actions(TransitionActions):
        @staticmethod
        def HaltProcessing(obj: Any, eng: Any, callbacks: Any, e: Any) -> Any:
            if again == "e":
                raise e
            if again == "value":
                raise e[1]
            reraise(*e)

    class Factory(ProcessingFactory):
        @staticmethod
        def transition_exception_mapper() -> Any:
            return Actions

    class Engine(GenericWorkflowEngine):
        @staticmethod
        def processing_factory() -> Any:
            return Factory

    with pytest.raises(HaltProcessing, match="look"):
        engine(HALT("look"), kind=Engine).process([[]])


def test_a_subclass_of_halt_is_a_halt_and_errors_are_handled_by_their_bases() -> None:
    class Mine(HaltProcessing):
        pass

    class Actions(TransitionActions):
        @staticmethod
        def LookupError(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> Any:
            obj.append("handled")
            raise Continue

    class Factory(ProcessingFactory):
        @classproperty
        def transition_exception_mapper(cls: Any) -> Any:  # noqa: N805 - a class property
            return Actions

    class Engine(GenericWorkflowEngine):
        @classproperty
        def processing_factory(cls: Any) -> Any:  # noqa: N805 - a class property
            return Factory

    def fail(obj: Any, eng: Any) -> None:
        if len(obj):
            raise Mine("mine")
        raise KeyError("x")

    obj: list[str] = []
    with pytest.raises(Mine):
        engine(fail, kind=Engine).process([obj, ["full"]])
    assert ["handled"] == obj


def test_signals_come_from_the_engine_and_a_failing_receiver_changes_nothing(caplog: Any) -> None:
    heard: list[Any] = []

    def listen(sender: Any) -> None:
        heard.append(sender)
        raise RuntimeError("receiver")

    def fail(obj: Any, eng: Any) -> None:
        raise ValueError("task")

    eng = engine(fail)
    with (
        workflow_halted.connected_to(listen),
        workflow_error.connected_to(listen),
        pytest.raises(ValueError, match="task"),
    ):
        eng.process([[]])
    assert [eng, eng] == heard
    assert "receiver" in caplog.text


def test_importing_leaves_logging_alone_and_names_have_no_brackets() -> None:
    assert [] == logging.getLogger("wfgraph").handlers
    assert "wfgraph.engine.GenericWorkflowEngine" == GenericWorkflowEngine().log.name


@pytest.mark.parametrize("words", [("bogus", "first"), ("first", "bogus"), ("prev", "first"), ("current", "first")])
def test_restart_with_words_that_lead_nowhere_changes_nothing(words: tuple[str, str]) -> None:
    eng = engine(note("a"))
    before = eng.state.__getstate__()
    with pytest.raises(WorkflowError):
        eng.restart(*words, objects=[[]])
    assert before == eng.state.__getstate__()


@pytest.mark.parametrize("position", [[], ["0"], (0,), None, 0])
@pytest.mark.parametrize("task", ["prev", "current", "next"])
def test_a_position_that_is_no_path_is_refused(position: Any, task: str) -> None:
    eng = engine(note("a"))
    eng.process([[]])
    eng.state.callback_pos = position
    with pytest.raises(WorkflowError, match="can't go on from the position"):
        eng.restart("current", task)
    with pytest.raises(WorkflowError, match="can't go on from the position"):
        eng.process([[]], reset_state=False)


def test_runs_in_runs_need_no_recursion_limit() -> None:
    def again(obj: Any, eng: Any) -> None:
        obj.append(1)
        if len(obj) < 1_500:
            eng.restart("current", "first")

    obj: list[int] = []
    engine(again).process([obj])
    assert 1_500 == len(obj)


def test_rewind_goes_back_without_a_run_in_the_run() -> None:
    def back(obj: Any, eng: Any) -> None:
        if len(obj) < 3:
            eng.rewind("current", "first")

    obj: list[str] = []
    engine(note("a"), back, note("b")).process([obj])
    assert ["a", "a", "a", "b"] == obj


def test_a_run_keeps_the_definition_it_started_with() -> None:
    def change(obj: Any, eng: Any) -> None:
        eng.callbacks.replace([note("new")])

    eng, first, second = engine(change, note("old")), [], []
    eng.process([first, second])
    assert (["old"], ["old"]) == (first, second)
    eng.process([first])
    assert ["old", "new"] == first


def test_two_threads_can_not_run_one_engine() -> None:
    entered, leave = threading.Event(), threading.Event()

    def wait(obj: Any, eng: Any) -> None:
        entered.set()
        leave.wait(20)

    eng = engine(wait)
    other = threading.Thread(target=eng.process, args=([1],))
    other.start()
    entered.wait(20)
    try:
        with pytest.raises(WorkflowError, match="another thread"):
            eng.process([2])
    finally:
        leave.set()
        other.join()


def test_bad_tokens_and_definitions_get_one_clear_error() -> None:
    with pytest.raises(WorkflowError, match="Passed in object <class 'int'> is not an iterable"):
        engine(note("a")).process(5)
    with pytest.raises(WorkflowError, match="mapping"):
        engine(note("a")).process({})
    with pytest.raises(WorkflowError, match="The callbacks are empty, did you set them"):
        GenericWorkflowEngine().process([1])
    with pytest.raises(KeyError, match="No workflow is registered for the key: x"):
        GenericWorkflowEngine().callbacks.get("x")
    with pytest.raises(WorkflowDefinitionError, match=r"\[1\] is not callable"):
        engine(note("a"), 5).process([[]])


@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
def test_an_engine_can_go_on_after_an_interruption(tier: str) -> None:
    def interrupted(obj: Any, eng: Any) -> None:
        obj.append("tried")
        if len(obj) == 1:
            raise KeyboardInterrupt

    eng, tokens = engine([interrupted], note("b")), [[], ["other"]]
    eng.tier = tier
    with pytest.raises(KeyboardInterrupt):
        eng.process(tokens)
    assert ([0, 0], 0) == (eng.state.callback_pos, eng.state.token_pos)
    eng.restart("current", "current")
    assert [["tried", "tried", "b"], ["other", "tried", "b"]] == tokens


def test_an_endless_token_is_stopped_by_max_steps() -> None:
    eng = engine(lambda obj, eng: eng.jump_call(0))
    eng.max_steps = 50
    with pytest.raises(WorkflowError, match="max_steps"):
        eng.process([1])


def test_the_trace_holds_only_edges_of_the_graph() -> None:
    flow = [FOR(range(2), "x", [note("a"), IF(lambda obj, eng: len(obj) > 1, [note("b")])]), HALT()]
    eng = engine(*flow)
    eng.trace = Trace()
    with pytest.raises(HaltProcessing):
        eng.process([[]])
    graph = compile_graph(flow)
    assert eng.trace.steps
    for step in eng.trace.steps:
        assert step.target in {edge.target for edge in graph.out_edges(step.source)}


def test_setget_stores_a_default() -> None:
    eng = GenericWorkflowEngine()
    assert [] == eng.extra_data.setget("seen", [])
    with pytest.warns(DeprecationWarning, match="store") as caught:
        assert {"seen": []} == eng.store
    assert __file__ == caught[0].filename
