"""The thread that says, for as long as a run goes on, that its worker still has it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from wfgraph.errors import StorageError
from wfgraph.storage.database import Database
from wfgraph.storage.statements import statements_of

__all__ = ["Heartbeat"]


class Heartbeat:
    """Renews a lease at a third of its time.

    Args:
        database: where.
        uuid: the run.
        epoch: the one in which it was claimed.
        lease: for how many seconds.
        standing: tells which object is in hand.
        lost: is called when the run is not ours any more.
    """

    def __init__(
        self,
        database: Database,
        uuid: str,
        epoch: int,
        lease: float,
        standing: Callable[[], int],
        lost: Callable[[], None],
    ) -> None:
        self._database = database
        self._statement = statements_of(database).beat
        self._given = {"b_uuid": uuid, "b_epoch": epoch, "b_lease": lease}
        self._pause = lease / 3
        self._standing = standing
        self._lost = lost
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"wfgraph-lease-{uuid[:8]}", daemon=True)
        self._thread.start()

    def _beat(self) -> None:
        while not self._over.wait(self._pause):
            try:
                if not self.renew():
                    self._lost()
                    return
            except StorageError:
                continue  # the database is away; whether the run is still ours is told when it is back

    def renew(self) -> bool:
        """Renew the lease now; False if the run is not ours any more.

        Raises:
            StorageError: the database can't be reached.
        """
        given = self._statement.given({**self._given, "b_state_token_pos": self._standing()})
        with self._database.reading() as connection:
            return connection.exec_driver_sql(self._statement.text, given).rowcount == 1

    def stop(self) -> None:
        """End it, and wait for that."""
        self._over.set()
        self._thread.join()
