"""One token is run through a definition, and its path is what a test says, or the message tells where it parts."""

from __future__ import annotations

import doctest
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

import wfgraph.testing
from wfgraph import ops, task
from wfgraph.engine import ActionMapper, GenericWorkflowEngine, ProcessingFactory, TransitionActions
from wfgraph.errors import HaltProcessing, WorkflowAPIError, WorkflowDefinitionError
from wfgraph.graph import outcomes
from wfgraph.patterns import FOR, HALT, IF, IF_ELSE, RUN_WF, SYNCHRONIZE, TASK_JUMP_BWD
from wfgraph.storage import DbWorkflowEngine
from wfgraph.testing import assert_path, run


def count(order: Any, eng: Any) -> None:
    order["pieces"] = len(order["parts"])


def is_large(order: Any, eng: Any) -> bool:
    return bool(order["pieces"] > 2)


def letter(order: Any, eng: Any) -> None:
    order["by"] = "letter"


@task(id="carrier")
def call_carrier(order: Any, eng: Any) -> None:
    raise OSError("no network here")


def pay(order: Any, eng: Any) -> None:
    if not order.get("paid"):
        eng.halt("not paid", action="pay", payload={"pieces": order["pieces"]})


FLOW = [count, IF_ELSE(is_large, [call_carrier], letter), pay, (letter, None)]
NAMES = ("count", "IF_ELSE", "letter", "BREAK", "pay", "letter")


def message(call: Any) -> list[str]:
    with pytest.raises(AssertionError) as caught:
        call()
    return str(caught.value).splitlines()


def test_a_walk_tells_path_names_outcome_and_what_was_changed() -> None:
    order = {"parts": "a", "paid": True}
    walk = run(FLOW, order, extra_data={"shop": 7})
    path = ((0,), (1, 0), (1, 3), (2,), (3,))
    assert (path, ("count", "IF_ELSE", "letter", "pay", "letter")) == (walk.path, walk.names)
    assert ("completed", None, None, None, None) == (
        walk.outcome,
        walk.error,
        walk.message,
        walk.action,
        walk.payload,
    )
    assert walk.token is order
    assert ("letter", 7) == (order["by"], walk.extra_data["shop"])
    assert "Walk(outcome='completed', names=('count', 'IF_ELSE'" in repr(walk)


def test_the_path_that_is_expected_needs_no_tasks_of_patterns_but_may_name_them() -> None:
    for expected in (
        ["count", "letter", "pay", "letter"],
        ["count", "IF_ELSE", "letter", "pay", "letter"],
        ["count", "[1, 3]", (2,), [3]],
        [count, letter, pay, letter],
    ):
        walk = assert_path(FLOW, {"parts": "a", "paid": True}, expected, outcome="completed")
        assert 5 == len(walk.path)


@pytest.mark.parametrize("expected", [[], ["count"], ["count", "letter", "pay"], ["count", "letter", "letter", "pay"]])
def test_another_path_fails(expected: list[str]) -> None:
    with pytest.raises(AssertionError, match="another path than expected"):
        assert_path(FLOW, {"parts": "a", "paid": True}, expected)


def test_the_message_shows_both_paths_and_where_they_part_in_the_graph() -> None:
    told = message(lambda: assert_path(FLOW, {"parts": "a"}, ["count", "carrier", "pay"], outcome="completed"))
    assert [
        "the token took another path than expected (-):",
        "    count at [0]",
        "  - carrier",
        "  + letter at [1, 3]",
        "    pay at [2]",
        "they part in the graph at",
        "    [1, 0] IF_ELSE: if is_large",
        "        -true-> [1, 1, 0]",
        "        -false-> [1, 3]",
        "it is halted, not completed",
        "halted at [2]: not paid",
    ] == told


@pytest.mark.parametrize(
    ("expected", "says"),
    [
        (["cuont", "letter", "pay"], "the definition has no task cuont; it has count, ..."),
        (["letter"], "they part at the beginning"),
        (["count", "letter", "pay", "letter"], "    [2] pay"),
    ],
)
def test_the_message_tells_of_names_that_are_none_and_of_ends_that_come_too_early(expected: Any, says: str) -> None:
    assert says in message(lambda: assert_path(FLOW, {"parts": "a"}, expected))


def test_an_outcome_can_be_expected_and_an_error_is_the_cause_of_the_failure() -> None:
    flow = [count, call_carrier]
    with pytest.raises(AssertionError, match="the expected path\nit is failed, not completed") as caught:
        assert_path(flow, {"parts": ""}, ["count", "carrier"], outcome="completed")
    assert isinstance(caught.value.__cause__, OSError)
    assert "failed at [1]: OSError: no network here" == str(caught.value).splitlines()[-1]


def test_a_halt_is_told_in_the_message_and_its_traceback_is_not() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_path([HALT("why")], {}, [], outcome="completed")
    assert "halted at [0]: why" == str(caught.value).splitlines()[-1]
    assert (None, True) == (caught.value.__cause__, caught.value.__suppress_context__)


@pytest.mark.parametrize(
    ("leave", "outcome"),
    [
        (lambda obj, eng: eng.halt("why"), "halted"),
        (lambda obj, eng: eng.stop(), "stopped"),
        (lambda obj, eng: eng.abort(), "aborted"),
        (lambda obj, eng: eng.skip_token(), "skipped"),
        (lambda obj, eng: eng.continue_next_token(), "left"),
        (lambda obj, eng: eng.jump_token(1), "left"),
        (lambda obj, eng: eng.break_current_loop(), "completed"),
        (lambda obj, eng: eng.jump_call(5), "completed"),
        (lambda obj, eng: {}["x"], "failed"),
    ],
)
def test_the_outcome_says_how_the_token_was_left(leave: Any, outcome: str) -> None:
    walk = run([leave, count], {})
    assert (outcome, ((0,),)) == (walk.outcome, walk.path)


def test_a_token_that_is_taken_up_again_is_followed() -> None:
    def twice(obj: list[int], eng: Any) -> None:
        obj.append(1)
        if len(obj) < 2:
            eng.jump_token(0)

    assert (("twice", "twice"), "completed") == ((walk := run([twice], [])).names, walk.outcome)


def test_a_halt_is_told_and_resumed() -> None:
    halted = run(FLOW, {"parts": "a"})
    assert ("halted", "not paid", "pay", {"pieces": 1}) == (
        halted.outcome,
        halted.message,
        halted.action,
        halted.payload,
    )
    assert isinstance(halted.error, HaltProcessing)
    again = halted.resume("current")
    assert ("halted", ("pay",)) == (again.outcome, again.names)
    halted.token["paid"] = True
    done = again.resume("current")
    done.assert_path(["pay", "letter"], "completed")
    with pytest.raises(WorkflowAPIError, match="nothing to resume"):
        done.resume()
    with pytest.raises(WorkflowAPIError, match="no longer stands"):
        halted.resume()


def test_stubs_replace_tasks_by_name_id_address_or_themselves() -> None:
    order = {"parts": "abc", "paid": True}
    instead = Mock()
    for known in ("call_carrier", "carrier", "[1, 1, 0]", (1, 1, 0), call_carrier):
        walk = run(FLOW, order, stubs={known: instead})
        assert ("completed", "call_carrier") == (walk.outcome, walk.names[2])
    assert 5 == instead.call_count
    assert instead.call_args.args[0] is order


def test_a_stub_may_do_something_or_nothing_and_a_name_stands_for_all_of_that_name() -> None:
    done: list[str] = []
    stubs = {"letter": lambda order, eng: done.append("letter"), "pay": None}
    walk = run(FLOW, {"parts": ""}, stubs=stubs)
    assert (["letter", "letter"], ("count", "IF_ELSE", "letter", "pay", "letter")) == (done, walk.names)
    assert "failed" == run(FLOW, {"parts": "abc"}).outcome, "the definition itself is left alone"


def test_a_stub_may_steer() -> None:
    walk = run(FLOW, {"parts": ""}, stubs={"pay": lambda order, eng: eng.stop()})
    assert ("stopped", (2,)) == (walk.outcome, walk.path[-1])


@pytest.mark.parametrize(
    ("stubs", "says"),
    [
        ({"is_large": lambda order, eng: True}, "the definition has no task is_large"),
        ({"pya": None}, "no task pya; it has pay"),
        ({"pay": 5}, "what is called instead of pay can't be called: 5"),
        ({(7,): None}, r"no task \[7\]"),
    ],
)
def test_a_stub_for_no_task_is_refused(stubs: Any, says: str) -> None:
    with pytest.raises(WorkflowAPIError, match=says):
        run(FLOW, {"parts": ""}, stubs=stubs)


def test_an_endless_loop_fails_with_the_tasks_in_it() -> None:
    told = message(lambda: run([count, TASK_JUMP_BWD(-1)], {"parts": ""}, max_steps=50))[0]
    assert told.startswith(
        "the token was not done after 50 tasks, the last of which were TASK_JUMP_BWD at [1] -> count"
    )

    def again(obj: Any, eng: Any) -> None:
        eng.jump_token(0)

    assert "not done after 20 tasks" in message(lambda: run([again], {}, max_steps=20))[0]
    assert "completed" == run([count] * 20, {"parts": ""}, max_steps=20).outcome


@pytest.mark.unobserved
def test_a_step_that_the_graph_does_not_have_fails() -> None:
    @task(ops.Call())
    def lies(obj: Any, eng: Any) -> None:
        eng.jump_call(2)

    told = message(lambda: run([lies, letter, pay], {"paid": True}))[0]
    assert told.startswith("the token went from lies at [0] to [2], which is no edge of the graph")

    @task(ops.Branch(outcomes.BREAK, outcomes.RETURN, test=is_large))
    def honest(obj: Any, eng: Any) -> None:
        eng.break_current_loop()

    assert "completed" == run([[honest, letter]], {}).outcome


def test_hooks_and_handlers_of_an_engine_of_ones_own_are_called() -> None:
    seen: list[str] = []

    class Actions(ActionMapper):
        @staticmethod
        def before_each_callback(eng: Any, callback_func: Any, obj: Any) -> None:
            seen.append(callback_func.__name__)

    class Handlers(TransitionActions):
        @staticmethod
        def OSError(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
            seen.append("handled")

    class Factory(ProcessingFactory):
        action_mapper = Actions
        transition_exception_mapper = Handlers

    class Own(GenericWorkflowEngine):
        processing_factory = Factory

    for engine in (Own, Own(), partial(Own)):
        seen.clear()
        walk = run([count, call_carrier], {"parts": ""}, engine=engine)
        assert (["count", "call_carrier", "handled"], "failed") == (seen, walk.outcome)
        assert isinstance(walk.error, OSError)
        assert None is walk.engine.trace


def test_what_a_handler_makes_of_an_error_is_the_tasks_error() -> None:
    def handle(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        raise LookupError("another") from exc_info[1]

    handlers = type("H", (TransitionActions,), {"OSError": staticmethod(handle)})
    factory = type("F", (ProcessingFactory,), {"transition_exception_mapper": handlers})
    walk = run([call_carrier], {}, engine=type("E", (GenericWorkflowEngine,), {"processing_factory": factory}))
    assert ("failed", OSError) == (walk.outcome, type(walk.error))


def failing(hook: str) -> type:
    def fail(*_: Any) -> None:
        raise LookupError("of the hook")

    factory = type("F", (ProcessingFactory,), {"action_mapper": type("A", (ActionMapper,), {hook: staticmethod(fail)})})
    return type("E", (GenericWorkflowEngine,), {"processing_factory": factory})


@pytest.mark.parametrize("hook", ["before_callbacks", "after_callbacks"])
def test_what_a_hook_around_the_token_raises_is_raised(hook: str) -> None:
    with pytest.raises(LookupError, match="of the hook"):
        run([letter], {}, engine=failing(hook))


@pytest.mark.parametrize("hook", ["before_each_callback", "after_each_callback"])
def test_what_a_hook_around_a_task_raises_is_told_of_that_task(hook: str) -> None:
    walk = run([letter], {}, engine=failing(hook))
    assert ("failed", ("letter",), LookupError) == (walk.outcome, walk.names, type(walk.error))


def test_what_is_no_definition_is_raised() -> None:
    with pytest.raises(WorkflowDefinitionError, match=r"at \[1\] is not callable"):
        run([count, 5], {})


def test_an_engine_that_chooses_its_definitions_is_refused() -> None:
    class Own(GenericWorkflowEngine):
        def callback_chooser(self, obj: Any) -> Any:
            return [letter]

    with pytest.raises(WorkflowAPIError, match="Own chooses its definitions itself"):
        run([count], {}, engine=Own)


def test_tokens_that_choose_their_definition_get_this_one() -> None:
    class Keyed(dict[str, Any]):
        def getFeature(self, name: str) -> str:
            return "order"

    assert ("letter",) == run([letter], Keyed()).names


def test_other_workflows_and_branches_are_a_part_of_their_task() -> None:
    walk = run([RUN_WF([count]), SYNCHRONIZE([letter], letter, letter), FOR([1, 2], "n", letter)], {"parts": ""})
    again = ("FOR", "letter", "TASK_JUMP_BWD")
    assert ("RUN_WF", "SYNCHRONIZE", *again, *again, "FOR") == walk.names
    halted = run([RUN_WF([HALT("inner"), letter]), letter], {})
    assert ("halted", "inner") == (halted.outcome, halted.message)
    assert (("RUN_WF", "letter"), "completed") == ((done := halted.resume("current")).names, done.outcome)


def test_a_stored_run_is_walked_and_resumed(tmp_path: Path) -> None:
    engine = DbWorkflowEngine.with_name("orders", f"sqlite:///{tmp_path}/runs.db")
    halted = run(FLOW, {"parts": "a"}, engine=engine)
    assert ("halted", "HALTED") == (halted.outcome, engine.status.name)
    halted.token["paid"] = True
    halted.resume("current").assert_path(["pay", "letter"], "completed")
    assert "COMPLETED" == engine.status.name
    failed = run([call_carrier], {}, engine=DbWorkflowEngine.with_name("x", f"sqlite:///{tmp_path}/runs.db"))
    assert ("failed", OSError) == (failed.outcome, type(failed.error))


def test_a_deep_definition_is_walked_with_stubs() -> None:
    deep: Any = [letter]
    for _ in range(900):
        deep = [deep]
    assert ("letter",) == run(deep, {}, stubs={"letter": None}).names


def test_control_characters_do_not_reach_the_message() -> None:
    def fails(obj: Any, eng: Any) -> None:
        raise ValueError("\x1b[31mred\nline")

    assert "failed at [0]: ValueError: \\x1b[31mred\\nline" == message(lambda: assert_path([fails], {}, []))[-1]


def test_the_example_in_the_documentation_of_the_module_works() -> None:
    assert (0, 7) == tuple(doctest.testmod(wfgraph.testing))


def test_a_condition_that_halts_is_a_halt_of_its_pattern() -> None:
    walk = run([IF(lambda obj, eng: eng.halt("ask"), letter)], {})
    assert ("halted", ("IF",), "ask") == (walk.outcome, walk.names, walk.message)


def test_a_definition_of_empty_lists_is_completed_at_once() -> None:
    walk = run([[[]]], {})
    assert ("completed", (), None) == (walk.outcome, walk.path, walk.error)
