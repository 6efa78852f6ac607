"""Where the code of a task is."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import CodeType
from typing import Any

from wfgraph.graph.functions import code_run_by
from wfgraph.graph.ops import CalledWith
from wfgraph.graph.workflow_graph import Node
from wfgraph.utils import attribute, is_a

__all__ = ["Location", "code_of", "location_of", "remember_site", "subjects", "where_is"]

_SITE = "__wfgraph_site__"
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
    code = code_run_by(function)
    return None if code is None or code.co_filename.startswith(_OURS) else code


def subjects(node: Node) -> Iterator[Any]:
    """Yield the callables that a finding about a task is about: itself, and what it asks."""
    yield node.item.task
    yield from (asked.function if is_a(asked, CalledWith) else asked for asked in node.op.asked)


def location_of(node: Node) -> Location | None:
    """Return where a task's code is: for a pattern's task where the pattern was called, else the condition it asks."""
    found = where_is(node.item.task)
    if found is not None:
        return found
    for subject in subjects(node):
        code = code_of(subject)
        if code is not None:
            return Location(code.co_filename, code.co_firstlineno)
    return None


def where_is(item: Any) -> Location | None:
    """Return where the code of an item is, or where the pattern was called that made it."""
    code = code_of(item)
    if code is not None:
        return Location(code.co_filename, code.co_firstlineno)
    site = attribute(item, _SITE)
    return site if isinstance(site, Location) else None


def remember_site(task: Any) -> None:
    """Keep on a pattern's task where the pattern was called: where the first caller's code is that is not of this package."""
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_OURS):
        frame = frame.f_back
    with suppress(AttributeError, TypeError):  # a pattern of one's own may return what takes no attributes
        setattr(task, _SITE, Location(frame.f_code.co_filename, frame.f_lineno))
