"""An object never goes on at a wrong task: whatever was edited, it is the same task, or nothing is run."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from wfgraph import compile_graph
from wfgraph.compiler.stored import graph_from_json, graph_to_json
from wfgraph.errors import DefinitionChanged
from wfgraph.graph.identity import fingerprint
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.patterns import FOR, IF, IF_ELSE
from wfgraph.storage import Database, DbWorkflowEngine
from wfgraph.storage.placement import moves
from wfgraph.storage.records import Record

NAMES = "abcd"
CONDITIONS = "pq"


class Maker:
    """Makes tasks that can be told apart although they look alike to wfgraph: it does not look into a list."""

    def __init__(self) -> None:
        self.made = 0

    def task(self, name: str) -> Any:
        self.made += 1
        box = [self.made]

        def task(obj: Any, eng: Any) -> None:
            obj["went"].append(box[0])
            if obj["halt"] == box[0]:
                eng.halt()

        task.__name__ = task.__qualname__ = name
        task.tag = box[0]  # type: ignore[attr-defined]
        return task


def condition(name: str) -> Any:
    def ask(obj: Any, eng: Any) -> bool:
        return True

    ask.__name__ = ask.__qualname__ = name
    return ask


def block(chance: random.Random, maker: Maker, depth: int = 0) -> list[Any]:
    """Return a random list of specifications: a task, or a pattern with its lists."""
    items: list[Any] = []
    for _ in range(chance.randint(1, 4)):
        kind = chance.choice(["task", "task", "task", "if", "if_else", "for", "list"]) if depth < 2 else "task"
        if kind == "task":
            items.append(maker.task(chance.choice(NAMES)))
        elif kind == "if_else":
            arms = [block(chance, maker, depth + 1), block(chance, maker, depth + 1)]
            items.append([kind, chance.choice(CONDITIONS), *arms])
        else:
            items.append([kind, chance.choice(CONDITIONS), block(chance, maker, depth + 1)])
    return items


def edited(chance: random.Random, maker: Maker, items: list[Any]) -> list[Any]:
    """Return a list after one random change somewhere in it."""
    items = list(items)
    at = chance.randrange(len(items))
    if isinstance(items[at], list) and chance.random() < 0.6:
        kind, name, *arms = items[at]
        arm = chance.randrange(len(arms))
        arms[arm] = edited(chance, maker, arms[arm])
        items[at] = [kind, name, *arms]
        return items
    change = chance.choice(["insert", "insert pattern", "delete", "swap", "wrap", "unwrap", "copy", "condition"])
    if change == "insert":
        items.insert(at, maker.task(chance.choice([*NAMES, "new"])))
    elif change == "insert pattern":
        items.insert(at, ["if", chance.choice(CONDITIONS), [maker.task(chance.choice(NAMES))]])
    elif change == "delete" and len(items) > 1:
        del items[at]
    elif change == "swap":
        other = chance.randrange(len(items))
        items[at], items[other] = items[other], items[at]
    elif change == "wrap":
        items[at] = [chance.choice(["if", "list", "for"]), chance.choice(CONDITIONS), [items[at]]]
    elif change == "unwrap" and isinstance(items[at], list):
        items[at : at + 1] = items[at][2]
    elif change == "copy" and not isinstance(items[at], list):
        items.append(maker.task(items[at].__name__))
    elif change == "condition" and isinstance(items[at], list):
        items[at] = [items[at][0], chance.choice(CONDITIONS), *items[at][2:]]
    return items


def built(items: list[Any]) -> list[Any]:
    """Return a definition as its specification says."""
    made: list[Any] = []
    for item in items:
        if not isinstance(item, list):
            made.append(item)
            continue
        kind, name, *arms = item
        bodies = [built(arm) for arm in arms]
        if kind == "if":
            made.append(IF(condition(name), bodies[0]))
        elif kind == "if_else":
            made.append(IF_ELSE(condition(name), *bodies))
        elif kind == "for":
            made.append(FOR([1, 2], name, bodies[0]))
        else:
            made.append(bodies[0])
    return made


def tags(graph: WorkflowGraph) -> dict[tuple[int, ...], int]:
    """Return the tasks of a definition, by their addresses."""
    return {node.item.address: node.item.task.tag for node in graph.nodes if hasattr(node.item.task, "tag")}


def versions(seed: int, changes: int) -> tuple[list[Any], list[Any]]:
    chance, maker = random.Random(seed), Maker()  # noqa: S311 - no secret
    before = block(chance, maker)
    after = before
    for _ in range(changes):
        after = edited(chance, maker, after)
    return built(before), built(after)


@pytest.mark.slow
@given(seed=st.integers(0, 2**32), changes=st.integers(0, 4))
def test_an_object_goes_on_at_its_task_or_not_at_all(seed: int, changes: int) -> None:
    before, after = versions(seed, changes)
    old, new = compile_graph(before), compile_graph(after)
    stored = graph_from_json(graph_to_json(old))
    assert fingerprint(stored) == fingerprint(old)
    there, here = tags(old), tags(new)
    alike = fingerprint(old) == fingerprint(new)
    for address, tag in there.items():
        record = Record(0, "{}", callback_pos=list(address))
        try:
            found = moves(stored, new, [record])[record]
        except DefinitionChanged:
            assert not alike
            continue
        assert found.position is not None
        target = here[tuple(found.position)]
        note(f"{tag} at {address} goes on at {found.position}, {target}")
        assert is_right(old, new, tag, target)


def is_right(old: WorkflowGraph, new: WorkflowGraph, tag: int, target: int) -> bool:
    """Tell whether a task is what a reader would take for another one: of its name, under its patterns."""
    before, after = _seen(old), _seen(new)
    if target == tag:
        return True
    if fingerprint(old) == fingerprint(new):
        return before[tag] == after[target]
    # It has left its place, and there another one of its name stands now, alone.
    return before[tag] == after[target] != after.get(tag)


def _seen(graph: WorkflowGraph) -> dict[int, tuple[str, tuple[str, ...]]]:
    return {
        node.item.task.tag: (node.name, _around(graph, node)) for node in graph.nodes if hasattr(node.item.task, "tag")
    }


def _around(graph: WorkflowGraph, node: Any) -> tuple[str, ...]:
    from wfgraph.graph.identity import identities

    around = identities(graph)[node.id].around
    return around.texts if around is not None else ()


@pytest.mark.parametrize("seed", range(12))
def test_it_does_so_when_it_is_run(database: Database, seed: int, long: bool) -> None:
    refused = resumed = 0
    for number in range(seed, seed + (1200 if long else 12), 12):
        before, after = versions(number, 1 + number % 3)
        tag = sorted(tags(compile_graph(before)).values())[number % len(tags(compile_graph(before)))]
        eng = DbWorkflowEngine.with_name("drift", database)
        eng.callbacks.replace(before)
        eng.process([{"halt": tag, "went": []}], stop_on_halt=False)
        if not eng.halted_objects:
            continue  # the branch that is not taken
        went = len(eng.objects[0]["went"])
        later = DbWorkflowEngine.from_uuid(eng.uuid, database)
        later.callbacks.replace(after)
        later.objects[0]["halt"] = None
        stood = eng.db_obj.objects[0].callback_pos
        try:
            later.resume(halted="current")
        except DefinitionChanged:
            refused += 1
            again = DbWorkflowEngine.from_uuid(eng.uuid, database)
            assert ["HALTED"] == [one.status.name for one in again.db_obj.objects]
            assert stood == again.db_obj.objects[0].callback_pos
            continue
        resumed += 1
        assert is_right(compile_graph(before), compile_graph(after), tag, later.objects[0]["went"][went])
        assert ["COMPLETED"] == [one.status.name for one in later.db_obj.objects]
    assert refused + resumed or not long


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32))
def test_the_same_definition_is_always_the_same(seed: int) -> None:
    before, after = versions(seed, 0)
    assert fingerprint(compile_graph(before)) == fingerprint(compile_graph(after))
