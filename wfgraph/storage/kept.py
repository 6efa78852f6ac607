"""How tokens run while the run that they are of is kept in a database: claimed, written, and let go of."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from wfgraph import engine_db
from wfgraph.compiler.pipeline import compile_graph, graph_of_registered
from wfgraph.errors import StorageError, WorkflowAPIError, WorkflowError
from wfgraph.graph.identity import fingerprint
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.runtime.context import speaking_of
from wfgraph.runtime.extension import Extension
from wfgraph.runtime.hooks import ActionMapper
from wfgraph.runtime.tokens import process_tokens
from wfgraph.statuses import ObjectStatus, WorkflowStatus
from wfgraph.storage.going_on import moved
from wfgraph.storage.granularity import TOKEN, Granularity, granularity_of
from wfgraph.storage.hooks import StoredProcessingFactory
from wfgraph.storage.keeper import Keeper
from wfgraph.storage.nowhere import Aside, Nowhere
from wfgraph.storage.parts import cut
from wfgraph.storage.patience import at_once
from wfgraph.storage.placement import Move
from wfgraph.storage.recorder import Claim, shared
from wfgraph.storage.records import Record, RunRecord
from wfgraph.storage.rows import Interrupted
from wfgraph.storage.store import Store, worker_name
from wfgraph.storage.values import encode
from wfgraph.utils import overridable

__all__ = ["KeptEngine"]

_LARGE = 1_000_000


class KeptEngine(engine_db.DbWorkflowEngine):
    """The part of :class:`~wfgraph.storage.DbWorkflowEngine` that runs tokens; that one says what to run, and has the names.

    What is documented there is documented there alone.
    """

    policy: str = "remap"
    versions: Sequence[Any] = ()
    contains: Callable[[BaseException], bool] | None = None
    """Tells which exceptions that would end the process fail the token in hand instead, and leave the run to be gone on with."""
    _skipping = False
    _asked_to_stop = False
    """Whether that was asked for after a run was to begin, and before it has begun."""
    _own_extension: Extension | None = None
    _row_extension: Extension | None = None
    _keeper: Any

    def __init__(
        self,
        db_obj: RunRecord,
        store: Store,
        *,
        granularity: Granularity | str = TOKEN,
        lease: float = 60.0,
        owner: str | None = None,
    ) -> None:
        super().__init__(db_obj)
        if lease <= 0:
            raise WorkflowAPIError(f"a lease lasts for some seconds, not {lease}")
        self.runs = store
        self.granularity = granularity_of(granularity)
        self.lease = lease
        self.owner = owner or worker_name()
        self._keeper = Nowhere()
        self._moves: dict[Record, Move] | None = None
        if self.granularity.per_task:
            # An attribute of this very engine: whatever a subclass or its factories override is left to them.
            vars(self)["execute_callback"] = partial(_stored_first, self)

    @overridable
    def processing_factory(cls: Any) -> Any:  # noqa: N805 - a class property
        """The class with the hooks around runs and tokens; override it with a subclass of yours."""
        return StoredProcessingFactory

    def _pre_flight_checks(self, objects: Any) -> Any:
        """Look at tokens, and return them as a list: what can't be stored is put back in it as it was stored last."""
        found = super()._pre_flight_checks(objects)
        return found if isinstance(found, list) else list(found)

    def callback_chooser(self, obj: Any) -> Any:
        """Return the definition for a token; nothing for one that is not to be run again."""
        return () if self._skipping else super().callback_chooser(obj)

    def duplicate(self) -> Any:
        """Return another engine like this one, for what runs inside a task of this one; it stores nothing."""
        other = super().duplicate()
        other._keeper = Aside()
        for name in ("execute_callback", "_own_extension", "_row_extension", "branch_runner"):
            vars(other).pop(name, None)
        return other

    # Tokens ----------------------------------------------------------------------------------------------------------

    def to_stored(self, token: Any) -> Any:
        """Return what is stored of a token: JSON. Override it, with :meth:`from_stored`, for tokens of a class of yours."""
        return token

    def from_stored(self, value: Any) -> Any:
        """Return the token of which something was stored."""
        return value

    def _stored_text(self, token: Any, record: Record) -> str:
        """Return what a token holds, as it is to be stored.

        Raises:
            NotStorable: it is no JSON.
        """
        text = encode(self.to_stored(token), lambda: f"token {self.db_obj.place_of(record)}")
        if len(text) > _LARGE >= len(record.stored):
            with speaking_of(self):
                self.log.warning(
                    "token %d takes %d bytes, which are written each time it changes; keep large data elsewhere, and its "
                    "name in the token",
                    self.db_obj.place_of(record),
                    len(text),
                )
        return text

    def _stand_anew(self) -> None:
        """Stand where the run stands now, with its tokens in the list that was given."""
        raise NotImplementedError

    # Keeping ---------------------------------------------------------------------------------------------------------

    @property
    def _idle(self) -> bool:
        """Whether nothing of its run is under way."""
        return type(self._keeper) is Nowhere

    def _graph(self) -> WorkflowGraph:
        """Return the graph of the definition.

        Raises:
            WorkflowError: there is none, or there are several.
        """
        known = self.callbacks.get(None)
        if len(known) != 1:
            raise WorkflowError(
                f"a stored run has one definition, and this engine has {len(known)}"
                + ("; set it: callbacks.replace(definition)" if not known else f": {', '.join(map(repr, known))}")
            )
        (callbacks,) = known.values()
        self._compiled(callbacks)  # which a strict engine checks, before anything is stored
        graph = graph_of_registered(callbacks)
        stored = self.db_obj.definition
        if self.policy == "pinned" and stored not in (None, fingerprint(graph)):
            for version in self.versions:
                older = compile_graph(version)
                if fingerprint(older) == stored:
                    (key,) = known
                    self.callbacks.replace(version, key)
                    return older
        return graph

    def _moved(self, graph: WorkflowGraph, remap: Mapping[Any, Any] | None = None) -> dict[Record, Move]:
        return moved(self.db_obj, self.runs, graph, self.policy, remap)

    def _store_new(self, objects: Any, graph: WorkflowGraph, part_size: int | None = None) -> None:
        run = self.db_obj
        if run.objects or run.parts:
            raise StorageError(f"the run {self.uuid} is stored already; go on with it: resume()")
        run.definition = fingerprint(graph)
        run.extra_data = dict(self.extra_data)
        encode(run.extra_data, "extra_data")
        records = [Record(number, "null") for number in range(len(objects))]
        for record, token in zip(records, objects, strict=True):
            record.stored = self._stored_text(token, record)
        run.objects = records
        if not records:
            run.status = WorkflowStatus.COMPLETED  # there is nothing that anybody could go on with
        try:
            if part_size is not None:
                cut(run, part_size)
            self.runs.create(run, graph)
        except BaseException:
            run.objects, run.parts = [], []
            raise
        self.objects = objects

    @contextmanager
    def _kept(
        self,
        objects: Any,
        starts: Mapping[int, list[int] | None] | None,
        afresh: bool,
        ends: WorkflowStatus | None = None,
    ) -> Iterator[None]:
        """Claim the run, and let go of it at the end."""
        claim = self._claimed(objects, starts, afresh)
        self._keeper = keeper = Keeper(self.runs, claim)
        keeper.interrupting = self._asked_to_stop
        self._left_early = False
        status: WorkflowStatus | None = None
        try:
            try:
                yield
                status = ends or keeper.outcome(self)
            except Interrupted:
                keeper.interrupted(self)
                raise
            except StorageError:
                raise
            except Exception:
                status = keeper.outcome(self)
                raise
            except BaseException as error:
                if not self._contained(keeper, error):
                    raise
        finally:
            self._keeper = Nowhere()
            keeper.close(self, status)
            if keeper.ended_in_token:
                self._stand_as_stored()

    def _stand_as_stored(self) -> None:
        """Stand where the run stands now, if it can be told: the error that has ended it is not to be lost."""
        try:
            with at_once():
                self._stand_anew()
        except StorageError:
            pass  # it is away, or the run was deleted; to go on is refused then
        except Exception:  # by code of the user's
            self.log.exception("the tokens of the run %s stay in memory as they are", self.uuid)

    def _claimed(self, objects: Any, starts: Mapping[int, list[int] | None] | None, afresh: bool) -> Claim:
        """Claim the run, which is stored first if it is new; its objects stand in the definition of now then."""
        graph = self._graph()
        run, shares = self.db_obj, encode(shared(self.extra_data), "extra_data")
        if not run.objects:
            self._store_new(objects, graph)
        elif len(objects) != len(run.objects):
            raise WorkflowAPIError(
                f"the run {self.uuid} has {len(run.objects)} objects, and these are {len(objects)}; "
                "begin another run: with_name(...)"
            )
        try:
            moved = self._claim_moves(graph, afresh)
            epoch = self.runs.claim(run, self.owner, self.lease, graph, moved)
        finally:
            self._moves = None
        run.epoch, run.owner, run.status, run.definition = epoch, self.owner, WorkflowStatus.RUNNING, fingerprint(graph)
        for one, move in moved.items():
            one.callback_pos, one.node, one.visits, one.loops = move.position, move.node, move.visits, move.loops
        return Claim(run, objects, epoch, graph, self.lease, self.granularity, starts, shares)

    def _contained(self, keeper: Keeper, error: BaseException) -> bool:
        """Store the token in hand as failed with what would end the process; tell whether that was done."""
        at = self.state.token_pos
        if self.contains is None or not self.contains(error) or not 0 <= at < len(keeper.run.objects):
            return False
        keeper.token_failed(self, self.current_object, error, "".join(traceback.format_exception(error)))
        return keeper.run.objects[at].status is ObjectStatus.ERROR

    def _claim_moves(self, graph: WorkflowGraph, afresh: bool) -> dict[Record, Move]:
        if self._moves is not None:
            return self._moves
        if not afresh:
            return self._moved(graph)
        standing = [one for one in self.db_obj.objects if one.callback_pos is not None]
        return {one: Move(None, None, one.visits, None) for one in standing}

    # Running ---------------------------------------------------------------------------------------------------------

    @contextmanager
    def _stepping_aside(self) -> Iterator[None]:
        keeper = self._keeper if isinstance(self._keeper, Keeper) else None
        aside = None if keeper is None else keeper.step_aside(self)
        failed = True
        try:
            yield
            failed = False
        finally:
            if keeper is not None:
                keeper.come_back(self, aside, failed)

    @contextmanager
    def _storing_only(self, objects: Any) -> Iterator[None]:
        """Store nothing of tokens that are not the run's: what a task does with others is a part of it."""
        keeper = self._keeper
        mine = getattr(keeper, "tokens", objects)
        if len(objects) != len(mine) or any(one is not other for one, other in zip(objects, mine, strict=True)):
            self._keeper = Aside()
        try:
            yield
        finally:
            self._keeper = keeper

    def _process(self, objects: Any) -> None:
        keeper = self._keeper
        if not isinstance(keeper, Keeper) or not self.granularity.in_rows:
            super()._process(objects)
            return
        assert self._run is not None, "only process() runs tokens"  # noqa: S101
        inside = self._run.around is not None and self._run.around.in_token
        process_tokens(self, self._run, objects, None if inside else partial(keeper.pause, self))

    def _extension(self, known: Extension | None = None) -> Extension:
        found = super()._extension(self._own_extension)
        self._own_extension = found
        if not isinstance(self._keeper, Keeper) or self._keeper.row is None or not self._is_plain(found):
            return found
        if self._row_extension is None or self._row_extension.factory is not found.factory:
            self._row_extension = replace(found, between=False)
        return self._row_extension

    def _is_plain(self, found: Extension) -> bool:
        """Tell whether nobody but this package has to be called between tokens."""
        return (
            found.factory.before_object is engine_db.DbProcessingFactory.before_object
            and found.factory.after_object is engine_db.DbProcessingFactory.after_object
            and found.actions.before_callbacks is ActionMapper.before_callbacks
            and found.actions.after_callbacks is ActionMapper.after_callbacks
            and type(self).callback_chooser is KeptEngine.callback_chooser
            and "callback_chooser" not in vars(self)
            and not found.entered
        )


def _stored_first(eng: Any, callback: Any, obj: Any) -> None:
    """Run a task, after it is stored that the token has come to it."""
    eng._keeper.task_begins(eng)
    type(eng).execute_callback(eng, callback, obj)
