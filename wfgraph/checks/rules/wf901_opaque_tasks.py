"""WF901: tasks of which nothing is known.

What these tasks do to the flow can't be seen: they are taken to be able to do whatever an engine lets a task do, so
the rules that are always right say less. One finding tells of all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield one finding for all opaque tasks."""
    nodes = [node.id for node in context.tasks() if node.opaque]
    if nodes:
        many = len(nodes) > 1
        yield Finding(
            f"what {len(nodes)} task{'s do' if many else ' does'} to the flow is not known: {context.places(nodes)}",
            address=context.address(nodes[0]),
            hint="declare what they do, @task(ops.Call(...)), if the checks are to see further",
            witness=context.spots(nodes),
        )


RULE = Rule(
    code="WF901",
    name="opaque-tasks",
    severity="info",
    sound=True,
    about=__doc__ or "",
    find=find,
)
