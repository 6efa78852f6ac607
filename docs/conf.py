"""How the site of the documentation is built: ``sphinx-build -W -n docs build/site``. It needs no network."""

from __future__ import annotations

import logging
import re
import sys
import warnings
from pathlib import Path

from sphinx.application import Sphinx

import wfgraph

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "_extensions"))

project = "wfgraph"
version = release = wfgraph.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode", "reference"]
exclude_patterns = ["_extensions"]

html_theme = "furo"
html_title = f"wfgraph {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False

myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 120
napoleon_use_ivar = True

autodoc_default_options = {"exclude-members": "metadata, registry"}  # SQLAlchemy's, of the base of tables

# Reading the mixins of tables looks at columns that only a table has; Alembic tells that it is there.
warnings.filterwarnings("ignore", message="Unmanaged access of declarative attribute")
logging.getLogger("alembic").setLevel(logging.WARNING)

nitpicky = True
nitpick_ignore_regex = [
    # Other people's names: their descriptions would have to be fetched from the network.
    (r"py:.*", r"(?!wfgraph\b).*"),
    # Variables that stand for types.
    (r"py:.*", r"wfgraph\..*\._[A-Z]"),
    # What storage hands to itself, and stands in signatures of what is public.
    (r"py:class", r"wfgraph\.storage\.(placement\.Move|reader\.Reader)"),
    # Types that stand in signatures, and are told of in words where they do.
    (r"py:class", r"wfgraph\.(migrate\.rewriting\.Known|patterns\._tasks\.Pattern)"),
]

# What is written once, and stands elsewhere in the repository, by the page that includes it.
INCLUDED = {
    "bench/README.md": "benchmarks.md",
    "ARCHITECTURE.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}


def to_site(app: Sphinx, docname: str, content: list[str]) -> None:
    """Lead links that leave the folder to the page that includes their target, and show the names of files in blocks."""
    if not docname.startswith("reference/"):
        up = "../" * docname.count("/")
        for path, page in INCLUDED.items():
            content[0] = content[0].replace(f"](../{up}{path}", f"]({up}{page}")
        content[0] = re.sub(
            r"^```(\w+) (\S+\.\w+)$", r"```{code-block} \1\n:caption: \2", content[0], flags=re.MULTILINE
        )


def setup(app: Sphinx) -> None:
    """Connect what is done to each page."""
    app.connect("source-read", to_site)
