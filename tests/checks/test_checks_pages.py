"""Every rule has a page, and the examples of the page show what it says."""

from __future__ import annotations

import linecache
import re
from pathlib import Path
from typing import Any

import pytest

from wfgraph.checks import check
from wfgraph.checks.runner import chosen, rule_of

PAGES = Path(__file__).resolve().parents[2] / "docs" / "checks"
RULES = chosen()


def test_the_index_lists_every_rule_and_there_is_no_other_page() -> None:
    index = (PAGES / "README.md").read_text()
    assert [rule.code for rule in RULES] == re.findall(r"^\| \[(WF\d+)\]\(\1\.md\)", index, re.MULTILINE)
    assert {f"{rule.code}.md" for rule in RULES} | {"README.md"} == {path.name for path in PAGES.iterdir()}


def test_codes_are_in_order_and_each_is_used_once() -> None:
    codes = [rule.code for rule in RULES]
    assert sorted(set(codes)) == codes
    assert len({rule.name for rule in RULES}) == len(codes)


def run(text: str, name: str, namespace: dict[str, Any]) -> None:
    """Run an example so that its source can be found, as that of a file would be."""
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    exec(compile(text, name, "exec", dont_inherit=True), namespace)  # noqa: S102


@pytest.mark.parametrize("code", [rule.code for rule in RULES])
def test_the_failing_example_fails_and_the_passing_one_passes(code: str) -> None:
    text = (PAGES / f"{code}.md").read_text()
    rule = rule_of(code)
    assert text.startswith(f"# {code}: {rule.name}\n\n{rule.severity}, {'always' if rule.sound else 'heuristic'}")
    assert ["Why it matters", "Failing", "Passing", "Silencing"] == re.findall(r"^## (.*)$", text, re.MULTILINE)
    namespace: dict[str, Any] = {}
    for title, fails in (("Failing", True), ("Passing", False)):
        example = re.search(rf"## {title}\n\n```python\n(.*?)```", text, re.DOTALL)
        assert example is not None
        run(example[1], f"<{code} {title}>", namespace)
        found = check(namespace["flow"], baseline=namespace.get("before"))
        assert fails == (code in {one.code for one in found}), title


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_explains_itself(rule: Any) -> None:
    first, rest = rule.about.strip().split("\n\n", 1)
    assert first.startswith(f"{rule.code}: ") or rule.code == "WF902"
    assert first.endswith(".")
    assert len(rest) > 40
