"""``SpiffWorkflow``: one task spec for each task, the token in the workflow's data, ``ExclusiveChoice`` for conditions.

A specification is made once. A workflow is made of it for each token, as the library means it: it keeps the tree of all
the steps that were taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from SpiffWorkflow.operators import Attrib, Operator
from SpiffWorkflow.specs import ExclusiveChoice, Simple, WorkflowSpec
from SpiffWorkflow.workflow import Workflow

from bench.tasks import TASKS, Task, Token, another_round, first_way, second_way, third_way
from bench.workloads import Stage, Workload

__all__ = ["RUNNERS"]


class Call(Simple):  # type: ignore[misc]  # a library without types
    """A spec that calls one of our tasks."""

    task: Task

    def _run_hook(self, my_task: Any) -> Any:
        self.task(my_task.workflow.data["token"], None)
        return super()._run_hook(my_task)


class Holds(Operator):  # type: ignore[misc]  # a library without types
    """A condition that is one of ours."""

    def __init__(self, condition: Task) -> None:
        super().__init__(Attrib("token"))
        self.condition = condition

    def _matches(self, task: Any) -> bool:
        return bool(self.condition(task.workflow.data["token"], None))


def _specs(count: int) -> tuple[Any, list[Any]]:
    spec = WorkflowSpec(name="bench", addstart=True)
    made = [Call(spec, task.__name__) for task in TASKS[:count]]
    for one, task in zip(made, TASKS, strict=False):
        one.task = task
    return spec, made


def _decide(spec: Any, condition: Task, yes: Any, no: Any) -> Any:
    choice = ExclusiveChoice(spec, condition.__name__)
    choice.connect(no)
    choice.connect_if(Holds(condition), yes)
    return choice


def _row(*steps: Any) -> None:
    for one, other in pairwise(steps):
        one.connect(other)


def _runner(spec: Any) -> Stage:
    def stage(tokens: Sequence[Token]) -> Callable[[], object]:
        def run() -> None:
            for token in tokens:
                workflow = Workflow(spec)
                workflow.data["token"] = token
                workflow.run_all()

        return run

    return stage


def _straight(workload: Workload) -> Stage:
    spec, steps = _specs(20)
    _row(spec.start, *steps)
    return _runner(spec)


def _ifelse(workload: Workload) -> Stage:
    spec, t = _specs(12)
    third = _decide(spec, third_way, t[2], t[3])
    second = _decide(spec, second_way, t[1], t[4])
    _row(spec.start, _decide(spec, first_way, t[0], t[7]))
    _row(t[0], second)
    _row(t[1], third)
    _row(t[4], t[5], t[6])
    _row(*t[7:])
    return _runner(spec)


def _while(workload: Workload) -> Stage:
    spec, t = _specs(3)
    head = _decide(spec, another_round, t[0], Simple(spec, "end"))
    _row(spec.start, head)
    _row(*t, head)
    return _runner(spec)


RUNNERS: dict[str, Callable[[Workload], Stage]] = {"straight": _straight, "ifelse": _ifelse, "while": _while}
