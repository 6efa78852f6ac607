"""What wfgraph and ``workflow`` share: both take nested lists and run tokens through them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bench.tasks import Token, hook
from bench.workloads import WORKLOADS, Stage, Workload

__all__ = ["runners"]


def _hooked(engines: Any) -> Any:
    """Return a class of engines that call a hook before each task."""

    class Actions(engines.ActionMapper):  # type: ignore[misc]  # of either library
        before_each_callback = staticmethod(hook)

    class Factory(engines.ProcessingFactory):  # type: ignore[misc]
        action_mapper = Actions

    class HookedEngine(engines.GenericWorkflowEngine):  # type: ignore[misc]
        processing_factory = Factory

    return HookedEngine


def _warm(engine: Any, workload: Workload, patterns: Any) -> Stage:
    """Run tokens through an engine that is kept."""
    engine.callbacks.replace(workload.build(patterns))
    return lambda tokens: partial(engine.process, tokens)


def _fresh(make: Callable[[], Any], workload: Workload, patterns: Any, forget: Callable[[], None]) -> Stage:
    """Run tokens through a definition that no engine has seen, in an engine that is new."""

    def stage(tokens: Sequence[Token]) -> Callable[[], object]:
        definition = workload.build(patterns)
        forget()

        def run() -> None:
            engine = make()
            engine.callbacks.replace(definition)
            engine.process(tokens)

        return run

    return stage


def runners(
    engines: Any, patterns: Any, tier: str | None = None, forget: Callable[[], None] = lambda: None
) -> dict[str, Callable[[Workload], Stage]]:
    """Return the runners of a library.

    Args:
        engines: its module ``engine``.
        patterns: its module ``patterns.controlflow``.
        tier: what to set ``engine.tier`` to, if anything.
        forget: makes the library forget what it keeps for all engines, called before a definition counts as fresh.
    """
    kinds = {True: _hooked(engines), False: engines.GenericWorkflowEngine}

    def start(workload: Workload) -> Stage:
        def make() -> Any:
            engine = kinds[workload.hooked]()
            if tier is not None:
                engine.tier = tier
            return engine

        if workload.fresh:
            return _fresh(make, workload, patterns, forget)
        return _warm(make(), workload, patterns)

    return dict.fromkeys((workload.name for workload in WORKLOADS), start)
