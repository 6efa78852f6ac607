"""The rules: one file each, found here. A file ``wfNNN_name.py`` with a ``RULE`` is a rule, and needs to be listed nowhere."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from wfgraph.checks.rule import Rule

__all__ = ["RULES"]

RULES: tuple[Rule, ...] = tuple(
    import_module(f"{__name__}.{name}").RULE for name in sorted(found.name for found in iter_modules(__path__))
)
"""All rules, in the order of their codes."""
