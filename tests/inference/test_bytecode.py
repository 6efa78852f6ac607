"""What is read of functions that have no source: their bytecode."""

from __future__ import annotations

from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import Any

import pytest

from inference import farm
from inference.test_reading import cases, make
from wfgraph.compiler.inference import Effects, Inference
from wfgraph.compiler.inference.bytecode import _names_engine, _offset

BODIES = cases(Path(__file__).with_name("bytecode.txt").read_text(encoding="utf-8"))


def without_source(text: str, name: str = "task") -> FunctionType:
    namespace: dict[str, Any] = {**vars(farm), "__name__": "flow"}
    exec(compile(text, "<nowhere>", "exec", dont_inherit=True), namespace)  # noqa: S102
    made: FunctionType = namespace[name]
    return made


def told(found: Effects) -> str:
    return f"? {found.opaque}" if found.opaque else " ".join(map(str, found.outcomes))


@pytest.mark.parametrize("subject", BODIES)
def test_bytecode_is_read_as_it_is_written_down(subject: str) -> None:
    def read(body: str) -> str:
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        return told(Inference().effects(without_source(f"def task(obj, eng):\n{lines}")))

    assert BODIES[subject] == {body: read(body) for body in BODIES[subject]}


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("bare(obj, eng)", "return halt"),
        ("bare(eng, obj)", "return"),
        ("bare(eng, eng)", "return halt"),
        ("bare(obj)", "return"),
        ("bare(obj, [eng])", "?"),
        ("bare(obj, eng=eng)", "?"),
        ("bare(obj, eng, eng)", "?"),
        ("bare(*obj, eng)", "?"),
        ("bare(*[eng for _ in obj])", "?"),
        ("bare(eng, *obj)", "?"),
        ("bare(eng, eng=obj)", "return"),
        ("bare(1, obj, len)", "return"),
        ("obj['kept'] = bare(obj, eng)", "return halt"),
        ("HELD.step = bare(obj, 1)", "? code is stored in an object"),
    ],
)
def test_the_engine_is_followed_into_a_call(call: str, expected: str) -> None:
    task = make(call)
    task.__globals__["bare"] = without_source("def bare(obj, eng): eng.halt()", "bare")
    unclear = "? bare() has no source, and takes the engine in a way that can't be followed"
    found, _, _ = told(Inference().effects(task)).partition(", line")
    assert (unclear if expected == "?" else expected) == found


def test_what_a_function_without_source_does_to_the_token_and_elsewhere_is_not_known() -> None:
    found = Inference().effects(without_source("def task(obj, eng): pass"))
    assert (frozenset({"obj"}), frozenset(), True) == (found.writes, found.reads, found.elsewhere)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("async def task(obj, eng): pass", "is no plain function"),
        ("async def task(obj, eng): yield 1", "is no plain function"),
        ("def task(obj, eng, step=leave): pass", "uses leave"),
        ("def task(obj, eng, *, step=leave): pass", "uses leave"),
        ("def make(step):\n  def task(obj, eng): return step\n  return task\ntask = make(leave)", "uses leave"),
        (
            "def make():\n  def task(obj, eng): return step\n  return task\n  step = 1\ntask = make()",
            "has a variable that is not set",
        ),
    ],
)
def test_what_a_function_without_source_holds_may_steer(text: str, reason: str) -> None:
    assert told(Inference().effects(without_source(text))) == f"? task() has no source, and {reason}"


@pytest.mark.parametrize(
    "text",
    [
        "def task(obj, eng, step=len, *, other=1): return step",
        "def make(step):\n  def task(obj, eng): return step\n  return task\ntask = make(3)",
    ],
)
def test_what_a_function_without_source_holds_may_be_harmless(text: str) -> None:
    assert told(Inference().effects(without_source(text))) == "return"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("LOAD_FAST", "eng", True),
        ("LOAD_FAST", "obj", False),
        ("LOAD_CONST", "eng", False),
        ("LOAD_CONST", ("obj", "eng"), False),
        ("LOAD_FAST_LOAD_FAST", ("obj", "eng"), True),
        ("LOAD_FAST_LOAD_FAST", ("obj", "key"), False),
        ("STORE_FAST_LOAD_FAST", ("key", "eng"), True),
        ("LOAD_FAST", None, False),
    ],
)
def test_the_engine_is_found_in_the_steps_of_each_version_of_python(name: str, value: Any, expected: bool) -> None:
    step: Any = SimpleNamespace(opname=name, argval=value)
    assert _names_engine(step, frozenset({"eng"})) is expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([("LOAD_CONST", 2, 0), ("CALL", 1, 1)], 2),
        ([("LOAD_SMALL_INT", 2, 2), ("CALL", 1, 1)], 2),
        ([("LOAD_CONST", True, 0), ("CALL", 1, 1)], None),
        ([("LOAD_CONST", 2, 0), ("CALL", 2, 2)], None),
        ([("LOAD_CONST", 2, 0), ("CALL_KW", 1, 1)], None),
        ([("LOAD_FAST", 2, 1), ("CALL", 1, 1)], None),
        ([("LOAD_CONST", 2, 0)], None),
        ([], None),
    ],
)
def test_a_constant_argument_is_found_in_the_steps_of_each_version_of_python(
    steps: list[tuple[str, Any, int]], expected: int | None
) -> None:
    made: list[Any] = [SimpleNamespace(opname=name, argval=value, arg=arg) for name, value, arg in steps]
    assert _offset(made) == expected
