"""What keeps nothing, in the place of a :class:`~wfgraph.storage.keeper.Keeper`."""

from __future__ import annotations

from typing import Any

from wfgraph.errors import HaltProcessing
from wfgraph.statuses import ObjectStatus

__all__ = ["Aside", "Nowhere"]


class Nowhere:
    """Keeps nothing: before a run has begun, and after its end."""

    def run_begins(self, eng: Any, objects: Any) -> None:
        """Do nothing."""

    def run_ends(self, eng: Any, objects: Any) -> None:
        """Do nothing."""

    def token_begins(self, eng: Any, obj: Any) -> None:
        """Do nothing."""

    def task_begins(self, eng: Any) -> None:
        """Do nothing."""

    def token_left(self, eng: Any, obj: Any, status: ObjectStatus, saved: bool = True) -> None:
        """Do nothing."""

    def token_halted(self, eng: Any, obj: Any, halt: HaltProcessing) -> None:
        """Do nothing."""

    def token_failed(self, eng: Any, obj: Any, error: BaseException, text: str) -> None:
        """Do nothing."""


class Aside(Nowhere):
    """Keeps nothing, for an engine that runs inside a task: what it does is a part of that task."""
