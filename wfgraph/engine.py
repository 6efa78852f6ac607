"""The engine: runs tokens, one after the other, through a workflow definition.

The documented import path of :class:`GenericWorkflowEngine` and of the classes around it. The exceptions that steer a
token are at home in :mod:`wfgraph.errors`; clients of ``workflow`` 2.x import them from here, too.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from wfgraph._legacy import LegacyNames
from wfgraph._tiers import Tiers
from wfgraph.errors import AbortProcessing as AbortProcessing
from wfgraph.errors import BreakFromThisLoop as BreakFromThisLoop
from wfgraph.errors import ContinueNextToken as ContinueNextToken
from wfgraph.errors import HaltProcessing, WorkflowError
from wfgraph.errors import JumpCall as JumpCall
from wfgraph.errors import JumpToken as JumpToken
from wfgraph.errors import JumpTokenBack as JumpTokenBack
from wfgraph.errors import JumpTokenForward as JumpTokenForward
from wfgraph.errors import SkipToken as SkipToken
from wfgraph.errors import StopProcessing as StopProcessing
from wfgraph.graph.definition import Block
from wfgraph.graph.nesting import is_block
from wfgraph.logs import with_context
from wfgraph.runtime import loops
from wfgraph.runtime.callbacks import Callbacks
from wfgraph.runtime.compiled import run_token
from wfgraph.runtime.context import item_at, speaking_of
from wfgraph.runtime.extension import Extension, Observer, extension_of, watchers
from wfgraph.runtime.extra_data import ExtraData
from wfgraph.runtime.hooks import ActionMapper, Break, Continue, ProcessingFactory, Signal, TransitionActions
from wfgraph.runtime.hooks import _Signal as _Signal
from wfgraph.runtime.interpreter import walk
from wfgraph.runtime.run import Run, running, set_apart
from wfgraph.runtime.state import MachineState
from wfgraph.runtime.steering import PLACES, Steering
from wfgraph.runtime.tokens import process_tokens, sequence_of
from wfgraph.runtime.trace import Trace
from wfgraph.utils import attribute, brief, counted, overridable, shown, task_name, type_name

__all__ = [
    "ActionMapper",
    "Break",
    "Callbacks",
    "Continue",
    "GenericWorkflowEngine",
    "MachineState",
    "ProcessingFactory",
    "Signal",
    "TransitionActions",
]


class GenericWorkflowEngine(Steering, Tiers, LegacyNames):
    """Runs tokens through a workflow definition.

    Attributes:
        callbacks: the definitions, by key.
        objects: the tokens of the last run.
        state: where the engine stands.
        extra_data: a dict shared by the tasks of a run.
        log: the logger that :meth:`init_logger` made.
        trace: set it to a :class:`~wfgraph.runtime.trace.Trace` to record the steps of the runs that follow.
        tier: how tokens are walked: ``"interpreted"``, ``"compiled"``, or ``"auto"``, which compiles what is run often
            enough to be worth it (unless the environment variable ``WFGRAPH_TIER`` names one of the others). Whatever
            is set, a hook, an overridden method, a trace or a logger that sees each step is served by the interpreter.
        max_steps: how many tasks one token may run before it is taken for an endless loop; None for any number.
        strict: whether to refuse to run a definition in which :func:`wfgraph.check` finds an error.
    """

    callbacks: Callbacks
    objects: Any
    state: MachineState
    extra_data: dict[Any, Any]
    trace: Trace | None = None
    max_steps: int | None = None
    _observer: Observer | None = None
    _run: Run | None = None
    _left_early = False

    def __init__(self) -> None:
        self.callbacks = Callbacks()
        self.objects: Any = []
        self.log = self.init_logger()
        self.state = MachineState()
        self.extra_data = ExtraData()

    def __len__(self) -> int:
        """Return the number of tokens."""
        return len(self.objects)

    def __bool__(self) -> bool:
        """An engine is true, also one without tokens."""
        return True

    def __repr__(self) -> str:
        # Also of an engine whose subclass has not made it whole yet: a debugger asks at any time.
        try:
            count = counted(len(self.objects), "token")
        except Exception:
            count = "no tokens"
        return f"<{type(self).__name__} of {count}, {brief(str(attribute(self, 'state')))}>"

    @overridable
    def signal(cls: Any) -> Any:  # noqa: N805 - a class property
        """What sends the engine's signals."""
        return Signal

    @overridable
    def processing_factory(cls: Any) -> Any:  # noqa: N805 - a class property
        """The class with the hooks around runs and tokens; override it with a subclass of yours."""
        return ProcessingFactory

    def init_logger(self) -> Any:
        """Return the logger to use; override it to use another. Called once, by ``__init__``."""
        name = type_name(type(self))
        return with_context(logging.getLogger(name if name.startswith("wfgraph.") else f"wfgraph.{name}"))

    # Running ---------------------------------------------------------------------------------------------------------

    def process(
        self,
        objects: Iterable[Any],
        stop_on_error: bool = True,
        stop_on_halt: bool = True,
        initial_run: bool = True,
        reset_state: bool = True,
        *,
        workers: int | None = None,
    ) -> None:
        """Run tokens through the workflow.

        Args:
            objects: the tokens; a list, or any other collection of them. Iterators and sets are turned into a list.
            stop_on_error: raise a :class:`WorkflowError` of a token instead of going on with the next one.
            stop_on_halt: raise a halt instead of going on with the next token.
            initial_run: start with these tokens; False goes on with the next of the engine's own.
            reset_state: begin before the first token; False begins where ``state`` stands.
            workers: how many processes share the tokens, all of which are then run from the first task on; None for this
                process alone. The list is given the tokens that the workers send back. What is stopped by a halt or an
                error are the chunks not yet handed out. ``extra_data`` is each chunk's own, and so are jumps to tokens.

        Raises:
            WorkflowError: the tokens can't be iterated over, there is no definition, or the engine runs in another
                thread.
            WorkflowDefinitionError: the definition can't be compiled, or the engine is strict and it has errors.
            HaltProcessing: a task halted the run.
            Exception: whatever a task raised and no handler of the processing factory took.
        """
        objects = self._pre_flight_checks(objects)
        if workers is not None:
            from wfgraph.runtime.sharing import process_shared  # what few need, and takes long to import

            process_shared(self, objects, workers, stop_on_error, stop_on_halt)
            return
        tier = self._chosen_tier()
        with running(self, self._compiled) as run:
            run.tier = tier
            if reset_state:
                self.state.reset()
                loops.clear(self.extra_data)
            else:
                self._position()
            while True:
                begun = run.tokens
                try:
                    if initial_run:
                        initial_run = False
                        self._process(objects)
                    else:
                        self.restart("next", "first")
                    return
                except HaltProcessing:
                    if stop_on_halt or begun == run.tokens:
                        raise
                except WorkflowError:
                    # Without a token begun, going on would fail in the same way for ever.
                    if stop_on_error or begun == run.tokens:
                        raise

    def _pre_flight_checks(self, objects: Any) -> Any:
        if type(objects) is not list:
            objects = sequence_of(objects)
        if len(objects) == 0:
            with speaking_of(self):
                self.log.warning("List of objects is empty. Running workflow on empty set has no effect.")
        if self.callbacks.empty():
            raise WorkflowError("The callbacks are empty, did you set them?")
        return objects

    def _process(self, objects: Any) -> None:
        """Run the tokens from the one after ``state.token_pos``."""
        assert self._run is not None, "only process() runs tokens"  # noqa: S101
        process_tokens(self, self._run, objects)

    def callback_chooser(self, obj: Any) -> Any:
        """Return the definition for a token: nested lists of callables. Override it to choose by yourself.

        A token with a method ``getFeature`` is asked for its ``'type'``, which is the key of its definition; others get
        the one under ``'*'``.

        Raises:
            KeyError: nothing is registered under the key.
            WorkflowError: the token has no type, or the definition is empty.
        """
        key = obj.getFeature("type") if hasattr(obj, "getFeature") else "*"
        if not key:
            raise WorkflowError(
                f"getFeature('type') of the token {type(obj).__name__} gave {shown(key)}, which is no key"
            )
        run = self._run
        found = run.registered[key] if run is not None and key in run.registered else self.callbacks.get(key)
        if not found and (run is None or run.is_empty(found)):
            raise WorkflowError(f"The callbacks under {key!r} are empty, did you set them?")
        return found

    def run_callbacks(self, callbacks: Any, objects: Any, obj: Any, indent: int = 0) -> None:
        """Run one token through a definition, from where ``state.callback_pos`` stands.

        Overriding it gives one call per nested list, as deep as the definition is nested.

        Args:
            callbacks: nested lists of callables.
            objects: the tokens of the run.
            obj: the token.
            indent: the level of ``state.callback_pos`` that belongs to ``callbacks``.
        """
        run = self._run
        extension = self._extension() if run is None or run.extension is None else run.extension
        watch = watchers(self, extension, objects, obj)
        if run is not None and run.entering is not None and run.entering.source is callbacks:
            root, run.entering = run.entering, None
            walk(root, self, obj, indent, watch)
            return
        prepared, executable = self._executable(callbacks, 0, watch)
        prepared.tokens += 1
        if executable is not None and indent == 0:
            run_token(executable, self, obj, prepared)
        else:
            walk(prepared.program.root, self, obj, indent, watch)

    def execute_callback(self, callback: Any, obj: Any) -> None:
        """Run one task. Override it to see, time or wrap each of them."""
        callback(obj, self)

    # How it runs -----------------------------------------------------------------------------------------------------

    def _extension(self, known: Extension | None = None) -> Extension:
        return extension_of(self, GenericWorkflowEngine, known)

    def _entering(self, objects: Any, obj: Any) -> Any:
        def enter(block: Block, indent: int) -> None:
            if self._run is not None:
                self._run.entering = block
            self.run_callbacks(block.source, objects, obj, indent)

        return enter

    def restart(
        self, obj: str, task: str, objects: Any = None, stop_on_error: bool = True, stop_on_halt: bool = True
    ) -> None:
        """Run again from a token and a task relative to where the engine stands.

        Called inside a task it runs inside the run, and the task goes on afterwards; :meth:`rewind` does not nest.

        Args:
            obj: ``"prev"``, ``"current"``, ``"next"`` or ``"first"`` token.
            task: ``"prev"``, ``"current"``, ``"next"`` or ``"first"`` task.
            objects: other tokens; the engine's own when empty.
            stop_on_error: as for :meth:`process`.
            stop_on_halt: as for :meth:`process`.

        Raises:
            WorkflowError: a word is none of these, or there is no such token; the state is as it was then.
            Exception: as :meth:`process`.
        """
        with speaking_of(self):
            self.log.debug("Restarting workflow from %s object and %s task", obj, task)
        with set_apart(self):
            self.set_start(obj, task)
            self.process(
                objects if objects is not None and len(objects) else self.objects,
                stop_on_error=stop_on_error,
                stop_on_halt=stop_on_halt,
                reset_state=False,
            )

    def set_start(self, obj: str, task: str) -> None:
        """Set ``state`` so that the next token to be taken is this one, at this task, in the words of :meth:`restart`.

        Raises:
            WorkflowError: as :meth:`restart`.
        """
        if obj not in PLACES:
            raise WorkflowError(f"Unknown start point {shown(obj)} for object; use one of {', '.join(PLACES)}")
        if task not in PLACES:
            raise WorkflowError(f"Unknown start point {shown(task)} for task; use one of {', '.join(PLACES)}")
        before = {"prev": self.state.token_pos - 2, "current": self.state.token_pos - 1, "first": -1}
        token_pos = before.get(obj, self.state.token_pos)
        if token_pos < -1:
            raise WorkflowError(f"there is no {obj} object to restart: the engine stands at {self.state.token_pos}")
        position = self._position()
        self.state.token_pos = token_pos
        if task == "first":
            self.state.callback_pos = [0]
            loops.clear(self.extra_data)
        elif task == "prev":
            position[-1] = max(0, position[-1] - 1)
        elif task == "next":
            position[-1] += 1

    def _position(self) -> list[int]:
        """Return the position that a run is to go on from."""
        position: Any = self.state.callback_pos
        if not isinstance(position, list) or not position or not all(isinstance(index, int) for index in position):
            raise WorkflowError(
                f"can't go on from the position {shown(position)}: state.callback_pos is a list of ints, one for each level "
                "of nesting, such as [0] or [2, 1]"
            )
        return position

    # Looking at it ---------------------------------------------------------------------------------------------------

    @property
    def current_object(self) -> Any:
        """The current token; None before the first."""
        position = self.state.token_pos
        return None if position < 0 or position >= len(self.objects) else self.objects[position]

    @property
    def current_taskname(self) -> str | None:
        """The name of the current task; for a nested list, the list as text; None when there is none."""
        found = item_at(self, self.state.callback_pos)
        if found is None:
            return None
        return str(found) if is_block(found) else task_name(found)

    @property
    def has_completed(self) -> bool:
        """Whether the last run took its last token to a normal end."""
        at_last = len(self.objects) - 1 == self.state.token_pos >= 0
        return at_last and self.state.current_object_processed and not self._left_early
