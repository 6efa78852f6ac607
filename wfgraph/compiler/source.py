"""A source that is being written: its lines, and which task each of them belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field

from wfgraph.compiler.shapes import shape_of
from wfgraph.graph.address import format_address
from wfgraph.graph.definition import Block
from wfgraph.graph.program import Program
from wfgraph.graph.routine import LoopVariables
from wfgraph.utils import escape_control, task_name

__all__ = ["Source"]


@dataclass(slots=True, eq=False)
class Source:
    """A source that is being written.

    Attributes:
        program: what it is written for.
        entry: the task at which its routine begins; -1 for the loop over tokens.
        shapes: the shapes of blocks, as far as they are known.
        nesting: how many blocks are open that need no indentation.
        lines: the lines.
        places: for each of them, the task it belongs to; -1 for none.
        loops: the native loops.
        waiting: the blocks that get a function of their own.
        calls_one: whether the loop over tokens calls the routine of one token.
    """

    program: Program
    entry: int
    shapes: dict[int, str]
    nesting: int = 0
    lines: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    loops: list[LoopVariables] = field(default_factory=list)
    waiting: list[Block] = field(default_factory=list)
    calls_one: bool = False

    def line(self, depth: int, text: str, pc: int = -1) -> None:
        """Write one line, and note the task it belongs to."""
        if pc >= 0:
            row = self.program.rows[pc]
            name = escape_control(task_name(row.task)).encode("ascii", "backslashreplace").decode()
            text = f"{text}  # {format_address(row.address)} {name}"
        self.lines.append("    " * depth + text)
        self.places.append(pc)

    def part(self, block: Block) -> str:
        """Name the function of a block that is written apart."""
        return f"part_{self.entry if self.entry >= 0 else 'of_tokens'}_{block.id}"

    def shape(self, block: Block) -> str:
        """Return the shape of a block."""
        if block.id not in self.shapes:
            self.shapes[block.id] = shape_of(block, self.program.graph.nodes)
        return self.shapes[block.id]
