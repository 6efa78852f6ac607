"""The HTML viewer in a real browser, and Mermaid's own opinion of our Mermaid.

Needs Chromium (Debian's package ``chromium``) and, for Mermaid, ``npm ci`` in this directory; ``.ci/run`` brings both, and
there nothing of this is skipped.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from checks.checks_generated import Maker
from playwright.sync_api import Browser, Page, expect, sync_playwright

from wfgraph import Trace, check, compile_graph, ops, task
from wfgraph.checks import Diagnostic
from wfgraph.compiler.stored import graph_to_json
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.graph.difference import difference
from wfgraph.patterns import CHOICE, FOR, HALT, IF, IF_ELSE, PARALLEL_SPLIT, SYNCHRONIZE, WHILE
from wfgraph.runtime.trace import Step
from wfgraph.views.changes import diagram_of_difference
from wfgraph.views.diagram import Diagram
from wfgraph.views.extract import diagram_of
from wfgraph.views.html import diagram_html
from wfgraph.views.mermaid import diagram_mermaid
from wfgraph.views.overlay import of_findings, of_items, of_steps
from wfgraph.views.svg import diagram_svg
from wfgraph.views.traces import trace_from_json

MERMAID = Path(__file__).parent / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
IN_CI = bool(os.environ.get("CI"))

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None and not IN_CI, reason="needs Debian's package chromium"),
    pytest.mark.xdist_group("browser"),
]
HOSTILE = [
    "<script>window.pwned = 1</script>",
    "</script><script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned=1'>",
    "javascript:window.pwned=1",
    "\"quotes' and `ticks` ${1+1}",
    "two\nlines",
    "\u202eright to left \u05e9\u05dc\u05d5\u05dd",
    "&lt;b&gt;&amp;",
    "@DATA@ @SCRIPT@",
    "long" * 2500,
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@dataclass
class Opened:
    """A page, and what it said and asked for."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Any]:
    contexts = []

    def open_page(html: str, **options: Any) -> Opened:
        file = tmp_path / "page.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(viewport={"width": 1000, "height": 800}, **options)
        contexts.append(context)
        found = Opened(context.new_page())
        found.page.on("console", lambda message: found.said.append(message.text))
        found.page.on("pageerror", lambda error: found.said.append(str(error)))
        found.page.on("request", lambda request: found.asked.append(request.url))
        found.page.goto(file.as_uri())
        found.page.wait_for_selector("html[data-ready=yes]")
        return found

    yield open_page
    for context in contexts:
        context.close()


def named(name: str, doc: str = "") -> Any:
    def function(obj: Any, eng: Any) -> bool:
        return bool(obj)

    function.__name__, function.__doc__ = name, doc
    return task(ops.Call())(function)


fetch, store, is_new, kind = named("fetch", "Fetch it from there."), named("store"), named("is_new"), named("kind")
FLOW = [
    fetch,
    IF_ELSE(is_new, [store, HALT("a person must look")], fetch),
    CHOICE(kind, ("article", store), ("thesis", [fetch, IF(is_new, [HALT("ask")])]), default=store),
    FOR(range(2), "page", [fetch, IF(lambda obj, eng: False, [store])]),
    WHILE(is_new, [store]),
    SYNCHRONIZE([fetch, store], kind, store),
    PARALLEL_SPLIT(fetch, store),
    store,
]


def page_of(flow: Any, **options: Any) -> str:
    return diagram_html(diagram_of(compile_graph(flow), **options), title="flow")


def figures(page: Page) -> int:
    return page.locator("#stage g.figure").count()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_needs_nothing_but_itself(opened: Any, scheme: str) -> None:
    html = page_of(FLOW)
    assert len(html.encode()) < 2_000_000
    found = opened(html, color_scheme=scheme, offline=True)
    assert [] == found.said
    assert 1 == len(found.asked), "the page itself"
    assert "flow" == found.page.title()
    shown = sum(1 for _ in diagram_of(compile_graph(FLOW)).figures())
    assert shown == figures(found.page)
    ground = found.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ("rgb(255, 255, 255)" if scheme == "light" else "rgb(15, 23, 42)") == ground


GEOMETRY = """() => {
    const figures = [...document.querySelectorAll("#stage g.figure")].map((group) => {
        const {x, y, width, height} = (group.querySelector(".shape, circle")).getBoundingClientRect();
        return {key: group.dataset.key, left: x, top: y, right: x + width, bottom: y + height};
    });
    const inside = (point, box, margin) => point.x > box.left + margin && point.x < box.right - margin
        && point.y > box.top + margin && point.y < box.bottom - margin;
    const covered = [], loose = [], through = [];
    figures.forEach((one, index) => figures.slice(0, index).forEach((other) => {
        const apart = one.right <= other.left || other.right <= one.left || one.bottom <= other.top || other.bottom <= one.top;
        if (!apart) covered.push([one.key, other.key]);
    }));
    const paths = [...document.querySelectorAll("#stage g.arrow path")];
    for (const path of paths) {
        const {source, target} = path.parentNode.dataset, length = path.getTotalLength(), matrix = path.getScreenCTM();
        const at = (distance) => path.getPointAtLength(distance).matrixTransform(matrix);
        if (!inside(at(length), figures.find((one) => one.key === target), -8)) loose.push([source, target]);
        const others = figures.filter((one) => one.key !== source && one.key !== target);
        for (let distance = 0; distance < length; distance += 4) {
            if (others.some((one) => inside(at(distance), one, 1))) { through.push([source, target]); break; }
        }
    }
    return {covered, loose, through, lines: paths.length};
}"""


def test_figures_do_not_cover_each_other_and_lines_end_at_them(opened: Any) -> None:
    found = opened(page_of(FLOW)).page.evaluate(GEOMETRY)
    assert ([], [], []) == (found["covered"], found["loose"], found["through"])


def test_no_line_is_told_where_another_one_is(opened: Any) -> None:
    flow = [
        CHOICE(
            kind,
            article=[store, fetch],
            proceedings=fetch,
            dissertation=store,
            annotation=IF_ELSE(is_new, store, fetch),
        ),
        IF_ELSE(is_new, IF_ELSE(is_new, IF_ELSE(is_new, store, fetch), fetch), IF_ELSE(is_new, store, fetch)),
    ]
    found = opened(page_of(flow)).page.evaluate("""() => {
        const texts = [...document.querySelectorAll("#stage g.arrow text")].map((text) => {
            const { left, top, right, bottom } = text.getBoundingClientRect();
            return { text: text.textContent, left, top: top + 3, right, bottom };
        });
        const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
        const met = (one, index) => texts.slice(0, index).filter((other) => meet(one, other));
        return texts.flatMap((one, index) => met(one, index).map(({ text }) => [one.text, text]));
    }""")
    assert [] == found


@pytest.mark.slow
def test_random_workflows_are_laid_out_without_collisions(opened: Any, long: bool) -> None:
    lines = through = 0
    for seed in range(200 if long else 2):
        for flow in (Maker(seed).clean(), Maker(seed).wild()):
            for everything in (False, True):
                page = opened(page_of(flow, everything=everything))
                found = page.page.evaluate(GEOMETRY)
                assert ([], [], []) == (found["covered"], found["loose"], page.said), seed
                lines, through = lines + found["lines"], through + len(found["through"])
                page.page.context.close()
    # Jumps between branches that stand side by side take the short way, across whatever is there.
    assert through <= lines / 100


def test_texts_of_users_stay_texts(opened: Any) -> None:
    flow = [named(name, doc=name) for name in HOSTILE] + [IF(named(HOSTILE[0]), [HALT(HOSTILE[1])])]
    graph = compile_graph(flow)
    html = diagram_html(diagram_of(graph, overlay=of_findings(graph, check(flow))), title=HOSTILE[1])
    found = opened(html)
    assert [] == found.said
    assert 1 == len(found.asked)
    page = found.page
    assert HOSTILE[1] == page.title()
    for number, name in enumerate(HOSTILE):
        page.locator(f'[data-key="n{number}"]').dispatch_event("click")
        shown = page.locator("#details h2").inner_text()
        assert (
            shown == name.encode("unicode_escape").decode()
            or shown == name
            or shown[:300] == name[:300]
            or "\\u202e" in shown
        )
        assert 0 == page.locator("#details script, #details img, #details a").count()
    assert page.evaluate("window.pwned") is None
    assert 2 == page.locator("script").count()
    assert 0 == page.locator("img, iframe, a, object, embed, foreignObject").count()
    assert all(not address.startswith("javascript") for address in found.asked)


CRAFTED = [
    "</script><script>window.pwned = 1</script>",
    "<!-- <script>",
    "]]></style></svg><img src=x onerror=window.pwned=1>",
    "\u2028\u2029\u0085\x7f",
    "\0\x1b[31m\x1b]0;title\x07",
    "\ud800 alone \udfff",
    "\u202e\u2066\u200f\u200b",
    "#quot;); click n0 href javascript:window.pwned=1",
    "\\N \\l ${1+1} {{1+1}} %s @DATA@",
    "long" * 50_000,
]
UNFIT = "[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\u200b-\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]"
"""What no text may have when it is shown: control characters, marks that turn its direction, halves of characters."""


def read_from_files() -> tuple[Diagram, list[Step]]:
    """A recorded run as anybody may have written it to a file, findings, and items in it."""
    content = json.loads(
        graph_to_json(compile_graph([fetch, IF(is_new, [HALT("ask")]), CHOICE(kind, a=fetch, b=store), store]))
    )
    texts = cycle(CRAFTED)
    for node in content["nodes"]:
        node["name"], node["identity"][:2] = next(texts), [next(texts), f"({next(texts)})"]
        node["op"] |= {key: next(texts) for key in ("describe", "keyword", "message") if key in node["op"]}
        node["op"] |= {"cases": [[next(texts), offset] for _, offset in node["op"].get("cases", ())]}
    for edge in content["edges"]:
        edge[4] = next(texts)
    recorded = {
        "format": 1,
        "graph": content,
        "steps": [[0, -1, 0, None, 0.0], [0, 0, 1, "return", 1.5], [10**30, -1, 0, None, 0]],
    }
    graph, steps = trace_from_json(json.dumps(recorded))
    findings = [
        Diagnostic(text[:99], "crafted", "warning", f"message {text}", address, hint=f"hint {text}")
        for text, address in zip(
            CRAFTED, [(0,), (0,), (0,), (0,), (1, 0), (1, 0), (1, 0), (9,), (9,), (9,)], strict=True
        )
    ]
    items = of_items(graph, {1: {text[:99]: 3 for text in CRAFTED}})
    return diagram_of(graph, overlay=of_findings(graph, findings).over(items).over(of_steps(graph, steps))), steps


def test_texts_of_files_stay_texts(opened: Any) -> None:
    diagram, steps = read_from_files()
    found = opened(diagram_html(diagram, title="".join(CRAFTED), steps=steps))
    page = found.page
    for number in range(len(steps)):
        page.click("#next")
        expect(page.locator("#told")).to_contain_text(f"step {number + 1} of {len(steps)}")
    said = [page.title()]
    for figure in page.locator("#stage g.figure").all():
        figure.dispatch_event("click")
        said.append(page.locator("#details").inner_text())
    said += [
        page.evaluate("document.documentElement.textContent.replace(document.scripts[1].textContent, '')"),
        *page.evaluate("[...document.querySelectorAll('[aria-label]')].map((one) => one.getAttribute('aria-label'))"),
    ]
    page.fill("#search", "</script>")
    page.press("#search", "Enter")
    expect(page.locator("#hits")).to_contain_text("1 of")
    assert [] == [match for text in said for match in re.findall(UNFIT, text)]
    assert any("\\u2028\\u2029" in text for text in said), "escaped, not left out"
    assert [] == found.said
    assert 1 == len(found.asked)
    assert 2 == page.locator("script").count()
    assert 0 == page.locator("img, iframe, a, object, embed, foreignObject").count()
    assert page.evaluate("window.pwned") is None


@pytest.mark.skipif(shutil.which("dot") is None and not IN_CI, reason="needs the program dot")
def test_texts_of_files_stay_texts_in_pictures_of_graphviz(opened: Any) -> None:
    drawn = diagram_svg(read_from_files()[0], legend=True)
    ElementTree.fromstring(drawn)  # noqa: S314 - our own; it is well-formed, whatever the texts
    found = opened(f"<!doctype html><html data-ready=yes><body>{drawn}</body></html>")
    shown = found.page.locator("svg").text_content()
    assert "</script><script>" in shown
    assert "\\u2028\\u2029" in shown
    assert [] == re.findall(UNFIT.replace("\\x09", "\\x08"), shown)
    assert 0 == found.page.locator("script, img, a, foreignObject, svg [onerror]").count()
    assert found.page.evaluate("window.pwned") is None
    assert [] == found.said
    assert 1 == len(found.asked)


def test_blocks_fold_and_unfold(opened: Any) -> None:
    page = opened(page_of(FLOW)).page
    all_of_them = figures(page)
    page.click("#fold")
    assert 0 < page.locator("#stage g.figure.folded").count()
    folded = figures(page)
    assert folded < all_of_them
    page.locator("#stage g.figure.folded").first.dispatch_event("click")
    assert folded < figures(page) < all_of_them
    page.keyboard.press("c")
    assert folded == figures(page)
    page.keyboard.press("e")
    assert all_of_them == figures(page)
    page.locator("text.title", has_text="while").dispatch_event("click")
    assert all_of_them > figures(page)


def test_details_tell_what_is_known(opened: Any) -> None:
    graph = compile_graph(FLOW)
    page = opened(diagram_html(diagram_of(graph, overlay=of_findings(graph, check(FLOW))), title="flow")).page
    page.locator('[data-key="n0"]').click()
    details = page.locator("#details")
    expect(details).to_be_visible()
    for text in ("task", "fetch", "[0]", "Fetch it from there.", "test_viewer.py:"):
        expect(details).to_contain_text(text)
    details.locator(".way button").first.click()
    expect(details.locator("h2")).to_have_text("IF_ELSE")
    page.keyboard.press("Escape")
    expect(details).to_be_hidden()
    constant = page.locator("g.figure", has=page.locator("text.badge", has_text="WF107"))
    constant.first.dispatch_event("click")
    expect(details).to_contain_text("WF107")
    page.uncheck("#findings")
    assert 0 == page.locator("text.badge").count()


def test_search_finds_unfolds_and_goes_there(opened: Any) -> None:
    page = opened(page_of(FLOW)).page
    page.click("#fold")
    page.keyboard.press("/")
    page.keyboard.type("ask")
    expect(page.locator("#hits")).to_have_text("1 found")
    page.keyboard.press("Enter")
    expect(page.locator("#hits")).to_have_text("1 of 1")
    expect(page.locator("#stage g.figure.selected")).to_contain_text("ask")


def test_the_view_moves_by_mouse_and_keys(opened: Any) -> None:
    page = opened(page_of(FLOW)).page

    def transform() -> str:
        return str(page.locator("#stage").get_attribute("transform"))

    seen = {transform()}
    for action in (
        lambda: page.click("#zoomin"),
        lambda: page.click("#zoomout"),
        lambda: page.keyboard.press("+"),
        lambda: page.keyboard.press("ArrowDown"),
        lambda: page.mouse.wheel(0, 120),
    ):
        before = transform()
        page.mouse.move(500, 400)
        action()
        page.wait_for_function(
            "(before) => document.getElementById('stage').getAttribute('transform') !== before", arg=before
        )
        seen.add(transform())
    page.mouse.move(30, 500)
    page.mouse.down()
    page.mouse.move(130, 560)
    page.mouse.up()
    assert transform() not in seen
    page.click("#fit")
    page.keyboard.press("Tab")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('figure')"):
            break
    assert page.evaluate("document.activeElement.getAttribute('role')") == "button"
    page.keyboard.press("Enter")
    expect(page.locator("#details")).to_be_visible()


def test_legend_help_and_theme(opened: Any) -> None:
    page = opened(page_of(FLOW)).page
    page.click("#legendbutton")
    for text in ("condition", "loop", "halt: waits for a person", "fork and join"):
        expect(page.locator("#legend")).to_contain_text(text)
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.keyboard.press("t")
    assert before != page.evaluate("getComputedStyle(document.body).backgroundColor")


def ran() -> tuple[Diagram, Trace]:
    flow = [fetch, IF_ELSE(is_new, [store], fetch), FOR(range(2), "page", [store])]
    eng = GenericWorkflowEngine()
    eng.callbacks.replace(flow)
    eng.trace = Trace()
    eng.process([1, 0])
    graph = compile_graph(flow)
    return diagram_of(graph, overlay=of_steps(graph, eng.trace.steps)), eng.trace


def test_a_recorded_run_is_played(opened: Any) -> None:
    diagram, trace = ran()
    found = opened(diagram_html(diagram, title="run", steps=trace.steps))
    page = found.page
    expect(page.locator("#player")).to_be_visible()
    visited = []
    for _ in range(6):
        page.click("#next")
        visited.append(page.locator("#stage g.figure.now").get_attribute("data-key"))
    assert ["n0", "n1", "n2", "n5", "n6", "n5"] == visited
    assert 1 == page.locator("g.arrow.passed").count()
    page.click("#back")
    expect(page.locator("#told")).to_contain_text("step 5 of")
    page.select_option("#token", "1")
    page.keyboard.press("n")
    page.keyboard.press("n")
    page.keyboard.press("n")
    assert "n4" == page.locator("#stage g.figure.now").get_attribute("data-key")
    page.click("#play")
    expect(page.locator("#stage g.figure.now")).to_have_attribute("data-key", "exit", timeout=20_000)
    expect(page.locator("#play")).to_have_text("play")
    assert 1 <= page.locator("text.tally", has_text="2×").count()
    page.uncheck("#run")
    assert 0 == page.locator("text.tally").count()
    assert [] == found.said


def test_a_difference_is_marked(opened: Any) -> None:
    old, new = compile_graph([fetch, store]), compile_graph([fetch, IF(is_new, [fetch]), kind])
    found = opened(diagram_html(diagram_of_difference(difference(old, new)), title="difference"))
    assert 1 == found.page.locator("#stage g.figure.removed").count()
    assert 3 == found.page.locator("#stage g.figure.added").count()
    expect(found.page.locator("#notes")).to_contain_text("3 added, 1 removed")
    assert [] == found.said


def test_two_thousand_tasks_begin_folded(opened: Any) -> None:
    flow = [
        IF_ELSE(is_new, [named(f"a{number}"), WHILE(is_new, [store, fetch])], [named(f"b{number}"), kind, store])
        for number in range(200)
    ]
    assert len(compile_graph(flow).nodes) >= 2000
    found = opened(page_of(flow))
    page = found.page
    assert 202 == figures(page)
    page.click("#unfold")
    assert 2000 > figures(page) >= 1800 - 200
    page.fill("#search", "b199")
    page.press("#search", "Enter")
    expect(page.locator("#stage g.figure.selected")).to_contain_text("b199")
    assert [] == found.said


# Mermaid -------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not MERMAID.is_file() and not IN_CI, reason="needs npm ci in tests/browser")
def test_mermaid_reads_what_we_write(opened: Any) -> None:
    crafted = [named(name[:200]) for name in HOSTILE] + [
        named(name) for name in ("end", "graph", "a;b --> c", "%%{init}%%", "#quot;")
    ]
    graphs = [compile_graph(FLOW), compile_graph(crafted)]
    texts = [diagram_mermaid(diagram_of(graph, everything=flag)) for graph in graphs for flag in (False, True)]
    texts.append(diagram_mermaid(diagram_of(graphs[0]), direction="LR"))
    texts.append(diagram_mermaid(read_from_files()[0]))
    golden = Path(__file__).resolve().parent.parent / "views" / "golden"
    texts += [path.read_text(encoding="utf-8") for path in sorted(golden.glob("*.mmd"))]
    assert len(texts) > 20
    page = opened("<!doctype html><html data-ready=yes><body></body></html>").page
    page.add_script_tag(path=str(MERMAID))
    page.evaluate("mermaid.initialize({startOnLoad: false, securityLevel: 'strict'})")
    for text in texts:
        assert "flowchart-v2" == page.evaluate("async (text) => (await mermaid.parse(text)).diagramType", text), text
    shown = [_drawn(page, text) for text in (texts[2], texts[5])]
    for name in ("end", "graph", "a;b --> c", "%%{init}%%", "#quot;", "javascript:window.pwned=1"):
        assert name in shown[0]
    assert "\\x1b[31m" in shown[1].replace(" ", "")


def _drawn(page: Page, text: str) -> str:
    """Show what Mermaid makes of a text; return what is there to be read."""
    drawn = page.evaluate("async (text) => (await mermaid.render('drawn', text)).svg", text)
    page.evaluate("(svg) => { document.body.innerHTML = svg; }", drawn)
    assert 0 == page.locator("svg script, svg img, svg a").count()
    assert page.evaluate("window.pwned") is None
    return page.locator("svg").first.text_content() or ""
