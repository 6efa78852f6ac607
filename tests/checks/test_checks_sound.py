"""What the sound rules say is true: proved by running."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from checks_generated import EndlessError, Maker

from wfgraph import Trace
from wfgraph.checks.context import Context
from wfgraph.checks.reading import read
from wfgraph.checks.runner import check
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import HaltProcessing
from wfgraph.graph.workflow_graph import EXIT, HALT, STOP, TOKEN
from wfgraph.runtime.trace import Step

DEFINITIONS = 150
RUNS = 4
MOST_STEPS = 300


class BoundedTrace(Trace):
    """Ends a run that has gone on for long enough: a jump of a pattern makes no sound."""

    def arrive(self, node: int) -> None:
        super().arrive(node)
        if len(self.steps) > MOST_STEPS:
            raise EndlessError


def steps_of(maker: Maker, flow: list[Any], seed: int) -> list[list[Step]]:
    """Run two tokens, go on after each halt, and return the steps of each of these runs."""
    maker.begin(seed)
    eng = GenericWorkflowEngine()
    eng.callbacks.replace(flow)
    runs = []
    begin = lambda: eng.process(["a", "b"])  # noqa: E731
    for _ in range(4):
        eng.trace = BoundedTrace()
        runs.append(eng.trace.steps)
        with contextlib.suppress(EndlessError):
            try:
                begin()
            except HaltProcessing:
                begin = lambda: eng.restart("current", "next")  # noqa: E731
                continue
        break
    return runs


def follow(seed: int, runs: int) -> tuple[int, int]:
    """Check the findings in one definition by runs of it; return how many tasks were unreachable and how many trapped."""
    maker = Maker(seed)
    flow = maker.wild()
    context = Context(read(flow))
    numbers = {node.item.address: node.id for node in context.graph.nodes}
    unreachable = {node.id for node in context.graph.nodes if not context.flow.reached(node.id)}
    found = check(flow)
    assert {numbers[one.address] for one in found if one.code in ("WF101", "WF106")} <= unreachable
    trapped = {numbers[one.address] for one in found if one.code in ("WF104", "WF105", "WF111")}
    endless = {one.address for one in found if "the run never ends" in one.message}
    for run in range(runs):
        for steps in steps_of(maker, flow, run):
            reached = {step.target for step in steps}
            assert not reached & unreachable
            at = next((place for place, step in enumerate(steps) if step.target in trapped), len(steps))
            assert not {EXIT, HALT, STOP, TOKEN} & {step.target for step in steps[at:]}
            if endless:
                assert EXIT not in reached
    return len(unreachable), len(trapped)


def test_what_is_called_unreachable_or_endless_is_so_in_every_run() -> None:
    counts = [follow(seed, RUNS) for seed in range(DEFINITIONS)]
    assert sum(count > 0 for count, _ in counts) > DEFINITIONS // 4, "too few of them had something unreachable"
    assert sum(count > 0 for _, count in counts) > DEFINITIONS // 20, "too few of them had an endless loop"


@pytest.mark.long
def test_the_same_in_many_runs() -> None:
    for seed in range(DEFINITIONS, DEFINITIONS + 5_000):
        follow(seed, 10)
