"""The engine: runs tokens, one after the other, through a workflow definition.

The documented import path of :class:`GenericWorkflowEngine` and of the classes around it.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Mapping, Sized
from functools import partial
from typing import Any, NoReturn

from wfgraph._legacy import LegacyNames
from wfgraph.compiler.cache import Prepared, ProgramCache
from wfgraph.errors import (
    AbortProcessing,
    BreakFromThisLoop,
    ContinueNextToken,
    HaltProcessing,
    JumpCall,
    JumpToken,
    Rewind,
    SkipToken,
    StopProcessing,
    WorkflowAPIError,
    WorkflowError,
    WorkflowTransition,
)
from wfgraph.graph.definition import Block
from wfgraph.graph.nesting import is_block
from wfgraph.runtime import loops
from wfgraph.runtime.callbacks import Callbacks
from wfgraph.runtime.compiled import run_token, run_tokens
from wfgraph.runtime.cursor import checked
from wfgraph.runtime.extra_data import ExtraData
from wfgraph.runtime.hooks import (
    ActionMapper,
    Break,
    Continue,
    ProcessingFactory,
    Signal,
    TransitionActions,
    handler_for,
    provided,
)
from wfgraph.runtime.hooks import _Signal as _Signal
from wfgraph.runtime.interpreter import Watchers, listening, walk
from wfgraph.runtime.run import Run, running, set_apart
from wfgraph.runtime.state import MachineState
from wfgraph.runtime.trace import Trace
from wfgraph.utils import classproperty, task_name

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

_OBJECTS = ("prev", "current", "next", "first")
_TASKS = ("prev", "current", "next", "first")
_OURS = (WorkflowTransition, WorkflowError)
_NOBODY = Watchers()


class GenericWorkflowEngine(LegacyNames):
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
    """

    trace: Trace | None = None
    tier: str = "auto"
    max_steps: int | None = None
    _run: Run | None = None
    _left_early = False

    def __init__(self) -> None:
        self.callbacks = Callbacks()
        self.objects: Any = []
        self.log = self.init_logger()
        self.state = MachineState()
        self.extra_data: dict[Any, Any] = ExtraData()

    def __len__(self) -> int:
        """Return the number of tokens."""
        return len(self.objects)

    def __bool__(self) -> bool:
        """An engine is true, also one without tokens."""
        return True

    @classproperty
    def signal(cls: Any) -> Any:  # noqa: N805 - a class property
        """What sends the engine's signals."""
        return Signal

    @classproperty
    def processing_factory(cls: Any) -> Any:  # noqa: N805 - a class property
        """The class with the hooks around runs and tokens; override it with a subclass of yours."""
        return ProcessingFactory

    def init_logger(self) -> Any:
        """Return the logger to use; override it to use another. Called once, by ``__init__``."""
        kind = type(self)
        name = f"{kind.__module__}.{kind.__qualname__}"
        return logging.getLogger(name if name.startswith("wfgraph.") else f"wfgraph.{name}")

    # What a task tells the engine ------------------------------------------------------------------------------------

    def continue_next_token(self) -> NoReturn:
        """Leave this token and go on with the next one."""
        raise ContinueNextToken

    def stop(self) -> NoReturn:
        """Stop the run: no further task, no further token."""
        raise StopProcessing

    def halt(self, msg: str = "", action: str | None = None, payload: Any = None) -> NoReturn:
        """Halt the run here (and the runs around it), to be looked at and restarted.

        Args:
            msg: why.
            action: the name of the action that is waited for.
            payload: whatever the one who takes that action needs.

        Raises:
            HaltProcessing: always; the caller of :meth:`process` gets it.
        """
        raise HaltProcessing(msg, action=action, payload=payload)

    def break_current_loop(self) -> NoReturn:
        """Leave the list that holds the task; at top level, end the token."""
        self.log.debug("Break from this loop")
        raise BreakFromThisLoop

    @staticmethod
    def jump_token(offset: int) -> NoReturn:
        """Go to the token this many places away; 0 starts this token again."""
        raise JumpToken(offset)

    def jump_call(self, offset: int) -> NoReturn:
        """Jump within the list that holds the task; clamped to it.

        Args:
            offset: how far; 1 is the next task, 0 this one again.
        """
        self.log.debug("We skip [%s] calls", offset)
        raise JumpCall(offset)

    @staticmethod
    def abort() -> NoReturn:
        """End the run at once, without the token's ``after_object``."""
        raise AbortProcessing

    @staticmethod
    def skip_token() -> NoReturn:
        """Leave this token without its ``after_object`` and go on with the next one."""
        raise SkipToken

    def rewind(self, obj: str = "current", task: str = "first") -> NoReturn:
        """Go on at another token and task, in the words of :meth:`restart`, without a run inside the run."""
        raise Rewind(obj, task)

    # Running ---------------------------------------------------------------------------------------------------------

    def process(
        self,
        objects: Any,
        stop_on_error: bool = True,
        stop_on_halt: bool = True,
        initial_run: bool = True,
        reset_state: bool = True,
    ) -> None:
        """Run tokens through the workflow.

        Args:
            objects: the tokens; a list, or any other collection of them. Iterators and sets are turned into a list.
            stop_on_error: raise a :class:`WorkflowError` of a token instead of going on with the next one.
            stop_on_halt: raise a halt instead of going on with the next token.
            initial_run: start with these tokens; False goes on with the next of the engine's own.
            reset_state: begin before the first token; False begins where ``state`` stands.

        Raises:
            WorkflowError: the tokens can't be iterated over, there is no definition, or the engine runs in another
                thread.
            WorkflowDefinitionError: the definition can't be compiled.
            HaltProcessing: a task halted the run.
            Exception: whatever a task raised and no handler of the processing factory took.
        """
        objects = self._pre_flight_checks(objects)
        with running(self, self._programs().get) as run:
            if reset_state:
                self.state.reset()
                loops.clear(self.extra_data)
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
        if isinstance(objects, str | bytes) or not isinstance(objects, Iterable):
            raise WorkflowError(f"Passed in object {objects.__class__} is not an iterable")
        if isinstance(objects, Mapping):
            raise WorkflowError(
                f"Passed in object {objects.__class__} is a mapping, which has no order of tokens; "
                "pass [it] if it is one token, or list(it.values())"
            )
        if not (isinstance(objects, Sized) and hasattr(objects, "__getitem__")):
            objects = list(objects)
        if len(objects) == 0:
            self.log.warning("List of objects is empty. Running workflow on empty set has no effect.")
        if self.callbacks.empty():
            raise WorkflowError("The callbacks are empty, did you set them?")
        return objects

    def _process(self, objects: Any) -> None:
        """Run the tokens from the one after ``state.token_pos``."""
        run = self._run
        assert run is not None, "only process() runs tokens"  # noqa: S101
        factory = provided(self.processing_factory)
        self._left_early = False
        try:
            factory.before_processing(self, objects)
            while len(objects) - 1 > self.state.token_pos:
                run.begin_token()
                try:
                    if not self._process_plainly(run, factory, objects):
                        self._process_next(run, factory, objects)
                except Break:
                    self._left_early = True
                    break
                except Continue:
                    continue
                self.state.callback_pos_reset()
                loops.clear(self.extra_data)
            factory.after_processing(self, objects)
        finally:
            for join in run.joins:
                join()

    def _process_next(self, run: Run, factory: Any, objects: Any) -> None:
        """Run the next token, with all hooks."""
        self.state.token_pos += 1
        obj = objects[self.state.token_pos]
        factory.before_object(self, objects, obj)
        run.callbacks = self.callback_chooser(obj)
        if not run.callbacks:
            return
        actions = provided(factory.action_mapper)
        loops.keep_enclosing(self.extra_data, self.state.callback_pos)
        actions.before_callbacks(obj, self)
        run.in_token = True
        try:
            self._run_token(run, actions, objects, obj)
        except Exception as error:
            self._handle(factory, run, obj, error)
        else:
            factory.after_object(self, objects, obj)
        finally:
            run.in_token = False

    def _handle(self, factory: Any, run: Run, obj: Any, error: Exception) -> None:
        handler = handler_for(provided(factory.transition_exception_mapper), error)
        handler(obj, self, run.callbacks, error if isinstance(error, _OURS) else sys.exc_info())

    def _process_plainly(self, run: Run, factory: Any, objects: Any) -> bool:
        """Run as many tokens as possible where no hook has to be called between them; False when there are none."""
        if self.state.callback_pos != [0] or not self._plain(factory):
            return False
        coming = len(objects) - 1 - self.state.token_pos
        if "*" not in run.registered or hasattr(objects[self.state.token_pos + 1], "getFeature"):
            return False
        run.callbacks = run.registered["*"]
        prepared = run.program(run.callbacks, self._programs().get)
        if not run.callbacks or not self._compiles(prepared, coming) or self._watchers(objects, None) != _NOBODY:
            return False
        executable = prepared.executable(loops.begin, loops.resume, checked)
        if executable.unit_at(0) is None:
            return False
        before = self.state.token_pos
        loops.keep_enclosing(self.extra_data, self.state.callback_pos)
        run.in_token = True
        try:
            run_tokens(executable, self, objects, prepared, partial(self._handle, factory, run))
        finally:
            run.in_token = False
            prepared.tokens += max(0, self.state.token_pos - before)
        return True

    def _plain(self, factory: Any) -> bool:
        """Tell whether nobody has to be called around a token."""
        return (
            factory.before_object is ProcessingFactory.before_object
            and factory.after_object is ProcessingFactory.after_object
            and not self._overrides("callback_chooser")
            and not self._overrides("run_callbacks")
            and (actions := provided(factory.action_mapper)).before_callbacks is ActionMapper.before_callbacks
            and actions.after_callbacks is ActionMapper.after_callbacks
        )

    def _compiles(self, prepared: Prepared, coming: int) -> bool:
        """Tell whether the compiled tier is to be used."""
        tier = os.environ.get("WFGRAPH_TIER", "auto") if self.tier == "auto" else self.tier
        if tier not in ("auto", "interpreted", "compiled"):
            raise WorkflowAPIError(f"no tier {tier!r}; use 'auto', 'interpreted' or 'compiled'")
        return tier != "interpreted" and (tier == "compiled" or prepared.worth_compiling(coming))

    def _run_token(self, run: Run, actions: Any, objects: Any, obj: Any) -> None:
        around = self.trace.begin(self.state.token_pos) if self.trace is not None else None
        try:
            self.run_callbacks(run.callbacks, objects, obj)
        except HaltProcessing:
            try:
                actions.after_callbacks(obj, self)
            except Exception:
                self.log.exception("after_callbacks failed while the workflow was being halted")
            raise
        except BaseException:
            actions.after_callbacks(obj, self)
            raise
        else:
            actions.after_callbacks(obj, self)
        finally:
            if self.trace is not None and around is not None:
                self.trace.end(around)

    def callback_chooser(self, obj: Any) -> Any:
        """Return the definition for a token: nested lists of callables. Override it to choose by yourself.

        A token with a method ``getFeature`` is asked for its ``'type'``, which is the key of its definition; others get
        the one under ``'*'``.

        Raises:
            KeyError: nothing is registered under the key.
            WorkflowError: the token has no type.
        """
        known = self._run.registered if self._run is not None else {}
        if not hasattr(obj, "getFeature"):
            return known["*"] if "*" in known else self.callbacks.get("*")
        key = obj.getFeature("type")
        if not key:
            raise WorkflowError(f"getFeature('type') of the token {type(obj).__name__} gave {key!r}, which is no key")
        return known[key] if key in known else self.callbacks.get(key)

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
        watch = self._watchers(objects, obj)
        if run is not None and run.entering is not None and run.entering.source is callbacks:
            root, run.entering = run.entering, None
            walk(root, self, obj, indent, watch)
            return
        compiled = self._programs().get
        prepared: Prepared = compiled(callbacks) if run is None else run.program(callbacks, compiled)
        prepared.tokens += 1
        if indent == 0 and watch == _NOBODY and self._compiles(prepared, 0):
            run_token(prepared.executable(loops.begin, loops.resume, checked), self, obj, prepared)
        else:
            walk(prepared.program.root, self, obj, indent, watch)

    def execute_callback(self, callback: Any, obj: Any) -> None:
        """Run one task. Override it to see, time or wrap each of them."""
        callback(obj, self)

    def _watchers(self, objects: Any, obj: Any) -> Watchers:
        actions = provided(provided(self.processing_factory).action_mapper)
        before, after = actions.before_each_callback, actions.after_each_callback
        return Watchers(
            before=None if before is ActionMapper.before_each_callback else before,
            after=None if after is ActionMapper.after_each_callback else after,
            execute=self.execute_callback if self._overrides("execute_callback") else None,
            enter=self._entering(objects, obj) if self._overrides("run_callbacks") else None,
            debug=listening(self.log),
            trace=self.trace,
            max_steps=self.max_steps,
            control=self if self._overrides("jump_call") or self._overrides("break_current_loop") else None,
        )

    def _overrides(self, name: str) -> bool:
        own = getattr(getattr(self, name), "__func__", None)
        return own is not vars(GenericWorkflowEngine)[name]

    def _entering(self, objects: Any, obj: Any) -> Any:
        def enter(block: Block, indent: int) -> None:
            if self._run is not None:
                self._run.entering = block
            self.run_callbacks(block.source, objects, obj, indent)

        return enter

    def _programs(self) -> ProgramCache:
        # Not made by __init__: a subclass may never call it, or call it late.
        cache: ProgramCache = self.__dict__.setdefault("_program_cache", ProgramCache())
        return cache

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
        if obj not in _OBJECTS:
            raise WorkflowError(f"Unknown start point {obj!r} for object; use one of {', '.join(_OBJECTS)}")
        if task not in _TASKS:
            raise WorkflowError(f"Unknown start point {task!r} for task; use one of {', '.join(_TASKS)}")
        before = {"prev": self.state.token_pos - 2, "current": self.state.token_pos - 1, "first": -1}
        token_pos = before.get(obj, self.state.token_pos)
        if token_pos < -1:
            raise WorkflowError(f"there is no {obj} object to restart: the engine stands at {self.state.token_pos}")
        self.state.token_pos = token_pos
        position = self.state.callback_pos
        if task == "first":
            self.state.callback_pos = [0]
            loops.clear(self.extra_data)
        elif task == "prev":
            position[-1] = max(0, position[-1] - 1)
        elif task == "next":
            position[-1] += 1

    # Looking at it ---------------------------------------------------------------------------------------------------

    @property
    def current_object(self) -> Any:
        """The current token; None before the first."""
        position = self.state.token_pos
        return None if position < 0 or position >= len(self.objects) else self.objects[position]

    @property
    def current_taskname(self) -> str | None:
        """The name of the current task; for a nested list, the list as text; None when there is none."""
        if self._run is not None and self._run.callbacks is not None:
            found = self._run.callbacks
        else:
            found = self.callbacks.get(None).get("*")
        for index in self.state.callback_pos:
            if not is_block(found):
                break
            found = found[index] if -len(found) <= index < len(found) else None
        if found is None:
            return None
        return str(found) if is_block(found) else task_name(found)

    @property
    def has_completed(self) -> bool:
        """Whether the last run took its last token to a normal end."""
        at_last = len(self.objects) - 1 == self.state.token_pos >= 0
        return at_last and self.state.current_object_processed and not self._left_early
