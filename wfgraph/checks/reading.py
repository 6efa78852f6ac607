"""Definitions that may not compile: every item that is no task is noted, and an opaque stand-in takes its place.

So the places of all other items stay what they are, and the rules about the flow can still say what is certain whatever
the faulty items turn out to be.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from wfgraph.compiler.inference import Inference
from wfgraph.compiler.normalize import Fault as TaskFault
from wfgraph.compiler.normalize import fault_of, message_of
from wfgraph.compiler.pipeline import compile_graph
from wfgraph.errors import WorkflowDefinitionError
from wfgraph.graph import ops
from wfgraph.graph.address import Address, format_address
from wfgraph.graph.location import Location, where_is
from wfgraph.graph.nesting import contains_itself, is_block
from wfgraph.graph.task import op_of, task
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.utils import is_a, shown

__all__ = ["Fault", "Reading", "is_stand_in", "read"]

_LONGEST = 60
_CODES = {
    TaskFault.NOT_CALLABLE: "WF001",
    TaskFault.ENDLESS: "WF001",
    TaskFault.OTHER_ARGUMENTS: "WF002",
    TaskFault.SILENT: "WF003",
    TaskFault.UNAWAITED: "WF006",
    TaskFault.ASKS_OTHER: "WF002",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """An item that is no task.

    Attributes:
        code: of the rule that it breaks.
        address: its place; that of the parallel pattern for an item in one of its branches.
        message: what is wrong with it.
        location: where its code is, if that is known.
    """

    code: str
    address: Address
    message: str
    location: Location | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A definition that compiles.

    Attributes:
        raw: the definition as it was given.
        graph: its graph, with stand-ins for the faulty items.
        inference: what has read its tasks.
        faults: the faulty items.
    """

    raw: Any
    graph: WorkflowGraph
    inference: Inference
    faults: tuple[Fault, ...] = ()


def read(definition: Any, engine: type | None = None) -> Reading:
    """Compile a definition, whatever it holds, for an engine class if one is named."""
    raw = definition
    inference = Inference(engine)
    try:
        if not callable(raw) and not is_a(raw, list, tuple, str, bytes) and is_a(raw, Iterable):
            with suppress(Exception):  # compiling it says what is wrong
                raw = list(raw)
        return Reading(raw, compile_graph(raw, inference=inference), inference)
    except WorkflowDefinitionError:
        reader = _Reader()
        callbacks = reader.read(raw)
        return Reading(raw, compile_graph(callbacks, inference=inference), inference, tuple(reader.faults))


class _StandIn:
    """What takes the place of a faulty item."""

    def __init__(self, item: Any) -> None:
        text = shown(item)
        self.__name__ = text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."

    def __call__(self, obj: Any, eng: Any) -> None:
        raise NotImplementedError


def _stand_in(item: Any) -> Callable[..., Any]:
    return task(ops.OPAQUE)(_StandIn(item))


def is_stand_in(function: Any) -> bool:
    """Tell whether a task stands for a faulty item."""
    return is_a(function, _StandIn)


@dataclass(slots=True)
class _Branch:
    """A branch of a parallel pattern that is still to be read.

    Attributes:
        items: what it holds.
        slot: the list and the index of the outermost pattern around it.
        address: of that pattern.
        hosts: the tasks of the patterns around it, the innermost first, as linked pairs.
        where: the branch, for people.
    """

    items: Any
    slot: tuple[list[Any], int]
    address: Address
    hosts: Any
    where: str


class _Reader:
    """Reads one definition."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._known: dict[int, tuple[TaskFault | None, Any]] = {}
        self._branches: deque[_Branch] = deque()

    def read(self, raw: Any) -> list[Any]:
        """Return nested lists that compile."""
        if callable(raw):
            raw = [raw]
        elif is_a(raw, str, bytes) or not is_a(raw, Iterable):
            self._note("WF001", f"a workflow definition is a list of callables, not {shown(raw)}", ())
            return []
        result = self._nested(raw, None)
        while self._branches:
            branch = self._branches.popleft()
            before = len(self.faults)
            self._nested(branch.items, branch)
            if len(self.faults) > before:
                into, index = branch.slot
                into[index] = _stand_in(into[index])
        return result

    def _nested(self, raw: Any, branch: _Branch | None) -> list[Any]:
        """Clean nested lists as registering does, and replace what is no task."""
        result: list[Any] = []
        frames: list[tuple[Iterator[Any], list[Any], Any]] = [(self._items(raw, (), branch), result, raw)]
        path: list[int] = []  # of the innermost open list
        while frames:
            rest, into, _ = frames[-1]
            for item in rest:
                if item is None:
                    continue
                address = (*path, len(into))
                if not is_block(item):
                    into.append(self._task(item, address, (into, len(into)), branch))
                    continue
                if any(item is holder for _, _, holder in frames):
                    self._note("WF004", contains_itself(address).message.partition(";")[0], address, branch)
                    into.append(_stand_in("the definition itself"))
                    continue
                inner = into
                if is_a(item, list):
                    path.append(len(into))
                    inner = []
                    into.append(inner)
                frames.append((self._items(item, address, branch), inner, item))
                break
            else:
                frames.pop()
                if frames and frames[-1][1] is not into:
                    path.pop()
                    if not path and not into:
                        result.pop()  # as registering drops it
        return result

    def _items(self, raw: Any, address: Address, branch: _Branch | None) -> Iterator[Any]:
        """Return the items of a list, none where its own class fails."""
        try:
            return iter(list(raw))
        except Exception as error:
            message = f"the list at {format_address(address)} can't be read: {shown(error)}"
            self._note("WF001", message, address, branch)
            return iter(())

    def _task(self, item: Any, address: Address, slot: tuple[list[Any], int], branch: _Branch | None) -> Any:
        fault = self._fault_of(item)
        if fault is not None:
            self._note(_CODES[fault], message_of(fault, item, address), address, branch, where_is(item))
            return _stand_in(item)
        op = op_of(item)
        if isinstance(op, ops.Split | ops.Synchronize):
            self._open(item, op, address, slot, branch)
        return item

    def _open(
        self, host: Any, op: ops.Split | ops.Synchronize, address: Address, slot: Any, branch: _Branch | None
    ) -> None:
        around = None if branch is None else branch.hosts
        above = around
        while above is not None:
            if above[0] is host:
                place = format_address(address)
                self._note(
                    "WF004", f"the parallel pattern at {place} stands in one of its own branches", address, branch
                )
                return
            above = above[1]
        for index, items in enumerate(op.lanes):
            self._branches.append(
                _Branch(
                    items,
                    slot if branch is None else branch.slot,
                    address if branch is None else branch.address,
                    (host, around),
                    f"branch {index}" if branch is None else f"{branch.where}/{index}",
                )
            )

    def _fault_of(self, item: Any) -> TaskFault | None:
        known = self._known.get(id(item))
        if known is None:
            known = self._known[id(item)] = (fault_of(item), item)
        return known[0]

    def _note(
        self,
        code: str,
        message: str,
        address: Address,
        branch: _Branch | None = None,
        location: Location | None = None,
    ) -> None:
        if branch is not None:
            message = f"{message} (in {branch.where} of the pattern at {format_address(branch.address)})"
            address = branch.address
        self.faults.append(Fault(code, address, message, location))
