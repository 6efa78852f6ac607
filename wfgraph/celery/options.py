"""How Celery and its broker have to be set so that no message is lost and none is trusted.

Measured with Celery 5.7 and Redis (``docs/scaling.md``): only late acknowledgement together with rejection on a lost worker
gives back the message of a killed process; a visibility timeout below the time that a message takes runs it twice.
"""

from __future__ import annotations

from typing import Any

from wfgraph.errors import WorkflowAPIError

__all__ = ["configure", "task_options"]

_MARGIN = 600
"""By how many seconds the broker waits longer for a message than that may take at most."""

_REDIS = ("redis", "rediss", "sentinel", "unix")


def task_options(time_limit: float) -> dict[str, Any]:
    """Return the options of our tasks.

    Args:
        time_limit: after how many seconds a worker process is ended that has not done with a message.
    """
    return {
        "acks_late": True,
        "reject_on_worker_lost": True,
        "serializer": "json",
        "time_limit": time_limit,
        "ignore_result": False,
    }


def configure(app: Any, time_limit: float) -> None:
    """Set what can't be set for our tasks alone; what the application has set itself is left, where it is safe.

    Args:
        app: the Celery application.
        time_limit: as for :func:`task_options`.

    Raises:
        WorkflowAPIError: the application has set a visibility timeout within which a message may still be worked on.
    """
    app.conf.worker_prefetch_multiplier = 1
    scheme = str(app.conf.broker_url or "").partition(":")[0].partition("+")[0]
    if scheme not in _REDIS:
        return  # RabbitMQ gives a message back as soon as the connection of its worker ends
    given = dict(app.conf.broker_transport_options or {})
    timeout = given.setdefault("visibility_timeout", time_limit + _MARGIN)
    if timeout <= time_limit:
        raise WorkflowAPIError(
            f"the visibility timeout of the broker is {timeout} s, and a message may take {time_limit} s: it would be "
            "delivered again while it is worked on; set broker_transport_options['visibility_timeout'] higher, or "
            "CeleryWorkflows(time_limit=...) lower"
        )
    # How soon messages of a worker that is gone are given back once their visibility timeout is over.
    given.setdefault("unacked_restore_interval", 2)
    given.setdefault("unacked_restore_throttle", 1)
    app.conf.broker_transport_options = given
