"""WF401: tasks that can't be told apart.

Tasks of the same name, made with the same arguments, under the same patterns can't be told apart: when the definition
changes, the place of a stored run can't be followed from the old to the new one by what stands there.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph import ops
from wfgraph.graph.identity import Identity, identities

__all__ = ["RULE"]

_PASSING = (
    *(ops.Branch, ops.Choice, ops.For, ops.While),
    *(ops.Break, ops.Jump, ops.JumpToken, ops.NextToken, ops.Stop),
)
"""No run is ever halted at one of these."""


def find(context: Context) -> Iterator[Finding]:
    """Yield the groups of tasks of one identity."""
    known = identities(context.graph)
    groups: dict[tuple[str, str, str], list[int]] = {}
    for node in context.tasks():
        if not known[node.id].anonymous and not isinstance(node.op, _PASSING):
            groups.setdefault(known[node.id].key, []).append(node.id)
    for nodes in groups.values():
        if len(nodes) > 1:
            yield Finding(
                f"{len(nodes)} tasks {_under(known[nodes[0]])} are called {context.name(nodes[0])}: "
                f"{context.places(nodes)}",
                nodes[0],
                hint="give them ids, @task(id=...), or names of their own, if runs of this definition are stored",
            )


def _under(one: Identity) -> str:
    return f"under {one.around.text!r}" if one.around else "at the top"


RULE = Rule(
    code="WF401",
    name="tasks-alike",
    severity="info",
    sound=True,
    about=__doc__ or "",
    find=find,
)
