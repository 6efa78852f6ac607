"""Views: a graph drawn as text for other programs to render.

Importing this package registers the formats ``dot`` and ``mermaid``, so that ``f"{graph:dot}"`` works.
"""

from __future__ import annotations

from wfgraph.views.dot import graph_dot
from wfgraph.views.mermaid import graph_mermaid
from wfgraph.views.render import RenderError, render

__all__ = ["RenderError", "graph_dot", "graph_mermaid", "render"]
