"""Objects that exist: what their attributes are, and whether their code can have a say in the flow.

Nothing of the user's is run here: attributes are looked up without descriptors and without ``__getattr__``.
"""

from __future__ import annotations

import sys
import sysconfig
from collections import deque
from functools import lru_cache
from importlib.machinery import PathFinder
from inspect import getattr_static
from operator import methodcaller
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any

from wfgraph.compiler.inference.values import (
    IMMUTABLE,
    PLAIN,
    SOME_ENGINE,
    Bound,
    Instance,
    Known,
    Unknown,
    Value,
    join,
)
from wfgraph.utils import is_a

__all__ = ["attribute_of", "follows", "is_inert", "is_inert_module", "item_of", "keeps", "method_of", "module_named"]

_MISSING = object()
_MOST_ITEMS = 16
_STANDARD = tuple({sysconfig.get_path(name) + "/" for name in ("stdlib", "platstdlib")})
_INSTALLED = ("/site-packages/", "/dist-packages/")
_LEADS_ANYWHERE = {
    "_getframe",
    "_current_frames",
    "currentframe",
    "stack",
    "eval",
    "exec",
    "__import__",
    "import_module",
    "methodcaller",
}
"""Functions of the standard library that can hand out, or run, what nobody handed them, or call a method of any name."""
_OURS = ("wfgraph", "workflow")


def is_inert(function: Any) -> bool:
    """Tell whether code steers no engine unless it is handed one, or a callable that does.

    The standard library does not; nor does an installed package that knows nothing of this one.
    """
    if getattr(function, "__name__", None) in _LEADS_ANYWHERE or is_a(function, methodcaller):
        return False
    if is_a(function, FunctionType):
        return _inert_file(function.__code__.co_filename, function.__module__ or "")
    module = getattr(function, "__module__", None)
    if module is None:
        owner = getattr(function, "__objclass__", None) or type(getattr(function, "__self__", None))
        module = getattr(owner, "__module__", "")
    return is_inert_module(module if isinstance(module, str) else "")


def follows(function: Any) -> bool:
    """Tell whether a function belongs to the standard library, which calls what it is given but never an engine."""
    if is_a(function, FunctionType):
        name = function.__code__.co_filename
        return name.startswith("<frozen") or (
            name.startswith(_STANDARD) and not any(part in name for part in _INSTALLED)
        )
    module = getattr(function, "__module__", None) or "builtins"
    return str(module).partition(".")[0] in sys.stdlib_module_names


def _inert_file(filename: str, module: str) -> bool:
    if filename.startswith("<frozen"):
        return True
    if any(part in filename for part in _INSTALLED):
        return _inert_package(module.partition(".")[0])
    return filename.startswith(_STANDARD) and module.partition(".")[0] in sys.stdlib_module_names


def is_inert_module(module: str) -> bool:
    """Tell whether what is written in C, or a class, comes from a module that steers no engine."""
    root = module.partition(".")[0]
    found = sys.modules.get(module)
    filename = getattr(found, "__file__", None)
    if filename is None:
        return root in sys.stdlib_module_names
    if any(part in filename for part in _INSTALLED):
        return _inert_package(root)
    return root in sys.stdlib_module_names and filename.startswith(_STANDARD)


@lru_cache(maxsize=512)
def _inert_package(root: str) -> bool:
    """Tell whether nothing in an installed package, as far as it is imported, names something of the engine's."""
    if root in _OURS:
        return False
    for name, module in list(sys.modules.items()):
        if (name == root or name.startswith(f"{root}.")) and is_a(module, ModuleType):
            for value in list(vars(module).values()):
                if _speaks_of_us(value):
                    return False
    return True


def _speaks_of_us(value: Any) -> bool:
    home = value.__name__ if is_a(value, ModuleType) else getattr(value, "__module__", None)
    return isinstance(home, str) and home.partition(".")[0] in _OURS


def module_named(name: str) -> Value:
    """Return a module that is imported already; nothing is imported here."""
    found = sys.modules.get(name)
    if found is not None:
        return Known(found)
    return Unknown(code=True) if _is_installed(name.partition(".")[0]) else SOME_ENGINE


def _is_installed(root: str) -> bool:
    """Tell whether a package that is not imported yet is Python's, or an installed one, and none of the project."""
    if root in sys.stdlib_module_names:
        return True
    found = PathFinder.find_spec(root)
    return found is not None and any(part in (found.origin or "") for part in _INSTALLED) and root not in _OURS


def attribute_of(owner: Any, name: str) -> Value | None:
    """Return an attribute of an object that exists; None when it has none that can be told."""
    if is_a(owner, ModuleType):
        found = vars(owner).get(name, _MISSING)
        if found is not _MISSING:
            return Known(found, 1)
        return None if is_inert_module(owner.__name__) else SOME_ENGINE  # it may be a part that is not imported yet
    found = getattr_static(owner, name, _MISSING)
    if found is _MISSING:
        kind = type(owner)
        if hasattr(kind, "__getattr__"):  # it gives what it likes
            return PLAIN if is_inert(kind) else None
        return PLAIN if is_a(owner, type) else None
    if is_a(owner, type):
        return _bound(found, PLAIN, owner, True)
    # A function that the object itself holds is no method of it.
    of_itself = getattr_static(type(owner), name, _MISSING) is not found
    return Known(found, 0) if of_itself else _bound(found, Known(owner, 0), type(owner), False)


def method_of(kind: type, name: str, owner: Value, after: type | None = None) -> Value | None:
    """Return a method of a class as its instance (or ``super()``, after a class) sees it."""
    line = kind.__mro__
    if after is not None and after in line:
        line = line[line.index(after) + 1 :]
    for base in line:
        if name in vars(base):
            return _bound(vars(base)[name], owner, kind, False)
    return None


def _bound(found: Any, owner: Value, kind: type, of_class: bool) -> Value:
    if is_a(found, staticmethod):
        return Known(found.__func__)
    if is_a(found, classmethod):
        return Bound(Known(found.__func__), Known(kind))
    if is_a(found, FunctionType) and not of_class:
        return Bound(Known(found), owner)
    if is_a(found, MemberDescriptorType) and isinstance(owner, Known) and not of_class:
        try:
            return Known(found.__get__(owner.value), 0)  # what a slot holds: nobody's code is run
        except AttributeError:
            return PLAIN
    if hasattr(type(found), "__get__") and not is_a(found, *_CALLED):
        if isinstance(owner, Instance) and owner.engine:
            return SOME_ENGINE
        return PLAIN if is_a(found, *_IN_C) or is_inert(kind) else Unknown(code=True)
    return Known(found, 0)


_CALLED = (FunctionType, BuiltinFunctionType, MethodType, type)
_IN_C = (ClassMethodDescriptorType, MethodDescriptorType, WrapperDescriptorType)


def keeps(owner: Any) -> bool:
    """Tell whether an object is one of Python's own that hand out what they are given, and that can't be looked into."""
    return not is_a(owner, dict, deque) and any(base.__module__ in _KEEPERS for base in type(owner).__mro__)


_KEEPERS = ("queue", "_queue", "collections", "weakref", "_contextvars")


def item_of(container: Known, key: Value) -> Value:
    """Return an item of a container that exists: the one with a known key of a tuple, else any of them."""
    owner = container.value
    if owner is sys.modules:
        return module_named(key.value) if isinstance(key, Known) and type(key.value) is str else SOME_ENGINE
    if type(owner) is tuple and isinstance(key, Known) and type(key.value) is int:
        return Known(owner[key.value], container.firm) if -len(owner) <= key.value < len(owner) else PLAIN
    if type(owner) in (str, bytes, range):
        return PLAIN
    if type(owner) not in (list, tuple, dict, set, frozenset):
        return Unknown(code=True)
    items = list(owner.values() if type(owner) is dict else owner)
    if all(type(item) in IMMUTABLE for item in items):
        return PLAIN
    if len(items) > _MOST_ITEMS:
        return Unknown(code=True)
    return join(*(Known(item, 0) for item in items))
