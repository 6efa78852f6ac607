"""The command line: ``python -m bench``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench import engines
from bench.durable import durable
from bench.growth import growth
from bench.imports import imports
from bench.measure import FULL, QUICK, Plan, measure
from bench.report import Report, as_json, as_text, reasons, reasons_of_durable
from bench.workloads import BY_NAME

__all__ = ["main", "run"]

_ALL = (*BY_NAME, "growth", "imports", "durable")


def _names(known: Iterable[str]) -> Any:
    """Return a parser of names with commas between them."""
    known = tuple(known)

    def parse(text: str) -> list[str]:
        names = [name for name in text.split(",") if name]
        unknown = [name for name in names if name not in known]
        if unknown or not names:
            raise argparse.ArgumentTypeError(f"no {', '.join(unknown) or 'names'}; known: {', '.join(known)}")
        return names

    return parse


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure wfgraph, workflow 2.1.6 and peers.")
    parser.add_argument("--quick", action="store_true", help="a short run: about a second for each workload")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was measured to a file, too")
    names = ", ".join(_ALL)
    parser.add_argument("--only", type=_names(_ALL), action="extend", metavar="WORKLOAD", help=f"some of {names}")
    names = ", ".join(engines.BY_NAME)
    parser.add_argument(
        "--engines",
        type=_names(engines.BY_NAME),
        metavar="ENGINE,...",
        help=f"some of {names}; hand-written is always in",
    )
    return parser


def run(plan: Plan, only: Sequence[str], chosen: Sequence[engines.Engine]) -> Report:
    """Measure, and say on stderr what is being measured.

    Args:
        plan: how long.
        only: names of workloads, ``"growth"``, ``"imports"`` and ``"durable"``.
        chosen: the engines.
    """
    report = Report(chosen)
    for name in only:
        print(f"{name} ...", file=sys.stderr, flush=True)
        if name == "growth":
            report.growth = growth(plan.sizes, plan.compiling)
        elif name == "imports":
            report.imports = imports(plan.processes)
        elif name == "durable":
            report.durable = durable(*plan.stored)
        else:
            report.cells[name] = measure(BY_NAME[name], chosen, plan)
    return report


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    options = _parser().parse_args(arguments)
    wanted = {"hand-written", *(options.engines or engines.BY_NAME)}
    chosen = [engine for engine in engines.ENGINES if engine.name in wanted]
    report = run(QUICK if options.quick else FULL, [name for name in _ALL if name in (options.only or _ALL)], chosen)
    print(as_text(report))
    for reason in [*reasons(report.cells), *reasons_of_durable(report.durable)]:
        print(f"- {reason}", file=sys.stderr)
    if options.json is not None:
        options.json.write_text(json.dumps(as_json(report), indent=2) + os.linesep, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
