"""The legend: one sample of each kind of figure, arrow and change that a diagram has."""

from __future__ import annotations

from typing import Final

from wfgraph.graph.ops import EdgeKind
from wfgraph.views.diagram import PORTS, Arrow, Diagram, Figure, Role
from wfgraph.views.look import CHANGES

__all__ = ["MEANINGS", "legend_of"]

MEANINGS: Final[dict[Role | EdgeKind, str]] = {
    Role.TASK: "task",
    Role.CONDITION: "condition",
    Role.CHOICE: "choice",
    Role.LOOP: "loop",
    Role.JUMP: "jump, break",
    Role.HALT: "halt: waits for a person",
    Role.STOP: "stops the run",
    Role.TOKEN: "goes to another token",
    Role.FAIL: "fails",
    Role.PARALLEL: "fork and join",
    Role.SUBWORKFLOW: "workflow of its own",
    Role.FOLDED: "folded",
    EdgeKind.NEXT: "next",
    EdgeKind.TRUE: "yes",
    EdgeKind.FALSE: "no",
    EdgeKind.CASE: "case",
    EdgeKind.LOOP: "into the loop",
    EdgeKind.BACK: "back",
    EdgeKind.JUMP: "jump",
    EdgeKind.BREAK: "break",
    EdgeKind.HALT: "may halt",
    EdgeKind.RESUME: "resumes here",
    EdgeKind.STOP: "may stop",
    EdgeKind.TOKEN: "may leave the token",
    EdgeKind.SPAWN: "starts in parallel",
    EdgeKind.JOIN: "joins",
    EdgeKind.ERROR: "fails",
}
"""What figures and arrows mean, in their order in the legend."""


def legend_of(diagram: Diagram) -> tuple[list[Figure], list[Arrow]]:
    """Return samples of what a diagram has; the arrows carry their meaning as text, and keys of their own."""
    figures = list(diagram.figures())
    roles = {Role.PARALLEL if figure.role is Role.JOIN else figure.role for figure in figures}
    kinds = {arrow.kind for arrow in diagram.arrows}
    samples = [
        Figure(f"legend_{role.name.lower()}", role, (text,))
        for role, text in MEANINGS.items()
        if isinstance(role, Role) and role in roles and role not in PORTS
    ]
    if any(figure.opaque for figure in figures):
        samples.append(Figure("legend_opaque", Role.TASK, ("unknown effects",), opaque=True))
    changes = {figure.change for figure in figures} | {arrow.change for arrow in diagram.arrows}
    samples += [
        Figure(f"legend_{change.value}", Role.TASK, (change.value,), change=change)
        for change in CHANGES
        if change in changes
    ]
    lines = [
        Arrow(f"legend_{kind.value}_from", f"legend_{kind.value}_to", kind, text, certain=True)
        for kind, text in MEANINGS.items()
        if isinstance(kind, EdgeKind) and kind in kinds
    ]
    return samples, lines
