"""The one list of what is meant to differ from ``workflow`` 2.1.6, each with the ledger's words for it.

There are four ways to leave a difference out, from the narrowest to the widest:

* *fixed*: the real library is given the fix, in a subclass of its own classes, and must then agree in everything;
* *not generated*: the strategies in ``programs`` make nothing that has it;
* *normalised*: one observation is compared in a weaker form;
* *excused*: when the real library ends a call in this way, the comparison ends before that outcome.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from differential.real import REAL

__all__ = ["EXCLUSIONS", "FIXED_PATTERNS", "Exclusion", "excused", "fixed_actions", "fixed_engine", "put_back", "stand"]


@dataclass(frozen=True)
class Exclusion:
    """One difference: how it is left out, and the words of the ledger."""

    name: str
    how: str
    ledger: str


EXCLUSIONS = (
    Exclusion(
        "skip_and_abort", "fixed", "`skip_token`/`abort` reset the position (2.1.6 starts the next token mid-flow)"
    ),
    Exclusion("jump_token_beyond", "fixed", "`jump_token` beyond the last token ends the run with a sane state"),
    Exclusion("jump_token_names", "fixed", "`OBJ_JUMP_FWD`/`OBJ_JUMP_BWD` raise `AttributeError`"),
    Exclusion(
        "merge_docs", "fixed", "SIMPLE_MERGE does not touch the user's docstrings (2.1.6 fails where that is a list)"
    ),
    Exclusion("obj_next", "fixed", "`OBJ_NEXT` goes to the next object (2.1.6 leaves the list only)"),
    Exclusion(
        "end_position", "fixed", "after an overshooting jump `callback_pos` points to the end like any other end"
    ),
    Exclusion("restart_prev", "fixed", "`restart('current', 'prev')` at task 0 runs the last task (index -1)"),
    Exclusion(
        "restart_nowhere", "fixed", "`('prev', …)` on the first token, `'current'` on a fresh engine: one clear error"
    ),
    Exclusion("own_halts", "fixed", "handlers are looked up by name along the exception's MRO"),
    Exclusion(
        "has_completed", "fixed", "`has_completed` says what it means (2.1.6: True after `stop()` on the last token)"
    ),
    Exclusion(
        "nested_position",
        "fixed",
        "after a run inside a task, `callback_pos` shows the task's own position again (docs/compat/quirks)",
    ),
    Exclusion("recursion", "fixed", "no recursion limit on nested restarts"),
    Exclusion("missing_first", "fixed", "an empty or missing definition fails before any status is saved"),
    Exclusion("taskname", "normalised", "`current_taskname` never raises, and knows keys, partials, ..."),
    Exclusion("messages", "normalised", "an unknown value names the known ones; one clear error"),
    Exclusion("nowhere", "excused", "resuming where no task is dies with a `TypeError` or runs the wrong task"),
    Exclusion("try_too_much", "excused", "TRY never catches BaseException"),
    Exclusion("for", "not generated", "`FOR` never finishes (`KeyError: 'previous_data'`)"),
    Exclusion("tuple_branches", "not generated", "IF_ELSE and CHOICE with tuple branches (2.1.6 runs the wrong ones)"),
    Exclusion("live_definition", "not generated", "a run keeps the definition it started with"),
    Exclusion("failing_hook", "not generated", "a failing hook never replaces the halt it was told about"),
    Exclusion(
        "endless_error", "not generated", "`stop_on_error=False` with an error before the first token loops for ever"
    ),
    Exclusion("negative_position", "not generated", "a position set below 0 is clamped to it (docs/compat/quirks)"),
    Exclusion(
        "short_position", "excused", "a run inside a task that shortens the shared position (docs/compat/quirks)"
    ),
    Exclusion("raise_e", "not generated", "the documentation's handlers write `raise e`: works here"),
)


# Fixed ---------------------------------------------------------------------------------------------------------------


def _task(name: str, call: Any) -> Any:
    call.__name__ = name
    return call


FIXED_PATTERNS: dict[str, Any] = {
    "OBJ_NEXT": lambda: _task("OBJ_NEXT", lambda obj, eng: eng.continue_next_token()),
    "OBJ_JUMP_FWD": lambda step: _task("OBJ_JUMP_FWD", lambda obj, eng: eng.jump_token(step)),
    "OBJ_JUMP_BWD": lambda step: _task("OBJ_JUMP_BWD", lambda obj, eng: eng.jump_token(step)),
}
"""Patterns of the real library that can't be used as they are: ``obj_next`` and ``jump_token_names``."""


def fixed_actions() -> type:
    """Return the real library's ``TransitionActions`` with its known mistakes fixed."""
    base = REAL.engine.TransitionActions

    class FixedActions(base):  # type: ignore[misc, valid-type]
        @staticmethod
        def SkipToken(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
            eng.state.callback_pos_reset()
            base.SkipToken(obj, eng, callbacks, exc_info)

        @staticmethod
        def AbortProcessing(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
            eng.state.callback_pos_reset()
            base.AbortProcessing(obj, eng, callbacks, exc_info)

        @staticmethod
        def JumpToken(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
            base.JumpToken(obj, eng, callbacks, exc_info)
            eng.state.token_pos = min(len(eng) - 1, eng.state.token_pos)

        @staticmethod
        def JumpTokenForward(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
            if exc_info[1].args[0] < 0:
                raise REAL.error("WorkflowError")("JumpTokenForward cannot be negative number")
            FixedActions.JumpToken(obj, eng, callbacks, exc_info)

        @staticmethod
        def JumpTokenBack(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
            if exc_info[1].args[0] > 0:
                raise REAL.error("WorkflowError")("JumpTokenBack cannot be positive number")
            FixedActions.JumpToken(obj, eng, callbacks, exc_info)

    return FixedActions


def stand(eng: Any) -> None:
    """Before a task of the real library: remember the position that is walked."""
    eng.standing = [*eng.standing, eng.state.callback_pos]


def put_back(eng: Any) -> None:
    """After a task of the real library, which may have survived a run inside it: show the position that is walked."""
    *eng.standing, position = eng.standing
    if sys.exc_info()[0] in (None, REAL.error("JumpCall"), REAL.error("BreakFromThisLoop")):
        eng.state.callback_pos = position


def fixed_engine(lose: Callable[[], None]) -> type:
    """Return the real library's engine with its known mistakes fixed.

    Args:
        lose: called when it comes to a position that is no place.
    """
    base = REAL.engine.GenericWorkflowEngine

    class FixedEngine(base):  # type: ignore[misc, valid-type]
        in_task = False
        standing: list[Any] = []  # noqa: RUF012 - never changed in place
        left_early = False

        def _process(self, objects: Any) -> None:
            self.left_early = False
            chosen_by_base = type(self).callback_chooser is base.callback_chooser
            if chosen_by_base and len(objects) - 1 > self.state.token_pos:
                self.callback_chooser(objects[self.state.token_pos + 1])
            super()._process(objects)

        @property
        def has_completed(self) -> bool:
            return base.has_completed.fget(self) and not self.left_early  # type: ignore[no-any-return]

        def run_callbacks(self, callbacks: Any, objects: Any, obj: Any, indent: int = 0) -> None:
            try:
                super().run_callbacks(callbacks, objects, obj, indent)
            except (TypeError, IndexError):
                lose()  # no task raises these: the position is no place, or shorter than it was
                raise
            position = self.state.callback_pos
            if len(position) > indent + 1:
                lose()  # a run inside a task was left deeper in the list that both share
            if len(position) > indent and position[indent] >= len(callbacks):
                position[indent] = len(callbacks) - 1

        def execute_callback(self, callback: Any, obj: Any) -> None:
            around, self.in_task = self.in_task, True
            try:
                super().execute_callback(callback, obj)
            finally:
                self.in_task = around

        def process(self, *arguments: Any, **options: Any) -> None:
            with self.kept_position():
                super().process(*arguments, **options)

        @contextmanager
        def kept_position(self) -> Iterator[None]:
            around, position = self.in_task, self.state.callback_pos
            self.in_task = False
            try:
                yield
            finally:
                self.in_task = around
            if around:
                self.state.callback_pos = position

        def restart(self, obj: str, task: str, *arguments: Any, **options: Any) -> None:
            least = {"prev": 1, "current": 0}.get(obj, -1)
            if self.state.token_pos < least:
                raise REAL.error("WorkflowError")("there is no such object")
            if task == "prev" and self.state.callback_pos[-1] <= 0:
                task = "current"
            with self.kept_position():
                super().restart(obj, task, *arguments, **options)

    return FixedEngine


# Excused -------------------------------------------------------------------------------------------------------------


def excused(program: Any, lost: bool, full: bool) -> bool:
    """Tell whether the comparison ends within a call.

    Args:
        program: what was run.
        lost: whether the real library came to a position that is no place: ``nowhere``, ``short_position``.
        full: whether it was ended because it went on for too long.
    """
    return lost or (full and program.mentions("TRY"))  # try_too_much
