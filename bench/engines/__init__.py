"""What is measured: one module for each engine, each with a table of the workloads that it can express."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from bench.workloads import Stage, Workload

__all__ = ["BY_NAME", "ENGINES", "Cannot", "Engine"]


class Cannot(Exception):
    """An engine does not do a workload; the message says why.

    Attributes:
        status: ``"not installed"`` or ``"not expressed"``.
    """

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine.

    Attributes:
        name: what it is called on the command line and in the table.
        adapter: the module in this package that knows how to use it. It has ``RUNNERS``, a function for each workload
            that is written for the engine, which is given the workload and returns its :data:`~bench.workloads.Stage`.
        module: the module to import; None for Python itself.
        distribution: what is installed to get it.
        batch: its own run takes many tokens, so it is always given as many as the workload says.
    """

    name: str
    adapter: str
    module: str | None = None
    distribution: str | None = None
    batch: bool = False

    def installed(self) -> bool:
        """Tell whether it can be imported."""
        return self.module is None or find_spec(self.module) is not None

    def version(self) -> str | None:
        """Return its version, or None."""
        try:
            return version(self.distribution) if self.distribution else None
        except PackageNotFoundError:
            return None

    def stage(self, workload: Workload) -> Stage:
        """Make everything ready for a workload.

        Raises:
            Cannot: it is not installed, or can't express it.
        """
        if not self.installed():
            raise Cannot("not installed", f"{self.distribution} is not installed")
        if self.name in workload.without:
            raise Cannot("not expressed", workload.without[self.name])
        adapter = import_module(f"bench.engines.{self.adapter}")
        runners: Mapping[str, Callable[[Workload], Stage]] = adapter.RUNNERS
        if workload.name not in runners:
            raise Cannot("not expressed", workload.beyond)
        return runners[workload.name](workload)


ENGINES: tuple[Engine, ...] = (
    Engine("hand-written", "hand", batch=True),
    Engine("interpreted", "wfgraph_interpreted", "wfgraph", "wfgraph", batch=True),
    Engine("compiled", "wfgraph_compiled", "wfgraph", "wfgraph", batch=True),
    Engine("workflow", "workflow_2", "workflow", "workflow", batch=True),
    Engine("transitions", "peer_transitions", "transitions", "transitions"),
    Engine("statemachine", "peer_statemachine", "statemachine", "python-statemachine"),
    Engine("burr", "peer_burr", "burr", "apache-burr"),
    Engine("pydantic-graph", "peer_pydantic_graph", "pydantic_graph", "pydantic-graph"),
    Engine("langgraph", "peer_langgraph", "langgraph", "langgraph"),
    Engine("spiff", "peer_spiff", "SpiffWorkflow", "SpiffWorkflow"),
)
"""All engines; the first is what the others are compared with."""

BY_NAME: dict[str, Engine] = {engine.name: engine for engine in ENGINES}
