"""The deprecated names of the engine's methods, each one line, each warning at its caller's line."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any, NoReturn, TypeVar

from wfgraph.errors import AbortProcessing, JumpCall, JumpTokenBack, JumpTokenForward, SkipToken, WorkflowError

__all__ = ["LegacyNames", "Replacement", "deprecated", "replacements"]

_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Replacement:
    """What takes the place of a deprecated name.

    Attributes:
        name: the deprecated name.
        parameters: those of the method, without ``self``; None for a property.
        told: what the warning says.
        forms: code that does the same, ``eng`` being the engine, the other names the parameters; the first that has all
            of the arguments of a call, and is allowed where the call stands, is to be written instead of it.
        sign: the sign that the argument must have (or be 0), because the newer method does not refuse the other one.
    """

    name: str
    parameters: tuple[str, ...] | None
    told: str
    forms: tuple[str, ...]
    sign: int = 0


def deprecated(told: str, *forms: str, sign: int = 0) -> Callable[[Callable[..., _R]], Callable[..., _R]]:
    """Mark a function as deprecated; each call warns ``DeprecationWarning`` at the line that calls it.

    Args:
        told: what replaces it, for the warning.
        forms: as in :class:`Replacement`.
        sign: as in :class:`Replacement`.
    """

    def decorate(function: Callable[..., _R]) -> Callable[..., _R]:
        @wraps(function)
        def warned(*args: Any, **kwargs: Any) -> _R:
            warnings.warn(f"`{function.__name__}` is replaced with `{told}`", DeprecationWarning, stacklevel=2)
            return function(*args, **kwargs)

        vars(warned)["deprecated"] = (told, forms, sign)
        return warned

    return decorate


def replacements() -> dict[str, Replacement]:
    """Return what replaces each deprecated name of the engine."""
    found = {}
    for name, member in vars(LegacyNames).items():
        function: Any = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
        if marked := getattr(function, "deprecated", None):
            told, forms, sign = marked
            parameters = tuple(one for one in inspect.signature(function).parameters if one != "self")
            found[name] = Replacement(name, None if isinstance(member, property) else parameters, told, forms, sign)
    return found


class LegacyNames:
    """The names of ``workflow`` 1.x and 2.x that have newer ones."""

    # What these need of the engine that mixes them in; Any, because its layer is above this one.
    callbacks: Any
    state: Any
    extra_data: Any
    objects: Any
    halt: Callable[..., Any]
    stop: Callable[..., Any]
    continue_next_token: Callable[..., Any]
    break_current_loop: Callable[..., Any]
    jump_token: Callable[..., Any]
    jump_call: Callable[..., Any]

    @staticmethod
    @deprecated("abort", "eng.abort()")
    def abortProcessing() -> NoReturn:
        raise AbortProcessing

    @staticmethod
    @deprecated("skip_token", "eng.skip_token()")
    def skipToken() -> NoReturn:
        raise SkipToken

    @property
    @deprecated("extra_data", "eng.extra_data")
    def store(self) -> Any:
        return self.extra_data

    @deprecated("callbacks.replace", "eng.callbacks.replace(list_or_tuple)")
    def setWorkflow(self, list_or_tuple: Any) -> None:
        self.callbacks.replace(list_or_tuple)

    @deprecated(
        "state.token_pos` and `state.callback_pos",
        "eng.state.token_pos, eng.state.callback_pos = token_pos, callback_pos",
    )
    def setPosition(self, token_pos: int, callback_pos: list[int]) -> None:
        self.state.token_pos = token_pos
        self.state.callback_pos = callback_pos

    @deprecated("callbacks.get", "eng.callbacks.get(key)")
    def getCallbacks(self, key: str | None = "*") -> Any:
        return self.callbacks.get(key)

    @deprecated("callbacks.add", "eng.callbacks.add(key=key, func=func)")
    def addCallback(
        self, key: str, func: Any, before: Any = None, after: Any = None, relative_weight: Any = None
    ) -> None:
        self.callbacks.add(func, key)

    @deprecated("callbacks.add_many", "eng.callbacks.add_many(key=key, list_or_tuple=list_or_tuple)")
    def addManyCallbacks(self, key: str, list_or_tuple: Any) -> None:
        self.callbacks.add_many(list_or_tuple, key)

    @deprecated("callbacks.clear_all", "eng.callbacks.clear_all()")
    def removeAllCallbacks(self) -> None:
        self.callbacks.clear_all()

    @deprecated("callbacks.clear", "eng.callbacks.clear(key)")
    def removeCallbacks(self, key: str) -> None:
        self.callbacks.clear(key)

    @deprecated("callbacks.replace", "eng.callbacks.replace(key=key, funcs=funcs)")
    def replaceCallbacks(self, key: str, funcs: Any) -> None:
        self.callbacks.replace(funcs, key)

    @deprecated("state.token_pos", "eng.state.token_pos")
    def getCurrObjId(self) -> int:
        position: int = self.state.token_pos
        return position

    @deprecated("state.callback_pos", "eng.state.callback_pos")
    def getCurrTaskId(self) -> list[int]:
        position: list[int] = self.state.callback_pos
        return position

    @property
    def curr_obj_id(self) -> int:
        """The index of the current token; the documentation's "Changes" name for ``state.token_pos``."""
        position: int = self.state.token_pos
        return position

    @property
    def curr_task_id(self) -> list[int]:
        """The path of the current task; the documentation's "Changes" name for ``state.callback_pos``."""
        position: list[int] = self.state.callback_pos
        return position

    def get_object(self) -> Iterator[Any]:
        """Iterate over the tokens; the documentation's "Changes" name, no longer with an index."""
        return iter(self.objects)

    @deprecated("objects", "enumerate(eng.objects)")
    def getObjects(self) -> Iterator[tuple[int, Any]]:
        return enumerate(self.objects)

    @deprecated("duplicate the class, not the engine: subclass it and make a new one")
    def duplicate(self) -> Any:
        return type(self)()

    @deprecated("jump_token", "eng.jump_token(offset)", sign=1)
    def jumpTokenForward(self, offset: int) -> NoReturn:
        raise JumpTokenForward(offset)

    @deprecated("jump_token", "eng.jump_token(offset)", sign=-1)
    def jumpTokenBack(self, offset: int) -> NoReturn:
        raise JumpTokenBack(offset)

    @deprecated("jump_call", "eng.jump_call(offset)", sign=1)
    def jumpCallForward(self, offset: int) -> NoReturn:
        if offset < 0:
            raise WorkflowError("JumpCallForward cannot be negative number")
        raise JumpCall(offset)

    @deprecated("jump_call", "eng.jump_call(offset)", sign=-1)
    def jumpCallBack(self, offset: int) -> NoReturn:
        if offset > 0:
            raise WorkflowError("JumpCallBack cannot be positive number")
        raise JumpCall(offset)

    @deprecated("extra_data", "eng.extra_data[key] = what", "eng.extra_data.update({key: what})")
    def setVar(self, key: Any, what: Any) -> None:
        self.extra_data[key] = what

    @deprecated("extra_data.setget", "eng.extra_data.get(key)", "eng.extra_data.setget(key, default)")
    def getVar(self, key: Any, default: Any = None) -> Any:
        if key not in self.extra_data and default is not None:
            self.extra_data[key] = default
        return self.extra_data.get(key)

    @deprecated("extra_data", "key in eng.extra_data")
    def hasVar(self, key: Any) -> bool:
        return key in self.extra_data

    @deprecated("extra_data", "eng.extra_data.pop(key, None)")
    def delVar(self, key: Any) -> None:
        self.extra_data.pop(key, None)

    @deprecated("halt", "eng.halt(msg, action, payload)")
    def haltProcessing(self, msg: str = "", action: str | None = None, payload: Any = None) -> Any:
        return self.halt(msg=msg, action=action, payload=payload)

    @deprecated("continue_next_token", "eng.continue_next_token()")
    def continueNextToken(self) -> Any:
        return self.continue_next_token()

    @deprecated("stop", "eng.stop()")
    def stopProcessing(self) -> Any:
        return self.stop()

    @deprecated("break_current_loop", "eng.break_current_loop()")
    def breakFromThisLoop(self) -> Any:
        return self.break_current_loop()

    @deprecated("jump_token", "eng.jump_token(offset)")
    def jumpToken(self, offset: int) -> Any:
        return self.jump_token(offset)

    @deprecated("jump_call", "eng.jump_call(offset)")
    def jumpCall(self, offset: int) -> Any:
        return self.jump_call(offset)
