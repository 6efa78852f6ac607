"""WF203: a FOR over a constant that is empty.

The items of the FOR are constant and there are none (`()`, `range(0)`, `''`, `lambda: []`): its body never runs. An
empty list that others can see, and fill, is no finding.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.constants import returned
from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.ops import For

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the loops over a constant that is empty."""
    for node in context.tasks():
        known = returned(node.op.items) if isinstance(node.op, For) else None
        if known is not None and all(type(value) in _FIXED and not value for value in known.values):
            yield Finding(
                f"{context.label(node.id)} loops over nothing: its body never runs",
                node.id,
                hint="give it items, or a callable (obj, eng) that returns them",
            )


_FIXED = (tuple, range, str, bytes, frozenset)


RULE = Rule(
    code="WF203",
    name="loop-over-nothing",
    severity="warning",
    sound=True,
    about=__doc__ or "",
    find=find,
)
