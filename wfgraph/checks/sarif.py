"""Findings as SARIF 2.1.0, the format of static analysis results (OASIS)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from wfgraph.checks.diagnostics import Diagnostic, Location
from wfgraph.checks.rule import Rule
from wfgraph.checks.runner import rule_of
from wfgraph.checks.sources import in_sources
from wfgraph.graph.address import Address, format_address
from wfgraph.utils import escape_control

__all__ = ["sarif_log"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def sarif_log(found: Sequence[tuple[str, str | None, Diagnostic]], version: str) -> dict[str, Any]:
    """Return a log with one run.

    Args:
        found: a definition's name, its file if that is known, and a finding in it.
        version: of wfgraph.
    """
    codes = sorted({one.code for _, _, one in found})
    driver = {"name": "wfgraph", "version": version, "rules": [_rule(rule_of(code)) for code in codes]}
    results = [_result(escape_control(target), file, one, codes.index(one.code)) for target, file, one in found]
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


def _result(target: str, file: str | None, found: Diagnostic, index: int) -> dict[str, Any]:
    hint = f" ({found.hint})" if found.hint else ""
    # GitHub takes no log at all in which one result is in no file: what has no line of its own is at the first of its file.
    places = (found.location, None if file is None else Location(file, 1))
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": index,
        "level": _LEVELS[found.severity],
        "message": {"text": found.message + hint},
        "locations": [_location(target, found.address, places)],
        # Lines move and messages are reworded: the place in the definition is what a finding is known by.
        "partialFingerprints": {"wfgraph/v1": f"{found.code} {target}{format_address(found.address)}"},
    }
    if found.witness:
        steps = [
            {"location": {**_location(target, spot.address, (spot.location, *places)), "message": {"text": str(spot)}}}
            for spot in found.witness
        ]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    return result


def _location(target: str, address: Address, places: Iterable[Location | None]) -> dict[str, Any]:
    """Return a place in a definition, with the first of these that is in a file."""
    name = f"{target}{''.join(f'[{index}]' for index in address)}"
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": name, "kind": "element"}]}
    # Only files can be shown: code may also come from a notebook's cell or from exec.
    place = next((one for one in places if one is not None and os.path.isfile(one.file)), None)
    if place is not None:
        location["physicalLocation"] = {
            "artifactLocation": _artifact(place.file),
            "region": {"startLine": place.line},
        }
    return location


def _artifact(file: str) -> dict[str, str]:
    path = in_sources(file)
    if path is None:
        return {"uri": Path(file).resolve().as_uri()}
    # All agree that this is the sources' root.
    return {"uri": quote(os.fsencode(path.as_posix())), "uriBaseId": "%SRCROOT%"}
