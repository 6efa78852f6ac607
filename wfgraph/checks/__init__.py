"""Static checks: what is wrong with a definition, told before it runs."""

from __future__ import annotations

from wfgraph.checks.diagnostics import Diagnostic, Location, Severity, Spot
from wfgraph.checks.rule import Finding, Rule
from wfgraph.checks.rules import RULES
from wfgraph.checks.runner import check

__all__ = ["RULES", "Diagnostic", "Finding", "Location", "Rule", "Severity", "Spot", "check"]
