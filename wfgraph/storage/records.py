"""A stored run and its objects, as they are held in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from wfgraph.statuses import ObjectStatus, WorkflowStatus

__all__ = ["Record", "RunRecord"]


@dataclass(slots=True, eq=False)
class Record:
    """A stored object: what is known of one token.

    Attributes:
        id: its row.
        ordinal: its place among the tokens of the run.
        status: what it is.
        callback_pos: where it stands: at the task that comes next, or at the one that halted or failed; None before the
            first.
        node: the identity of that task.
        revision: how often it was written.
        visits: how often it has left each task, by the number of the task's node.
        loops: how far its loops have come.
        stored: what it holds, as it is stored.
        error_type: the class of the error it failed with.
        error_message: that error, with its traceback.
        halt_message: why it was halted.
        halt_action: the action that is waited for.
        halt_payload: what the one who takes that action needs.
    """

    ordinal: int
    stored: str
    id: int = 0
    status: ObjectStatus = ObjectStatus.INITIAL
    callback_pos: list[int] | None = None
    node: str | None = None
    revision: int = 0
    visits: dict[int, int] = field(default_factory=dict)
    loops: dict[str, Any] | None = None
    error_type: str | None = None
    error_message: str | None = None
    halt_message: str | None = None
    halt_action: str | None = None
    halt_payload: Any = None

    def what(self) -> str:
        """Say what it is, for messages about what it holds."""
        return f"token {self.ordinal}"

    @property
    def known_statuses(self) -> type[ObjectStatus]:
        """The enumeration of what it can be."""
        return ObjectStatus

    def __repr__(self) -> str:
        where = f" at {self.node} {self.callback_pos}" if self.callback_pos is not None else ""
        return f"<object {self.ordinal}: {self.status.name}{where}>"


@dataclass(slots=True, eq=False)
class RunRecord:
    """A stored run.

    Attributes:
        uuid: its name for machines.
        name: its name for people.
        target: where its definition is found, as the command line names it.
        status: what it is.
        definition: the fingerprint of the definition in which its objects stand.
        state_token_pos: the object in hand.
        extra_data: the engine's.
        parent: the run that this one is a part of.
        owner: the worker that has it, or had it last.
        epoch: how often it was claimed.
        leased: whether a worker has it and has said so lately.
        created: when, in seconds since 1970, by the database's clock.
        modified: when its status changed last, likewise.
        objects: its objects.
    """

    uuid: str
    name: str
    target: str | None = None
    status: WorkflowStatus = WorkflowStatus.NEW
    definition: str | None = None
    state_token_pos: int = -1
    extra_data: dict[str, Any] = field(default_factory=dict)
    parent: str | None = None
    owner: str | None = None
    epoch: int = 0
    leased: bool = False
    created: float | None = None
    modified: float | None = None
    objects: list[Record] = field(default_factory=list)

    @property
    def interrupted(self) -> bool:
        """Whether its worker is gone: it is running, and nobody has it."""
        return self.status is WorkflowStatus.RUNNING and not self.leased

    def __repr__(self) -> str:
        return f"<run {self.uuid} of {self.name!r}: {self.status.name}, {len(self.objects)} objects>"
