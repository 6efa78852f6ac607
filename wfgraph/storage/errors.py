"""What can go wrong between a run and its database.

None of it is a :class:`~wfgraph.errors.WorkflowError`: a run that can't be stored must not go on with its next token.
"""

from __future__ import annotations

from collections.abc import Sequence

from wfgraph.errors import WorkflowDefinitionError

__all__ = [
    "DefinitionChanged",
    "NotStorable",
    "OwnershipLost",
    "RunOwned",
    "SchemaMismatch",
    "StorageError",
    "UnknownRun",
]


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
