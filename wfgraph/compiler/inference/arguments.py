"""What a function is called with, and which of its parameters gets what."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from wfgraph.compiler.inference.values import Mapping, Sequence, Value, blurred, carries, join

__all__ = ["Arguments", "bind"]


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a call.

    Attributes:
        positional: those by place.
        keywords: those by name.
        more: what further ones there may be, of any number, places and names; None when there are none.
    """

    positional: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()
    more: Value | None = None

    def __iter__(self) -> Iterator[Value]:
        yield from self.positional
        for _, value in self.keywords:
            yield value
        if self.more is not None:
            yield self.more

    @property
    def carry(self) -> bool:
        """Whether one of them may be, or lead to, the engine."""
        return any(map(carries, self))

    @property
    def exact(self) -> bool:
        """Whether all of them are known by their places."""
        return not self.keywords and self.more is None

    def after(self, *first: Value) -> Arguments:
        """Return these with others before them."""
        return Arguments((*first, *self.positional), self.keywords, self.more)

    def get(self, place: int, name: str = "") -> Value | None:
        """Return the argument at a place or, where it has one, of a name; None when there is none."""
        if place < len(self.positional):
            return self.positional[place]
        return dict(self.keywords).get(name, self.more)


def bind(parameters: ast.arguments, defaults: tuple[Value | None, ...], args: Arguments) -> dict[str, Value] | None:
    """Return what each parameter is called with.

    Args:
        parameters: the parameters.
        defaults: their defaults, as a :class:`~wfgraph.compiler.inference.values.ClosureOf` has them.
        args: the arguments.

    Returns:
        The parameters' values; None where Python would refuse the call.
    """
    if args.exact and len(args.positional) == len(parameters.args) and _by_place_only(parameters):
        return {one.arg: value for one, value in zip(parameters.args, args.positional, strict=True)}
    by_place = [*parameters.posonlyargs, *parameters.args]
    found: dict[str, Value] = {one.arg: value for one, value in zip(by_place, args.positional, strict=False)}
    extra = args.positional[len(by_place) :]
    if extra and parameters.vararg is None:
        return None
    named = {one.arg for one in (*parameters.args, *parameters.kwonlyargs)}
    others: list[tuple[str, Value]] = []
    for name, value in args.keywords:
        if name in named and name not in found:
            found[name] = value
        elif name in named or parameters.kwarg is None:
            return None
        else:
            others.append((name, value))
    if not _fill(parameters, defaults, args.more, found):
        return None
    more = () if args.more is None else (args.more,)
    if parameters.vararg is not None:
        found[parameters.vararg.arg] = Sequence(extra) if not more else blurred((*extra, *more))
    if parameters.kwarg is not None:
        rest = tuple(others)
        found[parameters.kwarg.arg] = Mapping(rest) if not more else blurred([*(value for _, value in rest), *more])
    return found


def _by_place_only(parameters: ast.arguments) -> bool:
    return not (parameters.posonlyargs or parameters.kwonlyargs or parameters.vararg or parameters.kwarg)


def _fill(
    parameters: ast.arguments, defaults: tuple[Value | None, ...], more: Value | None, found: dict[str, Value]
) -> bool:
    """Give the parameters that got nothing their defaults; tell whether all have a value then."""
    by_place = [*parameters.posonlyargs, *parameters.args]
    places = len(parameters.defaults)
    known = dict(zip((one.arg for one in by_place[len(by_place) - places :]), defaults, strict=False))
    known.update(zip((one.arg for one in parameters.kwonlyargs), defaults[places:], strict=False))
    for one in (*by_place, *parameters.kwonlyargs):
        if one.arg in found:
            continue
        choices = [value for value in (known.get(one.arg), more) if value is not None]
        if not choices:
            return False
        found[one.arg] = join(*choices)
    return True
