"""The exceptions of wfgraph, in the four families that are never mixed.

* *Control at run time*: :class:`WorkflowTransition` and its subclasses. A task raises one (mostly through a
  method of the engine) to say where its token goes next.
* *The user's mistake*: :class:`WorkflowError` while running, :class:`WorkflowDefinitionError` for a definition.
* *The storage's trouble*: :class:`StorageError`. It is no :class:`WorkflowError`: a run that can't be stored must not go
  on with its next token.
* *Our mistake*: :class:`WfgraphInternalError`, "this should never happen".

Names, attributes and constructor arguments are those of ``workflow.errors`` 2.x.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, TypeVar

from wfgraph.utils import attribute, plain, shown

__all__ = [
    "AbortProcessing",
    "BreakFromThisLoop",
    "ContinueNextToken",
    "DefinitionChanged",
    "HaltProcessing",
    "JumpCall",
    "JumpCallBack",
    "JumpCallForward",
    "JumpToken",
    "JumpTokenBack",
    "JumpTokenForward",
    "NotStorable",
    "OwnershipLost",
    "Rewind",
    "RunOwned",
    "SchemaMismatch",
    "SkipToken",
    "StopProcessing",
    "StorageError",
    "UnknownRun",
    "WfgraphInternalError",
    "WorkflowAPIError",
    "WorkflowDefinitionError",
    "WorkflowError",
    "WorkflowObjectStatusError",
    "WorkflowTransition",
    "with_str",
]

_E = TypeVar("_E", bound=type)


def with_str(args: tuple[Any, ...] | list[Any]) -> Callable[[_E], _E]:
    """Give a class a ``__str__`` that shows some of its attributes, and a ``__repr__`` that leaves out which are None.

    Args:
        args: the name of the attribute shown bare, then (optionally) the names of those shown as ``key=value``.

    Example:
        >>> @with_str(("message", ("code",)))
        ... class Refused(Exception):
        ...     def __init__(self, message, code):
        ...         self.message, self.code = message, code
        >>> str(Refused("no", 7))
        'Refused(no, code=7)'
        >>> Refused("no", None)
        Refused('no')
    """
    keys: tuple[str, ...] = tuple(args[1]) if len(args) > 1 else ()

    def decorate(klass: _E) -> _E:
        def __str__(self: Any) -> str:
            told = [f"{key}={plain(attribute(self, key))}" for key in keys]
            return f"{klass.__name__}({', '.join([str(getattr(self, args[0])), *told])})"

        def __repr__(self: Any) -> str:
            held = [(key, attribute(self, key)) for key in keys]
            told = [f"{key}={shown(value)}" for key, value in held if value is not None]
            return f"{type(self).__name__}({', '.join([shown(attribute(self, args[0])), *told])})"

        klass.__str__ = __str__  # type: ignore[assignment]
        if "__repr__" not in vars(klass):
            klass.__repr__ = __repr__  # type: ignore[assignment]
        return klass

    return decorate


class _Raised:
    """What lets an exception stand in for its own ``sys.exc_info()`` triple.

    The documentation's transition handlers write ``raise e``; handlers in use write ``raise exc_info[1]`` and
    ``reraise(*exc_info)``. A handler is given the exception itself, which answers to all three.
    """

    __traceback__: TracebackType | None

    def __iter__(self) -> Iterator[Any]:
        return iter((type(self), self, self.__traceback__))

    def __getitem__(self, index: int) -> Any:
        return (type(self), self, self.__traceback__)[index]

    def __len__(self) -> int:
        return 3


class WorkflowTransition(_Raised, Exception):
    """Base class of the exceptions with which a task steers its token."""

    message: str = ""


class StopProcessing(WorkflowTransition):
    """Stop the current workflow: no further task, no further token."""


@with_str(("message", ("action", "payload")))
class HaltProcessing(WorkflowTransition):
    """Halt the workflow here, to be looked at and restarted.

    Args:
        message: why.
        action: the name of the action that is waited for.
        payload: whatever the one who takes that action needs.
    """

    def __init__(self, message: str = "", action: str | None = None, payload: Any = None) -> None:
        super().__init__()
        self.message = message
        self.action = action
        self.payload = payload

    def as_dict(self) -> dict[str, Any]:
        """Return message, action and payload as a dict, as ``HaltProcessing(**dict)`` takes them back."""
        return {"message": self.message, "action": self.action, "payload": self.payload}


class ContinueNextToken(WorkflowTransition):
    """Leave this token, however deep in the definition, and go on with the next one."""


class JumpToken(WorkflowTransition):
    """Go to the token this many places away; the argument is the offset."""


class JumpTokenForward(WorkflowTransition):
    """Go to a later token (deprecated spelling of :class:`JumpToken`)."""


class JumpTokenBack(WorkflowTransition):
    """Go to an earlier token (deprecated spelling of :class:`JumpToken`)."""


class JumpCall(WorkflowTransition):
    """Jump within the list that holds the task; the argument is the offset."""


class JumpCallForward(WorkflowTransition):
    """Jump forward within the list (kept so that it can be imported; the engine raises :class:`JumpCall`)."""


class JumpCallBack(WorkflowTransition):
    """Jump back within the list (kept so that it can be imported; the engine raises :class:`JumpCall`)."""


class BreakFromThisLoop(WorkflowTransition):
    """Leave the list that holds the task."""


class SkipToken(WorkflowTransition):
    """Leave this token without its ``after_object`` and go on with the next one."""


class AbortProcessing(WorkflowTransition):
    """End the run at once without the token's ``after_object``."""


class Rewind(WorkflowTransition):
    """Go on at another token and task, both given in the words of ``restart``, without a nested run."""

    def __init__(self, obj: str = "current", task: str = "first") -> None:
        super().__init__(obj, task)
        self.obj = obj
        self.task = task


@with_str(("message", ("id_workflow", "id_object", "payload")))
class WorkflowError(_Raised, Exception):
    """A workflow could not run, or failed while it ran."""

    def __init__(self, message: str, id_workflow: Any = None, id_object: Any = None, payload: Any = None) -> None:
        # One argument, and the rest as attributes: this is how the error travels through a message queue.
        super().__init__(message)
        self.message = message
        self.id_workflow = id_workflow
        self.id_object = id_object
        self.payload = payload


@with_str(("message", ("workflow_name", "payload")))
class WorkflowDefinitionError(Exception):
    """A definition is missing or can't be compiled.

    Attributes:
        message: what is wrong, where, and what to do.
        workflow_name: the definition's name or key, where known.
        payload: the offending value, where there is one.
        address: the offending item's place in the definition, where there is one.
    """

    def __init__(
        self,
        message: str,
        workflow_name: Any = None,
        payload: Any = None,
        address: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(message, workflow_name, payload)
        self.message = message
        self.workflow_name = workflow_name
        self.payload = payload
        self.address = address


@with_str(("message", ("obj_status", "id_object")))
class WorkflowObjectStatusError(Exception):
    """A workflow object has an unknown or missing status."""

    def __init__(self, message: str, id_object: Any, obj_status: Any) -> None:
        super().__init__(message, id_object, obj_status)
        self.message = message
        self.obj_status = obj_status
        self.id_object = id_object


class WorkflowAPIError(Exception):
    """A function of the library was called with parameters that make no sense together."""


class StorageError(Exception):
    """A run could not be stored or read. What is stored is as it was.

    Attributes:
        message: what went wrong, and what to do.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotStorable(StorageError):
    """A value is no JSON.

    Attributes:
        path: where in the token, or in ``extra_data``, the value is, such as ``("authors", 0, "born")``.
    """

    def __init__(self, message: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


class UnknownRun(StorageError):
    """There is no run of this uuid in the database."""


class RunOwned(StorageError):
    """Another worker has the run, and its lease has not run out."""


class OwnershipLost(StorageError):
    """The run was taken over, or cancelled, while this worker had it; this worker has stopped and written nothing."""


class SchemaMismatch(StorageError):
    """The database has no tables of wfgraph's, or those of another version."""


class DefinitionChanged(WorkflowDefinitionError):
    """Objects stand at tasks that are not certainly in the definition that they are to go on with.

    Attributes:
        stranded: a line for each task at which objects stand and can't go on.
        changes: how the definition has changed.
    """

    def __init__(self, message: str, stranded: Sequence[str] = (), changes: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.stranded = tuple(stranded)
        self.changes = tuple(changes)

    def __str__(self) -> str:
        return self.message


class WfgraphInternalError(AssertionError):
    """A defect of wfgraph itself; this should never happen. Please report it with its whole message."""
