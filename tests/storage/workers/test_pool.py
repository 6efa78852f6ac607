"""Worker processes on this machine: what comes back, in which order, and what a killed one costs."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from storage.workers import flows
from storage.workers.servers import wait_until
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import DefinitionChanged, HaltProcessing, RunOwned, WorkflowAPIError, WorkflowError
from wfgraph.runtime.pool import WorkerPool, WorkersLost
from wfgraph.runtime.sharing import Chunks
from wfgraph.runtime.trace import Trace
from wfgraph.statuses import ObjectStatus, WorkflowStatus
from wfgraph.storage import DbWorkflowEngine, Store, StoredProcessingFactory, connect


@pytest.fixture(autouse=True)
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FLOWS_LOG", str(tmp_path / "log"))
    return tmp_path / "log"


def tokens(count: int, **special: int) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = [{"n": n} for n in range(count)]
    for key, n in special.items():
        made[n][key] = 1
    return made


def engine(flow: Any = flows.FLOW) -> GenericWorkflowEngine:
    eng = GenericWorkflowEngine()
    eng.callbacks.replace(flow)
    return eng


def test_what_workers_make_of_tokens_is_what_one_process_makes() -> None:
    shared, alone = tokens(60), tokens(60)
    one, other = engine(), engine()
    one.process(shared, workers=2)
    other.process(alone)
    assert alone == shared
    assert one.objects is shared
    assert (other.state.token_pos, other.has_completed) == (one.state.token_pos, one.has_completed) == (59, True)


def test_closures_travel_and_run_elsewhere() -> None:
    here, bound = os.getpid(), 7
    eng = engine([lambda obj, eng: obj.update(pid=os.getpid(), bound=bound)])
    given = tokens(20)
    eng.process(given, workers=2)
    assert {7} == {one["bound"] for one in given}
    assert here not in {one["pid"] for one in given}


def test_the_first_halt_in_the_order_of_tokens_is_raised() -> None:
    given = tokens(200, halt=30)
    given[150]["halt"] = 1
    eng = engine()
    with pytest.raises(HaltProcessing) as raised:
        eng.process(given, workers=2)
    assert ("look at it", "approve") == (raised.value.message, raised.value.action)
    assert (30, [1, 0], given[30]) == (eng.state.token_pos, eng.state.callback_pos, eng.current_object)
    assert all(one["done"] == [0, 1, 2, 3] for one in given[:30])
    assert [0, 1] == given[30]["done"]


def test_halts_and_errors_can_be_gone_past() -> None:
    given = tokens(50, halt=3)
    engine().process(given, stop_on_halt=False, workers=2)
    assert [[0, 1, 2, 3]] * 47 == [one["done"] for one in given[3 + 1 :]] + [[0, 1, 2, 3]] * 1
    with pytest.raises(ValueError, match="broken"):
        engine().process(tokens(10, fail=4), workers=2)


def test_an_error_that_does_not_travel_says_what_it_said() -> None:
    class Odd(Exception):
        def __init__(self, one: int, two: int) -> None:
            super().__init__(f"odd {one} {two}")

    def task(obj: Any, eng: Any) -> None:
        raise Odd(1, 2)

    with pytest.raises(WorkflowError, match="Odd: odd 1 2"):
        engine([task]).process(tokens(2), workers=1)


def test_extra_data_is_each_chunks_own(caplog: pytest.LogCaptureFixture) -> None:
    def count(obj: Any, eng: Any) -> None:
        eng.extra_data["seen"] = eng.extra_data.get("seen", 0) + 1
        obj["start"] = eng.extra_data["start"]

    eng = engine([count])
    eng.extra_data["start"] = 5
    given = tokens(4)
    eng.process(given, workers=2)
    assert "seen" not in eng.extra_data
    assert {5} == {one["start"] for one in given}
    assert "what tasks have changed in extra_data (seen) stays in the worker" in caplog.text


_SCRIPT = """
from dataclasses import dataclass
from wfgraph.engine import GenericWorkflowEngine

print("once")

@dataclass
class Order:
    net: int
    total: float = 0

def add_vat(order, eng):
    order.total = order.net * 1.25

eng = GenericWorkflowEngine()
eng.callbacks.replace([add_vat])
orders = [Order(n) for n in range(3)]
eng.process(orders, workers=2)
print(orders == [Order(0, 0), Order(1, 1.25), Order(2, 2.5)], isinstance(orders[0], Order))
"""


@pytest.mark.parametrize("how", ["a file", "stdin"])
def test_a_script_needs_no_guard_and_may_define_its_tokens(tmp_path: Path, how: str) -> None:
    (tmp_path / "script.py").write_text(_SCRIPT)
    command = [sys.executable, "script.py" if how == "a file" else "-"]
    given = {"stdin": subprocess.DEVNULL} if how == "a file" else {"input": _SCRIPT}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False, **given)
    assert "once\nTrue True\n" == done.stdout, done.stderr


@pytest.mark.parametrize("count", [0, -1, True, "2", 1.5, 1_001, 10**12])
def test_a_wrong_number_of_workers_is_refused(count: Any) -> None:
    with pytest.raises(WorkflowAPIError, match="at least 1"):
        engine().process(tokens(2), workers=count)


def test_a_trace_of_workers_is_refused(tmp_path: Path) -> None:
    for eng in (engine(), stored(f"sqlite:///{tmp_path}/runs.db")):
        eng.trace = Trace()
        with pytest.raises(WorkflowAPIError, match="a trace follows one process"):
            eng.process(tokens(2), workers=2)
    assert [] == Store(connect(f"sqlite:///{tmp_path}/runs.db")).runs()


def test_what_can_not_travel_is_refused() -> None:
    lock = threading.Lock()
    with pytest.raises(WorkflowAPIError, match="can't be sent to another process"):
        engine([lambda obj, eng: lock.acquire()]).process(tokens(2), workers=1)
    with pytest.raises(WorkflowAPIError, match="a token can't be sent"):
        engine().process([{"n": 1, "lock": lock}], workers=1)

    def again(obj: Any, eng: Any) -> None:
        eng.process([{"n": 1}], workers=1)

    with pytest.raises(WorkflowAPIError, match="in the middle of a run"):
        engine([again]).process(tokens(1))


def test_a_lost_worker_is_told_of_with_the_tokens_in_its_hands() -> None:
    def die(obj: Any, eng: Any) -> None:
        if obj["n"] == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        obj["done"] = True

    given = tokens(5)
    with pytest.raises(WorkersLost, match=r"with the tokens .*3 to 3.*store the run"):
        engine([die]).process(given, workers=1)
    assert [True] * 3 == [one.get("done") for one in given[:3]]
    assert "done" not in given[3]


def test_what_would_end_a_process_is_raised_here_with_the_tokens_as_they_are_then() -> None:
    class Leave(BaseException):
        pass

    def leave(obj: Any, eng: Any) -> None:
        if obj["n"] == 2:
            raise Leave
        obj["done"] = True

    given, eng = tokens(4), engine([leave])
    with pytest.raises(Leave):
        eng.process(given, workers=1)
    assert [True, True, None] == [one.get("done") for one in given[:3]]
    assert 2 == eng.state.token_pos


def test_only_the_workers_of_a_pool_are_ended_with_it() -> None:
    other = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    other.start()
    try:
        pool, numbers = WorkerPool(str, 1), iter([1])
        assert ["1"] == list(pool.results(lambda: next(numbers, None)))
        pool.kill()
        pool.close()
        other.join(0.5)
        assert other.is_alive()
    finally:
        other.kill()
        other.join()


def test_chunks_grow_to_a_tenth_of_a_second_and_shrink_at_the_end() -> None:
    chunks = Chunks(list(range(10_000)), 2)
    sizes = []
    while (chunk := chunks()) is not None:
        assert sum(sizes) == chunk.first
        sizes.append(len(chunk.tokens))
        chunks._ran += len(chunk.tokens)
        chunks._took += len(chunk.tokens) * 0.0002
    assert 10_000 == sum(sizes)
    assert (1, 500) == (sizes[0], max(sizes))
    assert sizes[-1] == 1


# Stored ---------------------------------------------------------------------------------------------------------------


def stored(url: str, flow: Any = flows.FLOW, **options: Any) -> DbWorkflowEngine:
    eng = DbWorkflowEngine.with_name("flow", connect(url), **options)
    eng.callbacks.replace(flow)
    return eng


def ran(log: Path) -> Counter[tuple[int, int]]:
    lines = log.read_text().splitlines() if log.exists() else []
    return Counter((int(line.split()[0]), int(line.split()[1])) for line in lines)


def test_a_stored_run_is_shared_in_parts_and_resumed(url: str, log: Path) -> None:
    eng = stored(url)
    given = tokens(40, halt=21)
    with pytest.raises(HaltProcessing):
        eng.process(given, workers=2)
    assert [0, 1] == given[21]["done"], "the list that was given holds what workers made"
    assert WorkflowStatus.HALTED is eng.status
    store = eng.runs
    assert [eng.uuid] == [run.uuid for run in store.runs()], "parts are not listed"
    progress = store.progress(eng.uuid)
    assert {ObjectStatus.COMPLETED: 39, ObjectStatus.HALTED: 1} == progress.objects
    assert {WorkflowStatus.COMPLETED: 7, WorkflowStatus.HALTED: 1} == progress.parts
    assert (40, 40, True) == (progress.total, progress.ended, progress.is_over)
    assert {eng.uuid: progress.objects} == store.counts([eng.uuid])

    again = DbWorkflowEngine.from_uuid(eng.uuid, store.database)
    again.callbacks.replace(flows.FLOW)
    assert [21] == [one.ordinal for one in again.database_objects if one.status is ObjectStatus.HALTED]
    again.objects[21]["seen"] = True
    again.resume(workers=2)
    assert WorkflowStatus.COMPLETED is again.status
    assert ([0, 1, 2, 3], True) == (again.objects[21]["done"], again.objects[21]["seen"])
    assert {1} == set(ran(log).values())


def test_parts_go_on_in_one_process_too(url: str, log: Path) -> None:
    eng = stored(url, granularity="task")
    uuid = eng.submit(tokens(10), part_size=3)
    assert [0, 3, 6, 9] == [part.first_object for part in eng.runs.parts(uuid)]
    assert WorkflowStatus.NEW is eng.runs.find(uuid).status
    one = DbWorkflowEngine.from_uuid(eng.runs.parts(uuid)[1].uuid, eng.runs.database, granularity="task")
    one.callbacks.replace(flows.FLOW)
    one.recover()
    assert [3, 4, 5] == [token["n"] for token in one.objects]
    assert WorkflowStatus.RUNNING is eng.runs.find(uuid).status
    assert not eng.runs.find(uuid).interrupted, "the other parts wait for somebody"
    whole = DbWorkflowEngine.from_uuid(uuid, eng.runs.database, granularity="task")
    whole.callbacks.replace(flows.FLOW)
    whole.recover()
    assert WorkflowStatus.COMPLETED is whole.status
    assert 40 == len(ran(log)) == len(eng.runs.steps(uuid))
    assert [7] * 4 == [step.ordinal for step in eng.runs.steps(uuid, 7)]
    for verb in (lambda: whole.process(whole.objects), lambda: whole.restart("first", "first")):
        with pytest.raises(WorkflowAPIError, match="in 4 parts"):
            verb()
    whole.objects[4]["edited"] = True
    whole.save()
    assert [False] * 4 + [True] + [False] * 5 == ["edited" in one.stored for one in eng.runs.load(uuid).objects]
    eng.runs.delete(uuid)
    assert [] == eng.runs.runs()
    assert [] == eng.runs.parts(uuid)


def test_what_a_script_defines_is_the_same_task_in_its_workers(url: str) -> None:
    def ask(obj: Any, eng: Any) -> None:
        if "seen" not in obj:
            eng.halt("look at it")

    ask.__module__ = "__main__"
    eng = stored(url, [ask])
    eng.process(tokens(2), workers=1, stop_on_halt=False)
    assert WorkflowStatus.HALTED is eng.status
    for token in eng.objects:
        token["seen"] = True
    eng.resume(halted="current")
    assert WorkflowStatus.COMPLETED is eng.status


def test_as_many_runs_go_on_in_threads_as_there_are_threads(url: str) -> None:
    count = 16
    all_here = threading.Barrier(count)

    def meet(obj: Any, eng: Any) -> None:
        all_here.wait(20)

    def run(number: int) -> WorkflowStatus:
        eng = DbWorkflowEngine.with_name("flow", database, granularity="task", lease=1.0)
        eng.callbacks.replace([flows.put("a"), flows.put("b"), meet])
        eng.process(tokens(1))
        return eng.status

    database = connect(url)
    with ThreadPoolExecutor(count) as threads:
        assert [WorkflowStatus.COMPLETED] * count == list(threads.map(run, range(count)))


@pytest.mark.slow
def test_a_stored_run_whose_workers_are_lost_again_and_again_says_how_to_go_on(url: str) -> None:
    def die(obj: Any, eng: Any) -> None:
        if obj["n"] == 1:
            os.kill(os.getpid(), signal.SIGKILL)

    eng = stored(url, [die])
    with pytest.raises(WorkersLost, match=rf"objects 1 to 1 in hand; .* recover\(\) .*wfgraph runs requeue {eng.uuid}"):
        eng.process(tokens(2), workers=1)
    assert ["COMPLETED", "INITIAL"] == [one.status.name for one in eng.runs.load(eng.uuid).objects]


@pytest.mark.slow
def test_what_was_set_on_an_engine_goes_along_to_its_workers(url: str) -> None:
    class Hooks(StoredProcessingFactory):
        @staticmethod
        def before_object(eng: Any, objects: Any, obj: Any) -> None:
            obj["hook"] = True
            StoredProcessingFactory.before_object(eng, objects, obj)

    def look(obj: Any, eng: Any) -> None:
        obj["rate"], obj["steps"] = eng.rate, eng.max_steps

    eng: Any = stored(url, [look])
    eng.processing_factory, eng.rate, eng.max_steps = Hooks, 7, 50
    given = tokens(2)
    eng.process(given, workers=2)
    assert [{"n": n, "hook": True, "rate": 7, "steps": 50} for n in range(2)] == given


def test_wrong_parts_are_refused(url: str) -> None:
    with pytest.raises(WorkflowAPIError, match="at least 1 object"):
        stored(url).submit(tokens(2), part_size=0)
    plain = stored(url)
    plain.process(tokens(2))
    with pytest.raises(WorkflowAPIError, match="not in parts"):
        plain.resume(workers=2)


def test_a_run_in_parts_is_cancelled_as_a_whole(url: str) -> None:
    eng = stored(url)
    uuid = eng.submit(tokens(4), part_size=2)
    eng.runs.cancel(uuid)
    assert {WorkflowStatus.CANCELLED: 2} == eng.runs.progress(uuid).parts
    assert WorkflowStatus.CANCELLED is eng.runs.find(uuid).status


def test_how_far_a_run_is_is_told_of_one_moment(url: str) -> None:
    eng = stored(url)
    uuid = eng.submit(tokens(4), part_size=2)
    other = Store(connect(url))
    asked: list[str] = []

    def cancel_meanwhile(_: Any, __: Any, statement: str, *___: Any) -> None:
        asked.append(statement)
        if sum("whole_status" in one for one in asked) == 1 == sum("count(" in one for one in asked):
            other.cancel(uuid)

    event.listen(eng.runs.database.engine, "after_cursor_execute", cancel_meanwhile)
    found = eng.runs.progress(uuid)
    event.remove(eng.runs.database.engine, "after_cursor_execute", cancel_meanwhile)
    assert (WorkflowStatus.NEW, {WorkflowStatus.NEW: 2}) == (found.run.status, found.parts)
    assert {WorkflowStatus.CANCELLED: 2} == eng.runs.progress(uuid).parts


def test_what_is_made_ready_is_made_ready_once(url: str, log: Path) -> None:
    eng = stored(url)
    eng.process(tokens(3, halt=1), stop_on_halt=False)
    assert [eng.uuid] == eng.make_ready()
    assert WorkflowStatus.NEW is eng.runs.find(eng.uuid).status
    again = DbWorkflowEngine.from_uuid(eng.uuid, eng.runs.database)
    again.callbacks.replace(flows.FLOW)
    again.recover()
    assert WorkflowStatus.COMPLETED is again.status
    assert [] == again.make_ready(), "nothing is left to do"
    assert {1} == set(ran(log).values())


def test_what_is_put_back_is_told_of_soon_though_who_put_it_back_is_gone(url: str, log: Path) -> None:
    eng = stored(url)
    eng.process(tokens(3, halt=1), stop_on_halt=False)
    eng.runs.tell_dispatched([eng.uuid])
    assert [eng.uuid] == eng.make_ready()
    assert [] == eng.runs.take_stale(unheard=60), "whoever has put it back tells of it"
    assert [eng.uuid] == eng.runs.take_stale(unheard=-1)


@pytest.mark.parametrize("trouble", ["a worker", "the definition"])
def test_what_can_not_be_put_back_in_one_part_is_put_back_in_none(url: str, log: Path, trouble: str) -> None:
    eng = stored(url)
    uuid = eng.submit([{"n": n, "halt": 1} for n in range(4)], part_size=2)
    eng.recover()
    last = eng.runs.parts(uuid)[-1]
    again = DbWorkflowEngine.from_uuid(uuid, eng.runs.database)
    again.callbacks.replace(flows.FLOW)
    if trouble == "a worker":
        owner = DbWorkflowEngine.from_uuid(last.uuid, eng.runs.database)
        owner.callbacks.replace(flows.FLOW)
        with owner._kept(owner.objects, {}, afresh=False, ends=WorkflowStatus.HALTED):
            with pytest.raises(RunOwned, match="objects 2 to 3 of the run"):
                again.make_ready()
            assert [again.runs.parts(uuid)[0].uuid] == again.make_ready(objects=[0, 1])
    else:
        other = stored(url, [flows.step(5)])
        other.process(tokens(1))
        table = eng.runs.database.models.workflow.__table__
        with eng.runs.database.writing() as connection:
            connection.execute(
                table.update().where(table.c.uuid == last.uuid).values(definition=other.db_obj.definition)
            )
        with pytest.raises(DefinitionChanged):
            again.make_ready()
        assert {WorkflowStatus.HALTED: 2} == eng.runs.progress(uuid).parts


# Killed ---------------------------------------------------------------------------------------------------------------

_MAIN = """
import sys
from storage.workers import flows
from wfgraph.storage import DbWorkflowEngine, Interrupted
import signal
if __name__ == "__main__":
    eng = DbWorkflowEngine.with_name("flow", sys.argv[1], uuid=sys.argv[2], granularity="task", lease=1.0)
    eng.callbacks.replace(flows.FLOW)
    signal.signal(signal.SIGTERM, lambda *_: eng.interrupt())
    try:
        eng.process([{"n": n} for n in range(24)], workers=2)
    except Interrupted:
        sys.exit(20)
"""


def _children(pid: int) -> list[int]:
    found = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [one for one in found if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]


@pytest.mark.slow
@pytest.mark.parametrize("url", [pytest.param("postgresql", marks=pytest.mark.long), "sqlite"], indirect=True)
@pytest.mark.timeout(900)
@pytest.mark.parametrize("how", ["child", "main", "tree", "sigterm"])
def test_whoever_is_killed_nothing_stored_is_lost(
    url: str, how: str, log: Path, tmp_path: Path, long: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWS_PAUSE", "0.02")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    script = tmp_path / "main.py"
    script.write_text(_MAIN)
    connect(url, create=True)
    for round_ in range(20 if long else 1):
        log.unlink(missing_ok=True)
        uuid = f"00000000-0000-0000-0000-{round_:012d}"
        main = subprocess.Popen([sys.executable, str(script), url, uuid], start_new_session=True)
        begun = 6 + 3 * round_
        wait_until(lambda begun=begun: sum(ran(log).values()) >= begun, 60, "the work")
        children = _children(main.pid)
        assert 2 == len(children)
        if how == "child":
            os.kill(children[0], signal.SIGKILL)
            assert 0 == main.wait(60), "the others have gone on"
        elif how == "main":
            main.kill()
        elif how == "tree":
            os.killpg(main.pid, signal.SIGKILL)
        else:
            main.terminate()
            assert 20 == main.wait(60)
        main.wait(60)
        wait_until(lambda children=children: not any(map(_is_there, children)), 20, "the end of orphans")
        eng = _recovered(url, uuid)
        assert WorkflowStatus.COMPLETED is eng.status
        assert [[0, 1, 2, 3]] * 24 == [one["done"] for one in eng.objects]
        repeated = sum(ran(log).values()) - 4 * 24
        assert 0 <= repeated <= (0 if how in ("sigterm",) else 2), "the task in hand, of each that was killed"


def _recovered(url: str, uuid: str) -> DbWorkflowEngine:
    end = time.monotonic() + 30
    while True:
        eng = DbWorkflowEngine.from_uuid(uuid, url, granularity="task")
        eng.callbacks.replace(flows.FLOW)
        try:
            eng.recover()
            return eng
        except Exception:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def _is_there(pid: int) -> bool:
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


# The command line -----------------------------------------------------------------------------------------------------


def _wfgraph(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "wfgraph", *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.slow
def test_a_second_signal_ends_all_at_once_and_leaves_nothing_owned(tmp_path: Path, number: int) -> None:
    (tmp_path / "flow.py").write_text(
        "import pathlib, time\ndef work(obj, eng):\n    if not pathlib.Path('quick').exists():\n"
        "        pathlib.Path(f'begun{obj[\"n\"]}').touch()\n        time.sleep(60)\nflow = [work]\n"
    )
    (tmp_path / "tokens.json").write_text(json.dumps(tokens(4)))
    command = [
        sys.executable,
        "-m",
        "wfgraph",
        "run",
        "flow.py:flow",
        "tokens.json",
        "--workers",
        "2",
        "--db",
        "runs.db",
    ]
    with (tmp_path / "said").open("w") as said:
        main = subprocess.Popen(command, cwd=tmp_path, stdout=said, stderr=said, start_new_session=True)
    try:
        wait_until(lambda: len(list(tmp_path.glob("begun*"))) == 2, 30, "the work")
        children = _children(main.pid)
        main.send_signal(number)
        wait_until(lambda: "once more" in (tmp_path / "said").read_text(), 10, "what to do")
        main.send_signal(number)
        assert 130 == main.wait(20)
        assert not any(map(_is_there, children))
    finally:
        main.kill()
        main.wait()
    (tmp_path / "quick").touch()
    uuid = Store(connect(f"sqlite:///{tmp_path}/runs.db")).runs()[0].uuid
    again = _wfgraph("runs", "requeue", uuid, "--db", "runs.db", cwd=tmp_path)
    assert "4 tokens: 4 completed, 0 halted, 0 failed" in again.stdout, again.stderr


@pytest.mark.slow
def test_the_command_line_shares_a_run(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(
        "def work(obj, eng):\n    obj['done'] = True\n"
        "    if obj['n'] == 7:\n        eng.halt('look', action='approve')\nflow = [work]\n"
    )
    (tmp_path / "tokens.json").write_text(json.dumps(tokens(30)))
    plain = _wfgraph("run", "flow.py:flow", "tokens.json", "--workers", "2", "--output", "out.json", cwd=tmp_path)
    assert 0 == plain.returncode, plain.stderr
    assert "token 7 halted in work at [0]: look (waits for: approve)" in plain.stdout
    assert "30 tokens: 29 completed, 1 halted, 0 failed" in plain.stdout
    assert [{"n": n, "done": True} for n in range(30)] == json.loads((tmp_path / "out.json").read_text())
    stored = _wfgraph("run", "flow.py:flow", "tokens.json", "--workers", "2", "--db", "runs.db", cwd=tmp_path)
    assert 0 == stored.returncode, stored.stderr
    assert plain.stdout == stored.stdout.partition("\n")[2].replace("flow.work", "work")
    uuid = Store(connect(f"sqlite:///{tmp_path}/runs.db")).runs()[0].uuid
    shown = _wfgraph("runs", "show", uuid, "--db", "runs.db", cwd=tmp_path).stdout
    assert "objects    30 (29 done, 1 need action)" in shown, shown
    assert "parts      8 (" in shown
    watched = _wfgraph("runs", "show", uuid, "--db", "runs.db", "--watch", cwd=tmp_path).stdout
    assert watched.startswith("Halted: 30 of 30 (29 done, 1 need action); parts: ")
    resumed = _wfgraph("runs", "resume", uuid, "--db", "runs.db", "--workers", "2", cwd=tmp_path)
    assert "30 tokens: 30 completed, 0 halted, 0 failed" in resumed.stdout, resumed.stderr
    as_json = _wfgraph("runs", "show", uuid, "--db", "runs.db", "--watch", "--json", cwd=tmp_path).stdout
    assert {"COMPLETED": 30} == json.loads(as_json)["objects"]
    refused = _wfgraph("run", "flow.py:flow", "tokens.json", "--workers", "2", "--trace", "t.json", cwd=tmp_path)
    assert (2, True) == (refused.returncode, "leave out --workers" in refused.stderr)


@pytest.mark.slow
def test_what_the_report_tells_is_not_told_by_the_workers_logs_too(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(
        "def work(obj, eng):\n    if obj['n'] == 1:\n        eng.halt('look')\n"
        "    if obj['n'] == 2:\n        raise OSError('gone')\nflow = [work]\n"
    )
    (tmp_path / "tokens.json").write_text(json.dumps(tokens(4)))
    run = ("run", "flow.py:flow", "tokens.json", "--db", "runs.db", "--workers", "2")
    quiet = _wfgraph(*run, cwd=tmp_path)
    assert "4 tokens: 2 completed, 1 halted, 1 failed" in quiet.stdout
    assert [] == [line for line in quiet.stderr.splitlines() if not line.startswith("objects ")]
    assert "OSError: gone" in _wfgraph("--debug", *run, cwd=tmp_path).stderr
