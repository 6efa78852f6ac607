"""What a registry holds: the definitions of runs, by the names of these."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from wfgraph.errors import WorkflowAPIError
from wfgraph.storage import DbWorkflowEngine
from wfgraph.utils import is_definition

__all__ = ["Registered", "registered"]


@dataclass(frozen=True, slots=True)
class Registered:
    """A definition, with what else its runs need.

    Attributes:
        definition: nested lists of callables.
        engine: the class of its engines: a :class:`~wfgraph.storage.DbWorkflowEngine` with hooks of yours, or with
            ``from_stored`` and ``to_stored`` that load and save what the ids stand for.
    """

    definition: Any = field(repr=False)
    engine: type[DbWorkflowEngine] = DbWorkflowEngine


def registered(name: Any, found: Any) -> Registered:
    """Return what a registry holds under a name, given as a definition or as itself.

    Raises:
        WorkflowAPIError: the name is no text, or there is no definition.
    """
    given = found if isinstance(found, Registered) else Registered(found)
    if not isinstance(name, str):
        raise WorkflowAPIError(f"the registry has the name {name!r}, which is no text")
    definition, kind = given.definition, given.engine
    if not is_definition(definition):
        raise WorkflowAPIError(
            f"the registry holds {definition!r} as {name!r}, which is no definition: nested lists of callables; a class of "
            "engines goes with one: Registered(definition, Engine)"
        )
    if not (isinstance(kind, type) and issubclass(kind, DbWorkflowEngine)):
        raise WorkflowAPIError(
            f"the engine of {name!r} is {kind!r}, which is no subclass of wfgraph.storage.DbWorkflowEngine"
        )
    return given
