"""What the tests of the documented API share: small engines, and tokens that keep what was said to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from differential.real import OURS, REAL, Library

from wfgraph.engine import GenericWorkflowEngine

both = pytest.mark.parametrize("library", [OURS, REAL], ids=lambda library: library.name)


def engine(*callbacks: Any, kind: Callable[[], Any] = GenericWorkflowEngine) -> Any:
    eng = kind()
    eng.callbacks.replace(list(callbacks))
    return eng


def engine_of(library: Library, *callbacks: Any) -> Any:
    return engine(*callbacks, kind=library.engine.GenericWorkflowEngine)


class Token(dict[Any, Any]):
    """A token that keeps what was said to it."""

    said = ""


def say(text: Any) -> Any:
    """Return a task that says a text, or what a callable gives."""

    def task(obj: Token, eng: Any) -> None:
        obj.said += str(text(obj, eng)) if callable(text) else text

    return task


A, B, C = map(say, "abc")


def at_first(obj: Token, eng: Any) -> bool:
    return obj.said == "a"


def thrice(obj: Token, eng: Any) -> bool:
    return obj.said == "aaa"


def once_at_second(obj: Token, eng: Any) -> bool:
    return eng.state.token_pos == 1 and obj.said == "a"


def fail(obj: Token, eng: Any) -> None:
    raise ValueError("failed")


def outcome(call: Callable[[Any], Any], eng: Any) -> Any:
    """Return what a call returns, or the name and the arguments of the exception that it raises."""
    try:
        return call(eng)
    except Exception as error:
        return (type(error).__name__, *error.args)
