"""What a stored run, and each of its objects, can be: the documented statuses with their labels."""

from __future__ import annotations

from enum import Enum
from typing import Any

from wfgraph.utils import classproperty

__all__ = ["EnumLabel", "ObjectStatus", "WorkflowStatus"]


class EnumLabel(Enum):
    """An enumeration whose members have a label for people: override ``labels`` with a dict from value to label."""

    label: str

    def __init__(self, label: Any) -> None:
        self.label = self.labels[label]

    @classproperty
    def labels(cls: Any) -> dict[Any, str]:  # noqa: N805 - a class property
        """The labels by value."""
        raise NotImplementedError


class WorkflowStatus(EnumLabel):
    """The statuses of a run. ``CANCELLED`` is an addition to the documented ones, and never set by an engine."""

    NEW = 0
    RUNNING = 1
    HALTED = 2
    ERROR = 3
    COMPLETED = 4
    CANCELLED = 5

    @classproperty
    def labels(cls: Any) -> dict[Any, str]:  # noqa: N805 - a class property
        """The labels by value."""
        return {0: "New", 1: "Running", 2: "Halted", 3: "Error", 4: "Completed", 5: "Cancelled"}


class ObjectStatus(EnumLabel):
    """The statuses of an object, which is a token of a run."""

    INITIAL = 0
    COMPLETED = 1
    HALTED = 2
    RUNNING = 3
    ERROR = 4

    @classproperty
    def labels(cls: Any) -> dict[Any, str]:  # noqa: N805 - a class property
        """The labels by value."""
        return {0: "New", 1: "Done", 2: "Need action", 3: "In process", 4: "Error"}
