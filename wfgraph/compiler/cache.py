"""The compile cache: a definition is compiled again only when its lists have changed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from operator import is_
from typing import Any

from wfgraph.compiler.codegen import CompiledProgram
from wfgraph.compiler.pipeline import build_program
from wfgraph.graph.ops import For, While
from wfgraph.graph.program import Program

__all__ = ["Prepared", "ProgramCache"]

_WORTH_IT = 40
"""After how many tokens generating code has paid for itself, roughly: it costs 40 times what it saves per task run."""
_WORTH_IT_WITH_LOOPS = 4
_ASKED_TOO_OFTEN = 3
"""After how many tokens that were asked for their position the interpreter is taken for those that follow."""


@dataclass(slots=True, eq=False)
class Prepared:
    """A program as one engine knows it.

    Attributes:
        program: what was compiled.
        tokens: how many tokens have been run through it.
        asked: how many of them were asked for their position while they ran in a routine, which makes that slow.
        forced: whether routines are to be used whatever it costs.
        vetted: whether a strict engine has checked it and found no error.
    """

    program: Program
    tokens: int = 0
    asked: int = 0
    forced: bool = False
    vetted: bool = False
    _executable: CompiledProgram | None = None

    @property
    def overasked(self) -> bool:
        """Whether so many tokens were asked for their position that interpreting is faster, where that is free."""
        return self.asked >= _ASKED_TOO_OFTEN and not self.forced

    def worth_compiling(self, coming: int) -> bool:
        """Tell whether generating code pays for a number of tokens that are about to run."""
        if self.overasked:
            return False
        if self._executable is not None:
            return True
        seen = self.tokens + coming
        if seen < _WORTH_IT_WITH_LOOPS:
            return False
        return seen >= _WORTH_IT or any(isinstance(node.op, For | While) for node in self.program.graph.nodes)

    def executable(self, *helpers: Callable[..., Any]) -> CompiledProgram:
        """Return the program with its routines; made once. The helpers are those of :class:`CompiledProgram`."""
        if self._executable is None:
            self._executable = CompiledProgram(self.program, *helpers)
        return self._executable


class ProgramCache:
    """Programs by the identity of the list they were compiled from, checked against what the list holds now."""

    def __init__(self, size: int = 64) -> None:
        self._size = size
        self._known: OrderedDict[int, tuple[Any, list[tuple[Any, list[Any]]], Prepared]] = OrderedDict()

    def get(self, callbacks: Any) -> Prepared:
        """Return the program of nested lists.

        Raises:
            WorkflowDefinitionError: they can't be compiled.
        """
        known = self._known.get(id(callbacks))
        if known is not None and known[0] is callbacks and _unchanged(known[1]):
            self._known.move_to_end(id(callbacks))
            return known[2]
        prepared = Prepared(build_program(callbacks))
        definition = prepared.program.graph.definition
        lists = [(block.source, list(block.source)) for block in definition.blocks]
        self._known[id(callbacks)] = (callbacks, lists, prepared)
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return prepared


def _unchanged(lists: list[tuple[Any, list[Any]]]) -> bool:
    """Tell whether every list still holds the very same items."""
    for live, copy in lists:  # noqa: SIM110 - a loop is faster than all() with a generator, and this runs at every start
        if len(live) != len(copy) or not all(map(is_, live, copy)):
            return False
    return True
