"""A definition like the one that INSPIRE ingests its records with: long, nested, mostly decisions.

It is described once, as a small tree, and written twice from that: as nested lists of patterns for an engine, and as the
Python function that a person would write instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from bench.tasks import Task, another_round, make_task

__all__ = ["BOUND", "by_hand", "definition", "source"]


@dataclass(frozen=True, slots=True)
class Fork:
    """A decision: ``IF``, or ``IF_ELSE`` where there is an ``otherwise``.

    Attributes:
        condition: its name.
        holds: what it says, of every token.
        then: what runs when it holds.
        otherwise: what runs when it does not; None for nothing.
        negated: it is an ``IF_NOT``.
    """

    condition: str
    holds: bool
    then: tuple[Step, ...]
    otherwise: tuple[Step, ...] | None = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Repeat:
    """A ``WHILE`` whose condition counts the token's rounds down."""

    body: tuple[Step, ...]


Step: TypeAlias = str | Fork | Repeat | tuple["Step", ...]
"""A task by its name, a decision, a loop, or a list that only groups."""


def _row(name: str, count: int) -> tuple[str, ...]:
    return tuple(f"{name}_{number}" for number in range(count))


def _decide(depth: int, name: str, tail: tuple[Step, ...]) -> tuple[Step, ...]:
    """Nest decisions into each other: every second holds, and every other goes on in its ``otherwise``."""
    if not depth:
        return tail
    inner = _decide(depth - 1, f"{name}x", tail)
    if depth % 2:
        return (f"{name}_look", Fork(f"{name}_known", True, (f"{name}_merge", *inner), (f"{name}_new",)))
    return (f"{name}_look", Fork(f"{name}_fresh", False, (f"{name}_save",), (f"{name}_load", *inner)))


STEPS: tuple[Step, ...] = (
    *_row("prepare", 4),
    Fork("is_submission", True, ("open_ticket", "reply", Fork("wants_copy", False, ("send_copy",)))),
    Fork("is_core", False, ("approve",), _row("classify", 3)),
    *_decide(4, "match", _row("resolve", 3)),
    Fork("has_fulltext", True, (_row("extract", 5), Fork("extracted", True, _row("attach", 2), ("complain",)))),
    Repeat((*_row("curate", 2), Fork("curated", False, _row("note", 2)))),
    (_row("enhance", 4), (_row("guess", 3), (_row("filter", 2),))),
    Fork("too_old", False, _row("stop", 2)),
    Fork("needs_approval", True, ("ask", *_decide(2, "ask", _row("answer", 2))), _row("wave", 2)),
    Fork(
        "accepted",
        True,
        (
            *_row("post", 3),
            *_decide(3, "store", (*_row("write", 2), "index")),
            Fork("legacy", True, _row("send", 3), _row("skip", 2)),
            Fork("silent", False, _row("notify", 3), negated=True),
        ),
        ("reject", Fork("is_submission_still", True, _row("refuse", 2))),
    ),
    *_row("finish", 3),
)

BOUND: dict[str, Task] = {}
"""The functions by the names under which the definition and the source speak of them."""


def _bind(step: Step) -> None:
    if isinstance(step, str):
        BOUND[step] = make_task(step)
    elif isinstance(step, Fork):
        BOUND[step.condition] = _condition(step.condition, step.holds)
        _bind(step.then)
        _bind(step.otherwise or ())
    else:
        for inner in step.body if isinstance(step, Repeat) else step:
            _bind(inner)


def _condition(name: str, holds: bool) -> Task:
    def condition(obj: Any, eng: Any) -> bool:
        return holds

    condition.__name__ = condition.__qualname__ = name
    return condition


_bind(STEPS)
BOUND["another_round"] = another_round


def definition(patterns: Any) -> list[Any]:
    """Write the definition for an engine.

    Args:
        patterns: a module with the patterns ``IF``, ``IF_NOT``, ``IF_ELSE`` and ``WHILE``.
    """
    return [_item(patterns, step) for step in STEPS]


def _item(patterns: Any, step: Step) -> Any:
    if isinstance(step, str):
        return BOUND[step]
    if isinstance(step, tuple):
        return [_item(patterns, inner) for inner in step]
    if isinstance(step, Repeat):
        return patterns.WHILE(another_round, [_item(patterns, inner) for inner in step.body])
    then, condition = _item(patterns, step.then), BOUND[step.condition]
    if step.otherwise is not None:
        return patterns.IF_ELSE(condition, then, _item(patterns, step.otherwise))
    return (patterns.IF_NOT if step.negated else patterns.IF)(condition, then)


def source() -> str:
    """Write the same in Python."""
    lines = ["def by_hand(obj, eng):"]
    _write(lines, STEPS, 1)
    return "\n".join(lines) + "\n"


def _write(lines: list[str], step: Step, depth: int) -> None:
    indent = "    " * depth
    if isinstance(step, str):
        lines.append(f"{indent}{step}(obj, eng)")
    elif isinstance(step, Repeat):
        lines.append(f"{indent}while another_round(obj, eng):")
        _write(lines, step.body, depth + 1)
    elif isinstance(step, Fork):
        lines.append(f"{indent}if {'not ' if step.negated else ''}{step.condition}(obj, eng):")
        _write(lines, step.then, depth + 1)
        if step.otherwise is not None:
            lines.append(f"{indent}else:")
            _write(lines, step.otherwise, depth + 1)
    else:
        for inner in step:
            _write(lines, inner, depth)


def by_hand() -> Callable[[Any, Any], None]:
    """Return that Python as a function."""
    namespace: dict[str, Any] = dict(BOUND)
    exec(compile(source(), "<ingestion by hand>", "exec"), namespace)  # noqa: S102 - our own text
    written: Callable[[Any, Any], None] = namespace["by_hand"]
    return written
