"""WF402: a task without a name.

A lambda or a partial has no name of its own: when the definition changes, the place of a stored run can't be followed
by it, and logs and drawings show only that it is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.task import declaration_of
from wfgraph.utils import attribute, is_a

__all__ = ["RULE"]


def is_unnamed(task: Any) -> bool:
    """Tell whether a task has no name of its own."""
    return is_a(task, partial) or attribute(task, "__name__") == "<lambda>"


def find(context: Context) -> Iterator[Finding]:
    """Yield the tasks that have neither a name nor an id."""
    for node in context.tasks():
        declared = declaration_of(node.item.task)
        if is_unnamed(node.item.task) and (declared is None or declared.id is None):
            yield Finding(
                f"{context.label(node.id)} has no name of its own",
                node.id,
                hint="write it as a function, or give it an id: task(id='...')(it)",
            )


RULE = Rule(
    code="WF402",
    name="unnamed-task",
    severity="info",
    sound=True,
    about=__doc__ or "",
    find=find,
)
