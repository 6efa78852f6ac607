"""Bodies of tasks, written as text, and a text of what is read of them.

``"halt return; reads obj['a']; elsewhere"``: these are the outcomes, and what else is found; ``"?: why"``: nothing can
be told of the flow. What a run of them tells the engine must be among the outcomes.
"""

from __future__ import annotations

import math
import warnings
from collections import ChainMap, OrderedDict, UserDict, deque
from contextvars import ContextVar
from functools import partial
from queue import Queue, SimpleQueue
from types import FunctionType
from typing import NamedTuple

from inference.defining import defined
from inference.test_inference import unforeseen
from wfgraph.compiler.inference import Inference
from wfgraph.errors import HaltProcessing

# What the bodies may name --------------------------------------------------------------------------------------------


def halts(obj, eng):
    eng.halt()


def stops(obj, eng):
    eng.stop()


def looks(obj, eng):
    return obj["seen"]


def hop(eng, by=1):
    eng.jump_call(by)


def quiet(*args):
    raise HaltProcessing("without the engine")


def change(rows):
    rows[0] = 5


class Step:
    offset = 2

    def __init__(self, reason=None):
        self.reason = reason

    def leave(self, eng):
        self.really(eng)

    def really(self, eng):
        eng.halt()


class Quiet:
    def __init__(self, *reasons):
        quiet()


class Pair(NamedTuple):
    one: int
    other: int


class Louder(Step):
    def leave(self, eng):
        super().leave(eng)

    def leave_oddly(self, eng):
        super().nothing(eng)

    @classmethod
    def of_class(cls, eng):
        super().leave(eng)

    @staticmethod
    def of_nothing():
        super().leave()


class Meta(type):
    pass


class Made(metaclass=Meta):
    pass


class Held:
    step = 1
    label = "a"

    def __eq__(self, other):
        raise AssertionError("it is only to be read")

    __hash__ = object.__hash__


class OwnQueue(SimpleQueue):
    def get(self):
        return stops


HELD = Held()
LEVELS = [1, 2]
SIZES = OrderedDict(a=1)
LAST = deque([1])
KEPT = UserDict()
JOBS = Queue()
LAYERS = ChainMap({"a": len})
CHOSEN = ContextVar("CHOSEN", default=len)
OWN_JOBS = OwnQueue()
ADD = int.__add__
LEAVE = partial(quiet)
LOUDER = Louder()
LIMIT = 1
BACK = -2
TEXT = "text"
OFFSETS = (3, 4)
PAIR = (halts, stops)
STEPS = [halts, stops]
BY_FUNCTION = {quiet: 1}
BY_NAME = {"a": quiet}
IN_ORDER = OrderedDict(BY_NAME)
WAITING = deque([quiet])
FUNCTIONS = frozenset((quiet,))


def task_of(body: str) -> FunctionType:
    """Return a task with a body, whose source is there."""
    text = "".join(["def task(obj, eng):\n", *(f"    {line}\n" for line in body.splitlines())])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        found = defined(text, {**globals(), "math": math, "partial": partial}, f"<task {body!r}>")
    task: FunctionType = found["task"]
    return task


def told(body: str, engine: type | None = None) -> str:
    """Return all that is read of a body, without lines."""
    found = Inference(engine).effects(task_of(body))
    parts = [" ".join(map(str, found.outcomes))]
    if found.opaque:
        parts = [f"?: {found.opaque.partition(', line ')[0]}"]
    parts += [f"{name} {', '.join(sorted(some))}" for name in ("reads", "writes") if (some := getattr(found, name))]
    parts += [name for name in ("elsewhere", "acts") if getattr(found, name)]
    parts += [f"{note.kind.value} {note.detail}" for note in found.notes]
    return "; ".join(parts)


def refuted(body: str) -> list[str]:
    """Return what runs of a body tell the engine that was not foreseen."""
    return [str(found) for _, found in unforeseen(task_of(body))]
