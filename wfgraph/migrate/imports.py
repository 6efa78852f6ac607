"""Imports of ``workflow``, what is used of them by dotted name, and texts that name it."""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterator

from wfgraph.migrate.names import ROOT, exists, instead_of, is_module, public_names, without_counterpart
from wfgraph.migrate.scopes import Scope, Scopes, dotted
from wfgraph.migrate.source import Edits, Look, Source, Token

__all__ = ["migrate_imports"]

_NEW = "wfgraph"
_IMPORTERS = {
    "patch",
    "import_module",
    "__import__",
    "importorskip",
    "import_string",
    "setattr",
    "delattr",
    "find_spec",
}
"""What takes the dotted name of a module, or of something in it, as its first argument."""


def migrate_imports(source: Source, scopes: Scopes, edits: Edits) -> list[Look]:
    """Replace ``workflow`` by ``wfgraph`` wherever it means the library; tell of what has no counterpart."""
    looks: list[Look] = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            looks += _from(source, edits, node)
        elif isinstance(node, ast.Import):
            looks += _import_as(source, edits, node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            looks += _text(source, scopes, edits, node)
    for scope in scopes.all:
        if ROOT in scope.bindings:
            looks += _Group(source, scopes, scope).migrate(edits)
    return looks


def _is_ours(name: str | None) -> bool:
    return name is not None and (name == ROOT or name.startswith(f"{ROOT}."))


def _replace(edits: Edits, token: Token) -> None:
    edits.add(token.start, token.start + len(ROOT), _NEW)


# from workflow.engine import ... --------------------------------------------------------------------------------------


def _from(source: Source, edits: Edits, node: ast.ImportFrom) -> Iterator[Look]:
    module = node.module
    if module is None or not _is_ours(module):
        return
    if not is_module(module):
        yield Look(node.lineno, f"import left: {without_counterpart(module)}")
    elif any(alias.name == "*" for alias in node.names):
        used = {found.id for found in ast.walk(source.tree) if isinstance(found, ast.Name)}
        names = ", ".join(sorted(used & public_names(module))) or "nothing is used"
        yield Look(node.lineno, f"import left: `*` gives other names in wfgraph; write out those used here: {names}")
    elif missing := [alias.name for alias in node.names if not exists(f"{module}.{alias.name}")]:
        yield Look(node.lineno, f"import left: {_missing(module, missing)}")
    else:
        words = [token for token in source.of(node) if token.type == tokenize.NAME]
        _replace(edits, words[1])
        if module == ROOT and any(alias.name == "__version__" for alias in node.names):
            yield _version(node.lineno)


def _missing(module: str, names: list[str]) -> str:
    if module == ROOT:
        return "; ".join(without_counterpart(f"{module}.{name}") for name in names)
    return (
        f"wfgraph{module.removeprefix(ROOT)} has no {', '.join(names)}; take {'it' if len(names) == 1 else 'them'} out"
        + "".join(instead_of(f"{module}.{name}") for name in names)
    )


def _version(line: int) -> Look:
    return Look(line, "`__version__` is now that of wfgraph")


# import workflow.engine as x ------------------------------------------------------------------------------------------


def _places(source: Source, node: ast.Import) -> list[Token]:
    """Return the first token of each name that an import imports."""
    tokens = [token for token in source.of(node) if token.type in (tokenize.NAME, tokenize.OP)]
    return [tokens[at + 1] for at, token in enumerate(tokens[:-1]) if at == 0 or token.text == ","]


def _import_as(source: Source, edits: Edits, node: ast.Import) -> Iterator[Look]:
    for alias, token in zip(node.names, _places(source, node), strict=True):
        if alias.asname is None or not _is_ours(alias.name):
            continue
        if is_module(alias.name):
            _replace(edits, token)
        else:
            yield Look(node.lineno, f"import left: {without_counterpart(alias.name)}")


# import workflow.engine, with workflow.engine.X after it --------------------------------------------------------------


class _Group:
    """The imports that bind ``workflow`` in one scope, and the uses of it; they change together or not at all."""

    def __init__(self, source: Source, scopes: Scopes, scope: Scope) -> None:
        self._source = source
        self._scopes = scopes
        self._bound = scope.bindings[ROOT]
        self._aliases = [one for one in self._bound if isinstance(one, ast.alias) and self._plain(one)]
        self._uses = [
            node
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Name) and node.id == ROOT and scopes.resolve(ROOT, scopes.scope_of(node)) is scope
        ]

    def _plain(self, alias: ast.alias) -> bool:
        return isinstance(self._scopes.parents[alias], ast.Import) and alias.asname is None

    def migrate(self, edits: Edits) -> Iterator[Look]:
        if not self._aliases:
            return
        line = self._aliases[0].lineno
        if reason := self._refusal():
            yield Look(line, f"import left: {reason}")
            return
        for alias in self._aliases:
            statement = self._scopes.parents[alias]
            assert isinstance(statement, ast.Import)  # noqa: S101 - plain aliases are of imports
            _replace(edits, _places(self._source, statement)[statement.names.index(alias)])
        for use in self._uses:
            start = self._source.start(use)
            edits.add(start, start + len(ROOT), _NEW)
            if self._chain(use) == f"{ROOT}.__version__":
                yield _version(use.lineno)

    def _refusal(self) -> str | None:
        """Return why the imports have to stay as they are, if they have to."""
        if len(self._bound) > len(self._aliases):
            return "`workflow` is also the name of something else here; import it under another name"
        for alias in self._aliases:
            if not is_module(alias.name):
                return without_counterpart(alias.name)
        for use in self._uses:
            if use in self._scopes.in_text:
                return f"`workflow` is used inside an f-string in line {self._scopes.in_text[use].lineno}"
            found = self._scopes.resolve(_NEW, self._scopes.scope_of(use))
            if found is not None and not all(_imports_us(one) for one in found.bindings[_NEW]):
                return f"`wfgraph` is the name of something else in line {use.lineno}"
            if not exists(chain := self._chain(use)):
                return f"wfgraph has no {chain.removeprefix(ROOT + '.')} (line {use.lineno}){instead_of(chain)}"
        return None

    def _chain(self, use: ast.Name) -> str:
        node: ast.AST = use
        while isinstance(parent := self._scopes.parents[node], ast.Attribute):
            node = parent
        return dotted(node) or ROOT


def _imports_us(node: ast.AST) -> bool:
    return isinstance(node, ast.alias) and node.asname is None and node.name.partition(".")[0] == _NEW


# "workflow.engine.X" as a text ----------------------------------------------------------------------------------------


def _text(source: Source, scopes: Scopes, edits: Edits, node: ast.Constant) -> Iterator[Look]:
    """Replace a text that is exactly the dotted name of something of the library, and is used to find it."""
    value = node.value
    call = scopes.parents.get(node)
    function = call.func if isinstance(call, ast.Call) and node in call.args[:1] else None
    name = getattr(function, "attr", getattr(function, "id", None))
    if value == ROOT and name == "getLogger":
        yield Look(node.lineno, "the loggers of wfgraph are below `wfgraph`, not below `workflow`")
    if not (isinstance(value, str) and _is_ours(value) and value.replace(".", "a").isidentifier()):
        return
    found = exists(value)
    if name in _IMPORTERS and found and node not in scopes.in_text:
        tokens = [token for token in source.of(node) if token.type == tokenize.STRING]
        at = tokens[0].text.find(value)
        if len(tokens) == 1 and at >= 0:
            edits.add(tokens[0].start + at, tokens[0].start + at + len(ROOT), _NEW)
            return
    if value != ROOT and (found or name in _IMPORTERS):
        yield Look(node.lineno, f'text left: "{value}" names something of workflow')
