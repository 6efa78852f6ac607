"""WF401: tasks of one name in one list.

Tasks of the same name in the same list can't be told apart by name: when the definition changes, the place of a
stored run can't be followed from the old to the new one by what stands there.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.checks.rules.wf402_unnamed_task import is_unnamed
from wfgraph.graph.task import declaration_of

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the groups of tasks with one name in one list."""
    groups: dict[tuple[int | None, int, str], list[int]] = {}
    for node in context.tasks():
        declared = declaration_of(node.item.task)
        if is_unnamed(node.item.task) or (declared is not None and declared.id is not None):
            continue
        groups.setdefault((node.lane, node.item.block, context.name(node.id)), []).append(node.id)
    for (_, _, name), nodes in groups.items():
        if len(nodes) > 1:
            yield Finding(
                f"{len(nodes)} tasks of one list are called {name}: {context.places(nodes)}",
                nodes[0],
                hint="give them ids, @task(id=...), or names of their own, if runs of this definition are stored",
            )


RULE = Rule(
    code="WF401",
    name="tasks-with-the-same-name",
    severity="info",
    sound=True,
    about=__doc__ or "",
    find=find,
)
