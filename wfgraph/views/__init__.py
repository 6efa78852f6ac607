"""Views: a graph, its findings, its runs and its versions drawn.

One neutral model (:mod:`~wfgraph.views.diagram`, made by :mod:`~wfgraph.views.extract`) and a renderer for each output.
Importing this package registers the formats of ``f"{graph:dot}"``: ``dot``, ``mermaid``, ``tree``, ``svg`` and ``html``.
"""

from __future__ import annotations

from wfgraph.views.dot import graph_dot
from wfgraph.views.mermaid import graph_mermaid
from wfgraph.views.render import Drawing, RenderError, render

__all__ = ["Drawing", "RenderError", "graph_dot", "graph_mermaid", "render"]
