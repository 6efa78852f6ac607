"""The reader, put together: from a task to its effects."""

from __future__ import annotations

import ast
from typing import Any

from wfgraph.compiler.inference.arguments import Arguments
from wfgraph.compiler.inference.base import TooMuch
from wfgraph.compiler.inference.calls import Calls
from wfgraph.compiler.inference.findings import Effects
from wfgraph.compiler.inference.frames import Frame
from wfgraph.compiler.inference.remembered import remembered
from wfgraph.compiler.inference.sources import Source
from wfgraph.compiler.inference.values import Engine, Known, Token
from wfgraph.graph.outcomes import ERROR, RETURN

__all__ = ["read"]

_NOWHERE = Source(ast.parse("lambda: None", mode="eval").body, (), frozenset())  # type: ignore[arg-type]


def read(task: Any, engine: type | None = None, *, declared: bool = True) -> Effects:
    """Return what a call of a task with a token and the engine may do.

    Args:
        task: any callable.
        engine: the class of the engine; None where it is not known.
        declared: whether what the task's author declares counts, and not its code.
    """
    place = remembered(task)
    if place is not None and (known := place[0].effects.get(place[1])) is not None:
        return known
    reader = Calls()
    reader.engine = engine
    reader.looks_inside = None if declared else task
    found = _read(reader, task)
    if place is not None and not reader.looks_around:
        place[0].keep(place[1], found)
    return found


def _read(reader: Calls, task: Any) -> Effects:
    frame = reader.frame = Frame(_NOWHERE, {})
    try:
        reader.not_awaited(reader.call(Known(task), Arguments((Token(), Engine()))))  # nobody uses what a task returns
    except (TooMuch, RecursionError) as error:
        reader.looks_around = True  # how deep the reader could go depends on who called it
        reader.give_up(str(error) or "code that is nested too deep")
    except Exception as error:  # a task that can't be read is opaque: it is no reason to refuse a definition
        reader.give_up(f"{type(error).__name__} while it was read: {error}")
    outcomes = set(frame.ways.raises)
    if frame.live:
        outcomes.add(RETURN)
    return reader.summary.done(outcomes or {ERROR})
