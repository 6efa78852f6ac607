"""Code generation: a program becomes readable Python source.

Before: the block ``[IF head, [extract]]`` at ``[2]`` of a definition. After::

    def run(obj, eng):
        ...
        if (answer := test_4(obj, eng)):  # [2, 0] IF
            task_5(obj, eng)  # [2, 1, 0] extract
        ...

Each call stands on a line of its own, and the table of lines says which task it belongs to: that is how the position is
known without being kept. A routine can also begin in the middle: at a task, with the rest of its block, then the rest of
each block around that (a loop around it goes on with its next round).

A routine returns None at the token's normal end, and the number of a task where that left the outermost list.
"""

from __future__ import annotations

from wfgraph.compiler.blocks import write_block, write_rest
from wfgraph.compiler.source import Source
from wfgraph.graph.program import Program

__all__ = ["ONE", "TOKENS", "emit", "emit_tokens"]

TOKENS = -1
"""What stands for the entry of the routine that runs many tokens."""
ONE = "run_one"
"""The name under which that may call the routine of one token."""
_TOKEN_LOOP = (
    (0, "def run_tokens(objects, eng, state, cursor, featureless):"),
    (1, "kind = last = None"),
    (1, "while True:"),
    (2, "index = state._token_pos + 1"),
    (2, "if index >= len(objects):"),
    (3, "return None"),
    (2, "obj = objects[index]"),
    (2, "if type(obj) is not kind:"),
    (3, "if hasattr(obj, 'getFeature'):"),
    (4, "return None"),
    (3, "if type(obj) is not last:"),
    (4, "last = type(obj)"),
    (4, "kind = featureless(last)"),
    (2, "state._token_pos = index"),
)
"""The loop over tokens. A type of which no token can choose its definition is asked about once."""


def emit(program: Program, entry: int, shapes: dict[int, str]) -> Source:
    """Write the routine that begins at a task (0 for the whole program)."""
    out = Source(program, entry, shapes)
    out.line(0, "def run(obj, eng):")
    rows, blocks = program.rows, program.graph.definition.blocks
    if entry == 0 or not rows:
        write_block(out, program.root, 1)
    else:
        block, index = blocks[rows[entry].block], rows[entry].index
        while True:
            write_rest(out, block, index, 1)
            if block.parent is None:
                break
            block, index = blocks[block.parent], block.index + 1
    out.line(1, "return None")
    _parts(out)
    return out


def emit_tokens(program: Program, shapes: dict[int, str]) -> Source:
    """Write the routine that runs many tokens, with the definition in its loop.

    It ends, and returns None, with the last token and before one that chooses its definition. It also ends after a token
    whose position was asked for, and returns that with what the routine of one token would return.
    """
    out = _token_loop(program, shapes)
    start = len(out.lines)
    write_block(out, program.root, 2)
    left = "None"
    if any(line.lstrip().startswith("return ") for line in out.lines[start:]):
        # A task at the outermost level leaves its token; in a loop over tokens no statement says that.
        out, left = _token_loop(program, shapes), "left"
        out.line(2, f"left = {ONE}(obj, eng)")
        out.calls_one = True
    out.line(2, "if cursor.touched:")
    out.line(3, f"return obj, {left}")
    _parts(out)
    return out


def _token_loop(program: Program, shapes: dict[int, str]) -> Source:
    """Write the beginning of a loop over tokens."""
    out = Source(program, TOKENS, shapes)
    for depth, text in _TOKEN_LOOP:
        out.line(depth, text)
    return out


def _parts(out: Source) -> None:
    """Write the functions of the blocks that are written apart."""
    while out.waiting:
        part = out.waiting.pop()
        out.nesting = 0
        out.line(0, f"def {out.part(part)}(obj, eng):")
        write_block(out, part, 1)
        out.line(1, "return None")
