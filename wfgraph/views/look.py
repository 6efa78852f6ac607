"""How things look, for all renderers: colours that colour-blind readers can tell apart, in light and in dark.

Nothing is told by colour alone: figures differ in shape, arrows in line and head, findings in sign. ``dashed`` is kept
for what is uncertain, red for failure. The hues follow Okabe and Ito (2008), darkened to a contrast of at least 4.5
against the ground for texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wfgraph.graph.difference import Change
from wfgraph.graph.ops import EdgeKind
from wfgraph.views.diagram import Role

__all__ = ["CHANGES", "DARK", "INKS", "LIGHT", "PAINTS", "SIGNS", "Palette"]


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one mode; the names of :data:`PAINTS` and :data:`INKS` are its attributes.

    Attributes:
        ground: the paper.
        text: texts on it.
        quiet: frames, plain arrows, remarks.
        faint: frames of blocks.
    """

    ground: str
    text: str
    quiet: str
    faint: str
    white: tuple[str, str]
    amber: tuple[str, str]
    indigo: tuple[str, str]
    orange: tuple[str, str]
    grey: tuple[str, str]
    cyan: tuple[str, str]
    red: tuple[str, str]
    dark: tuple[str, str]
    green: str
    brown: str
    blue: str
    violet: str
    magenta: str
    teal: str
    crimson: str
    heat: tuple[str, ...]


LIGHT: Final = Palette(
    ground="#ffffff",
    text="#111827",
    quiet="#4b5563",
    faint="#d1d5db",
    white=("#ffffff", "#4b5563"),
    amber=("#fef3c7", "#92400e"),
    indigo=("#e0e7ff", "#3730a3"),
    orange=("#fed7aa", "#9a3412"),
    grey=("#e5e7eb", "#111827"),
    cyan=("#cffafe", "#0e7490"),
    red=("#fee2e2", "#b91c1c"),
    dark=("#374151", "#111827"),
    green="#00694e",
    brown="#9a3412",
    blue="#005a9c",
    violet="#4338ca",
    magenta="#a21caf",
    teal="#0e7490",
    crimson="#b91c1c",
    heat=("#ffffff", "#fff7ed", "#ffedd5", "#fed7aa", "#fdba74", "#fb923c"),
)
DARK: Final = Palette(
    ground="#0f172a",
    text="#f1f5f9",
    quiet="#94a3b8",
    faint="#475569",
    white=("#1e293b", "#94a3b8"),
    amber=("#422006", "#fbbf24"),
    indigo=("#1e1b4b", "#a5b4fc"),
    orange=("#431407", "#fdba74"),
    grey=("#334155", "#e2e8f0"),
    cyan=("#083344", "#67e8f9"),
    red=("#450a0a", "#fca5a5"),
    dark=("#cbd5e1", "#e2e8f0"),
    green="#34d399",
    brown="#fdba74",
    blue="#7dd3fc",
    violet="#a5b4fc",
    magenta="#f0abfc",
    teal="#67e8f9",
    crimson="#fca5a5",
    heat=("#1e293b", "#292524", "#44281a", "#6b3410", "#8a420b", "#a34b08"),
)

PAINTS: Final[dict[Role, str]] = {
    Role.ENTRY: "dark",
    Role.EXIT: "dark",
    Role.HALTED: "orange",
    Role.STOPPED: "grey",
    Role.NEXT_TOKEN: "cyan",
    Role.FAILED: "red",
    Role.ANYWHERE: "white",
    Role.TASK: "white",
    Role.CONDITION: "amber",
    Role.CHOICE: "amber",
    Role.LOOP: "indigo",
    Role.JUMP: "white",
    Role.HALT: "orange",
    Role.STOP: "grey",
    Role.TOKEN: "cyan",
    Role.FAIL: "red",
    Role.PARALLEL: "dark",
    Role.JOIN: "dark",
    Role.SUBWORKFLOW: "white",
    Role.FOLDED: "white",
}
"""The fill and frame of each role."""

INKS: Final[dict[EdgeKind, str]] = {
    EdgeKind.NEXT: "quiet",
    EdgeKind.TRUE: "green",
    EdgeKind.FALSE: "brown",
    EdgeKind.CASE: "blue",
    EdgeKind.LOOP: "violet",
    EdgeKind.BACK: "violet",
    EdgeKind.JUMP: "magenta",
    EdgeKind.BREAK: "quiet",
    EdgeKind.HALT: "brown",
    EdgeKind.RESUME: "brown",
    EdgeKind.STOP: "text",
    EdgeKind.TOKEN: "teal",
    EdgeKind.SPAWN: "text",
    EdgeKind.JOIN: "text",
    EdgeKind.ERROR: "crimson",
}
"""The colour of each kind of arrow."""

SIGNS: Final = {"error": "✖", "warning": "▲", "info": "●"}
"""The sign of each severity."""

CHANGES: Final = {
    Change.ADDED: ("+", "green"),
    Change.REMOVED: ("−", "crimson"),
    Change.MOVED: ("→", "blue"),
    Change.CHANGED: ("~", "magenta"),
    Change.REWIRED: ("⤳", "magenta"),
}
"""The sign and the colour of each change."""
