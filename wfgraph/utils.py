"""Descriptors that clients of ``workflow.utils`` import, and what all layers ask of names, texts and callables."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Generic, TypeGuard, TypeVar, overload

__all__ = [
    "attribute",
    "classproperty",
    "brief",
    "comes_to_a_function",
    "collecting_later",
    "counted",
    "digest",
    "escape_control",
    "is_a",
    "is_database_file",
    "is_definition",
    "overridable",
    "plain",
    "shown",
    "staticproperty",
    "task_name",
    "type_name",
    "without_library",
    "without_partials",
]

_T = TypeVar("_T")
_LONGEST = 300
_MOST_PARTIALS = 100


class staticproperty(Generic[_T]):  # noqa: N801 - a decorator, named as `property` is
    """A property that needs neither instance nor class: ``@staticproperty def x(): ...``."""

    def __init__(self, function: Callable[[], _T]) -> None:
        self._function = function

    def __get__(self, instance: object, owner: type | None = None) -> _T:
        return self._function()


class classproperty(Generic[_T]):  # noqa: N801 - a decorator, named as `property` is
    """A property of the class: ``@classproperty def x(cls): ...``."""

    def __init__(self, function: Callable[[Any], _T]) -> None:
        self._function = function

    def __get__(self, instance: object, owner: type | None = None) -> _T:
        return self._function(owner if owner is not None else type(instance))


if TYPE_CHECKING:

    def overridable(function: Callable[[Any], Any]) -> Any:
        """Make a property of the class that type checkers let a subclass replace in any of the ways that there are."""
else:
    overridable = classproperty


def attribute(found: Any, name: str, default: Any = None) -> Any:
    """Return an attribute, the default also where asking for it fails in whatever way: objects of users may do anything."""
    try:
        return getattr(found, name, default)
    except Exception:
        return default


@overload
def is_a(found: Any, kind: type[_T], /) -> TypeGuard[_T]: ...
@overload
def is_a(found: Any, *kinds: type) -> bool: ...
def is_a(found: Any, *kinds: type) -> bool:
    """Tell whether an object is of one of these types, without asking it: one of a user's may fail then, or lie."""
    return issubclass(type(found), kinds)


def without_partials(found: Any) -> Any:
    """Return what partials around each other call in the end; a partial may contain itself, and is returned then."""
    for _ in range(_MOST_PARTIALS):
        if not is_a(found, partial):
            break
        found = found.func
    return found


def comes_to_a_function(found: Any) -> bool:
    """Tell whether a call of it comes to a function: one of a partial of itself ends the process."""
    return callable(found) and not is_a(without_partials(found), partial)


def shown(value: Any) -> str:
    """Return an object's own text on one line, cut where it is long; its type where it has none to give."""
    return brief(_told(value, repr))


def plain(value: Any) -> str:
    """Return what ``str()`` makes of an object, on one line but not cut; its type where that fails."""
    return escape_control(_told(value, str))


def _told(value: Any, tell: Callable[[Any], str]) -> str:
    try:
        return tell(value)
    except Exception:
        return f"<{type(value).__name__} object>"


def brief(text: str, longest: int = _LONGEST) -> str:
    """Return a text on one line, cut where it is long."""
    return escape_control(text if len(text) <= longest else f"{text[:longest]}...")


def digest(text: str) -> str:
    """Return what tells a text from others, in twelve characters."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def counted(number: int, what: str) -> str:
    """Return a number of things in words.

    >>> counted(1, "task"), counted(2, "task")
    ('1 task', '2 tasks')
    """
    return f"{number} {what}{'' if number == 1 else 's'}"


def task_name(task: Any) -> str:
    """Name a callable for people: its ``__name__``, a partial's function, or a callable object's class.

    Never an address in memory, so that texts made of it are the same in every process.

    >>> task_name(partial(print, 1)), task_name(len)
    ('partial(print)', 'len')
    """
    name = attribute(task, "__name__")
    if is_a(name, str):
        return str.__str__(name)
    if is_a(task, partial):
        inner = without_partials(task)
        return "partial" if is_a(inner, partial) else f"partial({task_name(inner)})"
    return type(task).__name__


def type_name(kind: type) -> str:
    """Name a type with its module, where it is not one of Python's own.

    >>> type_name(ValueError), type_name(partial)
    ('ValueError', 'functools.partial')
    """
    return f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")


def is_definition(found: Any) -> bool:
    """Tell whether an object may be a definition: a list or tuple of callables, or one callable that is no class."""
    return not isinstance(found, type) and (isinstance(found, list | tuple) or callable(found))


def is_database_file(name: str) -> bool:
    """Tell whether a name is that of a file with a database of runs, by how it ends."""
    return name.endswith((".db", ".sqlite", ".sqlite3"))


@contextmanager
def collecting_later() -> Iterator[None]:
    """Put garbage collection off while many objects are made that are there to stay.

    The collector would go through all of them again and again: reading 10,000 functions took twice the time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def escape_control(text: str) -> str:
    r"""Write control characters as escapes, so that a text can't break a log line or a terminal.

    >>> print(escape_control("a\nb"))
    a\nb
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def without_library(error: ModuleNotFoundError, extra: str) -> ModuleNotFoundError:
    """Return an error that says with which extra the library comes that could not be imported.

    Args:
        error: what importing it raised.
        extra: the extra.
    """
    library = (error.name or "").partition(".")[0]
    return ModuleNotFoundError(
        f"No module named {library!r}; it comes with pip install 'wfgraph[{extra}]'", name=library
    )
