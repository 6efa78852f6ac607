"""RUN_WF: another workflow inside a task, and how it goes on after a halt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from wfgraph.errors import HaltProcessing, WorkflowDefinitionError
from wfgraph.graph import ops
from wfgraph.graph.nesting import Task
from wfgraph.patterns._tasks import named, new_engine, pattern, register
from wfgraph.runtime import loops
from wfgraph.runtime.steering import PLACES
from wfgraph.utils import is_a, shown

__all__ = ["RUN_WF"]


@pattern
def RUN_WF(
    workflow: Any,
    engine: Callable[[], Any] | None = None,
    data_connector: Task | None = None,
    pass_eng: Sequence[Any] = (),
    pass_always: Any = None,
    outkey: Any = "RUN_WF",
    reinit: bool = False,
    resume: str = "next",
) -> Task:
    """Run another workflow, with an engine of its own that is kept and used again.

    A halt in the other workflow halts this one. When this one is then restarted at this task, with
    ``restart('current', 'current')``, the other goes on instead of beginning anew: after the task that halted, which is
    what someone expects who has done what a ``HALT`` asked for, and then with its further tokens. With
    ``resume="current"`` it runs that task again, which suits tasks that halt until something holds. After
    ``restart('current', 'next')`` its rest is left out. Where it stands is kept as plain data in ``extra_data``, and so
    outlives the process where that is stored; its tokens are asked for again then.

    Args:
        workflow: the other definition; read anew at each run.
        engine: a class, or what else returns an engine when called without arguments; without it, the other engine is
            one like this (see ``duplicate``).
        data_connector: called with the token and this engine, returns the list of the other workflow's tokens; without
            it, the token itself is its only one.
        pass_eng: keys of ``extra_data`` to copy into the other engine's when that is made.
        pass_always: copy them before each run.
        outkey: the key of ``extra_data`` under which the other engine is found; None to keep it nowhere.
        reinit: make a new engine for each run.
        resume: the task, in the words of ``restart``, at which the other workflow goes on after a halt.

    Raises:
        WorkflowDefinitionError: ``reinit`` without ``outkey``, or an unknown ``resume``.
        WorkflowError: (when run) the engine's class does not say how to make another one.
        KeyError: (when run) ``extra_data`` lacks a key of ``pass_eng``.
    """
    _refuse(outkey, reinit, resume)
    keys = tuple(pass_eng)
    use = object()  # tells this use of the pattern from others with the same outkey

    @named("RUN_WF", ops.SubWorkflow(workflow, outkey or None))
    def run_workflow(obj: Any, eng: Any) -> None:
        child = None if reinit or not outkey else _kept(eng.extra_data.get(outkey), use)
        if child is None:
            child = new_engine(eng, "RUN_WF") if engine is None else engine()
        fresh = vars(child).get("_use") is not use
        if fresh or pass_always:
            child.extra_data.update({key: eng.extra_data[key] for key in keys})
        child._use = use
        if outkey:
            eng.extra_data[outkey] = child
        mark = _take_mark(eng, outkey)
        if mark is not None and not fresh:
            tokens = child.objects
        else:
            tokens = [obj] if data_connector is None else data_connector(obj, eng)
        register(child, workflow, tokens)
        try:
            _start(child, tokens, mark, fresh, resume)
        except HaltProcessing:
            _leave_mark(eng, outkey, child)
            raise

    return run_workflow


def _refuse(outkey: Any, reinit: bool, resume: Any) -> None:
    """Refuse arguments that make no sense, as :func:`RUN_WF` says."""
    if reinit and not outkey:
        raise WorkflowDefinitionError("RUN_WF cannot use `reinit` without `outkey`")
    if not is_a(resume, str) or resume not in PLACES:
        raise WorkflowDefinitionError(
            f"RUN_WF can't resume at {shown(resume)}; use 'next', 'current', 'prev' or 'first'"
        )


def _kept(engine: Any, use: object) -> Any:
    """Return an engine found under ``outkey`` if this use of RUN_WF may use it: nobody else's, and idle."""
    if not hasattr(engine, "process") or vars(engine).get("_use", use) is not use:
        return None
    return engine if getattr(engine, "_run", None) is None else None


def _start(child: Any, tokens: Any, mark: Any, fresh: bool, resume: str) -> None:
    """Run the other workflow from its start, or from where it was halted."""
    if mark is None:
        child.process(tokens)
        return
    if fresh:
        child.state.__setstate__(mark["child"])
        if mark["loops"]:
            child.extra_data[loops.KEY] = mark["loops"]
    child.restart("current", resume, tokens)


def _place(eng: Any, outkey: Any) -> str:
    """Name the position of a RUN_WF; nothing where there is none: outside a run, and in a branch of SYNCHRONIZE."""
    run = getattr(eng, "_run", None)
    own = run is not None and run.thread == threading.get_ident()
    return f"{list(eng.state.callback_pos)} RUN_WF {outkey}" if own else ""


def _take_mark(eng: Any, outkey: Any) -> Any:
    """Take away and return what was left for this token and position; None where nothing was."""
    records = eng.extra_data.get(loops.KEY)
    mark = records.pop(_place(eng, outkey), None) if records else None
    if mark is not None and not records:
        loops.clear(eng.extra_data)
    return mark if mark is not None and mark["token"] == eng.state.token_pos else None


def _leave_mark(eng: Any, outkey: Any, child: Any) -> None:
    """Write down where the other workflow was halted.

    It is kept with the records of loops, because it has their lifetime: it belongs to the token and the position, is
    stored with them, and is gone when the token ends or starts from its first task.
    """
    if place := _place(eng, outkey):
        eng.extra_data.setdefault(loops.KEY, {})[place] = {
            "token": eng.state.token_pos,
            "at": list(eng.state.callback_pos),
            "child": child.state.__getstate__(),
            "loops": child.extra_data.get(loops.KEY),
        }
