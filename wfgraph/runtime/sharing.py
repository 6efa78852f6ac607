"""One run of an engine, shared by several processes: ``engine.process(tokens, workers=4)``."""

from __future__ import annotations

import copy
import pickle
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import cloudpickle

from wfgraph.errors import HaltProcessing, WorkflowAPIError, WorkflowError
from wfgraph.runtime.context import speaking_of
from wfgraph.runtime.extra_data import ExtraData
from wfgraph.runtime.pool import UNSENDABLE, WorkerPool, WorkersLost
from wfgraph.runtime.state import MachineState

__all__ = ["Chunk", "Chunks", "Done", "check_untraced", "process_shared", "share"]

_SECONDS = 0.1
"""How long a chunk is to take: what it costs to hand one out is about a hundredth of that."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some tokens, to be run in a worker.

    Attributes:
        first: the place of the first one among all tokens.
        tokens: themselves.
    """

    first: int
    tokens: list[Any]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a chunk.

    Attributes:
        chunk: its tokens as they are afterwards.
        seconds: how long it took.
        state: where the engine stood at the end, within the chunk.
        left_early: whether a task has stopped the run.
        told: what the work has returned.
        error: what has stopped the run; None if nothing has.
    """

    chunk: Chunk
    seconds: float
    state: MachineState
    left_early: bool
    told: Any = None
    error: BaseException | None = None


class Chunks:
    """Cuts tokens into chunks that take about a tenth of a second each, by how long those before took.

    Args:
        tokens: the tokens.
        workers: how many share them: towards the end, chunks become smaller so that all end at the same time.
    """

    def __init__(self, tokens: Any, workers: int) -> None:
        self._tokens = tokens
        self._workers = workers
        self._next = 0
        self._ran, self._took = 0, 0.0
        self.stopped = False

    def __call__(self) -> Chunk | None:
        """Return the next chunk; None if there is none, or the run has stopped."""
        left = len(self._tokens) - self._next
        if self.stopped or left <= 0:
            return None
        # Not more than eight times as many as were ever measured: the first ones may have been the fast ones.
        size = min(8 * self._ran, int(_SECONDS * self._ran / max(self._took, 1e-9)))
        size = max(1, min(size, -(-left // (2 * self._workers))))
        found = Chunk(self._next, [self._tokens[index] for index in range(self._next, self._next + size)])
        self._next += size
        return found

    def learn(self, done: Done) -> None:
        """Take note of how long a chunk took."""
        self._ran += len(done.chunk.tokens)
        self._took += done.seconds


def share(eng: Any, tokens: Any, workers: int, work: Callable[[Any, list[Any]], Any]) -> Iterator[Done]:
    """Run tokens in worker processes; yield what became of each chunk, in the order of the tokens.

    The chunks after one with an error, which were under way already, are run to their ends, and yielded, too.

    Args:
        eng: the engine; each worker has a copy of it, as it is now, and each chunk its own ``extra_data``.
        tokens: the tokens.
        workers: how many processes.
        work: what is done with the engine's copy and the tokens of a chunk.

    Raises:
        WorkflowAPIError: the engine or a token can't be sent to another process.
        WorkersLost: a worker was killed.
    """
    chunks = Chunks(tokens, workers)
    pool = WorkerPool(_Work(_bare(eng), work), workers)
    try:
        for done in pool.results(chunks):
            chunks.learn(done)
            chunks.stopped |= done.error is not None
            yield done
    except WorkersLost as error:
        places = ", ".join(f"{one.first} to {one.first + len(one.tokens) - 1}" for one in error.pieces)
        raise WorkersLost(
            f"{error.message}; it is not known how far they came with the tokens {places}, which are as they were before; "
            "store the run (wfgraph.storage), and such a loss repeats at most the tasks in hand",
            error.pieces,
        ) from error
    except UNSENDABLE as error:
        raise WorkflowAPIError(f"a token can't be sent to another process, or back: {error}") from error
    except BaseException:
        pool.kill()
        raise
    finally:
        pool.close()


def process_shared(eng: Any, tokens: Any, workers: int, stop_on_error: bool, stop_on_halt: bool) -> None:
    """Run tokens as ``process`` does, in worker processes.

    Raises:
        HaltProcessing: the first halt in the order of the tokens, if halts stop the run; tokens after it may have been run.
        Exception: likewise, the first error.
    """
    for callbacks in eng.callbacks.get(None).values():
        eng._compiled(callbacks)  # what can't be compiled, or is not allowed, is refused before there are workers
    eng.objects = tokens = tokens if isinstance(tokens, list) else list(tokens)
    eng.state.reset()
    error: BaseException | None = None
    for done in share(eng, tokens, workers, _Process(stop_on_error, stop_on_halt)):
        chunk = done.chunk
        tokens[chunk.first : chunk.first + len(chunk.tokens)] = chunk.tokens
        if done.told:
            with speaking_of(eng):
                eng.log.warning(
                    "what tasks have changed in extra_data (%s) stays in the worker: chunks share nothing", done.told
                )
        if error is None:
            error, eng._left_early = done.error, done.left_early
            eng.state = done.state
            eng.state.token_pos += chunk.first
    if error is not None:
        raise error


@dataclass(frozen=True, slots=True)
class _Process:
    """Runs a chunk as ``process`` does; returns what changed in ``extra_data``."""

    stop_on_error: bool
    stop_on_halt: bool

    def __call__(self, eng: Any, tokens: list[Any]) -> str:
        before = {key: repr(value) for key, value in eng.extra_data.items()}
        eng.process(tokens, self.stop_on_error, self.stop_on_halt)
        return ", ".join(sorted(str(key) for key, value in eng.extra_data.items() if before.get(key) != repr(value)))


class _Work:
    """What a worker does with a chunk."""

    def __init__(self, eng: Any, work: Callable[[Any, list[Any]], Any]) -> None:
        self.eng = eng
        self.work = work

    def __call__(self, chunk: Chunk) -> Done:
        eng = copy.copy(self.eng)
        eng.state, eng.extra_data = MachineState(), ExtraData(copy.deepcopy(dict(self.eng.extra_data)))
        eng.objects = chunk.tokens
        began = time.perf_counter()
        told, error = None, None
        try:
            told = self.work(eng, chunk.tokens)
        except BaseException as raised:
            error = _portable(raised)
        took = time.perf_counter() - began
        return Done(Chunk(chunk.first, list(eng.objects)), took, eng.state, eng._left_early, told, error)


def _portable(error: BaseException) -> BaseException:
    """Return an error so that it can be sent: itself if that goes, else one that says the same."""
    try:
        if type(pickle.loads(cloudpickle.dumps(error))) is type(error):  # noqa: S301 - just made here
            return error
    except Exception as why:
        said = f"{type(error).__name__}: {error} (which can't be sent from a worker: {why})"
    else:
        said = f"{type(error).__name__}: {error}"
    if isinstance(error, HaltProcessing):
        return HaltProcessing(str(error.message), action=None if error.action is None else str(error.action))
    return WorkflowError(said)


def check_untraced(eng: Any) -> None:
    """See that nobody waits for a trace of what happens in other processes.

    Raises:
        WorkflowAPIError: somebody does.
    """
    if eng.trace is not None:
        raise WorkflowAPIError("a trace follows one process; leave out `workers`, or set `trace` to None")


def _bare(eng: Any) -> Any:
    """Return a copy of an engine without what belongs to this process, or is made anew where it is missing.

    Raises:
        WorkflowAPIError: the engine is in the middle of a run.
    """
    if eng._run is not None:
        raise WorkflowAPIError("an engine that is in the middle of a run can't be shared with workers")
    check_untraced(eng)
    found = copy.copy(eng)
    for name in ("_program_cache", "_run"):
        vars(found).pop(name, None)
    found.objects = []
    return found
