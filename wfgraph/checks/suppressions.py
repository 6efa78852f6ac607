"""Findings that somebody has silenced: at the task, or by a comment in its source."""

from __future__ import annotations

import linecache
import re
from collections.abc import Iterator
from functools import cache
from types import CodeType
from typing import Any

from wfgraph.graph.location import code_of, subjects
from wfgraph.graph.task import declaration_of
from wfgraph.graph.workflow_graph import WorkflowGraph

__all__ = ["Suppressions"]

_COMMENT = re.compile(r"#\s*wfgraph:\s*ignore\[([^\]]*)\]")
_LONGEST_HEAD = 20


class Suppressions:
    """What is silenced in one definition.

    ``@task(ignore=["WF107"])`` counts for the task, and for the pattern that has it as its condition; so does the
    comment ``# wfgraph: ignore[WF107]`` in the head of its ``def``.
    """

    def __init__(self, graph: WorkflowGraph) -> None:
        self._used: set[tuple[int, str]] = set()
        self._first: dict[tuple[int, str], int] = {}
        self._of_node: dict[int, list[tuple[int, str]]] = {}
        comments = cache(_comments_of_file)
        codes_of = cache(lambda subject: tuple(_codes(subject.value, comments)))
        for node in graph.nodes:
            for subject in subjects(node):
                for code in codes_of(_Same(subject)):
                    key = (id(subject), code)
                    self._first.setdefault(key, node.id)
                    self._of_node.setdefault(node.id, []).append(key)

    def silences(self, node: int, code: str) -> bool:
        """Tell whether a finding about a task is silenced, and remember that it was."""
        keys = [key for key in self._of_node.get(node, ()) if key[1] == code]
        self._used.update(keys)
        return bool(keys)

    def unused(self) -> Iterator[tuple[int, str]]:
        """Yield what has silenced nothing: the first task that has it, and the code."""
        return ((node, key[1]) for key, node in self._first.items() if key not in self._used)


class _Same:
    """A callable by its identity: some are not hashable, and some are equal to others."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.value is self.value


def _codes(function: Any, comments: Any) -> Iterator[str]:
    declared = declaration_of(function)
    if declared is not None:
        yield from declared.ignore
    code = code_of(function)
    if code is not None and (found := comments(code.co_filename)):
        for line in _head(code):
            yield from found.get(line, ())


def _head(code: CodeType) -> range:
    """Return the lines from the first decorator to the start of the body."""
    first = code.co_firstlineno
    body = min((line for _, _, line in code.co_lines() if line is not None and line > first), default=first + 1)
    last = min(max(body, first + 1), first + _LONGEST_HEAD)
    for line in range(first, first + _LONGEST_HEAD):
        if re.search(r"\b(def|lambda)\b", linecache.getline(code.co_filename, line)):
            return range(first, max(last, line + 1))
    return range(first, last)


def _comments_of_file(file: str) -> dict[int, list[str]]:
    """Return the silenced codes of each line of a file."""
    found = {}
    for number, line in enumerate(linecache.getlines(file), 1):
        if "wfgraph:" in line and (match := _COMMENT.search(line)):
            found[number] = [code.strip() for code in match[1].split(",") if code.strip()]
    return found
