"""Workflows in Celery's workers: real workers, real brokers, both databases."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from sqlalchemy import event

from storage.test_cli_stored import call
from storage.workers import flows
from storage.workers.servers import HERE, Redis, Worker, wait_until
from storage.workers.test_pool import ran
from wfgraph.celery import CeleryWorkflows, Registered
from wfgraph.celery.branches import BranchRunner
from wfgraph.errors import DefinitionChanged, NotStorable, StorageError, UnknownRun, WorkflowAPIError, WorkflowError
from wfgraph.patterns import FOR, SYNCHRONIZE
from wfgraph.statuses import WorkflowStatus
from wfgraph.storage import DbWorkflowEngine, Store, connect
from wfgraph.storage.patience import ConnectionEnded

_EXAMPLE = """
from celery import Celery

# `app` is required by the celery worker.
app = Celery('workflow_sample', broker='redis://localhost:6379/0')

# Define a couple of basic tasks.
def add(obj, eng):
    obj["value"] += 2

def print_res(obj, eng):
    print(obj.get("value"))

# Create a workflow out of them.
flow = [add, print_res]

# Mark our execution process as a celery task with this decorator.
@app.task
def run_workflow(data):
    # Note that the imports that this function requires must be done inside
    # it since our code will not be running in the global context.
    from workflow.engine import GenericWorkflowEngine
    wfe = GenericWorkflowEngine()
    wfe.setWorkflow(flow)
    wfe.process(data)

# Code that runs when we call this script directly. This way we can start
# as many workflows as we wish and let celery handle how they are
# distributed and when they run.
if __name__ == "__main__":
    run_workflow.delay([{"value": 10}, {"value": 20}, {"value": 30}])
"""


@pytest.mark.timeout(120)
def test_the_documented_example(redis: Redis, tmp_path: Path, workers: Callable[..., Worker]) -> None:
    example = _EXAMPLE.replace("localhost:6379", f"127.0.0.1:{redis.port}")
    example = example.replace("from workflow.engine", "from wfgraph.engine")
    (tmp_path / "workflow_sample.py").write_text(example)
    worker = workers({}, "workflow_sample", where=tmp_path)
    for _ in range(2):
        subprocess.run([sys.executable, "workflow_sample.py"], cwd=tmp_path, check=True, timeout=30)
    wait_until(lambda: worker.log.read_text().count("succeeded in") >= 2, 30, "the result")
    said = worker.log.read_text()
    for value in (12, 22, 32):
        assert 2 == sum(line.endswith(f"] {value}") for line in said.splitlines())


# In this process ------------------------------------------------------------------------------------------------------


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FLOWS_LOG", str(tmp_path / "log"))
    return tmp_path / "log"


REGISTRY = {"flow": flows.FLOW, "joined": flows.JOINED, "started": flows.STARTED}


def eager(url: str, registry: Any = None, **options: Any) -> CeleryWorkflows:
    app = Celery("eager", broker="memory://", set_as_current=False)
    app.conf.task_always_eager = True
    return CeleryWorkflows(app, registry or REGISTRY, url, **options)


def test_a_run_in_parts_has_changed_when_a_part_of_it_has(url: str, log: Path) -> None:
    workflows = eager(url)
    uuid = workflows.run.delay_sharded("flow", [{"n": n} for n in range(4)], shard_size=2)
    run = workflows.store.load(uuid)
    assert run.modified == max(part.modified or 0 for part in run.parts) > (run.created or 0)


def test_eagerly_a_run_is_done_when_it_was_asked_for(url: str, log: Path) -> None:
    workflows = eager(url)
    uuid = workflows.run.delay_sharded("flow", [{"n": n} for n in range(25)], shard_size=10, extra_data={"a": 1})
    found = workflows.progress(uuid)
    assert {WorkflowStatus.COMPLETED: 3} == found.parts
    assert {"COMPLETED": 25} == found.to_json()["objects"]
    assert {(n, task): 1 for n in range(25) for task in range(4)} == ran(log)
    assert {"a": 1} == workflows.store.parts(uuid)[2].extra_data


def test_a_halt_is_a_success_and_is_resumed(url: str, log: Path) -> None:
    workflows = eager(url)
    tokens = [{"n": 0}, {"n": 1, "halt": 1}, {"n": 2, "fail": 2}]
    uuid = workflows.run.delay_sharded("flow", tokens, shard_size=2)
    assert WorkflowStatus.ERROR is workflows.progress(uuid).run.status
    parts = [part.uuid for part in workflows.store.parts(uuid)]
    told = workflows.run.delay(parts[0])
    assert told.successful()
    assert {"uuid": parts[0], "status": "HALTED", "objects": {"COMPLETED": 1, "HALTED": 1}} == told.result
    assert [parts[0]] == workflows.resume.delay(uuid, failed=None)
    assert ["COMPLETED", "ERROR"] == [part.status.name for part in workflows.store.parts(uuid)]
    assert [] == workflows.resume.delay(uuid, failed=None), "nothing is resumed twice"
    assert [parts[1]] == workflows.resume.delay(uuid, failed="next")
    assert WorkflowStatus.COMPLETED is workflows.progress(uuid).run.status
    assert 1 == ran(log)[1, 1] == ran(log)[1, 2]


def lose_a_worker(workflows: CeleryWorkflows, uuid: str) -> None:
    """Let a worker claim a run, and never be heard of again."""
    eng = workflows.engine(uuid)
    epoch = workflows.store.claim(eng.db_obj, "elsewhere:1", 60, eng._graph(), {})
    workflows.store.release(uuid, epoch)


def stored(
    workflows: CeleryWorkflows, tokens: list[Any], monkeypatch: pytest.MonkeyPatch, size: int = 100
) -> list[str]:
    """Store a run in parts of which nobody is told; return its uuid, and theirs."""
    with monkeypatch.context() as patch:
        patch.setattr(workflows, "dispatch", lambda *_: None)
        uuid = workflows.submit("flow", tokens, shard_size=size)
    return [uuid, *(part.uuid for part in workflows.store.parts(uuid))]


def test_an_object_with_which_workers_are_lost_again_and_again_fails_and_the_others_go_on(
    url: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflows = eager(url, max_attempts=3)
    uuid, first, second = stored(workflows, [{"n": n} for n in range(4)], monkeypatch, 2)
    for _ in range(3):
        lose_a_worker(workflows, second)
    assert "ERROR" == workflows.go_on(second)["status"]
    failed, other = workflows.store.load(second).objects
    assert ("wfgraph.runtime.pool.WorkersLost", [0], "storage.workers.flows.step0(number=0)") == (
        failed.error_type, failed.callback_pos, failed.node
    )  # fmt: skip
    assert (
        "3 workers in a row were lost in storage.workers.flows.step0(number=0) at [0], before anything more was stored: it "
        f"ends its process, or takes longer than it may; see why, then go on: wfgraph runs resume {uuid} --object 2"
    ) == failed.error_message
    assert "COMPLETED" == other.status.name
    assert {3} == {n for n, _ in ran(log)}
    assert [first, second] == workflows.resume.delay(uuid, objects=[2])
    assert "COMPLETED" == workflows.store.find(uuid).status.name


def test_a_worker_that_is_lost_after_it_has_stored_something_counts_anew(
    url: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflows = eager(url, max_attempts=2)
    _, uuid = stored(workflows, [{"n": 0}, {"n": 1}], monkeypatch)
    objects = workflows.store.database.models.object.__table__
    for _ in range(3):
        lose_a_worker(workflows, uuid)
        assert 1 == workflows.engine(uuid).db_obj.fruitless
        with workflows.store.database.writing() as connection:
            connection.execute(objects.update().values(revision=objects.c.revision + 1))
        assert 0 == workflows.engine(uuid).db_obj.fruitless
    assert "COMPLETED" == workflows.go_on(uuid)["status"]


def test_a_run_that_was_let_go_of_counts_anew(url: str, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workflows = eager(url, max_attempts=2)
    _, uuid = stored(workflows, [{"n": 0, "halt": 1}], monkeypatch)
    lose_a_worker(workflows, uuid)
    assert "HALTED" == workflows.go_on(uuid)["status"]
    eng = workflows.engine(uuid)
    assert 0 == eng.db_obj.attempts
    eng.resume()
    assert ("COMPLETED", 0) == (eng.status.name, workflows.store.find(uuid).attempts)


def test_a_run_with_which_a_worker_was_lost_goes_on_with_each_task_stored(
    url: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workflows = eager(url)
    _, uuid = stored(workflows, [{"n": 0}, {"n": 1}], monkeypatch)
    lose_a_worker(workflows, uuid)
    workflows.go_on(uuid)
    assert 8 == len(workflows.store.steps(uuid))


def test_without_a_limit_workers_may_be_lost_for_ever(url: str, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workflows = eager(url, max_attempts=None)
    _, uuid = stored(workflows, [{"n": 0}], monkeypatch)
    for _ in range(9):
        lose_a_worker(workflows, uuid)
    assert 9 == workflows.engine(uuid).db_obj.fruitless
    assert "COMPLETED" == workflows.go_on(uuid)["status"]


@pytest.mark.parametrize("wrong", [0, 1, True, 2.5, "3"])
def test_one_attempt_is_too_few(wrong: Any) -> None:
    with pytest.raises(WorkflowAPIError, match="max_attempts is a number of at least 2, or None, not"):
        CeleryWorkflows(Celery("none", set_as_current=False), REGISTRY, max_attempts=wrong)


def test_what_can_not_be_stored_is_named_by_its_place_in_the_run(url: str) -> None:
    def spoil(obj: Any, eng: Any) -> None:
        if obj["n"] == 5:
            obj["when"] = {1, 2}

    workflows = eager(url, {"flow": [spoil]})
    uuid = workflows.run.delay_sharded("flow", [{"n": n} for n in range(6)], shard_size=2)
    failed = workflows.store.load(uuid).objects[5]
    assert "token 5['when'] can't be stored" in str(failed.error_message)


class ById(DbWorkflowEngine):
    """Stores ids; the tokens are somewhere else."""

    kept: dict[int, dict[str, Any]]

    def from_stored(self, value: Any) -> Any:
        return self.kept[value]

    def to_stored(self, token: Any) -> Any:
        return token["n"]


def test_ids_stand_for_tokens_of_a_class_of_yours(url: str, log: Path) -> None:
    ById.kept = {n: {"n": n} for n in range(5)}
    workflows = eager(url, {"flow": Registered(flows.FLOW, ById)})
    uuid = workflows.run.delay_sharded("flow", range(5), shard_size=2)
    assert WorkflowStatus.COMPLETED is workflows.progress(uuid).run.status
    assert [[0, 1, 2, 3]] * 5 == [one["done"] for one in ById.kept.values()]
    assert ["0", "1", "2", "3", "4"] == [one.stored for one in workflows.store.load(uuid).objects]


def test_mistakes_are_told_to_who_made_them(url: str, log: Path) -> None:
    workflows = eager(url)
    with pytest.raises(WorkflowAPIError, match="registered as 'flo'; the registry holds 'flow'"):
        workflows.run.delay_sharded("flo", [1])
    with pytest.raises(NotStorable):
        workflows.run.delay_sharded("flow", [{"n": 1}, {1, 2}])
    assert [] == workflows.store.runs()
    for wrong in (workflows.progress, workflows.resume.delay, lambda uuid: workflows.requeue([uuid])):
        with pytest.raises(UnknownRun):
            wrong("no such run")
    with pytest.raises(WorkflowAPIError, match="no definition"):
        CeleryWorkflows(Celery("x", set_as_current=False), {"a": 7}, url)
    with pytest.raises(WorkflowAPIError, match="has a CeleryWorkflows already"):
        CeleryWorkflows(workflows.app, REGISTRY, url)
    app = Celery("x", broker="redis://127.0.0.1", set_as_current=False)
    app.conf.broker_transport_options = {"visibility_timeout": 10}
    with pytest.raises(WorkflowAPIError, match="delivered again while it is worked on"):
        CeleryWorkflows(app, REGISTRY, url, time_limit=10)


@pytest.mark.parametrize("wrong", [None, "abc", {"n": 1}, 7])
def test_what_is_no_list_of_tokens_is_refused(url: str, wrong: Any) -> None:
    with pytest.raises(WorkflowError, match="Passed in object"):
        eager(url).run.delay_sharded("flow", wrong)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"flow": DbWorkflowEngine}, "no definition"),
        ({"flow": Registered(flows.FLOW, dict)}, "no subclass of"),  # type: ignore[arg-type]
        ({1: flows.FLOW}, "no text"),
    ],
)
def test_a_wrong_registry_is_refused(url: str, wrong: Any, said: str) -> None:
    with pytest.raises(WorkflowAPIError, match=said):
        eager(url, wrong)


@pytest.mark.parametrize("wrong", [{"lease": 0}, {"time_limit": -1}, {"sweep": 0}, {"granularity": "x"}])
def test_wrong_options_are_refused_at_once(url: str, wrong: Any) -> None:
    with pytest.raises(WorkflowAPIError):
        eager(url, **wrong)


def test_a_run_of_nothing_is_completed(url: str) -> None:
    workflows = eager(url)
    uuid = workflows.run.delay_sharded("flow", [])
    assert (True, WorkflowStatus.COMPLETED) == ((found := workflows.progress(uuid)).is_over, found.run.status)
    eng = DbWorkflowEngine.with_name("flow", connect(url))
    eng.callbacks.replace(flows.FLOW)
    assert WorkflowStatus.COMPLETED is workflows.progress(eng.submit([])).run.status
    with pytest.raises(WorkflowAPIError, match="'x' is no uuid"):
        workflows.run.delay_sharded("flow", [1], uuid="x")


def test_the_options_are_those_that_lose_nothing(url: str) -> None:
    app = Celery("x", broker="redis://127.0.0.1", set_as_current=False)
    workflows = CeleryWorkflows(app, REGISTRY, url, time_limit=100)
    assert (True, True, "json") == (
        workflows.run.acks_late,
        workflows.run.reject_on_worker_lost,
        workflows.run.serializer,
    )
    assert 1 == app.conf.worker_prefetch_multiplier
    told = {"visibility_timeout": 700, "unacked_restore_interval": 2, "unacked_restore_throttle": 1}
    assert told == app.conf.broker_transport_options
    other = Celery("y", broker="amqp://127.0.0.1", set_as_current=False)
    CeleryWorkflows(other, REGISTRY, url)
    assert not other.conf.broker_transport_options


@pytest.mark.parametrize(
    "broker", ["redis://u:word@127.0.0.1:1", "rediss-oh://u:word@x", "amqp://127.0.0.1:port;amqp://u:word@127.0.0.1:1"]
)
def test_a_broker_that_is_away_loses_nothing(url: str, log: Path, broker: str) -> None:
    app = Celery("x", broker=broker, set_as_current=False)
    app.conf.broker_transport_options = {"max_retries": 0, "socket_connect_timeout": 1}
    app.conf.task_publish_retry = False
    workflows = CeleryWorkflows(app, REGISTRY, url, stale=0)
    with pytest.raises(StorageError, match=r"can't be reached: .* the run \S+ is stored, and goes on when") as found:
        workflows.run.delay_sharded("flow", [{"n": 1}])
    assert "word" not in str(found.value)
    (run,) = workflows.store.runs()
    assert run.uuid in str(found.value), "or who tries again stores it twice"
    later = eager(url, stale=0)
    assert 1 == later.sweep()
    assert WorkflowStatus.COMPLETED is later.progress(run.uuid).run.status
    assert 0 == later.sweep(), "nothing is left"


def test_what_is_stale_is_told_of_once(url: str) -> None:
    workflows = eager(url, {"other": flows.FLOW})
    eng = DbWorkflowEngine.with_name("flow", connect(url))
    eng.callbacks.replace(flows.FLOW)
    uuid = eng.submit([{"n": n} for n in range(4)], part_size=2)
    store = workflows.store
    parts = [part.uuid for part in store.parts(uuid)]
    assert [] == store.take_stale(unheard=60), "nobody was to be told of it yet"
    assert [] == store.take_stale(["other"], unheard=-1)
    assert sorted(parts) == sorted(store.take_stale(["flow"], unheard=-1))
    assert [] == store.take_stale(["flow"], unheard=-1), "it waits for a worker who was told"
    assert sorted(parts) == sorted(store.take_stale(["flow"], unheard=-1, lost=-1)), "the message is lost"


def test_messages_that_a_sweep_has_overtaken_are_sent_again(url: str, log: Path) -> None:
    workflows = eager(url, stale=0)
    eng = DbWorkflowEngine.with_name("flow", connect(url))
    eng.callbacks.replace(flows.FLOW)
    uuid = eng.submit([{"n": n} for n in range(4)], part_size=2)
    workflows.store.tell_dispatched([part.uuid for part in workflows.store.parts(uuid)])
    assert 0 == workflows.sweep(), "the messages may be on their way"
    assert 2 == workflows.sweep(overtaken=-1)
    assert WorkflowStatus.COMPLETED is workflows.progress(uuid).run.status


def test_sweeps_overtake_nothing_in_a_queue_of_their_own(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[float | None] = []
    monkeypatch.setattr(CeleryWorkflows, "sweep", lambda self, overtaken=None: found.append(overtaken))
    one, other = eager(url, sweep=5), eager(url, sweep=5)
    other.app.conf.task_routes = {"wfgraph.sweep": {"queue": "sweeps"}}
    for workflows in (one, other):
        workflows.app.tasks["wfgraph.sweep"].delay()
    assert [10, None] == found


def test_a_second_copy_of_a_message_does_nothing(url: str, log: Path) -> None:
    workflows = eager(url)
    seen: list[Any] = []

    def look(obj: Any, eng: Any) -> None:
        seen.append(workflows.go_on(eng.uuid))

    workflows.registry["flow"] = Registered([look])
    uuid = workflows.run.delay_sharded("flow", [{"n": 1}])
    assert ["OWNED"] == [one["status"] for one in seen]
    assert WorkflowStatus.COMPLETED is workflows.progress(uuid).run.status


def test_what_runs_long_goes_on_with_another_message(url: str, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWS_PAUSE", "0.03")
    workflows = eager(url, time_limit=0.2, granularity="task")
    uuid = workflows.run.delay_sharded("flow", [{"n": n} for n in range(4)])
    assert WorkflowStatus.COMPLETED is workflows.progress(uuid).run.status
    assert workflows.store.parts(uuid)[0].epoch > 1
    assert {1} == set(ran(log).values())


class Own(BaseException):
    """Not an Exception."""


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, Own])
@pytest.mark.parametrize("granularity", ["task", "token", "batch"])
def test_what_would_end_a_worker_fails_its_token_alone(url: str, log: Path, kind: Any, granularity: str) -> None:
    def leave(obj: Any, eng: Any) -> None:
        if obj["n"] == 1:
            raise kind("away")

    workflows = eager(url, {"flow": [flows.put("a"), leave, flows.put("b")]}, granularity=granularity)
    uuid = workflows.run.delay_sharded("flow", [{"n": n} for n in range(3)])
    found = workflows.store.load(uuid).objects
    assert ["COMPLETED", "ERROR", "COMPLETED"] == [one.status.name for one in found]
    assert (kind.__name__, [1]) == (str(found[1].error_type).rpartition(".")[2], found[1].callback_pos)
    assert {"n": 1, "a": 2} == json.loads(found[1].stored)


# Branches -------------------------------------------------------------------------------------------------------------


def test_branches_are_runs_of_their_own_and_joined(url: str, log: Path) -> None:
    workflows = eager(url, branches=True)
    uuid = workflows.run.delay_sharded("joined", [{"n": n} for n in range(3)], shard_size=2)
    found = workflows.progress(uuid)
    assert (WorkflowStatus.COMPLETED, {WorkflowStatus.COMPLETED: 6}) == (found.run.status, found.branches)
    stored = [json.loads(one.stored) for one in workflows.store.load(uuid).objects]
    assert [{"n": n, "done": [0, 1, 2], "a": n + 1, "b": n + 1, "c": n + 1} for n in range(3)] == stored
    assert [uuid] == [run.uuid for run in workflows.store.runs()], "branches are not listed"
    branch = workflows.store.branches(workflows.store.parts(uuid)[0].uuid)[0].uuid
    command = [
        sys.executable,
        "-m",
        "wfgraph",
        "runs",
        "requeue",
        branch,
        "--db",
        url,
        "--target",
        f"{HERE}/flows.py:JOINED",
    ]
    paths = os.environ | {"PYTHONPATH": str(HERE.parents[1])}
    refused = subprocess.run(command, env=paths, capture_output=True, text=True, timeout=60, check=False)
    assert (2, True) == (refused.returncode, "only workers go on with it: wfgraph runs requeue" in refused.stderr)


def test_what_a_branch_belongs_to_is_shown_and_goes_on_in_its_place(url: str, log: Path) -> None:
    workflows = eager(url, branches=True)
    uuid = workflows.run.delay_sharded("joined", [{"n": 0, "stop": "b"}])
    (part,) = workflows.store.parts(uuid)
    branch = next(one for one in workflows.store.branches(part.uuid) if one.status is WorkflowStatus.HALTED)
    shown = call("runs", "show", branch.uuid, "--db", url).stdout
    assert f"  branch of  {part.uuid}\n" in shown
    assert "definition" not in shown
    assert f"go on: wfgraph runs resume {part.uuid[:8]} --db {url} --target module:attribute\n" in shown
    assert part.uuid == json.loads(call("runs", "show", branch.uuid, "--db", url, "--json").stdout)["parent"]
    assert f"  part of    {uuid}\n" in call("runs", "show", part.uuid, "--db", url).stdout


def test_what_kept_a_branch_from_being_stored_is_told(url: str, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create = Store.create

    def away(self: Store, run: Any, *given: Any) -> None:
        if run.joins:
            raise ConnectionEnded("away")
        create(self, run, *given)

    monkeypatch.setattr(Store, "create", away)
    eng = DbWorkflowEngine.with_name("joined", url)
    eng.callbacks.replace([SYNCHRONIZE(flows.put("a"), flows.put("b"))])
    vars(eng)["branch_runner"] = BranchRunner(list)
    with pytest.raises(ConnectionEnded, match="away"):
        eng.process([{"n": 1}])


def test_branches_that_nobody_waits_for(url: str, log: Path) -> None:
    workflows = eager(url, branches=True)
    uuid = workflows.run.delay_sharded("started", [{"n": 1}])
    assert {WorkflowStatus.COMPLETED: 2} == workflows.progress(uuid).branches
    (part,) = workflows.store.parts(uuid)
    stored = [
        json.loads(workflows.store.load(run.uuid).objects[0].stored) for run in workflows.store.branches(part.uuid)
    ]
    assert [{"n": 1, "a": 2}, {"n": 1, "b": 2, "c": 2}] == stored


def test_a_branch_that_halts_halts_the_token_and_all_run_again(url: str, log: Path) -> None:
    workflows = eager(url, branches=True)
    uuid = workflows.run.delay_sharded("joined", [{"n": 1, "stop": "b"}])
    (record,) = workflows.store.load(uuid).objects
    assert ("HALTED", "b needs a look") == (record.status.name, record.halt_message)
    eng = workflows.engine(uuid)
    eng.objects[0]["resumed"] = True
    (part,) = eng.make_ready(halted="current")
    workflows.run.delay(part)
    found = workflows.progress(uuid)
    assert (WorkflowStatus.COMPLETED, 4) == (found.run.status, sum(found.branches.values()))


def test_branches_that_disagree_fail_the_token(url: str, log: Path) -> None:
    workflows = eager(url, branches=True)
    uuid = workflows.run.delay_sharded("joined", [{"n": 1, "clash": True}])
    (record,) = workflows.store.load(uuid).objects
    assert "two branches have changed 'same' in different ways" in str(record.error_message)


def tokens_of(workflows: CeleryWorkflows, uuid: str) -> list[Any]:
    return [json.loads(one.stored) for one in workflows.store.load(uuid).objects]


def look_first(obj: Any, eng: Any) -> None:
    if "looked" not in obj:
        eng.halt("look")


def test_what_follows_branches_may_halt_and_the_token_may_be_changed_meanwhile(url: str, log: Path) -> None:
    workflows = eager(url, {"flow": [SYNCHRONIZE(flows.put("a"), flows.put("b"), look_first)]}, branches=True)
    uuid = workflows.run.delay_sharded("flow", [{"n": 1}])
    assert [{"n": 1, "a": 2, "b": 2}] == tokens_of(workflows, uuid)
    eng = workflows.engine(uuid)
    eng.objects[0].update(looked=True, n=7)
    eng.save()
    workflows.resume.delay(uuid, halted="current")
    assert [{"n": 7, "a": 8, "b": 8, "looked": True}] == tokens_of(workflows, uuid), "all branches have run again"


def test_what_branches_have_done_before_one_has_halted_is_kept(url: str, log: Path) -> None:
    workflows = eager(
        url, {"flow": [SYNCHRONIZE([flows.put("a"), look_first], flows.put("b"), flows.put("c"))]}, branches=True
    )
    uuid = workflows.run.delay_sharded("flow", [{"n": 1}])
    assert [{"n": 1, "a": 2, "b": 2}] == tokens_of(workflows, uuid)
    workflows.resume.delay(uuid, halted="next")
    assert [{"n": 1, "a": 2, "b": 2}] == tokens_of(workflows, uuid)
    assert WorkflowStatus.COMPLETED is workflows.progress(uuid).run.status


def by_hand(obj: Any, eng: Any) -> None:
    SYNCHRONIZE(flows.put("a"), flows.put("b"), flows.put("c"))(obj, eng)


@pytest.mark.parametrize(
    "flow",
    [
        [by_hand, SYNCHRONIZE(flows.put("d"), flows.put("e"))],
        [SYNCHRONIZE(flows.put("d"), flows.put("e"), SYNCHRONIZE(flows.put("a"), flows.put("b"), flows.put("c")))],
    ],
)
def test_branches_of_what_a_task_calls_run_in_threads(url: str, log: Path, flow: Any) -> None:
    workflows = eager(url, {"flow": flow}, branches=True)
    uuid = workflows.run.delay_sharded("flow", [{"n": 1}])
    assert [{"n": 1} | dict.fromkeys("abcde", 2)] == tokens_of(workflows, uuid)


def test_a_token_comes_to_the_same_branches_again(url: str, log: Path) -> None:
    def add(key: str) -> Any:
        def task(obj: Any, eng: Any) -> None:
            obj[key] = obj.get(key, 0) + 1

        return task

    inner = SYNCHRONIZE([add("a")], add("b"), add("c"))
    flow = [FOR([1, 2], None, [SYNCHRONIZE([FOR([1, 2], None, [inner])], add("d"), add("e"))])]
    workflows = eager(url, {"flow": flow}, branches=True)
    uuid = workflows.run.delay_sharded("flow", [{"n": 1}, {"n": 2}])
    assert [{"n": n, "a": 4, "b": 4, "c": 4, "d": 2, "e": 2} for n in (1, 2)] == tokens_of(workflows, uuid)


def test_branches_are_found_again_where_their_task_is_now(url: str, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    joined = SYNCHRONIZE([flows.put("a"), flows.put("b")], flows.put("c"), flows.step(1))
    workflows = eager(url, {"flow": [joined]}, branches=True)
    with monkeypatch.context() as patch:
        patch.setattr(workflows.run, "apply_async", lambda *_, **__: None)
        uuid = workflows.run.delay_sharded("flow", [{"n": 1}])
        (part,) = workflows.store.parts(uuid)
        workflows.go_on(part.uuid)
    workflows.registry["flow"] = Registered([flows.put("x"), joined])
    branches = workflows.store.branches(part.uuid)
    assert [WorkflowStatus.NEW] * 2 == [one.status for one in branches]
    for one in branches:
        workflows.run.delay(one.uuid)
    assert [{"n": 1, "a": 2, "b": 2, "c": 2, "done": [1]}] == tokens_of(workflows, uuid)


def test_a_branch_that_is_another_one_now_is_refused(url: str, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workflows = eager(url, {"flow": [SYNCHRONIZE([flows.put("a")], flows.put("c"), flows.step(1))]}, branches=True)
    monkeypatch.setattr(workflows.run, "apply_async", lambda *_, **__: None)
    uuid = workflows.run.delay_sharded("flow", [{"n": 1}])
    (part,) = workflows.store.parts(uuid)
    workflows.go_on(part.uuid)
    branch, _ = workflows.store.branches(part.uuid)
    workflows.registry["flow"] = Registered([SYNCHRONIZE([flows.put("x")], flows.put("c"), flows.step(1))])
    with pytest.raises(DefinitionChanged, match="no task any more of those that it had"):
        workflows.go_on(branch.uuid)


def test_one_run_that_can_not_go_on_keeps_no_other_from_it(
    url: str, log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    workflows = eager(
        url, {name: [SYNCHRONIZE(flows.put("a"), flows.put("b"))] for name in ("one", "two")}, branches=True
    )
    waking, workflows._wake = workflows._wake, lambda *_: False  # type: ignore[method-assign]
    one, two = (workflows.run.delay_sharded(name, [{"n": 1}]) for name in ("one", "two"))
    workflows._wake = waking  # type: ignore[method-assign]
    workflows.registry["one"] = Registered([flows.put("c")])
    workflows.sweep()
    assert [WorkflowStatus.HALTED, WorkflowStatus.COMPLETED] == [
        workflows.progress(uuid).run.status for uuid in (one, two)
    ]
    assert f"{workflows.store.parts(one)[0].uuid} wait for have ended, and it can't go on" in caplog.text


def test_a_run_in_parts_is_told_of_part_by_part(url: str, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workflows = eager(url, {"flow": [SYNCHRONIZE(flows.put("a"), flows.put("b"))]}, branches=True)
    with monkeypatch.context() as patch:
        patch.setattr(workflows.run, "apply_async", lambda *_, **__: None)
        uuid = workflows.run.delay_sharded("flow", [{"n": 1}, {"n": 2}], shard_size=1)
    assert (2, 2) == ((told := workflows.run.delay(uuid).result)["told"], told["parts"])
    assert WorkflowStatus.COMPLETED is workflows.progress(uuid).run.status
    assert {WorkflowStatus.COMPLETED: 2} == workflows.progress(uuid).branches, "no branch has run in a thread"


def test_what_joining_costs_grows_with_the_tokens_alone(url: str, log: Path) -> None:
    workflows = eager(url, {"flow": [SYNCHRONIZE(flows.put("a"), flows.put("b"))]}, branches=True)
    asked: list[str] = []
    event.listen(workflows.store.database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    counts = []
    for tokens in (4, 8, 12):
        asked.clear()
        workflows.run.delay_sharded("flow", [{"n": n} for n in range(tokens)], shard_size=tokens)
        counts.append(len(asked))
    assert counts[2] - counts[1] <= 1.1 * (counts[1] - counts[0])


def test_a_branch_that_is_gone_is_refused(url: str, log: Path) -> None:
    workflows = eager(url, branches=True)
    uuid = workflows.run.delay_sharded("joined", [{"n": 1}])
    (branch, *_) = workflows.store.branches(workflows.store.parts(uuid)[0].uuid)
    workflows.registry["joined"] = Registered(flows.FLOW)
    with pytest.raises(DefinitionChanged, match="there is no such branch any more"):
        workflows.engine(branch.uuid)


def test_what_waits_for_branches_is_woken_by_a_sweep(url: str, log: Path) -> None:
    workflows = eager(url, branches=True, stale=0)
    waking, workflows._wake = workflows._wake, lambda *_: False  # type: ignore[method-assign]
    uuid = workflows.run.delay_sharded("joined", [{"n": 1}])
    found = workflows.progress(uuid)
    assert (1, False) == (found.waiting, found.is_over), "its branches have ended, and nobody has seen that"
    assert [] == workflows.resume.delay(uuid), "nobody goes past what is not there yet"
    workflows._wake = waking  # type: ignore[method-assign]
    assert 1 == workflows.sweep()
    assert WorkflowStatus.COMPLETED is workflows.progress(uuid).run.status


# In workers -----------------------------------------------------------------------------------------------------------


def client(env: dict[str, str]) -> CeleryWorkflows:
    """Return the workflows as whoever asks for work has them."""
    app = Celery("client", broker=env["FLOWS_BROKER"], set_as_current=False)
    app.conf.update(json.loads(env["FLOWS_CONF"]))
    return CeleryWorkflows(app, REGISTRY, env["FLOWS_DB"], branches=True, sweep=None)


def _carry_out(env: dict[str, str], workers: Callable[..., Worker], log: Path) -> None:
    worker = workers(env)
    workflows = client(env)
    uuid = workflows.run.delay_sharded(
        "flow", [{"n": n, "halt": 1} if n == 7 else {"n": n} for n in range(30)], shard_size=5
    )
    other = workflows.run.delay_sharded("joined", [{"n": n} for n in range(100, 103)], shard_size=2)
    for one in (uuid, other):
        wait_until(lambda one=one: workflows.progress(one).is_over, 60, "the end of the run")
    assert {"COMPLETED": 29, "HALTED": 1} == workflows.progress(uuid).to_json()["objects"]
    assert {"COMPLETED": 3} == workflows.progress(other).to_json()["objects"]
    workflows.resume.delay(uuid)
    watched = subprocess.run(
        [sys.executable, "-m", "wfgraph", "runs", "show", uuid, "--db", env["FLOWS_DB"], "--watch", "--every", "0.1"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert watched.stdout.splitlines()[-1].startswith("Completed: 30 of 30 (30 done); parts: 6 completed")
    assert {1} == set(ran(log).values())
    assert "Traceback" not in worker.log.read_text()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.timeout(200)
def test_workers_with_redis(
    url: str, redis: Redis, env: dict[str, str], workers: Callable[..., Worker], tmp_path: Path
) -> None:
    _carry_out({**env, "FLOWS_BROKER": redis.url}, workers, tmp_path / "log")


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.timeout(200)
@pytest.mark.slow
def test_workers_with_rabbitmq(
    url: str, rabbitmq: str, env: dict[str, str], workers: Callable[..., Worker], tmp_path: Path
) -> None:
    _carry_out({**env, "FLOWS_BROKER": rabbitmq}, workers, tmp_path / "log")


@pytest.mark.slow
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.timeout(200)
def test_workers_with_files(env: dict[str, str], workers: Callable[..., Worker], tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    for name in ("messages", "control"):
        (folder / name).mkdir(parents=True)
    options = {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "control_folder": str(folder / "control"),
    }
    conf = json.dumps({"broker_transport_options": options})
    env = {**env, "FLOWS_BROKER": "filesystem://", "FLOWS_CONF": conf}
    _carry_out(env, workers, tmp_path / "log")


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.timeout(120)
@pytest.mark.slow
def test_the_command_line_tells_workers_of_what_is_stale(
    redis: Redis, env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = f"sqlite:///{tmp_path}/stale.db"
    options = '{"stale": -1, "sweep": null}'
    env = os.environ | env | {"FLOWS_BROKER": redis.url, "FLOWS_DB": db, "FLOWS_OPTIONS": options}
    eng = DbWorkflowEngine.with_name("flow", connect(db))
    eng.callbacks.replace(flows.FLOW)
    eng.submit([{"n": n} for n in range(4)], part_size=2)

    def requeue(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [
            sys.executable,
            "-m",
            "wfgraph",
            "runs",
            "requeue",
            *arguments,
            "--celery",
            f"{HERE}/flows.py:workflows",
        ]
        paths = {"PYTHONPATH": str(HERE.parents[1])}
        return subprocess.run(command, env=env | paths, capture_output=True, text=True, timeout=60, check=False)

    assert "2 messages sent\n" == requeue("--stale").stdout
    assert "0 messages sent\n" == requeue("--stale").stdout
    assert "2 messages sent\n" == requeue(str(eng.uuid)).stdout
    wrong = subprocess.run(
        [sys.executable, "-m", "wfgraph", "runs", "requeue", "--stale", "--celery", f"{HERE}/flows.py:FLOW"],
        env=env | {"PYTHONPATH": str(HERE.parents[1])}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (2, True) == (wrong.returncode, "is no CeleryWorkflows" in wrong.stderr)
    assert Store(connect(db)).find(str(eng.uuid)).status is WorkflowStatus.NEW
