"""Every deprecated name works and says what replaces it; every pattern is there and does what is said of it."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from api import A, B, C, Token, at_first, engine, engine_of, fail, once_at_second, outcome, say, thrice
from differential.real import OURS, REAL, Library

from wfgraph import patterns

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


def test_what_clients_import_from_the_engine_module_is_there() -> None:
    """``workflow.engine`` has the exceptions in its namespace, too."""
    theirs = {
        name for name, found in vars(REAL.engine).items() if getattr(found, "__module__", "") == REAL.errors.__name__
    }
    assert theirs <= set(vars(OURS.engine))
    assert "StopProcessing" in theirs
