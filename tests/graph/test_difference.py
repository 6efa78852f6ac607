"""What a difference is made of: what becomes of each task and of each edge, and how that is told."""

from __future__ import annotations

from typing import Any

import pytest

from wfgraph import compile_graph, task
from wfgraph.graph import ops, outcomes
from wfgraph.graph.difference import Change, Difference, difference, stranded
from wfgraph.graph.workflow_graph import Edge, WorkflowGraph
from wfgraph.patterns import (
    FOR,
    HALT,
    IF,
    IF_ELSE,
    IF_NOT,
    PARALLEL_SPLIT,
    SIMPLE_MERGE,
    SYNCHRONIZE,
    TASK_JUMP_IF,
    WHILE,
)


def a(obj: Any, eng: Any) -> None: ...
def b(obj: Any, eng: Any, most: int = 1) -> None: ...
def c(obj: Any, eng: Any) -> None: ...
def d(obj: Any, eng: Any) -> None: ...


def ends(*outs: outcomes.Outcome) -> Any:
    """Make a task that ends in these ways; its name and what it was made with are the same for all."""

    @task(ops.Call(outs))
    def end(obj: Any, eng: Any) -> None: ...

    return end


def between(old: Any, new: Any) -> Difference:
    return difference(compile_graph(old), compile_graph(new))


def lines(found: Difference) -> list[str]:
    return [line.replace(f"{__name__}.", "") for line in found.lines()]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ([a, b], [a, b], {}),
        ([a, b], [c, a, b], {"[0]": "added"}),
        ([HALT("x")], [HALT("y")], {"[0]": "changed"}),
        ([IF(a, b)], [b], {"[0]": "moved", "was [0, 0]": "removed"}),
        (
            [IF(a, b)],
            [d, IF_NOT(c, b)],
            {"[0]": "added", "[1, 0]": "added", "[1, 1]": "moved", "was [0, 0]": "removed"},
        ),
        ([IF_ELSE(a, b, c)], [IF_ELSE(a, c, b)], {"[0, 1]": "moved", "[0, 3]": "moved"}),
        ([WHILE(a, [b, c])], [WHILE(a, [d, b, c])], {"[0, 1]": "added", "[0, 4]": "changed"}),
        ([SIMPLE_MERGE(a, b, c, d)], [SIMPLE_MERGE(a, c, b, d)], {"[0, 2]": "moved", "[0, 4]": "moved"}),
        (
            [SIMPLE_MERGE(b, c, d)],
            [SIMPLE_MERGE(b, c, a, d)],
            {"[0, 1]": "changed", "[0, 3]": "changed", "[0, 4]": "added", "[0, 5]": "added"},
        ),
        (
            [SIMPLE_MERGE(b, c, a, d)],
            [SIMPLE_MERGE(b, c, d)],
            {"[0, 1]": "changed", "[0, 3]": "changed", "was [0, 4]": "removed", "was [0, 5]": "removed"},
        ),
        ([WHILE(a, b)], [b], {"[0]": "moved", "was [0, 0]": "removed", "was [0, 2]": "removed"}),
        ([PARALLEL_SPLIT(b, c)], [PARALLEL_SPLIT(c, b)], {"[0]/0[0]": "moved", "[0]/1[0]": "moved"}),
        (
            [PARALLEL_SPLIT([b, IF(a, c)])],
            [PARALLEL_SPLIT([b, c, IF(a, d)])],
            {"[0]/0[1]": "moved", "[0]/0[2, 1]": "added"},
        ),
    ],
)
def test_what_becomes_of_a_task(old: Any, new: Any, told: dict[str, str]) -> None:
    found = between(old, new)
    changed = {found.new.where(n): one.value for n, one in enumerate(found.nodes) if one is not Change.KEPT}
    assert told == changed | {f"was {found.old.where(number)}": "removed" for number in found.removed}
    assert bool(told) == bool(found)


def test_what_becomes_of_an_edge() -> None:
    def way(graph: WorkflowGraph, edge: Edge) -> str:
        return f"{graph.where(edge.source)} {edge.kind.value} {graph.where(edge.target)}"

    found = between([a, TASK_JUMP_IF(c, 2), b, d], [d, a, TASK_JUMP_IF(c, 2), b])
    assert {
        "entry next [0]": "added",
        "[0] next [1]": "added",
        "[1] next [2]": "kept",
        "[2] true exit": "rewired",
        "[2] false [3]": "kept",
        "[3] next exit": "added",
    } == {way(found.new, edge): change.value for edge, change in found.edges}
    assert ["entry next [0]", "[1] true [3]", "[2] next [3]", "[3] next exit"] == [
        way(found.old, edge) for edge in found.lost
    ]


@pytest.mark.parametrize(
    ("old", "new", "told", "summary"),
    [
        ([a], [a], [], "none"),
        (
            [TASK_JUMP_IF(c, 2), a, b],
            [b, TASK_JUMP_IF(c, 2), a],
            ["> moved b at [0]; was b at [2]", "* rewired jump(c) at [1]: true leads to exit; was b at [2]"],
            "1 moved, 1 rewired",
        ),
        (
            [a, b, TASK_JUMP_IF(c, -2)],
            [b, a, TASK_JUMP_IF(c, -2)],
            ["> moved a at [1]; was a at [0]", "* rewired jump(c) at [2]: true leads to b at [0]; was a at [0]"],
            "1 moved, 1 rewired",
        ),
        (
            [IF_ELSE(a, b, c), HALT("x"), d],
            [IF_ELSE(a, b, [c, b]), HALT("y")],
            [
                "+ added if a no / b at [0, 3, 1]",
                "~ changed HALT('y') at [1]; was HALT('x') at [1]",
                "- removed d at [2]",
            ],
            "1 changed, 1 added, 1 removed",
        ),
        (
            [SYNCHRONIZE(a, b)],
            [SYNCHRONIZE(a, c)],
            ["~ changed SYNCHRONIZE(then c) at [0]; was SYNCHRONIZE(then b) at [0]"],
            "1 changed",
        ),
        ([WHILE(c, a)], [WHILE(c, [a, b])], ["+ added while c / b at [0, 2]"], "1 added"),
    ],
)
def test_a_difference_is_told_in_lines_and_in_short(old: Any, new: Any, told: list[str], summary: str) -> None:
    found = between(old, new)
    assert told == lines(found)
    assert f"<Difference: {summary}>" == repr(found)


def test_a_notebook_shows_the_lines_of_a_difference() -> None:
    assert "<pre>no difference</pre>" == between([a], [a])._repr_html_()
    html = between([HALT("x")], [HALT("<b>"), FOR([1], "x", [])])._repr_html_()
    assert (
        "<pre>~ changed HALT(&#x27;&lt;b&gt;&#x27;) at [0]; was HALT(&#x27;x&#x27;) at [0]\n+ added FOR(x in [1]) at [1, 0]</pre>"
        == html
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([outcomes.RETURN, outcomes.HALT], [outcomes.RETURN]),
        ([outcomes.RETURN], [outcomes.RETURN, outcomes.HALT]),
        ([outcomes.RETURN], [outcomes.HALT]),
    ],
)
def test_versions_that_differ_in_an_edge_alone_differ(before: Any, after: Any) -> None:
    found = between([ends(*before)], [ends(*after)])
    assert ((Change.KEPT,), ()) == (found.nodes, found.removed)
    assert found


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ([a], [b], "is gone"),
        ([lambda obj, eng: 1], [lambda obj, eng: 1, a], "has no name of its own to be found by; nearest: [0]"),
        ([a], [a, a, a, a], "can't be told from others that are just like it; nearest: [0], [1], [2]"),
        ([HALT("x")], [HALT("y")], "was made with other arguments; nearest: [0]"),
        (
            [IF(a, [b])],
            [IF(a, [IF(c, [IF(d, [b])])])],
            "stands under another pattern now: if c, if d; nearest: [0, 1, 0, 1, 0, 1, 0]",
        ),
        ([IF(a, b)], [b], "does not stand any more under a pattern under which it stood; nearest: [0]"),
    ],
)
def test_why_no_run_can_go_on_at_a_task(old: Any, new: Any, told: str) -> None:
    before, after = compile_graph(old), compile_graph(new)
    assert told == stranded(before, after)[-1].why(after)
