"""WF113: a jump in the direction that its name denies.

The pattern's name says one direction and its number the other: `TASK_JUMP_FWD(-1)` jumps back. As an info: a task
jumps by a distance that is not a constant, so that no check can follow it.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.checks.context import Context
from wfgraph.checks.rule import Finding, Rule
from wfgraph.graph.ops import Jump, JumpToken
from wfgraph.graph.outcomes import Control

__all__ = ["RULE"]


def find(context: Context) -> Iterator[Finding]:
    """Yield the jumps whose name and number disagree, and those whose distance is not known."""
    for node in context.tasks():
        forward = node.name.endswith("_JUMP_FWD")
        for outcome, _ in context.ways(node, Control.JUMP, Control.JUMP_TOKEN):
            if outcome.offset is None:
                yield Finding(
                    f"{context.label(node.id)} jumps by a distance that is not a constant",
                    node.id,
                    hint="jump by constants, one for each case, if the checks are to follow",
                    severity="info",
                )
            elif isinstance(node.op, Jump | JumpToken) and _denied(node.name, outcome.offset):
                yield Finding(
                    f"{context.label(node.id)} jumps {'back' if forward else 'ahead'}: its number is {outcome.offset:+d}",
                    node.id,
                    hint=f"use {node.name[:-3]}{'BWD' if forward else 'FWD'}, or change the sign",
                )


def _denied(name: str, offset: int) -> bool:
    return offset < 0 if name.endswith("_JUMP_FWD") else offset > 0 and name.endswith("_JUMP_BWD")


RULE = Rule(
    code="WF113",
    name="jump-in-the-wrong-direction",
    severity="warning",
    sound=True,
    about=__doc__ or "",
    find=find,
)
