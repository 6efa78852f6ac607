"""Running one token, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from wfgraph.compiler.pipeline import compile_graph
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import HaltProcessing, WorkflowAPIError, WorkflowError
from wfgraph.graph.address import Address, format_address
from wfgraph.graph.nesting import registered
from wfgraph.graph.outcomes import Control
from wfgraph.graph.workflow_graph import ERROR, HALT, Node, WorkflowGraph
from wfgraph.patterns._tasks import register
from wfgraph.runtime.trace import Step, Trace
from wfgraph.testing.paths import Task, answers, difference, label, missing, of_pattern, shown
from wfgraph.utils import escape_control

__all__ = ["Outcome", "Walk", "assert_path", "listeners", "run"]

Outcome: TypeAlias = Literal["completed", "halted", "failed", "stopped", "aborted", "skipped", "left"]
"""How a token's walk has ended; ``left`` for one that was left for another token."""

_OUTCOMES: dict[Control, Outcome] = {
    Control.HALT: "halted",
    Control.STOP: "stopped",
    Control.ABORT: "aborted",
    Control.SKIP_TOKEN: "skipped",
    Control.NEXT_TOKEN: "left",
    Control.JUMP_TOKEN: "left",
    Control.ERROR: "failed",
}

listeners: list[Callable[[Walk], None]] = []
"""Who is told of each walk: the plugin for pytest, when it is to tell what was never walked."""


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """What became of one token.

    Attributes:
        outcome: how it ended.
        names: the names of the tasks it came to, in order; those of patterns (``IF``, ``BREAK``) are among them.
        path: their addresses.
        error: what the last task raised, for a halt or an error; None otherwise.
        token: the token.
        extra_data: the engine's.
        engine: the engine, which stands where the token was left.
        graph: the graph of the definition.
        steps: the steps that were taken on it.
    """

    outcome: Outcome
    names: tuple[str, ...]
    path: tuple[Address, ...]
    error: BaseException | None
    token: Any = field(repr=False)
    extra_data: Any = field(repr=False)
    engine: Any = field(repr=False)
    graph: WorkflowGraph = field(repr=False)
    steps: tuple[Step, ...] = field(repr=False)
    _standing: tuple[int, list[int]] = field(repr=False)
    _stubbed: WorkflowGraph = field(repr=False)
    _max_steps: int = field(repr=False)

    @property
    def message(self) -> str | None:
        """Why it was halted."""
        return self.error.message if isinstance(self.error, HaltProcessing) else None

    @property
    def action(self) -> str | None:
        """The action that the halt waits for."""
        return self.error.action if isinstance(self.error, HaltProcessing) else None

    @property
    def payload(self) -> Any:
        """The payload of the halt."""
        return self.error.payload if isinstance(self.error, HaltProcessing) else None

    def resume(self, task: str = "next") -> Walk:
        """Go on after a halt or an error; returns what became of the token from there on.

        Args:
            task: at which task, in the words of ``restart``: ``"next"``, the one after the one that halted, ``"current"``,
                ``"prev"`` or ``"first"``.

        Raises:
            WorkflowAPIError: the token was not halted, and has not failed, or the engine has gone on already.
            AssertionError: as :func:`run`.
        """
        if self.outcome not in ("halted", "failed"):
            raise WorkflowAPIError(f"this token is {self.outcome}: there is nothing to resume")
        if _standing(self.engine) != self._standing:
            raise WorkflowAPIError("the engine no longer stands where this walk has left it; resume its last walk")
        return _walk(
            self.engine,
            self.token,
            self.graph,
            self._stubbed,
            self._max_steps,
            lambda: self.engine.restart("current", task),
        )

    def assert_path(self, expected: Sequence[Task], outcome: Outcome | None = None) -> None:
        """Fail unless the token has come to these tasks, in this order.

        Tasks of patterns, such as ``IF`` or ``BREAK``, count only where they are among the expected ones.

        Args:
            expected: the tasks.
            outcome: how it must have ended; in any way when not given.

        Raises:
            AssertionError: it has not; the message shows both paths, and where they part in the graph.
        """
        __tracebackhide__ = True
        nodes = [self.graph.nodes[step.target] for step in self.steps if step.target >= 0]
        nodes = [node for node in nodes if not of_pattern(node) or any(answers(node, task) for task in expected)]
        same = len(nodes) == len(expected) and all(map(answers, nodes, expected))
        if not same or outcome not in (None, self.outcome):
            raise AssertionError(self._unlike(expected, nodes, outcome, same)) from (
                None if isinstance(self.error, HaltProcessing) else self.error  # why it was halted, the message says
            )

    def _unlike(self, expected: Sequence[Task], nodes: list[Node], outcome: Outcome | None, same: bool) -> str:
        lines = ["the token took the expected path"] if same else difference(self.graph, self.steps, expected, nodes)
        if outcome not in (None, self.outcome):
            lines.append(f"it is {self.outcome}, not {outcome}")
        if self.error is not None:
            said = self.message if self.outcome == "halted" else f"{type(self.error).__name__}: {self.error}"
            lines.append(f"{self.outcome} at {format_address(self.path[-1])}: {escape_control(str(said))}")
        return "\n".join(lines)


def run(
    definition: Any,
    token: Any,
    *,
    engine: Any = GenericWorkflowEngine,
    stubs: Mapping[Any, Callable[..., Any] | None] | None = None,
    extra_data: Mapping[Any, Any] | None = None,
    max_steps: int = 10_000,
) -> Walk:
    """Run one token through a definition. What its tasks raise, and hooks around them, is told, not raised.

    Args:
        definition: nested lists of tasks.
        token: the token.
        engine: a class of engines, another callable that makes one, or an engine, whose definition is replaced then.
        stubs: tasks to replace, each with what is called instead, or None for nothing. A name replaces all tasks of that
            name. Conditions of patterns, and what RUN_WF and the parallel patterns run, are no items of the definition.
        extra_data: what the engine's ``extra_data`` holds at the beginning.
        max_steps: how many tasks may run.

    Raises:
        AssertionError: the token was not done after ``max_steps`` tasks, or took a step that its graph does not have.
        WorkflowAPIError: a stub stands for no task, or the engine chooses its definitions itself.
        Exception: what went wrong outside of tasks, such as in a hook.
    """
    eng = engine if isinstance(engine, GenericWorkflowEngine) else engine()
    if not str(type(eng).callback_chooser.__module__).startswith("wfgraph."):
        raise WorkflowAPIError(
            f"{type(eng).__name__} chooses its definitions itself; test each of them with an engine that does not"
        )
    graph = compile_graph(definition, engine=type(eng))
    flow = _stub(registered(definition), graph, stubs or {})
    register(eng, flow, [token])
    eng.extra_data.update(extra_data or {})
    stubbed = compile_graph(flow, engine=type(eng)) if stubs else graph
    return _walk(eng, token, graph, stubbed, max_steps, lambda: eng.process([token]))


def assert_path(
    definition: Any, token: Any, expected: Sequence[Task], *, outcome: Outcome | None = None, **options: Any
) -> Walk:
    """Run one token through a definition, and fail unless it comes to these tasks, in this order.

    Args:
        definition: nested lists of tasks.
        token: the token.
        expected: the tasks, as for :meth:`Walk.assert_path`.
        outcome: how it must end; in any way when not given.
        options: as for :func:`run`.

    Raises:
        AssertionError: it does not.
        Exception: as :func:`run`.
    """
    __tracebackhide__ = True
    walk = run(definition, token, **options)
    walk.assert_path(expected, outcome)
    return walk


# Running --------------------------------------------------------------------------------------------------------------


class _Recorder(Trace):
    """Records steps up to a number, and what the last task has raised."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit
        self.over = False
        self.error: BaseException | None = None

    def arrive(self, node: int) -> None:
        if node >= 0 and len(self.steps) >= self.limit:
            self.over = True
            raise WorkflowError(f"no more than {self.limit} tasks may run")
        super().arrive(node)

    def ended(self, error: BaseException | None) -> None:
        super().ended(error)
        self.error = error

    def explains(self, raised: BaseException) -> bool:
        """Tell whether what was raised is what a task raised, or what a handler has made of that."""
        if not self.steps or self.steps[-1].target not in (HALT, ERROR):
            return False
        found: BaseException | None = raised
        while found is not None and found is not self.error:
            found = found.__cause__ or found.__context__
        return found is not None


def _walk(
    eng: Any, token: Any, graph: WorkflowGraph, stubbed: WorkflowGraph, max_steps: int, call: Callable[[], Any]
) -> Walk:
    recorder, before = _Recorder(max_steps), eng.trace
    eng.trace = recorder
    try:
        call()
    except Exception as error:
        if not recorder.over and not recorder.explains(error):
            raise
    finally:
        eng.trace = before
    _check(recorder, graph, stubbed)
    steps = tuple(recorder.steps)
    nodes = [graph.nodes[step.target] for step in steps if step.target >= 0]
    walk = Walk(
        _outcome(steps),
        tuple(node.name for node in nodes),
        tuple(node.item.address for node in nodes),
        recorder.error if steps and steps[-1].target in (HALT, ERROR) else None,
        token,
        eng.extra_data,
        eng,
        graph,
        steps,
        _standing(eng),
        stubbed,
        max_steps,
    )
    for tell in listeners:
        tell(walk)
    return walk


def _check(recorder: _Recorder, graph: WorkflowGraph, stubbed: WorkflowGraph) -> None:
    """Fail unless the token was done in time, and took steps of its graph only."""
    if recorder.over:
        nodes = [graph.nodes[step.target] for step in recorder.steps if step.target >= 0]
        last = " -> ".join(label(graph, node) for node in nodes[-5:])
        raise AssertionError(
            f"the token was not done after {recorder.limit} tasks, the last of which were {last}; "
            "is there a loop without an exit? (max_steps allows more)"
        )
    for step in recorder.steps:
        if step.source >= 0 and not stubbed.permits(step.source, step.target):
            raise AssertionError(
                f"the token went from {label(graph, graph.nodes[step.source])} to {graph.where(step.target)}, which is no "
                "edge of the graph: what the task declares (@task) is not what it does"
            )


def _outcome(steps: Sequence[Step]) -> Outcome:
    if not steps:  # there is no task in it
        return "completed"
    last = steps[-1]
    if last.target == ERROR or last.control is None:
        return "failed"
    return _OUTCOMES.get(last.control, "completed")


def _standing(eng: Any) -> tuple[int, list[int]]:
    return eng.state.token_pos, list(eng.state.callback_pos)


def _does_nothing(obj: Any, eng: Any) -> None:
    """Stand in for a task."""


def _stub(flow: list[Any], graph: WorkflowGraph, stubs: Mapping[Any, Callable[..., Any] | None]) -> list[Any]:
    """Replace tasks of a definition.

    Raises:
        WorkflowAPIError: a stub stands for no task, or is none.
    """
    for task, instead in stubs.items():
        if instead is not None and not callable(instead):
            raise WorkflowAPIError(f"what is called instead of {shown(task)} can't be called: {instead!r}")
        found = [node for node in graph.nodes if node.lane is None and answers(node, task)]
        if not found:
            raise WorkflowAPIError(f"no task can be replaced by a stub: {missing(graph, task)}")
        for node in found:
            into = flow
            for index in node.item.address[:-1]:
                into = into[index]
            into[node.item.address[-1]] = _does_nothing if instead is None else instead
    return flow
