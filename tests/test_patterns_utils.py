"""The helper patterns: what each task does, what its op says, and that the two agree."""

from __future__ import annotations

import logging
from functools import partial

import pytest
from helpers import Flaky, Shouts, add, engine, run

from wfgraph.errors import (
    BreakFromThisLoop,
    HaltProcessing,
    JumpCall,
    StopProcessing,
    WorkflowDefinitionError,
    WorkflowError,
)
from wfgraph.graph import ops, outcomes
from wfgraph.graph.describing import describe
from wfgraph.graph.task import op_of, task
from wfgraph.patterns._tasks import named
from wfgraph.patterns.controlflow import HALT, IF, SYNCHRONIZE
from wfgraph.patterns.utils import (
    CALLFUNC,
    EMPTY_CALL,
    ENG_GET,
    ENG_SET,
    ERROR,
    OBJ_GET,
    OBJ_SET,
    PROFILE,
    RUN_WF,
    TRY,
    with_nice_docs,
)

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
    [TRY(len), TRY(EMPTY_CALL, onfailure=len), TRY(EMPTY_CALL, onfailure=JumpCall(1)), CALLFUNC(len)],
)
def test_what_is_not_known_is_not_declared(made):
    assert op_of(made) is ops.OPAQUE
