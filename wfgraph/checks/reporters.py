"""Findings as text, as JSON, as annotations of GitHub, and as SARIF."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wfgraph.checks.diagnostics import SEVERITIES, Diagnostic
from wfgraph.checks.excerpt import excerpt
from wfgraph.checks.runner import rule_of
from wfgraph.checks.sarif import sarif_log
from wfgraph.checks.sources import in_sources
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.utils import counted, escape_control

__all__ = ["REPORTERS", "Report"]

_LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """What was found in one definition.

    Attributes:
        target: its name, such as ``"shop.flow:orders"``.
        diagnostics: the findings.
        graph: the graph that they are about.
        file: the file that it stands in, if that is known.
    """

    target: str
    diagnostics: Sequence[Diagnostic]
    graph: WorkflowGraph
    file: str | None = None


def text(reports: Sequence[Report], version: str) -> str:
    """Write findings for people: each with its place in the definition underlined, and a summary."""
    lines: list[str] = []
    for report in reports:
        for found in report.diagnostics:
            lines += [*_told(report, found), ""]
    lines.append(_summary(reports))
    return "".join(line.rstrip() + "\n" for line in lines)


def _told(report: Report, found: Diagnostic) -> Iterable[str]:
    yield f"{found.severity}[{found.code}] {escape_control(report.target)}: {escape_control(found.message)}"
    if found.location is not None:
        yield f"  --> {escape_control(_near(found.location.file))}:{found.location.line}"
    outline = excerpt(report.graph, found.address)
    if outline:
        yield "   |"
        yield from (f"   | {line}" for line in outline)
        yield "   |"
    if found.witness:
        yield f"   = path: {' -> '.join(map(str, found.witness))}"
    if found.hint:
        yield f"   = help: {escape_control(found.hint)}"
    yield f"   = see: {rule_of(found.code).page}, or wfgraph check --explain {found.code}"


def _summary(reports: Sequence[Report]) -> str:
    found = [one.severity for report in reports for one in report.diagnostics]
    checked = f"{counted(len(reports), 'definition')} checked"
    counts = [(found.count(severity), severity) for severity in reversed(SEVERITIES)]
    told = [f"{count} {name}" if name == "info" else counted(count, name) for count, name in counts if count]
    return f"{checked}: {', '.join(told) or 'nothing found'}"


def as_json(reports: Sequence[Report], version: str) -> str:
    """Write findings as one JSON value."""
    findings = [_fields(report, found) for report in reports for found in report.diagnostics]
    return json.dumps({"wfgraph": version, "definitions": len(reports), "findings": findings}, indent=2) + "\n"


def _fields(report: Report, found: Diagnostic) -> dict[str, Any]:
    place = found.location
    return {
        "target": report.target,
        "code": found.code,
        "rule": found.rule,
        "severity": found.severity,
        "message": found.message,
        "address": found.address,
        "location": None if place is None else {"file": place.file, "line": place.line},
        "hint": found.hint,
        "witness": [{"address": spot.address, "where": spot.where, "name": spot.name} for spot in found.witness],
    }


def github(reports: Sequence[Report], version: str) -> str:
    """Write findings as commands to GitHub's runners, which show them at the lines of a change."""
    return "".join(_annotation(report, found) for report in reports for found in report.diagnostics)


def _annotation(report: Report, found: Diagnostic) -> str:
    place = found.location
    file = report.file if place is None else place.file
    fields = {} if file is None else {"file": str(in_sources(file) or file)}
    if place is not None:
        fields["line"] = str(place.line)
    fields["title"] = f"{found.code} {found.rule}"
    shown = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in fields.items())
    hint = f"; {found.hint}" if found.hint else ""
    return f"::{_LEVELS[found.severity]} {shown}::{_escaped(f'{report.target}: {found.message}{hint}')}\n"


def _escaped(value: str, more: str = "") -> str:
    for character in "%\r\n" + more:
        value = value.replace(character, f"%{ord(character):02X}")
    return value


def _near(file: str) -> str:
    """Write a path relative to the working directory, where it is below that."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


def sarif(reports: Sequence[Report], version: str) -> str:
    """Write findings as SARIF 2.1.0."""
    found = [(report.target, report.file, one) for report in reports for one in report.diagnostics]
    return json.dumps(sarif_log(found, version), indent=2) + "\n"


REPORTERS: dict[str, Callable[[Sequence[Report], str], str]] = {
    "text": text,
    "json": as_json,
    "github": github,
    "sarif": sarif,
}
"""By the name of the format."""
