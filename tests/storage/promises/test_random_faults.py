"""Whatever two owners do to a run, and whatever calls of the database fail meanwhile: nothing stored is lost or goes back."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from storage.promises.worker import Faulty, _error_of
from wfgraph import compile_graph
from wfgraph.errors import (
    HaltProcessing,
    StorageError,
    WorkflowAPIError,
    WorkflowError,
    WorkflowObjectStatusError,
)
from wfgraph.patterns import FOR, IF
from wfgraph.statuses import ObjectStatus, WorkflowStatus
from wfgraph.storage import Database, DbWorkflowEngine, Store, connect
from wfgraph.storage.writer import Writer

TOKENS = 3
LEASE = 0.03
REFUSALS = (StorageError, WorkflowError, WorkflowAPIError, WorkflowObjectStatusError, HaltProcessing, ArithmeticError)
"""What a verb may answer with; an ArithmeticError is a task's own."""


class Chance:
    """Throws the dice for tasks and for the database.

    Attributes:
        faults: how likely a call of the database is to fail.
    """

    def __init__(self, seed: int, url: str) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - no secret
        self.url = url
        self.faults = 0.0
        self.failed = 0

    def meet(self, _: Any) -> None:
        if self.dice.random() < self.faults:
            self.failed += 1
            raise _error_of(self.url)

    def flow(self) -> list[Any]:
        def one(obj: Any, eng: Any) -> None:
            obj["done"].append("one")

        def moody(obj: Any, eng: Any) -> None:
            obj["done"].append("moody")
            mood = self.dice.random()
            if mood < 0.2:
                eng.halt("look")
            if mood < 0.3:
                raise ZeroDivisionError
            if mood < 0.4:
                eng.continue_next_token()

        def odd(obj: Any, eng: Any) -> bool:
            return bool(len(obj["done"]) % 2)

        return [one, IF(odd, [moody, one]), FOR([1, 2], "x", [moody]), one]


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch, url: str) -> Iterator[list[Chance]]:
    """Let calls of the writer fail as the last of these chances has it."""
    chances: list[Chance] = []
    connected = Writer._connect

    def connect_faulty(self: Writer) -> None:
        connected(self)
        self._raw = Faulty(self._raw, lambda raw: chances[-1].meet(raw))  # type: ignore[assignment]

    monkeypatch.setattr(Writer, "_connect", connect_faulty)
    yield chances
    chances[-1].faults = 0.0


def act(chance: Chance, eng: DbWorkflowEngine, verb: str) -> None:
    dice = chance.dice
    if verb == "restart":
        eng.restart(dice.choice(["current", "next", "first"]), dice.choice(["current", "next", "first", "prev"]))
    elif verb == "save":
        eng.save()
    elif verb == "resume":
        eng.resume(halted=dice.choice(["next", "current"]))
    elif verb == "recover":
        eng.recover(stop_on_error=dice.random() < 0.5, stop_on_halt=dice.random() < 0.5)
    elif verb == "cancel":
        eng.runs.cancel(eng.uuid)
    elif verb == "wait":
        time.sleep(2 * LEASE)  # whoever has the run has it no longer


class Watch:
    """Holds what is stored to what was stored before."""

    def __init__(self, database: Database, uuid: str, places: set[tuple[int, ...]]) -> None:
        self.store, self.uuid, self.places = Store(database), uuid, places
        self.epoch = 0
        self.ended = False
        self.revisions = [0] * TOKENS
        self.done: list[list[str]] = [[] for _ in range(TOKENS)]

    def look(self) -> WorkflowStatus:
        run = self.store.load(self.uuid)
        assert run.epoch >= self.epoch
        assert list(range(TOKENS)) == [one.ordinal for one in run.objects]
        assert not self.ended or run.status is WorkflowStatus.CANCELLED
        for number, one in enumerate(run.objects):
            assert one.revision >= self.revisions[number]
            done = json.loads(one.stored)["done"]
            assert self.done[number] == done[: len(self.done[number])], "what was stored is lost"
            assert one.revision > self.revisions[number] or done == self.done[number]
            assert isinstance(one.status, ObjectStatus)
            assert one.callback_pos is None or tuple(one.callback_pos) in self.places
            self.revisions[number], self.done[number] = one.revision, done
        self.epoch, self.ended = run.epoch, run.status is WorkflowStatus.CANCELLED
        return run.status


VERBS = ["recover"] * 4 + ["resume"] * 3 + ["restart"] * 2 + ["save"] * 2 + ["wait"] * 2 + ["cancel"]


@pytest.mark.slow
def test_nothing_stored_is_lost_or_goes_back(url: str, faulty: list[Chance], long: bool) -> None:
    database = connect(url)
    ends: set[WorkflowStatus] = set()
    failed = 0
    for seed in range(300 if long else 8):
        chance = Chance(seed, url)
        faulty.append(chance)
        flow = chance.flow()
        graph = compile_graph(flow)
        places = {node.item.address for node in graph.nodes} | {
            tuple(block.address) for block in graph.definition.blocks
        }
        first = DbWorkflowEngine.with_name("faults", database)
        first.callbacks.replace(flow)
        uuid = first.submit([{"n": n, "done": []} for n in range(TOKENS)])
        watch = Watch(database, uuid, places)
        for _ in range(12):
            chance.faults = chance.dice.choice([0.0, 0.02, 0.1])
            with suppress(*REFUSALS):
                eng = DbWorkflowEngine.from_uuid(
                    uuid,
                    database,
                    owner=chance.dice.choice("ab"),
                    lease=LEASE,
                    granularity=chance.dice.choice(["task", "token"]),
                )
                eng.callbacks.replace(flow)
                act(chance, eng, chance.dice.choice(VERBS))
            chance.faults = 0.0
            watch.look()
        ends.add(finished(chance, watch, database, flow))
        failed += chance.failed
    assert failed, "no fault was met"
    assert {WorkflowStatus.COMPLETED, WorkflowStatus.CANCELLED} == ends


def finished(chance: Chance, watch: Watch, database: Database, flow: list[Any]) -> WorkflowStatus:
    """Go on with a run, without faults, until nobody can any more."""
    for _ in range(100):
        status = watch.look()
        if status in (WorkflowStatus.COMPLETED, WorkflowStatus.CANCELLED):
            return status
        time.sleep(LEASE)
        with suppress(*REFUSALS):
            eng = DbWorkflowEngine.from_uuid(watch.uuid, database, owner="last", lease=10)
            eng.callbacks.replace(flow)
            act(chance, eng, chance.dice.choice(["recover", "resume"]))
    raise AssertionError("the run can't be finished")


@pytest.mark.timeout(20)
def test_a_transaction_that_can_not_be_rolled_back_locks_nobody_out(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    failing: list[str] = []
    connected = Writer._connect

    class Stuck:
        def __init__(self, raw: Any) -> None:
            self.raw = raw

        def execute(self, text: str, *more: Any) -> Any:
            if text in failing:
                failing.remove(text)
                time.sleep(LEASE)  # the heartbeat comes to the lock meanwhile
                raise _error_of(url)
            return self.raw.execute(text, *more)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.raw, name)

    def connect_stuck(self: Writer) -> None:
        connected(self)
        self._raw = Stuck(self._raw)

    def task(obj: Any, eng: Any) -> None:
        if obj["n"] == 0:
            eng.extra_data["seen"] = (
                True  # so that the row of the run is written, which the heartbeat writes to as well
            )
            failing[:] = ["COMMIT", "ROLLBACK"]

    monkeypatch.setattr(Writer, "_connect", connect_stuck)
    eng = DbWorkflowEngine.with_name("stuck", connect(url), lease=LEASE)
    eng.callbacks.replace([task])
    with suppress(StorageError):  # where the connection can be made again, nobody notices
        eng.process([{"n": 0}, {"n": 1}])
    assert [] == failing
    time.sleep(2 * LEASE)
    later = DbWorkflowEngine.from_uuid(eng.uuid, connect(url))
    later.callbacks.replace([lambda obj, eng: None])
    later.recover()
    assert WorkflowStatus.COMPLETED is later.status
