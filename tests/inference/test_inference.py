"""What is read from tasks: the zoo, by hand and by running it; and that nothing is ever said that a run refutes."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

from inference.zoo import CASES
from wfgraph.compiler.effects import inferred, of_asked
from wfgraph.compiler.inference import Inference
from wfgraph.compiler.inference.controls import (
    CONTROLS,
    DATA,
    GETS_POSITION,
    HARMLESS,
    MOVES,
    STEERING,
    outcome_of_exception,
)
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.engine_db import DbWorkflowEngine
from wfgraph.errors import WorkflowTransition
from wfgraph.graph.outcomes import ERROR, HALT, RETURN, Outcome, jump, jump_token

TOKENS: list[Any] = [{}, {"big": True}, *({"kind": kind} for kind in range(6)), {"offset": 3}, {"deep": True}]


def outcomes_of(task: Any) -> set[Outcome] | None:
    """Return what may come of a task, as a graph has it; None where it is opaque."""
    infer = inferred(Inference())
    op = infer(task)
    beside, opaque = of_asked(op, infer)
    return None if op.opaque or opaque else {way.outcome for way in (*op.exits(), *beside)}


def seen(task: Any, token: Any) -> Outcome | None:
    """Return what comes of a call; None where it fails, which any task may."""
    engine = GenericWorkflowEngine()
    engine.state.callback_pos = [0]
    try:
        task(token, engine)
    except WorkflowTransition as error:
        argument = error.args[0] if error.args and type(error.args[0]) is int else None
        return outcome_of_exception(type(error), argument)
    except Exception:
        return None
    return RETURN


def permits(known: set[Outcome], found: Outcome) -> bool:
    loose = {jump(None), jump_token(None)} & known
    return found in known or any(one.control is found.control for one in loose)


def unforeseen(task: Any, tokens: Iterable[Any] = TOKENS) -> list[tuple[Any, Outcome]]:
    """Return what runs of a task tell the engine that was not foreseen, each with its token; nothing where it is opaque."""
    known = outcomes_of(task)
    if known is None:
        return []
    runs = [(token, seen(task, dict(token))) for token in tokens]
    return [(token, found) for token, found in runs if found is not None and not permits(known, found)]


@pytest.mark.parametrize("name", CASES)
def test_the_zoo_is_read_as_it_is_written_down(name: str) -> None:
    task, expected = CASES[name]
    found = outcomes_of(task)
    assert set(expected.split()) == ({"?"} if found is None else {str(one) for one in found})


@pytest.mark.parametrize("name", CASES)
def test_nothing_comes_of_them_that_was_not_foreseen(name: str) -> None:
    task, _ = CASES[name]
    assert not unforeseen(task)


def test_the_zoo_is_large() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", CASES)
def test_bytecode_alone_says_no_less(name: str) -> None:
    task, _ = CASES[name]
    if not isinstance(task, FunctionType) or task.__dict__.get("__wfgraph__"):
        return
    code = task.__code__.replace(co_filename="<nowhere>")
    without = FunctionType(code, task.__globals__, task.__name__, task.__defaults__, task.__closure__)
    without.__kwdefaults__ = task.__kwdefaults__
    by_source, by_code = outcomes_of(task), outcomes_of(without)
    if by_code is not None and by_source is not None:
        assert all(permits(by_code, one) for one in by_source if one != ERROR)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_each_control_method_of_the_engine_is_in_the_table() -> None:
    engine: Any = GenericWorkflowEngine()
    for name, make in CONTROLS.items():
        offset = {"jumpCallBack": -2}.get(name, 2) if make(2).offset is not None else None
        with pytest.raises(WorkflowTransition) as caught:
            getattr(engine, name)(*(() if offset is None else (offset,)))
        assert make(offset) == outcome_of_exception(type(caught.value), offset)


@pytest.mark.parametrize("kind", [GenericWorkflowEngine, DbWorkflowEngine])
def test_each_public_name_of_an_engine_is_in_some_table(kind: type) -> None:
    tables = {*CONTROLS, *STEERING, *GETS_POSITION, *MOVES, *HARMLESS, *DATA, "state"}
    assert set() == {name for name in dir(kind) if not name.startswith("_")} - tables


def test_a_file_that_was_changed_after_its_import_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "changing_flow.py"
    file.write_text("def task(obj, eng):\n    if obj:\n        eng.halt()\n")
    monkeypatch.syspath_prepend(tmp_path)
    task = importlib.import_module("changing_flow").task
    file.write_text("def task(obj, eng):\n    if obj:\n        eng.stop()\n")
    assert {RETURN, HALT} == outcomes_of(task)  # by its bytecode


def test_equal_code_of_two_files_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "STEP = 1\ndef task(obj, eng):\n    eng.jump_call(STEP)\n"
    (tmp_path / "steady_flow.py").write_text(text)
    (tmp_path / "shaky_flow.py").write_text(text + "def change():\n    global STEP\n    STEP = 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    steady, shaky = (importlib.import_module(name).task for name in ("steady_flow", "shaky_flow"))
    assert steady.__code__ == shaky.__code__
    for _ in range(2):
        assert {jump(1)} == outcomes_of(steady)
        assert {jump(None)} == outcomes_of(shaky)


def test_reading_never_runs_what_it_reads() -> None:
    ran: list[str] = []

    class Touchy:
        def __getattr__(self, name: str) -> Any:
            ran.append(name)
            return self

        def __bool__(self) -> bool:
            ran.append("bool")
            return True

        def __eq__(self, other: object) -> bool:
            ran.append("eq")
            return True

        __hash__ = None  # type: ignore[assignment]

    touchy = Touchy()

    def task(obj: Any, eng: Any) -> None:
        if touchy and touchy == obj and touchy.ready:
            touchy.go()
        eng.halt()

    outcomes_of(task)
    assert [] == ran


# What was read before ---------------------------------------------------------------------------------------------------


def made_with(value: Any) -> Any:
    def task(obj: Any, eng: Any) -> None:
        if value is not False:
            eng.jump_call(value)

    return task


def test_equal_values_of_other_types_are_read_anew() -> None:
    assert {jump(1)} == outcomes_of(made_with(1))
    assert {jump(None)} == outcomes_of(made_with(True))
    assert {jump(None)} == outcomes_of(made_with(1.0))
    assert {RETURN} == outcomes_of(made_with(False))
    assert {jump(0)} == outcomes_of(made_with(0))
    assert {jump(1)} == outcomes_of(made_with(1))


def test_a_global_that_is_exchanged_is_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    task = CASES["jumps_by_a_global"][0]
    assert {jump(-2)} == outcomes_of(task)
    monkeypatch.setitem(task.__globals__, "BACK", -4)
    assert {jump(-4)} == outcomes_of(task)
    monkeypatch.delitem(task.__globals__, "BACK")
    assert {jump(None)} == outcomes_of(task)
    monkeypatch.setitem(task.__globals__, "BACK", None)
    assert {jump(None)} == outcomes_of(task)


def test_what_python_offers_may_be_exchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    def task(obj: Any, eng: Any) -> None:
        len(eng)

    assert {RETURN} == outcomes_of(task)
    monkeypatch.setitem(task.__globals__, "len", lambda engine: engine.halt())
    assert {HALT} == outcomes_of(task)


def test_what_a_task_imports_may_be_exchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    def task(obj: Any, eng: Any) -> None:
        from flow_helpers import leave  # type: ignore[import-not-found]

        leave(eng)

    helpers: Any = ModuleType("flow_helpers")
    monkeypatch.setitem(sys.modules, "flow_helpers", helpers)
    helpers.leave = GenericWorkflowEngine.halt
    assert outcomes_of(task) is None  # it would be the engine's own code
    helpers.leave = lambda engine: engine.halt()
    assert {HALT} == outcomes_of(task)
    helpers.leave = lambda engine: engine.jump_call(2)
    assert {jump(2)} == outcomes_of(task)


def test_what_a_task_calls_depends_on_the_class_of_the_engine() -> None:
    class Polite(GenericWorkflowEngine):
        def leave(self) -> None:
            self.halt("please")

    class Rude(GenericWorkflowEngine):
        def leave(self) -> None:
            self.jump_call(2)

    def task(obj: Any, eng: Any) -> None:
        eng.leave()

    assert [(HALT,), (jump(2),), (HALT,)] == [Inference(kind).effects(task).outcomes for kind in (Polite, Rude, Polite)]
    assert Inference().effects(task).opaque


def test_a_task_of_another_name_is_not_taken_for_it() -> None:
    code = compile("lambda obj, eng: 1", "<nowhere>", "eval").co_consts[0]
    plain, snooping = FunctionType(code, {"__name__": "sys"}), FunctionType(code, {"__name__": "sys"})
    snooping.__name__ = "_getframe"
    assert {RETURN} == outcomes_of(plain) == outcomes_of(snooping)
    assert Inference().effects(plain) is Inference().effects(plain)
    assert Inference().effects(plain) is not Inference().effects(snooping)
