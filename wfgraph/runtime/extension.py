"""What an engine's class and its factories override: who has to be called, and when.

Found once for a run, because asking costs more than a task; a hook that is exchanged while a run is under way is noticed
where a property gives another factory or mapper, and otherwise by the next run.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from wfgraph.runtime.hooks import ActionMapper, ProcessingFactory, provided
from wfgraph.runtime.interpreter import NOBODY, Watchers, listening
from wfgraph.runtime.steering import Steering

__all__ = ["Extension", "Observer", "extension_of", "watchers"]


class Observer(Protocol):
    """Who looks on at an engine's runs from outside, whatever its factories override; set as ``eng._observer``."""

    def run(self, eng: Any) -> AbstractContextManager[None]:
        """Return what is entered around each run that is not the continuation of another."""

    def around(self, actions: Any) -> Any:
        """Return an action mapper that tells the observer, and calls this one; the same for the same one."""


@dataclass(frozen=True, slots=True)
class Extension:
    """One run's extensions.

    Attributes:
        factory: the processing factory.
        actions: its action mapper.
        between: whether somebody has to be called around each token, or to choose its definition.
        chosen: whether ``callback_chooser`` is overridden.
        entered: whether ``run_callbacks`` is overridden, which is called for each nested list.
        watch: who wants to see each task.
    """

    factory: Any
    actions: Any
    between: bool
    chosen: bool
    entered: bool
    watch: Watchers


def extension_of(eng: Any, base: type, known: Extension | None = None) -> Extension:
    """Return what an engine overrides of a base class; what is known already, where that is still so."""
    factory = provided(eng.processing_factory)
    actions = provided(factory.action_mapper)
    if eng._observer is not None:
        actions = eng._observer.around(actions)
    if known is not None and known.factory is factory and known.actions is actions:
        return known
    chosen, entered = _overrides(eng, "callback_chooser", base), _overrides(eng, "run_callbacks", base)
    plain = (
        factory.before_object is ProcessingFactory.before_object
        and factory.after_object is ProcessingFactory.after_object
        and actions.before_callbacks is ActionMapper.before_callbacks
        and actions.after_callbacks is ActionMapper.after_callbacks
        and not (chosen or entered)
    )
    return Extension(factory, actions, not plain, chosen, entered, _watchers_of(eng, actions, base))


def _watchers_of(eng: Any, actions: Any, base: type) -> Watchers:
    """Return who wants to see each task, whichever task it is."""
    before, after = actions.before_each_callback, actions.after_each_callback
    execute = _overrides(eng, "execute_callback", base)
    steers = _overrides(eng, "jump_call", Steering) or _overrides(eng, "break_current_loop", Steering)
    unseen = before is ActionMapper.before_each_callback and after is ActionMapper.after_each_callback
    if unseen and not execute and not steers:
        return NOBODY
    return Watchers(
        before=None if before is ActionMapper.before_each_callback else before,
        after=None if after is ActionMapper.after_each_callback else after,
        execute=eng.execute_callback if execute else None,
        control=eng if steers else None,
    )


def watchers(eng: Any, extension: Extension, objects: Any = None, obj: Any = None) -> Watchers:
    """Return who looks on while a token runs; ``NOBODY`` itself where nobody does.

    Args:
        eng: the engine.
        extension: what it overrides.
        objects: the tokens, for an overridden ``run_callbacks``.
        obj: the token, likewise.
    """
    debug, trace, max_steps = listening(eng.log), eng.trace, eng.max_steps
    if debug is None and trace is None and max_steps is None and not extension.entered:
        return extension.watch
    enter = eng._entering(objects, obj) if extension.entered else None
    return replace(extension.watch, enter=enter, debug=debug, trace=trace, max_steps=max_steps)


def _overrides(eng: Any, name: str, base: type) -> bool:
    return getattr(type(eng), name) is not getattr(base, name) or name in vars(eng)
