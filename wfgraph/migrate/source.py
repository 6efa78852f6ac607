"""A source text with exact places: what is at which character, and what takes its place."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from bisect import bisect_left
from dataclasses import dataclass

__all__ = ["Edits", "Look", "Source", "Unreadable", "decoded", "lines_of"]

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_BOM = b"\xef\xbb\xbf"


class Unreadable(Exception):
    """A file can't be migrated; the message is one line that begins with its place."""


@dataclass(frozen=True, slots=True, order=True)
class Look:
    """Something that a person must look at, because changing it could be wrong."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Token:
    """A token and where it begins and ends, as numbers of characters."""

    type: int
    text: str
    start: int
    end: int


def decoded(data: bytes, name: str) -> tuple[str, str, bytes]:
    """Return the text of a file, its encoding, and the mark before it, line ends as they are.

    Raises:
        Unreadable: it is in another encoding than it says.
    """
    mark = _BOM if data.startswith(_BOM) else b""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        text = data[len(mark) :].decode(encoding)
        same = text.encode(encoding) == data[len(mark) :]
    except (SyntaxError, LookupError, UnicodeError) as error:
        raise Unreadable(f"{name}: not readable as Python source: {error}; save it as UTF-8") from error
    if not same:
        raise Unreadable(f"{name}: its encoding {encoding} can't be written as it was; save it as UTF-8")
    return text, encoding, mark


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, with their ends; Python ends a line in fewer places than ``str.splitlines`` does."""
    return [found[0] for found in _LINE.finditer(text) if found[0]]


class Source:
    """A Python source text, its syntax tree and its tokens.

    Args:
        text: the text.
        name: how to call it in errors.
        words: what a text must have for anything in it to be migrated; others are not taken apart. None for any.

    Raises:
        Unreadable: it is no Python 3.
    """

    def __init__(self, text: str, name: str = "<text>", words: re.Pattern[str] | None = None) -> None:
        self.text = text
        self.concerned = words is None or words.search(text) is not None
        self.name = name
        self.lines = lines_of(text)
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line))
        try:
            # As bytes, and with the line ends of all systems: a cookie of an encoding is a comment here.
            self.tree = ast.parse(re.sub(r"\r\n?", "\n", text))
            self.tokens = self._tokenized() if self.concerned else []
        except (SyntaxError, ValueError, tokenize.TokenError, RecursionError, MemoryError) as error:
            raise Unreadable(_told(error, name)) from error
        self._at = [token.start for token in self.tokens]

    def _tokenized(self) -> list[Token]:
        lines = (line.rstrip("\r\n") + "\n" * line.endswith(("\r", "\n")) for line in self.lines)
        tokens = []
        for found in tokenize.generate_tokens(lambda: next(lines, "")):
            start, end = (self._starts[row - 1] + column for row, column in (found.start, found.end))
            if found.type not in (tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
                tokens.append(Token(found.type, found.string, start, end))
        return tokens

    def _offset(self, line: int, column: int) -> int:
        """Return a character's number for a place in a syntax tree, which counts bytes of UTF-8."""
        text = self.lines[line - 1]
        column = column if text.isascii() else len(text.encode()[:column].decode())
        return self._starts[line - 1] + column

    def start(self, node: ast.expr | ast.stmt) -> int:
        """Return where a node begins."""
        return self._offset(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt) -> int:
        """Return where a node ends."""
        assert node.end_lineno is not None and node.end_col_offset is not None  # noqa: S101, PT018 - the parser sets both
        return self._offset(node.end_lineno, node.end_col_offset)

    def between(self, start: int, end: int) -> list[Token]:
        """Return the tokens of a stretch of text."""
        return self.tokens[bisect_left(self._at, start) : bisect_left(self._at, end)]

    def of(self, node: ast.expr | ast.stmt) -> list[Token]:
        """Return the tokens of a node."""
        return self.between(self.start(node), self.end(node))


def _told(error: Exception, name: str) -> str:
    line = getattr(error, "lineno", None) or 1
    message = getattr(error, "msg", None) or str(error) or type(error).__name__
    advice = "; if it is Python 2, bring it to Python 3 first (2to3 or futurize), then migrate it"
    return f"{name}:{line}: not Python 3: {message}{advice if isinstance(error, SyntaxError) else ''}"


class Edits:
    """Replacements of stretches of a text; later ones may hold earlier ones."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._edits: list[tuple[int, int, str]] = []

    def __len__(self) -> int:
        return len(self._edits)

    def add(self, start: int, end: int, text: str) -> None:
        """Replace a stretch, and with it what was to be replaced inside of it."""
        self._edits = [edit for edit in self._edits if not (start <= edit[0] and edit[1] <= end and start < end)]
        self._edits.append((start, end, text))

    def apply(self, start: int = 0, end: int | None = None) -> str:
        """Return a stretch of the text with what is replaced in it."""
        end = len(self._source.text) if end is None else end
        parts, at = [], start
        for first, last, text in sorted(self._edits, key=lambda edit: edit[:2]):
            if start <= first and last <= end:
                parts += [self._source.text[at:first], text]
                at = last
        return "".join([*parts, self._source.text[at:end]])
