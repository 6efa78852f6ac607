"""Where a task begins and where it ends, seen by the frames of whoever runs tasks: it costs nothing before it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from wfgraph.graph.routine import ROUTINES
from wfgraph.runtime.interpreter import RUNNERS

__all__ = ["invocation", "stop_before_next"]

_OWN = ("wfgraph.runtime.", "wfgraph.engine", "wfgraph.storage.")
"""What runs tasks calls these, too."""


def invocation() -> FrameType | None:
    """Return the frame of the task that runs in this thread: another one for each time that a task is run.

    None outside of tasks, and in threads that a task has started.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        around = frame.f_back
        if around is not None and _runs_tasks(around):
            return frame
        frame = around
    return None


def _runs_tasks(frame: FrameType) -> bool:
    code = frame.f_code
    return code in RUNNERS or code.co_filename.startswith(ROUTINES)


def stop_before_next(eng: Any, error: type[BaseException]) -> Callable[[], None]:
    """Let an engine's next task not run in this thread, but an exception be raised there.

    What an engine inside the task in hand runs is a part of that task. A task that is not written in Python is run.

    Args:
        eng: the engine.
        error: the class of the exception.

    Returns:
        What takes that back; to be called in any case.
    """
    before = sys.getprofile()

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        runner = frame.f_back
        if event != "call" or runner is None or not _runs_tasks(runner):
            return
        if runner.f_locals["eng"] is eng and not str(frame.f_globals.get("__name__")).startswith(_OWN):
            raise error  # with which Python takes this function away

    sys.setprofile(watch)
    return lambda: sys.setprofile(before)
