"""wfgraph: nested callback lists become one explicit graph that is checked, drawn and run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wfgraph.compiler.pipeline import compile_graph
from wfgraph.graph import ops, outcomes
from wfgraph.graph import text as _text  # noqa: F401 - it registers the format "text"
from wfgraph.graph.task import task
from wfgraph.graph.workflow_graph import BUNDLES, FORMATS, WorkflowGraph
from wfgraph.runtime.trace import Trace

if TYPE_CHECKING:
    from wfgraph.checks import check as check

__all__ = ["Trace", "WorkflowGraph", "__version__", "check", "compile_graph", "ops", "outcomes", "task"]

__version__ = "0.1.0"


def _later(kind: dict[str, Any], name: str) -> None:
    """Register a format of the views, which are imported when one is first asked for: running needs none of them."""

    def make(graph: WorkflowGraph) -> Any:
        import wfgraph.views  # noqa: F401 - puts the real makers in the place of these

        return kind[name](graph)

    kind[name] = make


for _name in ("dot", "html", "mermaid", "svg", "tree"):
    _later(FORMATS, _name)
for _name in ("image/svg+xml", "text/html", "text/vnd.mermaid"):
    _later(BUNDLES, _name)


def __getattr__(name: str) -> Any:
    """Import the checks when they are first asked for: running a workflow needs none of them."""
    if name != "check":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from wfgraph.checks import check

    return check
