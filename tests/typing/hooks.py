"""Hooks and handlers: every way in which the documentation lets a class be named."""

from __future__ import annotations

from typing import Any, assert_type

from wfgraph.engine import ActionMapper, Continue, GenericWorkflowEngine, ProcessingFactory, TransitionActions
from wfgraph.errors import HaltProcessing, SkipToken
from wfgraph.utils import classproperty, staticproperty

Token = dict[str, int]


class Timing(ActionMapper):
    @staticmethod
    def before_each_callback(eng: GenericWorkflowEngine, callback_func: Any, obj: Token) -> None:
        eng.extra_data["now"] = callback_func

    @staticmethod
    def after_callbacks(obj: Token, eng: GenericWorkflowEngine) -> None:
        obj["done"] = 1


class Mild(TransitionActions):
    """A handler may return, raise another exception, or leave it to the one it replaces."""

    @staticmethod
    def HaltProcessing(obj: Token, eng: GenericWorkflowEngine, callbacks: Any, exc_info: Any) -> None:
        obj["halted"] = 1

    @staticmethod
    def SkipToken(obj: Token, eng: GenericWorkflowEngine, callbacks: Any, exc_info: Any) -> None:
        raise Continue

    @staticmethod
    def Exception(obj: Token, eng: GenericWorkflowEngine, callbacks: Any, exc_info: Any) -> None:
        TransitionActions.Exception(obj, eng, callbacks, exc_info)


class ByProperty(ProcessingFactory):
    @classproperty
    def action_mapper(cls) -> type[Timing]:  # noqa: N805 - a class property
        return Timing

    @staticproperty
    def transition_exception_mapper() -> type[Mild]:
        return Mild

    @staticmethod
    def before_object(eng: GenericWorkflowEngine, objects: Any, obj: Token) -> None:
        obj["begun"] = 1


class ByAttribute(ProcessingFactory):
    action_mapper = Timing
    transition_exception_mapper = Mild


class ByMethod(ProcessingFactory):
    @staticmethod
    def action_mapper() -> type[Timing]:
        return Timing


class First(GenericWorkflowEngine):
    @classproperty
    def processing_factory(cls) -> type[ByProperty]:  # noqa: N805 - a class property
        return ByProperty


class Second(GenericWorkflowEngine):
    processing_factory = ByAttribute


class Third(GenericWorkflowEngine):
    @staticproperty
    def processing_factory() -> type[ByMethod]:
        return ByMethod


def task(obj: Token, eng: GenericWorkflowEngine) -> None:
    if obj["n"] == 1:
        raise HaltProcessing("one", action="look", payload=obj)
    if obj["n"] == 2:
        raise SkipToken


def use() -> None:
    engines: list[GenericWorkflowEngine] = [First(), Second(), Third()]
    for engine in engines:
        engine.callbacks.replace([task])
        engine.process([{"n": 3}])
    assert_type(First().processing_factory, type[ByProperty])


if __name__ == "__main__":
    use()
