"""One test for each line of docs/compat/quirks.md that has none elsewhere, and what these tests share."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from differential.real import OURS, REAL, Library

__all__ = ["Subject", "both", "fixed", "note", "ours", "outcome"]

_AROUND = ("before_processing", "after_processing", "before_object", "after_object")
_TASKS = ("before_callbacks", "after_callbacks", "before_each_callback", "after_each_callback")


@dataclass(frozen=True)
class Subject:
    """One of the libraries, run in one of its ways."""

    library: Library
    tier: str

    def engine(self, *callbacks: Any, hooks: dict[str, Any] | None = None, **overrides: Any) -> Any:
        """Return an engine with a definition; hooks and handlers are given by name."""
        base = self.library.engine.GenericWorkflowEngine
        space = {"tier": self.tier, **overrides}
        if hooks:
            space["processing_factory"] = self._factory(hooks)
        if self.library.real:
            space["process"] = _without_warnings(base.process)
        eng = type("Engine", (base,), space)()
        if callbacks:
            eng.callbacks.replace(list(callbacks))
        return eng

    def run(self, *callbacks: Any) -> list[Any]:
        """Run a list as the only token; return it."""
        obj: list[Any] = []
        self.engine(*callbacks).process([obj])
        return obj

    def halted(self, eng: Any, *tokens: Any) -> None:
        """Run tokens and expect a halt."""
        with pytest.raises(self.error("HaltProcessing")):
            eng.process(list(tokens))

    def pattern(self, name: str) -> Any:
        return self.library.pattern(name)

    def error(self, name: str) -> Any:
        return self.library.error(name)

    def _factory(self, hooks: dict[str, Any]) -> type:
        classes = self.library.engine
        own = {name: staticmethod(hook) for name, hook in hooks.items()}
        around = {name: own.pop(name) for name in _AROUND if name in own}
        tasks = {name: own.pop(name) for name in _TASKS if name in own}
        mappers = {
            "action_mapper": type("Mapper", (classes.ActionMapper,), tasks),
            "transition_exception_mapper": type("Actions", (classes.TransitionActions,), own),
        }
        return type("Factory", (classes.ProcessingFactory,), {**around, **mappers})


def _without_warnings(process: Callable[..., None]) -> Callable[..., None]:
    """Let the real library use its own deprecated names."""

    def quiet(self: Any, *arguments: Any, **options: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            process(self, *arguments, **options)

    return quiet


def note(name: Any) -> Any:
    """Return a task that writes a name into the token."""

    def task(obj: Any, eng: Any) -> None:
        obj.append(name)

    return task


def outcome(call: Callable[[], Any]) -> Any:
    """Return what a call returns, or the name of the class of what it raises."""
    try:
        return call()
    except Exception as error:
        return type(error).__name__


_OURS = {"interpreted": Subject(OURS, "interpreted"), "compiled": Subject(OURS, "compiled")}
_ALL = {**_OURS, "workflow": Subject(REAL, "")}

ours = pytest.mark.parametrize("lib", _OURS.values(), ids=_OURS)
"""Run a test in wfgraph."""

both = pytest.mark.parametrize("lib", _ALL.values(), ids=_ALL)
"""Run a test in wfgraph and in the real library, which do the same."""


def fixed(ours: Any, real: Any) -> pytest.MarkDecorator:
    """Run a test in wfgraph and in the real library, each with what is expected of it."""
    cases = [(lib, real if lib.library.real else ours) for lib in _ALL.values()]
    return pytest.mark.parametrize(("lib", "expected"), cases, ids=_ALL)
