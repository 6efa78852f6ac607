"""The statements of the hot path: made by SQLAlchemy's Core once per database, and handed to its driver as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Executable, String, bindparam, case, cast, insert, literal_column, select, update

from wfgraph.statuses import WorkflowStatus
from wfgraph.storage.database import Database

__all__ = ["Statement", "Statements", "statements_of"]

_MOVED = ("status", "callback_pos", "node", "visits", "revision")
_CHANGED = (*_MOVED, "data", "loops")
_ENDED = (*_CHANGED, "error_type", "error_message", "halt_message", "halt_action", "halt_payload")
_TOLD = ("number", "node", "callback_pos", "outcome", "seconds")


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A statement as its driver takes it.

    Attributes:
        text: the SQL.
        order: the names of its parameters in their order; None where the driver takes them by name.
        defaults: columns that are not ours, and what gives their values.
    """

    text: str
    order: tuple[str, ...] | None
    defaults: tuple[tuple[str, Any], ...] = ()

    def given(self, parameters: dict[str, Any]) -> Any:
        """Return parameters as the driver takes them."""
        if self.defaults:
            found = {name: value.arg(None) if value.is_callable else value.arg for name, value in self.defaults}
            parameters = found | parameters
        return parameters if self.order is None else tuple([parameters[name] for name in self.order])


class Statements:
    """The statements with which the owner of a run writes.

    Each has the epoch among its conditions: where the run was claimed by another worker, it finds no row.

    Attributes:
        moved: an object has moved on: its position.
        changed: likewise, with what it holds.
        ended: likewise, with what a halt or an error said.
        followed: for each of these, the same with a row of history in one statement, where the database can do that.
        step: a row of history.
        result: a row of the journal.
        new: a new object.
        run: the status and the data of the run.
        beat: the lease.
    """

    def __init__(self, database: Database) -> None:
        self._dialect = database.engine.dialect
        models = database.models
        self._object, self._step = models.object.__table__, models.step.__table__
        self._run = models.workflow.__table__
        self._now: Any = literal_column(f"({database.clock})")
        kinds = (_MOVED, _CHANGED, _ENDED)
        self.moved, self.changed, self.ended = plain = [self._made(self._update(names)) for names in kinds]
        self.followed: dict[Statement, Statement] = {}
        if not database.is_sqlite:
            followed = [self._made(self._with_step(names)) for names in kinds]
            self.followed = dict(zip(plain, followed, strict=True))
        self.step = self._made(self._insert(self._step, "s_", ("object", *_TOLD), "ended"))
        self.result = self._made(self._insert(models.result.__table__, "r_", ("object", "key", "value"), "created"))
        given = ("workflow", "ordinal", "status", "data", "epoch", "revision")
        self.new = self._made(self._insert(self._object, "n_", given, "modified").inline())
        lease: Any = self._now + bindparam("b_lease")
        self.run = self._made(self._update_run(lease))
        self.beat = self._made(self._mine().values(lease_until=lease, state_token_pos=bindparam("b_state_token_pos")))

    def _insert(self, table: Any, mark: str, names: tuple[str, ...], when: str) -> Any:
        """Return what makes a row: the columns that are given, and the one that says when."""
        return insert(table).values({name: bindparam(f"{mark}{name}") for name in names} | {when: self._now})

    def _mine(self) -> Any:
        run = self._run
        return update(run).where((run.c.uuid == bindparam("b_uuid")) & (run.c.epoch == bindparam("b_epoch")))

    def _update_run(self, lease: Any) -> Any:
        # Of what is put back in the queue nobody was told yet.
        new: Any = literal_column(f"'{WorkflowStatus.NEW.name}'")
        told = case((cast(bindparam("b_status"), String) == new, None), else_=self._run.c.dispatched)
        return self._mine().values(
            {name: bindparam(f"b_{name}") for name in ("status", "state_token_pos", "extra_data")}
            | {"modified": self._now, "lease_until": lease, "dispatched": told, "attempts": literal_column("0")}
        )

    def _update(self, names: tuple[str, ...]) -> Any:
        table = self._object
        return (
            update(table)
            .where((table.c.id == bindparam("b_id")) & (table.c.epoch == bindparam("b_epoch")))
            .values({name: bindparam(f"b_{name}") for name in names} | {"modified": self._now})
        )

    def _with_step(self, names: tuple[str, ...]) -> Any:
        moved = self._update(names).returning(self._object.c.id).cte("moved")
        step = self._step.c
        values = [cast(bindparam(f"s_{name}"), step[name].type) for name in _TOLD]
        return insert(self._step).from_select(
            ["object", *_TOLD, "ended"], select(moved.c.id, *values, self._now.label("ended"))
        )

    def _made(self, statement: Executable) -> Statement:
        made: Any = statement.compile(dialect=self._dialect)  # type: ignore[attr-defined]  # every statement has it
        columns = [*(made.insert_prefetch or ()), *(made.update_prefetch or ())]
        defaults = tuple((column.key, column.default or column.onupdate) for column in columns)
        return Statement(str(made), None if made.positiontup is None else tuple(made.positiontup), defaults)


def statements_of(database: Database) -> Statements:
    """Return the statements of a database, made when they are first asked for."""
    if database.statements is None:
        database.statements = Statements(database)
    found: Statements = database.statements
    return found
