"""Checks a definition by all rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wfgraph.checks.context import Context
from wfgraph.checks.diagnostics import SEVERITIES, Diagnostic, Severity
from wfgraph.checks.reading import read
from wfgraph.checks.rule import Finding, Rule
from wfgraph.checks.rules import RULES
from wfgraph.checks.suppressions import Suppressions
from wfgraph.compiler.pipeline import compile_graph
from wfgraph.errors import WorkflowAPIError, WorkflowDefinitionError
from wfgraph.graph.location import location_of
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.utils import collecting_later, counted

__all__ = ["UNUSED", "check", "checked", "chosen", "refuse_errors", "rule_of"]


def _none(context: Context) -> Iterator[Finding]:
    return iter(())


UNUSED = Rule(
    code="WF902",
    name="unused-suppression",
    severity="info",
    sound=True,
    about="""WF902: a check is silenced and finds nothing there.

It is silenced for a task, and would have found nothing there: the reason for it is gone, or its code is wrong.
""",
    find=_none,  # the runner itself finds them
)
_ALL = (*RULES, UNUSED)


def check(
    definition: Any,
    *,
    rules: Iterable[Rule] = (),
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    severities: Mapping[str, Severity] | None = None,
    engine: type | None = None,
    baseline: Any = None,
) -> list[Diagnostic]:
    """Check a definition without running it.

    Args:
        definition: a callable, or nested lists of callables; it need not compile.
        rules: rules of your own, besides those of wfgraph.
        select: the codes of the rules to check, or their beginnings, such as ``"WF1"``; all when empty.
        ignore: the codes of the rules to leave out, likewise.
        severities: other severities, by the codes of the rules.
        engine: the class of the engine that is to run it, if it has methods of its own that tasks call.
        baseline: an earlier version, in which runs may be halted: its graph, or the definition.

    Returns:
        The findings, by address and code.

    Raises:
        WorkflowAPIError: there is no such code or severity, or two rules have one code.
        WorkflowDefinitionError: the baseline does not compile.

    >>> from wfgraph.patterns import EMPTY_CALL, STOP
    >>> [str(found) for found in check([STOP(), EMPTY_CALL])]
    ["WF106 warning at [1]: EMPTY_CALL at [1] can't be reached: STOP at [0] never goes on"]
    """
    every = _with_own(rules)
    return checked(definition, chosen(select, ignore, every), severities or {}, engine, baseline, every)[0]


def refuse_errors(definition: Any, engine: type) -> None:
    """Refuse a definition in which a check finds an error, as strict engines do.

    Raises:
        WorkflowDefinitionError: it has one; all are listed.
    """
    errors = [found for found in check(definition, engine=engine) if found.severity == "error"]
    if errors:
        listed = "\n".join(f"  {found}" for found in errors)
        raise WorkflowDefinitionError(
            f"the engine is strict, and the checks find {counted(len(errors), 'error')} in the definition; correct the "
            f"definition, or set engine.strict = False:\n{listed}",
            address=errors[0].address,
        )


def _with_own(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return all rules, those of the user last."""
    every = (*_ALL, *rules)
    for code, count in Counter(rule.code for rule in every).items():
        if count > 1:
            raise WorkflowAPIError(f"two rules have the code {code!r}; give yours a code that no other has")
    return every


def checked(
    definition: Any,
    rules: Iterable[Rule],
    severities: Mapping[str, Severity],
    engine: type | None = None,
    baseline: Any = None,
    every: tuple[Rule, ...] = _ALL,
) -> tuple[list[Diagnostic], WorkflowGraph]:
    """Check a definition by some of all rules; return the findings, and the graph that they are about."""
    _refuse_unknown(every, severities)
    with collecting_later():
        earlier = (
            baseline if baseline is None or isinstance(baseline, WorkflowGraph) else compile_graph(baseline, engine)
        )
        context = Context(read(definition, engine), earlier)
        return _diagnostics(context, tuple(rules), severities, every), context.graph


def _diagnostics(
    context: Context, rules: tuple[Rule, ...], severities: Mapping[str, Severity], every: tuple[Rule, ...]
) -> list[Diagnostic]:
    suppressions = Suppressions(context.graph)
    found = [
        _diagnostic(context, rule, finding, severities)
        for rule in rules
        for finding in rule.find(context)
        if finding.node is None or not suppressions.silences(finding.node, rule.code)
    ]
    if UNUSED in rules:
        unused = _unused(context, suppressions, rules, every)
        found += (_diagnostic(context, UNUSED, finding, severities) for finding in unused)
    return sorted(found, key=lambda one: (one.address, one.code))


def rule_of(code: str, every: tuple[Rule, ...] = _ALL) -> Rule:
    """Return the rule of a code.

    Raises:
        WorkflowAPIError: there is none.
    """
    for rule in every:
        if rule.code == code.upper():
            return rule
    raise WorkflowAPIError(f"there is no check {code!r}; the codes are {', '.join(rule.code for rule in every)}")


def chosen(select: Iterable[str] = (), ignore: Iterable[str] = (), every: tuple[Rule, ...] = _ALL) -> tuple[Rule, ...]:
    """Return the rules whose codes begin with one of ``select`` (all, when there is none) and with none of ``ignore``.

    Raises:
        WorkflowAPIError: something begins no code.
    """
    wanted, unwanted = tuple(select), tuple(ignore)
    for start in (*wanted, *unwanted):
        if not start or not any(rule.code.startswith(start) for rule in every):
            raise WorkflowAPIError(f"there is no check {start!r}; write a code such as WF101, or its beginning: WF1")
    return tuple(
        rule
        for rule in every
        if (not wanted or rule.code.startswith(wanted)) and not (unwanted and rule.code.startswith(unwanted))
    )


def _refuse_unknown(every: tuple[Rule, ...], severities: Mapping[str, Severity]) -> None:
    for code, severity in severities.items():
        rule_of(code, every)
        if severity not in SEVERITIES:
            raise WorkflowAPIError(f"there is no severity {severity!r}; use {', '.join(SEVERITIES)}")


def _diagnostic(context: Context, rule: Rule, finding: Finding, severities: Mapping[str, Severity]) -> Diagnostic:
    node = finding.node
    return Diagnostic(
        code=rule.code,
        rule=rule.name,
        severity=severities.get(rule.code) or finding.severity or rule.severity,
        message=finding.message,
        address=finding.address if node is None else context.address(node),
        location=finding.location if node is None else location_of(context.graph.nodes[node]),
        hint=finding.hint,
        witness=finding.witness,
    )


def _unused(
    context: Context, suppressions: Suppressions, rules: tuple[Rule, ...], every: tuple[Rule, ...]
) -> Iterator[Finding]:
    asked, known = {rule.code for rule in rules}, {rule.code for rule in every}
    families = {_family(code) for code in known} | {""}
    for node, code in suppressions.unused():
        if code not in known and _family(code) in families:
            yield Finding(f"{context.label(node)} ignores {code}, which is no check", node, hint="correct the code")
        elif code in asked:
            yield Finding(
                f"{context.label(node)} ignores {code}, which finds nothing there", node, hint="take it out of ignore"
            )


def _family(code: str) -> str:
    """Return what a code has before its digits: codes of a family that is not known here are of somebody's own rules."""
    return code.rstrip("0123456789")
