"""One source text, migrated."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from wfgraph.errors import WfgraphInternalError
from wfgraph.migrate.imports import migrate_imports
from wfgraph.migrate.methods import migrate_methods, overridden
from wfgraph.migrate.scopes import Scopes
from wfgraph.migrate.source import Edits, Look, Source

__all__ = ["Known", "Rewritten", "known_of", "migrate_text"]


@dataclass(frozen=True, slots=True)
class Known:
    """What all files that are migrated together tell of engines.

    Attributes:
        engines: the names of classes that are engines.
        overridden: deprecated names that one of them defines anew, and where.
    """

    engines: frozenset[str] = frozenset()
    overridden: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A migrated source text.

    Attributes:
        text: the text.
        changes: how many places were replaced.
        looks: what has to be looked at, in the order of lines.
    """

    text: str
    changes: int
    looks: tuple[Look, ...]


def known_of(sources: Mapping[str, Source]) -> Known:
    """Return what the sources of files, by name, tell of engines."""
    engines: frozenset[str] = frozenset()
    while True:
        scopes = {
            name: Scopes(source.tree, engines)
            for name, source in sources.items()
            if source.concerned or any(engine in source.text for engine in engines)
        }
        found = frozenset(one.name for each in scopes.values() for one in each.engine_classes())
        if found == engines:
            break
        engines = found
    anew = {name: f"{file}:{line}" for file, each in scopes.items() for name, line in overridden(each)}
    return Known(engines, tuple(anew.items()))


def migrate_text(text: str, name: str = "<text>", known: Known | None = None, imports: bool = True) -> Rewritten:
    """Migrate a source text.

    Args:
        text: the text, with any line ends.
        name: how to call it in errors.
        known: what other files tell of engines; None to look at this one alone.
        imports: whether ``workflow`` is the library, and not a module of one's own.

    Raises:
        Unreadable: it is no Python 3.
    """
    source = Source(text, name)
    return migrate_source(source, known_of({name: source}) if known is None else known, imports)


def migrate_source(source: Source, known: Known, imports: bool = True) -> Rewritten:
    """Migrate a source that is read already."""
    if not source.concerned:
        return Rewritten(source.text, 0, ())
    scopes = Scopes(source.tree, known.engines)
    edits = Edits(source)
    looks = migrate_imports(source, scopes, edits) if imports else []
    looks += migrate_methods(source, scopes, edits, dict(known.overridden))
    changed = edits.apply()
    try:
        ast.parse(changed.replace("\r\n", "\n").replace("\r", "\n"))
    except SyntaxError as error:
        raise WfgraphInternalError(f"{source.name}: migrating it made no valid Python: {error}") from error
    return Rewritten(changed, len(edits), tuple(sorted(set(looks))))
