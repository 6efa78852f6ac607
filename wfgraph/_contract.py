"""The contract of the engine that saves: what it tells its keeper, and the keeper that saves through the objects' own methods."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

from wfgraph.errors import HaltProcessing, WorkflowError
from wfgraph.statuses import ObjectStatus, WorkflowStatus

__all__ = ["ByContract", "Keeper", "Nowhere", "statuses_of"]


class Keeper(Protocol):
    """Who writes down what becomes of a run and of its tokens."""

    def run_begins(self, eng: Any, objects: Any) -> None:
        """A run begins, before its first token."""

    def token_begins(self, eng: Any, obj: Any) -> None:
        """A token is taken up."""

    def token_left(self, eng: Any, obj: Any, status: ObjectStatus, saved: bool = True) -> None:
        """A token is done with, for now; ``saved`` tells whether what it holds is to be saved, too."""

    def token_halted(self, eng: Any, obj: Any, halt: HaltProcessing) -> None:
        """A task has halted the run."""

    def token_failed(self, eng: Any, obj: Any, error: BaseException, text: str) -> None:
        """A task has failed; the text is the error with its traceback."""

    def run_ends(self, eng: Any, objects: Any) -> None:
        """The run has ended by itself, or was stopped."""


class ByContract:
    """Saves through the ``save`` methods of the run and of its tokens."""

    def run_begins(self, eng: Any, objects: Any) -> None:
        """Save the run as running."""
        eng.save(WorkflowStatus.RUNNING)

    def token_begins(self, eng: Any, obj: Any) -> None:
        """Save the token as running."""
        _save(eng, obj, statuses_of(obj).RUNNING)

    def token_left(self, eng: Any, obj: Any, status: ObjectStatus, saved: bool = True) -> None:
        """Save the token's status."""
        _save(eng, obj, getattr(statuses_of(obj), status.name))

    def token_halted(self, eng: Any, obj: Any, halt: HaltProcessing) -> None:
        """Save the token with its position and what the halt says, then the run."""
        if obj is not None:
            _save(eng, obj, statuses_of(obj).HALTED, callback_pos=list(eng.state.callback_pos), **halt.as_dict())
        eng.save(WorkflowStatus.HALTED)

    def token_failed(self, eng: Any, obj: Any, error: BaseException, text: str) -> None:
        """Save the token with its position and the error's text, then the run."""
        if obj is not None:
            if hasattr(obj, "set_error_message"):
                obj.set_error_message(text)
            _save(eng, obj, statuses_of(obj).ERROR, callback_pos=list(eng.state.callback_pos))
        eng.save(WorkflowStatus.ERROR)

    def run_ends(self, eng: Any, objects: Any) -> None:
        """Save the run: completed, unless it was stopped, or went past tokens that halted or failed."""
        found = {getattr(getattr(obj, "status", None), "name", None) for obj in objects}
        status = WorkflowStatus.HALTED if eng._left_early or "HALTED" in found else WorkflowStatus.COMPLETED
        eng.save(WorkflowStatus.ERROR if "ERROR" in found else status)


class Nowhere:
    """Keeps nothing: for engines that run inside a task, and where there is no run."""

    def run_begins(self, eng: Any, objects: Any) -> None:
        """Do nothing."""

    def token_begins(self, eng: Any, obj: Any) -> None:
        """Do nothing."""

    def token_left(self, eng: Any, obj: Any, status: ObjectStatus, saved: bool = True) -> None:
        """Do nothing."""

    def token_halted(self, eng: Any, obj: Any, halt: HaltProcessing) -> None:
        """Do nothing."""

    def token_failed(self, eng: Any, obj: Any, error: BaseException, text: str) -> None:
        """Do nothing."""

    def run_ends(self, eng: Any, objects: Any) -> None:
        """Do nothing."""


def statuses_of(obj: Any) -> Any:
    return getattr(obj, "known_statuses", ObjectStatus)


def _save(eng: Any, obj: Any, status: Any, **more: Any) -> None:
    """Call a token's ``save`` with the arguments that it takes.

    Raises:
        WorkflowError: it has none.
    """
    save = getattr(obj, "save", None)
    if save is None:
        raise WorkflowError(
            f"a token of the type {type(obj).__name__} has no method `save`, by which it would be stored; give it "
            "save(status, callback_pos, id_workflow)"
        )
    given = {"status": status, "id_workflow": getattr(eng.db_obj, "uuid", None), **more}
    takes = _parameters_of(getattr(save, "__func__", save))
    if takes is None:
        given = {name: value for name, value in given.items() if name not in HaltProcessing().as_dict()}
    else:
        if "task_counter" in takes and "callback_pos" in given:
            given["task_counter"] = given["callback_pos"]
        given = {name: value for name, value in given.items() if name in takes}
    save(**given)


@lru_cache(maxsize=256)
def _parameters_of(save: Callable[..., Any]) -> frozenset[str] | None:
    """Return the names of a function's parameters; None when it takes any, or does not tell."""
    try:
        parameters = inspect.signature(save).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        named = frozenset(parameter.name for parameter in parameters)
        return None if "task_counter" not in named else named | {"status", "callback_pos", "id_workflow"}
    return frozenset(parameter.name for parameter in parameters)
