"""Engine classes: what a description says is overridden, for either library."""

from __future__ import annotations

from typing import Any

from differential.build import Builder, Recorder
from differential.exclusions import fixed_actions, fixed_engine, put_back, stand
from differential.programs import Engine
from differential.real import Library

__all__ = ["engine_class"]


def engine_class(library: Library, described: Engine, builder: Builder, recorder: Recorder) -> Any:
    """Make the engine class of a description."""
    base: Any = fixed_engine(recorder.lose) if library.real else library.engine.GenericWorkflowEngine
    space: dict[str, Any] = {}
    if library.real or described.hooks or described.hook_actions or described.handlers:
        factory = _factory(library, described, builder, recorder)
        space["processing_factory"] = factory
    overridden = type("Engine", (base,), space)
    for name, how in described.overrides:
        setattr(overridden, name, _override(name, how, described, overridden, builder, recorder))
    return overridden


# Hooks ---------------------------------------------------------------------------------------------------------------


def _factory(library: Library, described: Engine, builder: Builder, recorder: Recorder) -> type:
    base = library.engine.ProcessingFactory
    around = {name: _hook(base, name, recorder) for name in described.hooks if hasattr(base, name)}
    around["action_mapper"] = _mapper(library, described, builder, recorder)
    if library.real or described.handlers:
        around["transition_exception_mapper"] = _actions(library, described, recorder)
    return type("Factory", (base,), around)


def _mapper(library: Library, described: Engine, builder: Builder, recorder: Recorder) -> Any:
    base = library.engine.ActionMapper
    acts = dict(described.hook_actions)
    names = [*described.hooks, *acts]
    space = {name: _hook(base, name, recorder, acts.get(name), builder) for name in names if hasattr(base, name)}
    if library.real:
        space["before_each_callback"] = _standing(space.get("before_each_callback"))
        space["after_each_callback"] = _putting_back(space.get("after_each_callback"))
    return type("Mapper", (base,), space) if space else base


def _hook(base: Any, name: str, recorder: Recorder, actions: Any = None, builder: Any = None) -> Any:
    def hook(first: Any, second: Any, third: Any = None) -> None:
        given = [it for it in (first, second, third) if it is not None]
        eng = next(it for it in given if hasattr(it, "extra_data"))
        recorder.note(eng, name, [_shown(it) for it in given])
        getattr(base, name)(*given)
        count = recorder.nth(name)
        if actions and count < len(actions):
            obj = next((it for it in given if hasattr(it, "value")), None)
            builder.act(actions[count], obj, eng)

    return staticmethod(hook)


def _standing(hook: Any) -> Any:
    """Extend a hook of the real library: ``nested_position``."""

    def before_each_callback(eng: Any, callback: Any, obj: Any) -> None:
        if hook is not None:
            hook.__func__(eng, callback, obj)
        stand(eng)

    return staticmethod(before_each_callback)


def _putting_back(hook: Any) -> Any:
    """Extend another."""

    def after_each_callback(eng: Any, callback: Any, obj: Any) -> None:
        try:
            if hook is not None:
                hook.__func__(eng, callback, obj)
        finally:
            put_back(eng)

    return staticmethod(after_each_callback)


def _shown(value: Any) -> Any:
    """Show an argument of a hook in a way that both libraries share."""
    if hasattr(value, "extra_data"):
        return "engine"
    if hasattr(value, "value"):
        return ("token", value.name, value.value)
    return value.__name__ if callable(value) else ("list", len(value))


def _actions(library: Library, described: Engine, recorder: Recorder) -> type:
    base: Any = fixed_actions() if library.real else library.engine.TransitionActions
    space = {name: _handler(library, base, name, how, recorder) for name, how in described.handlers}
    actions = type("Actions", (base,), space)
    if library.real:
        _note_breaks(library, actions)
        actions.OwnHalt = staticmethod(actions.HaltProcessing)  # type: ignore[attr-defined]  # own_halts
    return actions


def _note_breaks(library: Library, actions: Any) -> None:
    """Remember when a handler of the real library ends the run early: ``has_completed``."""
    for name in [name for name in dir(actions) if name[0].isupper()]:
        setattr(actions, name, _noting(library, getattr(actions, name)))


def _noting(library: Library, handler: Any) -> Any:
    def noting(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        try:
            handler(obj, eng, callbacks, exc_info)
        except library.engine.Break:
            eng.left_early = True
            raise

    return staticmethod(noting)


def _handler(library: Library, base: Any, name: str, how: str, recorder: Recorder) -> Any:
    def handler(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        recorder.note(eng, "handler", name, type(exc_info[1]).__name__, len(callbacks))
        if how == "break":
            raise library.engine.Break
        if how == "continue":
            raise library.engine.Continue
        if how == "raise":
            raise exc_info[1]
        if how == "reraise":
            kind, value, trace = exc_info
            assert isinstance(value, kind)
            raise value.with_traceback(trace)
        if how == "super":
            getattr(base, name if hasattr(base, name) else "Exception")(obj, eng, callbacks, exc_info)

    return staticmethod(handler)


# Methods -------------------------------------------------------------------------------------------------------------


def _override(name: str, how: str, described: Engine, owner: Any, builder: Builder, recorder: Recorder) -> Any:
    return {
        "execute_callback": _execute_callback,
        "run_callbacks": _run_callbacks,
        "callback_chooser": _callback_chooser,
        "jump_call": _control,
        "break_current_loop": _control,
    }[name](name, how, described, owner, builder, recorder)


def _execute_callback(name: str, how: str, described: Any, owner: Any, builder: Any, recorder: Recorder) -> Any:
    def execute_callback(self: Any, callback: Any, obj: Any) -> None:
        recorder.note(self, name, callback.__name__)
        try:
            super(owner, self).execute_callback(callback, obj)
        except ValueError:
            if how == "super":
                raise

    return execute_callback


def _run_callbacks(name: str, how: str, described: Any, owner: Any, builder: Any, recorder: Recorder) -> Any:
    def run_callbacks(self: Any, callbacks: Any, objects: Any, obj: Any, indent: int = 0) -> None:
        recorder.note(self, name, len(callbacks), indent)
        super(owner, self).run_callbacks(callbacks, objects, obj, indent)
        if how == "other":
            recorder.note(self, name, "done")

    return run_callbacks


def _callback_chooser(name: str, how: str, described: Engine, owner: Any, builder: Builder, recorder: Recorder) -> Any:
    other = builder.definition(described.other)

    def callback_chooser(self: Any, obj: Any) -> Any:
        recorder.note(self, name, obj.name)
        if how == "other" and obj.name % 2:
            return other
        return super(owner, self).callback_chooser(obj)

    return callback_chooser


def _control(name: str, how: str, described: Any, owner: Any, builder: Any, recorder: Recorder) -> Any:
    def control(self: Any, *arguments: Any) -> None:
        recorder.note(self, name, *arguments)
        getattr(super(owner, self), name)(*arguments)

    return control
