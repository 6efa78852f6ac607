"""RUN_WF: a workflow in a workflow, its halts, and where it goes on."""

from __future__ import annotations

import json
from functools import partial

import pytest
from helpers import Duplicable, Flaky, Needy, add, engine, halted, run

from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import (
    HaltProcessing,
    WorkflowDefinitionError,
    WorkflowError,
)
from wfgraph.graph import ops
from wfgraph.graph.task import op_of
from wfgraph.patterns._tasks import new_engine
from wfgraph.patterns.controlflow import FOR, HALT, SYNCHRONIZE
from wfgraph.patterns.utils import (
    EMPTY_CALL,
    ENG_SET,
    RUN_WF,
)

# Another workflow ----------------------------------------------------------------------------------------------------


def test_run_wf_runs_the_token_and_keeps_its_engine():
    obj = []
    made = RUN_WF([add("a"), [add("b")]])
    eng = engine(made, add("c"))
    eng.process([obj])
    child = eng.extra_data["RUN_WF"]
    assert (obj, type(child), child.objects) == (["a", "b", "c"], GenericWorkflowEngine, [obj])
    eng.process([obj])
    assert eng.extra_data["RUN_WF"] is child
    assert isinstance(op_of(made), ops.SubWorkflow)


def test_run_wf_takes_a_list_as_one_token_and_the_connectors_list_as_many():
    seen = []
    run(RUN_WF([lambda obj, eng: seen.append(obj)]), obj=[1, 2])
    run(RUN_WF([lambda obj, eng: seen.append(obj)], data_connector=lambda obj, eng: obj), obj=[1, 2])
    assert seen == [[1, 2], 1, 2]


def test_run_wf_makes_the_engine_it_is_told_to():
    class Other(GenericWorkflowEngine):
        pass

    assert type(run(RUN_WF([EMPTY_CALL], engine=Other)).extra_data["RUN_WF"]) is Other
    made = partial(Needy, "db")
    assert run(RUN_WF([EMPTY_CALL], engine=made)).extra_data["RUN_WF"].db_obj == "db"


def test_run_wf_says_what_an_engine_lacks_that_needs_arguments():
    with pytest.raises(WorkflowError, match=r"RUN_WF needs another engine.*Needy.*db_obj.*override `duplicate`"):
        run(RUN_WF([EMPTY_CALL]), kind=Needy, args=("db",))


def test_run_wf_uses_the_duplicate_of_the_engine():
    assert run(RUN_WF([EMPTY_CALL]), kind=Duplicable, args=("db",)).extra_data["RUN_WF"].db_obj == "db"


def test_new_engine_sees_a_duplicate_set_on_the_engine_itself():
    eng = engine()
    eng.duplicate = lambda: "another"
    assert new_engine(eng, "X") == "another"


@pytest.mark.parametrize(
    ("options", "expected"), [({}, [1, 1]), ({"pass_always": True}, [1, 2]), ({"reinit": True}, [1, 2])]
)
def test_run_wf_passes_data_and_leaves_pass_eng_alone(options, expected):
    keys, seen = ["n"], []
    made = RUN_WF([lambda obj, eng: seen.append(eng.extra_data["n"])], pass_eng=keys, **options)
    run(ENG_SET("n", 1), made, ENG_SET("n", 2), made)
    assert (seen, keys) == (expected, ["n"])


def test_run_wf_initialises_each_engine_that_runs_it():
    seen = []
    made = RUN_WF([lambda obj, eng: seen.append(eng.extra_data["n"])], pass_eng=["n"])
    run(ENG_SET("n", 1), made)
    run(ENG_SET("n", 2), made)
    assert seen == [1, 2]


def test_run_wf_names_a_key_that_is_not_there():
    with pytest.raises(KeyError, match="absent"):
        run(RUN_WF([EMPTY_CALL], pass_eng=["absent"]))


def test_two_run_wf_with_one_outkey_have_an_engine_each():
    obj, engines = [], []
    look = lambda obj, eng: engines.append(eng)  # noqa: E731
    eng = run(RUN_WF([add("a"), look]), RUN_WF([add("b"), look]), obj=obj)
    assert obj == ["a", "b"]
    assert engines[0] is not engines[1] is eng.extra_data["RUN_WF"]


def test_run_wf_uses_an_engine_that_was_put_there_for_it():
    mine = GenericWorkflowEngine()
    eng = engine(RUN_WF([EMPTY_CALL], outkey="mine", pass_eng=["n"]))
    eng.extra_data.update(mine=mine, n=3)
    eng.process([{}])
    assert eng.extra_data["mine"] is mine
    assert mine.extra_data == {"n": 3}


def test_run_wf_makes_an_engine_where_something_else_was_put():
    eng = engine(RUN_WF([EMPTY_CALL]))
    eng.extra_data["RUN_WF"] = "text"
    eng.process([{}])
    assert isinstance(eng.extra_data["RUN_WF"], GenericWorkflowEngine)


def test_run_wf_may_keep_its_engine_nowhere_or_make_one_each_time():
    made = RUN_WF([EMPTY_CALL], reinit=True)
    eng = engine(made)
    eng.process([{}])
    first = eng.extra_data["RUN_WF"]
    eng.process([{}])
    assert eng.extra_data["RUN_WF"] is not first
    assert run(RUN_WF([EMPTY_CALL], outkey=None)).extra_data == {}
    with pytest.raises(WorkflowDefinitionError, match="`reinit` without `outkey`"):
        RUN_WF([EMPTY_CALL], outkey=None, reinit=True)


def test_run_wf_reads_its_definition_anew():
    obj, inner = [], [add("a")]
    eng = engine(RUN_WF(inner))
    eng.process([obj])
    inner.append(add("b"))
    eng.process([obj])
    assert obj == ["a", "a", "b"]


def test_run_wf_runs_tokens_that_choose_their_definition():
    class Keyed(list):
        def getFeature(self, name):
            return "thesis"

    obj = Keyed()
    eng = GenericWorkflowEngine()
    eng.callbacks.replace([RUN_WF([add("a")])], "thesis")
    eng.process([obj])
    assert obj == ["a"]


def test_a_stop_in_run_wf_ends_the_other_workflow_only():
    obj = []
    run(RUN_WF([lambda obj, eng: eng.stop(), add("no")]), add("yes"), obj=obj)
    assert obj == ["yes"]


def test_run_wf_called_by_hand():
    obj = []
    RUN_WF([add("a")])(obj, engine())
    assert obj == ["a"]
    with pytest.raises(HaltProcessing):
        RUN_WF([HALT()])(obj, engine())


def test_run_wf_inside_the_branches_of_synchronize():
    obj = []
    run(SYNCHRONIZE(RUN_WF([add("a")]), RUN_WF([add("a")]), add("b")), obj=obj)
    assert obj == ["a", "a", "b"]


@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
def test_a_halt_in_run_wf_halts_and_can_be_resumed(tier):
    obj = []
    eng = engine(add("0"), RUN_WF([add("a"), [HALT("look", "approve"), add("b")], add("c")]), add("d"), tier=tier)
    halt = halted(eng, [obj])
    assert (halt.message, halt.action, eng.state.callback_pos, obj) == ("look", "approve", [1], ["0", "a"])
    child = eng.extra_data["RUN_WF"]
    eng.restart("current", "current")
    assert obj == ["0", "a", "b", "c", "d"]
    assert eng.extra_data == {"RUN_WF": child}
    halted(eng, [obj])
    assert obj[5:] == ["0", "a"]


def test_a_resumed_run_wf_goes_on_with_its_further_tokens_and_halts_again():
    obj = []
    inner = [lambda token, eng: obj.append(token), HALT(), lambda token, eng: obj.append(-token)]
    asked = []
    eng = engine(EMPTY_CALL, RUN_WF(inner, data_connector=lambda token, eng: asked.append(1) or [1, 2]))
    halted(eng, [obj])
    with pytest.raises(HaltProcessing):
        eng.restart("current", "current")
    eng.restart("current", "current")
    assert (obj, asked) == ([1, -1, 2, -2], [1])


def test_run_wf_may_resume_at_the_task_that_halted():
    obj = []

    def approve(obj, eng):
        if "approved" not in obj:
            eng.halt("approve it")

    eng = engine(EMPTY_CALL, RUN_WF([add("a"), approve, add("b")], resume="current"))
    halted(eng, [obj])
    with pytest.raises(HaltProcessing):
        eng.restart("current", "current")
    obj.append("approved")
    eng.restart("current", "current")
    assert obj == ["a", "approved", "b"]
    with pytest.raises(WorkflowDefinitionError, match="can't resume at 'later'"):
        RUN_WF([], resume="later")


@pytest.mark.parametrize(("where", "expected"), [("next", ["0", "a", "c"]), ("first", ["0", "a", "0", "a"])])
def test_a_halted_run_wf_can_be_left_or_run_anew(where, expected):
    obj = []
    eng = engine(add("0"), RUN_WF([add("a"), HALT(), add("b")]), add("c"))
    halted(eng, [obj])
    if where == "next":
        eng.restart("current", where)
    else:
        with pytest.raises(HaltProcessing):
            eng.restart("current", where)
    assert obj == expected


def test_a_halt_is_forgotten_with_its_token():
    seen = []
    inner = [lambda obj, eng: seen.append(obj), lambda obj, eng: eng.halt() if obj == 1 else None, EMPTY_CALL]
    eng = engine(EMPTY_CALL, RUN_WF(inner))
    eng.process([1, 2], stop_on_halt=False)
    assert seen == [1, 2]
    assert set(eng.extra_data) == {"RUN_WF"}


@pytest.mark.parametrize("options", [{}, {"outkey": None}])
def test_a_halted_run_wf_resumes_in_another_process(options):
    """Also where the other workflow runs one more, and stands in a loop."""
    obj = []

    def look(obj, eng):
        if eng.extra_data["x"] == 2 and "seen" not in obj:
            eng.halt()

    def definition():
        loop = FOR([1, 2, 3], "x", [lambda obj, eng: obj.append(eng.extra_data["x"]), look])
        return [
            add("0"),
            RUN_WF([add("a"), RUN_WF([loop], **options), add("b")], resume="current", **options),
            add("c"),
        ]

    eng = engine(*definition())
    halted(eng, [obj])
    eng.extra_data.pop("RUN_WF", None)
    stored = json.loads(json.dumps({"state": eng.state.__getstate__(), "data": eng.extra_data}))
    obj.append("seen")
    later = engine(*definition())
    later.state.__setstate__(stored["state"])
    later.extra_data.update(stored["data"])
    # The inner RUN_WF resumes after its halted task.
    later.restart("current", "current", [obj])
    assert obj == ["0", "a", 1, 2, "seen", 3, "b", "c"]


def test_two_halts_at_one_place_are_told_apart_by_outkey():
    obj = []
    first, second = RUN_WF([add("a")], outkey="first"), RUN_WF([add("b"), HALT(), add("c")], outkey="second")

    def both(obj, eng):
        first(obj, eng)
        second(obj, eng)

    eng = engine(EMPTY_CALL, both)
    halted(eng, [obj])
    eng.restart("current", "current")
    assert obj == ["a", "b", "a", "c"]


def test_an_error_in_run_wf_comes_out_and_is_run_anew():
    flaky, obj = Flaky(1), []
    eng = engine(EMPTY_CALL, RUN_WF([add("a"), flaky]))
    with pytest.raises(ValueError, match="failure 1"):
        eng.process([obj])
    eng.restart("current", "current")
    assert obj == ["a", "a"]


def test_a_run_wf_whose_engine_is_busy_gets_another():
    obj, depth = [], []

    def again(obj, eng):
        if not depth:
            depth.append(1)
            made(obj, outer)

    made = RUN_WF([again, add("a")])
    outer = engine(made)
    outer.process([obj])
    assert obj == ["a", "a"]


# Where a halted child stands when the parent starts again -------------------------------------------------------------


def test_a_new_run_begins_a_halted_run_wf_anew():
    eng = engine(EMPTY_CALL, RUN_WF([add("a"), HALT(), add("b")]), tier="interpreted")
    halted(eng, [[]])
    again = []
    halted(eng, [again])
    assert again == ["a"]


def test_a_halted_run_wf_at_the_very_start_is_resumed_in_the_compiled_tier():
    obj = []
    eng = engine(RUN_WF([add("a"), HALT(), add("b")]), tier="compiled")
    halted(eng, [obj])
    eng.restart("current", "current")
    assert obj == ["a", "b"]


def test_a_run_wf_that_was_left_begins_anew_in_the_next_round():
    obj = []
    eng = engine(FOR([1, 2], "x", [RUN_WF([add("a"), HALT(), add("b")]), add("c")]))
    halted(eng, [obj])
    with pytest.raises(HaltProcessing):
        eng.restart("current", "next")
    assert obj == ["a", "c", "a"]
