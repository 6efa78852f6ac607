"""``pydantic-graph``: one step for each task, the token as the state, a decision after each step that asks a condition.

One event loop serves all tokens, so that starting one is not counted.
"""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Literal

from pydantic_graph import GraphBuilder, StepContext, TypeExpression

from bench.tasks import TASKS, Task, Token, another_round, first_way, second_way, third_way
from bench.workloads import Stage, Workload

__all__ = ["RUNNERS"]


_LOOP = asyncio.new_event_loop()
atexit.register(_LOOP.close)


def _step(builder: Any, task: Task) -> Any:
    async def call(ctx: StepContext[Token, None, Any]) -> None:
        task(ctx.state, None)

    return builder.step(node_id=task.__name__)(call)


def _question(builder: Any, condition: Task) -> Any:
    async def ask(ctx: StepContext[Token, None, Any]) -> Literal["yes", "no"]:
        return "yes" if condition(ctx.state, None) else "no"

    return builder.step(node_id=condition.__name__)(ask)


def _decide(builder: Any, question: Any, yes: Any, no: Any) -> Any:
    """Return the edge from a question to one step or another."""
    decision = builder.decision().branch(builder.match(TypeExpression[Literal["yes"]]).to(yes))
    return builder.edge_from(question).to(decision.branch(builder.match(TypeExpression[Literal["no"]]).to(no)))


def _row(builder: Any, *steps: Any) -> list[Any]:
    return [builder.edge_from(one).to(other) for one, other in pairwise(steps)]


def _runner(builder: Any, edges: list[Any]) -> Stage:
    builder.add(*edges)
    graph = builder.build()

    def stage(tokens: Sequence[Token]) -> Callable[[], object]:
        async def run() -> None:
            for token in tokens:
                await graph.run(state=token)

        return lambda: _LOOP.run_until_complete(run())

    return stage


def _builder(count: int) -> tuple[Any, list[Any]]:
    builder: Any = GraphBuilder(state_type=Token)
    return builder, [_step(builder, task) for task in TASKS[:count]]


def _straight(workload: Workload) -> Stage:
    builder, steps = _builder(20)
    return _runner(builder, _row(builder, builder.start_node, *steps, builder.end_node))


def _ifelse(workload: Workload) -> Stage:
    builder, t = _builder(12)
    one, two, three = (_question(builder, way) for way in (first_way, second_way, third_way))
    end = builder.end_node
    edges = [
        *_row(builder, builder.start_node, one),
        _decide(builder, one, t[0], t[7]),
        *_row(builder, t[0], two),
        _decide(builder, two, t[1], t[4]),
        *_row(builder, t[1], three),
        _decide(builder, three, t[2], t[3]),
        *_row(builder, t[4], t[5], t[6]),
        *_row(builder, *t[7:]),
        *(builder.edge_from(t[number]).to(end) for number in (2, 3, 6, 11)),
    ]
    return _runner(builder, edges)


def _while(workload: Workload) -> Stage:
    builder, t = _builder(3)
    head = _question(builder, another_round)
    edges = [
        *_row(builder, builder.start_node, head),
        *_row(builder, *t, head),
        _decide(builder, head, t[0], builder.end_node),
    ]
    return _runner(builder, edges)


RUNNERS: dict[str, Callable[[Workload], Stage]] = {"straight": _straight, "ifelse": _ifelse, "while": _while}
