"""Log records say which run, token and task they are about."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wfgraph.engine import GenericWorkflowEngine
from wfgraph.engine_db import DbWorkflowEngine
from wfgraph.errors import HaltProcessing
from wfgraph.logs import FIELDS, RunContext
from wfgraph.patterns import FOR, IF, PARALLEL_SPLIT, RUN_WF, SYNCHRONIZE
from wfgraph.storage import DbWorkflowEngine as StoredEngine

TIERS = pytest.mark.parametrize("tier", ["interpreted", "compiled"])
OTHERS = logging.getLogger("tests.of.logs")


class Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def told(self, *names: str) -> list[tuple[Any, ...]]:
        return [tuple(getattr(record, f"wfgraph_{name}", None) for name in names) for record in self.records]


@pytest.fixture
def heard() -> Iterator[Records]:
    """What is logged by wfgraph, and by a logger of the tests."""
    handler = Records()
    handler.addFilter(RunContext())
    loggers = (logging.getLogger("wfgraph"), OTHERS)
    for log in loggers:
        log.addHandler(handler)
    OTHERS.setLevel(logging.INFO)
    yield handler
    for log in loggers:
        log.removeHandler(handler)


def engine(*tasks: Any, tier: str = "auto", kind: Any = GenericWorkflowEngine) -> Any:
    eng = kind()
    eng.tier = tier
    eng.callbacks.replace(list(tasks))
    return eng


def nothing(obj: Any, eng: Any) -> None: ...


def says(obj: Any, eng: Any) -> None:
    eng.log.warning("here")


def tells(obj: Any, eng: Any) -> None:
    OTHERS.info("there")


def halts(obj: Any, eng: Any) -> None:
    eng.halt("why", action="look")


def fails(obj: Any, eng: Any) -> None:
    raise LookupError("lost")


@TIERS
def test_a_record_says_which_token_stands_where(heard: Records, tier: str) -> None:
    engine(nothing, [nothing, says], tells, tier=tier).process([1, 2])
    expected = [(token, *place) for token in (0, 1) for place in (([1, 1], "says"), ([2], "tells"))]
    assert expected == heard.told("token", "position", "task")
    assert {("wfgraph.engine.GenericWorkflowEngine", None, None)} == set(heard.told("engine", "run_uuid", "outcome"))


@TIERS
def test_so_does_a_record_within_a_loop(heard: Records, tier: str) -> None:
    engine(FOR([1, 2], "n", [says]), tier=tier).process([1])
    assert [([0, 1], "says")] * 2 == heard.told("position", "task")


@pytest.mark.unobserved
def test_logging_does_not_make_the_engine_follow_the_token(heard: Records) -> None:
    asked: list[int] = []
    eng = engine(says, lambda obj, eng: asked.append(eng.state._cursor.asked), tier="compiled")
    eng.process([1, 2, 3])
    assert [0, 0, 0] == asked
    assert 3 == len(heard.records)


@TIERS
@pytest.mark.parametrize(
    ("task", "outcome", "action", "error"),
    [(halts, "halt", "look", None), (fails, "error", None, "LookupError")],
)
def test_a_record_of_an_end_says_how_it_ended(
    heard: Records, tier: str, task: Any, outcome: str, action: str | None, error: str | None
) -> None:
    class Run:
        uuid, name, status, objects = "u-1", "orders", None, ()

        def save(self, status: Any = None) -> None: ...

    class Order:
        def save(self, status: Any = None) -> None: ...

    eng = engine(nothing, task, tier=tier, kind=lambda: DbWorkflowEngine(Run()))
    with pytest.raises(Exception, match=r"why|lost"):
        eng.process([Order()])
    assert [("u-1", "orders", 0, [1], task.__name__, outcome, action, error)] == heard.told(
        "run_uuid", "run_name", "token", "position", "task", "outcome", "halt_action", "error"
    )
    assert [("why" if error is None else None,)] == heard.told("halt_message")


def test_stored_runs_name_themselves(heard: Records, tmp_path: Path) -> None:
    eng = engine(says, tells, kind=lambda: StoredEngine.with_name("orders", f"sqlite:///{tmp_path}/runs.db"))
    eng.process([1])
    assert [(eng.uuid, "orders")] * 2 == heard.told("run_uuid", "run_name")


def test_a_run_within_a_task_speaks_of_itself_and_then_the_task_does(heard: Records) -> None:
    class Inner(GenericWorkflowEngine): ...

    engine(nothing, RUN_WF([nothing, nothing, tells], engine=Inner), tells).process([1])
    assert [([2], "Inner"), ([2], "GenericWorkflowEngine")] == [
        (position, kind.rpartition(".")[2]) for position, kind in heard.told("position", "engine")
    ]


def test_a_restart_within_a_task_speaks_of_its_token(heard: Records) -> None:
    def again(obj: Any, eng: Any) -> None:
        if obj == "b":
            eng.restart("first", "first", objects=["c"])
            eng.stop()

    engine(nothing, again, tells).process(["a", "b"])
    assert [(0, [2]), (0, [2])] == heard.told("token", "position")


def test_branches_speak_of_the_run_that_they_are_in(heard: Records) -> None:
    engine(nothing, SYNCHRONIZE(tells, [nothing, tells], nothing)).process([1])
    assert sorted([[1], [1]]) == sorted(position for (position,) in heard.told("position"))
    heard.records.clear()
    engine(PARALLEL_SPLIT([nothing, fails])).process([1])
    assert [([1], "fails")] == heard.told("position", "task")


def test_outside_of_runs_records_have_the_attributes_too_and_they_are_none(heard: Records) -> None:
    OTHERS.info("nobody runs")
    assert [(None,) * len(FIELDS)] == [tuple(getattr(record, name) for name in FIELDS) for record in heard.records]


def test_what_an_engine_says_before_it_runs_names_it(heard: Records) -> None:
    engine(nothing).process([])
    assert [("wfgraph.engine.GenericWorkflowEngine", -1)] == heard.told("engine", "token")


def test_names_of_attributes_are_none_of_logging() -> None:
    record = logging.makeLogRecord({})
    assert not set(FIELDS) & set(vars(record))
    assert all(name.startswith("wfgraph_") for name in FIELDS)


def test_a_logger_of_ones_own_is_left_alone_and_its_handlers_can_have_the_filter(heard: Records) -> None:
    class Own(GenericWorkflowEngine):
        def init_logger(self) -> Any:
            return OTHERS

    eng = engine(says, kind=Own)
    assert ([], OTHERS) == (OTHERS.filters, eng.log)
    eng.process([1])
    assert [(0, [0])] == heard.told("token", "position")


def test_the_logger_of_a_class_has_the_filter_once_for_all_its_engines() -> None:
    assert GenericWorkflowEngine().log is GenericWorkflowEngine().log
    assert 1 == len(GenericWorkflowEngine().log.filters)


def test_a_run_that_can_not_be_asked_does_not_keep_the_message(heard: Records) -> None:
    class Broken:
        @property
        def uuid(self) -> Any:
            raise RuntimeError("no database")

    class Odd(GenericWorkflowEngine):
        @property
        def db_obj(self) -> Any:
            return Broken()

    engine(says, kind=Odd).process([1])
    assert [(0, None)] == heard.told("token", "run_uuid")


@pytest.mark.usefixtures("no_event_loop")
def test_other_threads_and_event_loops_take_the_run_along_as_python_does(heard: Records) -> None:
    def elsewhere(obj: Any, eng: Any) -> None:
        thread = threading.Thread(target=tells, args=(obj, eng))
        thread.start()
        thread.join()
        asyncio.run(asyncio.to_thread(tells, obj, eng))

    engine(nothing, elsewhere).process([1])
    assert [(None,), ([1],)] == heard.told("position")


def test_a_filter_does_not_fail_after_a_halt(heard: Records) -> None:
    eng = engine(nothing, halts)
    with pytest.raises(HaltProcessing):
        eng.process([1])
    eng.log.warning("after the run")
    assert [(None,)] == heard.told("position")


def test_conditions_and_the_tasks_they_guard_tell_their_own_places(heard: Records) -> None:
    def asks(obj: Any, eng: Any) -> bool:
        OTHERS.info("asked")
        return True

    for tier in ("interpreted", "compiled"):
        engine(nothing, IF(asks, [tells]), tier=tier).process([1])
    assert [([1, 0], "IF"), ([1, 1, 0], "tells")] * 2 == heard.told("position", "task")
