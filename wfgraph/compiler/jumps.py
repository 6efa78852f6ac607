"""Where an outcome leads: the one rule by which offsets become targets.

In the list of length ``n`` that holds the task at index ``i``:

* ``jump_call(k)`` goes to ``min(n, i + k)`` for ``k >= 0`` and to ``max(0, i + k)`` for ``k < 0``;
* ``break`` goes to ``n``, the end of the list;
* a normal return goes to ``i + 1``.

The flow then goes on at the first task in document order at or after that slot.
"""

from __future__ import annotations

from wfgraph.graph.definition import Definition, TaskItem
from wfgraph.graph.outcomes import Control, Outcome
from wfgraph.graph.workflow_graph import TERMINAL_OF

__all__ = ["target_of"]


def target_of(definition: Definition, item: TaskItem, outcome: Outcome) -> int | None:
    """Return where an outcome of a task leads.

    Returns:
        The number of a task in this definition (the number of tasks for its end), a negative terminal, or None for a
        jump by a distance that is not known.
    """
    if outcome.control in TERMINAL_OF:
        return TERMINAL_OF[outcome.control]
    if outcome.control is Control.RETURN:
        return item.id + 1
    block = definition.blocks[item.block]
    if outcome.control is Control.BREAK:
        return block.end
    if outcome.offset is None:
        return None
    return block.starts[block.slot_for(item.index + outcome.offset)]
