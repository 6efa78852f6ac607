"""Workflows on many machines, by Celery: the broker delivers, and the database says whose a run is.

It comes with ``pip install 'wfgraph[celery]'``. See ``docs/scaling.md``.
"""

from wfgraph.utils import without_library

try:
    from wfgraph.celery.registry import Registered
    from wfgraph.celery.workflows import CeleryWorkflows
except ModuleNotFoundError as error:
    raise without_library(error, "celery") from error

__all__ = ["CeleryWorkflows", "Registered"]
