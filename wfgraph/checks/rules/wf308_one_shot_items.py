"""WF308: a FOR over an iterator that is used up.

The callable that gives a FOR its items returns the same iterator each time, and the loop asks for its items before
each round: the first round uses the iterator up, so the loop ends after one item, and does nothing for the second
token. (An iterator that is given to FOR itself is read once and kept, and is no finding.)
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.constants import returned
from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.ops import For

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the loops over an iterator that is used up."""
    for node in context.tasks():
        op = node.op
        known = returned(op.items) if isinstance(op, For) and not op.constant else None
        if known is not None and all(isinstance(value, Iterator) for value in known.values):
            kind = type(known.values[0]).__name__
            yield Finding(
                f"{context.label(node.id)} loops over one and the same {kind}, which is empty after its first use",
                node.id,
                hint="return a new list each time, or give the iterator itself to FOR",
            )


RULE = Rule(
    code="WF308",
    name="loop-over-a-used-iterator",
    severity="error",
    sound=True,
    about=__doc__ or "",
    find=find,
)
