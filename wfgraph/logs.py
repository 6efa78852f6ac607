"""Log records that say which run, token and task they are about, as attributes for machines.

The logger of an engine, ``eng.log``, has the filter :class:`RunContext` already. Put it on a handler, and the records of all
loggers have them that are made while a run is under way: those of your tasks, and of the libraries that they call.

=========================  ===============================================================================
``wfgraph_engine``         the engine's class
``wfgraph_run_uuid``       the uuid of a stored run; None where nothing is stored
``wfgraph_run_name``       its name, likewise
``wfgraph_token``          the index of the token; -1 before the first
``wfgraph_position``       the address of the task, as a list
``wfgraph_task``           the name of the task
``wfgraph_outcome``        how the task has ended the walk (``halt``, ``error``, ``stop``, ...); None while it goes on
``wfgraph_halt_action``    the action that a halt waits for
``wfgraph_halt_message``   why it was halted
``wfgraph_error``          the name of the error's class
=========================  ===============================================================================
"""

from __future__ import annotations

import logging
from typing import Any

from wfgraph.errors import HaltProcessing
from wfgraph.graph.outcomes import Control
from wfgraph.runtime.context import current_engine, identity_of, standing_of
from wfgraph.runtime.trace import control_of

__all__ = ["FIELDS", "RunContext", "fields_of", "with_context"]

FIELDS = (
    "wfgraph_engine",
    "wfgraph_run_uuid",
    "wfgraph_run_name",
    "wfgraph_token",
    "wfgraph_position",
    "wfgraph_task",
    "wfgraph_outcome",
    "wfgraph_halt_action",
    "wfgraph_halt_message",
    "wfgraph_error",
)
"""The attributes that records are given."""


class RunContext(logging.Filter):
    """A filter that lets all records pass, and gives each the attributes of the run that is under way."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the attributes; None for all of them outside of runs."""
        if hasattr(record, FIELDS[0]):
            return True  # by the logger, and here once more by a handler
        eng = current_engine.get()
        found: dict[str, Any] = {}
        if eng is not None:
            try:
                found = fields_of(eng)
            except Exception:  # an engine or a stored run that can't be asked now: the message matters more
                found = {}
        for name in FIELDS:
            setattr(record, name, found.get(name))
        return True


_SHARED = RunContext()


def with_context(log: Any) -> Any:
    """Return a logger, with the filter on it."""
    log.addFilter(_SHARED)
    return log


def fields_of(eng: Any) -> dict[str, Any]:
    """Return the attributes for an engine as it stands now; those that are None are left out."""
    token, position, task = standing_of(eng)
    found: dict[str, Any] = {f"wfgraph_{name}": value for name, value in identity_of(eng).items()}
    found |= {"wfgraph_token": token, "wfgraph_position": position, "wfgraph_task": task}
    ended = None if eng._run is None else eng._run.ended
    if ended is None:
        return found
    control = control_of(ended)
    found["wfgraph_outcome"] = control.value
    if isinstance(ended, HaltProcessing):
        found |= {"wfgraph_halt_action": ended.action, "wfgraph_halt_message": ended.message}
    if control is Control.ERROR:
        found["wfgraph_error"] = type(ended).__qualname__
    return found
