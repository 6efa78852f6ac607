"""Workflows made out of a seed: the same seed makes the same workflow, in any process."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from wfgraph import compile_graph
from wfgraph.compiler.codegen import source_of
from wfgraph.compiler.pipeline import build_program
from wfgraph.patterns import (
    BREAK,
    CHOICE,
    FOR,
    IF,
    IF_ELSE,
    IF_NOT,
    SIMPLE_MERGE,
    TASK_JUMP_FWD,
    TASK_JUMP_IF,
    WHILE,
)

__all__ = ["EndlessError", "Maker", "texts_of"]

_ACTIONS = ["go on"] * 8 + [
    "jump",
    "break",
    "halt",
    "next",
    "stop",
    "fail",
    "token",
    "move",
    "assign",
    "keep",
    "restart",
]


class EndlessError(BaseException):
    """Too many events: the workflow loops for ever."""


class Maker:
    """Makes one workflow out of a seed; its tasks note what they see."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - no secret
        self.log: list[Any] = []

    def note(self, *event: Any) -> None:
        self.log.append(event)
        if len(self.log) > 300:
            raise EndlessError

    def task(self) -> Callable[[Any, Any], None]:
        action, offset = self.rng.choice(_ACTIONS), self.rng.randint(-3, 4)
        when, spying, name, seen = self.rng.randint(1, 3), self.rng.random() < 0.3, self.rng.random(), []
        words = (self.rng.choice(["current", "next", "first"]), self.rng.choice(["first", "current", "next", "prev"]))

        def task(obj: Any, eng: Any) -> None:
            seen.append(obj)
            where = list(eng.state.callback_pos) if spying else None
            self.note(name, obj, where, eng.extra_data.get("x"), list(getattr(eng, "kept", ())))
            if len(seen) == when:
                steer(eng, action, offset, words)

        return task

    def condition(self) -> Callable[[Any, Any], bool]:
        every, name, seen = self.rng.randint(2, 5), self.rng.random(), []

        def condition(obj: Any, eng: Any) -> bool:
            seen.append(obj)
            self.note(name, obj)
            return len(seen) % every != 0

        return condition

    def arbiter(self) -> Callable[[Any, Any], str]:
        names, seen = [self.rng.choice("abz") for _ in range(3)], []

        def arbiter(obj: Any, eng: Any) -> str:
            seen.append(obj)
            self.note("arbiter")
            return names[len(seen) % 3]

        return arbiter

    def block(self, depth: int = 0) -> list[Any]:
        size = self.rng.randint(0 if depth else 1, 4)
        return [self.pattern(depth + 1) if depth < 3 and self.rng.random() < 0.5 else self.task() for _ in range(size)]

    def pattern(self, depth: int) -> Any:
        items = self.rng.choice([range(3), [1, 2], lambda: [5, 6], (7,), []])
        order, cached, step = self.rng.choice(["ASC", "DSC"]), self.rng.random() < 0.3, self.rng.choice([-2, -1, 1, 2])
        c, b = self.condition(), lambda: self.block(depth)
        choices: list[Callable[[], Any]] = [
            b,
            lambda: IF(c, b()),
            lambda: IF_NOT(c, b()),
            lambda: IF_ELSE(c, b(), b()),
            lambda: WHILE(c, b()),
            lambda: FOR(items, self.rng.choice(["x", None]), b(), cache_data=cached, order=order),
            lambda: CHOICE(self.arbiter(), a=b(), b=b(), default=b()),
            lambda: TASK_JUMP_IF(c, step),
            lambda: TASK_JUMP_FWD(abs(step)),
            BREAK,
            lambda: SIMPLE_MERGE(b(), b(), self.task()),
        ]
        return self.rng.choice(choices)()


def steer(eng: Any, action: str, offset: int, words: tuple[str, str]) -> None:
    if action == "jump":
        eng.jump_call(offset)
    elif action == "break":
        eng.break_current_loop()
    elif action == "halt":
        eng.halt("look")
    elif action == "next":
        eng.continue_next_token()
    elif action == "stop":
        eng.stop()
    elif action == "fail":
        raise ValueError(offset)
    elif action == "token":
        eng.jump_token(offset)
    elif action == "move":
        eng.state.callback_pos[-1] += offset
    elif action == "assign":
        eng.state.callback_pos = [2]
    elif action == "keep":
        eng.kept = eng.state.callback_pos
    elif action == "restart":
        eng.restart(*words)


def texts_of(seed: int) -> str:
    """Return all that the compiler makes of a workflow, as text."""
    callbacks = Maker(seed).block()
    graph = compile_graph(callbacks)
    code = source_of(build_program(callbacks))
    return f"{graph:text}{graph:dot}{graph:mermaid}{code}"
