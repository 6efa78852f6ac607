"""What the process does that has workers, and what a worker does, with workers that are no processes: they work at once."""

from __future__ import annotations

import logging
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import spawn
from types import SimpleNamespace
from typing import Any

import cloudpickle
import pytest
from helpers import engine

from wfgraph.errors import HaltProcessing, WorkflowAPIError, WorkflowDefinitionError, WorkflowError
from wfgraph.graph.identity import program_name
from wfgraph.runtime import pool, sharing
from wfgraph.runtime.pool import WorkerPool, WorkersLost
from wfgraph.runtime.sharing import Chunk, Chunks, Done
from wfgraph.runtime.state import MachineState
from wfgraph.runtime.trace import Trace


class KilledError(BaseException):
    """What ends a worker here."""


class Here(Executor):
    """Does what it is asked to do when somebody waits for it: the oldest first, unless told otherwise.

    Who is killed while working leaves all undone that waits, and takes nothing on any more.
    """

    made: list[Here]
    shut: list[Here]
    newest_first = False

    def __init__(
        self, count: int, context: Any, initializer: Callable[..., None], initargs: tuple[bytes, bool]
    ) -> None:
        self.count = count
        self.context = context
        self.waiting: list[tuple[Future[Any], Callable[..., Any], Any]] = []
        self.lost = False
        self.made.append(self)
        initializer(*initargs)

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self.lost:
            raise BrokenProcessPool
        future: Future[Any] = Future()
        self.waiting.append((future, function, args))
        return future

    def work(self) -> None:
        future, function, args = self.waiting.pop(-1 if self.newest_first else 0)
        try:
            future.set_result(function(*args))
        except KilledError:
            self.lost = True
            for broken, _, _ in [(future, None, None), *self.waiting]:
                broken.set_exception(BrokenProcessPool())
        except BaseException as error:
            future.set_exception(error)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        assert wait
        assert cancel_futures
        self.shut.append(self)


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> list[Here]:
    """Put workers of this process in the place of others, and return those that are made."""
    kind = type("Workers", (Here,), {"made": [], "shut": []})

    def wait(under_way: list[Future[Any]], return_when: str) -> None:
        last = kind.made[-1]
        assert under_way == [future for future, _, _ in last.waiting]
        assert return_when is FIRST_COMPLETED
        last.work()

    monkeypatch.setattr(pool, "ProcessPoolExecutor", kind)
    monkeypatch.setattr(pool, "wait", wait)
    monkeypatch.setattr(pool, "_job", None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(sharing, "time", SimpleNamespace(perf_counter=lambda: 0.0))
    return kind.made


@pytest.fixture
def unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let work see the objects of the test, not copies of them."""
    monkeypatch.setattr(pool, "cloudpickle", SimpleNamespace(dumps=lambda found: found))
    monkeypatch.setattr(pool, "pickle", SimpleNamespace(loads=lambda found: found))


def some(*pieces: Any) -> Callable[[], Any]:
    """Return what hands out pieces of work, and then none, as often as it is asked."""
    rest = iter(pieces)
    return lambda: next(rest, None)


# The pool ----------------------------------------------------------------------------------------------------------------


def test_results_come_in_the_order_of_the_pieces_and_pieces_are_asked_for_as_late_as_can_be(
    monkeypatch: pytest.MonkeyPatch, unsent: None, here: list[Here]
) -> None:
    monkeypatch.setattr(Here, "newest_first", True)
    asked: list[int | None] = []
    handed: list[list[int | None]] = []

    def pieces() -> int | None:
        asked.append(len(asked) if len(asked) < 6 else None)
        return asked[-1]

    def work(what: int) -> int:
        handed.append(list(asked))
        return 10 * what

    assert [0, 10, 20, 30, 40, 50] == list(WorkerPool(work, 2).results(pieces))
    four = [0, 1, 2, 3]
    assert [four, [*four, 4], [*four, 4, 5], *[[*four, 4, 5, None]] * 3] == handed
    assert [2] == [one.count for one in here]
    assert isinstance(here[0].context, pool._Context)


def test_no_work_gives_no_results(here: list[Here]) -> None:
    workers = WorkerPool(str, 3)
    assert [] == list(workers.results(some()))
    assert [3] == [one.count for one in here]


def test_work_begins_once_in_a_worker_and_is_told_what_is_wrong_with_its_pieces() -> None:
    class Work:
        begun = 0

        def begin(self) -> None:
            self.begun += 1

        def __call__(self, what: int) -> tuple[int, float]:
            return self.begun, 1 / what

    workers = WorkerPool(Work(), 1)
    found = workers.results(some(1, 2, 0))
    assert [(1, 1.0), (1, 0.5)] == [next(found), next(found)]
    with pytest.raises(ZeroDivisionError):
        next(found)


def killed_over(what: Any, times: int) -> tuple[Callable[[Any], Any], list[Any]]:
    """Return work over a piece of which workers are killed some times, and the list of what was done."""
    done: list[Any] = []

    def work(one: Any) -> Any:
        done.append(one)
        if one == what and done.count(one) <= times:
            raise KilledError
        return one

    return work, done


@pytest.mark.parametrize("times", [1, 2, 3])
def test_what_workers_had_in_hand_that_were_lost_is_handed_out_again(
    unsent: None, here: list[Here], times: int
) -> None:
    work, done = killed_over("b", times)
    lost: list[Any] = []
    workers = WorkerPool(work, 1)
    assert ["a", "b", "c"] == list(workers.results(some("a", "b", "c"), lost.append))
    assert [["b"]] * times == [one[:1] for one in lost]
    assert ["a", *["b"] * (times + 1), "c"] == done
    assert times + 1 == len(here)
    assert here[:-1] == here[0].shut


def test_workers_that_were_lost_without_work_in_hand_are_replaced_when_there_is_some(here: list[Here]) -> None:
    lost: list[Any] = []
    workers = WorkerPool(str, 1)
    here[0].lost = True
    assert ["1", "2"] == list(workers.results(some(1, 2), lost.append))
    assert ([[1]], 2) == (lost, len(here))


@pytest.mark.parametrize(("wants", "times"), [(False, 1), (True, 4)])
def test_workers_that_are_lost_again_and_again_or_that_nobody_wants_again_are_told_of(
    unsent: None, here: list[Here], wants: bool, times: int
) -> None:
    work, done = killed_over("b", times)
    lost: list[Any] = []
    found = WorkerPool(work, 1).results(some("a", "b", "c"), lost.append if wants else None)
    assert "a" == next(found)
    with pytest.raises(WorkersLost) as raised:
        next(found)
    assert "worker processes have ended in the middle of their work (killed, or out of memory?)" == raised.value.message
    assert ["b", "c"] == raised.value.pieces
    assert ["a", *["b"] * times] == done
    assert len(lost) == len(here) - 1 == times - 1


def test_a_cancelled_piece_is_one_of_a_lost_worker_and_an_error_of_the_work_is_not() -> None:
    futures: list[Future[Any]] = [Future() for _ in range(4)]
    _, cancelled, failed, broken = futures
    cancelled.cancel()
    failed.set_exception(ValueError("of the work"))
    broken.set_exception(BrokenProcessPool())
    assert [False, True, False, True] == [pool.Piece(None, future).is_broken for future in futures]


class Process:
    """A process that is told to end."""

    def __init__(self, pid: int | None) -> None:
        self.pid = pid
        self.told: list[str] = []

    def terminate(self) -> None:
        self.told.append("terminate")

    def kill(self) -> None:
        self.told.append("kill")


def with_processes(workers: WorkerPool) -> list[Process]:
    """Return a process that runs, and one that was not started, which a pool is given for its own."""
    processes = [Process(1), Process(None)]
    workers._context._made.extend(processes)  # type: ignore[arg-type]
    return processes


@pytest.mark.parametrize(("verb", "told"), [("stop", "terminate"), ("kill", "kill")])
def test_a_pool_ends_the_processes_that_were_started_for_it(verb: str, told: str) -> None:
    workers = WorkerPool(str, 2)
    processes = with_processes(workers)
    getattr(workers, verb)()
    assert [[told], []] == [one.told for one in processes]


def test_who_does_not_want_to_wait_for_workers_ends_them_at_once(
    monkeypatch: pytest.MonkeyPatch, here: list[Here]
) -> None:
    workers = WorkerPool(str, 2)
    workers.close()
    assert here == here[0].shut
    processes = with_processes(workers)
    shut: list[dict[str, Any]] = []

    def shutdown(**given: Any) -> None:
        shut.append(given)
        if len(shut) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(here[0], "shutdown", shutdown)
    with pytest.raises(KeyboardInterrupt):
        workers.close()
    assert ["kill"] == processes[0].told
    assert [{"wait": True, "cancel_futures": True}] * 2 == shut


def test_a_context_knows_the_processes_that_it_has_made() -> None:
    context = pool._Context()
    made = context.Process(target=str, args=(1,), name="one")
    assert ("one", []) == (made.name, context.running())
    assert [made] == context._made


def test_processes_are_started_without_the_script_of_this_one_but_only_those_of_this_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def original(name: str) -> dict[str, Any]:
        return {"name": name, "init_main_from_path": "script.py", "init_main_from_name": "script"}

    monkeypatch.setattr(spawn, "get_preparation_data", original)
    started: list[Any] = []
    monkeypatch.setattr(
        pool.context.SpawnProcess, "_Popen", lambda process: started.append(spawn.get_preparation_data(process))
    )
    pool._Process._Popen("one")
    assert [{"name": "one"}] == started
    with pool._main_left_out():
        assert pool._starting.locked()
        with ThreadPoolExecutor(1) as threads:
            assert original("two") == threads.submit(lambda: spawn.get_preparation_data("two")).result()
    assert spawn.get_preparation_data is original


@pytest.mark.parametrize("count", [1, 1_000])
def test_a_number_of_workers_is_what_it_is(count: int) -> None:
    assert count == pool.check_workers(count)


@pytest.mark.parametrize("count", [0, True, 1_001, 1.5, "2"], ids=repr)
def test_what_is_no_number_of_workers_is_refused(count: Any) -> None:
    with pytest.raises(WorkflowAPIError) as raised:
        WorkerPool(str, count)
    assert f"the number of workers is at least 1, and at most 1000, not {count!r}" == str(raised.value)


def test_work_that_can_not_be_sent_is_refused_with_what_to_do() -> None:
    lock = threading.Lock()
    with pytest.raises(WorkflowAPIError) as raised:
        WorkerPool(lambda what: lock, 1)
    assert isinstance(raised.value.__cause__, TypeError)
    assert str(raised.value) == (
        "what the workers need can't be sent to another process: cannot pickle '_thread.lock' object; make what can't be "
        "sent (a connection, a lock, an open file) inside the task, or leave it to a module"
    )


# In a worker -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("muted", [False, True])
def test_a_worker_leaves_interrupts_to_its_parent_and_mutes_the_log_as_that_does(
    monkeypatch: pytest.MonkeyPatch, muted: bool
) -> None:
    log = logging.getLogger("wfgraph")
    given: list[Any] = []
    before = list(log.handlers)
    monkeypatch.setattr(log, "handlers", [one for one in before if not isinstance(one, logging.NullHandler)])
    monkeypatch.setattr(signal, "signal", lambda *args: given.append(args))
    assert not pool._log_is_muted()
    pool._begin(pickle.dumps(str), muted, program_name())
    assert [(signal.SIGINT, signal.SIG_IGN)] == given
    assert muted is pool._log_is_muted()
    assert b"".join([pool._work(pickle.dumps(5))]) == cloudpickle.dumps("5")


def test_a_worker_watches_for_the_end_of_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(pool.multiprocessing, "parent_process", lambda: SimpleNamespace(sentinel=17))
    monkeypatch.setattr(pool.connection, "wait", lambda sentinels: told.append(sentinels))
    monkeypatch.setattr(signal, "pthread_kill", lambda *args: told.append(args))
    started: list[tuple[str, bool]] = []

    class Thread(threading.Thread):
        def start(self) -> None:
            started.append((self.name, self.daemon))
            self.run()

    monkeypatch.setattr(pool.threading, "Thread", Thread)
    pool._begin(pickle.dumps(str), False, program_name())
    assert [("wfgraph-parent", True)] == started
    assert [[17], (threading.main_thread().ident, signal.SIGTERM)] == told


# Chunks ------------------------------------------------------------------------------------------------------------------


def done(chunk: Chunk, seconds: float, error: BaseException | None = None) -> Done:
    return Done(chunk, seconds, MachineState(), False, error=error)


def sizes(count: int, workers: int, seconds: float) -> list[int]:
    chunks = Chunks(range(count), workers)
    found: list[int] = []
    while (chunk := chunks()) is not None:
        assert list(range(sum(found), sum(found) + len(chunk.tokens))) == chunk.tokens
        assert sum(found) == chunk.first
        found.append(len(chunk.tokens))
        chunks.learn(done(chunk, seconds * len(chunk.tokens)))
    return found


@pytest.mark.parametrize(
    ("count", "workers", "seconds", "expected"),
    [
        (0, 1, 1.0, []),
        (5, 2, 1.0, [1] * 5),  # slow ones go out one by one
        (1_000, 1, 0.008, [1, 8, *[12] * 81, 10, 5, 2, 1, 1]),  # twelve take a tenth of a second
        (300, 1, 0.0, [1, 8, 72, 110, 55, 27, 14, 7, 3, 2, 1]),  # at most eight times as many as were measured
        (10, 2, 0.0, [1, 3, 2, 1, 1, 1, 1]),  # each of the workers is to have two more
    ],
)
def test_chunks_take_a_tenth_of_a_second_and_all_workers_end_at_the_same_time(
    count: int, workers: int, seconds: float, expected: list[int]
) -> None:
    assert expected == sizes(count, workers, seconds)


def test_there_are_no_more_chunks_when_the_run_has_stopped() -> None:
    chunks = Chunks([1, 2], 1)
    assert Chunk(0, [1]) == chunks()
    chunks.stopped = True
    assert chunks() is None


# A run that is shared ----------------------------------------------------------------------------------------------------


def doubles(obj: Any, eng: Any) -> None:
    obj.append(obj[0] * 2)
    if obj[0] == 3 and "halts" in eng.extra_data:
        eng.halt("look", action="approve")
    if obj[0] == 3 and "fails" in eng.extra_data:
        raise ValueError("three")


def test_a_shared_run_changes_the_tokens_that_were_given_and_stands_where_another_would() -> None:
    given = [[n] for n in range(6)]
    eng = engine(doubles)
    eng.state.token_pos, eng.state.callback_pos = 3, [7]
    eng.process(given, workers=1)
    assert [[n, 2 * n] for n in range(6)] == given
    assert eng.objects is given
    assert (5, [0], True, True) == (
        eng.state.token_pos,
        eng.state.callback_pos,
        eng.state.current_object_processed,
        eng.has_completed,
    )


def test_what_is_no_list_is_shared_as_one() -> None:
    eng = engine(doubles)
    eng.process(([n] for n in range(2)), workers=1)
    assert [[0, 0], [1, 2]] == eng.objects
    given = ([1], [2])
    eng.process(given, workers=1)
    assert [[1, 2], [2, 4]] == eng.objects
    assert ([1], [2]) == given


@pytest.mark.parametrize(
    ("key", "kind", "text"), [("halts", HaltProcessing, "look"), ("fails", ValueError, "three")], ids=["halt", "error"]
)
def test_a_shared_run_is_stopped_by_the_first_halt_or_error(key: str, kind: type[Exception], text: str) -> None:
    given = [[n] for n in [1, 2, 3, *[4] * 7, 3, *[5] * 89]]  # in chunks of 1, 1, 1, 8, 16 and so on
    eng = engine([doubles])
    eng.extra_data[key] = True
    with pytest.raises(kind, match=text):
        eng.process(given, workers=1)
    assert [[1, 2], [2, 4], [3, 6]] == given[:3]
    assert [*[[4, 8]] * 7, [3, 6], *[[5, 10]] * 16] == given[3:27], "what was under way is run to its end"
    assert [[5]] * 73 == given[27:]
    assert (2, [0, 0], False) == (eng.state.token_pos, eng.state.callback_pos, eng.has_completed)


def test_a_shared_run_that_was_stopped_stands_at_the_token_that_has_stopped_it() -> None:
    given = [[n] for n in [*[4] * 10, 3, *[5] * 89]]  # the last one of the first chunk of 8
    eng = engine([doubles])
    eng.extra_data["halts"] = True
    with pytest.raises(HaltProcessing):
        eng.process(given, workers=1)
    assert (10, [0, 0], given[10]) == (eng.state.token_pos, eng.state.callback_pos, eng.current_object)


def test_a_run_that_was_stopped_stays_stopped_whatever_comes_back_then(monkeypatch: pytest.MonkeyPatch) -> None:
    def results(self: WorkerPool, pieces: Callable[[], Any]) -> Iterator[Done]:
        first, second = pieces(), pieces()
        yield done(first, 0.0, ValueError("own"))
        yield done(second, 0.0)
        assert pieces() is None

    monkeypatch.setattr(WorkerPool, "results", results)
    with pytest.raises(ValueError, match="own"):
        engine(doubles).process([[n] for n in range(9)], workers=1)


def test_a_shared_run_goes_past_halts_where_it_is_told_to() -> None:
    given = [[n] for n in (2, 3, 4, 3)]
    eng = engine(doubles)
    eng.extra_data["halts"] = True
    eng.process(given, workers=1, stop_on_halt=False)
    assert [[2, 4], [3, 6], [4, 8], [3, 6]] == given
    with pytest.raises(HaltProcessing, match="look"):
        eng.process([[3], [4]], workers=1, stop_on_error=False)


def wrong(obj: Any, eng: Any) -> None:
    if obj == [0]:
        raise WorkflowError("wrong")
    obj.append("right")


def test_a_shared_run_goes_past_errors_where_it_is_told_to() -> None:
    given: list[list[Any]] = [[0], [1]]
    engine(wrong).process(given, workers=1, stop_on_error=False)
    assert [[0], [1, "right"]] == given
    with pytest.raises(WorkflowError, match="wrong"):
        engine(wrong).process(given, workers=1, stop_on_halt=False)


def test_a_task_that_stops_a_shared_run_stops_its_chunk_and_the_run_has_not_completed() -> None:
    given = [[n] for n in range(4)]
    eng = engine(lambda obj, eng: eng.stop())
    eng.process(given, workers=1)
    assert (3, False) == (eng.state.token_pos, eng.has_completed)


def changes(obj: Any, eng: Any) -> None:
    assert {"kept": [1], "same": 2} == {key: eng.extra_data[key] for key in ("kept", "same")}, "each chunk's own"
    eng.extra_data["kept"].append(2)
    eng.extra_data["made"] = 1
    assert 1 == eng.extra_data.setget("set", 1)


def test_what_tasks_change_in_extra_data_stays_with_their_chunk_and_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    eng = engine(changes)
    eng.extra_data |= {"kept": [1], "same": 2}
    eng.process([[1], [2]], workers=1)
    assert {"kept": [1], "same": 2} == eng.extra_data
    said = "what tasks have changed in extra_data (kept, made, set) stays in the worker: chunks share nothing"
    assert [said] * 2 == [one.getMessage() for one in caplog.records]
    assert ["wfgraph.engine.GenericWorkflowEngine"] * 2 == [one.wfgraph_engine for one in caplog.records]  # type: ignore[attr-defined]


def test_nothing_is_told_of_extra_data_that_nobody_changes(caplog: pytest.LogCaptureFixture) -> None:
    eng = engine(doubles)
    eng.extra_data["other"] = 1
    eng.process([[1]], workers=1)
    assert [] == caplog.records


def test_a_worker_is_given_an_engine_without_what_belongs_to_this_process() -> None:
    eng = engine(doubles)
    eng.process([[1]])
    eng.mark = "kept"
    bare = sharing._bare(eng)
    assert (type(eng), "kept", [], None) == (type(bare), bare.mark, bare.objects, bare._run)
    assert {"_program_cache", "_run"}.isdisjoint(vars(bare))
    assert eng.objects == [[1, 2]]
    assert "_program_cache" in vars(eng)


def test_an_engine_in_the_middle_of_a_run_or_with_a_trace_is_not_shared() -> None:
    def again(obj: Any, eng: Any) -> None:
        eng.process([[1]], workers=1)

    with pytest.raises(WorkflowAPIError) as raised:
        engine(again).process([[1]])
    assert "an engine that is in the middle of a run can't be shared with workers" == str(raised.value)
    eng = engine(doubles)
    eng.trace = Trace()
    with pytest.raises(WorkflowAPIError) as raised:
        eng.process([[1]], workers=1)
    assert "a trace follows one process; leave out `workers`, or set `trace` to None" == str(raised.value)


def test_what_can_not_be_compiled_is_refused_before_there_are_workers(here: list[Here]) -> None:
    eng = engine(doubles)
    eng.callbacks.get().append(5)
    with pytest.raises(WorkflowDefinitionError, match="not callable"):
        eng.process([[1]], workers=1)
    assert [] == here


def test_a_token_that_can_not_be_sent_is_told_of(here: list[Here]) -> None:
    with pytest.raises(WorkflowAPIError) as raised:
        engine(doubles).process([[threading.Lock()]], workers=1)
    assert "a token can't be sent to another process, or back: cannot pickle '_thread.lock' object" == str(raised.value)
    assert here == here[0].shut


def test_it_is_told_which_tokens_were_in_the_hands_of_lost_workers(
    monkeypatch: pytest.MonkeyPatch, here: list[Here]
) -> None:
    def run(self: Any, chunk: Chunk) -> Any:
        if 2 in chunk.tokens:
            raise KilledError
        return done(chunk, 0.0)

    monkeypatch.setattr(sharing._Work, "__call__", run)
    with pytest.raises(WorkersLost) as raised:
        engine(doubles).process(list(range(9)), workers=1)
    assert raised.value.message == (
        "worker processes have ended in the middle of their work (killed, or out of memory?); it is not known how far "
        "they came with the tokens 2 to 2, 3 to 5, which are as they were before; store the run (wfgraph.storage), and "
        "such a loss repeats at most the tasks in hand"
    )
    assert [[2], [3, 4, 5]] == [one.tokens for one in raised.value.pieces]
    assert here[0] in here[0].shut


def test_workers_are_ended_when_the_run_that_they_share_is_interrupted(
    monkeypatch: pytest.MonkeyPatch, here: list[Here]
) -> None:
    killed: list[WorkerPool] = []
    monkeypatch.setattr(WorkerPool, "kill", lambda self: killed.append(self))
    running: Iterator[Done] = sharing.share(engine(doubles), [[1], [2]], 1, lambda eng, tokens: len(tokens))
    found = next(running)
    assert (Chunk(0, [[1]]), 1, None) == (found.chunk, found.told, found.error)
    running.close()  # type: ignore[attr-defined]
    assert 1 == len(killed)
    assert here == here[0].shut


# Errors ------------------------------------------------------------------------------------------------------------------


class OddError(Exception):
    """Can be sent, but not be made again."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"odd {one} {two}")


class OddHalt(HaltProcessing):
    def __init__(self, message: Any, action: Any) -> None:
        super().__init__(message, action=action)
        self.lock = threading.Lock()


class BecomesAnotherError(Exception):
    def __reduce__(self) -> Any:
        return ValueError, ("other",)


def test_an_error_comes_back_as_it_is_or_says_what_it_said() -> None:
    error = ValueError("as it is")
    assert error is sharing._portable(error)
    told = sharing._portable(OddError(1, 2))
    assert type(told) is WorkflowError
    assert told.message.startswith("OddError: odd 1 2 (which can't be sent from a worker: ")
    assert "missing 1 required positional argument" in told.message
    told = sharing._portable(BecomesAnotherError("mine"))
    assert (WorkflowError, "BecomesAnotherError: mine") == (type(told), told.message)


@pytest.mark.parametrize(("action", "sent"), [(None, None), (7, "7")])
def test_a_halt_that_can_not_be_sent_is_still_a_halt(action: Any, sent: str | None) -> None:
    told = sharing._portable(OddHalt(5, action))
    assert type(told) is HaltProcessing
    assert ("5", sent) == (told.message, told.action)


def test_what_runs_a_chunk_tells_how_long_it_took_and_what_became_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([10.0, 12.5])
    monkeypatch.setattr(sharing.time, "perf_counter", lambda: next(clock))
    eng = engine(doubles)
    eng.extra_data["mine"] = [1]

    def work(other: Any, given: list[Any]) -> str:
        assert other is not eng
        assert (other.objects, other.state.token_pos, other.extra_data) == (given, -1, {"mine": [1]})
        other.extra_data["mine"].append(2)
        other.objects = [3]
        other._left_early = True
        raise KeyError("gone")

    found = sharing._Work(eng, work)(Chunk(7, [1, 2]))
    assert (Chunk(7, [3]), 2.5, True, None) == (found.chunk, found.seconds, found.left_early, found.told)
    assert "KeyError('gone')" == repr(found.error)
    assert {"mine": [1]} == eng.extra_data
