"""The compiled tier: the code it makes, and that nothing tells it from the interpreter but its speed."""

from __future__ import annotations

import gc
import sys
import threading
import traceback
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from wfgraph.compiler.codegen import source_of
from wfgraph.compiler.pipeline import build_program
from wfgraph.engine import ActionMapper, GenericWorkflowEngine, ProcessingFactory
from wfgraph.errors import HaltProcessing, JumpCall, WorkflowAPIError
from wfgraph.patterns import CHOICE, FOR, HALT, IF, IF_ELSE, TASK_JUMP_IF, WHILE
from wfgraph.utils import classproperty

Task = Callable[[Any, Any], Any]


def a(obj: Any, eng: Any) -> None: ...
def b(obj: Any, eng: Any) -> None: ...
def size(obj: Any, eng: Any) -> int:
    return 1


def engine(*callbacks: Any, tier: str = "compiled", kind: Any = GenericWorkflowEngine) -> Any:
    eng = kind()
    eng.tier = tier
    eng.callbacks.replace(list(callbacks))
    return eng


def frames_within(error: BaseException) -> list[str]:
    """Return the lines of generated code in a traceback."""
    return [
        frame.line or "" for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith("<wfgraph")
    ]


CODE = [
    ([a, [b]], "task_0(obj, eng)  # [0] a | task_1(obj, eng)  # [1, 0] b | return None"),
    (
        [IF_ELSE(size, a, b)],
        "if (answer := test_0(obj, eng)):  # [0, 0] IF_ELSE |     task_1(obj, eng)  # [0, 1] a | else: |     "
        "task_3(obj, eng)  # [0, 3] b | return None",
    ),
    (
        [WHILE(size, a)],
        "while (answer := test_0(obj, eng)):  # [0, 0] WHILE |     task_1(obj, eng)  # [0, 1] a | return None",
    ),
    (
        [FOR([1, 2], "x", [a])],
        "rest_0, items_0 = resume_0(obj, eng)  # [0, 0] FOR | for item_0 in rest_0:  # [0, 0] FOR |     "
        "eng.extra_data['x'] = item_0  # [0, 0] FOR |     task_1(obj, eng)  # [0, 1] a |     "
        "if look: look(0)  # [0, 0] FOR | return None",
    ),
    (
        [CHOICE(size, one=a, two=b)],
        "answer = choose_0(obj, eng)  # [0, 0] size | if answer == 1: |     task_1(obj, eng)  # [0, 1] a | "
        "elif answer == 3: |     task_3(obj, eng)  # [0, 3] b | return None",
    ),
]


@pytest.mark.parametrize(("callbacks", "expected"), CODE)
def test_the_code_of_a_pattern_is_python_as_one_would_write_it(callbacks: Any, expected: str) -> None:
    lines = source_of(build_program(callbacks)).splitlines()
    assert "def run(obj, eng):" == lines[0]
    assert expected == " | ".join(line.removeprefix("    ") for line in lines[1:])


def test_a_list_whose_jumps_fit_no_statement_is_dispatched() -> None:
    code = source_of(build_program([[a, TASK_JUMP_IF(size, -1), b]]))
    assert "while True:" in code
    assert "at_1 = 0" in code


def test_a_traceback_shows_the_task_and_its_place() -> None:
    def extract_metadata(obj: Any, eng: Any) -> None:
        raise ValueError("no metadata")

    with pytest.raises(ValueError, match="no metadata") as caught:
        engine(a, [b, [extract_metadata]]).process([1])
    assert ["task_2(obj, eng)  # [1, 1, 0] extract_metadata"] == frames_within(caught.value)


def test_the_code_of_one_structure_is_compiled_once() -> None:
    first, second = engine(a, b), engine(a, b)
    errors = []
    for eng in (first, second):
        eng.callbacks.add(lambda obj, eng: 1 / 0)
        with pytest.raises(ZeroDivisionError) as caught:
            eng.process([1])
        errors.append(caught.value)
    names = [
        {f.filename for f in traceback.extract_tb(it.__traceback__) if f.filename.startswith("<")} for it in errors
    ]
    assert names[0] == names[1]
    assert 1 == len(names[0])


@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
def test_the_position_can_be_read_from_another_thread(tier: str) -> None:
    arrived, leave, seen = threading.Event(), threading.Event(), []

    def wait(obj: Any, eng: Any) -> None:
        arrived.set()
        leave.wait(20)

    eng = engine(a, [a, IF(size, [a, wait])], tier=tier)

    def watch() -> None:
        arrived.wait(20)
        seen.append((list(eng.state.callback_pos), eng.state.token_pos, eng.current_taskname))
        leave.set()

    thread = threading.Thread(target=watch)
    thread.start()
    eng.process(["token"])
    thread.join()
    assert [([1, 1, 1, 1], 0, "wait")] == seen


@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
def test_a_debugger_sees_the_position_at_every_task(tier: str) -> None:
    eng, seen = engine(a, IF_ELSE(size, [b, a], b), b, tier=tier), []

    def tracer(frame: Any, event: str, arg: Any) -> None:
        if event == "call" and frame.f_code in (a.__code__, b.__code__):
            seen.append((frame.f_code.co_name, list(eng.state.callback_pos), eng.current_taskname))

    around = sys.gettrace()
    sys.settrace(tracer)
    try:
        eng.process([1, 2])
    finally:
        sys.settrace(around)
    once = [("a", [0], "a"), ("b", [1, 1, 0], "b"), ("a", [1, 1, 1], "a"), ("b", [2], "b")]
    assert once * 2 == seen


@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
def test_the_position_stays_where_a_token_halted_or_failed(tier: str) -> None:
    eng = engine([a, [HALT("look"), lambda obj, eng: 1 / 0]], a, tier=tier)
    with pytest.raises(HaltProcessing):
        eng.process([1])
    assert ([0, 1, 0], "HALT") == (eng.state.callback_pos, eng.current_taskname)
    with pytest.raises(ZeroDivisionError):
        eng.restart("current", "next")
    assert [0, 1, 1] == eng.state.callback_pos


def test_what_a_task_raises_after_a_jump_has_nothing_to_do_with_it() -> None:
    def jump(obj: Any, eng: Any) -> None:
        eng.jump_call(2)

    with pytest.raises(ZeroDivisionError) as caught:
        engine(jump, a, lambda obj, eng: 1 / 0).process([1])
    assert not isinstance(caught.value.__context__, JumpCall)


class Mapper(ActionMapper):
    seen: list[str] = []  # noqa: RUF012 - filled by the test

    @staticmethod
    def before_each_callback(eng: Any, callback_func: Any, obj: Any) -> None:
        Mapper.seen.append(callback_func.__name__)


class Factory(ProcessingFactory):
    @classproperty
    def action_mapper(cls: Any) -> Any:  # noqa: N805 - a class property
        return Mapper


class Hooked(GenericWorkflowEngine):
    @classproperty
    def processing_factory(cls: Any) -> Any:  # noqa: N805 - a class property
        return Factory


class Executing(GenericWorkflowEngine):
    def execute_callback(self, callback: Any, obj: Any) -> None:
        Mapper.seen.append(callback.__name__)
        super().execute_callback(callback, obj)


@pytest.mark.parametrize("kind", [Hooked, Executing])
def test_who_looks_on_sees_each_task_whatever_the_tier(kind: Any) -> None:
    Mapper.seen.clear()
    engine(a, IF(size, b), kind=kind).process([1])
    assert ["a", "IF", "b"] == Mapper.seen


def test_a_run_is_compiled_where_that_pays_and_as_it_is_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    def compiled(tokens: int, **environment: str) -> bool:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        lines: list[str] = []

        def fail(obj: Any, eng: Any) -> None:
            if obj == tokens - 1:
                raise ValueError(obj)

        with pytest.raises(ValueError, match=str(tokens - 1)) as caught:
            engine(a, fail, tier="auto").process(range(tokens))
        lines = frames_within(caught.value)
        return bool(lines)

    monkeypatch.delenv("WFGRAPH_TIER", raising=False)
    assert not compiled(1)
    assert compiled(1_000)
    assert compiled(1, WFGRAPH_TIER="compiled")
    assert not compiled(1_000, WFGRAPH_TIER="interpreted")
    with pytest.raises(WorkflowAPIError, match="no tier 'fast'"):
        engine(a, tier="fast").process([1])


def test_where_positions_are_asked_for_the_interpreter_takes_over_within_the_run() -> None:
    seen: list[Any] = []

    def hidden(eng: Any, name: str) -> Any:
        return getattr(eng.state, "callback" + name)  # not to be seen in the code

    def ask(obj: Any, eng: Any) -> None:
        seen.append((obj, list(hidden(eng, "_pos"))))
        if obj == 99:
            raise ValueError(obj)

    with pytest.raises(ValueError, match="99") as caught:
        engine(a, [ask], tier="auto").process(range(100))
    assert [(number, [1, 0]) for number in range(100)] == seen
    assert [] == frames_within(caught.value)


@pytest.mark.parametrize(("tier", "tokens"), [("compiled", 1_000_000), ("interpreted", 50_000)])
def test_memory_does_not_grow_with_the_tokens(tier: str, tokens: int) -> None:
    eng = engine(a, IF(size, b), tier=tier)
    eng.process(range(1_000))
    gc.collect()
    tracemalloc.start()
    try:
        eng.process(range(1_000))
        before, _ = tracemalloc.get_traced_memory()
        eng.process(range(tokens))
        eng.process(range(1_000))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 10_000 > after - before
