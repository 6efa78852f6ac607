"""Worker processes on this machine: pieces of work go out, what becomes of them comes back in order.

Work and results travel by ``cloudpickle``, so that they may be made of closures and of what a script defines. Processes are
started afresh (``spawn``), so no lock, thread or connection of this process is taken along; and without running the script
again that has started them, so it needs no ``if __name__ == "__main__":``.
"""

from __future__ import annotations

import logging
import multiprocessing
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection, context, spawn
from typing import Any

import cloudpickle

from wfgraph.errors import WorkflowAPIError, WorkflowError
from wfgraph.graph.identity import PROGRAM, program_name
from wfgraph.utils import shown

__all__ = ["UNSENDABLE", "Piece", "WorkerPool", "WorkersLost", "check_workers"]

_AHEAD = 2
"""How many pieces per worker are handed out at once: one in hand, one that waits, so that no worker waits for us."""

_MOST = 1_000
_TRIES = 3
"""How often work is handed out again whose workers were lost."""

_LOG = "wfgraph"

UNSENDABLE = (pickle.PicklingError, TypeError, AttributeError)
"""What is raised for an object that can't be sent to another process."""


class WorkersLost(WorkflowError):
    """Worker processes ended in the middle of their work: killed, out of memory, or by a crash of the interpreter.

    Attributes:
        pieces: the work that was handed out and of which nothing is known.
    """

    def __init__(self, message: str, pieces: list[Any]) -> None:
        super().__init__(message)
        self.pieces = pieces


@dataclass(slots=True, eq=False)
class Piece:
    """A piece of work that was handed out.

    Attributes:
        what: the argument of the work.
        future: what becomes of it.
        tries: how often workers were lost over it, or over others at the same time.
    """

    what: Any
    future: Future[Any]
    tries: int = 0

    @property
    def is_broken(self) -> bool:
        """Whether its worker was lost."""
        future = self.future
        return future.done() and (future.cancelled() or isinstance(future.exception(), BrokenProcessPool))


class WorkerPool:
    """Worker processes.

    Args:
        work: what is called, in a worker, with a piece of work; it is called ``work.begin()`` once before, if it has that.
        count: how many workers.

    Raises:
        WorkflowAPIError: the work can't be sent to another process.
    """

    def __init__(self, work: Callable[[Any], Any], count: int) -> None:
        self._count = check_workers(count)
        try:
            self._payload = cloudpickle.dumps(work)
        except UNSENDABLE as error:
            raise WorkflowAPIError(
                f"what the workers need can't be sent to another process: {error}; make what can't be sent (a connection, "
                "a lock, an open file) inside the task, or leave it to a module"
            ) from error
        self._executor = self._made()

    def _made(self) -> ProcessPoolExecutor:
        self._context = _Context()
        given = (self._payload, _log_is_muted(), program_name())
        return ProcessPoolExecutor(self._count, self._context, initializer=_begin, initargs=given)

    def results(self, pieces: Callable[[], Any], lost: Callable[[list[Any]], None] | None = None) -> Iterator[Any]:
        """Hand out pieces of work, and yield what comes of them, in their order.

        Args:
            pieces: returns the next piece, None when there is none left; asked as late as can be.
            lost: is told of the pieces in the hands of workers that were lost; then they are handed out again, at most
                three times. None: that is an error.

        Raises:
            WorkersLost: workers were lost; the results of what was done before have been yielded.
            Exception: what the work raised.
        """
        order: deque[Piece] = deque()
        ended = False
        while True:
            while not (ended or self._is_full(order)):
                what = pieces()
                ended = what is None
                if not ended:
                    order.append(Piece(what, self._handed(what)))
            while order and order[0].future.done() and not order[0].is_broken:
                yield pickle.loads(order.popleft().future.result())  # noqa: S301 - of a process that was started here
            if any(one.is_broken for one in order):
                self._mend(order, lost)
            elif not order and ended:
                return
            elif under_way := [one.future for one in order if not one.future.done()]:
                wait(under_way, return_when=FIRST_COMPLETED)

    def _is_full(self, order: Iterable[Piece]) -> bool:
        """Tell whether workers have enough to do, or are lost: what waits then was never in their hands."""
        return any(one.is_broken for one in order) or (
            sum(not one.future.done() for one in order) >= self._count * _AHEAD
        )

    def _handed(self, what: Any) -> Future[Any]:
        try:
            return self._executor.submit(_work, cloudpickle.dumps(what))
        except BrokenProcessPool as error:
            found: Future[Any] = Future()
            found.set_exception(error)
            return found

    def _mend(self, order: Iterable[Piece], lost: Callable[[list[Any]], None] | None) -> None:
        """Replace all workers, and hand out again what was in their hands.

        Raises:
            WorkersLost: nobody wants that, or it was done too often before.
        """
        self._executor.shutdown(wait=True, cancel_futures=True)
        again = [one for one in order if one.is_broken]
        gone = [one.what for one in again]
        if lost is None or any(one.tries >= _TRIES for one in again):
            raise WorkersLost(
                "worker processes have ended in the middle of their work (killed, or out of memory?)", gone
            )
        lost(gone)
        self._executor = self._made()
        for one in again:
            one.tries += 1
            one.future = self._handed(one.what)

    def stop(self) -> None:
        """Ask all workers to end: those that know how to do so finish what they have in hand."""
        for child in self._context.running():
            child.terminate()

    def kill(self) -> None:
        """End all workers at once."""
        for child in self._context.running():
            child.kill()

    def close(self) -> None:
        """Let go of the workers, waiting for their ends; where somebody does not want to wait, they are ended at once."""
        try:
            self._executor.shutdown(wait=True, cancel_futures=True)
        except BaseException:
            self.kill()
            self._executor.shutdown(wait=True, cancel_futures=True)
            raise


def _log_is_muted() -> bool:
    """Tell whether this process keeps Python from printing our log where nobody reads it: its workers do so, too, then."""
    return any(isinstance(handler, logging.NullHandler) for handler in logging.getLogger(_LOG).handlers)


_starting = threading.Lock()


class _Process(context.SpawnProcess):
    @staticmethod
    def _Popen(process_obj: Any) -> Any:
        with _main_left_out():
            return context.SpawnProcess._Popen(process_obj)


class _Context(context.SpawnContext):
    """How the processes of one pool are started: afresh, without the script of this one."""

    def __init__(self) -> None:
        super().__init__()
        self._made: list[_Process] = []

    def Process(self, **kwargs: Any) -> _Process:  # type: ignore[override]
        """Return a process, which is not started yet."""
        made = _Process(**kwargs)
        self._made.append(made)
        return made

    def running(self) -> list[_Process]:
        """Return those that were started here; this process may have others, which are not ours to end."""
        return [one for one in self._made if one.pid is not None]


@contextmanager
def _main_left_out() -> Iterator[None]:
    """Start processes of this thread without running the main module again: what they need of it is sent to them."""
    with _starting:
        original, thread = spawn.get_preparation_data, threading.get_ident()

        def prepared(name: str) -> dict[str, Any]:
            found = original(name)
            mine = threading.get_ident() == thread
            return {key: value for key, value in found.items() if not (mine and key.startswith("init_main_"))}

        spawn.get_preparation_data = prepared
        try:
            yield
        finally:
            spawn.get_preparation_data = original


def check_workers(count: Any) -> int:
    """Return a number of workers.

    Raises:
        WorkflowAPIError: it is none.
    """
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= _MOST:
        raise WorkflowAPIError(f"the number of workers is at least 1, and at most {_MOST}, not {shown(count)}")
    return count


# In a worker ----------------------------------------------------------------------------------------------------------

_job: Any = None


def _begin(payload: bytes, muted: bool, program: str) -> None:
    global _job
    setattr(sys.modules["__main__"], PROGRAM, program)
    if muted:
        logging.getLogger(_LOG).addHandler(logging.NullHandler())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to all; the main process decides
    threading.Thread(target=_end_with_parent, name="wfgraph-parent", daemon=True).start()
    _job = pickle.loads(payload)  # noqa: S301 - it comes from the process that has started this one
    begin = getattr(_job, "begin", None)
    if begin is not None:
        begin()


def _end_with_parent() -> None:
    """End this process when the one that has started it is gone."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        main = threading.main_thread().ident
        assert main is not None  # noqa: S101 - it runs
        signal.pthread_kill(main, signal.SIGTERM)


def _work(what: bytes) -> bytes:
    found: bytes = cloudpickle.dumps(_job(pickle.loads(what)))  # noqa: S301 - likewise
    return found
