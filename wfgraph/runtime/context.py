"""Which engine runs here, and where it stands: for who looks on from outside, such as a log or a tracer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from wfgraph.graph.nesting import is_block
from wfgraph.utils import attribute, escape_control, task_name, type_name

__all__ = ["current_engine", "identity_of", "item_at", "speaking_of", "standing_of"]

current_engine: ContextVar[Any] = ContextVar("wfgraph_engine", default=None)
"""The engine whose run is under way in this context; the innermost one where runs are nested."""


@contextmanager
def speaking_of(eng: Any) -> Iterator[None]:
    """Make an engine the current one, also where no run of it is under way."""
    token = current_engine.set(eng)
    try:
        yield
    finally:
        current_engine.reset(token)


def identity_of(eng: Any) -> dict[str, str]:
    """Return what names an engine and its run: ``engine``, and ``run_uuid`` and ``run_name`` where the run is stored.

    What is stored is asked once in a run: it may have to be fetched.
    """
    run = eng._run
    if run is None:
        return _identity(eng)
    if run.identity is None:
        run.identity = _identity(eng)
    found: dict[str, str] = run.identity
    return found


def _identity(eng: Any) -> dict[str, str]:
    found = {"engine": type_name(type(eng))}
    stored = attribute(eng, "db_obj")
    for name in ("uuid", "name"):
        value = attribute(stored, name)
        if value is not None:
            found[f"run_{name}"] = str(value)
    return found


def standing_of(eng: Any) -> tuple[int, list[int], str | None]:
    """Return the index of an engine's token, the position in its definition, and the name of the task there.

    Looking does not make the engine follow the token, as asking ``state.callback_pos`` does.
    """
    position: list[int] = eng.state.glance()
    found = item_at(eng, position)
    name = None if found is None or is_block(found) else escape_control(task_name(found))
    return eng.state.token_pos, position, name


def item_at(eng: Any, position: list[int]) -> Any:
    """Return the task, or the list, at a position in the definition that an engine runs, or would; None for none."""
    run = eng._run
    found: Any = eng.callbacks.get(None).get("*") if run is None or run.callbacks is None else run.callbacks
    for index in position:
        if not is_block(found):
            break
        found = found[index] if -len(found) <= index < len(found) else None
    return found
