"""Ready-made storage: runs that survive, are owned by one worker, and go on after their definition has changed.

It comes with ``pip install 'wfgraph[storage]'``; for PostgreSQL, ``'wfgraph[postgres]'``. See ``docs/storage.md``.
"""

from wfgraph.errors import (
    DefinitionChanged,
    NotStorable,
    OwnershipLost,
    RunOwned,
    SchemaMismatch,
    StorageError,
    UnknownRun,
)
from wfgraph.utils import without_library

try:
    from wfgraph.storage.database import Database, connect
    from wfgraph.storage.engine import DbWorkflowEngine
    from wfgraph.storage.granularity import Granularity, batch
    from wfgraph.storage.hooks import StoredProcessingFactory, StoredTransitionAction
    from wfgraph.storage.models import (
        Base,
        Definition,
        DefinitionMixin,
        Models,
        Object,
        ObjectMixin,
        Result,
        ResultMixin,
        Step,
        StepMixin,
        Workflow,
        WorkflowMixin,
    )
    from wfgraph.storage.once import once
    from wfgraph.storage.records import Progress, Record, RunRecord
    from wfgraph.storage.rows import Interrupted
    from wfgraph.storage.store import Store
except ModuleNotFoundError as error:
    raise without_library(error, "storage") from error

__all__ = [
    "Base",
    "Database",
    "DbWorkflowEngine",
    "Definition",
    "DefinitionChanged",
    "DefinitionMixin",
    "Granularity",
    "Interrupted",
    "Models",
    "NotStorable",
    "Object",
    "ObjectMixin",
    "OwnershipLost",
    "Progress",
    "Record",
    "Result",
    "ResultMixin",
    "RunOwned",
    "RunRecord",
    "SchemaMismatch",
    "Step",
    "StepMixin",
    "StorageError",
    "Store",
    "StoredProcessingFactory",
    "StoredTransitionAction",
    "UnknownRun",
    "Workflow",
    "WorkflowMixin",
    "batch",
    "connect",
    "once",
]
