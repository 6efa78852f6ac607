"""Makes the pages of the reference: a page for each public module, with everything in its ``__all__``.

A public module is found, not listed: a new one, and a new name in one, has its place by itself. A name that is public in
several modules is described in one of them, its home; the others refer to it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from enum import Enum
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import wfgraph

# What is inside, as a whole; and the parts of it that somebody who extends wfgraph needs.
INSIDE = ("cli", "compiler", "graph", "runtime")
NEEDED = (
    "wfgraph.graph.definition",
    "wfgraph.graph.difference",
    "wfgraph.graph.identity",
    "wfgraph.graph.ops",
    "wfgraph.graph.outcomes",
    "wfgraph.graph.task",
    "wfgraph.graph.workflow_graph",
    "wfgraph.runtime.trace",
    "wfgraph.views.diagram",
    "wfgraph.views.extract",
    "wfgraph.views.machine",
    "wfgraph.views.overlay",
)
SHORT = 100


def modules() -> list[ModuleType]:
    """Return the public modules, in the order of their pages."""
    names = ["wfgraph", *NEEDED]
    for found in pkgutil.iter_modules(wfgraph.__path__):
        if found.name.startswith("_") or found.name in INSIDE:
            continue
        names.append(f"wfgraph.{found.name}")
        if found.name == "patterns":
            inside = pkgutil.iter_modules(importlib.import_module("wfgraph.patterns").__path__)
            names += [f"wfgraph.patterns.{one.name}" for one in inside if not one.name.startswith("_")]
    return [importlib.import_module(name) for name in sorted(names)]


def public() -> dict[str, str]:
    """Return where each public name is described, by its full name: itself, or its name in another module."""
    homes: dict[int, list[str]] = {}
    found: dict[str, Any] = {}
    for module in modules():
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            found[f"{module.__name__}.{name}"] = value
            homes.setdefault(id(value), []).append(f"{module.__name__}.{name}")
    return {full: _home(value, homes[id(value)]) if _has_home(value) else full for full, value in found.items()}


def _has_home(value: Any) -> bool:
    return inspect.isclass(value) or inspect.isroutine(value) or inspect.ismodule(value)


def _home(value: Any, names: list[str]) -> str:
    """Return the name in the module nearest to where a thing is defined, else the first."""
    defined = f"{getattr(value, '__module__', '')}."
    return max(names, key=lambda name: (defined.startswith(name.rpartition(".")[0] + "."), name.count(".")))


def page(module: ModuleType, where: dict[str, str]) -> str:
    """Return the page of a module."""
    title = module.__name__
    lines = [title, "=" * len(title), "", f".. automodule:: {module.__name__}", "   :no-members:", ""]
    here = [full for name in getattr(module, "__all__", ()) if where[full := f"{module.__name__}.{name}"]]
    for full in here:
        value = getattr(module, full.rpartition(".")[2])
        if inspect.ismodule(value):
            lines += [f".. wfgraph-also:: {full} {value.__name__}", ""]
        elif where[full] != full:
            lines += [f".. wfgraph-also:: {full} {where[full]}", ""]
        else:
            lines += _described(full, value)
    return "\n".join(lines)


def _index() -> str:
    """Return the page that lists the modules."""
    rows = [f"   * - :mod:`{one.__name__}`\n     - {_first_line(one)}" for one in modules()]
    head = "Reference\n=========\n\nEvery public name, from its docstring.\n\n.. list-table::\n\n"
    return head + "\n".join(rows) + "\n\n.. toctree::\n   :hidden:\n   :glob:\n\n   wfgraph*\n"


def _first_line(module: ModuleType) -> str:
    return (inspect.getdoc(module) or "").partition("\n")[0]


def _described(full: str, value: Any) -> list[str]:
    if inspect.isclass(value):
        kind = "autoexception" if issubclass(value, BaseException) else "autoclass"
        lines = [f".. {kind}:: {full}", "   :members:"]
        if issubclass(value, Enum):
            lines.append("   :undoc-members:")
        if any(base is not object and _is_told(base) for base in value.__bases__):
            lines.append("   :show-inheritance:")
        if stop := _foreign(value):
            lines.append(f"   :inherited-members: {', '.join(stop)}")
        return [*lines, ""]
    if inspect.isroutine(value):
        return [f".. autofunction:: {full}", ""]
    return [f".. autodata:: {full}", "   :no-value:", ""]


def _foreign(kind: type) -> list[str]:
    """Return the bases of a class whose members are not told of again: other people's, and those with a page."""
    return [one.__name__ for one in kind.__mro__[1:] if _is_told(one)]


@cache
def _described_ids() -> frozenset[int]:
    return frozenset(id(getattr(module, name)) for module in modules() for name in getattr(module, "__all__", ()))


def _is_told(base: Any) -> bool:
    """Tell whether a base is one to speak of: it has a description, or is not ours."""
    return id(base) in _described_ids() or not getattr(base, "__module__", "").startswith("wfgraph.")


class Also(SphinxDirective):
    """``.. wfgraph-also:: NAME HOME``: a public name of what is described under another one."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """Return the target, and a sentence that leads to the description."""
        full, home = self.arguments
        target = nodes.target("", "", ids=[full])
        self.state.document.note_explicit_target(target)
        role = "mod" if inspect.ismodule(_value(home)) else "obj"
        kind = "class" if inspect.isclass(_value(home)) else "module" if role == "mod" else "function"
        self.env.domains.python_domain.note_object(full, kind if kind != "module" else "data", full, aliased=True)
        text, _ = self.parse_inline(f"``{full.rpartition('.')[2]}``: see :{role}:`{home}`.")
        return [target, nodes.paragraph("", "", *text)]


def _value(full: str) -> Any:
    try:
        return importlib.import_module(full)
    except ModuleNotFoundError:
        module, _, name = full.rpartition(".")
        return getattr(importlib.import_module(module), name)


def without_private(app: Sphinx, name: str, obj: type, options: Any, bases: list[Any]) -> None:
    """Leave out bases that have no page; their members are told of with those of the class."""
    bases[:] = [base for base in bases if base is not object and _is_told(base)]


def own_words_only(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Say the value of what has no description, in the place of what its type says of itself."""
    theirs = (inspect.getdoc(type(obj)) or "").splitlines()
    if theirs[:1] != lines[:1]:
        return
    text = str(obj)
    if what == "attribute":
        lines.clear()
    elif what == "data" and " at 0x" not in text:
        size = f" of {len(obj)}" if hasattr(obj, "__len__") else ""
        lines[:] = [f"``{text}``" if len(text) < SHORT else f"A {type(obj).__name__}{size}."]


def write_pages(app: Sphinx) -> None:
    """Write the pages of the reference, those that have changed."""
    where = public()
    folder = Path(app.srcdir) / "reference"
    folder.mkdir(exist_ok=True)
    pages = {f"{module.__name__}.rst": page(module, where) for module in modules()}
    pages["README.rst"] = _index()
    for old in folder.glob("*.rst"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive, and write the pages before they are read."""
    app.add_directive("wfgraph-also", Also)
    app.connect("builder-inited", write_pages)
    app.connect("autodoc-process-bases", without_private)
    app.connect("autodoc-process-docstring", own_words_only, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
