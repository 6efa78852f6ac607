"""What keeps nothing, in the place of a :class:`~wfgraph.storage.keeper.Keeper`."""

from __future__ import annotations

from typing import Any

from wfgraph import _contract

__all__ = ["Aside", "Nowhere"]


class Nowhere(_contract.Nowhere):
    """Keeps nothing: before a run has begun, and after its end."""

    def task_begins(self, eng: Any) -> None:
        """Do nothing."""


class Aside(Nowhere):
    """Keeps nothing, for an engine that runs inside a task: what it does is a part of that task."""
