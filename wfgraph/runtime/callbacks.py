"""Callbacks: the definitions that an engine knows, by key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from wfgraph.graph.nesting import Tasks, clean, registered
from wfgraph.utils import brief, shown

__all__ = ["Callbacks"]

_MOST_KEYS = 5
"""How many keys a repr names."""


class _CallbacksDict(dict[str, list[Any]]):
    """A dict whose KeyError says what to do."""

    def __missing__(self, key: str) -> list[Any]:
        raise KeyError(
            f"No workflow is registered for the key: {key}. Perhaps you forgot to load workflows or the workflow "
            "definition for the given key was empty?"
        )


class Callbacks:
    """The workflow definitions of an engine, each under a key; ``'*'`` is the one for tokens without a type.

    What :meth:`get` returns is the live nested list: change it and the next run takes the change. A run that is under
    way keeps the definition it started with.
    """

    def __init__(self) -> None:
        self._dict = _CallbacksDict()

    def get(self, key: str | None = "*") -> Any:
        """Return the definition under a key, or the dict of all of them for None.

        Raises:
            KeyError: nothing is registered under the key.
        """
        return self._dict[key] if key else self._dict

    def add(self, func: Tasks | None, key: str = "*") -> None:
        """Append one item, a task or a nested list, to a definition; ``None`` and ``[]`` are ignored.

        Raises:
            WorkflowDefinitionError: the item contains itself.
        """
        for item in registered((func,)):
            self._dict.setdefault(key, []).append(item)

    def add_many(self, list_or_tuple: Tasks | Iterable[Any], key: str = "*") -> None:
        """Append many items to a definition; tuples are flattened.

        Raises:
            WorkflowDefinitionError: it is no list of callables, or contains itself.
        """
        for item in clean(list_or_tuple):
            self.add(item, key)

    @classmethod
    def cleanup_callables(cls, callbacks: Tasks | Iterable[Any]) -> Iterator[Any]:
        """Yield the items of a definition, with ``None`` dropped and tuples flattened; lists stay nested.

        Raises:
            WorkflowDefinitionError: it is no list of callables, or contains itself.
        """
        yield from clean(callbacks)

    def clear(self, key: str | None = "*") -> None:
        """Remove the definition under a key, or all of them for None."""
        if key is None:
            self._dict.clear()
        else:
            self._dict.pop(key, None)

    def clear_all(self) -> None:
        """Remove all definitions."""
        self._dict.clear()

    def empty(self) -> bool:
        """Tell whether there is no definition at all."""
        return not self._dict

    def replace(self, funcs: Tasks | Iterable[Any], key: str = "*") -> None:
        """Replace the definition under a key.

        Raises:
            WorkflowDefinitionError: it is no list of callables, or contains itself; the old definition stays then.
        """
        cleaned = list(self.cleanup_callables(funcs))
        self.clear(key)
        self.add_many(cleaned, key)

    def __repr__(self) -> str:
        keys = [shown(key) for key in islice(self._dict, _MOST_KEYS)]
        more = f" and {len(self._dict) - len(keys)} more" if len(self._dict) > len(keys) else ""
        return brief(f"<Callbacks for {', '.join(keys) or 'nothing'}{more}>")
