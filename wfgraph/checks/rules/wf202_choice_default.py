"""WF202: a CHOICE that may find no branch.

The CHOICE has no default, and what its arbiter returns is not known from its code: a result that names no branch is
an error when it comes. Heuristic: the arbiter may return only names that there are.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.constants import returned
from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.ops import Choice

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the choices that may find no branch."""
    for node in context.tasks():
        op = node.op
        if isinstance(op, Choice) and op.default is None and op.arbiter is not None:
            known = returned(op.arbiter)
            if known is None or not known.fixed:
                yield Finding(
                    f"{context.label(node.id)} has no default, and its arbiter may return a name that is no branch",
                    node.id,
                    hint="add default=, even if that is only HALT('unknown ...')",
                )


RULE = Rule(
    code="WF202",
    name="choice-without-a-default",
    severity="info",
    sound=False,
    about=__doc__ or "",
    find=find,
)
