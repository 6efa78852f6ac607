"""The storage-capable engine: saves the run and its objects at the places the documentation names.

:class:`DbWorkflowEngine` works over objects of yours, which say themselves how they are saved:

* the run, ``db_obj``: ``save(status)``, and the attributes ``name``, ``status``, ``uuid`` and ``objects``;
* a token: ``save(status, callback_pos, id_workflow)``, ``set_error_message(text)``, and the attributes ``status`` and
  ``known_statuses``. Of the arguments it is given those that its signature has; ``message``, ``action`` and ``payload``
  of a halt are among them, and ``task_counter``, an older name of ``callback_pos``.
"""

from __future__ import annotations

import logging
import traceback
from typing import Any

from wfgraph._contract import ByContract, Keeper, Nowhere, statuses_of
from wfgraph.engine import GenericWorkflowEngine, ProcessingFactory, TransitionActions
from wfgraph.errors import WorkflowError
from wfgraph.logs import with_context
from wfgraph.runtime.callbacks import Callbacks
from wfgraph.runtime.extra_data import ExtraData
from wfgraph.runtime.state import MachineState
from wfgraph.statuses import EnumLabel, ObjectStatus, WorkflowStatus
from wfgraph.utils import attribute, brief, escape_control, overridable

__all__ = [
    "DbProcessingFactory",
    "DbTransitionAction",
    "DbWorkflowEngine",
    "EnumLabel",
    "ObjectStatus",
    "WorkflowStatus",
]


class DbWorkflowEngine(GenericWorkflowEngine):
    """An engine that saves its run and its objects.

    Args:
        db_obj: the stored run.
        kwargs: for subclasses; not used here.

    Attributes:
        db_obj: the stored run.
    """

    # On the class, not set by __init__: the documentation's own example skips that.
    _keeper: Keeper = ByContract()

    def __init__(self, db_obj: Any, **kwargs: Any) -> None:
        self.db_obj = db_obj
        super().__init__()

    @overridable
    def processing_factory(cls: Any) -> Any:  # noqa: N805 - a class property
        """The class with the hooks around runs and tokens; override it with a subclass of yours."""
        return DbProcessingFactory

    @overridable
    def known_statuses(cls: Any) -> Any:  # noqa: N805 - a class property
        """The enumeration of what a run can be."""
        return WorkflowStatus

    def init_logger(self) -> Any:
        """Return a logger whose name ends with the run's uuid, below the one of the engine's class."""
        base = super().init_logger()
        uuid = getattr(getattr(self, "db_obj", None), "uuid", None)
        return base if uuid is None else RunLogger(f"{base.name}.{uuid}", base)

    @property
    def name(self) -> Any:
        """The name of the stored run."""
        return self.db_obj.name

    @property
    def status(self) -> Any:
        """The status of the stored run."""
        return self.db_obj.status

    @property
    def uuid(self) -> Any:
        """The uuid of the stored run."""
        return self.db_obj.uuid

    @property
    def database_objects(self) -> Any:
        """The objects of the stored run."""
        return self.db_obj.objects

    @property
    def final_objects(self) -> list[Any]:
        """The objects that are completed."""
        return self._objects_that_are("COMPLETED")

    @property
    def halted_objects(self) -> list[Any]:
        """The objects that are halted."""
        return self._objects_that_are("HALTED")

    @property
    def running_objects(self) -> list[Any]:
        """The objects that are being processed."""
        return self._objects_that_are("RUNNING")

    def _objects_that_are(self, name: str) -> list[Any]:
        return [obj for obj in self.database_objects if obj.status == getattr(statuses_of(obj), name)]

    def save(self, status: Any = None) -> None:
        """Save the run."""
        self.db_obj.save(status)

    def duplicate(self) -> Any:
        """Return another engine like this one, for what runs inside a task of this one.

        It saves nothing: what it does is a part of the task, and it is the task's run that is stored.
        """
        other: Any = object.__new__(type(self))
        vars(other).update(vars(self))
        for name in ("_run", "_program_cache", "trace"):
            vars(other).pop(name, None)
        other.callbacks, other.objects = Callbacks(), []
        other.state, other.extra_data = MachineState(), ExtraData()
        other.save, other._keeper = _save_nothing, Nowhere()
        return other

    def __repr__(self) -> str:
        return f"<DbWorkflow_engine({brief(str(attribute(attribute(self, 'db_obj'), 'name')))})>"

    def __str__(self) -> str:
        line = "-" * 31
        return f"{line}\nDbWorkflowEngine\n{line}\n    {self.db_obj}\n{line}\n"


def _save_nothing(*_: Any, **__: Any) -> None:
    """Stand in for ``save`` in an engine that runs inside a task."""


class RunLogger(logging.Logger):
    """A logger for one run: handlers and level are those of the logger above it.

    It is not registered with :mod:`logging`, which would keep one for each run for ever.
    """

    parent: logging.Logger

    def __init__(self, name: str, parent: logging.Logger) -> None:
        super().__init__(name)
        self.parent = parent
        with_context(self)

    def isEnabledFor(self, level: int) -> bool:
        """Ask the logger above: levels that change there are told to registered loggers only."""
        return level >= self.level and self.parent.isEnabledFor(level)

    def __reduce__(self) -> Any:
        return RunLogger, (self.name, self.parent)


# The hooks ------------------------------------------------------------------------------------------------------------


class DbTransitionAction(TransitionActions):
    """The transition handlers of an engine that saves: each writes down what became of the token, and goes on."""

    @staticmethod
    def HaltProcessing(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Save the token and the run as halted, and raise the halt to the caller of the engine."""
        halt = exc_info[1]
        eng._keeper.token_halted(eng, obj, halt)
        eng.log.warning(
            "Workflow '%s' halted at task %s with message: %s",
            escape_control(str(getattr(eng.db_obj, "name", None))),
            escape_control(eng.current_taskname or "Unknown"),
            escape_control(str(halt.message)),
        )
        TransitionActions.HaltProcessing(obj, eng, callbacks, exc_info)

    @staticmethod
    def Exception(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Save the token and the run as failed, and raise the error to the caller, as a :class:`WorkflowError`."""
        error = exc_info[1]
        text = "".join(traceback.format_exception(error))
        eng.log.error("Error:\n%s", "\n".join(map(escape_control, text.splitlines())))
        eng._keeper.token_failed(eng, obj, error, text)
        eng.signal.workflow_error(eng)
        eng.signal.workflow_halted(eng)
        raise WorkflowError(
            text, id_workflow=getattr(eng.db_obj, "uuid", None), id_object=eng.state.token_pos
        ).with_traceback(error.__traceback__) from error

    @staticmethod
    def StopProcessing(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Save the token as completed, and end the run."""
        eng._keeper.token_left(eng, obj, ObjectStatus.COMPLETED)
        TransitionActions.StopProcessing(obj, eng, callbacks, exc_info)

    @staticmethod
    def ContinueNextToken(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Save the token as completed, and go on with the next one."""
        eng._keeper.token_left(eng, obj, ObjectStatus.COMPLETED)
        TransitionActions.ContinueNextToken(obj, eng, callbacks, exc_info)

    @staticmethod
    def SkipToken(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Save the token's status, completed, but not what it holds, and go on with the next one."""
        eng._keeper.token_left(eng, obj, ObjectStatus.COMPLETED, saved=False)
        TransitionActions.SkipToken(obj, eng, callbacks, exc_info)

    @staticmethod
    def AbortProcessing(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Save the token's status, halted, but not what it holds, and end the run."""
        eng._keeper.token_left(eng, obj, ObjectStatus.HALTED, saved=False)
        TransitionActions.AbortProcessing(obj, eng, callbacks, exc_info)

    @staticmethod
    def JumpToken(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Save the token, completed when the run goes on to a later one, and move to the other."""
        _leave_for(obj, eng, exc_info[1].args[0] > 0)
        TransitionActions.JumpToken(obj, eng, callbacks, exc_info)

    @staticmethod
    def JumpTokenForward(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Save the token, and move to a later one."""
        _leave_for(obj, eng, exc_info[1].args[0] > 0)
        TransitionActions.JumpTokenForward(obj, eng, callbacks, exc_info)

    @staticmethod
    def JumpTokenBack(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Save the token, and move to an earlier one."""
        _leave_for(obj, eng, exc_info[1].args[0] > 0)
        TransitionActions.JumpTokenBack(obj, eng, callbacks, exc_info)

    @staticmethod
    def Rewind(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Save the token, and go on at the token and task that ``eng.rewind`` named."""
        _leave_for(obj, eng, exc_info[1].obj == "next")
        TransitionActions.Rewind(obj, eng, callbacks, exc_info)


def _leave_for(obj: Any, eng: Any, later: bool) -> None:
    """Save a token that is left for another; what has to be run again is as it was before it was taken up."""
    eng._keeper.token_left(eng, obj, ObjectStatus.COMPLETED if later else ObjectStatus.INITIAL)


class DbProcessingFactory(ProcessingFactory):
    """The hooks of an engine that saves."""

    @overridable
    def transition_exception_mapper(cls: Any) -> Any:  # noqa: N805 - a class property
        """The class with the handlers of exceptions."""
        return DbTransitionAction

    @staticmethod
    def before_processing(eng: Any, objects: Any) -> None:
        """Save the run as running."""
        eng._keeper.run_begins(eng, objects)
        ProcessingFactory.before_processing(eng, objects)

    @staticmethod
    def after_processing(eng: Any, objects: Any) -> None:
        """Save the run: completed, or halted when it was stopped."""
        ProcessingFactory.after_processing(eng, objects)
        eng._keeper.run_ends(eng, objects)

    @staticmethod
    def before_object(eng: Any, objects: Any, obj: Any) -> None:
        """Save the token as running."""
        eng._keeper.token_begins(eng, obj)

    @staticmethod
    def after_object(eng: Any, objects: Any, obj: Any) -> None:
        """Save the token as completed."""
        eng._keeper.token_left(eng, obj, ObjectStatus.COMPLETED)
