"""Runs all tokens through an engine, past halts and errors, and keeps account of how each of them fared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from wfgraph.engine import GenericWorkflowEngine
from wfgraph.errors import HaltProcessing
from wfgraph.graph.address import format_address
from wfgraph.runtime.hooks import provided
from wfgraph.runtime.sharing import share

__all__ = ["Fate", "Report", "Story", "run_all", "run_shared", "watched"]


class Fate(Enum):
    """How a token fared."""

    WAITING = "not run"
    LEFT = "left early"
    COMPLETED = "completed"
    HALTED = "halted"
    FAILED = "failed"


@dataclass(slots=True, eq=False)
class Story:
    """What became of one token.

    Attributes:
        index: its place among the tokens.
        token: itself.
        fate: how it fared; ``left early`` when a task went on to another token or stopped the run.
        error: the halt or the error, where the run was not stored.
        what: what that said.
        action: the action that is waited for.
        task: the name of the task that raised it.
        position: the address of that task.
    """

    index: int
    token: Any
    fate: Fate = Fate.WAITING
    error: Exception | None = None
    what: str = ""
    action: str = ""
    task: str = ""
    position: str = ""


@dataclass(slots=True, eq=False)
class Report:
    """What became of all tokens.

    Attributes:
        stories: one for each token.
        over: how many tokens are done with, or in hand.
    """

    stories: list[Story]
    over: int = 0
    _begun: int = field(default=0)

    def of(self, fate: Fate) -> list[Story]:
        """Return the stories that ended so."""
        return [story for story in self.stories if story.fate is fate]


def run_all(eng: GenericWorkflowEngine, tokens: Sequence[Any], tell: Callable[[int], Any]) -> Report:
    """Run all tokens, going on with the next one after a halt or an error.

    Args:
        eng: an engine with its definition.
        tokens: the tokens.
        tell: is told how many of them have been taken up.

    Raises:
        Exception: the run failed before it took up a token.
    """
    report = Report([Story(index, token) for index, token in enumerate(tokens)])
    eng.processing_factory = watched(eng, report, tell)
    begun, again = -1, False
    while begun < report._begun:
        begun = report._begun
        try:
            if again:
                eng.restart("next", "first")
            else:
                eng.process(tokens)
        except Exception as error:
            if begun == report._begun:
                raise
            _record(eng, report, error)
        else:
            break
        again = True
        if eng.state.token_pos >= len(tokens) - 1:
            break
    tell(len(tokens))
    return report


def run_shared(eng: GenericWorkflowEngine, tokens: list[Any], workers: int, tell: Callable[[int], Any]) -> Report:
    """Run all tokens as :func:`run_all` does, in worker processes.

    Raises:
        WorkersLost: a worker was killed.
        Exception: the run failed before it took up a token.
    """
    report = Report([])
    for done in share(eng, tokens, workers, _told):
        if done.error is not None:
            raise done.error
        first = done.chunk.first
        tokens[first : first + len(done.chunk.tokens)] = done.chunk.tokens
        for story, token in zip(done.told, done.chunk.tokens, strict=True):
            story.index += first
            story.token = token
            report.stories.append(story)
        tell(len(report.stories))
    return report


def _told(eng: GenericWorkflowEngine, tokens: list[Any]) -> list[Story]:
    """Run the tokens of a chunk in a worker; return their stories, as far as they can be sent."""
    report = run_all(eng, tokens, lambda _: None)
    for story in report.stories:
        story.token = story.error = None
    return report.stories


def _record(eng: GenericWorkflowEngine, report: Report, error: Exception) -> None:
    story = report.stories[eng.state.token_pos]
    story.fate = Fate.HALTED if isinstance(error, HaltProcessing) else Fate.FAILED
    story.error = error
    said = str(getattr(error, "message", "") or error or "")
    story.what = said if story.fate is Fate.HALTED else f"{type(error).__name__}: {said}"
    story.action = str(getattr(error, "action", None) or "")
    story.task = eng.current_taskname or ""
    story.position = format_address(eng.state.callback_pos)


def watched(eng: GenericWorkflowEngine, report: Report, tell: Callable[[int], Any]) -> type:
    """Return the engine's own processing factory, keeping account of where tokens begin and end besides."""
    own: Any = provided(eng.processing_factory)

    class Watched(own):  # type: ignore[misc]
        @staticmethod
        def before_object(eng: Any, objects: Any, obj: Any) -> None:
            # Where the engine stands counts, not the token: the same object may be in the list twice.
            report._begun += 1
            story = report.stories[eng.state.token_pos]
            report.over += story.fate is Fate.WAITING
            story.fate = Fate.LEFT
            tell(report.over - 1)
            own.before_object(eng, objects, obj)

        @staticmethod
        def after_object(eng: Any, objects: Any, obj: Any) -> None:
            own.after_object(eng, objects, obj)
            report.stories[eng.state.token_pos].fate = Fate.COMPLETED

    return Watched
