"""Definitions: patterns, declared tasks, graphs, checks, drawings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, assert_type

from wfgraph import WorkflowGraph, check, compile_graph, ops, outcomes, task
from wfgraph.checks import Diagnostic
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.graph.difference import Difference, difference
from wfgraph.graph.nesting import Task, Tasks
from wfgraph.patterns import (
    CALLFUNC,
    CHOICE,
    CMP,
    ENG_GET,
    FOR,
    HALT,
    IF,
    IF_ELSE,
    IF_NOT,
    OBJ_GET,
    PARALLEL_SPLIT,
    RUN_WF,
    SYNCHRONIZE,
    TASK_JUMP_IF,
    TRY,
    WHILE,
)
from wfgraph.views import render

Basket = dict[str, list[str]]


@task(ops.Call(), id="basket.count")
def count(basket: Basket, eng: GenericWorkflowEngine) -> int:
    return len(basket["items"])


@task(ignore=["WF901"])
def is_full(basket: Basket, eng: GenericWorkflowEngine) -> bool:
    return count(basket, eng) > 3


def kind(basket: Basket, eng: GenericWorkflowEngine) -> str:
    return "fruit"


def items(basket: Basket, eng: GenericWorkflowEngine) -> list[str]:
    return basket["items"]


def weigh(basket: Basket, eng: GenericWorkflowEngine) -> None:
    basket["items"].sort()


def UNLESS(test: Task, branch: Tasks) -> list[Any]:
    """A pattern of one's own."""

    @task(ops.Branch(outcomes.BREAK, outcomes.RETURN, test=test, keyword="unless"))
    def unless(obj: Any, eng: GenericWorkflowEngine) -> None:
        if test(obj, eng):
            eng.break_current_loop()

    return [unless, branch]


flow = [
    weigh,
    [weigh, None, (weigh, [is_full])],
    IF(is_full, [HALT("too much", action="unpack")], comment="what is too much"),
    IF_NOT(is_full, weigh),
    IF_ELSE(CMP(ENG_GET("a"), OBJ_GET("b"), "<"), [weigh, [weigh]], weigh),
    WHILE(lambda basket, eng: not is_full(basket, eng), [count]),
    FOR(items, "item", [weigh]),
    FOR(["a", "b"], lambda obj, eng, item: None, weigh, cache_data=True, order="DSC"),
    CHOICE(kind, ("fruit", weigh, weigh), other=[weigh], default=weigh),
    PARALLEL_SPLIT([weigh], [weigh]),
    SYNCHRONIZE(weigh, [weigh], timeout=1.5),
    TASK_JUMP_IF(is_full, -1),
    TRY(weigh, retry=2, onfailure=weigh),
    RUN_WF([weigh], engine=GenericWorkflowEngine, data_connector=lambda obj, eng: [obj]),
    CALLFUNC(len, "n", args=["items"]),
    UNLESS(is_full, [weigh]),
]


def use(folder: Path) -> None:
    assert_type(HALT("why"), Task)
    assert_type(IF(is_full, weigh), list[Any])
    assert_type(count({"items": []}, GenericWorkflowEngine()), int)
    graph = compile_graph(flow)
    assert_type(graph, WorkflowGraph)
    assert_type([node.name for node in graph.nodes], list[str])
    assert_type(graph.assumed_edges(0), Iterator[Any])  # type: ignore[assert-type]  # pyright: ignore[reportAssertTypeFailure]
    assert_type(graph.to_dot(), str)
    assert_type(f"{graph:tree}", str)
    assert_type(render(graph, folder / "flow.mmd"), Path)
    found = check(flow, select=["WF1"], severities={"WF101": "info"}, baseline=graph)
    assert_type(found, list[Diagnostic])
    assert_type([one.hint for one in found], list[str])
    assert_type(difference(graph, compile_graph(weigh)), Difference)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        use(Path(directory))
