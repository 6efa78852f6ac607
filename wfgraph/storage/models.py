"""The tables: mixins for those who own their tables, and ready classes for those who don't care.

Times are seconds since 1970-01-01 UTC, by the clock of the database alone; clocks of workers are never compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, BigInteger, Enum, Float, ForeignKey, Index, Integer, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from wfgraph.statuses import ObjectStatus, WorkflowStatus

__all__ = [
    "Base",
    "Definition",
    "DefinitionMixin",
    "Models",
    "Object",
    "ObjectMixin",
    "READY",
    "Result",
    "ResultMixin",
    "Step",
    "StepMixin",
    "Workflow",
    "WorkflowMixin",
]

_NUMBER = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts only plain integers up by itself


class WorkflowMixin:
    """A run."""

    uuid: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), index=True)
    target: Mapped[str | None] = mapped_column(Text, doc="where the definition is found, as the command line names it")
    status: Mapped[WorkflowStatus] = mapped_column(Enum(WorkflowStatus, native_enum=False, length=16), index=True)
    definition: Mapped[str | None] = mapped_column(String(32), doc="the fingerprint of what its objects stand in")
    state_token_pos: Mapped[int] = mapped_column(
        Integer, default=-1, doc="the object in hand, as MachineState.token_pos"
    )
    extra_data: Mapped[Any] = mapped_column(JSON, default=dict)
    parent: Mapped[str | None] = mapped_column(String(36), index=True, doc="the run that this one is a part of")
    first_object: Mapped[int | None] = mapped_column(
        Integer, doc="of a part of a run: the place of its first object among those of that run"
    )
    joins: Mapped[str | None] = mapped_column(
        String(255), doc="of a branch of a task: what all branches have in common that the task waits for"
    )
    dispatched: Mapped[float | None] = mapped_column(Float(53), doc="when workers were told of it last")
    owner: Mapped[str | None] = mapped_column(String(255), doc="the worker that has it, or had it last")
    epoch: Mapped[int] = mapped_column(
        Integer, default=0, doc="how often it was claimed; what another epoch writes is refused"
    )
    lease_until: Mapped[float | None] = mapped_column(Float(53), doc="when the claim runs out; null: nobody has it")
    attempts: Mapped[int] = mapped_column(
        Integer,
        default=0,
        server_default="0",
        doc="how often it was claimed since a worker let go of it, or something was written",
    )
    written: Mapped[int] = mapped_column(
        Integer, default=0, server_default="0", doc="how often its objects had been written when it was claimed last"
    )
    created: Mapped[float] = mapped_column(Float(53))
    modified: Mapped[float] = mapped_column(Float(53))


class ObjectMixin:
    """A token of a run."""

    id: Mapped[int] = mapped_column(_NUMBER, primary_key=True, autoincrement=True)
    ordinal: Mapped[int] = mapped_column(Integer, doc="its place among the tokens of the run, from 0")
    status: Mapped[ObjectStatus] = mapped_column(Enum(ObjectStatus, native_enum=False, length=16))
    callback_pos: Mapped[Any] = mapped_column(
        JSON,
        nullable=True,
        doc="the task that comes next; of one that is HALTED or ERROR, the one that raised; null before the first",
    )
    node: Mapped[str | None] = mapped_column(String(255), doc="the identity of the task at callback_pos")
    epoch: Mapped[int] = mapped_column(Integer, default=0)
    revision: Mapped[int] = mapped_column(Integer, default=0, doc="how often it was written")
    visits: Mapped[Any] = mapped_column(JSON, nullable=True, doc="how often it has left each task, by the task's place")
    loops: Mapped[Any] = mapped_column(JSON, nullable=True, doc="how far its loops have come")
    data: Mapped[Any] = mapped_column(JSON, doc="the token itself")
    error_type: Mapped[str | None] = mapped_column(String(255))
    error_message: Mapped[str | None] = mapped_column(Text)
    halt_message: Mapped[str | None] = mapped_column(Text)
    halt_action: Mapped[str | None] = mapped_column(Text)
    halt_payload: Mapped[Any] = mapped_column(JSON, nullable=True)
    modified: Mapped[float] = mapped_column(Float(53))

    @declared_attr
    def workflow(cls) -> Mapped[str]:  # noqa: N805 - called with the class
        """The run it belongs to."""
        return mapped_column(ForeignKey(f"{_sibling(cls, 'workflow')}.uuid", ondelete="CASCADE"))

    @declared_attr.directive
    def __table_args__(cls) -> Any:  # noqa: N805 - called with the class
        name = cls.__tablename__  # type: ignore[attr-defined]  # the class that mixes it in has one
        # No index on what changes with each step: it would cost more at each of them than it saves when somebody looks.
        return (Index(f"{name}_ordinal", "workflow", "ordinal", unique=True),)


class DefinitionMixin:
    """A version of a definition, kept for as long as runs stand in it."""

    fingerprint: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    graph: Mapped[str] = mapped_column(Text, doc="as wfgraph.compiler.stored writes it")
    created: Mapped[float] = mapped_column(Float(53))


class ResultMixin:
    """What a task that runs once per object has returned: the journal of ``once``."""

    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON)
    created: Mapped[float] = mapped_column(Float(53))

    @declared_attr
    def object(cls) -> Mapped[int]:  # noqa: N805 - called with the class
        """The object it ran for."""
        return mapped_column(
            ForeignKey(f"{_sibling(cls, 'object')}.id", ondelete="CASCADE"), primary_key=True, sort_order=-1
        )


class StepMixin:
    """A task that an object went through."""

    number: Mapped[int] = mapped_column(Integer, primary_key=True, doc="the object's revision that it was written with")
    node: Mapped[str] = mapped_column(String(255))
    callback_pos: Mapped[Any] = mapped_column(JSON)
    outcome: Mapped[str] = mapped_column(String(16), doc="done, halted, failed, or left: how the task ended")
    seconds: Mapped[float] = mapped_column(Float(53))
    ended: Mapped[float] = mapped_column(Float(53))

    @declared_attr
    def object(cls) -> Mapped[int]:  # noqa: N805 - called with the class
        """The object."""
        return mapped_column(
            ForeignKey(f"{_sibling(cls, 'object')}.id", ondelete="CASCADE"), primary_key=True, sort_order=-1
        )


def _sibling(cls: Any, kind: str) -> str:
    """Return the name of the table of another kind: what ``__wfgraph__`` of a base says, or ours."""
    known: dict[str, str] = getattr(cls, "__wfgraph__", {})
    return known.get(kind, f"wfgraph_{kind}")


@dataclass(frozen=True, slots=True)
class Models:
    """Which classes hold what; your own may mix other columns in, with defaults."""

    workflow: Any
    object: Any
    definition: Any
    result: Any
    step: Any

    @property
    def metadata(self) -> MetaData:
        """The metadata that all of them share."""
        found: MetaData = self.workflow.metadata
        return found


class Base(DeclarativeBase):
    """The base of the ready classes."""


class Workflow(WorkflowMixin, Base):
    """A run, in the table ``wfgraph_workflow``."""

    __tablename__ = "wfgraph_workflow"


class Object(ObjectMixin, Base):
    """A token, in the table ``wfgraph_object``."""

    __tablename__ = "wfgraph_object"


class Definition(DefinitionMixin, Base):
    """A version of a definition, in the table ``wfgraph_definition``."""

    __tablename__ = "wfgraph_definition"


class Result(ResultMixin, Base):
    """What a task that runs once has returned, in the table ``wfgraph_result``."""

    __tablename__ = "wfgraph_result"


class Step(StepMixin, Base):
    """A task that an object went through, in the table ``wfgraph_step``."""

    __tablename__ = "wfgraph_step"


READY = Models(Workflow, Object, Definition, Result, Step)
"""The ready classes."""
