"""Each public object says in one short line what it is, whatever it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from celery import Celery

from wfgraph import Trace, check, compile_graph, ops
from wfgraph.celery import CeleryWorkflows, Registered
from wfgraph.checks.runner import rule_of
from wfgraph.compiler.pipeline import build_program
from wfgraph.engine import Callbacks, GenericWorkflowEngine, MachineState, Signal
from wfgraph.engine_db import DbWorkflowEngine as DocumentedEngine
from wfgraph.errors import (
    HaltProcessing,
    JumpCall,
    StopProcessing,
    StorageError,
    WorkflowAPIError,
    WorkflowDefinitionError,
    WorkflowError,
    WorkflowObjectStatusError,
)
from wfgraph.graph.difference import difference
from wfgraph.patterns import CHOICE, FOR, HALT, IF, PARALLEL_SPLIT, STOP
from wfgraph.storage import Database, DbWorkflowEngine, Store
from wfgraph.storage.granularity import granularity_of
from wfgraph.storage.models import READY
from wfgraph.storage.values import encode
from wfgraph.views import Drawing
from wfgraph.views.extract import diagram_of

LONGEST = 400
"""How long a repr may be: one line of a debugger, cut, with what stands around it."""


def add(obj: Any, eng: Any) -> None: ...


def large(obj: Any, eng: Any) -> bool:
    return bool(obj)


FLOW = [add, IF(large, [HALT("a person must look", action="review"), add]), PARALLEL_SPLIT([add], [add])]
GRAPH = compile_graph(FLOW)
UUID = "01234567-89ab-4def-8123-456789abcdef"


class MyEngine(GenericWorkflowEngine):
    pass


def stood() -> GenericWorkflowEngine:
    eng = MyEngine()
    eng.callbacks.replace(FLOW)
    with pytest.raises(HaltProcessing):
        eng.process([0, 1, 2])
    return eng


def traced() -> Trace:
    eng = GenericWorkflowEngine()
    eng.callbacks.replace([add])
    eng.trace = Trace()
    eng.process([1])
    return eng.trace


EXPECTED: dict[str, Callable[[], Any]] = {
    "<MyEngine of 3 tokens, MachineState(token_pos=1, callback_pos=[1, 1, 0])>": stood,
    "MachineState(token_pos=-1, callback_pos=[0])": MachineState,
    "<Callbacks for nothing>": Callbacks,
    "<Callbacks for '*'>": lambda: stood().callbacks,
    "<Signal of wfgraph>": lambda: Signal,
    "{}": lambda: GenericWorkflowEngine().extra_data,
    "<WorkflowGraph of 7 tasks and 12 edges>": lambda: GRAPH,
    "<Node 1: IF at [1, 0], Branch>": lambda: GRAPH.nodes[1],
    "<Node 6: add at [0] of lane 1, Call>": lambda: GRAPH.nodes[6],
    "<Edge entry -> 0: next, must>": lambda: GRAPH.edges[0],
    "<Definition of 5 tasks in 3 blocks>": lambda: GRAPH.definition,
    "<Block 1 at [1] with 2 slots>": lambda: GRAPH.definition.blocks[1],
    "<task 2: HALT at [1, 1, 0]>": lambda: GRAPH.definition.tasks[2],
    "<place [1, 1, 0]>": lambda: GRAPH.definition.tasks[2].place,
    "<Program of 5 tasks>": lambda: build_program(FLOW),
    "<Trace of 2 steps>": traced,
    "<Difference: 1 added, 7 removed>": lambda: difference(GRAPH, compile_graph([large])),
    "<Rule WF101 unreachable-task, warning>": lambda: rule_of("WF101"),
    "<WF106 warning at [1]: add at [1] can't be reached: STOP at [0] never goes on>": lambda: check([STOP(), add])[0],
    "<Diagram of 9 figures and 11 arrows>": lambda: diagram_of(GRAPH),
    "HaltProcessing('')": HaltProcessing,
    "HaltProcessing('why', action='look', payload={'n': 1})": lambda: HaltProcessing("why", "look", {"n": 1}),
    "JumpCall(-2)": lambda: JumpCall(-2),
    "StopProcessing()": StopProcessing,
    "WorkflowError('no', id_object=3)": lambda: WorkflowError("no", id_object=3),
    "WorkflowDefinitionError('no', payload=7)": lambda: WorkflowDefinitionError("no", payload=7),
    "WorkflowObjectStatusError('no', obj_status=9, id_object=1)": lambda: WorkflowObjectStatusError("no", 1, 9),
    "<DbWorkflow_engine(orders)>": lambda: DocumentedEngine(type("Run", (), {"name": "orders", "uuid": UUID})()),
    "Registered(engine=<class 'wfgraph.storage.engine.DbWorkflowEngine'>)": lambda: Registered(FLOW),
}


@pytest.mark.parametrize("expected", EXPECTED)
def test_a_repr_is_one_line_that_says_what_it_is(expected: str) -> None:
    assert expected == repr(EXPECTED[expected]())


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[DbWorkflowEngine]:
    eng = DbWorkflowEngine.with_name("orders", f"sqlite:///{tmp_path}/runs.db", uuid=UUID)
    eng.callbacks.replace([add])
    eng.process([1, 2])
    yield eng
    eng.runs.database.close()


def test_what_is_stored_says_where_and_how_far(stored: DbWorkflowEngine, tmp_path: Path) -> None:
    run = f"<run {UUID} of 'orders': COMPLETED, 2 objects>"
    assert run == repr(stored.db_obj)
    assert f"<DbWorkflowEngine of {run} in sqlite:///{tmp_path}/runs.db>" == repr(stored)
    assert f"<Store of the runs in sqlite:///{tmp_path}/runs.db>" == repr(stored.runs)
    assert f"<Database sqlite:///{tmp_path}/runs.db>" == repr(stored.runs.database)
    assert f"<Progress of run {UUID}: COMPLETED, 2 of 2 objects ended>" == repr(stored.runs.progress(UUID))
    assert "<object 0: COMPLETED>" == repr(stored.db_obj.objects[0])


def test_no_repr_shows_a_password() -> None:
    for place in ("postgresql+psycopg://u:s3cret@h/x", "postgresql+psycopg://h/x?user=u&password=s3cret"):
        database = Database(sqlalchemy.create_engine(place), READY, "full")
        app = Celery("x", broker="amqp://u:s3cret@localhost//", set_as_current=False)
        workflows = CeleryWorkflows(app, {"orders": FLOW}, database, sweep=None)
        for found in (database, Store(database), workflows, database.url):
            assert "s3cret" not in repr(found)
        assert "<CeleryWorkflows of 'orders'>" == repr(workflows)


# Whatever they hold --------------------------------------------------------------------------------------------------


class Hostile:
    """What fails whenever it is looked at."""

    def __repr__(self) -> str:
        raise RuntimeError

    __str__ = __repr__

    def __len__(self) -> int:
        raise RuntimeError

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError


def holding(value: Any) -> Iterator[Any]:
    """Yield one of each public object that holds a value of the user's."""
    eng = GenericWorkflowEngine()
    eng.objects = value
    eng.callbacks.get(None)[value if isinstance(value, str) else "k"] = value
    yield from (
        eng,
        eng.callbacks,
        GenericWorkflowEngine.__new__(GenericWorkflowEngine),
        MachineState.__new__(MachineState),
    )
    state = MachineState()
    state.callback_pos = value
    yield state
    yield HaltProcessing(value, value, value)
    yield WorkflowError(value, value, value, value)
    yield WorkflowDefinitionError(value, value, value)
    yield Registered(value)


@pytest.mark.parametrize(
    "value",
    [Hostile(), "x" * 10_000, [0] * 10_000, "a\n\x1b[31mb", None],
    ids=["fails", "text", "list", "control", "none"],
)
def test_a_repr_never_fails_and_is_never_long_or_more_than_a_line(value: Any) -> None:
    for found in holding(value):
        text = repr(found)
        assert text.isprintable()
        assert len(text) <= 4 * LONGEST, f"{type(found).__name__}: {text[:200]}..."


def test_a_large_definition_has_short_reprs() -> None:
    deep: list[Any] = [add]
    for _ in range(900):
        deep = [deep]
    named = type("T", (), {"__name__": "n" * 5000, "__call__": lambda self, obj, eng: None})()
    graph = compile_graph([*[add] * 2000, deep, FOR(list(range(10_000)), "i", [add]), named])
    change = difference(graph, compile_graph([add]))
    items = [
        graph,
        *graph.nodes,
        *graph.edges,
        graph.definition,
        *graph.definition.blocks,
        *graph.definition.tasks,
        change,
    ]
    items += [*(task.place for task in graph.definition.tasks), *check(graph.definition.root.source), Drawing.of(graph)]
    assert LONGEST >= max(len(repr(item)) for item in items)
    assert LONGEST >= max(len(repr(node.op)) for node in graph.nodes if not isinstance(node.op, ops.For))


def test_many_keys_are_counted() -> None:
    callbacks = Callbacks()
    for number in range(100):
        callbacks.add(add, f"k{number}")
    assert "<Callbacks for 'k0', 'k1', 'k2', 'k3', 'k4' and 95 more>" == repr(callbacks)


HUGE = 10**5_000
"""An int with more digits than Python writes."""


def typed(eng: GenericWorkflowEngine, position: Any) -> None:
    eng.state.token_pos, eng.state.callback_pos = 0, position
    eng.restart("current", "next", [1])


def process(eng: GenericWorkflowEngine, value: Any) -> None:
    eng.tier = value
    eng.process([1])


REFUSING: list[Callable[[GenericWorkflowEngine, Any], Any]] = [
    process,
    typed,
    lambda eng, value: eng.restart(value, "next", [1]),
    lambda eng, value: eng.restart("next", value, [1]),
    lambda eng, value: eng.process([1], workers=value),
    lambda eng, value: granularity_of(value),
    lambda eng, value: encode({"a": {value: {1, 2}}}, "it"),
]


@pytest.mark.parametrize("value", [Hostile(), HUGE], ids=["fails", "huge"])
@pytest.mark.parametrize("refusing", REFUSING, ids=range(7))
def test_what_has_no_text_is_refused_as_everything_else_is(refusing: Any, value: Any) -> None:
    eng = GenericWorkflowEngine()
    eng.callbacks.replace([print])
    with pytest.raises((WorkflowError, WorkflowAPIError, StorageError)) as caught:
        refusing(eng, value)
    assert type(value).__name__ in str(caught.value)


def test_a_choice_by_what_has_no_text_is_checked() -> None:
    (finding,) = [one for one in check(CHOICE(lambda obj, eng: 7, (HUGE, print))) if one.code == "WF201"][:1]
    assert "returns 7, which names no branch; there are <int object>" in finding.message
