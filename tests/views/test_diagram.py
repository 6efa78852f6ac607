"""The drawing model: nothing of the graph is lost in it, and what overlays and differences put on it is right."""

from __future__ import annotations

import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import golden
import pytest
from helpers import drawn_whole
from transitions import MachineError

from wfgraph import Trace, check, compile_graph, ops, patterns, task
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import WorkflowDefinitionError
from wfgraph.graph.difference import Change, difference
from wfgraph.graph.ops import EdgeKind
from wfgraph.graph.workflow_graph import ENTRY, EXIT, WorkflowGraph
from wfgraph.patterns import CHOICE, FOR, HALT, IF, IF_ELSE, SYNCHRONIZE, WHILE
from wfgraph.views.changes import diagram_of_difference
from wfgraph.views.diagram import PORTS, ClusterKind, Diagram, Role, Tally
from wfgraph.views.dot import diagram_dot
from wfgraph.views.extract import diagram_of, folded
from wfgraph.views.look import LIGHT
from wfgraph.views.machine import machine_config, machine_of, state_of, trigger_of
from wfgraph.views.mermaid import diagram_mermaid
from wfgraph.views.overlay import of_findings, of_items, of_steps
from wfgraph.views.traces import trace_from_json, trace_to_json

SVG = "{http://www.w3.org/2000/svg}"
GRAPHS = {name: compile_graph(flow) for name, flow in golden.FLOWS.items()}
has_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="needs the program dot")


@pytest.mark.parametrize("name", sorted(golden.texts()))
def test_every_pattern_is_drawn_as_it_was(name: str) -> None:
    assert (golden.PLACE / name).read_text(encoding="utf-8") == golden.texts()[name]


def test_every_pattern_has_its_picture() -> None:
    source = Path(golden.__file__).read_text(encoding="utf-8")
    assert [] == [name for name in patterns.__all__ if f"{name}(" not in source and f" {name}," not in source]


def test_there_is_no_old_picture() -> None:
    assert set(golden.texts()) == {path.name for path in golden.PLACE.iterdir()}


@pytest.mark.parametrize("name", GRAPHS)
def test_nothing_of_a_graph_is_lost(name: str) -> None:
    graph = GRAPHS[name]
    everything = diagram_of(graph, everything=True)
    tasks = [node for figure in everything.figures() for node in figure.nodes]
    assert sorted(tasks) == [node.id for node in graph.nodes]
    assert sorted(place for arrow in everything.arrows for place in arrow.edges) == list(range(len(graph.edges)))
    # Folded: every task but bookkeeping has its figure; every edge is in an arrow, or is told by the shape of its figure.
    plain = diagram_of(graph)
    told = {place for arrow in plain.arrows for place in arrow.edges}
    for place, edge in enumerate(graph.edges):
        if place not in told:
            folded_away = edge.source >= 0 and f"n{edge.source}" not in {figure.key for figure in plain.figures()}
            assert folded_away or edge.target < EXIT


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("options", [{}, {"everything": True}, {"depth": 0}, {"depth": 1}])
def test_arrows_lead_from_figure_to_figure(name: str, options: Any) -> None:
    diagram = diagram_of(GRAPHS[name], **options)
    keys = [figure.key for figure in diagram.figures()]
    assert len(set(keys)) == len(keys)
    assert {end for arrow in diagram.arrows for end in (arrow.source, arrow.target)} <= set(keys)


@has_dot
@pytest.mark.parametrize("name", GRAPHS)
def test_the_svg_has_a_node_per_task_and_an_edge_per_transition(name: str) -> None:
    drawn_whole(GRAPHS[name])


@has_dot
def test_an_svg_is_for_light_and_dark_and_tells_about_tasks() -> None:
    text = f"{GRAPHS['tasks']:svg}"
    assert "@media (prefers-color-scheme: dark)" in text
    titles = [title.text or "" for title in ElementTree.fromstring(text).iter(f"{SVG}title")]  # noqa: S314
    assert any("Fetch it." in title and "golden.py:" in title for title in titles)


def test_a_notebook_shows_a_picture_or_a_tree_and_mermaid(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundle = GRAPHS["if"]._repr_mimebundle_()
    assert bundle["text/plain"] == repr(GRAPHS["if"])
    assert bundle["text/vnd.mermaid"].startswith("flowchart TB\n")
    assert ("image/svg+xml" in bundle) is (shutil.which("dot") is not None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert {"text/plain", "text/html", "text/vnd.mermaid"} == set(GRAPHS["if"]._repr_mimebundle_())


# Folding -------------------------------------------------------------------------------------------------------------


def titles(diagram: Diagram) -> list[str]:
    return [" ".join((*figure.lines, *figure.notes)) for figure in diagram.root.figures() if figure.role not in PORTS]


def test_what_is_nested_deeper_is_folded_to_one_figure() -> None:
    flow = [golden.fetch, WHILE(golden.is_new, [golden.store, [IF(golden.is_new, [golden.fetch])]]), golden.store]
    graph = compile_graph(flow)
    assert ["fetch", "while is_new ▸ 4 steps", "store"] == titles(diagram_of(graph, depth=0))
    assert ["fetch", "while is_new", "store", "is_new? ▸ 2 steps", "store"] == titles(diagram_of(graph, depth=1))
    arrows = diagram_of(graph, depth=0).arrows
    assert ["entry>n0", "n0>fb1", "fb1>n6", "n6>exit"] == [f"{one.source}>{one.target}" for one in arrows]
    assert diagram_of(graph, depth=9) == diagram_of(graph)


def test_a_deep_definition_is_folded_without_recursion() -> None:
    deep: Any = golden.fetch
    for _ in range(1500):
        deep = [IF(golden.is_new, deep)]
    assert 1 == sum(figure.role is Role.FOLDED for figure in folded(diagram_of(compile_graph(deep)), 0).figures())


@has_dot
@pytest.mark.parametrize("wrap", [lambda inner: [IF(golden.is_new, inner)], lambda inner: [inner]], ids=["if", "list"])
def test_what_is_too_deep_for_graphviz_is_folded_in_pictures(wrap: Any) -> None:
    deep: Any = [golden.fetch]
    for _ in range(300):
        deep = wrap(deep)
    text = f"{compile_graph([deep, golden.store]):svg}"
    assert "what is nested more than 40 levels deep is folded" in text
    assert "▸" in text
    assert "folded" not in f"{compile_graph([[[[golden.fetch]]]]):svg}".replace("wfgraph", "").split("</style>")[1]


# Overlays ------------------------------------------------------------------------------------------------------------


def large(obj: Any, eng: Any) -> bool:
    return bool(obj > 2)


def count(obj: Any, eng: Any) -> None:
    if obj == 9:
        raise ValueError(obj)


FLOW = [count, IF_ELSE(large, HALT("look"), golden.store), FOR(range(2), "x", [golden.fetch])]


def recorded() -> tuple[WorkflowGraph, Trace]:
    eng = GenericWorkflowEngine()
    eng.callbacks.replace(FLOW)
    eng.trace = Trace()
    eng.process([1, 2])
    for token in (3, 9):
        with pytest.raises(Exception, match=r"look|9"):
            eng.process([token])
    return compile_graph(FLOW), eng.trace


def test_a_run_is_counted_at_figures_and_arrows() -> None:
    graph, trace = recorded()
    diagram = diagram_of(graph, overlay=of_steps(graph, trace.steps))
    figures = {" ".join(figure.lines): figure for figure in diagram.root.figures()}
    assert [4, 3, 1, 2, 6, 4] == [
        figures[name].tally.visits for name in ("count", "large?", "HALT", "store", "for x in range(0, 2)", "fetch")
    ]  # type: ignore[union-attr]
    assert (("halted", 1),) == figures["HALT"].tally.standing  # type: ignore[union-attr]
    assert (("failed", 1),) == figures["count"].tally.standing  # type: ignore[union-attr]
    assert 0.1 < sum(figure.tally.share for figure in figures.values() if figure.tally) <= 1.0
    taken = {(one.source, one.target): (one.count, round(one.share, 2)) for one in diagram.arrows}
    assert (4, 1.0) == taken["entry", "n0"]
    assert (1, 0.33) == taken["n1", "n2"]
    assert (2, 0.67) == taken["n1", "n4"]
    assert (4, 1.0) == taken["n6", "n5"]  # what is folded into an arrow counts for it
    assert (1, 0.25) == taken["n0", "n0_error"]  # a step that the graph does not have, because any task may fail


def test_what_was_never_visited_can_be_read_on_dark_figures_too() -> None:
    graph = compile_graph([HALT("look"), SYNCHRONIZE(golden.fetch, golden.store)])
    dot = diagram_dot(diagram_of(graph, overlay=of_steps(graph, [])))
    (fork,) = (line for line in dot.splitlines() if "never" in line and "SYNCHRONIZE" in line)
    assert "unvisited" in fork
    assert "fontcolor" not in fork.replace(f'fontcolor="{LIGHT.ground}"', "")


def test_heat_goes_by_the_root_of_the_share() -> None:
    assert [0, 1, 2, 4, 5] == [Tally(1, 1.0, share).heat for share in (0.0, 0.03, 0.2, 0.6, 1.0)]


def test_items_stand_where_they_are() -> None:
    graph = compile_graph(FLOW)
    diagram = diagram_of(graph, overlay=of_items(graph, {2: {"waiting": 12, "error": 1}}))
    (halt,) = [figure for figure in diagram.figures() if figure.role is Role.HALT]
    assert (("error", 1), ("waiting", 12)) == halt.tally.standing  # type: ignore[union-attr]
    assert ("1 error, 12 waiting",) == diagram.notes
    assert r"1 error, 12 waiting" in diagram_dot(diagram)


def test_findings_stand_at_their_tasks_and_those_of_none_in_the_notes() -> None:
    flow = [golden.store, None, [], IF(lambda obj, eng: False, golden.fetch)]
    diagram = diagram_of(compile_graph(flow), overlay=of_findings(compile_graph(flow), check(flow)))
    found = {" ".join(figure.lines): [badge.code for badge in figure.badges] for figure in diagram.figures()}
    assert "WF107" in found["<lambda>?"]
    assert any("WF005" in note for note in diagram.notes)


def test_a_finding_about_a_jump_stands_at_the_jump_too() -> None:
    def far(obj: Any, eng: Any) -> None:
        if obj:
            eng.jump_call(9)

    graph = compile_graph([golden.fetch, far, golden.store])
    diagram = diagram_of(graph, overlay=of_findings(graph, check([golden.fetch, far, golden.store])))
    marked = {
        (arrow.source, arrow.target): [one.code for one in arrow.badges] for arrow in diagram.arrows if arrow.badges
    }
    assert {("n1", "exit"): ["WF102"]} == marked
    assert 'label=" jump 9 ▲ WF102 "' in diagram_dot(diagram)
    assert "WF102" in diagram_mermaid(diagram).split("n1 -")[-1]


# Differences ---------------------------------------------------------------------------------------------------------


def test_a_difference_shows_both_versions() -> None:
    old, new = map(compile_graph, golden.VERSIONS)
    diagram = diagram_of_difference(difference(old, new))
    changes = {" ".join(figure.lines): figure.change for figure in diagram.root.figures()}
    assert {
        "trim": Change.MOVED,
        "fetch": Change.KEPT,
        "kind?": Change.CHANGED,
        "HALT": Change.KEPT,
        "print": Change.ADDED,
    } == {name: changes[name] for name in ("trim", "fetch", "kind?", "HALT", "print")}
    gone = [figure for figure in diagram.root.figures() if figure.change is Change.REMOVED]
    assert [("on2", ("store",))] == [(figure.key, figure.lines) for figure in gone]
    assert Change.KEPT in {arrow.change for arrow in diagram.arrows}
    same = diagram_of_difference(difference(old, old))
    assert ({Change.KEPT}, ("no difference",)) == ({arrow.change for arrow in same.arrows}, same.notes)


# Traces and machines -------------------------------------------------------------------------------------------------


def test_a_recorded_run_is_read_as_it_was_written() -> None:
    graph, trace = recorded()
    found, steps = trace_from_json(trace_to_json(graph, trace.steps))
    assert trace.steps == steps
    assert f"{graph:text}" == f"{found:text}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "a recorded run is JSON"),
        ("[]", "this is no recorded run of format 1"),
        ('{"format":1,"graph":{},"steps":[]}', "this is no stored graph"),
    ],
)
def test_what_is_no_recorded_run_is_refused(text: str, said: str) -> None:
    with pytest.raises(WorkflowDefinitionError, match=said):
        trace_from_json(text)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("5", "cannot unpack non-iterable int object"),
        ("[0, -1]", "not enough values"),
        ('["0", -1, 0, null, 0]', "'str' object cannot be interpreted as an integer"),
        ("[1e999, -1, 0, null, 0]", "'float' object cannot be interpreted as an integer"),
        ('[0, -1, 0, "nothing", 0]', "'nothing' is not a valid Control"),
        ("[0, -1, 0, null, NaN]", "a task took no time that can be told"),
        ("[0, -1, 0, null, 1e999]", "a task took no time that can be told"),
        ("[0, -1, 0, null, -1]", "a task took no time that can be told"),
        (f"[0, -1, 0, null, 1{'0' * 400}]", "int too large"),
        ("[0, -1, 9, null, 0]", "steps to a task that its graph lacks"),
        ('[0, 0, -1, "return", 0]', "steps to a task that its graph lacks"),
        ('[0, -2, 0, "return", 0]', "steps to a task that its graph lacks"),
    ],
)
def test_a_damaged_step_is_refused(step: str, said: str) -> None:
    text = trace_to_json(compile_graph([golden.fetch]), [])
    with pytest.raises(WorkflowDefinitionError, match=f"the recorded run is damaged: .*{said}"):
        trace_from_json(text.replace('"steps":[]', f'"steps":[{step}]'))


def test_the_machine_goes_through_the_states_of_the_run() -> None:
    calm = task(ops.Call())(golden.store.__class__(golden.store.__code__, {}))
    flow = [calm, IF_ELSE(large, [calm], calm), FOR(range(2), "x", [calm]), CHOICE(lambda o, e: "a", a=calm)]
    eng = GenericWorkflowEngine()
    eng.callbacks.replace(flow)
    eng.trace = Trace()
    eng.process([1, 5])
    graph = compile_graph(flow)
    machine = machine_of(graph)
    for step in eng.trace.steps:
        if step.source == ENTRY:
            machine.set_state("entry")
        machine.trigger(trigger_of(graph, step))
        assert state_of(graph, step.target) == machine.state
    assert "exit" == machine.state
    with pytest.raises(MachineError):
        machine.trigger("next")


def test_a_machine_has_a_state_per_task_and_a_transition_per_edge() -> None:
    for graph in GRAPHS.values():
        config = machine_config(graph)
        assert len(graph.nodes) + 6 == len(set(config["states"]))
        assert len(graph.edges) == len(config["transitions"])


def test_a_step_that_the_graph_lacks_has_no_trigger() -> None:
    graph, trace = recorded()
    failed = [step for step in trace.steps if step.target == -6]
    with pytest.raises(LookupError, match=r"there is no edge from \[0\] to error"):
        trigger_of(graph, failed[0])


def test_parallel_branches_fork_and_join() -> None:
    diagram = diagram_of(compile_graph([SYNCHRONIZE([golden.fetch], golden.store, golden.kind), golden.store]))
    roles = [figure.role for figure in diagram.root.figures()]
    assert [Role.PARALLEL, Role.TASK, Role.TASK, Role.JOIN, Role.TASK] == roles
    lanes = [part for part in diagram.root.parts if getattr(part, "kind", None) is ClusterKind.LANE]
    assert 2 == len(lanes)
    joins = [arrow.target for arrow in diagram.arrows if arrow.kind is EdgeKind.JOIN]
    assert ["j0", "j0"] == joins
    assert [("j0", "n1")] == [(one.source, one.target) for one in diagram.arrows if one.source == "j0"]


# The documentation's pictures ----------------------------------------------------------------------------------------


def test_the_pictures_of_the_documentation_show_what_is() -> None:
    path = Path(__file__).resolve().parents[2] / "docs" / "make_pictures.py"
    made = runpy.run_path(str(path))["pictures"]()
    assert set(made) <= {file.name for file in (path.parent / "pictures").iterdir()}
    for name, drawing in made.items():
        svg = ElementTree.fromstring((path.parent / "pictures" / name).read_text(encoding="utf-8"))  # noqa: S314
        ids = {str(group.get("id")) for group in svg.iter(f"{SVG}g")}
        assert {figure.key for figure in drawing.diagram.figures()} <= ids
        edges = sum(str(group.get("class")).startswith("edge") for group in svg.iter(f"{SVG}g"))
        assert len(drawing.diagram.arrows) <= edges


def test_running_needs_no_views() -> None:
    code = "import sys, wfgraph.engine; print([name for name in sys.modules if name.startswith('wfgraph.views')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]\n" == done.stdout


def test_without_the_library_a_machine_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transitions", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'wfgraph\[transitions\]'"):
        machine_of(GRAPHS["if"])
