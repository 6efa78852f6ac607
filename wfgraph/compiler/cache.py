"""The compile cache: a definition is compiled again only when its lists have changed."""

from __future__ import annotations

from collections import OrderedDict
from operator import is_
from typing import Any

from wfgraph.compiler.pipeline import build_program
from wfgraph.graph.program import Program

__all__ = ["ProgramCache"]


class ProgramCache:
    """Programs by the identity of the list they were compiled from, checked against what the list holds now."""

    def __init__(self, size: int = 64) -> None:
        self._size = size
        self._known: OrderedDict[int, tuple[Any, list[tuple[Any, list[Any]]], Program]] = OrderedDict()

    def get(self, callbacks: Any) -> Program:
        """Return the program of nested lists.

        Raises:
            WorkflowDefinitionError: they can't be compiled.
        """
        known = self._known.get(id(callbacks))
        if known is not None and known[0] is callbacks and _unchanged(known[1]):
            self._known.move_to_end(id(callbacks))
            return known[2]
        program = build_program(callbacks)
        lists = [(block.source, list(block.source)) for block in program.graph.definition.blocks]
        self._known[id(callbacks)] = (callbacks, lists, program)
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return program


def _unchanged(lists: list[tuple[Any, list[Any]]]) -> bool:
    """Tell whether every list still holds the very same items."""
    return all(len(live) == len(copy) and all(map(is_, live, copy)) for live, copy in lists)
