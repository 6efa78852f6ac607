"""Where the code of a task is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from types import CodeType
from typing import Any

from wfgraph.graph.workflow_graph import Node

__all__ = ["Location", "code_of", "location_of", "subjects"]

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A line of source.

    Attributes:
        file: its path, as Python knows it.
        line: the number of the line, from 1.
    """

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def code_of(function: Any) -> CodeType | None:
    """Return the user's code that a call runs; None where that is ours, or no Python."""
    while isinstance(function, partial):
        function = function.func
    code = getattr(function, "__code__", None)
    if code is None and not isinstance(function, type):
        code = getattr(type(function).__call__, "__code__", None)
    if not isinstance(code, CodeType) or code.co_filename.startswith(_OURS):
        return None
    return code


def subjects(node: Node) -> Iterator[Any]:
    """Yield the callables that a finding about a task is about: itself, and what it asks."""
    yield node.item.task
    yield from node.op.asked


def location_of(node: Node) -> Location | None:
    """Return the first line of a task's own code, or of the condition that a pattern's task asks."""
    for subject in subjects(node):
        code = code_of(subject)
        if code is not None:
            return Location(code.co_filename, code.co_firstlineno)
    return None
