"""What was measured, as a table to read (Markdown) and as JSON to keep."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from bench.durable import Durable
from bench.engines import ENGINES, Engine
from bench.growth import Growth
from bench.imports import Import
from bench.measure import Cell, Spread
from bench.workloads import BY_NAME

__all__ = ["Report", "about", "about_machine", "as_json", "as_text", "reasons", "reasons_of_durable"]


@dataclass(slots=True)
class Report:
    """One run of the benchmarks.

    Attributes:
        engines: who took part, in the order of the columns.
        cells: by workload, then by engine.
        growth: the growth of compiling, when it was measured.
        imports: the times of imports, when they were measured.
        durable: what storing costs, when it was measured.
    """

    engines: Sequence[Engine] = ENGINES
    cells: dict[str, dict[str, Cell]] = field(default_factory=dict)
    growth: list[Growth] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    durable: list[Durable] = field(default_factory=list)


def about_machine() -> dict[str, Any]:
    """Return the same as data."""
    return {
        "python": sys.version.split()[0],
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def as_json(report: Report) -> dict[str, Any]:
    """Return a report as plain data. Names of fields end in their unit, or are those of the dataclasses, which say it."""
    return {
        "about": about_machine(),
        "engines": {engine.name: engine.version() for engine in report.engines},
        "workloads": {
            name: {
                "title": BY_NAME[name].title,
                "calls_per_token": BY_NAME[name].calls,
                "engines": {engine: asdict(cell) for engine, cell in cells.items()},
            }
            for name, cells in report.cells.items()
        },
        "growth": [asdict(row) for row in report.growth],
        "imports": [asdict(row) for row in report.imports],
        "durable": [asdict(row) for row in report.durable],
    }


def as_text(report: Report) -> str:
    """Return a report as Markdown tables."""
    parts: list[str] = []
    if report.cells:
        parts.append(_workloads(report))
    if report.growth:
        parts.append(_growth(report.growth))
    if report.imports:
        parts.append(_imports(report.imports))
    if report.durable:
        parts.append(_durable(report.durable))
    return "\n\n".join([*parts, about()])


def about() -> str:
    """Return what was measured on, and when."""
    found = about_machine()
    return f"Python {found['python']}, {found['platform']}, {found['processors']} processors, {found['when']}."


def _workloads(report: Report) -> str:
    head = ["ns per task (ratio to hand-written)", *(_heading(engine) for engine in report.engines)]
    rows = [
        [BY_NAME[name].title, *(_cell(cells[engine.name]) for engine in report.engines)]
        for name, cells in report.cells.items()
    ]
    spreads = [
        [BY_NAME[name].title, *(_quartiles(cells[engine.name]) for engine in report.engines)]
        for name, cells in report.cells.items()
    ]
    quartiles = _table(["quartiles of the ratio", *head[1:]], spreads)
    return f"{_table(head, rows)}\n\n{quartiles}"


def _heading(engine: Engine) -> str:
    version = engine.version()
    return f"{engine.name} {version}" if version and engine.adapter[:4] in ("peer", "work") else engine.name


def _cell(cell: Cell) -> str:
    """Write ``48 (1.2x)``; ``-`` where an engine can't express the workload."""
    if cell.ns is None:
        return {"not expressed": "-", "failed": f"failed: {cell.reason.partition(':')[0]}"}.get(
            cell.status, cell.status
        )
    ratio = "" if cell.ratio is None else f" ({_short(cell.ratio.median)}x)"
    return f"{_short(cell.ns.median)}{ratio}"


def _quartiles(cell: Cell) -> str:
    """Write ``1.19-1.23``, or what it is without a ratio."""
    return "-" if cell.ratio is None else f"{_short(cell.ratio.low)}-{_short(cell.ratio.high)}"


def _growth(rows: Sequence[Growth]) -> str:
    head = ["compiling", "tasks", "ns per task", "quartiles", "bytes per task"]
    body = [
        [row.function, f"{row.tasks:,}", _short(row.ns.median), _between(row.ns), _short(row.bytes)] for row in rows
    ]
    return _table(head, body)


def _imports(rows: Sequence[Import]) -> str:
    head = ["import", "ms", "quartiles"]
    body = [
        [row.module, "not installed", "-"] if row.ms is None else [row.module, _short(row.ms.median), _between(row.ms)]
        for row in rows
    ]
    return _table(head, body)


def _durable(rows: Sequence[Durable]) -> str:
    databases = list(dict.fromkeys(row.database for row in rows))
    head = ["stored at once", "who", *(f"{name}: {what}" for name in databases for what in ("steps/s", "of raw"))]
    body = []
    for unit, name in dict.fromkeys((row.unit, row.name) for row in rows):
        cells = {row.database: row for row in rows if (row.unit, row.name) == (unit, name)}
        numbers = [text for database in databases for text in _stored(cells.get(database))]
        versions = {cell.version for cell in cells.values()}
        body.append([unit, f"{name} {versions.pop()}".strip(), *numbers])
    return _table(head, body)


def _stored(cell: Durable | None) -> tuple[str, str]:
    if cell is None:
        return "-", "-"
    if cell.rate is None or cell.share is None:
        return "failed", "-"
    return _short(cell.rate.median), f"{cell.share.median:.0%} ({cell.share.low:.0%}-{cell.share.high:.0%})"


def reasons_of_durable(rows: Sequence[Durable]) -> list[str]:
    """Return, for each contender that stored nothing, why."""
    return [f"{row.name} on {row.database}: {row.reason}" for row in rows if row.rate is None]


def _between(found: Spread) -> str:
    return f"{_short(found.low)}-{_short(found.high)}"


def _short(value: float) -> str:
    """Write a number with three digits, or more where it has more before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table whose columns are as wide as they have to be; all but the first are set to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        first, *others = (
            text.ljust(width) if not column else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        return f"| {' | '.join((first, *others))} |"

    rule = "|".join(("-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])))
    return "\n".join((line(head), f"|{rule}|", *(line(row) for row in rows)))


def reasons(cells: Mapping[str, Mapping[str, Cell]]) -> list[str]:
    """Return, for each engine that did not do a workload, why."""
    found: dict[str, list[str]] = {}
    for name, row in cells.items():
        for engine, cell in row.items():
            if cell.ns is None:
                found.setdefault(f"{engine}: {cell.status}: {cell.reason}", []).append(name)
    return [f"{text} ({', '.join(names)})" for text, names in found.items()]
