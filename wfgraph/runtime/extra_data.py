"""The data that an engine keeps for its tasks while it runs."""

from __future__ import annotations

from typing import Any

__all__ = ["ExtraData"]


class ExtraData(dict[Any, Any]):
    """A dict with the documented ``setget``."""

    def setget(self, key: Any, default: Any = None) -> Any:
        """Return what is stored under a key; where nothing is, store a default (unless it is None) and return that.

        >>> data = ExtraData()
        >>> data.setget("seen", []), data.setget("other"), data
        ([], None, {'seen': []})
        """
        if key not in self and default is not None:
            self[key] = default
        return self.get(key)
