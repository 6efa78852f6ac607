"""Findings as SARIF 2.1.0, the format of static analysis results (OASIS)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from wfgraph.checks.diagnostics import Diagnostic, Location
from wfgraph.checks.rule import Rule
from wfgraph.checks.runner import rule_of
from wfgraph.graph.address import Address, format_address
from wfgraph.utils import escape_control

__all__ = ["sarif_log"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def sarif_log(found: Sequence[tuple[str, Diagnostic]], version: str) -> dict[str, Any]:
    """Return a log with one run.

    Args:
        found: pairs of a definition's name and a finding in it.
        version: of wfgraph.
    """
    codes = sorted({one.code for _, one in found})
    driver = {"name": "wfgraph", "version": version, "rules": [_rule(rule_of(code)) for code in codes]}
    results = [_result(escape_control(target), one, codes.index(one.code)) for target, one in found]
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _rule(rule: Rule) -> dict[str, Any]:
    first, _, rest = rule.about.partition("\n\n")
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": _sentence(first.removeprefix(f"{rule.code}: "))},
        "fullDescription": {"text": _sentence(rest or first)},
        "help": {"text": f"See {rule.page}, or run: wfgraph check --explain {rule.code}"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"precision": "very-high" if rule.sound else "medium"},
    }


def _sentence(text: str) -> str:
    whole = " ".join(text.split())
    return whole[:1].upper() + whole[1:]


def _result(target: str, found: Diagnostic, index: int) -> dict[str, Any]:
    hint = f" ({found.hint})" if found.hint else ""
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": index,
        "level": _LEVELS[found.severity],
        "message": {"text": found.message + hint},
        "locations": [_location(target, found.address, found.location)],
        # Lines move and messages are reworded: the place in the definition is what a finding is known by.
        "partialFingerprints": {"wfgraph/v1": f"{found.code} {target}{format_address(found.address)}"},
    }
    if found.witness:
        steps = [
            {"location": {**_logical(target, spot.address), "message": {"text": str(spot)}}} for spot in found.witness
        ]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    return result


def _location(target: str, address: Address, place: Location | None) -> dict[str, Any]:
    location = _logical(target, address)
    # Only files can be shown: code may also come from a notebook's cell or from exec.
    if place is not None and os.path.isfile(place.file):
        location["physicalLocation"] = {
            "artifactLocation": {"uri": _uri(place.file)},
            "region": {"startLine": place.line},
        }
    return location


def _logical(target: str, address: Address) -> dict[str, Any]:
    name = f"{target}{''.join(f'[{index}]' for index in address)}"
    return {"logicalLocations": [{"fullyQualifiedName": name, "kind": "element"}]}


def _uri(file: str) -> str:
    path = Path(file).resolve()
    if path.is_relative_to(Path.cwd()):
        return quote(os.fsencode(path.relative_to(Path.cwd()).as_posix()))
    return path.as_uri()
