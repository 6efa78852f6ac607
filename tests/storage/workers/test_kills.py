"""Whatever is killed, and whenever: no token is lost, no step that was stored is run again, and nobody has to lend a hand."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.promises.test_owners import Server, server
from storage.workers.flows import TASKS
from storage.workers.servers import Redis, Worker, wait_until
from storage.workers.test_celery import client
from storage.workers.test_pool import ran
from wfgraph.celery import CeleryWorkflows
from wfgraph.statuses import WorkflowStatus

__all__ = ["server"]

TOKENS, SHARD = 24, 4

# On one database by default: what differs between them is storage's to prove.
one_database = pytest.mark.parametrize(
    "url", [pytest.param("sqlite", marks=pytest.mark.long), "postgresql"], indirect=True
)


class Scene:
    """A run that workers go on with."""

    def __init__(self, workflows: CeleryWorkflows, log: Path, shard_size: int = SHARD) -> None:
        log.unlink(missing_ok=True)
        self.workflows = workflows
        self.log = log
        self.uuid = workflows.run.delay_sharded("flow", [{"n": n} for n in range(TOKENS)], shard_size=shard_size)

    def wait_for(self, steps: int) -> None:
        wait_until(lambda: sum(ran(self.log).values()) >= steps, 40, f"step {steps}")

    def end(self, repeats: int) -> None:
        """See that the run ends by itself, and what that cost.

        Args:
            repeats: how many tasks may have run twice: those in the hands of who was killed.
        """
        wait_until(lambda: self._is_over(), 60, "the end of the run")
        store = self.workflows.store
        assert WorkflowStatus.COMPLETED is store.progress(self.uuid).run.status
        stored = [json.loads(one.stored) for one in store.load(self.uuid).objects]
        assert [{"n": n, "done": [0, 1, 2, 3]} for n in range(TOKENS)] == stored
        found = ran(self.log)
        assert TOKENS * TASKS == len(found)
        assert sum(found.values()) - len(found) <= repeats

    def _is_over(self) -> bool:
        try:
            return self.workflows.progress(self.uuid).is_over
        except Exception:  # the database is away
            return False


@pytest.fixture
def scene_env(env: dict[str, str], redis: Redis) -> dict[str, str]:
    options = {"lease": 1.5, "sweep": 0.4, "stale": 1, "time_limit": 600}
    return {**env, "FLOWS_BROKER": redis.url, "FLOWS_PAUSE": "0.02", "FLOWS_OPTIONS": json.dumps(options)}


def _rounds(long: bool) -> Iterator[int]:
    yield from range(20 if long else 1)


@one_database
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "how", ["child", *(pytest.param(how, marks=pytest.mark.slow) for how in ("worker", "tree", "sigterm"))]
)
def test_a_worker_is_killed(
    url: str, how: str, scene_env: dict[str, str], workers: Callable[..., Worker], tmp_path: Path, long: bool
) -> None:
    worker = workers(scene_env)
    for round_ in _rounds(long):
        scene = Scene(client(scene_env), tmp_path / "log")
        scene.wait_for(10 + 3 * round_)
        if how == "child":
            os.kill(worker.children()[0], signal.SIGKILL)
        else:
            if how == "worker":
                worker.signal(signal.SIGKILL)
                worker.process.wait()
            elif how == "tree":
                worker.kill_all()
            else:
                worker.signal(signal.SIGTERM)
            worker = workers(scene_env)
        scene.end(0 if how == "sigterm" else 2)


@one_database
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_task_that_ends_its_process_each_time_fails_and_is_named(
    url: str, scene_env: dict[str, str], workers: Callable[..., Worker], tmp_path: Path
) -> None:
    options = json.loads(scene_env["FLOWS_OPTIONS"]) | {"max_attempts": 2}
    workers(scene_env | {"FLOWS_OPTIONS": json.dumps(options)})
    workflows = client(scene_env)
    uuid = workflows.run.delay_sharded("flow", [{"n": 0}, {"n": 1, "die": 2}, {"n": 2}], shard_size=3)
    wait_until(lambda: workflows.progress(uuid).is_over, 60, "the end of the run")
    found = workflows.store.load(uuid).objects
    assert ["COMPLETED", "ERROR", "COMPLETED"] == [one.status.name for one in found]
    assert [1, 1, 0] == found[1].callback_pos
    assert "step2(number=2)" in str(found[1].node)
    assert f"wfgraph runs resume {uuid} --object 1" in str(found[1].error_message)
    once = {(n, task): 1 for n in (0, 2) for task in range(TASKS)} | {(1, 0): 1, (1, 1): 1}
    assert once | {(1, 2): 3} == ran(tmp_path / "log"), "it is lost once, and then twice without having stored anything"


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("how", ["child", "tree"])
def test_a_worker_of_rabbitmq_is_killed(
    url: str, how: str, rabbitmq: str, scene_env: dict[str, str], workers: Callable[..., Worker], tmp_path: Path
) -> None:
    scene_env["FLOWS_BROKER"] = rabbitmq
    worker = workers(scene_env)
    for round_ in range(20):
        scene = Scene(client(scene_env), tmp_path / "log")
        scene.wait_for(10 + 3 * round_)
        if how == "child":
            os.kill(worker.children()[0], signal.SIGKILL)
        else:
            worker.kill_all()
            worker = workers(scene_env)
        scene.end(2)


@pytest.mark.slow
@one_database
@pytest.mark.timeout(300)
def test_the_broker_restarts(
    url: str, redis: Redis, scene_env: dict[str, str], workers: Callable[..., Worker], tmp_path: Path, long: bool
) -> None:
    worker = workers(scene_env)
    for round_ in _rounds(long):
        scene = Scene(client(scene_env), tmp_path / "log")
        scene.wait_for(10 + 3 * round_)
        redis.kill()
        time.sleep(0.2)
        redis.start()
        scene.end(0)
        assert worker.process.poll() is None


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_database_restarts(
    server: Server, redis: Redis, tmp_path: Path, workers: Callable[..., Worker], long: bool
) -> None:
    options = {"lease": 1.5, "sweep": 0.4, "stale": 1, "time_limit": 600}
    env = {
        "FLOWS_DB": server.url,
        "FLOWS_LOG": str(tmp_path / "log"),
        "FLOWS_BROKER": redis.url,
        "FLOWS_PAUSE": "0.02",
        "FLOWS_OPTIONS": json.dumps(options),
        "FLOWS_CONF": "{}",
    }
    workers(env)
    for round_ in _rounds(long):
        scene = Scene(client(env), tmp_path / "log")
        scene.wait_for(10 + 3 * round_)
        server.stop()
        time.sleep(0.2)
        server.start()
        scene.end(2)


@pytest.mark.slow
@one_database
@pytest.mark.timeout(300)
def test_messages_come_again_while_the_first_copy_runs(
    url: str, scene_env: dict[str, str], workers: Callable[..., Worker], tmp_path: Path, long: bool
) -> None:
    worker = workers(scene_env)
    for round_ in _rounds(long):
        scene = Scene(client(scene_env), tmp_path / "log", TOKENS)
        scene.wait_for(2 + round_)
        (part,) = scene.workflows.store.parts(scene.uuid)
        for _ in range(3):
            scene.workflows.run.delay(part.uuid)
        scene.end(0)
    wait_until(lambda: "'status': 'OWNED'" in worker.log.read_text(), 20, "a copy that was refused")
