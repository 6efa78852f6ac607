"""What a task does to the flow: its declared op, or nothing known.

This is the one place that answers the question. A task that declares nothing is *opaque*: the graph says so instead of
guessing. Inferring the effects of such tasks from their code belongs here.
"""

from __future__ import annotations

from typing import Any

from wfgraph.graph.ops import Op
from wfgraph.graph.task import op_of

__all__ = ["effect_of"]


def effect_of(task: Any) -> Op:
    """Return the op of a task: declared by its author, or ``OPAQUE``."""
    return op_of(task)
