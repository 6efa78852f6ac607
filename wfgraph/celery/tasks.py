"""The tasks of Celery's that stand for a :class:`~wfgraph.celery.CeleryWorkflows`: what messages ask a worker for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from celery import Task, bootsteps
from kombu.exceptions import OperationalError

from wfgraph.celery.options import task_options
from wfgraph.errors import DefinitionChanged, SchemaMismatch, StorageError, UnknownRun

if TYPE_CHECKING:
    from wfgraph.celery.workflows import CeleryWorkflows

__all__ = ["Resume", "run_task", "sweep_task"]

_FINAL = (DefinitionChanged, SchemaMismatch, UnknownRun)
"""What does not change by waiting."""

_RETRIES = 8


def run_task(workflows: CeleryWorkflows, time_limit: float) -> Any:
    """Make the task that runs what was stored: ``delay(uuid)``, ``delay_sharded(name, object_ids)``.

    Args:
        workflows: whose it is.
        time_limit: after how many seconds a worker process is ended that is not done with a message.
    """

    class Run(Task):  # type: ignore[misc]
        """Goes on with a stored run."""

        def delay_sharded(self, name: str, object_ids: Iterable[Any], **options: Any) -> str:
            """Store a run in parts, and tell workers of each: see :meth:`CeleryWorkflows.submit`."""
            return workflows.submit(name, object_ids, **options)

    def run(task: Any, uuid: str) -> dict[str, Any]:
        try:
            return workflows.go_on(uuid)
        except _FINAL:
            raise
        except StorageError as error:  # the database is away, perhaps
            pause = min(60, 2**task.request.retries)
            raise task.retry(exc=error, countdown=pause, max_retries=_RETRIES) from error

    options = task_options(time_limit)
    return workflows.app.task(name="wfgraph.run", shared=False, base=Run, bind=True, **options)(run)


class Resume:
    """Puts back in the queue what halted or failed, and tells workers of it."""

    def __init__(self, workflows: CeleryWorkflows) -> None:
        self._workflows = workflows

    def delay(self, uuid: str, **options: Any) -> list[str]:
        """Put back what halted or failed, and tell workers.

        That it is put back is stored before this returns, so a message that comes twice resumes nothing twice.

        Args:
            uuid: the run; in parts or not.
            options: ``halted``, ``failed``, ``objects`` and ``remap``: as for
                :meth:`wfgraph.storage.DbWorkflowEngine.resume`.

        Returns:
            The uuids of the runs that workers were told of.

        Raises:
            Exception: as :meth:`wfgraph.storage.DbWorkflowEngine.make_ready`.
        """
        told: list[str] = self._workflows.engine(uuid).make_ready(**options)
        self._workflows.dispatch(told)
        return told


def sweep_task(workflows: CeleryWorkflows, time_limit: float, seconds: float | None) -> None:
    """Make the task that looks for runs which should be going on and are not.

    Args:
        workflows: whose it is.
        time_limit: as for :func:`run_task`.
        seconds: how often each worker asks for it; None for never.
    """

    def sweep() -> int:
        # The message was sent that long ago at the most, or it would have expired; twice that, for clocks that differ.
        return workflows.sweep(2 * seconds if seconds is not None and _is_one_queue(workflows.app) else None)

    task = workflows.app.task(name="wfgraph.sweep", shared=False, **task_options(time_limit))(sweep)
    if seconds is not None:
        workflows.app.steps["worker"].add(_sweeper(task, seconds))


def _is_one_queue(app: Any) -> bool:
    """Tell whether messages of sweeps stand in line behind those of runs."""
    queues = {app.amqp.router.route({}, f"wfgraph.{name}")["queue"].name for name in ("run", "sweep")}
    return len(queues) == 1


def _sweeper(task: Any, seconds: float) -> Callable[..., Any]:
    """Return the step of a worker that asks for a sweep again and again."""

    class Sweeper(bootsteps.StartStopStep):  # type: ignore[misc]
        requires = ("celery.worker.components:Timer",)

        def __init__(self, parent: Any, **options: Any) -> None:
            self.entry: Any = None

        def start(self, parent: Any) -> None:
            self.entry = parent.timer.call_repeatedly(seconds, ask)

        def stop(self, parent: Any) -> None:
            if self.entry is not None:
                self.entry.cancel()
                self.entry = None

    def ask() -> None:
        with suppress(OperationalError):  # the broker is away; the worker says so itself
            task.apply_async(expires=seconds)

    return Sweeper
