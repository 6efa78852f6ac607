"""Stored runs, on one machine and on many."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, assert_type

from wfgraph.engine_db import ObjectStatus, WorkflowStatus
from wfgraph.errors import DefinitionChanged, StorageError
from wfgraph.storage import (
    Database,
    DbWorkflowEngine,
    Granularity,
    Record,
    RunRecord,
    Store,
    StoredProcessingFactory,
    batch,
    connect,
    once,
)


@dataclass
class Order:
    net: int
    ticket: str = ""


class Factory(StoredProcessingFactory):
    @staticmethod
    def after_object(eng: Any, objects: Any, obj: Order) -> None:
        StoredProcessingFactory.after_object(eng, objects, obj)


class OrderEngine(DbWorkflowEngine):
    processing_factory = Factory

    def to_stored(self, token: Order) -> dict[str, Any]:
        return asdict(token)

    def from_stored(self, value: dict[str, Any]) -> Order:
        return Order(**value)


@once()
def open_ticket(order: Order, eng: OrderEngine) -> str:
    assert_type(eng.idempotency_key, str)
    order.ticket = f"T-{order.net}"
    return order.ticket


def use(folder: str) -> None:
    database = connect(f"sqlite:///{folder}/runs.db")
    assert_type(database, Database)
    assert_type(batch(tokens=10), Granularity)
    engine = OrderEngine.with_name("orders", database, granularity="batch", lease=30.0)
    assert_type(engine, OrderEngine)
    engine.callbacks.replace([open_ticket])
    engine.process([Order(1), Order(2)], stop_on_error=False)
    assert_type(engine.db_obj, RunRecord)
    assert_type(engine.db_obj.status, WorkflowStatus)
    assert_type(engine.status, WorkflowStatus)
    assert_type(engine.uuid, str)
    assert_type(engine.runs, Store)
    try:
        again = OrderEngine.from_uuid(engine.db_obj.uuid, database)
        assert_type(again, OrderEngine)
        again.callbacks.replace([open_ticket])
        again.resume(halted="next", objects=[0])
    except DefinitionChanged as changed:
        assert_type(changed.stranded, tuple[str, ...])
    except StorageError as error:
        assert_type(error.message, str)
    store = Store(database)
    for run in store.runs(statuses=[WorkflowStatus.COMPLETED], limit=5):
        assert_type(run, RunRecord)
    found = store.load(engine.db_obj.uuid).objects
    assert_type(found, list[Record])
    assert_type(found[0].status, ObjectStatus)
    assert_type(found[0].status.label, str)
    database.close()


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        use(directory)
