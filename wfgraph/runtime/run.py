"""What an engine knows while it runs: the definitions the run started with, and the runs around it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from wfgraph.errors import WorkflowDefinitionError, WorkflowError
from wfgraph.graph.definition import Block
from wfgraph.runtime import loops
from wfgraph.runtime.context import current_engine

__all__ = ["Run", "running", "set_apart"]

_FRAMES_PER_RUN = 60
"""How many frames one engine run inside a task may take without counting against Python's recursion limit."""


@dataclass(slots=True, eq=False)
class Run:
    """One run of an engine.

    Attributes:
        thread: the thread it runs in.
        registered: the definitions by key, as they were when it started.
        programs: what they, and others that ``callback_chooser`` returned, compiled to; by the identity of the list.
        entering: the block whose list an overridden ``run_callbacks`` is being handed.
        around: the run inside one of whose tasks this one runs.
        callbacks: the definition of the current token.
        in_token: whether a token is being run.
        tokens: how many tokens it has begun.
        tier: how its tokens are walked.
        extension: what the engine overrides, as far as it is known.
        debug: whether the engine's logger listens to debug messages.
        ended: what has ended the token in hand, while its handler is asked.
        identity: what names the engine and its run in logs, as far as somebody has asked.
        joins: what waits for the work that goes on in other threads; called at the end of the run.
    """

    thread: int
    registered: dict[str, Any]
    programs: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    entering: Block | None = None
    around: Run | None = None
    callbacks: Any = None
    in_token: bool = False
    tokens: int = 0
    tier: str = ""
    extension: Any = None
    debug: bool = True
    ended: BaseException | None = None
    identity: dict[str, str] | None = None
    joins: list[Callable[[], None]] = field(default_factory=list)

    def begin_token(self) -> None:
        """Count a token, here and in the runs that this one continues."""
        run: Run | None = self
        while run is not None:
            run.tokens += 1
            run = None if run.around is None or run.around.in_token else run.around

    def program(self, callbacks: Any, compiled: Callable[[Any], Any]) -> Any:
        """Return the program of a definition: the snapshot for a registered one, what it is now for any other."""
        known = self.programs.get(id(callbacks))
        if known is not None and known[0] is callbacks:
            if isinstance(known[1], WorkflowDefinitionError):
                raise known[1]
            return known[1]
        return compiled(callbacks)

    def is_empty(self, callbacks: Any) -> bool:
        """Tell whether a definition has nothing to run; a registered one, whether it had nothing when the run started."""
        known = self.programs.get(id(callbacks))
        if known is None or known[0] is not callbacks:
            return not callbacks
        return not isinstance(known[1], WorkflowDefinitionError) and not known[1].program.root.slots

    def take_snapshot(self, compiled: Callable[[Any], Any]) -> None:
        """Compile what is registered, so that a task that changes it changes the next run, not this one."""
        for callbacks in self.registered.values():
            try:
                outcome = compiled(callbacks)
            except WorkflowDefinitionError as error:
                outcome = error  # raised for the token that needs it, if one does
            self.programs[id(callbacks)] = (callbacks, outcome)


@contextmanager
def set_apart(eng: Any) -> Iterator[None]:
    """Where a task runs an engine inside its run: let the task's token go on, after a normal end, from where it was.

    Its loops are kept out of the run inside. Its position is handed over as a plain list, from which that run may start,
    and which it then leaves to the token: that is how ``workflow`` 2.x does it.
    """
    run: Run | None = eng._run.around if eng._run is not None and not eng._run.in_token else eng._run
    if run is None or not run.in_token:
        yield
        return
    state = eng.state
    standing = state._cursor, state._callback_pos
    state.callback_pos = state.callback_pos
    records = loops.set_aside(eng.extra_data)
    yield
    state._cursor, state._callback_pos = standing
    loops.put_back(eng.extra_data, records, state.token_pos)


@contextmanager
def running(eng: Any, compiled: Callable[[Any], Any]) -> Iterator[Run]:
    """Open a run of an engine, inside the one that is under way if there is one.

    Raises:
        WorkflowError: another thread is running this engine.
    """
    around: Run | None = eng._run
    me = threading.get_ident()
    if around is not None and around.thread != me:
        raise WorkflowError(
            "this engine is running in another thread; an engine runs one workflow at a time: make one per thread"
        )
    run = Run(me, dict(eng.callbacks.get(None)), around=around)
    run.take_snapshot(compiled)
    nested = around is not None and around.in_token
    limit = sys.getrecursionlimit()
    if nested:
        sys.setrecursionlimit(limit + _FRAMES_PER_RUN)
    eng._run = run
    known = current_engine.set(eng)
    try:
        with set_apart(eng):
            # What continues a run, after the halt of a token, is a part of it.
            if eng._observer is None or (around is not None and not nested):
                yield run
            else:
                with eng._observer.run(eng):
                    yield run
    finally:
        current_engine.reset(known)
        eng._run = around
        if nested:
            sys.setrecursionlimit(limit)
