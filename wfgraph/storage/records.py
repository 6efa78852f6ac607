"""A stored run and its objects, as they are held in memory, and how rows become them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from wfgraph.statuses import ObjectStatus, WorkflowStatus
from wfgraph.storage.values import encode
from wfgraph.utils import brief, counted

__all__ = [
    "UNFINISHED",
    "WAITS_FOR_BRANCHES",
    "Progress",
    "Record",
    "RunRecord",
    "error_line",
    "record_of",
    "run_of",
]

UNFINISHED = (WorkflowStatus.NEW, WorkflowStatus.RUNNING)
"""What a run is in which there is something to be run, by whoever takes it."""

WAITS_FOR_BRANCHES = "wfgraph:branches"
"""The action that a token waits for whose branches are runs of their own: nobody takes it, they end."""


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
        kept: while it is in hand, the position and the visits to which what is stored of it belongs.
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
    kept: tuple[list[int] | None, dict[int, int]] | None = None

    @property
    def known_statuses(self) -> type[ObjectStatus]:
        """The enumeration of what it can be."""
        return ObjectStatus

    def __repr__(self) -> str:
        where = f" at {self.node} {self.callback_pos}" if self.callback_pos is not None else ""
        return brief(f"<object {self.ordinal}: {self.status.name}{where}>")


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
        first_object: of a part of a run, the place of its first object among those of that run.
        joins: of a branch of a task, what all branches have in common that the task waits for.
        parts: the parts of a run that several workers share; they have its objects, and the run has none of its own.
        owner: the worker that has it, or had it last.
        epoch: how often it was claimed.
        leased: whether a worker has it and has said so lately.
        attempts: how often it was claimed since a worker let go of it, or something of it was written.
        written: how often its objects had been written when it was claimed last.
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
    first_object: int | None = None
    joins: str | None = None
    owner: str | None = None
    epoch: int = 0
    leased: bool = False
    attempts: int = 0
    written: int = 0
    created: float | None = None
    modified: float | None = None
    objects: list[Record] = field(default_factory=list)
    parts: list[RunRecord] = field(default_factory=list)

    @property
    def interrupted(self) -> bool:
        """Whether its worker is gone: it is running, and nobody has it."""
        return self.status is WorkflowStatus.RUNNING and not self.leased

    def place_of(self, record: Record) -> int:
        """Return the place of one of its objects among the tokens that were given, of which a part has only some."""
        return (self.first_object or 0) + record.ordinal

    @property
    def revisions(self) -> int:
        """How often its objects were written."""
        return sum(one.revision for one in self.objects)

    @property
    def fruitless(self) -> int:
        """How many workers in a row have claimed it, and were lost before they wrote anything."""
        return self.attempts if self.written == self.revisions else 0

    def __repr__(self) -> str:
        return brief(f"<run {self.uuid} of {self.name!r}: {self.status.name}, {counted(len(self.objects), 'object')}>")


@dataclass(slots=True, eq=False, repr=False)
class Progress:
    """How far a run is, as its database counts.

    Attributes:
        run: the run, without its objects.
        objects: how many objects there are of each status.
        nodes: how many objects stand at a task, by its identity and their status; those that wait to begin, or are
            completed, stand nowhere.
        parts: how many parts of each status the run has.
        branches: how many branches of its tasks of each status it has, that are runs of their own.
        waiting: how many objects wait for such branches; they go on by themselves.
    """

    run: RunRecord
    objects: dict[ObjectStatus, int] = field(default_factory=dict)
    nodes: dict[tuple[str, ObjectStatus], int] = field(default_factory=dict)
    parts: dict[WorkflowStatus, int] = field(default_factory=dict)
    branches: dict[WorkflowStatus, int] = field(default_factory=dict)
    waiting: int = 0

    def __repr__(self) -> str:
        return f"<Progress of run {self.run.uuid}: {self.run.status.name}, {self.ended} of {self.total} objects ended>"

    @property
    def total(self) -> int:
        """How many objects the run has."""
        return sum(self.objects.values())

    @property
    def ended(self) -> int:
        """How many of them are completed, halted or failed."""
        over = (ObjectStatus.COMPLETED, ObjectStatus.HALTED, ObjectStatus.ERROR)
        return sum(self.objects.get(status, 0) for status in over) - self.waiting

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is to be run: it is completed, cancelled, or waits for somebody."""
        return self.run.status not in UNFINISHED and not self.waiting

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "uuid": self.run.uuid,
            "name": self.run.name,
            "status": self.run.status.name,
            "interrupted": self.run.interrupted,
            "objects": {status.name: count for status, count in self.objects.items()},
            "nodes": [
                {"node": node, "status": status.name, "objects": count}
                for (node, status), count in sorted(
                    self.nodes.items(), key=lambda found: (found[0][0], found[0][1].name)
                )
            ],
            "parts": {status.name: count for status, count in self.parts.items()},
            "branches": {status.name: count for status, count in self.branches.items()},
        }


def error_line(record: Record) -> str:
    """Return the last line of what an object failed with: the error itself, without its traceback."""
    return (record.error_message or "").strip().rpartition("\n")[2]


def run_of(row: Any) -> RunRecord:
    """Return the run of a row, without its objects."""
    return RunRecord(
        uuid=row.uuid,
        name=row.name,
        target=row.target,
        status=row.whole_status,
        definition=row.definition,
        state_token_pos=row.state_token_pos,
        extra_data=row.extra_data or {},
        parent=row.parent,
        first_object=row.first_object,
        joins=row.joins,
        owner=row.owner,
        epoch=row.epoch,
        leased=bool(row.leased),
        attempts=row.attempts,
        written=row.written,
        created=row.created,
        modified=row.modified,
    )


def record_of(row: Any) -> Record:
    """Return the object of a row."""
    return Record(
        ordinal=row.place,
        stored=encode(row.data, "stored data"),
        id=row.id,
        status=row.status,
        callback_pos=row.callback_pos,
        node=row.node,
        revision=row.revision,
        visits={int(node): count for node, count in (row.visits or {}).items()},
        loops=row.loops,
        error_type=row.error_type,
        error_message=row.error_message,
        halt_message=row.halt_message,
        halt_action=row.halt_action,
        halt_payload=row.halt_payload,
    )
