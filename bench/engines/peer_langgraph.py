"""``langgraph``: one node for each task, the token in the state, conditional edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph

from bench.tasks import TASKS, Task, Token, another_round, first_way, second_way, third_way
from bench.workloads import Stage, Workload

__all__ = ["RUNNERS"]

_LIMIT = {"recursion_limit": 10_000}
"""How many steps a token may take; the default is too few for a hundred rounds."""


class Data(TypedDict):
    """What the nodes see."""

    token: Token


def _node(task: Task) -> Callable[[Data], None]:
    def call(state: Data) -> None:
        task(state["token"], None)

    return call


def _decide(graph: Any, source: str, condition: Task, yes: str, no: str) -> None:
    def route(state: Data) -> str:
        return yes if condition(state["token"], None) else no

    graph.add_conditional_edges(source, route, [yes, no])


def _graph(count: int) -> Any:
    graph: Any = StateGraph(Data)
    for task in TASKS[:count]:
        graph.add_node(task.__name__, _node(task))
    return graph


def _row(graph: Any, *names: str) -> None:
    for one, other in pairwise(names):
        graph.add_edge(one, other)


def _runner(graph: Any) -> Stage:
    compiled = graph.compile()

    def stage(tokens: Sequence[Token]) -> Callable[[], object]:
        def run() -> None:
            for token in tokens:
                compiled.invoke({"token": token}, _LIMIT)

        return run

    return stage


def _straight(workload: Workload) -> Stage:
    graph = _graph(20)
    _row(graph, START, *(task.__name__ for task in TASKS), END)
    return _runner(graph)


def _ifelse(workload: Workload) -> Stage:
    graph = _graph(12)
    _decide(graph, START, first_way, "t00", "t07")
    _decide(graph, "t00", second_way, "t01", "t04")
    _decide(graph, "t01", third_way, "t02", "t03")
    _row(graph, "t04", "t05", "t06", END)
    _row(graph, "t07", "t08", "t09", "t10", "t11", END)
    _row(graph, "t02", END)
    _row(graph, "t03", END)
    return _runner(graph)


def _while(workload: Workload) -> Stage:
    graph = _graph(3)
    for source in (START, "t02"):
        _decide(graph, source, another_round, "t00", END)
    _row(graph, "t00", "t01", "t02")
    return _runner(graph)


RUNNERS: dict[str, Callable[[Workload], Stage]] = {"straight": _straight, "ifelse": _ifelse, "while": _while}
