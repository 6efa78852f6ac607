"""A diagram as text for terminals: the structure as a tree, jumps and ends as remarks.

Example, ``[add_vat, IF_ELSE(is_large, HALT("a person must look"), ship)]``::

    ● start
    ├ add_vat
    ├ if
    │ ├ ◇ is_large?
    │ ├ yes
    │ │ └ ⬣ HALT: a person must look
    │ └ no
    │   └ ship
    ◉ end
"""

from __future__ import annotations

from collections.abc import Iterator

from wfgraph.graph.difference import Change
from wfgraph.graph.ops import EdgeKind
from wfgraph.views.diagram import PORTS, Arrow, Cluster, ClusterKind, Diagram, Figure, Part, Role
from wfgraph.views.look import CHANGES
from wfgraph.views.telling import codes_of, tally_of

__all__ = ["diagram_tree"]

_MARKS = {
    Role.CONDITION: "◇ ",
    Role.CHOICE: "◈ ",
    Role.LOOP: "↻ ",
    Role.HALT: "⬣ ",
    Role.STOP: "■ ",
    Role.TOKEN: "⚑ ",
    Role.FAIL: "✖ ",
    Role.PARALLEL: "╪ ",
    Role.JOIN: "╧ ",
    Role.SUBWORKFLOW: "▣ ",
}
_REMARKED = (EdgeKind.JUMP, EdgeKind.HALT, EdgeKind.STOP, EdgeKind.TOKEN, EdgeKind.ERROR)
_ANSWERS = (EdgeKind.TRUE, EdgeKind.FALSE, EdgeKind.CASE)


def diagram_tree(diagram: Diagram) -> str:
    """Return a diagram as a tree of lines; no control character of users is in it."""
    out: dict[str, list[Arrow]] = {}
    for arrow in diagram.arrows:
        out.setdefault(arrow.source, []).append(arrow)
    names = {figure.key: _name(figure) for figure in diagram.figures()}
    lines = ["● start", *_drawn(diagram.root, out, names)]
    if any(figure.role is Role.EXIT for figure in diagram.terminals):
        lines.append("◉ end")
    return "".join(f"{line}\n" for line in (*lines, *diagram.notes))


def _name(figure: Figure) -> str:
    where = f" {figure.about.where}" if figure.about else ""
    return f"{' '.join(figure.lines)}{where}"


def _drawn(root: Cluster, out: dict[str, list[Arrow]], names: dict[str, str]) -> Iterator[str]:
    """Yield the lines of a cluster, without recursion: definitions may be nested very deeply."""
    stack = [("", _items(root, out), 0)]
    while stack:
        indent, items, number = stack.pop()
        if number == len(items):
            continue
        stack.append((indent, items, number + 1))
        item = items[number]
        final = number == len(items) - 1 and indent
        branch, below = ("└ ", "  ") if final else ("├ ", "│ ")
        if isinstance(item, Figure):
            yield f"{indent}{branch}{_told(item, out, names)}"
        else:
            title, inner = item
            yield f"{indent}{branch}{title}"
            stack.append((f"{indent}{below}", inner, 0))


_Item = Figure | tuple[str, "list[_Item]"]


def _items(cluster: Cluster, out: dict[str, list[Arrow]]) -> list[_Item]:
    """Return what a cluster shows: its figures, and groups with a title for what is nested and for its branches."""
    done: list[_Item] = []
    waiting: list[tuple[Cluster, list[_Item]]] = [(cluster, done)]
    while waiting:
        here, into = waiting.pop()
        forked = here.kind in (ClusterKind.IF, ClusterKind.CHOICE) and len({arm for arm in here.arms if arm >= 0}) > 1
        titles = _titles(here, out) if forked else {}
        groups: dict[int, list[_Item]] = {}
        for part, arm in zip(here.parts, here.arms, strict=True):
            goal = into
            if forked and arm >= 0:
                if arm not in groups:
                    groups[arm] = []
                    into.append((titles.get(arm, f"branch {arm}"), groups[arm]))
                goal = groups[arm]
            if isinstance(part, Cluster):
                inner: list[_Item] = []
                goal.append((part.title or "list", inner))
                waiting.append((part, inner))
            elif part.role not in PORTS:
                goal.append(part)
    return done


def _titles(cluster: Cluster, out: dict[str, list[Arrow]]) -> dict[int, str]:
    """Name the branches of a condition by the answers that lead into them."""
    firsts: dict[str, int] = {}
    for part, arm in zip(cluster.parts, cluster.arms, strict=True):
        if arm >= 0 and arm not in firsts.values():
            firsts[_first(part).key] = arm
    head = cluster.parts[0]
    found: dict[int, list[str]] = {}
    for arrow in out.get(head.key, ()):
        if arrow.kind in _ANSWERS and arrow.target in firsts:
            found.setdefault(firsts[arrow.target], []).append(arrow.text)
    return {arm: ", ".join(texts) for arm, texts in found.items()}


def _first(part: Part) -> Figure:
    return part if isinstance(part, Figure) else next(part.figures())


def _told(figure: Figure, out: dict[str, list[Arrow]], names: dict[str, str]) -> str:
    text = _MARKS.get(figure.role, "") + " ".join(figure.lines)
    if figure.notes:
        notes = " ".join(figure.notes)
        text += f": {notes}" if figure.role in _MARKS else f" ({notes})"
    if figure.change is not Change.KEPT:
        text = f"{CHANGES[figure.change][0]} {text}"
    remarks = [_remark(arrow, names) for arrow in out.get(figure.key, ()) if _remarkable(arrow)]
    if figure.opaque:
        remarks.append("effects unknown")
    if figure.tally is not None:
        remarks.append(tally_of(figure.tally))
    remarks += codes_of(figure.badges)
    return f"{text}  ┄ {'; '.join(remarks)}" if remarks else text


def _remarkable(arrow: Arrow) -> bool:
    return arrow.kind in _REMARKED or (arrow.back and arrow.text.startswith("jump"))


def _remark(arrow: Arrow, names: dict[str, str]) -> str:
    may = "" if arrow.certain else "may "
    target = names.get(arrow.target, arrow.target)
    if arrow.kind in (EdgeKind.JUMP, EdgeKind.BACK):
        return f"{may}{arrow.text} to {target}"
    words = {EdgeKind.HALT: "halt", EdgeKind.STOP: "stop", EdgeKind.ERROR: "fail", EdgeKind.TOKEN: "leave the token"}
    return f"{may}{words[arrow.kind]}"
