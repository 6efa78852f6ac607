"""A diagram as one HTML file that needs nothing else: no server, no network, no program ``dot``.

The page holds the model as JSON and a small viewer that lays it out (see ``viewer/layout.js``: one column from the top
down, which suits structured workflows, is linear, and can be done again whenever a block is folded). Texts from users
reach the page as JSON only, in which no ``<`` is left, and become text nodes; its Content-Security-Policy allows the
page's own script, by its hash, and nothing else.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from wfgraph.graph.difference import Change
from wfgraph.graph.ops import EdgeKind
from wfgraph.runtime.trace import Step
from wfgraph.utils import escape_control
from wfgraph.views.diagram import Arrow, Cluster, Diagram, Figure, Role
from wfgraph.views.legend import MEANINGS
from wfgraph.views.look import DARK, INKS, LIGHT, Palette

__all__ = ["diagram_html", "diagram_json"]

_MOST_STEPS = 20_000
_MOST_TEXT = 400


def diagram_html(diagram: Diagram, *, title: str = "workflow", steps: Iterable[Step] = ()) -> str:
    """Return a diagram as an HTML page.

    Args:
        diagram: what to show.
        title: the name of the workflow.
        steps: a recorded run of it, to be played; of a long one the first 20,000 steps.
    """
    script = f"(function(){{{_asset('layout.js')}\n{_asset('viewer.js')}}})();"
    parts = {
        "@SCRIPTS@": f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'",
        "@STYLE@": _style(),
        "@SCRIPT@": script,
        # The last: what comes from users is not to be searched for marks.
        "@DATA@": diagram_json(diagram, title=title, steps=steps).replace("<", "\\u003c"),
    }
    page = _asset("page.html")
    for mark, text in parts.items():
        page = page.replace(mark, text, 1)
    return page


def diagram_json(diagram: Diagram, *, title: str = "workflow", steps: Iterable[Step] = ()) -> str:
    """Return a diagram as JSON, as the viewer reads it."""
    keys = {number: figure.key for figure in diagram.figures() for number in figure.nodes}
    content = {
        "title": escape_control(title[:_MOST_TEXT]),
        "figures": [_figure(figure) for figure in diagram.figures()],
        "clusters": list(_clusters(diagram.root)),
        "arrows": [_arrow(arrow) for arrow in diagram.arrows],
        "steps": list(_steps(diagram, keys, steps)),
        "notes": list(diagram.notes),
        "measured": any(figure.tally is not None and figure.tally.visits for figure in diagram.figures()),
        "kinds": [kind.value for kind in EdgeKind],
        "legend": {
            "roles": [[_name(what), text] for what, text in MEANINGS.items() if isinstance(what, Role)],
            "kinds": [[_name(what), text] for what, text in MEANINGS.items() if isinstance(what, EdgeKind)],
        },
    }
    return json.dumps(content, ensure_ascii=True, separators=(",", ":"))


def _name(what: Role | EdgeKind) -> str:
    return what.name.lower() if isinstance(what, Role) else what.value


def _figure(figure: Figure) -> dict[str, Any]:
    about, tally = figure.about, figure.tally
    return {
        "key": figure.key,
        "role": _name(figure.role),
        "lines": figure.lines,
        "notes": figure.notes,
        "opaque": figure.opaque,
        "nodes": figure.nodes,
        "change": figure.change.value,
        "badges": [
            {"code": one.code, "severity": one.severity, "message": one.message, "hint": one.hint}
            for one in figure.badges
        ],
        "about": about
        and {
            "where": about.where,
            "name": _short(about.name),
            "doc": about.doc,
            "module": _short(about.module),
            "source": _short(about.source),
            "identity": about.identity,
        },
        "tally": tally
        and {
            "visits": tally.visits,
            "seconds": round(tally.seconds, 7),
            "share": round(tally.share, 4),
            "heat": tally.heat,
            "standing": tally.standing,
        },
    }


def _short(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…"


def _clusters(root: Cluster) -> Iterator[dict[str, Any]]:
    waiting = [root]
    while waiting:
        cluster = waiting.pop()
        yield {
            "key": cluster.key,
            "title": cluster.title,
            "kind": cluster.kind.value,
            "parts": [part.key for part in cluster.parts],
            "arms": cluster.arms,
        }
        waiting += [part for part in cluster.parts if isinstance(part, Cluster)]


def _arrow(arrow: Arrow) -> dict[str, Any]:
    return {
        "source": arrow.source,
        "target": arrow.target,
        "kind": arrow.kind.value,
        "text": arrow.text,
        "certain": arrow.certain,
        "count": arrow.count,
        "share": round(arrow.share, 4),
        "change": arrow.change.value,
        "badges": [[one.code, one.severity] for one in arrow.badges],
    }


def _steps(diagram: Diagram, keys: dict[int, str], steps: Iterable[Step]) -> Iterator[list[Any]]:
    """Yield the steps between figures; those through what is folded into arrows are passed over."""
    ways = {(arrow.source, arrow.target) for arrow in diagram.arrows}
    ports = {(arrow.source, arrow.target.rpartition("_")[2]): arrow.target for arrow in diagram.arrows}
    terminals = {-1: "entry", -2: "exit", -3: "halt", -4: "stop", -5: "token", -6: "error"}
    before: dict[int, str] = {}
    made = 0
    for step in steps:
        if step.target >= 0 and step.target not in keys:
            continue
        source = before.get(step.token, "entry") if step.source >= 0 else "entry"
        name = terminals.get(step.target, "")
        target = keys.get(step.target) or ports.get((source, name)) or ("exit" if name == "exit" else source)
        if made == _MOST_STEPS:
            return
        made += 1
        before[step.token] = target
        if (source, target) in ways or step.target >= 0 or name == "exit":
            yield [step.token, source, target]


@cache
def _asset(name: str) -> str:
    return (files("wfgraph.views") / "viewer" / name).read_text(encoding="utf-8")


@cache
def _style() -> str:
    inks = [f".arrow.{kind.value} path {{ stroke: var(--{ink}); }}" for kind, ink in INKS.items()]
    inks += [f".arrow.{kind.value} text {{ fill: var(--{ink}); }}" for kind, ink in INKS.items() if ink != "quiet"]
    heads = {**{kind.value: ink for kind, ink in INKS.items()}, **_CHANGED}
    inks += [f".head.{name} {{ fill: var(--{ink}); stroke: var(--{ink}); }}" for name, ink in heads.items()]
    light, dark = _variables(LIGHT, "#f3f4f6", "#f8f9ff"), _variables(DARK, "#334155", "#141c33")
    themes = (
        f':root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{ {dark} }} }}\n'
        f':root[data-theme="dark"] {{ {dark} }}\n'
    )
    # The widths and dashes of the style sheet come after the colours of the kinds.
    return "\n".join([themes, *inks, _asset("style.css")])


_CHANGED = {Change.ADDED.value: "green", Change.REMOVED.value: "crimson", Change.REWIRED.value: "magenta"}


def _variables(palette: Palette, fold: str, block: str) -> str:
    found: dict[str, str] = {"fold": fold, "block": block}
    for name in palette.__slots__:
        value = getattr(palette, name)
        if name == "heat":
            found |= {f"heat{step}": colour for step, colour in enumerate(value)}
        elif isinstance(value, tuple):
            found |= {name: value[0], f"{name}-line": value[1]}
        else:
            found[name] = value
    return " ".join(f"--{name}: {value};" for name, value in found.items())
