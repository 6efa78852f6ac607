"""Functions that are made of texts, and whose source is found all the same."""

from __future__ import annotations

import itertools
import linecache
from typing import Any

_numbers = itertools.count()


def defined(text: str, namespace: dict[str, Any], name: str = "") -> dict[str, Any]:
    """Run a text as a module would be; return its namespace. Without a name for its file, it has one of its own."""
    name = name or f"<text {next(_numbers)}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    exec(compile(text, name, "exec", dont_inherit=True), namespace)  # noqa: S102 - our own
    return namespace
