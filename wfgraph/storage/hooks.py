"""The hooks of an engine that stores by itself; subclass them as those of any other engine."""

from __future__ import annotations

from typing import Any

from wfgraph import engine_db
from wfgraph.utils import overridable

__all__ = ["StoredProcessingFactory", "StoredTransitionAction"]


class StoredTransitionAction(engine_db.DbTransitionAction):
    """The transition handlers of an engine that stores by itself."""

    @staticmethod
    def StorageError(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Raise it to the caller of the engine: a run that can't be stored does not go on."""
        raise exc_info[1]

    @staticmethod
    def NotStorable(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        """Store the token as failed: what it holds can't be stored, and that is a mistake of a task."""
        engine_db.DbTransitionAction.Exception(obj, eng, callbacks, exc_info)


class StoredProcessingFactory(engine_db.DbProcessingFactory):
    """The hooks of an engine that stores by itself."""

    @overridable
    def transition_exception_mapper(cls: Any) -> Any:  # noqa: N805 - a class property
        """The class with the handlers of exceptions."""
        return StoredTransitionAction
