"""Running a program in either library, and comparing what was seen."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from differential.build import Builder, KeyedToken, Recorder, Token, TooLong
from differential.engines import engine_class
from differential.exclusions import excused
from differential.programs import Program
from differential.real import OURS, REAL, Library

__all__ = ["Seen", "compare", "definitions_of", "run"]

_FLAGS = ("stop_on_error", "stop_on_halt", "initial_run", "reset_state")


@dataclass(frozen=True)
class Seen:
    """What one call did.

    Attributes:
        events: what happened, in order.
        lost: how many of the events came before the real library was at a position that is no place.
        full: whether it went on for so long that it was ended.
        outcome: how it ended: a class name and what of the exception can be compared; ``("returned",)``.
        left: what it left: state, tokens, ``extra_data``, what the engine says of itself.
    """

    events: tuple[Any, ...]
    lost: int | None
    full: bool
    outcome: tuple[Any, ...]
    left: dict[str, Any]


def run(library: Library, program: Program, tier: str = "auto", trace: Any = None) -> list[Seen]:
    """Run a program; with a trace, record its steps."""
    recorder = Recorder()
    builder = Builder(library, recorder)
    definitions = {key: builder.definition(items) for key, items in program.definitions}
    kind = engine_class(library, program.engine, builder, recorder)
    kind.tier, kind.trace = tier, trace
    tokens = [_token(number, *given) for number, given in enumerate(program.tokens)]
    seen: list[Seen] = []
    with _calm(library):
        eng = _new(kind, definitions)
        for call in program.calls:
            if call[0].startswith("revive"):
                eng = _revived(eng, kind, definitions)
            start = len(recorder.events)
            outcome = _outcome(eng, call, tokens)
            left = _left(eng, tokens, program)
            lost = None if recorder.lost is None else recorder.lost - start
            seen.append(Seen(tuple(recorder.events[start:]), lost, recorder.full, outcome, left))
            if recorder.full:
                break
    return seen


def definitions_of(library: Library, program: Program) -> dict[str, Any]:
    """Return the definitions of a program, to be looked at without running them."""
    builder = Builder(library, Recorder())
    return {key: builder.definition(items) for key, items in program.definitions}


def _token(number: int, value: int, kind: str | None) -> Token:
    return Token(number, value) if kind is None else KeyedToken(number, value, kind)


def _new(kind: Any, definitions: dict[str, Any]) -> Any:
    eng = kind()
    for key, definition in definitions.items():
        eng.callbacks.replace(definition, key)
    return eng


def _revived(eng: Any, kind: Any, definitions: dict[str, Any]) -> Any:
    """Return a fresh engine with the state and the data of another, as read back from JSON."""
    fresh = _new(kind, definitions)
    state = json.loads(json.dumps(eng.state.__getstate__()))
    fresh.state.token_pos = state["token_pos"]
    fresh.state.callback_pos = state["callback_pos"]
    fresh.extra_data = json.loads(json.dumps(eng.extra_data))
    fresh.objects = eng.objects
    return fresh


@contextmanager
def _calm(library: Library) -> Iterator[None]:
    """Let deprecation warnings pass, and the real library recurse."""
    limit = sys.getrecursionlimit()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if library.real:
            sys.setrecursionlimit(20_000)
        try:
            yield
        finally:
            sys.setrecursionlimit(limit)


def _outcome(eng: Any, call: tuple[Any, ...], tokens: list[Any]) -> tuple[Any, ...]:
    name, *words, flags = call
    options = dict.fromkeys(flags, False)
    try:
        if name == "process":
            eng.process(tokens, **options)
        else:
            eng.restart(*words, objects=tokens, **options)
    except (Exception, TooLong) as error:
        return _shown(error)
    return ("returned",)


def _shown(error: BaseException) -> tuple[Any, ...]:
    """Name an exception, with its arguments where those are the user's, not the library's: ``messages``."""
    name = type(error).__name__
    if hasattr(error, "action"):
        return (name, error.message, error.action, error.payload)  # type: ignore[attr-defined]
    message = getattr(error, "message", None) or (error.args[0] if error.args else None)
    return (name, message, getattr(error, "payload", None)) if message in ("own", "gave up") else (name,)


def _left(eng: Any, tokens: list[Any], program: Program) -> dict[str, Any]:
    return {
        "state": json.loads(json.dumps(eng.state.__getstate__())),
        "tokens": [token.value for token in tokens],
        "data": dict(eng.extra_data),
        "length": len(eng),
        "objects": [getattr(token, "name", None) for token in eng.objects],
        "has_completed": eng.has_completed,
        "current_object": _attempt(lambda: getattr(eng.current_object, "name", None)),
        "taskname": _attempt(lambda: _taskname(eng)) if program.definitions[0][0] == "*" else "any",
    }


def _attempt(ask: Any) -> Any:
    try:
        return ask()
    except Exception:
        return "any"


def _taskname(eng: Any) -> str | None:
    name = eng.current_taskname
    return "list" if name is not None and name.startswith("[") else name


def compare(program: Program, tiers: tuple[str, ...] = ("interpreted", "compiled")) -> list[Seen]:
    """Run a program in both libraries and assert that they agree; return what the real one did."""
    theirs = run(REAL, program)
    for tier in tiers:
        ours = run(OURS, program, tier)
        for index, (expected, actual) in enumerate(zip(theirs, ours, strict=False)):
            where = f"call {index} {program.calls[index]}, {tier}"
            if excused(program, expected.lost is not None, expected.full):
                assert expected.events[: expected.lost] == actual.events[: expected.lost][: len(expected.events)], where
                break
            assert expected.events == actual.events, where
            assert expected.outcome == actual.outcome, where
            for name, value in expected.left.items():
                assert value in (actual.left[name], "any"), f"{where}: {name}"
        else:
            assert len(theirs) == len(ours)
    return theirs
