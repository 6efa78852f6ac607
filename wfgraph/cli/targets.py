"""From ``module:attribute`` and ``file.py:attribute`` to definitions, and from files to tokens."""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import sys
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from wfgraph.cli.console import CommandError
from wfgraph.compiler.pipeline import compile_graph
from wfgraph.compiler.stored import graph_from_json
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import WorkflowDefinitionError
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.runtime.trace import Step
from wfgraph.utils import is_database_file, is_definition
from wfgraph.views.traces import trace_from_json

__all__ = [
    "compiled",
    "definition_of",
    "file_of",
    "graph_of",
    "is_database",
    "load",
    "load_file",
    "read_file",
    "read_tokens",
    "stored_of",
    "version_of",
]


def load(target: str) -> Any:
    """Return what a target names.

    Raises:
        CommandError: there is no such module, file or attribute, or the module can't be imported.
    """
    place, colon, name = target.rpartition(":")
    if not colon or not place or not name:
        raise CommandError(f"{target!r} names no definition; write package.module:attribute or path/file.py:attribute")
    module = load_file(Path(place)) if _is_file(place) else _load_module(place)
    found: Any = module
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise CommandError(f"{place} has no attribute {name!r}{_near(part, _names(found))}") from None
        except Exception as error:  # a property of the user's
            raise CommandError(f"{place} does not give its attribute {name!r}: {_said(error)}") from error
    return found


def file_of(target: str) -> str | None:
    """Return the file of a target that was loaded, or of the module that it names; None where there is none."""
    place = target.rpartition(":")[0] or target
    if _is_file(place):
        return str(Path(place).resolve())
    return getattr(sys.modules.get(place), "__file__", None)


def _is_file(place: str) -> bool:
    return place.endswith(".py") or "/" in place or "\\" in place


def _names(found: Any) -> list[str]:
    try:
        return dir(found)
    except Exception:
        return []


def _said(error: BaseException) -> str:
    """Return what an exception of the user's says, if it can say anything."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__


def load_file(path: Path) -> ModuleType:
    """Import a file; its directory becomes importable, for its own imports.

    Raises:
        CommandError: there is no such file, or it can't be imported.
    """
    if path.is_dir():
        raise CommandError(f"{str(path)!r} is a directory; name a file in it: {path / 'file.py'}")
    if not path.is_file():
        siblings = [entry.name for entry in path.parent.glob("*.py")] if path.parent.is_dir() else []
        raise CommandError(f"there is no file {str(path)!r}{_near(path.name, siblings)}")
    whole = path.resolve()
    _importable(whole.parent)
    spec = importlib.util.spec_from_file_location(whole.stem, whole)
    if spec is None or spec.loader is None:
        raise CommandError(f"{str(path)!r} is no Python file")
    loader = spec.loader
    module = importlib.util.module_from_spec(spec)
    # Registered while it runs, as any import does: dataclasses and pickles look their module up. A module of this name
    # that is there already (json.py is a popular name) stays the one that others get.
    known = sys.modules.setdefault(whole.stem, module) is not module
    try:
        _execute(str(path), lambda: loader.exec_module(module))
    except CommandError:
        if not known:
            sys.modules.pop(whole.stem, None)
        raise
    return module


def _load_module(name: str) -> ModuleType:
    if not all(part.isidentifier() for part in name.split(".")):
        kind = "is a directory" if Path(name).is_dir() else "names no module"
        raise CommandError(f"{name!r} {kind}; write package.module:attribute or path/file.py:attribute")
    _importable(Path.cwd())
    found: list[ModuleType] = []
    try:
        _execute(name, lambda: found.append(importlib.import_module(name)))
    except CommandError as problem:
        cause = problem.__cause__
        if isinstance(cause, ModuleNotFoundError) and cause.name and f"{name}.".startswith(f"{cause.name}."):
            known = [*sys.stdlib_module_names, *(path.stem for path in Path.cwd().glob("*.py"))]
            raise CommandError(f"there is no module {cause.name!r}{_near(cause.name, known)}") from cause
        raise
    return found[0]


def _execute(name: str, action: Callable[[], object]) -> None:
    """Run the code of a module.

    Raises:
        CommandError: it failed, in whatever way.
    """
    try:
        action()
    except SyntaxError as error:
        where = f"{_file(error.filename)}, line {error.lineno}"
        raise CommandError(f"{name} failed to import: {error.msg} ({where})") from error
    except SystemExit as error:
        raise CommandError(f"{name} failed to import: it ended the process with exit code {error.code!r}") from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise CommandError(f"{name} failed to import: {_said(error)}{_line(error)}") from error


def _line(error: BaseException) -> str:
    """Name the line where an import went wrong, the innermost outside of the import machinery."""
    place = ""
    step = error.__traceback__
    while step is not None:
        file = step.tb_frame.f_code.co_filename
        if not file.startswith("<frozen") and Path(file) != Path(__file__) and Path(file).parent.name != "importlib":
            place = f" ({_file(file)}, line {step.tb_lineno})"
        step = step.tb_next
    return place


def _file(name: str | None) -> str:
    return Path(name).name if name else "?"


def _importable(directory: Path) -> None:
    if str(directory) not in sys.path:
        sys.path.insert(0, str(directory))


def _near(name: str, known: Iterable[str]) -> str:
    """Suggest names that look like the one that was not found."""
    found = get_close_matches(name, [item for item in known if not item.startswith("_")], n=3, cutoff=0.7)
    return f"; did you mean {' or '.join(found)}?" if found else ""


def definition_of(found: Any, target: str, key: str | None = None) -> Any:
    """Return the definition that a target named, as nested lists.

    Args:
        found: a list, a tuple, a callable, or an engine.
        target: its name, for messages.
        key: which of an engine's definitions.

    Raises:
        CommandError: it is nothing of the kind, or the engine has no such definition.
    """
    if isinstance(found, GenericWorkflowEngine):
        known = found.callbacks.get(None)
        chosen = key or ("*" if "*" in known or len(known) != 1 else next(iter(known)))
        if chosen not in known:
            names = ", ".join(map(repr, known)) or "none"
            raise CommandError(f"the engine {target} has no definition under {chosen!r}; choose with --key: {names}")
        return known[chosen]
    if key is not None:
        raise CommandError(f"--key chooses one of an engine's definitions, and {target} is no engine")
    if not is_definition(found):
        raise CommandError(
            f"{target} is {_kind(found)}; a definition is a list or tuple of callables, one callable, or an engine"
        )
    return found


def _kind(found: Any) -> str:
    return f"the class {found.__name__}" if isinstance(found, type) else f"of type {type(found).__name__}"


def graph_of(target: str, key: str | None = None) -> WorkflowGraph:
    """Load and compile what a target names.

    Raises:
        CommandError: it can't be loaded or compiled.
    """
    return compiled(definition_of(load(target), target, key), target)


def is_database(name: str) -> bool:
    """Tell whether a name is that of a database of runs."""
    return "://" in name or is_database_file(name)


def version_of(target: str, key: str | None = None) -> WorkflowGraph:
    """Return the graph of a version of a definition: one that was stored in a ``.json`` file, or a target's.

    Raises:
        CommandError: it can't be loaded or compiled.
    """
    if not target.lower().endswith(".json"):
        return graph_of(target, key)
    return stored_of(target)[0]


def stored_of(name: str) -> tuple[WorkflowGraph, list[Step] | None]:
    """Return the graph in a ``.json`` file; for a recorded run, its steps, too.

    Raises:
        CommandError: it can't be read, or is neither.
    """
    text = read_file(name)
    try:
        # A stored graph has no such key at all; names of users can't look like one, their quotes being escaped.
        return trace_from_json(text) if re.search(rb'"steps"\s*:', text) else (graph_from_json(text), None)
    except WorkflowDefinitionError as error:
        raise CommandError(f"{name!r}: {error.message}") from error


def read_file(name: str) -> bytes:
    """Return what a file holds.

    Raises:
        CommandError: it can't be read.
    """
    try:
        return Path(name).read_bytes()
    except FileNotFoundError:
        raise CommandError(f"there is no file {name!r}") from None
    except OSError as error:
        raise CommandError(f"can't read {name!r}: {error.strerror or error}") from error


def compiled(definition: Any, target: str) -> WorkflowGraph:
    """Compile a definition.

    Raises:
        CommandError: that is not possible.
    """
    try:
        return compile_graph(definition)
    except WorkflowDefinitionError as error:
        raise CommandError(f"{target} does not compile: {error.message}") from error


def read_tokens(path: Path) -> list[Any]:
    """Read tokens from a file: a JSON array (``.json``), or one JSON value per line (``.jsonl``).

    Raises:
        CommandError: there is no such file, or it is neither; the message names line and column.
    """
    if path.suffix.lower() not in (".json", ".jsonl"):
        raise CommandError(f"{str(path)!r}: tokens come from .json files (an array) or .jsonl files (a value per line)")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise CommandError(f"there is no file {str(path)!r}") from None
    except OSError as error:
        raise CommandError(f"can't read {str(path)!r}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{str(path)!r} is no UTF-8 text: byte {error.start + 1}") from error
    if path.suffix.lower() == ".jsonl":
        # Not splitlines(): JSON texts may hold U+2028 and its like, which are no ends of lines here.
        lines = enumerate(text.split("\n"), 1)
        return [_parse(path, line, number) for number, line in lines if line.strip()]
    tokens = _parse(path, text)
    if not isinstance(tokens, list):
        raise CommandError(f"{str(path)!r} holds one {type(tokens).__name__}; write an array of tokens: [...]")
    return tokens


def _parse(path: Path, text: str, line: int = 1) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno + line - 1}, column {error.colno}"
        raise CommandError(f"{str(path)!r} is not JSON: {where}: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"{str(path)!r} can't be read: from line {line}: {error}") from error
