"""The call of a deprecated method: which argument is given for which parameter, and by which tokens."""

from __future__ import annotations

import ast
import tokenize
from collections.abc import Iterator

from wfgraph._legacy import Replacement
from wfgraph.migrate.source import Source, Token

__all__ = ["Call", "NotPlain"]

_OPEN, _CLOSE = frozenset("([{"), frozenset(")]}")
_SKIPPED = (tokenize.NL, tokenize.COMMENT)


class NotPlain(Exception):
    """A call can't be rewritten; the message says why."""


class Call:
    """The arguments of a call, by the parameters of the deprecated method.

    Attributes:
        values: the argument that is given for each parameter.
        stretches: where its value is, first and last character.
        named: the parameters that are given by name.

    Raises:
        NotPlain: there are ``*args`` or ``**kwargs``, or arguments that the method does not take.
    """

    def __init__(self, source: Source, call: ast.Call, function: ast.Attribute, old: Replacement) -> None:
        self._source = source
        self.node = call
        self.receiver = function.value
        names = old.parameters or ()
        if any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords):
            raise NotPlain("its arguments are not written out")
        given = [*names[: len(call.args)], *(str(one.arg) for one in call.keywords)]
        if len(call.args) > len(names) or len(set(given)) < len(given) or not set(given) <= set(names):
            raise NotPlain("it is not called as it is documented")
        self.named = frozenset(str(one.arg) for one in call.keywords)
        self.values = dict(zip(given, [*call.args, *(one.value for one in call.keywords)], strict=True))
        self._tokens = source.between(source.end(function), source.end(call))
        if self._tokens[0].text != "(":
            raise NotPlain("its name is in parentheses")
        self.stretches = dict(zip(given, self._split(), strict=True))

    def _split(self) -> Iterator[tuple[int, int]]:
        """Yield where each argument's value begins and ends: between the commas, parentheses of its own included."""
        depth = 0
        part: list[Token] = []
        for token in self._tokens:
            if token.text in _CLOSE and token.type == tokenize.OP:
                depth -= 1
            ends = depth == 0 or (depth == 1 and token.text == "," and token.type == tokenize.OP)
            if ends and part:
                yield part[0].start, part[-1].end
            part = [] if ends else part
            if not ends and token.type not in _SKIPPED:
                part.append(token)
            if token.text in _OPEN and token.type == tokenize.OP:
                depth += 1
            if len(part) == 2 and part[1].text == "=":
                part = []

    def is_all_of(self, parent: ast.AST) -> bool:
        """Tell whether the call is a whole statement, with no parentheses around it."""
        start, end = self._source.start, self._source.end
        return isinstance(parent, ast.Expr) and (start(parent), end(parent)) == (start(self.node), end(self.node))

    def unnamed(self) -> Iterator[tuple[str, int]]:
        """Yield the parameters that are given by position, and where their values begin."""
        return ((name, self.stretches[name][0]) for name in self.values if name not in self.named)

    def sign(self) -> int | None:
        """Return the sign of the one argument where it is written as a number: -1, 0 or 1."""
        try:
            number: int = ast.literal_eval(next(iter(self.values.values())))
            return (number > 0) - (number < 0)
        except (StopIteration, ValueError, TypeError):
            return None

    def has_lines(self, name: str) -> bool:
        """Tell whether a line ends in an argument outside of brackets of its own."""
        depth = 0
        for token in self._source.between(*self.stretches[name]):
            depth += (token.text in _OPEN) - (token.text in _CLOSE) if token.type == tokenize.OP else 0
            if depth == 0 and token.type == tokenize.NL:
                return True
        return False

    def refuse_comments(self) -> None:
        """Refuse to write anew what has comments in it.

        Raises:
            NotPlain: it has.
        """
        if any(token.type == tokenize.COMMENT for token in self._source.of(self.node)):
            raise NotPlain("there is a comment inside")
