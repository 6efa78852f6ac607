"""Generated tasks: whatever a run of one tells the engine was foreseen by who read its source, and its bytecode."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from inference.defining import defined
from inference.test_inference import outcomes_of, permits, seen
from wfgraph.errors import BreakFromThisLoop, HaltProcessing, JumpCall, WorkflowTransition

NAMES = {
    "HaltProcessing": HaltProcessing,
    "JumpCall": JumpCall,
    "BreakFromThisLoop": BreakFromThisLoop,
    "WorkflowTransition": WorkflowTransition,
}

_controls = st.sampled_from(
    [
        *(
            "eng.halt()",
            "eng.stop()",
            "eng.jump_call(2)",
            "eng.jump_call(k)",
            "eng.jump_call(-k)",
            "eng.jump_token(-1)",
        ),
        *("eng.break_current_loop()", "eng.skip_token()", "eng.abort()", "eng.continue_next_token()"),
        *("raise JumpCall(k + 1)", "raise HaltProcessing('x')", "raise ValueError", "leave(eng, k)", "act()", "f()"),
        *("any(eng.stop() for x in obj if x == 'b')", "[eng.halt() for x in obj][:0]", "getattr(eng, 'st' + 'op')()"),
    ]
)
_plain = st.sampled_from(
    [
        *("k = 2", "k += 1", "k = -k", "obj['n'] = k", "pass", "n = eng", "act = eng.halt", "act = lambda: eng.stop()"),
        *("act = n.stop if obj.get('a') else n.abort", "eng.extra_data['k'] = k", "return", "return k", "f = make(k)"),
        *("pair = (eng, k)", "n = pair[0]", "n, k = pair", "act = pair[0].skip_token", "f = lambda: leave(n, 3)"),
    ]
)
_tests = st.sampled_from(
    ["obj.get('a')", "obj.get('b')", "k > 1", "True", "False", "not obj", "k", "eng", "obj.get('a') and k == 2"]
)
_handlers = st.sampled_from(
    [
        *(
            "except Exception",
            "except HaltProcessing",
            "except (JumpCall, BreakFromThisLoop)",
            "except WorkflowTransition",
        ),
        *("except ValueError", "except BaseException as error", "except KeyError"),
    ]
)


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _blocks(inner: Any) -> Any:
    body = st.lists(inner, min_size=1, max_size=3).map(lambda parts: [line for part in parts for line in part])
    ends = st.sampled_from([[], ["break"], ["continue"], ["raise"], ["return"]])
    return st.one_of(
        st.builds(lambda test, yes: [f"if {test}:", *_indented(yes)], _tests, body),
        st.builds(lambda test, yes, no: [f"if {test}:", *_indented(yes), "else:", *_indented(no)], _tests, body, body),
        st.builds(
            lambda yes, end, other: [
                "for k in (1, 2):",
                *_indented(yes + [one for one in end if one != "raise"]),
                *(["else:", *_indented(other)] if other else []),
            ],
            body,
            ends,
            st.one_of(st.just([]), body),
        ),
        st.builds(
            lambda test, yes, end: ["for _ in range(3):", f"    if {test}:", "        break", *_indented(yes + end)],
            _tests,
            body,
            ends.filter(lambda end: end != ["raise"]),
        ),
        st.builds(
            lambda tried, handler, then, again, last: [
                "try:",
                *_indented(tried),
                f"{handler}:",
                *_indented(then + (["raise"] if again else [])),
                *(["finally:", *_indented(last)] if last else []),
            ],
            body,
            _handlers,
            body,
            st.booleans(),
            st.one_of(st.just([]), body),
        ),
        st.builds(lambda yes: ["def act():", *_indented(yes), "f = act"], body),
    )


_statements = st.recursive(st.one_of(_controls, _plain).map(lambda line: [line]), _blocks, max_leaves=12)
_bodies = st.lists(_statements, min_size=1, max_size=4).map(lambda parts: [line for part in parts for line in part])

HEAD = """
def leave(engine, distance=1):
    if distance == 1:
        engine.jump_call(distance)
    engine.jump_call(-distance)

def make(offset):
    def made():
        return offset
    return made

def task(obj, eng, k=1):
    n, act, f = eng, print, print
    pair = (eng, k)
"""


def make(body: list[str]) -> FunctionType:
    text = HEAD + "\n".join(_indented(body)) + "\n"
    made: FunctionType = defined(text, {"__name__": "generated", **NAMES})["task"]
    return made


TOKENS: list[dict[str, Any]] = [{}, {"a": 1}, {"b": 1}, {"a": 1, "b": 1}]


@given(_bodies)
def test_what_a_generated_task_tells_was_foreseen(body: list[str]) -> None:
    try:
        task = make(body)
    except SyntaxError:  # `break` outside a loop, `nonlocal` names, ...
        return
    by_source = outcomes_of(task)
    code = task.__code__.replace(co_filename="<nowhere>")
    by_code = outcomes_of(FunctionType(code, task.__globals__, "task", task.__defaults__))
    for token in TOKENS:
        found = seen(task, dict(token))
        for known in (by_source, by_code):
            assert known is None or found is None or permits(known, found), (token, str(found), body)


def test_most_generated_tasks_are_seen_through() -> None:
    kept: list[bool] = []

    @given(_bodies)
    def collect(body: list[str]) -> None:
        try:
            kept.append(outcomes_of(make(body)) is not None)
        except SyntaxError:
            return

    collect()
    assert sum(kept) > len(kept) * 0.6
