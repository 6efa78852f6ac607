"""The helper patterns: what each task does, what its op says, and that the two agree."""

from __future__ import annotations

import json
import logging
import sys
from functools import partial
from types import ModuleType

import pytest

from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import (
    BreakFromThisLoop,
    HaltProcessing,
    JumpCall,
    StopProcessing,
    WorkflowDefinitionError,
    WorkflowError,
)
from wfgraph.graph import ops, outcomes
from wfgraph.graph.task import op_of, task
from wfgraph.patterns import _debugging
from wfgraph.patterns._tasks import describe, named, new_engine
from wfgraph.patterns.controlflow import FOR, HALT, IF, SYNCHRONIZE
from wfgraph.patterns.utils import (
    CALLFUNC,
    DEBUG_CYCLE,
    EMPTY_CALL,
    ENG_GET,
    ENG_SET,
    ERROR,
    OBJ_GET,
    OBJ_SET,
    PROFILE,
    RUN_WF,
    TRY,
    debug_simple,
    universal_repeater,
    with_nice_docs,
)


class Shouts:
    """An object whose text must not get into a docstring."""

    def __repr__(self):
        raise AssertionError("nobody may ask for this")

    __str__ = __repr__


class Needy(GenericWorkflowEngine):
    """An engine that can't be made without arguments."""

    def __init__(self, db_obj):
        super().__init__()
        self.db_obj = db_obj


class Duplicable(Needy):
    def duplicate(self):
        return Duplicable(self.db_obj)


def add(text):
    return lambda obj, eng: obj.append(text)


def engine(*callbacks, kind=GenericWorkflowEngine, args=(), tier="auto"):
    eng = kind(*args)
    eng.tier = tier
    eng.callbacks.replace(list(callbacks))
    return eng


def run(*callbacks, obj=None, **kwargs):
    eng = engine(*callbacks, **kwargs)
    eng.process([{} if obj is None else obj])
    return eng


def halted(eng, tokens):
    with pytest.raises(HaltProcessing) as caught:
        eng.process(tokens)
    return caught.value


# How pattern tasks are documented ------------------------------------------------------------------------------------


def test_the_docstring_of_a_task_never_asks_an_arbitrary_object_for_its_text():
    made = ENG_SET(Shouts(), value=Shouts())
    assert made.__doc__ == "ENG_SET(Shouts, value=Shouts)"


def test_the_docstring_names_callables_and_cuts_constants():
    assert TRY(partial(print), retry=2).__doc__ == "TRY(partial(print), retry=2)"
    assert len(ENG_GET("x" * 1000).__doc__) < 60
    assert ENG_GET(10**5000).__doc__ == "ENG_GET(int)"


def test_comment_takes_the_place_of_the_docstring():
    assert ENG_GET("x", comment="the x").__doc__ == "the x"
    assert ENG_GET("x", comment="").__doc__ == ""
    assert CALLFUNC(len, args=[[]], comment="how many").__doc__ == "how many"


@pytest.mark.parametrize("pattern", [RUN_WF, ENG_GET, TRY, CALLFUNC, PROFILE, SYNCHRONIZE])
def test_a_pattern_keeps_its_own_name_and_docstring(pattern):
    assert pattern.__name__.isupper()
    assert pattern.__doc__.split()[0].isalpha()


@pytest.mark.parametrize(
    "made",
    [RUN_WF([]), ENG_GET("x"), ENG_SET("x", 1), OBJ_GET("x"), OBJ_SET("x", 1), ERROR(), TRY(len), PROFILE(len)],
)
def test_a_task_is_named_after_its_pattern(made):
    assert made.__name__ == made.__qualname__ == made.__doc__.split("(")[0]


def test_describe_uses_the_text_of_a_declared_call():
    @task(ops.Call(describe="size < 10"))
    def small(obj, eng):
        return True

    assert describe(small) == "size < 10"
    assert describe([small, [len, [len]], None, b"x"]) == "[size < 10, [len, [...]], None, b'x']"
    assert describe([len] * 10).endswith("...")
    assert describe(outcomes.Control.HALT) == "Control.HALT"
    assert "\n" not in describe(named("a\nb")(lambda obj, eng: None))


def test_with_nice_docs_serves_patterns_of_ones_own():
    @with_nice_docs
    def UNLESS(test, branch):
        """Own docs."""
        return [lambda obj, eng: None, branch]

    assert (UNLESS.__name__, UNLESS.__doc__) == ("UNLESS", "Own docs.")
    assert UNLESS(len, [print])[0].__doc__ == "UNLESS(len, [print])"
    assert UNLESS(len, [], comment="mine")[0].__doc__ == "mine"
    assert with_nice_docs(list)() == []
    assert with_nice_docs(lambda: [].append)(comment="can't be set")([]) is None


# Values --------------------------------------------------------------------------------------------------------------


def test_values_of_the_engine():
    eng = engine()
    assert EMPTY_CALL({}, eng) is None
    assert ENG_GET("x")({}, eng) is None
    assert eng.extra_data == {"x": None}
    assert ENG_SET("x", 5)({}, eng) is None
    assert ENG_GET("x")({}, eng) == 5


def test_values_of_the_token():
    obj = {"a": 1, "empty": ""}
    assert OBJ_SET("b", 2)(obj, None) is None
    assert OBJ_GET("b")(obj, None) == 2
    assert OBJ_GET("c")(obj, None) is False
    assert OBJ_GET("empty")(obj, None) == ""
    assert OBJ_GET(7)({7: "seven"}, None) == "seven"


@pytest.mark.parametrize(
    ("keys", "cond", "expected"),
    [
        (["a", "b"], "all", {"a": 1, "b": 2}),
        (["a", "a"], "all", {"a": 1}),
        (["a", "empty"], "all", False),
        (["a", "missing"], "ALL", False),
        (["missing", "b", "a"], "any", 2),
        (["missing", "empty"], "Any", None),
        (["a", "missing", "empty", "b"], "many", {"a": 1, "b": 2}),
        (["missing"], "many", {}),
    ],
)
def test_several_values_of_the_token(keys, cond, expected):
    get = OBJ_GET(iter(keys), cond)
    for _ in range(2):
        assert get({"a": 1, "b": 2, "empty": ""}, None) == expected


def test_an_unknown_way_to_get_values_is_refused():
    with pytest.raises(WorkflowDefinitionError, match="'all', 'any' and 'many'"):
        OBJ_GET(["a"], "anny")


@pytest.mark.parametrize("made", [EMPTY_CALL, ENG_GET("x"), ENG_SET("x", 1), OBJ_GET("x"), OBJ_SET("x", 1)])
def test_values_always_go_on(made):
    assert op_of(made).exits() == ops.Call().exits()


def test_conditions_made_of_values_are_shown():
    assert op_of(IF(OBJ_GET(["a", "b"], "any"), [])[0]).text == "if OBJ_GET(['a', 'b'], 'any')"


# Errors --------------------------------------------------------------------------------------------------------------


def test_error_names_the_file_it_was_made_in_and_stops_the_run():
    obj = []
    eng = engine(add("a"), ERROR("no way"), add("b"))
    with pytest.raises(Exception, match=r"in .*test_patterns_utils\.py : no way"):
        eng.process([obj], stop_on_error=False)
    assert obj == ["a"]
    assert op_of(ERROR("no way")) == ops.Fail("no way")


class Flaky:
    """A task that fails a number of times."""

    __name__ = "flaky"

    def __init__(self, failures, error=ValueError):
        self.calls = 0
        self.failures = failures
        self.error = error

    def __call__(self, obj, eng):
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error(f"failure {self.calls}")


@pytest.mark.parametrize(("failures", "retry"), [(0, 0), (1, 1), (2, 2), (2, 5)])
def test_try_runs_a_task_again_until_it_succeeds(failures, retry):
    flaky = Flaky(failures)
    run(TRY(flaky, retry=retry))
    assert flaky.calls == failures + 1


@pytest.mark.parametrize("retry", [0, 1, 3])
def test_try_does_not_swallow_errors_by_default(retry):
    flaky = Flaky(9)
    with pytest.raises(Exception, match=f"flaky failed {retry + 1} times: ValueError: failure {retry + 1}") as caught:
        run(TRY(flaky, retry=retry))
    assert flaky.calls == retry + 1
    assert type(caught.value) is Exception
    assert isinstance(caught.value.__cause__, ValueError)


class BareError(Exception):
    def __init__(self):
        super().__init__("bare")


@pytest.mark.parametrize("onfailure", [KeyError, KeyError("mine"), WorkflowError, BareError, HaltProcessing])
def test_try_raises_what_it_is_given_with_the_cause(onfailure):
    kind = onfailure if isinstance(onfailure, type) else type(onfailure)
    with pytest.raises(kind) as caught:
        run(TRY(Flaky(9), onfailure=onfailure))
    assert str(caught.value.__cause__) == "failure 2"
    if not isinstance(onfailure, type):
        assert caught.value is onfailure


def test_try_raises_its_own_error_again():
    error = ValueError("the same")

    def fail(obj, eng):
        raise error

    with pytest.raises(ValueError, match="the same") as caught:
        run(TRY(fail, onfailure=error))
    assert caught.value.__cause__ is None


def test_try_calls_what_it_is_given_and_goes_on():
    obj = []
    run(TRY(Flaky(9), onfailure=add("failed")), add("next"), obj=obj)
    assert obj == ["failed", "next"]


@pytest.mark.parametrize("error", [HaltProcessing, StopProcessing, BreakFromThisLoop])
def test_try_lets_what_steers_the_token_pass(error):
    flaky = Flaky(9, error)
    with pytest.raises(error):
        TRY(flaky, retry=3)({}, engine())
    assert flaky.calls == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_try_never_catches_what_is_no_exception(error):
    flaky = Flaky(9, error)
    with pytest.raises(error):
        TRY(flaky, retry=3, onfailure=add("never"))([], engine())
    assert flaky.calls == 1


@pytest.mark.parametrize(("verbose", "lines"), [(True, 3), (False, 0)])
def test_try_logs_each_failure_when_verbose(verbose, lines, caplog, capsys):
    with caplog.at_level(logging.ERROR):
        run(TRY(Flaky(9), retry=2, onfailure=EMPTY_CALL, verbose=verbose))
    assert [record.exc_info is not None for record in caplog.records] == [True] * lines
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("arguments", [([len],), (len, -1), (len, "1"), (len, 1, "text"), (len, 1, None)])
def test_try_refuses_what_it_can_not_do(arguments):
    with pytest.raises(WorkflowDefinitionError):
        TRY(*arguments)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (TRY(EMPTY_CALL), {outcomes.RETURN}),
        (TRY(HALT()), {outcomes.HALT}),
        (TRY(EMPTY_CALL, onfailure=HALT()), {outcomes.RETURN, outcomes.HALT}),
        (TRY(EMPTY_CALL, onfailure=HaltProcessing), {outcomes.RETURN, outcomes.HALT}),
        (TRY(IF(len, [])[0]), {outcomes.jump(1), outcomes.BREAK}),
        (TRY(ERROR()), {outcomes.ERROR}),
        (TRY(ERROR(), onfailure=EMPTY_CALL), {outcomes.RETURN}),
        (PROFILE(HALT()), {outcomes.HALT}),
    ],
)
def test_a_wrapped_task_ends_as_the_task_does(made, expected):
    assert {way.outcome for way in op_of(made).exits()} == expected
    assert not op_of(made).opaque


@pytest.mark.parametrize(
    "made",
    [TRY(len), TRY(EMPTY_CALL, onfailure=len), TRY(EMPTY_CALL, onfailure=JumpCall(1)), PROFILE(len), CALLFUNC(len)],
)
def test_what_is_not_known_is_not_declared(made):
    assert op_of(made) is ops.OPAQUE


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


# The profiler --------------------------------------------------------------------------------------------------------


def test_profile_prints_without_output(capsys):
    obj = []
    run(PROFILE(add("a")), PROFILE([add("b"), [add("c")]]), obj=obj)
    assert obj == ["a", "b", "c"]
    assert capsys.readouterr().out.count("function calls") == 2


def test_profile_saves_what_it_is_asked_for(tmp_path, capsys):
    output = tmp_path / "profile"
    run(PROFILE(EMPTY_CALL, str(output), ["time", "calls"]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["profile", "profile.stats-calls", "profile.stats-time"]
    assert "EMPTY_CALL" in (tmp_path / "profile.stats-time").read_text()
    assert capsys.readouterr().out == ""


def test_profile_reports_what_was_halted(capsys):
    with pytest.raises(HaltProcessing):
        run(PROFILE([HALT()]))
    assert "function calls" in capsys.readouterr().out
    assert isinstance(op_of(PROFILE([HALT()])), ops.SubWorkflow)


def test_a_profile_that_can_not_be_saved_never_replaces_a_halt(tmp_path, caplog):
    output = str(tmp_path / "missing" / "profile")
    assert halted(engine(PROFILE([HALT("look")], output)), [{}]).message == "look"
    assert [record.message for record in caplog.records] == ["the profile can't be saved"]
    with pytest.raises(FileNotFoundError):
        run(PROFILE(EMPTY_CALL, output))


def test_profile_works_with_an_engine_that_needs_arguments(capsys):
    obj = []
    run(PROFILE([add("a")]), obj=obj, kind=Duplicable, args=("db",))
    assert obj == ["a"]
    with pytest.raises(WorkflowError, match=r"PROFILE needs another engine"):
        run(PROFILE([add("a")]), kind=Needy, args=("db",))


@pytest.mark.parametrize("arguments", [(EMPTY_CALL, None, ["beauty"]), ("text",)])
def test_profile_refuses_what_it_can_not_do(arguments):
    with pytest.raises(WorkflowDefinitionError):
        PROFILE(*arguments)


# Repeating while the code is being written ---------------------------------------------------------------------------


@pytest.fixture
def no_pause(monkeypatch):
    monkeypatch.setattr(_debugging, "PAUSE", 0)


def test_debug_cycle_runs_once_and_knows_its_names():
    eng = engine(DEBUG_CYCLE("obj.append((number, path.sep, eng))", "from os import path", number=3))
    obj = []
    eng.process([obj])
    assert obj == [(3, "/", eng)]


def test_debug_cycle_repeats_until_the_stopper_says_so():
    obj = []
    run(DEBUG_CYCLE("obj.append(1)", debug_stopper=lambda obj, eng: len(obj) == 3), obj=obj)
    assert obj == [1, 1, 1]


def test_debug_cycle_runs_onerror_after_an_error_only(no_pause):
    obj = []
    run(DEBUG_CYCLE("obj.append(1 // good[0])", onerror="obj.append('mend'); good[0] = 1", good=[0]), obj=obj)
    assert obj == ["mend", 1]


def test_debug_cycle_raises_where_nothing_can_change():
    with pytest.raises(ZeroDivisionError):
        run(DEBUG_CYCLE("1 // 0"))


def test_debug_cycle_raises_the_error_it_is_stopped_at(no_pause, caplog):
    attempts = []
    stopper = lambda obj, eng: attempts.append(1) or len(attempts) == 3  # noqa: E731
    with pytest.raises(ZeroDivisionError):
        run(DEBUG_CYCLE("1 // 0", debug_stopper=stopper))
    assert len(attempts) == 3
    assert len(caplog.records) == 2


def test_debug_cycle_lets_what_steers_the_token_pass():
    assert halted(engine(DEBUG_CYCLE("eng.halt('look')", onerror="1 // 0")), [{}]).message == "look"


def test_debug_cycle_can_be_tried_without_an_engine(no_pause):
    obj = []
    DEBUG_CYCLE("obj.append(done[0]); 1 // done[0]", onerror="done[0] = 1", done=[0])(obj, "eng")
    assert obj == [0, 1]


@pytest.mark.parametrize("arguments", [("1 +",), ("1", "import"), ("1", None, ")")])
def test_debug_cycle_refuses_what_can_not_be_compiled(arguments):
    with pytest.raises(WorkflowDefinitionError, match="can't compile"):
        DEBUG_CYCLE(*arguments)


# Any function --------------------------------------------------------------------------------------------------------


def test_callfunc_stores_the_result_in_the_token():
    obj = {}
    eng = run(CALLFUNC(lambda *args, **kwargs: (args, kwargs), "out", args=[1], a=2), obj=obj)
    assert obj == {"out": ((1,), {"a": 2})}
    assert eng.extra_data == {}
    run(CALLFUNC(len, args=["abc"]), obj=obj)
    assert set(obj) == {"out"}


def test_callfunc_imports_a_dotted_name():
    obj = {}
    run(
        CALLFUNC("os.path.join", "out", args=["a", "b"]),
        CALLFUNC("collections.OrderedDict.fromkeys", "n", args=["a"]),
        obj=obj,
    )
    assert obj == {"out": "a/b", "n": {"a": None}}


@pytest.mark.parametrize("func", ["os.path.no_such_name", "no_such_module.f", "len", "", "os.sep", 5, "a b", "..x"])
def test_callfunc_refuses_what_can_not_be_imported(func):
    with pytest.raises(WorkflowDefinitionError):
        CALLFUNC(func)


def test_the_arguments_of_callfunc_do_not_accumulate():
    seen, args = [], [0]
    made = CALLFUNC(lambda *args, **kwargs: seen.append((args, kwargs)), args=args, oeargs=["Ox"], okeys={"k": "y"})
    eng = engine(made)
    eng.process([{"x": 1, "y": 2}, {"x": 3, "y": 4}])
    assert seen == [((0, 1), {"k": 2}), ((0, 3), {"k": 4})]
    assert args == [0]


def test_callfunc_takes_arguments_from_where_it_is_told():
    obj = {"a": "token", "b": "token", "Only": 1}
    eng = engine(CALLFUNC(lambda *args, **kwargs: (args, kwargs), "out", oeargs=["Oa", "Ea", "b", "c", "Only"],
                          ekeys={"x": "a"}, okeys={"y": "a"}))  # fmt: skip
    eng.extra_data.update(a="engine", b="engine", c="engine")
    eng.process([obj])
    assert obj["out"] == (("token", "engine", "token", "engine", 1), {"x": "engine", "y": "token"})


@pytest.mark.parametrize(
    ("options", "named"),
    [({"oeargs": ["Ogone"]}, "'Ogone'"), ({"ekeys": {"x": "gone"}}, "'gone'"), ({"okeys": {"x": "gone"}}, "'gone'")],
)
def test_callfunc_names_a_key_that_is_not_there_and_does_not_exit(options, named):
    with pytest.raises(WorkflowError, match=named):
        run(CALLFUNC(print, **options))


def test_callfunc_takes_texts_as_keys():
    with pytest.raises(WorkflowDefinitionError, match="oeargs"):
        CALLFUNC(print, oeargs=[3])


@pytest.fixture
def edited(tmp_path, monkeypatch, no_pause):
    """A module on disk, with a function to write it anew."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path = tmp_path / "edited_by_the_tests.py"

    def write(text):
        path.write_text(text)

    write("def work(x):\n    raise ValueError('not yet')\n")
    yield write
    sys.modules.pop("edited_by_the_tests", None)


def test_callfunc_reloads_the_module_until_it_works(edited, caplog):
    versions = ["def work(x:", "def work(x):\n    return 'done ' * x\n"]

    def stopper(obj, eng):
        edited(versions.pop(0))

    obj = {}
    run(CALLFUNC("edited_by_the_tests.work", "out", debug=True, stopper=stopper, args=[2]), obj=obj)
    assert obj == {"out": "done done "}
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING", "ERROR"]


def test_callfunc_raises_the_error_it_is_stopped_at(edited):
    with pytest.raises(ValueError, match="not yet"):
        run(CALLFUNC("edited_by_the_tests.work", debug=True, stopper=lambda obj, eng: True, args=[2]))


def test_callfunc_does_not_repeat_what_can_not_be_reloaded():
    def fail():
        raise ValueError("once")

    fail.__module__ = None
    with pytest.raises(ValueError, match="once"):
        run(CALLFUNC(fail, debug=True))


def test_callfunc_lets_what_steers_the_token_pass(edited):
    def work():
        raise HaltProcessing("look")

    assert halted(engine(CALLFUNC(work, debug=True)), [{}]).message == "look"


def test_universal_repeater_asks_before_each_call(edited):
    module = __import__("edited_by_the_tests")
    asked = []

    def stopper(x):
        asked.append(x)
        edited("def work(x):\n    return x + 1\n")

    assert universal_repeater(module, module.work, stopper, 1) == 2
    assert asked == [1, 1]
    assert universal_repeater(module, module.work, lambda x: True, 1) is None


def test_universal_repeater_raises_without_a_module():
    with pytest.raises(ZeroDivisionError):
        universal_repeater(None, divmod, None, 1, 0)


def test_debug_simple_hands_on_the_arguments(edited, monkeypatch):
    monkeypatch.setattr(_debugging.time, "sleep", lambda pause: edited("def work(x, y):\n    return x + y\n"))
    edited("def work(x, y=0):\n    raise ValueError\n")
    assert debug_simple("edited_by_the_tests.work", 1, y=2) == 3


def test_a_module_that_was_never_imported_from_a_file_is_not_reloaded():
    module = ModuleType("made_by_hand")
    sys.modules["made_by_hand"] = module
    try:
        exec("def f():\n    raise KeyError('once')", vars(module))  # noqa: S102 - a module without a file
        with pytest.raises(KeyError, match="once"):
            debug_simple(module.f)
    finally:
        del sys.modules["made_by_hand"]


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
