"""The workloads: what is run, with which tokens, and how many calls of the user's functions a token takes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from bench import ingestion
from bench.tasks import ITEMS, TASKS, Token, another_round, first_way, jump_back, second_way, third_way

__all__ = ["BY_NAME", "WORKLOADS", "Stage", "Workload", "nested"]

Stage: TypeAlias = Callable[[Sequence[Token]], Callable[[], object]]
"""How an engine does a workload: given tokens it makes everything ready, and returns what is to be timed."""

INGESTION_ROUNDS = 3
FRESH_TASKS = 10_000
DEPTH = 1_000
_IS_312 = sys.version_info[:2] == (3, 12)
_NO_LISTS = "peers take flat graphs, no nested lists: someone would have to flatten it first"
_TEN = 10


def nested(count: int, depth: int = 5) -> list[Any]:
    """Return about this many tasks, drawn from one shared set, in lists of at most ten items that are nested.

    Args:
        count: how many tasks; exact when a power of ten of at least ``10 ** depth``, otherwise cut at the end.
        depth: how deep each task stands.
    """
    row: list[Any] = [TASKS[number % len(TASKS)] for number in range(count)]
    for _ in range(depth - 1):
        row = [row[start : start + _TEN] for start in range(0, len(row), _TEN)]
    return row


def _deep() -> list[Any]:
    found: list[Any] = []
    for level in reversed(range(DEPTH)):
        found = [TASKS[level % len(TASKS)], found] if found else [TASKS[level % len(TASKS)]]
    return found


@dataclass(frozen=True, slots=True)
class Workload:
    """One workload.

    Attributes:
        name: what it is called on the command line.
        title: what it is called in the table.
        build: writes the definition with the patterns of a module, ``wfgraph``'s or ``workflow``'s.
        calls: how many calls of tasks and conditions one token takes: what a time is divided by.
        tokens: how many tokens are given to an engine at once.
        least: how many are given to an engine that would take too long for that: as many as have different ways.
        rounds: what :attr:`bench.tasks.Token.rounds` starts with.
        hooked: a hook is called before each task.
        fresh: the engine and the definition are new each time, so that compiling is measured too.
        deep: it needs a deep stack.
        without: the engines that can't do it, and why.
        beyond: why it is not written for the peers.
    """

    name: str
    title: str
    build: Callable[[Any], list[Any]]
    calls: int
    tokens: int = 1_000
    least: int = 1
    rounds: int = 0
    hooked: bool = False
    fresh: bool = False
    deep: bool = False
    without: Mapping[str, str] = field(default_factory=dict)
    beyond: str = ""

    def make_tokens(self, count: int) -> list[Token]:
        """Return this many new tokens."""
        return [Token(number, self.rounds) for number in range(count)]


def _straight(patterns: Any) -> list[Any]:
    return list(TASKS)


def _ifelse(patterns: Any) -> list[Any]:
    """Every way through it takes six calls."""
    a, b, c, d, e, f, g, h, *others = TASKS
    innermost = patterns.IF_ELSE(third_way, c, d)
    inner = patterns.IF_ELSE(second_way, [b, innermost], [e, f, g])
    return [patterns.IF_ELSE(first_way, [a, inner], [h, *others[:4]])]


def _while(patterns: Any) -> list[Any]:
    return [patterns.WHILE(another_round, list(TASKS[:3]))]


def _for(patterns: Any) -> list[Any]:
    return [patterns.FOR(ITEMS, "item", list(TASKS[:2]))]


def _jumps(patterns: Any) -> list[Any]:
    return [TASKS[0], TASKS[1], jump_back, TASKS[2]]


WORKLOADS: tuple[Workload, ...] = (
    Workload("straight", "20 tasks in a row", _straight, 20),
    Workload("single", "20 tasks in a row, one token a call", _straight, 20, tokens=1),
    Workload("ifelse", "3 nested IF_ELSE", _ifelse, 6, least=8),
    Workload("while", "WHILE, 100 rounds of 3 tasks", _while, 401, tokens=100, rounds=100),
    Workload(
        "for",
        "FOR, 100 items, 2 tasks each",
        _for,
        200,
        tokens=100,
        without={"workflow": "its FOR fails with a KeyError when the items are used up"},
        beyond="peers loop over items in parallel or not at all; in order, it would be the WHILE again",
    ),
    Workload(
        "jumps",
        "a task that jumps back 3 times",
        _jumps,
        13,
        beyond="in peers the graph decides where to go next, from fixed edges: no task can jump by an offset",
    ),
    Workload(
        "ingestion",
        "126 tasks, 9 levels, like INSPIRE's",
        ingestion.definition,
        96,
        tokens=200,
        rounds=INGESTION_ROUNDS,
        beyond=_NO_LISTS,
    ),
    Workload(
        "hook",
        "20 tasks, a hook before each",
        _straight,
        20,
        hooked=True,
        beyond="not written: hooks of peers, where they have some, stand around steps of their own",
    ),
    Workload(
        "fresh",
        "10,000 tasks once, compiling included",
        lambda _: nested(FRESH_TASKS),
        FRESH_TASKS,
        tokens=1,
        fresh=True,
        beyond=_NO_LISTS,
    ),
    Workload(
        "deep",
        "1,000 tasks, 1,000 levels deep",
        lambda _: _deep(),
        DEPTH,
        tokens=1,
        deep=True,
        beyond=_NO_LISTS,
        without={"workflow": "Python 3.12 limits how deep C calls nest, whatever the stack"} if _IS_312 else {},
    ),
)

BY_NAME: dict[str, Workload] = {workload.name: workload for workload in WORKLOADS}
