"""How much is written at once, and so how much may have to be run again."""

from __future__ import annotations

from dataclasses import dataclass

from wfgraph.errors import StorageError, WorkflowAPIError
from wfgraph.utils import shown

__all__ = ["TASK", "TOKEN", "Granularity", "batch", "granularity_of"]


@dataclass(frozen=True, slots=True)
class Granularity:
    """How much may have to be run again after a crash.

    Attributes:
        per_task: the task in hand.
        tokens: otherwise, this many tokens; 1 is the token in hand.
        seconds: and no more than were completed within this time.
    """

    per_task: bool = False
    tokens: int = 1
    seconds: float = 0.0

    @property
    def in_rows(self) -> bool:
        """Whether tokens may be run one after the other without being stored between."""
        return self.tokens > 1 and not self.per_task


TASK = Granularity(per_task=True)
"""Written after each task: at most the task in hand runs again."""

TOKEN = Granularity()
"""Written after each token: at most the token in hand runs again. What the documented engine does."""


def batch(tokens: int = 50, milliseconds: float = 250.0) -> Granularity:
    """Write after so many tokens, or about so much time: at most these run again.

    Halts and errors are written at once, with what waits to be written.

    Args:
        tokens: how many.
        milliseconds: how long a completed token may wait. How many tokens fit into that is judged by how long the last
            ones took; when they take much longer all at once, it is more.

    Raises:
        StorageError: one of them is not above 0.
    """
    if tokens < 1 or milliseconds <= 0:
        raise StorageError(f"a batch is of at least one token and takes time, not {tokens} tokens in {milliseconds} ms")
    return Granularity(tokens=tokens, seconds=milliseconds / 1000)


def granularity_of(given: Granularity | str) -> Granularity:
    """Return a granularity by its name, or itself.

    Raises:
        WorkflowAPIError: there is none of this name.
    """
    known: dict[str, Granularity] = {"task": TASK, "token": TOKEN, "batch": batch()}
    if isinstance(given, Granularity):
        return given
    if given not in known:
        raise WorkflowAPIError(
            f"no granularity {shown(given)}; use one of {', '.join(known)}, or batch(tokens, milliseconds)"
        )
    return known[given]
