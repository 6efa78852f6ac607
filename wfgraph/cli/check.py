"""``wfgraph check``: what is wrong with definitions, told before they run."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from wfgraph import __version__
from wfgraph.checks.diagnostics import SEVERITIES, Severity
from wfgraph.checks.reporters import REPORTERS, Report
from wfgraph.checks.runner import checked, chosen, rule_of
from wfgraph.cli.completion import complete_target
from wfgraph.cli.console import CommandError, findings
from wfgraph.cli.targets import definition_of, file_of, load, version_of
from wfgraph.cli.teaching import taught
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import WorkflowAPIError, WorkflowDefinitionError
from wfgraph.graph.nesting import clean, is_block

__all__ = ["check", "reports"]

_LEVELS = click.Choice(tuple(reversed(SEVERITIES)))


@click.command(
    short_help="Find what is wrong with definitions, without running them.",
    epilog=taught(
        {
            "check flow.py": "all definitions in a file",
            "check flow.py:flow --select WF1,WF203": "some of the checks",
            "check --explain WF103": "what a check is about",
            "check flow.py:flow --baseline deployed.json": "besides, which halted runs could not go on in it",
        },
        codes="0 nothing found that counts, 1 something found, 2 a target can't be checked.",
        then="wfgraph draw TARGET --overlay checks shows the findings where they are.",
    ),
)
@click.argument("targets", metavar="TARGET...", nargs=-1, shell_complete=complete_target)
@click.option(
    "--format", "style", type=click.Choice(tuple(REPORTERS)), default="text", show_default=True, help="How to write."
)
@click.option("--select", multiple=True, metavar="CODE", help="Check only these: codes, or their beginnings (WF1).")
@click.option("--ignore", multiple=True, metavar="CODE", help="Leave these out, likewise.")
@click.option(
    "--engine", "engine_target", metavar="MODULE:CLASS", help="The engine's class, if it has methods that tasks call."
)
@click.option(
    "--baseline",
    metavar="FILE|TARGET",
    help="The version in which runs may be halted: a graph as .json, or a definition.",
)
@click.option("--explain", metavar="CODE", help="Say what a check is about, and do nothing else.")
@click.option("--fail-on", type=_LEVELS, help="The least severity that makes the exit code 1.  [default: warning]")
@click.option("--strict", is_flag=True, help="The same as --fail-on info: nothing may be found at all.")
def check(
    targets: tuple[str, ...],
    style: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    engine_target: str | None,
    baseline: str | None,
    explain: str | None,
    fail_on: Severity | None,
    strict: bool,
) -> None:
    """Find what is wrong with definitions, without running them.

    A TARGET is a definition, as for the other verbs; or a module or a file, for all definitions in it: its lists of
    callables, and its engines. Importing it is all that is run of it.

    The options can stand in pyproject.toml, under [tool.wfgraph]: select and ignore (lists of codes), fail-on, and
    severity, a table of codes and severities.
    """
    if explain is not None:
        rule = rule_of(explain)
        kind = "always right" if rule.sound else "heuristic: it may be wrong"
        click.echo(f"{rule.code} {rule.name} ({rule.severity}, {kind})\n\n{rule.about.strip()}\n\nSee {rule.page}.")
        return
    if not targets:
        raise CommandError("nothing to check; name a definition (module:attribute), a module or a file")
    options = _configured()
    wanted = _split(select) or options.select
    rules = chosen(wanted, (*options.ignore, *_split(ignore)))
    engine = None if engine_target is None else _engine_class(engine_target)
    earlier = None if baseline is None else version_of(baseline)
    definitions = [(*one, file_of(target)) for target in targets for one in _definitions(target)]
    if earlier is not None and len(definitions) > 1:
        raise CommandError(f"--baseline is for one definition; {', '.join(targets)} stands for {len(definitions)}")
    reports = []
    for name, definition, own, file in definitions:
        diagnostics, graph = checked(definition, rules, options.severity, engine or own, earlier)
        reports.append(Report(name, diagnostics, graph, file))
    told = REPORTERS[style](reports, __version__)
    if style == "text":
        findings(told)
    else:
        click.echo(told, nl=False)
    least = SEVERITIES.index("info" if strict else fail_on or options.fail_on)
    counted = [found for report in reports for found in report.diagnostics if SEVERITIES.index(found.severity) >= least]
    if counted:
        click.get_current_context().exit(1)


def reports(targets: tuple[str, ...]) -> list[tuple[str, str]]:
    """Check what targets stand for, as the configuration says.

    Returns:
        For each definition its name, and the text of what was found that counts; empty when there is nothing.

    Raises:
        CommandError: a target can't be loaded, or the configuration is wrong.
    """
    options = _configured()
    rules = chosen(options.select, options.ignore)
    found = []
    for name, definition, own in (one for target in targets for one in _definitions(target)):
        diagnostics, graph = checked(definition, rules, options.severity, own)
        counted = [one for one in diagnostics if SEVERITIES.index(one.severity) >= SEVERITIES.index(options.fail_on)]
        found.append((name, REPORTERS["text"]([Report(name, counted, graph)], __version__) if counted else ""))
    return found


def _split(codes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code.strip() for given in codes for code in given.split(",") if code.strip())


# Targets -------------------------------------------------------------------------------------------------------------


def _engine_class(target: str) -> type:
    """Return the class that ``--engine`` names.

    Raises:
        CommandError: it can't be loaded, or is no class.
    """
    found = load(target)
    if not isinstance(found, type):
        raise CommandError(f"--engine takes a class, such as module:MyEngine; {target} is a {type(found).__name__}")
    return found


def _definitions(target: str) -> Iterator[tuple[str, Any, type | None]]:
    """Yield the names and definitions that a target stands for, with the engine's class where it is an engine.

    Raises:
        CommandError: it can't be loaded, or stands for none.
    """
    if ":" in target:
        found = load(target)
        several = isinstance(found, GenericWorkflowEngine) and found.callbacks.get(None)
        kind = type(found) if isinstance(found, GenericWorkflowEngine) else None
        yield from _of_engine(target, found) if several else [(target, definition_of(found, target), kind)]
        return
    if not target:
        raise CommandError("an empty name is no target; name a definition (module:attribute), a module or a file")
    names = load(f"{target}:__dict__")
    listed: list[tuple[str, Any, type | None]] = [
        (f"{target}:{name}", value, None) for name, value in names.items() if _is_definition(name, value)
    ]
    known = [cleaned for _, value, _ in listed if (cleaned := _cleaned(value)) is not None]
    for name, value in names.items():
        if isinstance(value, GenericWorkflowEngine):
            listed += [one for one in _of_engine(f"{target}:{name}", value) if one[1] not in known]
    if not listed:
        raise CommandError(f"there is no definition in {target}: no list of callables, and no engine with one")
    yield from listed


def _of_engine(target: str, engine: GenericWorkflowEngine) -> Iterator[tuple[str, Any, type | None]]:
    for key, definition in engine.callbacks.get(None).items():
        yield (target if key == "*" else f"{target} ({key})"), definition, type(engine)


def _is_definition(name: str, value: Any) -> bool:
    """Tell whether what a module holds is meant as a definition: a list that begins with a task, however deep."""
    if name.startswith("_") or not isinstance(value, list):
        return False
    seen: set[int] = set()
    while is_block(value) and value and id(value) not in seen:
        seen.add(id(value))
        value = next((item for item in value if item is not None), None)
    return callable(value) and not isinstance(value, type)


def _cleaned(definition: Any) -> list[Any] | None:
    try:
        return clean(definition)
    except WorkflowDefinitionError:
        return None


# Configuration -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Options:
    """What ``[tool.wfgraph]`` says."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: Severity = "warning"
    severity: dict[str, Severity] = field(default_factory=dict)


def _configured() -> _Options:
    """Read the configuration from the nearest pyproject.toml.

    Raises:
        CommandError: it can't be read, or says something that is no option.
    """
    here = Path.cwd()
    path = next((file for folder in (here, *here.parents) if (file := folder / "pyproject.toml").is_file()), None)
    if path is None:
        return _Options()
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("wfgraph", {})
    except (OSError, ValueError) as error:
        raise CommandError(f"can't read {path}: {error}") from error
    known = {"select": list, "ignore": list, "fail-on": str, "severity": dict}
    for key, value in found.items():
        if key not in known:
            raise CommandError(f"{path}: [tool.wfgraph] has no option {key!r}; it knows {', '.join(known)}")
        if not isinstance(value, known[key]):
            raise CommandError(f"{path}: {key} of [tool.wfgraph] is to be a {known[key].__name__}, not {value!r}")
    options = _Options(
        tuple(map(str, found.get("select", ()))),
        tuple(map(str, found.get("ignore", ()))),
        found.get("fail-on", "warning"),
        found.get("severity", {}),
    )
    _refuse(path, options)
    return options


def _refuse(path: Path, options: _Options) -> None:
    try:
        chosen(options.select, options.ignore)
        for code in options.severity:
            rule_of(code)
    except WorkflowAPIError as error:
        raise CommandError(f"{path}: [tool.wfgraph]: {error}") from error
    for severity in (options.fail_on, *options.severity.values()):
        if severity not in SEVERITIES:
            raise CommandError(f"{path}: [tool.wfgraph]: no severity {severity!r}; use {', '.join(SEVERITIES)}")
