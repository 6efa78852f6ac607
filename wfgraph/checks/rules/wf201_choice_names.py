"""WF201: an arbiter whose results and branches don't fit.

What the arbiter of a CHOICE returns is plain from its code: constants. It is an error when none of them names a
branch and there is no default (the task fails each time), and a warning when one of them does not, or when a branch
is named by none.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.constants import returned
from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.ops import Choice
from wfgraph.utils import shown

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the names that lead nowhere, and the branches that nothing leads to."""
    for node in context.tasks():
        op = node.op
        known = returned(op.arbiter) if isinstance(op, Choice) and op.arbiter is not None else None
        if not isinstance(op, Choice) or known is None or not known.fixed or not _plain([*known.values, *_names(op)]):
            continue
        names = _names(op)
        lost = [value for value in dict.fromkeys(known.values) if value not in names]
        if lost and op.default is None:
            yield Finding(
                f"the arbiter of {context.label(node.id)} {'returns' if len(lost) == len(set(known.values)) else 'may return'} "
                f"{_listed(lost)}, which names no branch; there are {_listed(names)}",
                node.id,
                hint="add the branch, or a default=",
                severity="error" if len(lost) == len(set(known.values)) else "warning",
            )
        for name in names:
            if name not in known.values:
                yield Finding(
                    f"the branch {shown(name)} of {context.label(node.id)} is never chosen: the arbiter returns only "
                    f"{_listed(list(dict.fromkeys(known.values)))}",
                    node.id,
                    hint="take it out, or let the arbiter return its name",
                    severity="warning",
                )


def _names(op: Choice) -> list[object]:
    return [value for value, _ in op.cases]


def _plain(values: list[object]) -> bool:
    return all(type(value) in (str, int, bool, bytes, type(None)) for value in values)


def _listed(values: list[object]) -> str:
    return ", ".join(map(shown, values))


RULE = Rule(
    code="WF201",
    name="choice-without-such-a-branch",
    severity="error",
    sound=True,
    about=__doc__ or "",
    find=find,
)
