"""What single rules say, and where they say nothing."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from wfgraph import compile_graph, ops, outcomes, task
from wfgraph.checks import Diagnostic, Finding, Location, Rule, check
from wfgraph.checks.context import Context
from wfgraph.checks.runner import chosen, rule_of
from wfgraph.errors import WorkflowAPIError, WorkflowDefinitionError
from wfgraph.patterns import (
    BREAK,
    CHOICE,
    CMP,
    EMPTY_CALL,
    ENG_GET,
    FOR,
    HALT,
    IF,
    IF_ELSE,
    OBJ_NEXT,
    OBJ_SET,
    PARALLEL_SPLIT,
    RUN_WF,
    SIMPLE_MERGE,
    STOP,
    SYNCHRONIZE,
    TASK_JUMP_BWD,
    TASK_JUMP_FWD,
    TASK_JUMP_IF,
    WHILE,
)

C = ENG_GET("c")


def a(obj: Any, eng: Any) -> None: ...


def found(flow: Any, *codes: str) -> list[str]:
    return [
        f"{one.code} {list(one.address)}" for one in check(flow, ignore=() if codes else ["WF4", "WF9"], select=codes)
    ]


# Definitions that do not compile -------------------------------------------------------------------------------------


def test_every_faulty_item_is_found_and_the_others_are_still_checked() -> None:
    flow = [a, [7, (None, "x")], len, IF(CMP(1, 2, "<"), [{}])]
    assert ["WF001 [1, 0]", "WF001 [1, 1]", "WF002 [2]", "WF107 [3, 0]", "WF001 [3, 1, 0]"] == found(flow)


@pytest.mark.parametrize("what", ["text", b"x", 7, None, object()])
def test_what_is_no_list_at_all_is_a_finding(what: Any) -> None:
    (one,) = check(what)
    assert ("WF001", ()) == (one.code, one.address)


def test_an_iterator_is_a_definition() -> None:
    assert ["WF001 [1]"] == found(iter([a, 7]))


def test_a_faulty_item_in_a_parallel_branch_is_found_at_the_pattern() -> None:
    flow = [a, SYNCHRONIZE(a, [a, PARALLEL_SPLIT(a, [a, 7])], a)]
    (one,) = check(flow, select=["WF0"])
    assert ("WF001", (1,)) == (one.code, one.address)
    assert "the item at [1] is not callable: 7 (int)" in one.message
    assert one.message.endswith("(in branch 1/1 of the pattern at [1])")


def test_a_pattern_in_its_own_branch_is_found() -> None:
    lanes: list[Any] = [[a]]
    split = task(ops.Split(lanes))(lambda obj, eng: None)  # type: ignore[arg-type]
    lanes[0].append(split)
    assert ["WF004 [0]"] == found([split], "WF0")


def test_a_definition_nested_a_thousand_deep_is_checked() -> None:
    flow: list[Any] = [a, 7]
    for _ in range(3000):
        flow = [flow]
    assert 1 == len(check(flow, select=["WF001"]))
    good: list[Any] = [EMPTY_CALL, STOP(), EMPTY_CALL]
    for _ in range(3000):
        good = [good]
    assert 1 == len(check(good, select=["WF106"]))


# The flow ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        # Bookkeeping of patterns is nobody's mistake.
        ([IF_ELSE(C, [STOP()], [EMPTY_CALL])], []),
        ([WHILE(C, [EMPTY_CALL, OBJ_NEXT()])], []),
        ([CHOICE(C, a=STOP(), b=HALT(), default=EMPTY_CALL)], []),
        ([SIMPLE_MERGE(OBJ_NEXT(), EMPTY_CALL)], ["WF106 [0, 2]"]),
        # A halted run goes on behind the halt.
        ([HALT("x"), EMPTY_CALL], []),
        # What may do anything may lead anywhere.
        ([eval, STOP(), EMPTY_CALL], []),
        ([STOP(), eval, EMPTY_CALL], ["WF106 [1]"]),
        ([IF_ELSE(C, STOP(), STOP()), EMPTY_CALL, [EMPTY_CALL]], ["WF106 [1]"]),
        ([[BREAK(), EMPTY_CALL], EMPTY_CALL], ["WF106 [0, 1]"]),
        ([TASK_JUMP_FWD(2), EMPTY_CALL, EMPTY_CALL], ["WF101 [1]"]),
        ([STOP(), PARALLEL_SPLIT([EMPTY_CALL, EMPTY_CALL])], ["WF106 [1]"]),
        ([SYNCHRONIZE([STOP(), EMPTY_CALL], EMPTY_CALL, EMPTY_CALL)], ["WF106 [0]", "WF301 [0]"]),
        # A jump to just behind the last item, or by just enough, is in range.
        ([[TASK_JUMP_IF(C, 2), EMPTY_CALL], EMPTY_CALL], []),
        ([[EMPTY_CALL, TASK_JUMP_IF(C, -1)], EMPTY_CALL], []),
        ([EMPTY_CALL, TASK_JUMP_IF(C, -2)], ["WF102 [1]"]),
        # Retrying oneself under a condition is no endless loop.
        ([TASK_JUMP_IF(C, 0), task(ops.Call((outcomes.RETURN, outcomes.jump(0))))(lambda o, e: None)], []),
        ([TASK_JUMP_FWD(0)], ["WF103 [0]"]),
        ([EMPTY_CALL, TASK_JUMP_BWD(-1)], ["WF104 [0]"]),
        ([EMPTY_CALL, HALT(), TASK_JUMP_BWD(-2)], []),
        ([OBJ_SET("a", 1), [EMPTY_CALL, TASK_JUMP_BWD(-3)]], ["WF105 [0]", "WF111 [1, 1]"]),
        ([WHILE(CMP(1, 1, "=="), EMPTY_CALL)], ["WF104 [0, 0]"]),
        ([WHILE(CMP(1, 1, "=="), [EMPTY_CALL, TASK_JUMP_IF(C, 2)])], []),
        ([WHILE(CMP(1, 1, "=="), [EMPTY_CALL, IF(C, STOP())])], []),
        ([WHILE(CMP(1, 1, "!="), EMPTY_CALL)], ["WF107 [0, 0]"]),
        ([IF(CMP([], 1, "in"), EMPTY_CALL)], []),
        ([IF(CMP(1, "a", "<"), EMPTY_CALL)], []),
        ([IF(CMP(C, 1, "<"), EMPTY_CALL)], []),
        # Breaks.
        (WHILE(C, [EMPTY_CALL, BREAK()]), []),
        ([EMPTY_CALL, BREAK()], ["WF109 [1]"]),
        ([IF(C, EMPTY_CALL)], []),
        ([WHILE(C, [[EMPTY_CALL, BREAK()]])], []),
        ([FOR([1], "x", [IF_ELSE(C, BREAK(), EMPTY_CALL)])], ["WF110 [0, 1, 1]"]),
        # Running oneself.
        ([IF(C, RUN_WF([EMPTY_CALL]))], []),
        ([FOR([], "x", EMPTY_CALL)], []),
        ([FOR((), "x", EMPTY_CALL)], ["WF203 [0, 0]"]),
        ([FOR(iter([1, 2]), "x", EMPTY_CALL)], []),
        ([FOR(iter([1, 2]), "x", EMPTY_CALL, order="DSC")], []),
    ],
)
def test_what_is_found_in_the_flow(flow: Any, expected: list[str]) -> None:
    assert expected == found(flow)


def test_a_workflow_that_runs_itself_through_another_is_found() -> None:
    first: list[Any] = [EMPTY_CALL]
    second = [EMPTY_CALL, RUN_WF(first)]
    first.append(RUN_WF(second))
    assert ["WF303 [1]"] == found(first)
    assert ["WF303 [0, 1]"] == found([IF(C, RUN_WF(first))])
    first[:] = [IF(C, RUN_WF(second))]
    assert [] == found(first)


def test_a_long_list_of_findings_costs_no_square() -> None:
    flow = [IF(C, [STOP(), OBJ_SET("a", number)]) for number in range(3000)]
    before = time.perf_counter()
    assert 3000 == len(check(flow, select=["WF106"]))
    assert time.perf_counter() - before < 5


def returning(value: Any) -> Callable[..., Any]:
    return lambda obj, eng: value


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (lambda obj, eng: True, "is always true"),
        (lambda obj, eng: (), "is always false"),
        (a, "is always false: the condition returns nothing"),
        (lambda obj, eng: True if obj else 1, "is always true"),
        (lambda obj, eng: bool(obj) or None, ""),
        (lambda obj, eng: obj and 1, ""),
        (returning(True), ""),
        (returning([]), ""),
    ],
)
def test_constant_conditions(condition: Any, expected: str) -> None:
    messages = [one.message for one in check([IF(condition, EMPTY_CALL)], select=["WF107"])]
    assert ([expected] if expected else []) == [message.split(" at [0, 0] ")[1] for message in messages]


def test_an_arbiter_with_a_default_may_return_anything() -> None:
    def arbiter(obj: Any, eng: Any) -> Any:
        if obj:
            return "a"
        return None

    assert [] == found([CHOICE(arbiter, a=EMPTY_CALL, default=EMPTY_CALL)], "WF2")
    assert ["warning"] == [one.severity for one in check([CHOICE(arbiter, a=EMPTY_CALL)], select=["WF201"])]
    only = check([CHOICE(a, b=EMPTY_CALL)], select=["WF201"])
    assert ["error", "warning"] == [one.severity for one in only]


# What a finding tells ------------------------------------------------------------------------------------------------


def stop_here(obj: Any, eng: Any) -> None:
    eng.stop()


def test_a_finding_tells_what_where_and_what_to_do() -> None:
    stop = task(ops.Stop())(stop_here)
    (one,) = check([EMPTY_CALL, [stop, stop_here]], select=["WF106"])
    line = stop_here.__code__.co_firstlineno
    expected = Diagnostic(
        code="WF106",
        rule="code-after-the-end",
        severity="warning",
        message="stop_here at [1, 1] can't be reached: stop_here at [1, 0] never goes on",
        address=(1, 1),
        location=Location(__file__, line),
        hint="take it out, or put it before that task",
        witness=one.witness,
    )
    assert expected == one
    assert ["EMPTY_CALL [0]", "stop_here [1, 0]"] == list(map(str, one.witness))
    assert f"{__file__}:{line}: WF106 warning at [1, 1]: {one.message}" == str(one)


def test_a_finding_in_a_parallel_branch_stands_at_the_pattern_and_names_the_place() -> None:
    (one,) = check([EMPTY_CALL, SYNCHRONIZE([EMPTY_CALL, STOP()], EMPTY_CALL, EMPTY_CALL)])
    assert (1,) == one.address
    assert one.message.startswith("STOP at [1]/0[1] (stop) reaches only the engine of its branch")


def test_control_characters_of_users_are_escaped() -> None:
    def evil(obj: Any, eng: Any) -> None: ...

    evil.__name__ = "a\x1b[31m\nb"
    (one,) = check([STOP(), evil], select=["WF1"])
    assert one.message.isprintable()
    assert "\\x1b" in one.message


# Options -------------------------------------------------------------------------------------------------------------


def test_rules_are_chosen_by_the_beginning_of_their_codes() -> None:
    flow = [STOP(), lambda obj, eng: None]
    assert ["WF106 [1]", "WF402 [1]"] == [f"{one.code} {list(one.address)}" for one in check(flow)]
    assert ["WF106"] == [one.code for one in check(flow, select=["WF1"])]
    assert ["WF402"] == [one.code for one in check(flow, ignore=["WF1"])]
    assert [] == check(flow, select=["WF1"], ignore=["WF106"])
    assert ["error"] == [one.severity for one in check(flow, select=["WF106"], severities={"WF106": "error"})]


@pytest.mark.parametrize(
    "options",
    [{"select": ["WF9999"]}, {"ignore": [""]}, {"severities": {"WF1": "error"}}, {"severities": {"WF101": "bad"}}],
)
def test_options_that_mean_nothing_are_refused(options: Any) -> None:
    with pytest.raises(WorkflowAPIError, match="there is no"):
        check([a], **options)


def test_codes_are_looked_up_in_any_case() -> None:
    assert rule_of("wf101") in chosen()


# Silencing -----------------------------------------------------------------------------------------------------------


@task(ops.Call(), ignore=["WF106"])
def silenced(obj: Any, eng: Any) -> None: ...


@task(ops.Call())
def commented(  # wfgraph: ignore[WF106, WF107]
    obj: Any, eng: Any
) -> None: ...


def never(obj: Any, eng: Any) -> bool:  # wfgraph: ignore[WF107]
    return False


@task(ops.Call(), ignore=["WF999"])
def misspelt(obj: Any, eng: Any) -> None: ...


def test_findings_are_silenced_at_the_task_and_by_a_comment() -> None:
    assert [] == check([STOP(), silenced])
    assert ["WF902"] == [one.code for one in check([STOP(), commented])], "WF107 is not used"
    assert [] == check([IF(never, EMPTY_CALL)], ignore=["WF901"])
    assert "WF106" in {one.code for one in check([[STOP(), EMPTY_CALL, silenced]])}, "it is another task's"


def test_what_silences_nothing_is_told() -> None:
    (one,) = check([silenced], ignore=["WF109"])
    assert "silenced at [0] ignores WF106, which finds nothing there" == one.message
    assert [] == check([silenced], ignore=["WF106"]), "not asked for, so not known to be unused"
    (one,) = check([misspelt])
    assert "misspelt at [0] ignores WF999, which is no check" == one.message


def test_a_finding_about_a_pattern_stands_where_the_pattern_was_called() -> None:
    line = inspect.currentframe().f_lineno  # type: ignore[union-attr]
    flow = [
        IF(
            lambda obj, eng: False,
            [STOP(), EMPTY_CALL],
        ),
        FOR((), "x", EMPTY_CALL),
    ]
    found = {one.code: one.location for one in check(flow, select=["WF107", "WF203"])}
    assert {"WF107": line + 2, "WF203": line + 6} == {code: place.line for code, place in found.items() if place}
    assert {__file__} == {place.file for place in found.values() if place}


class Unkind:
    """An object that fails whatever it is asked."""

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        raise RuntimeError("repr")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("eq")


class UnkindTask(Unkind):
    def __call__(self, obj: Any, eng: Any) -> None: ...


def test_objects_that_fail_when_they_are_asked_are_no_reason_to_fail() -> None:
    (found,) = check([Unkind()], select=["WF0"])
    assert found.message.startswith("the item at [0] is not callable: <Unkind object> (Unkind)")
    flow = [UnkindTask(), partial(UnkindTask()), IF(UnkindTask(), UnkindTask())]
    assert "WF901" in {one.code for one in check(flow)}
    graph = compile_graph(flow)
    for style in ("text", "tree", "dot", "mermaid", "html"):
        assert "UnkindTask" in format(graph, style)
    with pytest.raises(WorkflowDefinitionError) as caught:
        compile_graph([Unkind()])
    assert "<Unkind object>" in caught.value.message


def _has_print(context: Context) -> Iterator[Finding]:
    for node in context.tasks():
        if node.name == "misspelt":
            yield Finding(f"{context.label(node.id)} is misspelt", node.id)


OWN = Rule(code="HOUSE1", name="no-misspelt", severity="error", sound=True, about="Spell well.", find=_has_print)


@task(ops.Call(), ignore=["HOUSE1"])
def forgiven(obj: Any, eng: Any) -> None: ...


def test_rules_of_ones_own_run_with_the_others_or_alone() -> None:
    assert ["HOUSE1", "WF902", "WF106"] == [one.code for one in check([misspelt, STOP(), EMPTY_CALL], rules=[OWN])]
    (one,) = check([misspelt, STOP(), EMPTY_CALL], rules=[OWN], select=["HOUSE"], severities={"HOUSE1": "info"})
    assert ("HOUSE1", "info", (0,), "misspelt at [0] is misspelt") == (one.code, one.severity, one.address, one.message)
    assert "HOUSE1" not in {one.code for one in check([misspelt], rules=[OWN], ignore=["HOUSE1"])}


def test_a_code_of_another_rule_is_refused_and_one_that_is_not_there_is_unknown() -> None:
    with pytest.raises(WorkflowAPIError, match="two rules have the code 'WF106'; give yours"):
        check([misspelt], rules=[replace(OWN, code="WF106")])
    with pytest.raises(WorkflowAPIError, match="there is no check 'HOUSE1'"):
        check([misspelt], select=["HOUSE1"])


def test_what_silences_a_rule_of_ones_own_is_told_only_where_that_rule_runs() -> None:
    assert [] == check([forgiven]), "whose rules these are is not known here"
    (one,) = check([forgiven], rules=[OWN])
    assert "forgiven at [0] ignores HOUSE1, which finds nothing there" == one.message
    (one,) = check([forgiven], rules=[replace(OWN, code="HOUSE2")])
    assert "forgiven at [0] ignores HOUSE1, which is no check" == one.message
