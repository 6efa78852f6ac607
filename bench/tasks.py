"""What the workloads call: tasks that do nothing, conditions that look at one field of the token, and tasks that jump.

Every engine calls these same functions, so that what differs between two columns is only how they come to be called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import CodeType, FunctionType
from typing import Any, Final

__all__ = [
    "HOOK_CODE",
    "ITEMS",
    "JUMPS",
    "ROUNDS",
    "TASKS",
    "Task",
    "Token",
    "again",
    "another_round",
    "codes_of",
    "first_way",
    "hook",
    "jump_back",
    "make_task",
    "second_way",
    "third_way",
]

Task = Callable[[Any, Any], Any]

ROUNDS: Final = 100
"""How many rounds the WHILE of a token makes."""
ITEMS: Final = tuple(range(100))
"""What a FOR iterates over."""
JUMPS: Final = 3
"""How often a token's task jumps back."""


class Token:
    """One token.

    Attributes:
        way: three bits, which the three conditions look at.
        rounds: how many rounds of a WHILE are left.
        jumps: how many jumps back are left.
    """

    __slots__ = ("jumps", "rounds", "way")

    def __init__(self, number: int = 0, rounds: int = ROUNDS) -> None:
        self.way = number % 8
        self.rounds = rounds
        self.jumps = JUMPS


def make_task(name: str) -> Task:
    """Make a task that does nothing. Each is a function of its own, as the tasks of a real definition are."""

    def task(obj: Any, eng: Any) -> None:
        pass

    task.__name__ = task.__qualname__ = name
    return task


TASKS: Final = tuple(make_task(f"t{number:02}") for number in range(20))
"""Tasks that do nothing."""


def first_way(obj: Any, eng: Any) -> Any:
    """Tell which way a token goes at the first condition."""
    return obj.way & 1


def second_way(obj: Any, eng: Any) -> Any:
    """Tell which way a token goes at the second condition."""
    return obj.way & 2


def third_way(obj: Any, eng: Any) -> Any:
    """Tell which way a token goes at the third condition."""
    return obj.way & 4


def another_round(obj: Any, eng: Any) -> Any:
    """Count a round down; false when there was none left."""
    obj.rounds -= 1
    return obj.rounds >= 0


def jump_back(obj: Any, eng: Any) -> None:
    """Jump two tasks back, a few times."""
    if obj.jumps:
        obj.jumps -= 1
        eng.jump_call(-2)


def again(obj: Any, eng: Any) -> bool:
    """Tell whether :func:`jump_back` would jump: what a person writes where there is no engine to jump."""
    if obj.jumps:
        obj.jumps -= 1
        return True
    return False


def hook(eng: Any, callback_func: Any, obj: Any) -> None:
    """Be called before each task, and do nothing."""


def codes_of(functions: Iterable[Any]) -> frozenset[CodeType]:
    """Return the code objects of functions, by which a profiler recognises their calls."""
    return frozenset(function.__code__ for function in functions if isinstance(function, FunctionType))


HOOK_CODE: Final = hook.__code__
