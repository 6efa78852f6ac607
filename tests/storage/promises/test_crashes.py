"""No committed step is lost, and at most the unit in flight runs again, wherever a worker dies."""

from __future__ import annotations

import random
import time
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from storage.promises import worker
from storage.promises.worker import CRASHED, REFUSED, REPEATED, STOPPED, TASKS, every

TOKENS = 4


def repeated(log: Path) -> int:
    """Return how many runs of tasks there were beyond one of each; each has to have run."""
    found = worker.ran(log)
    assert len(found) >= TASKS * TOKENS
    return sum(found.values()) - len(found)


@every
@pytest.mark.parametrize("how", ["exit", "raise"])
def test_a_fault_at_every_call(url: str, tmp_path: Path, granularity: str, how: str, long: bool) -> None:
    """Calls of the database by the writer, before and after each, and of the keeper by the engine."""
    faults = 0
    stride = 1 if long else 11
    for at in count(1, stride):
        log = tmp_path / f"log{at}"
        uuid = worker.submitted(url, TOKENS)
        code = worker.carry_out(worker.work_with, url, uuid, granularity, str(log), {"fault": (at, how)})
        assert code in (0, CRASHED, REFUSED)
        faults += code != 0
        assert 0 == worker.carry_out(worker.work, url, uuid, granularity, str(log))
        assert worker.is_done(url, uuid, TOKENS)
        assert repeated(log) <= REPEATED[granularity]
        if code == 0:
            break
    assert faults >= 2, "no fault was reached"


@every
@pytest.mark.slow
def test_kill_at_any_moment(url: str, tmp_path: Path, granularity: str, long: bool) -> None:
    """On SQLite in turns with what is to survive a power cut, and what only the end of a process."""
    durabilities = ["full", "process"] if url.startswith("sqlite") else ["full"]
    chance = random.Random(granularity)  # noqa: S311 - no secret
    log = tmp_path / "log"
    killed = runs = 0
    while killed < (200 * len(durabilities) if long else 4) or runs < len(durabilities):
        log.unlink(missing_ok=True)
        durability = durabilities[runs % len(durabilities)]
        runs += 1
        uuid = worker.submitted(url, TOKENS)
        kills = 0
        while True:
            options = {"pause": 0.004, "durability": durability}
            process = worker.start(worker.work_with, url, uuid, granularity, str(log), options)
            process.join(chance.uniform(0.02, 0.5))
            if process.exitcode is not None:
                break
            process.kill()
            process.join()
            kills += 1
        assert 0 == process.exitcode
        assert worker.is_done(url, uuid, TOKENS)
        assert repeated(log) <= kills * REPEATED[granularity]
        killed += kills


@every
def test_a_full_disk_leaves_the_old_state(tmp_path: Path, granularity: str, long: bool) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    refused = 0
    for at in count(0, 1 if long else 5):
        log = tmp_path / f"log{at}"
        uuid = worker.submitted(url, TOKENS)
        code = worker.carry_out(worker.work_on_little, url, uuid, granularity, str(log), at)
        assert code in (0, REFUSED)
        refused += code == REFUSED
        assert 0 == worker.carry_out(worker.work, url, uuid, granularity, str(log))
        assert worker.is_done(url, uuid, TOKENS)
        if code == 0:
            break
    assert refused


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


@every
def test_sigterm_finishes_the_task_in_hand(url: str, tmp_path: Path, granularity: str, long: bool) -> None:
    chance = random.Random(granularity)  # noqa: S311 - no secret
    log = tmp_path / "log"
    stops = 0
    while stops < (50 if long else 3):
        log.unlink(missing_ok=True)
        uuid = worker.submitted(url, TOKENS)
        code: Any = STOPPED
        while code == STOPPED:
            options = {"pause": 0.01, "lease": 60.0}
            before = _size(log)
            process = worker.start(worker.work_with, url, uuid, granularity, str(log), options)
            while process.is_alive() and _size(log) == before:
                time.sleep(0.005)
            time.sleep(chance.uniform(0.0, 0.1))
            if process.is_alive():
                process.terminate()
            process.join(30)
            code = process.exitcode
            stops += code == STOPPED
            assert code in (0, STOPPED)
        assert worker.is_done(url, uuid, TOKENS)
        assert 0 == repeated(log), "what was stored is not run again, and the run was released"
