"""The neutral drawing model: what a picture of a graph shows, before any language of pictures has its say.

Example, the graph of ``[fetch, IF(is_new, store)]``::

    figures   entry, n0 task "fetch", n1 condition "is_new?", n2 task "store", exit
    arrows    entry -> n0, n0 -> n1, n1 -yes-> n2, n1 -no-> exit, n2 -> exit
    root      n0, (cluster "if": n1, n2)

Texts are plain here: control characters are written as escapes and long ones are wrapped, but each renderer still has
to quote them for its own language. :func:`wfgraph.views.extract.diagram_of` makes a diagram.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from wfgraph.graph.difference import Change
from wfgraph.graph.ops import EdgeKind
from wfgraph.utils import counted

__all__ = ["About", "Arrow", "Badge", "Cluster", "ClusterKind", "Diagram", "Figure", "Part", "Role", "Tally"]


class Role(Enum):
    """What a figure stands for; it decides the shape."""

    ENTRY = "entry"
    EXIT = "exit"
    HALTED = "halted"
    STOPPED = "stopped"
    NEXT_TOKEN = "another token"  # noqa: S105 - no password
    FAILED = "failed"
    ANYWHERE = "jump by any distance"
    TASK = "task"
    CONDITION = "condition"
    CHOICE = "choice"
    LOOP = "loop"
    JUMP = "jump"
    HALT = "halt"
    STOP = "stop"
    TOKEN = "token"  # noqa: S105 - no password
    FAIL = "fail"
    PARALLEL = "fork"
    JOIN = "join"
    SUBWORKFLOW = "sub-workflow"
    FOLDED = "folded"


PORTS = (Role.HALTED, Role.STOPPED, Role.NEXT_TOKEN, Role.FAILED, Role.ANYWHERE)
"""The small figures beside a task for what may end its token's walk, or send it anywhere."""


class ClusterKind(Enum):
    """What a cluster is."""

    ROOT = "root"
    LIST = "list"
    IF = "if"
    CHOICE = "choice"
    LOOP = "loop"
    MERGE = "merge"
    LANE = "lane"


@dataclass(frozen=True, slots=True)
class About:
    """What there is to say about a task beyond its picture.

    Attributes:
        where: its place, such as ``"[2, 0]"``.
        name: its name.
        doc: its docstring, the beginning of it.
        module: the module that its callable comes from.
        source: file and line of its code; empty when not known.
        identity: what it is known by in other versions of the definition.
    """

    where: str
    name: str
    doc: str = ""
    module: str = ""
    source: str = ""
    identity: str = ""


@dataclass(frozen=True, slots=True)
class Badge:
    """A finding of the checks.

    Attributes:
        code: its code.
        severity: ``"error"``, ``"warning"`` or ``"info"``.
        message: what was found.
        hint: what to do.
    """

    code: str
    severity: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """What happened at a figure during runs.

    Attributes:
        visits: how often it was reached.
        seconds: the time spent in it.
        share: its part of the time that the whole run took, from 0 to 1.
        standing: how many items stand there now, by status.
    """

    visits: int = 0
    seconds: float = 0.0
    share: float = 0.0
    standing: tuple[tuple[str, int], ...] = ()

    @property
    def heat(self) -> int:
        """The share of time in steps from 0 to 5, on its square root: small shares are to be seen, too."""
        return min(5, round(self.share**0.5 * 5)) if self.share > 0 else 0


@dataclass(frozen=True, slots=True)
class Figure:
    """One node of the picture.

    Attributes:
        key: its name in the picture, made of letters, digits and ``_`` only.
        role: what it stands for.
        lines: its text.
        notes: more text, to be set smaller.
        opaque: nothing is known of what it does to the flow.
        nodes: the nodes of the graph that it stands for.
        about: details; None for what is no task.
        badges: findings about it.
        tally: what happened there; None where no run is shown.
        change: what happened to it since an earlier version.
    """

    key: str
    role: Role
    lines: tuple[str, ...]
    notes: tuple[str, ...] = ()
    opaque: bool = False
    nodes: tuple[int, ...] = ()
    about: About | None = None
    badges: tuple[Badge, ...] = ()
    tally: Tally | None = None
    change: Change = Change.KEPT


@dataclass(frozen=True, slots=True)
class Cluster:
    """A nested list, or a branch of a parallel pattern.

    Attributes:
        key: its name in the picture, made of letters, digits and ``_`` only.
        title: its text; may be empty.
        kind: what it is.
        parts: what it holds.
        arms: for each part, which branch of the pattern it belongs to; -1 for none (a head).
    """

    key: str
    title: str
    kind: ClusterKind
    parts: tuple[Part, ...]
    arms: tuple[int, ...] = ()

    @property
    def lane(self) -> bool:
        """Whether it is a branch of a parallel pattern."""
        return self.kind is ClusterKind.LANE

    @property
    def height(self) -> int:
        """How many levels of clusters are in it."""
        most, waiting = 0, [(self, 0)]
        while waiting:
            cluster, level = waiting.pop()
            most = max(most, level)
            waiting += [(part, level + 1) for part in cluster.parts if isinstance(part, Cluster)]
        return most

    def figures(self) -> Iterator[Figure]:
        """Yield all figures in it, however deep."""
        waiting: list[Part] = [self]
        while waiting:
            part = waiting.pop()
            if isinstance(part, Figure):
                yield part
            else:
                waiting += reversed(part.parts)


Part: TypeAlias = Figure | Cluster


@dataclass(frozen=True, slots=True)
class Arrow:
    """One edge of the picture.

    Attributes:
        source: the key of the figure it leaves.
        target: the key of the figure it leads to.
        kind: the type of the transition.
        text: its label; may be empty.
        certain: False for a step that is only possible.
        back: whether it leads to what came before.
        edges: the edges of the graph that it stands for, as places in ``graph.edges``.
        count: how often it was taken; None where no run is shown.
        share: the part of what left its source, from 0 to 1.
        change: what happened to it since an earlier version.
        badges: findings about where it leads; its source carries them, too.
    """

    source: str
    target: str
    kind: EdgeKind
    text: str
    certain: bool
    back: bool = False
    edges: tuple[int, ...] = ()
    count: int | None = None
    share: float = 0.0
    change: Change = Change.KEPT
    badges: tuple[Badge, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Diagram:
    """A whole picture.

    Attributes:
        terminals: the figures for where tokens come from and end as they should.
        root: everything else, nested.
        arrows: the edges.
        notes: lines of text about the whole.
    """

    terminals: tuple[Figure, ...]
    root: Cluster
    arrows: tuple[Arrow, ...]
    notes: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        figures = sum(1 for _ in self.figures())
        return f"<Diagram of {counted(figures, 'figure')} and {counted(len(self.arrows), 'arrow')}>"

    def figures(self) -> Iterator[Figure]:
        """Yield all figures: the terminals, then the others in document order."""
        yield from self.terminals
        yield from self.root.figures()
