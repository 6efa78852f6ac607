"""What a check has found, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from wfgraph.graph.address import Address, format_address
from wfgraph.graph.location import Location
from wfgraph.utils import brief

__all__ = ["SEVERITIES", "Diagnostic", "Location", "Severity", "Spot"]

Severity: TypeAlias = Literal["error", "warning", "info"]

SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error")
"""From the least to the most."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One stop of a witness path.

    Attributes:
        address: the task's place; empty where the path ends outside all tasks.
        where: the place as text, which also tells the branch of a parallel pattern.
        name: the task's name; empty for the ends.
        location: where its code is, if that is known.
    """

    address: Address
    where: str
    name: str = ""
    location: Location | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.where}".lstrip()


@dataclass(frozen=True, slots=True, repr=False)
class Diagnostic:
    """One finding.

    Attributes:
        code: the code of the rule, such as ``"WF103"``; codes are never reused.
        rule: the name of the rule, such as ``"jump-to-itself"``.
        severity: ``"error"``, ``"warning"`` or ``"info"``.
        message: what is wrong, and where.
        address: the place in the definition; that of the parallel pattern for a task in one of its branches.
        location: where the code of the task is, if that is known.
        hint: what to do.
        witness: a path that shows it.
    """

    code: str
    rule: str
    severity: Severity
    message: str
    address: Address
    location: Location | None = None
    hint: str = ""
    witness: tuple[Spot, ...] = ()

    def __repr__(self) -> str:
        return brief(f"<{self._told}>")

    def __str__(self) -> str:
        place = f"{self.location}: " if self.location else ""
        return f"{place}{self._told}"

    @property
    def _told(self) -> str:
        return f"{self.code} {self.severity} at {format_address(self.address)}: {self.message}"
