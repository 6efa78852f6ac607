"""What a rule is, and what it yields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wfgraph.checks.diagnostics import Severity, Spot
from wfgraph.graph.address import Address
from wfgraph.graph.location import Location

if TYPE_CHECKING:
    from wfgraph.checks.context import Context

__all__ = ["Finding", "Rule"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule yields; the runner makes a diagnostic of it.

    Attributes:
        message: what is wrong, and where.
        node: the task that it is about.
        address: the place, where it is about no task.
        hint: what to do.
        witness: a path that shows it.
        severity: where it differs from the rule's own.
        location: where the code is, where it is about no task.
    """

    message: str
    node: int | None = None
    address: Address = ()
    hint: str = ""
    witness: tuple[Spot, ...] = ()
    severity: Severity | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Rule:
    """One rule.

    Attributes:
        code: its code; never reused for another.
        name: its name, in words joined by dashes.
        severity: how bad its findings are, unless one of them or the user's configuration says otherwise.
        sound: whether a finding is always right; the others may be wrong, and :attr:`about` says when.
        about: what it means and why it matters, for ``--explain``.
        find: yields the findings in a definition.
    """

    code: str
    name: str
    severity: Severity
    sound: bool
    about: str
    find: Callable[[Context], Iterator[Finding]]

    def __repr__(self) -> str:
        return f"<Rule {self.code} {self.name}, {self.severity}>"

    @property
    def page(self) -> str:
        """The page about it, relative to the repository."""
        return f"docs/checks/{self.code}.md"
