"""WF107: a condition that always says the same.

The condition gives the same answer each time: it compares constants (`CMP(1, 2, '<')`), or its code returns only
constants (`lambda obj, eng: True`, or a function that forgot to return anything). So one of its branches is always
taken. A WHILE that always holds is no finding when it can be left in another way, and WF104 when it can't.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.constants import answer_of, returned
from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.ops import Branch, Op, While

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the conditions that always say the same."""
    for node in context.tasks():
        answer = answer_of(node.op)
        if answer is None or (answer and isinstance(node.op, While)):
            continue
        yield Finding(
            f"the condition of {context.label(node.id)} {_always(node.op, answer)}",
            node.id,
            hint="use a condition that looks at the token, or write down only what is run",
        )


def _always(op: Op, answer: bool) -> str:
    said = f"is always {'true' if answer else 'false'}"
    if isinstance(op, While):
        return f"{said}: its body never runs"
    found = returned(op.test) if isinstance(op, Branch) else None
    return said + (": the condition returns nothing" if found is not None and found.values == (None,) else "")


RULE = Rule(
    code="WF107",
    name="constant-condition",
    severity="warning",
    sound=True,
    about=__doc__ or "",
    find=find,
)
