"""What the tasks of :mod:`test_reading` call: helpers and objects that exist when a task is read."""

from __future__ import annotations

import abc
import fractions
import functools
import operator
import queue
import threading
from functools import partial
from types import MethodType
from typing import Any

from wfgraph import task
from wfgraph.errors import HaltProcessing, JumpCall, Rewind  # noqa: F401 - for what is read
from wfgraph.graph import ops
from wfgraph.graph import outcomes as out

BACK = -2
LARGE = 1 << 40
NAMES = {"a": 1}
WORDS = ["a", "b"]


STEP = 1
ROUND = range(3)


def change_step() -> None:
    global STEP
    STEP = 2


def by_step(engine: Any) -> None:
    (lambda: engine.jump_call(STEP))()


def imports_within(engine: Any) -> None:
    def inner() -> None:
        from . import farm

        farm.leave(engine)

    inner()


def leave(engine: Any, offset: int = 2) -> None:
    engine.jump_call(offset)


def stops(obj: Any, eng: Any) -> None:
    eng.stop()


def halts_alone(*_: Any) -> None:
    raise HaltProcessing("alone")


def first_of(*machines: Any) -> None:
    machines[0].halt()


def passed_on(machine: Any, *others: Any) -> None:
    leave(machine, *others)


def named(machine: Any, **options: Any) -> None:
    leave(machine, **options)


def rearranged(machine: Any, **options: Any) -> None:
    options["offset"] = 7
    leave(machine, **options)


def second_of(**machines: Any) -> None:
    machines["b"].halt()


def by_place(machine: Any, /, offset: int = 1) -> None:
    machine.jump_call(offset)


def two_by_place(machine: Any, /, offset: int) -> None:
    machine.jump_call(offset)


def by_name(machine: Any, *, offset: int = 4, other: int) -> None:
    machine.jump_call(offset)


def only_by_name(machine: Any, *, offset: int = 4) -> None:
    machine.jump_call(offset)


def nothing(_: Any) -> None: ...


def give(found: Any) -> Any:
    return found


def plain_numbers(count: int) -> Any:
    yield count


def numbers(engine: Any) -> Any:
    yield engine.name


def own_numbers(engine: Any) -> Any:
    held = engine
    yield 1
    del held


async def later(engine: Any) -> None:
    engine.halt()


def factorial(n: int) -> int:
    return 1 if n < 2 else n * factorial(n - 1)


@functools.lru_cache
def cached_number() -> int:
    return 1


class Mover:
    offset = 3
    step = 5

    def __init__(self, offset: int = 3) -> None:
        self.offset = offset

    def go(self, eng: Any, offset: int = 1) -> None:
        eng.jump_call(offset)

    def go_on(self, eng: Any) -> None:
        self.go(eng, 7)

    @classmethod
    def made(cls, eng: Any) -> None:
        cls().go(eng, 6)

    @property
    def way(self) -> Any:
        return self.go

    @functools.cached_property
    def long_way(self) -> Any:
        return self.go


class Faster(Mover):
    def go(self, eng: Any, offset: int = 8) -> None:
        if isinstance(self, Faster):
            super().go(eng, offset)

    def go_on(self, eng: Any) -> None:
        super().go_on(eng)


class Strict:
    def __init__(self, engine: Any) -> None:
        engine.halt()


class Starting:
    def __init__(self, engine: Any) -> None:
        self.go(engine)

    def go(self, engine: Any) -> None:
        engine.halt()


class Odd:
    def __new__(cls, engine: Any) -> Any:
        return 3


class OwnQueue(queue.Queue[int]):
    pass


class OwnFraction(fractions.Fraction):
    def go(self, eng: Any) -> None:
        eng.stop()


class Abstract(abc.ABC):  # noqa: B024 - its class matters
    def go(self, eng: Any) -> None:
        eng.stop()


class Meta(type):
    pass


class Made(metaclass=Meta):
    pass


class Singleton:
    def __new__(cls, engine: Any = None) -> Any:
        cls.look(engine)
        return object.__new__(cls)

    @classmethod
    def look(cls, engine: Any) -> None:
        if engine is None:
            engine.name = 1
        else:
            engine.abort()


class Wrapping:
    def __init__(self) -> None:
        self.__wrapped__ = leave

    def __call__(self, eng: Any) -> None:
        eng.stop()


class Choosing:
    def __call__(self, eng: Any) -> None:
        if isinstance(self, Mover):
            eng.halt()


class Held:
    __slots__ = ("step",)


class PlainWorker(threading.Thread):
    pass


class Worker(threading.Thread):
    def __init__(self, work: Any) -> None:
        super().__init__()
        self.work = work

    def run(self) -> None:
        halts_alone(self.work)


class FailingWorker(threading.Thread):
    def __init__(self, work: Any) -> None:
        halts_alone(work)


class Data:
    """Something that is no code."""


class OwnJump(JumpCall):
    pass


class OwnError(ValueError):
    pass


HELD = Held()
DATA = Data()
MOVER = Mover()
FASTER = Faster()
CHOOSING = Choosing()
WRAPPING = Wrapping()
GO = MOVER.go
OF_NUMBER = MethodType(lambda self, eng: eng.jump_call(self), 3)
PARTIAL = partial(leave, offset=6)
PLACED = partial(two_by_place, offset=9)
FIRST = operator.itemgetter(0)
TABLE = {"a": leave, "b": first_of}
PAIR = (leave, first_of)
COUNTS = [1, 2]


def is_big(obj: Any, eng: Any) -> bool:
    return obj["big"] and eng.stop()


def give_items(obj: Any, eng: Any) -> Any:
    return obj["items"] or eng.abort()


def keep_item(obj: Any, eng: Any, position: str, item: Any) -> None:
    if position == "last":
        eng.skip_token()


@task(ops.Call((out.HALT, out.RETURN)))
def may_halt(obj: Any, eng: Any) -> None:
    if obj:
        eng.halt()


@task(ops.Call((out.HALT,)))
def must_halt(obj: Any, eng: Any) -> None:
    eng.halt()


@task(ops.Call((out.ERROR,)))
def must_fail(obj: Any, eng: Any) -> None:
    raise ValueError


@task(ops.Call((out.RETURN, out.ERROR)))
def may_fail(obj: Any, eng: Any) -> None: ...


@task(ops.OPAQUE)
def may_do_anything(obj: Any, eng: Any) -> None: ...


@task()
def says_nothing(obj: Any, eng: Any) -> None:
    eng.stop()


@task(ops.Branch(out.RETURN, out.BREAK, is_big))
def asks(obj: Any, eng: Any) -> None: ...


@task(ops.For(give_items, keep_item))
def loops(obj: Any, eng: Any) -> None: ...
