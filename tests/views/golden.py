"""The pictures of every pattern, as texts in the directory ``golden``.

After a change of how things look, ``python tests/views/golden.py`` writes them anew: read what changed before it is
committed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wfgraph import compile_graph
from wfgraph.graph.difference import difference
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.patterns import (
    BREAK,
    CALLFUNC,
    CHOICE,
    CMP,
    DEBUG_CYCLE,
    EMPTY_CALL,
    ENG_GET,
    ENG_SET,
    ERROR,
    FOR,
    HALT,
    IF,
    IF_ELSE,
    IF_NOT,
    OBJ_GET,
    OBJ_JUMP_BWD,
    OBJ_JUMP_FWD,
    OBJ_NEXT,
    OBJ_SET,
    PARALLEL_SPLIT,
    PROFILE,
    RUN_WF,
    SIMPLE_MERGE,
    STOP,
    SYNCHRONIZE,
    TASK_JUMP_BWD,
    TASK_JUMP_FWD,
    TASK_JUMP_IF,
    TRY,
    WHILE,
)
from wfgraph.views.changes import diagram_of_difference
from wfgraph.views.diagram import Diagram
from wfgraph.views.dot import diagram_dot
from wfgraph.views.extract import diagram_of
from wfgraph.views.mermaid import diagram_mermaid
from wfgraph.views.tree import diagram_tree

PLACE = Path(__file__).parent / "golden"


def fetch(obj: Any, eng: Any) -> None:
    """Fetch it."""


def store(obj: Any, eng: Any) -> None: ...


def is_new(obj: Any, eng: Any) -> bool:
    return bool(obj)


def kind(obj: Any, eng: Any) -> str:
    return str(obj)


def review(obj: Any, eng: Any) -> None:
    if obj:
        eng.halt("a person must look")
    eng.jump_call(-1)


def limited(most: int) -> Callable[..., None]:
    def trim(obj: Any, eng: Any) -> None:
        obj.most = most

    return trim


FLOWS: dict[str, Any] = {
    "tasks": [fetch, [store], limited(10), EMPTY_CALL, review, print],
    "if": [IF(is_new, store), IF_NOT(is_new, [fetch, store]), fetch],
    "if_else": [IF_ELSE(is_new, fetch, [store, HALT("look at it")]), store],
    "choice": [CHOICE(kind, ("article", fetch), ("thesis", [store, STOP()]), default=store)],
    "while": [WHILE(CMP("size", 10, "<"), [fetch, IF(is_new, [BREAK()])]), store],
    "for": [FOR(range(3), "page", [fetch, store])],
    "jumps": [fetch, TASK_JUMP_IF(is_new, 2), TASK_JUMP_FWD(2), TASK_JUMP_BWD(-3), store],
    "tokens": [IF(is_new, [OBJ_NEXT()]), IF(is_new, [OBJ_JUMP_FWD(2)]), IF(is_new, [ERROR("no")])],
    "parallel": [PARALLEL_SPLIT([fetch, store], store), fetch],
    "synchronize": [SYNCHRONIZE([fetch, IF(is_new, store)], store, fetch)],
    "merge": [SIMPLE_MERGE(fetch, store, is_new)],
    "helpers": [
        *(ENG_GET("a"), ENG_SET("a", 1), OBJ_GET(["a", "b"]), OBJ_SET("a", 1)),
        *(PROFILE(fetch), DEBUG_CYCLE(fetch), CALLFUNC("os.path.basename", args=["x"])),
        OBJ_JUMP_BWD(-1),
    ],
    "sub_workflow": [RUN_WF([fetch, store]), TRY(fetch, retry=2)],
}
VERSIONS = (
    [fetch, IF(is_new, [store, HALT("look")]), limited(10), store],
    [limited(10), fetch, IF(kind, [HALT("look")]), print, store],
)


def texts() -> dict[str, str]:
    """Return the names and contents of the files."""
    made = {}
    for name, flow in FLOWS.items():
        made |= _texts(name, compile_graph(flow))
    changed = diagram_of_difference(difference(*map(compile_graph, VERSIONS)))
    return made | _formats("difference", changed)


def _texts(name: str, graph: WorkflowGraph) -> dict[str, str]:
    plain = _formats(name, diagram_of(graph))
    return {**plain, f"{name}_all.mmd": diagram_mermaid(diagram_of(graph, everything=True))}


def _formats(name: str, diagram: Diagram) -> dict[str, str]:
    return {
        # Tooltips name lines of this very file.
        f"{name}.dot": re.sub(r' tooltip=("(\\.|[^"\\])*"|\w+)', "", diagram_dot(diagram)),
        f"{name}.mmd": diagram_mermaid(diagram),
        f"{name}.txt": diagram_tree(diagram),
    }


if __name__ == "__main__":
    PLACE.mkdir(exist_ok=True)
    for old in PLACE.iterdir():
        old.unlink()
    for name, text in texts().items():
        (PLACE / name).write_text(text, encoding="utf-8")
