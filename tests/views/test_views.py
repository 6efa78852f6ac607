"""Graphs as DOT, as Mermaid and as files."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import wfgraph.views
from wfgraph import compile_graph, ops, outcomes, task
from wfgraph.errors import WorkflowTransition
from wfgraph.graph.difference import Change, difference
from wfgraph.graph.ops import EdgeKind
from wfgraph.views import RenderError, render
from wfgraph.views.changes import diagram_of_difference
from wfgraph.views.diagram import Role
from wfgraph.views.dot import _KINDS, diagram_dot
from wfgraph.views.dot import _SHAPES as _ROLES
from wfgraph.views.extract import diagram_of
from wfgraph.views.legend import legend_of
from wfgraph.views.look import DARK, INKS, LIGHT, PAINTS, Palette
from wfgraph.views.mermaid import _SHAPES
from wfgraph.views.render import endings

has_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="needs the program dot")


def named(name: str, op: ops.Op | None = None) -> Callable[..., Any]:
    def function(obj: Any, eng: Any) -> None:
        raise WorkflowTransition("never called")

    function.__name__ = name
    return function if op is None else task(op)(function)


def plain(name: str) -> Callable[..., Any]:
    return named(name, ops.Call())


def branch(name: str, **more: Any) -> Callable[..., Any]:
    return named(name, ops.Branch(outcomes.RETURN, outcomes.BREAK, **more))


FLOW = [
    named("fetch"),
    [branch("IF", describe="is_new"), plain("store")],
    [named("WHILE", ops.While(describe="more")), plain("read"), named("TASK_JUMP_BWD", ops.Jump(-2))],
    named("HALT", ops.Halt("look at it")),
]
CRAFTED = [
    "<b>x</b>",
    "<<b>x</b>>",
    'a"b',
    "a\\",
    'a\\"b',
    "\\N \\G \\L \\n",
    "&lt;i&gt; &amp;lt;",
    "{a|b}|<port>",
    '"];evil[URL="javascript:x"',
    "javascript:alert(1)",
    "graph",
    "end",
    "-4.2",
    "a;b --> c",
    "%%{init}%%",
    "#quot; #35;",
    "`**bold**`",
    "é漢字",
]


def test_no_two_kinds_of_edges_look_the_same() -> None:
    assert set(EdgeKind) == set(_KINDS) == set(INKS)
    shapes = {kind: (look.get("style"), look.get("arrowhead")) for kind, look in _KINDS.items()}
    looks = [(*shapes[kind], INKS[kind]) for kind in EdgeKind]
    assert len(looks) == len(set(looks))
    assert "dashed" not in {style for style, _ in shapes.values()}, "dashed is for what is only possible"
    # Without colour: what two kinds share is told by a label, or by the shape that the arrow leaves or reaches.
    told = {EdgeKind.BACK, EdgeKind.ERROR, EdgeKind.SPAWN, EdgeKind.JOIN}
    unlike = [shapes[kind] for kind in EdgeKind if kind not in told]
    assert len(unlike) - len(set(unlike)) <= 1


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2 defines it, from 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_texts_and_lines_have_enough_contrast(palette: Palette) -> None:
    for ink in {*INKS.values(), "text", "quiet"}:
        assert contrast(getattr(palette, ink), palette.ground) >= 4.5, ink
    for paint in set(PAINTS.values()):
        fill, frame = getattr(palette, paint)
        text = palette.ground if paint == "dark" else palette.text
        assert contrast(fill, text) >= 4.5, paint
        assert paint == "dark" or contrast(frame, palette.ground) >= 3, paint
    for heat in palette.heat:
        assert contrast(heat, palette.text) >= 4.5


def test_every_role_has_a_shape() -> None:
    assert set(Role) == set(_ROLES) == set(_SHAPES) == set(PAINTS)


def test_terminals_and_tasks_are_told_apart_by_shape() -> None:
    shapes = {role: (_ROLES[role].get("shape"), _ROLES[role].get("peripheries")) for role in Role}
    for role in (Role.CONDITION, Role.CHOICE, Role.LOOP, Role.HALT, Role.TOKEN, Role.HALTED, Role.NEXT_TOKEN):
        assert shapes[Role.TASK] != shapes[role]
    assert 4 == len({shapes[role] for role in (Role.EXIT, Role.HALTED, Role.STOPPED, Role.NEXT_TOKEN)})


def test_the_end_is_drawn_only_where_it_is_reached() -> None:
    terminals = diagram_of(compile_graph([named("STOP", ops.Stop())])).terminals
    assert ["entry"] == [figure.key for figure in terminals]
    terminals = diagram_of(compile_graph([plain("a")])).terminals
    assert ["entry", "exit"] == [figure.key for figure in terminals]


def test_a_choice_shows_its_cases_and_tokens_where_they_go() -> None:
    choice = named("by", ops.Choice((("a", 1), (7, 2)), default=3, describe="kind"))
    flow = [choice, plain("x"), named("OBJ_JUMP_FWD", ops.JumpToken(2)), named("OBJ_NEXT", ops.NextToken())]
    arrows = diagram_of(compile_graph(flow)).arrows
    assert ["a", "7", "default"] == [arrow.text for arrow in arrows if arrow.kind is EdgeKind.CASE]
    assert [] == [arrow for arrow in arrows if arrow.kind is EdgeKind.TOKEN], "the shape of the figure says it"
    arrows = diagram_of(compile_graph(flow), everything=True).arrows
    assert ["+2", "next token"] == [arrow.text for arrow in arrows if arrow.kind is EdgeKind.TOKEN]


def test_a_jump_of_a_task_is_labelled_with_its_distance() -> None:
    flow = [plain("a"), named("b", ops.Call((outcomes.RETURN, outcomes.jump(-1))))]
    arrows = diagram_of(compile_graph(flow)).arrows
    assert [("jump −1", False)] == [(arrow.text, arrow.certain) for arrow in arrows if arrow.kind is EdgeKind.BACK]


def test_branches_of_parallel_patterns_are_clusters_of_their_own() -> None:
    inner = named("INNER", ops.Split(((plain("deep"),),)))
    graph = compile_graph([named("SPLIT", ops.Split((([inner],), (plain("b"),)))), plain("after")])
    dot = graph.to_dot()
    opened = [line.strip() for line in dot.splitlines() if "subgraph" in line]
    assert [
        "subgraph cluster_l0 {",
        "subgraph cluster_l0_b1 {",
        "subgraph cluster_l2 {",
        "subgraph cluster_l1 {",
    ] == opened
    assert 'subgraph l1["branch 1"]' in graph.to_mermaid()
    assert "style=dotted" in next(line for line in dot.splitlines() if "n0 -> n3" in line)
    assert "labelloc=t" in dot


def test_a_list_without_tasks_is_not_drawn() -> None:
    assert "subgraph" not in compile_graph([plain("a"), [[]]]).to_dot()


def test_a_definition_nested_deeper_than_the_recursion_limit_is_drawn() -> None:
    nested: list[Any] = [plain("core")]
    for _ in range(sys.getrecursionlimit() + 100):
        nested = [nested]
    graph = compile_graph(nested)
    assert len(graph.definition.blocks) - 1 == graph.to_dot().count("subgraph")
    assert len(graph.definition.blocks) - 1 == graph.to_mermaid().count("subgraph")


def test_texts_of_conditions_ask_what_the_edges_answer() -> None:
    flow = [[branch("IF_NOT", keyword="if not", describe="is_big"), plain("x")], [branch("UNLESS"), plain("x")]]
    root = diagram_of(compile_graph(flow)).root
    assert ["if not", "if"] == [part.title for part in root.parts]  # type: ignore[union-attr]
    dot = compile_graph(flow).to_dot()
    assert 'label="is_big?"' in dot
    assert 'label="if UNLESS"' in dot


def test_long_texts_are_wrapped_and_cut() -> None:
    flow = [named("x" * 5000), named("CMP", ops.Call(describe="CMP(size, 10)"))]
    figures = diagram_of(compile_graph(flow)).root.parts
    assert 3 >= len(figures[0].lines)  # type: ignore[union-attr]
    assert ("CMP(size, 10)",) == figures[1].lines  # type: ignore[union-attr]


@has_dot
def test_every_character_of_a_crafted_name_stands_for_itself_in_the_picture(tmp_path: Path) -> None:
    flow = [*map(named, CRAFTED), [branch("c", keyword='<b>"\\N', describe="d"), plain("x")]]
    drawn = ElementTree.parse(render(compile_graph(flow), tmp_path / "crafted.svg"))  # noqa: S314 - dot wrote it
    texts = {"".join(text.itertext()) for text in drawn.iter("{http://www.w3.org/2000/svg}text")}
    assert set() == {*CRAFTED, '<b>"\\N'} - texts
    assert [] == list(drawn.iter("{http://www.w3.org/2000/svg}a"))


def test_control_characters_are_written_as_escapes() -> None:
    graph = compile_graph([named("a\nb\x00\x1b[31m\u202e"), [branch("c", keyword="x\ry", describe="d"), plain("x")]])
    assert r'label="a\\nb\\x00\\x1b[31m\\u202e"' in graph.to_dot()
    assert 'n0("a#92;nb#92;x00#92;x1b[31m#92;u202e")' in graph.to_mermaid()
    for text in (graph.to_dot(), graph.to_mermaid()):
        assert {"\n", "\t"} >= {char for char in text if not char.isprintable()}


@pytest.mark.parametrize("name", CRAFTED)
def test_a_crafted_name_can_not_leave_its_quotes_in_mermaid(name: str) -> None:
    line = compile_graph([named(name)]).to_mermaid().splitlines()[1].strip()
    assert line.startswith('n0("')
    assert line.endswith('")')
    inner = line[4:-2]
    assert not set(inner) & set('"<>{}|`*%&\\')
    assert inner.count("#") == inner.count(";"), "what is left of # and ; belongs to entity codes"


@pytest.mark.parametrize(
    ("name", "shown"), [("1. list", "#49;#46; list"), ("- list", "#45; list"), ("__init__", "#95;#95;init#95;#95;")]
)
def test_markdown_in_a_name_is_not_taken_for_markup(name: str, shown: str) -> None:
    assert f'n0("{shown}")' in compile_graph([named(name)]).to_mermaid()


def test_texts_are_written_by_the_ending_of_the_file(tmp_path: Path) -> None:
    graph = compile_graph(FLOW)
    for ending, expected in (("dot", graph.to_dot()), ("mmd", graph.to_mermaid()), ("TXT", f"{graph:tree}")):
        path = render(graph, tmp_path / f"flow.{ending}")
        assert expected == path.read_text(encoding="utf-8")
    assert 3 == len(list(tmp_path.iterdir()))


def test_a_written_file_has_the_rights_of_any_other_file(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    path = render(compile_graph(FLOW), tmp_path / "flow.dot")
    assert (tmp_path / "usual").stat().st_mode == path.stat().st_mode


@has_dot
@pytest.mark.parametrize(("ending", "magic"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_pictures_are_drawn(tmp_path: Path, ending: str, magic: bytes) -> None:
    assert render(compile_graph(FLOW), str(tmp_path / f"flow.{ending}")).read_bytes().startswith(magic)


@pytest.mark.parametrize("name", ["flow.gif", "flow"])
def test_an_unknown_ending_lists_the_known_ones(tmp_path: Path, name: str) -> None:
    with pytest.raises(RenderError, match=re.escape(", ".join(endings()))):
        render(compile_graph(FLOW), tmp_path / name)


def test_the_guide_has_every_format() -> None:
    guide = Path(__file__).parents[2] / "docs" / "drawing.md"
    rows = [line for line in guide.read_text(encoding="utf-8").splitlines() if line.startswith("| `.")]
    assert sorted(endings()) == sorted(ending for row in rows for ending in re.findall(r"`(\.\w+)`", row.split("|")[1]))


def test_without_dot_the_error_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RenderError, match=r"apt-get install graphviz.*\.html, \.mmd, \.txt and \.dot work without"):
        render(compile_graph(FLOW), tmp_path / "flow.svg")
    render(compile_graph(FLOW), tmp_path / "flow.dot")
    assert ["flow.dot"] == os.listdir(tmp_path)


def test_where_dot_fails_the_older_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\necho 'Error: it \033[31m is broken' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    old = tmp_path / "flow.svg"
    old.write_text("old")
    with pytest.raises(RenderError) as caught:
        render(compile_graph(FLOW), old)
    assert "dot failed: Error: it \\x1b[31m is broken" == str(caught.value)
    assert "old" == old.read_text()
    assert {"dot", "flow.svg"} == set(os.listdir(tmp_path))


def test_a_file_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"can't write .*nowhere.*No such file"):
        render(compile_graph(FLOW), tmp_path / "nowhere" / "flow.dot")
    (tmp_path / "flow.dot").mkdir()
    with pytest.raises(RenderError, match="can't write"):
        render(compile_graph(FLOW), tmp_path / "flow.dot")
    assert {"flow.dot"} == set(os.listdir(tmp_path)), "the draft is gone"


def test_importing_the_views_imports_nothing_heavy() -> None:
    code = (
        "import sys, wfgraph.views; "
        "print(sorted({'graphviz', 'networkx', 'click', 'rich', 'sqlalchemy'} & set(sys.modules)))"
    )
    root = str(Path(wfgraph.__file__).parent.parent)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert "[]\n" == done.stdout


def test_the_legend_says_what_the_signs_of_a_difference_mean() -> None:
    a, b = plain("a"), plain("b")

    def legend(old: list[Any], new: list[Any]) -> list[tuple[str, ...]]:
        found = difference(compile_graph(old), compile_graph(new))
        return [
            figure.lines for figure in legend_of(diagram_of_difference(found))[0] if figure.change is not Change.KEPT
        ]

    assert [("added",), ("removed",)] == legend([a], [a, b])  # the arrow to the end is gone
    assert [] == legend([a, b], [a, b])


@has_dot
@pytest.mark.parametrize("direction", ["TB", "LR"])
@pytest.mark.parametrize("flow", [FLOW, []])
def test_no_line_of_the_legend_stands_upright_in_its_text(flow: list[Any], direction: str) -> None:
    dot = diagram_dot(diagram_of(compile_graph(flow)), direction=direction, legend=True)
    plain = subprocess.run(["dot", "-Tplain"], input=dot, capture_output=True, text=True, check=True).stdout  # noqa: S607
    samples = [line.split() for line in plain.splitlines() if line.startswith("edge legend_") and " invis " not in line]
    assert samples
    for _, tail, _, count, *rest in samples:
        across, up = (abs(float(rest[at]) - float(rest[2 * int(count) - 2 + at])) for at in (0, 1))
        assert up < across, tail
