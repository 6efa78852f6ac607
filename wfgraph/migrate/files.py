"""Files: which there are, how they are read, and how they are written without ever being half written."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from wfgraph.migrate.names import ROOT, WORDS
from wfgraph.migrate.rewriting import Rewritten, known_of, migrate_source
from wfgraph.migrate.source import Look, Source, Unreadable, decoded

__all__ = ["FileResult", "migrate_paths", "write"]

_SKIPPED = {"__pycache__", "node_modules", "site-packages"}
_SUFFIXES = (".py", ".pyi")


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file.

    Attributes:
        path: the file, as it was named or found.
        before: its text; empty when it can't be read.
        rewritten: its migrated text; None when it can't be read.
        error: why it can't be read, in one line.
        encoding: how it is written.
        mark: the mark of the encoding before it.
    """

    path: Path
    before: str = ""
    rewritten: Rewritten | None = None
    error: str | None = None
    encoding: str = "utf-8"
    mark: bytes = b""

    @property
    def changed(self) -> bool:
        """Whether there is anything to write."""
        return self.rewritten is not None and self.rewritten.text != self.before


def migrate_paths(paths: Iterable[Path]) -> list[FileResult]:
    """Migrate files, and all Python files in folders; nothing is written.

    All are read before the first is rewritten: engines of one file may be used in another.
    """
    read: dict[str, tuple[FileResult, Source | None]] = {}
    for root in paths:
        for path, error in _files(root):
            name = str(path)
            if name not in read:
                read[name] = (FileResult(path, error=error), None) if error else _read(path)
    known = known_of({name: source for name, (_, source) in read.items() if source is not None})
    results = []
    for found, source in read.values():
        if source is None:
            results.append(found)
            continue
        own = _own_workflow(found.path, paths)
        rewritten = migrate_source(source, known, imports=own is None)
        if own is not None and _mentions(source):
            look = Look(1, f"imports left: `{ROOT}` is {own} here, and not the library")
            rewritten = Rewritten(rewritten.text, rewritten.changes, (look, *rewritten.looks))
        results.append(FileResult(found.path, source.text, rewritten, None, found.encoding, found.mark))
    return results


def _files(root: Path) -> Iterator[tuple[Path, str | None]]:
    """Yield the files that a path stands for, each with why it can't be looked at, if it can't."""
    if root.is_file():
        yield root, None
    elif not root.is_dir():
        yield root, f"{root}: no such file or folder"
    else:
        failures: list[OSError] = []
        for folder, inner, files in os.walk(root, onerror=failures.append):
            inner[:] = sorted(name for name in inner if not _is_skipped(Path(folder, name)))
            for name in sorted(files):
                path = Path(folder, name)
                if path.suffix in _SUFFIXES and not path.is_symlink():
                    yield path, None
        for failure in failures:
            yield Path(str(failure.filename)), f"{failure.filename}: can't be read: {failure.strerror}"


def _is_skipped(folder: Path) -> bool:
    hidden = folder.name.startswith(".") or folder.name in _SKIPPED
    return hidden or folder.is_symlink() or (folder / "pyvenv.cfg").exists()


def _read(path: Path) -> tuple[FileResult, Source | None]:
    try:
        text, encoding, mark = decoded(path.read_bytes(), str(path))
        return FileResult(path, text, None, None, encoding, mark), Source(text, str(path), WORDS)
    except Unreadable as error:
        return FileResult(path, error=str(error)), None
    except OSError as error:
        return FileResult(path, error=f"{path}: can't be read: {error.strerror}"), None


def _mentions(source: Source) -> bool:
    return any(token.text in ("import", "from") for token in source.tokens) and ROOT in source.text


def _own_workflow(path: Path, roots: Iterable[Path]) -> Path | None:
    """Return the module or package ``workflow`` that is beside a file, or beside a folder around it."""
    tops = {root.resolve() for root in roots if root.is_dir()}
    for folder in path.resolve().parents:
        for own in (folder / f"{ROOT}.py", folder / ROOT / "__init__.py"):
            if own.is_file():
                return own if own.name != "__init__.py" else own.parent
        if folder in tops or not tops:
            return None
    return None


def write(result: FileResult) -> None:
    """Write a migrated file: all of it, or nothing; its permissions stay.

    Raises:
        OSError: it can't be written; it is as it was.
        Unreadable: the new text can't be written in the file's encoding.
    """
    assert result.rewritten is not None, "only what was read is written"  # noqa: S101
    data = result.mark + result.rewritten.text.encode(result.encoding)
    path = result.path.resolve()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, name)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
