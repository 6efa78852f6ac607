"""Addresses: where an item stands in a nested definition.

The address of an item is the path of indices that leads to it, one per level: ``(2, 0, 1)`` is item 1 of item 0
of item 2. It is what :attr:`MachineState.callback_pos` shows (there as a list) while the task runs.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Address", "format_address"]

Address = tuple[int, ...]


def format_address(address: Iterable[int]) -> str:
    """Write an address as people read positions.

    >>> format_address((2, 0, 1))
    '[2, 0, 1]'
    """
    return f"[{', '.join(map(str, address))}]"
