"""Which statuses may follow which, for the rows that are ours: two machines of ``transitions``, asked before each write."""

from __future__ import annotations

from enum import Enum
from typing import Any

from transitions import Machine

from wfgraph.errors import WorkflowObjectStatusError
from wfgraph.statuses import ObjectStatus, WorkflowStatus

__all__ = ["OBJECTS", "RUNS", "Lifecycle"]


class Lifecycle:
    """The legal changes of a status.

    Args:
        what: what has the status.
        statuses: the enumeration.
        changes: for each event, the statuses it may come from and the one it leads to.
    """

    def __init__(self, what: str, statuses: type[Enum], changes: dict[str, tuple[tuple[Enum, ...], Enum]]) -> None:
        self.what = what
        self.machine: Any = Machine(
            model=None,
            states=statuses,
            initial=None,
            auto_transitions=False,
            transitions=[
                {"trigger": event, "source": list(sources), "dest": goal} for event, (sources, goal) in changes.items()
            ],
        )
        # By name: an enumeration's own hash is computed in Python, and this is asked twice for each token.
        self.legal = frozenset((found.source, found.dest) for found in self.machine.get_transitions())

    def check(self, before: Enum, after: Enum, name: Any) -> None:
        """Refuse a change that is not legal.

        Raises:
            WorkflowObjectStatusError: it is none.
        """
        if before is not after and (before._name_, after._name_) not in self.legal:
            raise WorkflowObjectStatusError(
                f"the {self.what} {name} is {before.name}, and can't become {after.name}: "
                f"from {before.name} it may become {self._after(before) or 'nothing else'}",
                name,
                before,
            )

    def _after(self, before: Enum) -> str:
        return ", ".join(sorted(goal for source, goal in self.legal if source == before.name and goal))


_R, _O = WorkflowStatus, ObjectStatus

RUNS = Lifecycle(
    "run",
    WorkflowStatus,
    {
        "claim": ((_R.NEW, _R.HALTED, _R.ERROR, _R.COMPLETED), _R.RUNNING),
        "halt": ((_R.RUNNING,), _R.HALTED),
        "fail": ((_R.RUNNING,), _R.ERROR),
        "complete": ((_R.RUNNING,), _R.COMPLETED),
        "put_back": ((_R.RUNNING,), _R.NEW),
        "cancel": ((_R.NEW, _R.RUNNING, _R.HALTED, _R.ERROR), _R.CANCELLED),
    },
)

OBJECTS = Lifecycle(
    "object",
    ObjectStatus,
    {
        "begin": ((_O.INITIAL, _O.HALTED, _O.ERROR, _O.COMPLETED), _O.RUNNING),
        "halt": ((_O.RUNNING,), _O.HALTED),
        "fail": ((_O.RUNNING,), _O.ERROR),
        "complete": ((_O.RUNNING,), _O.COMPLETED),
        "put_back": ((_O.RUNNING,), _O.INITIAL),
    },
)
