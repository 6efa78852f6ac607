"""Strategies for what nobody should put into a definition, beside what everybody does."""

from __future__ import annotations

import functools
import sys
from collections import UserList, deque
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

from hypothesis import strategies as st

from wfgraph import patterns
from wfgraph.errors import WorkflowDefinitionError

__all__ = ["Boxed", "Refused", "definitions", "scripts_in"]


class Refused(RuntimeError):
    """What hostile objects raise: no error of the library's may be this one."""


def _refuse(*_: Any, **__: Any) -> Any:
    raise Refused("don't ask")


# Tasks ---------------------------------------------------------------------------------------------------------------


def plain(obj: Any, eng: Any) -> None:
    """Do nothing."""


def optional(obj: Any, eng: Any = None, *more: Any, key: int = 1) -> bool:
    return False


def steering(obj: Any, eng: Any) -> None:
    if obj:
        eng.jump_call(-1)
    eng.halt("<look>\n\x1b[31m")


@functools.wraps(plain)
def wrapping(*args: Any, **kwargs: Any) -> None:
    plain(*args, **kwargs)


class Holder:
    """Has methods of every kind."""

    def method(self, obj: Any, eng: Any) -> None: ...
    @classmethod
    def of_class(cls, obj: Any, eng: Any) -> None: ...
    @staticmethod
    def static(obj: Any, eng: Any) -> None: ...
    def __call__(self, obj: Any, eng: Any) -> None: ...


class Made:
    """A class that is called with a token and an engine."""

    def __init__(self, obj: Any, eng: Any) -> None: ...


class CallableList(list[Any]):
    """A list that is a task."""

    def __call__(self, obj: Any, eng: Any) -> None: ...


class CallableTuple(tuple[Any, ...]):
    """A tuple that is a task."""

    def __call__(self, obj: Any, eng: Any) -> None: ...


def named(name: Any) -> Callable[[Any, Any], None]:
    """Make a task of any name, and a documentation of the same."""

    def function(obj: Any, eng: Any) -> None: ...

    function.__name__, function.__doc__ = name, name
    return function


def around_itself() -> Any:
    """Make a function that says it wraps itself."""

    @functools.wraps(plain)
    def function(obj: Any, eng: Any) -> None: ...

    function.__wrapped__ = function
    return function


def partial_of_itself() -> Any:
    made = functools.partial(plain)
    made.__setstate__((made, (), {}, {}))  # type: ignore[attr-defined]
    return made


def deep_partial() -> Any:
    """Make partials in each other, which Python takes for one only where they have no attributes."""
    made: Any = plain
    for _ in range(3_000):
        made = functools.partial(made)
        made.note = 1
    return made


# Hostile objects -----------------------------------------------------------------------------------------------------

_ASKED = ("__eq__", "__hash__", "__repr__", "__str__", "__bool__", "__iter__", "__len__", "__getitem__", "__contains__")
_LIES: dict[str, Any] = {
    "__eq__": lambda self, other: True,
    "__hash__": lambda self: 1,
    "__bool__": lambda self: False,
    "__len__": lambda self: sys.maxsize,
    "__iter__": lambda self: iter(()),
    "__repr__": lambda self: "a\nb\x1b[31m</script>",
    "__class__": property(lambda self: list),
    "__getattr__": lambda self, name: SimpleNamespace(co_flags="?", name=name),
    "__getattribute__": lambda self, name: 7,
}
_FAILS: dict[str, Any] = {
    **dict.fromkeys((*_ASKED, "__getattr__", "__getattribute__", "__call__", "__instancecheck__"), _refuse),
    "__class__": property(_refuse),
    "__name__": property(_refuse),
    "__doc__": property(_refuse),
    "__code__": property(_refuse),
    "__wfgraph__": property(_refuse),
    "__signature__": property(_refuse),
    "__dict__": property(_refuse),
    "__slots__": ("a", "b"),
}


def _made(ways: dict[str, Any], names: frozenset[str], base: type, called: bool) -> Any:
    body: dict[str, Any] = {name: ways[name] for name in names}
    if base is not object:
        body.pop("__slots__", None)
    if called:
        body["__call__"] = lambda self, obj, eng: None
    elif base is not object:
        body.pop("__call__", None)
    kind = type("Hostile", (base,), body)
    return kind() if base is object else kind([plain, plain])


@st.composite
def hostile(draw: st.DrawFn) -> Any:
    """Objects that fail, or lie, when they are asked some of what Python asks objects."""
    ways = draw(st.sampled_from([_FAILS, _LIES]))
    names = draw(st.frozensets(st.sampled_from(sorted(ways)), min_size=1, max_size=4))
    return _made(ways, names, draw(st.sampled_from([object, object, object, list, tuple])), draw(st.booleans()))


async def waits(obj: Any, eng: Any) -> None: ...
def yields(obj: Any, eng: Any) -> Iterator[None]:
    yield


class StrangeName(str):
    """A name that fails when it is used."""

    isprintable = __len__ = __str__ = __repr__ = __hash__ = __format__ = _refuse


def strange_attributes() -> Any:
    """Make a task whose attributes are nothing of what they are for others."""
    made = Holder()
    vars(made).update(
        __name__=StrangeName("x"),
        __code__=7,
        __wfgraph__=7,
        __signature__=7,
        __wrapped__=made,
        __self__=made,
        __func__=made,
    )
    return made


good: st.SearchStrategy[Any] = st.sampled_from(
    [
        plain,
        optional,
        steering,
        wrapping,
        lambda obj, eng: obj,
        functools.partial(plain),
        functools.partial(optional, eng=1),
        Holder().method,
        Holder.of_class,
        Holder.static,
        Holder(),
        Made,
        print,
        max,
        dict.get,
        isinstance,
        CallableList([plain]),
        CallableTuple([plain]),
        patterns.EMPTY_CALL,
    ]
)
texts = st.text(st.characters(), max_size=8) | st.sampled_from(
    ["</script>", "${1}", "\x00", "\u202e", "\ud800", "`" * 3, "__import__", "x" * 5_000, '"', "\\", "]]>", "-->"]
)
wrong: st.SearchStrategy[Any] = st.one_of(
    st.integers(),
    st.floats(),
    texts,
    st.binary(max_size=4),
    st.builds(lambda: 10**5_000),
    st.sampled_from([{plain}, {"a": plain}, frozenset(), object(), NotImplemented, ..., sys, staticmethod(None)]),
    st.sampled_from([waits, yields, lambda: None, lambda a, b, c: None, Holder.method, int.__add__, type, object]),
    st.builds(lambda: (plain for _ in range(2))),
    st.builds(lambda: UserList([plain])),
    st.builds(lambda: deque([plain])),
    st.builds(lambda: Mock(spec=list)),
    st.builds(Mock),
    st.builds(partial_of_itself),
    st.builds(deep_partial),
    st.builds(around_itself),
    st.builds(strange_attributes),
    st.builds(named, texts),
    hostile(),
)
_WORDS = st.sampled_from(["==", "in", "?", "ASC", "DSC", "current", 7])
_PATTERNS: dict[str, tuple[int, int]] = {
    "IF": (2, 2),
    "IF_NOT": (2, 2),
    "IF_ELSE": (3, 3),
    "WHILE": (2, 2),
    "FOR": (3, 3),
    "CHOICE": (2, 4),
    "CMP": (3, 3),
    "SIMPLE_MERGE": (2, 4),
    "PARALLEL_SPLIT": (0, 3),
    "SYNCHRONIZE": (2, 3),
    "RUN_WF": (1, 1),
    "TRY": (1, 3),
    "PROFILE": (1, 1),
    "DEBUG_CYCLE": (1, 1),
    "CALLFUNC": (1, 2),
    "TASK_JUMP_FWD": (0, 1),
    "TASK_JUMP_BWD": (0, 1),
    "TASK_JUMP_IF": (2, 2),
    "OBJ_JUMP_FWD": (0, 1),
    "HALT": (0, 3),
    "ERROR": (1, 1),
    "ENG_GET": (1, 1),
    "ENG_SET": (2, 2),
    "OBJ_GET": (1, 1),
    "OBJ_SET": (2, 2),
    "BREAK": (0, 0),
    "STOP": (0, 0),
    "OBJ_NEXT": (0, 0),
}


_OF_TASKS = {
    "IF",
    "IF_NOT",
    "IF_ELSE",
    "WHILE",
    "FOR",
    "CHOICE",
    "CMP",
    "SIMPLE_MERGE",
    "PARALLEL_SPLIT",
    "SYNCHRONIZE",
}
_OF_TASKS |= {"TRY", "PROFILE", "TASK_JUMP_IF", "TASK_JUMP_FWD", "HALT"}


@st.composite
def _pattern(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> Any:
    """Call a pattern with whatever there is; it may refuse that, in one way."""
    name = draw(st.sampled_from(sorted(_PATTERNS)))
    least, most = _PATTERNS[name]
    of = inner | _WORDS if name in _OF_TASKS else good | _WORDS | texts
    arguments = draw(st.lists(of, min_size=least, max_size=most))
    try:
        return getattr(patterns, name)(*arguments)
    except WorkflowDefinitionError:
        return plain


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, max_size=4)
    shared = st.builds(lambda one, count: [one] * count, inner, st.integers(0, 3))
    return st.one_of(lists, lists.map(tuple), shared, _pattern(inner), st.builds(_cyclic, lists, st.booleans()))


def _cyclic(found: list[Any], deep: bool) -> list[Any]:
    """Put a list into itself."""
    found.append([plain, (found,)] if deep else found)
    return found


class Boxed:
    """Keeps from Hypothesis, which would ask it for its text, what is in it."""

    def __init__(self, content: Any) -> None:
        self.content = content


def _definitions() -> st.SearchStrategy[Boxed]:
    only_tasks = st.recursive(good | st.none(), _nested, max_leaves=20)
    return st.one_of(only_tasks, st.recursive(good | good | st.none() | wrong, _nested, max_leaves=12)).map(Boxed)


definitions: st.SearchStrategy[Boxed] = st.deferred(_definitions)
"""Definitions: of tasks only, and of whatever there is."""


class _Page(HTMLParser):
    """Counts the elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0
        self.asked: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.asked += [(name, value) for name, value in attrs if name.startswith("on") or name in ("href", "src")]


def scripts_in(html: str) -> int:
    """Return how many scripts a page has; nothing in it may lead elsewhere, or wait for an event."""
    page = _Page()
    page.feed(html)
    page.close()
    assert [] == page.asked
    return page.scripts
