"""What a FOR iterates over and where it puts the item."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from inspect import Parameter, signature
from typing import Any

from wfgraph.errors import WorkflowDefinitionError
from wfgraph.graph.describing import describe
from wfgraph.utils import comes_to_a_function, is_a, shown

__all__ = ["assigner", "item_source"]


def item_source(given: Any) -> tuple[Callable[[Any, Any], Any], str]:
    """Return a function ``(obj, eng)`` that gives the items of a loop, and a text for readers.

    Raises:
        WorkflowDefinitionError: what is given is neither callable nor iterable.
    """
    if callable(given):
        if _positional(given) == 0:
            return (lambda obj, eng: given()), describe(given)
        return given, describe(given)
    if is_a(given, Iterator):
        return _remembered(given), describe(given)
    if is_a(given, Iterable):
        return (lambda obj, eng: given), repr(given) if isinstance(given, range) else describe(given)
    raise WorkflowDefinitionError(
        f"FOR needs a list, another iterable or a callable that gives one, not {shown(given)}", payload=given
    )


def _remembered(iterator: Iterator[Any]) -> Callable[[Any, Any], Sequence[Any]]:
    """Read an iterator when it is first needed, once: every token and every round sees all its items."""
    items: list[Any] = []

    def remembered(obj: Any, eng: Any) -> Sequence[Any]:
        items.extend(iterator)
        return items

    return remembered


def assigner(setter: Any) -> Callable[[Any, Any, str, Any], Any] | None:
    """Return a function ``(obj, eng, position, item)`` that stores the item, or None when nothing is stored.

    Raises:
        WorkflowDefinitionError: the setter is neither a text, nor callable, nor None.
    """
    if setter is None:
        return None
    if is_a(setter, str):

        def assign(obj: Any, eng: Any, position: str, item: Any) -> None:
            eng.extra_data[setter] = item

        return assign
    if not comes_to_a_function(setter):
        raise WorkflowDefinitionError(
            f"FOR needs a key or a callable to store the item, not {shown(setter)}", payload=setter
        )
    if _positional(setter) == 3:
        return lambda obj, eng, position, item: setter(obj, eng, item)
    found: Callable[[Any, Any, str, Any], Any] = setter
    return found


def _positional(function: Any) -> int | None:
    """Return how many positional arguments a callable takes; None when any number, or when that can't be known."""
    try:
        parameters = signature(function, follow_wrapped=False).parameters.values()
    except Exception:  # no signature is known, or an object of the user's fails when it is asked
        return None
    if any(parameter.kind is Parameter.VAR_POSITIONAL for parameter in parameters):
        return None
    plain = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    return sum(parameter.kind in plain for parameter in parameters)
