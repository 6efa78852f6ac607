"""A recorded run as a file: the graph that was run, and the steps that it took.

JSON, so that other programs can read it: ``{"format": 1, "graph": {...}, "steps": [[token, source, target, control,
seconds], ...]}``, where source and target are numbers of the graph's nodes, and of its terminals when negative.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from math import inf
from operator import index
from typing import Any

from wfgraph.compiler.stored import graph_from, graph_to_json, read_json
from wfgraph.errors import WorkflowDefinitionError
from wfgraph.graph.outcomes import Control
from wfgraph.graph.workflow_graph import ENTRY, TERMINALS, WorkflowGraph
from wfgraph.runtime.trace import Step

__all__ = ["is_trace", "trace_from_json", "trace_to_json"]

_FORMAT = 1


def trace_to_json(graph: WorkflowGraph, steps: Iterable[Step]) -> str:
    """Return a recorded run as JSON.

    Args:
        graph: the graph that was run.
        steps: those of a :class:`wfgraph.Trace`.
    """
    rows = [
        [step.token, step.source, step.target, step.control and step.control.value, round(step.seconds, 9)]
        for step in steps
    ]
    written = json.dumps(rows, separators=(",", ":"))
    return f'{{"format":{_FORMAT},"graph":{graph_to_json(graph)},"steps":{written}}}'


def is_trace(content: Any) -> bool:
    """Tell whether what a JSON file holds is a recorded run."""
    return isinstance(content, dict) and "steps" in content and "graph" in content


def trace_from_json(text: str | bytes) -> tuple[WorkflowGraph, list[Step]]:
    """Return what :func:`trace_to_json` wrote.

    Raises:
        WorkflowDefinitionError: the text is nothing of the kind.
    """
    content = read_json(text, "a recorded run")
    if not is_trace(content) or content.get("format") != _FORMAT:
        raise WorkflowDefinitionError(f"this is no recorded run of format {_FORMAT}, as `wfgraph run --trace` writes")
    graph = graph_from(content["graph"])
    tasks = range(len(graph.nodes))
    sources, targets = {ENTRY, *tasks}, {*TERMINALS, *tasks} - {ENTRY}
    try:
        steps = [
            Step(
                index(token),
                index(source),
                index(target),
                None if control is None else Control(control),
                float(seconds),
            )
            for token, source, target, control, seconds in content["steps"]
        ]
    except (ArithmeticError, TypeError, ValueError) as error:
        raise WorkflowDefinitionError(f"the recorded run is damaged: {error}") from error
    if not all(0 <= step.seconds < inf for step in steps):
        raise WorkflowDefinitionError("the recorded run is damaged: a task took no time that can be told")
    if any(step.source not in sources or step.target not in targets for step in steps):
        raise WorkflowDefinitionError("the recorded run is damaged: it steps to a task that its graph lacks")
    return graph, steps
