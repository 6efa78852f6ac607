r"""What a task is, apart from where it stands: by this it is found again in another version of its definition.

A task is known by the patterns around it and by its name; the name is the id that it was given, ``@task(id="store")``,
or else the qualified name of its callable and the arguments that this was made with:

    >>> from wfgraph import compile_graph
    >>> from wfgraph.patterns import CMP, EMPTY_CALL, HALT, IF
    >>> graph = compile_graph([EMPTY_CALL, IF(CMP("size", 10, ">"), [HALT("too large"), HALT("too large")])])
    >>> print(*identities(graph), sep="\n")
    EMPTY_CALL
    IF(CMP('size', 10, '>'))
    if CMP('size', 10, '>') / HALT('too large')
    if CMP('size', 10, '>') / HALT('too large') #2

Plain lists count for nothing here. What has no name of its own (a lambda, a partial of one) has an identity, too, but
is :attr:`~Identity.anonymous`: another one may stand in its place tomorrow.

The fingerprint of a graph is made of the identities of its tasks, where they stand, and what they declare; never of
source text, nor of what was read from it.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import MethodType
from typing import Any

from wfgraph.graph import ops
from wfgraph.graph.describing import arguments_of, describe
from wfgraph.graph.nesting import is_block
from wfgraph.graph.ops import OPAQUE, EdgeKind
from wfgraph.graph.outcomes import Control
from wfgraph.graph.shapes import Kind, Shape, Shapes
from wfgraph.graph.task import declaration_of, op_of
from wfgraph.graph.workflow_graph import Node, WorkflowGraph
from wfgraph.utils import attribute, digest, escape_control, is_a, task_name

__all__ = [
    "PROGRAM",
    "Identity",
    "Recorded",
    "Setting",
    "answers_to",
    "fingerprint",
    "identities",
    "is_declared",
    "program_name",
]

PROGRAM = "__wfgraph_program__"
"""The attribute of a worker's main module that says what the program is called that has started the worker."""

_LONGEST = 200
_LONGEST_HELD = 40
_MOST_HELD = 50
_DEEPEST = 3
_MOST_WRAPPED = 100
_OWN = "wfgraph."
_UNNAMED = "<lambda>"


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """The patterns around a task, a chain from the innermost outwards: definitions may be nested very deeply.

    Attributes:
        parent: what is around this one.
        text: which branch of which pattern it is, such as ``"if is_new yes"``.
        key: stands for the whole chain; equal chains have equal keys.
    """

    parent: Setting | None
    text: str
    key: str

    @classmethod
    def within(cls, parent: Setting | None, text: str) -> Setting:
        """Return the setting of what stands in a branch of a pattern."""
        return cls(parent, text, digest(f"{parent.key if parent else ''}/{text}"))

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of the chain, the outermost first."""
        found, here = [self.text], self.parent
        while here is not None:
            found.append(here.text)
            here = here.parent
        return tuple(reversed(found))


@dataclass(frozen=True, slots=True)
class Identity:
    """What a task is.

    Attributes:
        setting: the key of the patterns around it; empty when there are none.
        name: its id, or its qualified name.
        detail: what it was made with.
        ordinal: which one it is among those of this graph that are alike in all of the above, from 0.
        anonymous: it has no name of its own.
        around: the patterns around it.
    """

    setting: str
    name: str
    detail: str
    ordinal: int
    anonymous: bool
    around: Setting | None

    @property
    def key(self) -> tuple[str, str, str]:
        """What those that are alike share."""
        return (self.setting, self.name, self.detail)

    @property
    def short(self) -> str:
        """Its name and what it was made with."""
        return f"{self.name}{self.detail}"

    def __str__(self) -> str:
        where = f"{' / '.join(self.around.texts)} / " if self.around else ""
        text = f"{where}{self.short}" + (f" #{self.ordinal + 1}" if self.ordinal else "")
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 18]}… {digest(text)}"


class Recorded:
    """A task that stands for one of another time and place, and says what that was.

    Attributes:
        recorded_name: its name, as :attr:`Identity.name`.
        recorded_detail: what it was made with.
        recorded_anonymous: whether it had no name of its own.
        recorded_declared: whether what it does to the flow was declared.
    """

    recorded_name: str
    recorded_detail: str
    recorded_anonymous: bool
    recorded_declared: bool


def identities(graph: WorkflowGraph) -> tuple[Identity, ...]:
    """Return the identities of a graph's tasks, in the order of its nodes."""
    settings = _Settings(graph)
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for node in graph.nodes:
        around = settings.of(node)
        name, detail, anonymous = _called(node.item.task)
        key = (around.key if around else "", name, detail)
        found.append(Identity(*key, seen[key], anonymous, around))
        seen[key] += 1
    return tuple(found)


def fingerprint(graph: WorkflowGraph) -> str:
    """Return what is equal for graphs of equal structure: 32 hexadecimal digits."""
    parts = [
        [str(one), node.lane, list(node.item.address), *_declared(node)]
        for one, node in zip(identities(graph), graph.nodes, strict=True)
    ]
    return sha256(json.dumps(parts).encode()).hexdigest()[:32]


def is_declared(node: Node) -> bool:
    """Tell whether what a task does to the flow was declared, not read from its code."""
    task = node.item.task
    return task.recorded_declared if is_a(task, Recorded) else op_of(task) is not OPAQUE


def _declared(node: Node) -> Iterator[Any]:
    """Yield what a task declares; what was read from its code changes with the code, and is left out."""
    op = node.op if is_declared(node) else OPAQUE
    yield type(op).__name__
    if op is not OPAQUE and not isinstance(op, ops.Split | ops.Synchronize):
        yield [[str(way.outcome), way.kind.value, way.label] for way in op.exits()]


# Settings ------------------------------------------------------------------------------------------------------------


class _Settings:
    """The settings of all tasks, each worked out once per branch of a pattern."""

    def __init__(self, graph: WorkflowGraph) -> None:
        self._graph = graph
        self._shapes = Shapes(graph)
        self._known: dict[tuple[int | None, int, int | None], Setting | None] = {}

    def of(self, node: Node) -> Setting | None:
        steps: list[tuple[tuple[int | None, int, int | None], str]] = []
        lane, block, slot = node.lane, node.item.block, node.item.index
        found: Setting | None = None
        while True:
            shape = self._shapes.shape(lane, block)
            arm = slot if slot in shape.arms else None
            key = (lane, block, arm)
            if key in self._known:
                found = self._known[key]
                break
            steps.append((key, "" if arm is None else self._text(shape, arm)))
            if shape.block.parent is not None:
                block, slot = shape.block.parent, shape.block.index
            elif lane is not None:
                around = self._graph.lanes[lane]
                host = self._graph.nodes[around.host]
                steps.append(((lane, -1, None), f"{host.name} branch {around.index}"))
                lane, block, slot = host.lane, host.item.block, host.item.index
            else:
                break
        for key, text in reversed(steps):
            if text:
                found = Setting.within(found, escape_control(text))
            self._known[key] = found
        return found

    def _text(self, shape: Shape, arm: int) -> str:
        head = self._graph.nodes[shape.first + shape.block.starts[0]]
        text = head.op.text or head.name
        if shape.kind is Kind.MERGE:
            return f"merge {shape.arms.index(arm)}"
        if shape.kind in (Kind.IF, Kind.LOOP):
            return text
        answers = answers_to(head, arm)
        return f"{text} {answers}" if answers else text


_ANSWERS = {EdgeKind.TRUE.value: "yes", EdgeKind.FALSE.value: "no"}


def answers_to(head: Node, arm: int) -> str:
    """Return the answers of a condition that lead to a slot of its list: ``"yes"``, or the cases of a choice."""
    cases = [
        way.label or way.kind.value
        for way in head.op.exits()
        if way.outcome.control is Control.JUMP and way.outcome.offset == arm
    ]
    return ", ".join(_ANSWERS.get(case, case) for case in cases)


# Names ---------------------------------------------------------------------------------------------------------------


def _called(task: Any) -> tuple[str, str, bool]:
    """Return a task's name, what it was made with, and whether it has no name of its own."""
    if is_a(task, Recorded):
        return task.recorded_name, task.recorded_detail, task.recorded_anonymous
    declared = declaration_of(task)
    if declared is not None and declared.id is not None:
        return escape_control(declared.id), "", False
    if str(attribute(task, "__module__")).startswith(_OWN):
        # A pattern's: where it lives is a matter of this package, and so is what its closure holds, where an op tells.
        op = op_of(task)
        detail = _detail_of(op) if op is not OPAQUE else _arguments(task)
        return "CHOICE" if isinstance(op, ops.Choice) else task_name(task), detail, _UNNAMED in detail
    inner = task
    for _ in range(_MOST_WRAPPED):
        if not is_a(inner, partial, MethodType):
            break
        inner = inner.func if is_a(inner, partial) else inner.__func__
    owner = inner if is_a(attribute(inner, "__qualname__"), str) else type(inner)
    prefix, dot, name = owner.__qualname__.rpartition(".")
    name = attribute(owner, "__name__", name)  # where a decorator gives another one, people know it by that
    return escape_control(f"{_module(owner)}.{prefix}{dot}{name}"), _arguments(task), name == _UNNAMED


def _module(owner: Any) -> str:
    """Return the name of a callable's module; that of its file for the program that was started itself."""
    name = str(attribute(owner, "__module__") or "?")
    return program_name() if name == "__main__" else name


def program_name() -> str:
    """Return what the program is called that was started, by its module or file; in a worker, the one that has started it."""
    main = sys.modules["__main__"]
    known = getattr(main, PROGRAM, None)
    if known is not None:
        return str(known)
    spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    return spec.name.removesuffix(".__main__") if spec else Path(file).stem if file else "__main__"


def _detail_of(op: ops.Op) -> str:
    match op:
        case ops.Halt() | ops.Fail():
            return f"({_exact(op.message)})" if op.message else ""
        case ops.Branch() | ops.While() | ops.For() | ops.Choice():
            return f"({escape_control(op.describe)})"
        case ops.Synchronize():
            return f"(then {', '.join(_called(one)[0] for one in op.final)})" if op.final else ""
    return f"({escape_control(op.text)})" if op.text else ""


def _arguments(task: Any) -> str:
    given = [(name, value) for name, value in arguments_of(task) if value is not task]
    told = ", ".join(f"{name}={_exact(value)}" if name else _exact(value) for name, value in given)
    return f"({escape_control(told)})" if given else ""


def _exact(value: Any, deep: int = 0) -> str:
    """Describe a value; long texts and tuples by what they begin with and by all of them.

    What can change while a workflow runs does not tell one task from another: a list that a task counts in is another
    text after each token.
    """
    if is_a(value, list, dict, set, bytearray, deque):
        return f"{type(value).__name__} …"
    if is_block(value):
        return _held(value, deep) if deep < _DEEPEST else f"{type(value).__name__} …"
    shown = describe(value)
    if type(value) in (str, bytes) and shown != (all_of_it := repr(value)):
        return f"{shown} {digest(all_of_it)}"
    return shown


def _held(found: Any, deep: int) -> str:
    """Describe a tuple by what it holds, whatever its class makes of iterating."""
    held = tuple.__getitem__(found, slice(_MOST_HELD))
    most = tuple.__len__(found)
    told = [*(_exact(one, deep + 1) for one in held), *([f"{most} in all"] if most > _MOST_HELD else ())]
    text = f"[{', '.join(told)}]"
    return text if len(text) <= _LONGEST_HELD else f"{text[: _LONGEST_HELD - 3]}... {digest(text)}"
