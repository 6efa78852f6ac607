"""The compiled tier: makes routines of a program, lazily, and keeps them.

Source is compiled once per text, whichever engine asks; what one engine gets are functions of its own, with code objects
of their own (so that a frame tells whose it is) and globals of its own (so that a run can be followed, see
:mod:`wfgraph.runtime.cursor`). Sources are known to :mod:`linecache`: tracebacks and debuggers show their lines.
"""

from __future__ import annotations

import hashlib
import linecache
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from types import CodeType, FunctionType
from typing import Any

from wfgraph.compiler.emit import ONE, TOKENS, emit, emit_tokens
from wfgraph.compiler.shapes import control_op, shape_of
from wfgraph.graph.ops import Branch, Choice, For, Op, While
from wfgraph.graph.program import Program
from wfgraph.graph.routine import LOOK, ROUTINES, Unit

__all__ = ["CompiledProgram", "compilable", "source_of"]

_MAX_UNITS = 64
_MAX_LINES = 200_000
PATIENCE = 4
"""A routine that begins in the middle is made when it was asked for this many times: until then interpreting is cheaper."""
_MAX_DEPTH = 2_000
"""Nesting beyond which a program is interpreted: its functions would nest too deep for Python."""

_sources: OrderedDict[str, CodeType] = OrderedDict()
_SOURCES_KEPT = 256


class CompiledProgram:
    """The routines of one program for one engine.

    Args:
        program: what to make them of.
        begin: starts the iterator of a FOR: ``begin(op, obj, eng)``.
        resume: goes on with one: ``resume(op, address, obj, eng, inside)``.
    """

    def __init__(self, program: Program, begin: Callable[..., Any], resume: Callable[..., Any]) -> None:
        self.program = program
        self.namespace: dict[str, Any] = {LOOK: None}
        self.units: dict[int, Unit] = {}
        self.landings: dict[tuple[int, int | None], Unit] = {}
        self.following: Any = None
        self._entries: dict[int, Unit | None] = {}
        self._asked: dict[int, int] = {}
        self._shapes: dict[int, str] = {}
        self._lines = 0
        self._compilable = compilable(program)
        for row in program.rows:
            op, name = self.op_of(row.id), self.name_of(row.id)
            self.namespace[name] = _callee(op, row.task, name)
            if isinstance(op, For):
                self.namespace[f"begin_{row.id}"] = partial(begin, op)
                self.namespace[f"resume_{row.id}"] = partial(resume, op, row.address)
                self.namespace[f"assign_{row.id}"] = op.assign

    def op_of(self, pc: int) -> Op:
        """Return the op of a task."""
        return self.program.graph.nodes[pc].op

    def name_of(self, pc: int) -> str:
        """Return the name under which the routines call a task."""
        op = self.op_of(pc)
        if isinstance(op, Choice) and op.arbiter is not None:
            return f"choose_{pc}"
        if isinstance(op, Branch | While) and control_op(self.program.rows[pc], self.program.graph.nodes) is not None:
            return f"test_{pc}"
        return f"task_{pc}"

    def unit_at(self, pc: int) -> Unit | None:
        """Return the routine that begins at a task; None when there is none, or none yet."""
        if pc in self._entries:
            return self._entries[pc]
        asked = self._asked[pc] = self._asked.get(pc, 0) + 1
        if pc and asked < PATIENCE:
            return None
        full = len(self._entries) >= _MAX_UNITS or self._lines > _MAX_LINES
        unit = self._entries[pc] = None if (pc and full) or not self._compilable else self._make(pc)
        return unit

    def unit_of_tokens(self) -> Unit | None:
        """Return the routine that runs many tokens; None when there is none."""
        if TOKENS not in self._entries:
            self._entries[TOKENS] = self._make(TOKENS) if self._compilable else None
        return self._entries[TOKENS]

    def _make(self, pc: int) -> Unit:
        written = emit_tokens(self.program, self._shapes) if pc == TOKENS else emit(self.program, pc, self._shapes)
        if written.calls_one:
            self.namespace[ONE] = self._make(0).run
        source = "\n".join(written.lines) + "\n"
        self._lines += len(written.lines)
        functions: dict[str, FunctionType] = {}
        before = set(self.namespace)
        exec(_compiled(source), self.namespace)  # noqa: S102 - our own text: names in it are only ours, users' are comments
        for name in set(self.namespace) - before - {"__builtins__"}:
            function = functions[name] = self.namespace[name]
            function.__code__ = function.__code__.replace()
        run = self.namespace.pop("run_tokens" if pc == TOKENS else "run")
        unit = Unit(pc, run, (-1, *written.places), tuple(written.loops))
        self.units.update((id(function.__code__), unit) for function in functions.values())
        return unit


def compilable(program: Program) -> bool:
    """Tell whether there can be routines of a program; the interpreter runs any."""
    nodes = program.graph.nodes
    depths: list[int] = []
    for block in program.graph.definition.blocks:
        depths.append(0 if block.parent is None else depths[block.parent] + 1)
        if depths[-1] > _MAX_DEPTH:
            return False
        # A native loop needs its list in one piece.
        loops = any(isinstance(control_op(slot, nodes), For) for slot in block.slots)
        if loops and shape_of(block, nodes) == "dispatch":
            return False
    return True


def source_of(program: Program) -> str:
    """Return the source of the routine for a whole program; empty where it can only be interpreted."""
    return "\n".join((*emit(program, 0, {}).lines, "")) if compilable(program) else ""


def _callee(op: Op, task: Any, name: str) -> Any:
    """Return what a routine calls for a task: the task, or the part of it that decides."""
    if name.startswith("test_") and isinstance(op, Branch | While):
        return op.test
    return op.decide if name.startswith("choose_") and isinstance(op, Choice) else task


def _compiled(source: str) -> CodeType:
    """Compile a source, or return what it was compiled to before."""
    code = _sources.get(source)
    if code is not None:
        _sources.move_to_end(source)
        return code
    filename = f"{ROUTINES}{hashlib.sha256(source.encode()).hexdigest()[:12]}>"
    code = compile(source, filename, "exec", dont_inherit=True)
    # Without a time of change, linecache never checks the entry against a file.
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    _sources[source] = code
    if len(_sources) > _SOURCES_KEPT:
        _, old = _sources.popitem(last=False)
        linecache.cache.pop(old.co_filename, None)
    return code
