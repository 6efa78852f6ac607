"""The storage-capable engine over ready-made storage: its runs survive, are owned by one worker, and can be resumed.

Example::

    from wfgraph.storage import DbWorkflowEngine

    engine = DbWorkflowEngine.with_name("orders", "sqlite:///orders.db")
    engine.callbacks.replace(flow)
    engine.process(tokens, stop_on_halt=False)

    # later, in another process, after somebody has looked at what was halted
    engine = DbWorkflowEngine.from_uuid(uuid, "sqlite:///orders.db")
    engine.callbacks.replace(flow)
    engine.resume()
"""

from __future__ import annotations

import uuid as uuids
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from wfgraph import engine_db
from wfgraph.compiler.pipeline import compile_graph
from wfgraph.errors import DefinitionChanged, StorageError, WorkflowAPIError, WorkflowError
from wfgraph.graph.identity import fingerprint
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.runtime import loops
from wfgraph.runtime.context import speaking_of
from wfgraph.runtime.extension import Extension
from wfgraph.runtime.extra_data import ExtraData
from wfgraph.runtime.hooks import ActionMapper
from wfgraph.runtime.pool import check_workers
from wfgraph.runtime.tokens import process_tokens
from wfgraph.statuses import ObjectStatus, WorkflowStatus
from wfgraph.storage.database import Database, connect
from wfgraph.storage.granularity import TOKEN, Granularity, granularity_of
from wfgraph.storage.hooks import StoredProcessingFactory
from wfgraph.storage.keeper import Aside, Keeper, Nowhere
from wfgraph.storage.parts import PartRunner, Parts, cut, part_size_for, raise_first
from wfgraph.storage.placement import Move, check_inside, moves
from wfgraph.storage.records import WAITS_FOR_BRANCHES, Record, RunRecord
from wfgraph.storage.rows import Interrupted
from wfgraph.storage.store import Store, worker_name
from wfgraph.storage.values import decode, encode
from wfgraph.utils import classproperty

__all__ = ["DbWorkflowEngine"]

_E = TypeVar("_E", bound="DbWorkflowEngine")

_WORDS = ("current", "next", "prev", "first")
_POLICIES = ("remap", "strict", "pinned")
_LARGE = 1_000_000


class DbWorkflowEngine(engine_db.DbWorkflowEngine):
    """An engine whose run is stored in a database. :meth:`with_name` begins a run, :meth:`from_uuid` goes on with one.

    Tokens are values of JSON, or of a class of yours: override :meth:`to_stored` and :meth:`from_stored` then.

    Args:
        db_obj: the run.
        store: the runs of its database.
        granularity: what is written when: ``"task"``, ``"token"``, ``"batch"``, or what
            :func:`~wfgraph.storage.batch` returns.
        lease: for how many seconds the run is this worker's if it is not heard of.
        owner: the worker's name; ``host:pid`` when not given.

    Attributes:
        db_obj: the run: a :class:`~wfgraph.storage.RunRecord`.
        runs: the runs of its database: a :class:`~wfgraph.storage.Store`.
        policy: what happens when the definition has changed since objects halted in it: ``"remap"`` goes on at the same
            tasks, or refuses; ``"strict"`` refuses; ``"pinned"`` goes on with the one of :attr:`versions` that is the old one.
        versions: older versions of the definition.
    """

    policy: str = "remap"
    versions: Sequence[Any] = ()
    _skipping = False
    _own_extension: Extension | None = None
    _row_extension: Extension | None = None
    _keeper: Any
    _sharing: Parts | None = None

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

    # Beginning -------------------------------------------------------------------------------------------------------

    @classmethod
    def with_name(
        cls: type[_E],
        name: str,
        database: Database | str | None = None,
        *,
        uuid: str | None = None,
        target: str | None = None,
        parent: str | None = None,
        **options: Any,
    ) -> _E:
        """Return an engine for a new run. Nothing is stored before it has tokens.

        Args:
            name: the run's name, which need not be its alone: that of the workflow, say.
            database: where; as :func:`~wfgraph.storage.connect` takes it.
            uuid: the run's uuid; a new one when not given.
            target: where the definition is found, as the command line names it: so that the command line can resume it.
            parent: the uuid of the run that it is a part of.
            options: as for the class.

        Raises:
            StorageError: the database can't be used.
        """
        if not name or len(name) > 255 or "\0" in name:
            raise WorkflowAPIError(f"the name of a run is a text of 1 to 255 characters, not {name!r}")
        run = RunRecord(str(uuids.UUID(uuid)) if uuid else str(uuids.uuid4()), name, target=target, parent=parent)
        return cls(run, Store(connect(database)), **options)

    @classmethod
    def from_uuid(cls: type[_E], uuid: str, database: Database | str | None = None, **options: Any) -> _E:
        """Return an engine for a stored run, standing where that stands: tokens, position, ``extra_data``, loops.

        Nothing is written, and nobody else is kept from the run, before it goes on.

        Args:
            uuid: the run; its first digits do, where they tell it apart.
            database: where.
            options: as for the class.

        Raises:
            UnknownRun: there is none; none is made.
            StorageError: the database can't be used.
        """
        store = Store(connect(database))
        eng = cls(store.load(uuid), store, **options)
        eng._stand()
        return eng

    def _stand(self) -> None:
        """Stand where the run stands."""
        run = self.db_obj
        self.objects = [self.from_stored(decode(record.stored)) for record in run.objects]
        self.extra_data = ExtraData(run.extra_data)
        under_way = (ObjectStatus.RUNNING, ObjectStatus.HALTED, ObjectStatus.ERROR)
        at = run.state_token_pos
        if run.status is WorkflowStatus.RUNNING or not 0 <= at < len(run.objects):
            at = next((one.ordinal for one in run.objects if one.status in under_way), at)
        self.state.token_pos = max(-1, min(at, len(run.objects) - 1))
        record = run.objects[self.state.token_pos] if self.state.token_pos >= 0 else None
        if record is not None and record.callback_pos is not None:
            self.state.callback_pos = list(record.callback_pos)
            if record.loops:
                self.extra_data[loops.KEY] = {
                    key: {**found, "token": record.ordinal} for key, found in record.loops.items()
                }

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
        text = encode(self.to_stored(token), record.what)
        if len(text) > _LARGE >= len(record.stored):
            with speaking_of(self):
                self.log.warning(
                    "token %d takes %d bytes, which are written each time it changes; keep large data elsewhere, and its "
                    "name in the token",
                    record.ordinal,
                    len(text),
                )
        return text

    # Running ---------------------------------------------------------------------------------------------------------

    def process(
        self,
        objects: Any,
        stop_on_error: bool = True,
        stop_on_halt: bool = True,
        initial_run: bool = True,
        reset_state: bool = True,
        *,
        workers: int | None = None,
    ) -> None:
        """Run tokens through the workflow, and store what becomes of them.

        The tokens of a new run are stored first. A stored run takes its own tokens, from the first on.

        Args:
            objects: the tokens.
            stop_on_error: as for :class:`~wfgraph.engine.GenericWorkflowEngine`.
            stop_on_halt: likewise.
            initial_run: likewise.
            reset_state: likewise.
            workers: how many processes share the tokens, which are stored in parts, and all run; what the first one has
                halted or failed with is raised at the end. None for this process alone.

        Raises:
            NotStorable: a token is no JSON; nothing was stored or run.
            RunOwned: another worker has the run.
            OwnershipLost: another worker has taken it over.
            StorageError: the database can't be used; what is stored is as it was.
            DefinitionChanged: objects stand at tasks that are not in the definition.
            Interrupted: the run was asked to stop.
            Exception: as :class:`~wfgraph.engine.GenericWorkflowEngine`.
        """
        if not self._idle:
            with self._stepping_aside(), self._storing_only(objects):
                super().process(objects, stop_on_error, stop_on_halt, initial_run, reset_state)
            return
        objects = self._pre_flight_checks(objects)
        if workers is not None:
            self._store_new(objects, self._graph(), part_size_for(len(objects), check_workers(workers)))
            self._run_parts(workers, stop_on_error, stop_on_halt)
            return
        self._not_in_parts("process")
        with self._kept(objects, None, afresh=reset_state):
            super().process(objects, stop_on_error, stop_on_halt, initial_run, reset_state)

    def submit(self, objects: Any, *, part_size: int | None = None) -> str:
        """Store a new run with its tokens, for whoever resumes it, and return its uuid. Nothing is run.

        Args:
            objects: the tokens.
            part_size: into parts of how many tokens to cut the run, so that several workers can share it; None for a run
                that one worker takes as a whole.

        Raises:
            NotStorable: a token is no JSON; nothing was stored.
            StorageError: the run is stored already, or the database can't be used.
        """
        self._store_new(self._pre_flight_checks(objects), self._graph(), part_size)
        return str(self.uuid)

    def _run_parts(self, workers: int | None, stop_on_error: bool, stop_on_halt: bool) -> None:
        """Run what is to be run of all parts, and stand where they stand then."""
        self._sharing = Parts(self, workers)
        try:
            self._sharing.run()
        finally:
            self._sharing = None
            tokens, self.db_obj = self.objects, self.runs.load(self.uuid)
            self._stand()
            if isinstance(tokens, list) and len(tokens) == len(self.objects):
                tokens[:] = self.objects
                self.objects = tokens
        self.state.current_object_processed = self.db_obj.status is WorkflowStatus.COMPLETED
        raise_first(self.db_obj, stop_on_error, stop_on_halt)

    def _not_in_parts(self, verb: str) -> None:
        if self.db_obj.parts:
            raise WorkflowAPIError(
                f"the run {self.uuid} is in {len(self.db_obj.parts)} parts, which only resume() and recover() go on with; "
                f"{verb}() is for runs in one"
            )

    def resume(
        self,
        *,
        halted: str | None = "next",
        failed: str | None = "current",
        objects: Iterable[int] | None = None,
        remap: Mapping[Any, Any] | None = None,
        stop_on_error: bool = False,
        stop_on_halt: bool = False,
        workers: int | None = None,
    ) -> None:
        """Go on with what is not completed: each object where it stands, in their order.

        Objects that were not begun start, and those that were under way when their worker died go on, at the task that
        was to come next.

        Args:
            halted: at which task those go on that halted: ``"next"``, the one after the one that halted, for what
                somebody has looked at meanwhile; ``"current"``, the same, ``"prev"`` or ``"first"``; None leaves them.
            failed: at which task those go on that failed, likewise.
            objects: the ordinals of those to go on with; all when not given.
            remap: tasks of the old definition and what they are in the new one: names or addresses.
            stop_on_error: raise the first error instead of going on with the next object.
            stop_on_halt: raise the first halt instead of going on with the next object.
            workers: of a run in parts, how many processes share them; None for this process, one part after the other.

        Raises:
            WorkflowAPIError: a word is none of these, or there is no such object.
            DefinitionChanged: objects stand at tasks that are not certainly in the definition; nothing was run.
            Exception: as :meth:`process`.
        """
        if self.db_obj.parts:
            self.make_ready(halted=halted, failed=failed, objects=objects, remap=remap)
            self._run_parts(workers, stop_on_error, stop_on_halt)
            return
        if workers is not None:
            raise WorkflowAPIError(
                f"the run {self.uuid} is not in parts, and can't be shared; store one in parts: process(workers=...)"
            )
        starts, first = self._ready(halted, failed, objects, remap)
        given = self.objects
        with self._kept(given, starts, afresh=False):
            self.state.reset()
            loops.clear(self.extra_data)
            self.state.token_pos = first - 1
            super().process(given, stop_on_error, stop_on_halt, True, False)

    def make_ready(
        self,
        *,
        halted: str | None = "next",
        failed: str | None = "current",
        objects: Iterable[int] | None = None,
        remap: Mapping[Any, Any] | None = None,
    ) -> list[str]:
        """Put back in the queue what halted or failed, for whoever recovers it. Nothing is run.

        What was changed in tokens meanwhile is stored with it. What was not begun yet is in the queue already.

        Args:
            halted: as for :meth:`resume`, like those that follow.
            failed: at which task those go on that failed.
            objects: the ordinals of those to put back.
            remap: tasks of the old definition and what they are in the new one.

        Returns:
            The uuids of the runs for which there is something to do: this one, or parts of it.

        Raises:
            RunOwned: a worker has the run, or such a part; it can be put back when that has ended.
            Exception: as :meth:`resume`.
        """
        if self.db_obj.parts:
            return self._make_parts_ready(halted, failed, self._chosen(objects), remap)
        starts, _ = self._ready(halted, failed, objects, remap)
        back = {
            record: start
            for record in self.db_obj.objects
            if record.status in (ObjectStatus.HALTED, ObjectStatus.ERROR)
            and (start := starts.get(record.ordinal, [0])) is not None
        }
        if back:
            with self._kept(self.objects, {}, afresh=False, ends=WorkflowStatus.NEW):
                self._keeper.put_back(self, back)
        elif self.db_obj.status not in (WorkflowStatus.NEW, WorkflowStatus.RUNNING):
            return []
        return [str(self.uuid)]

    def _make_parts_ready(
        self, halted: str | None, failed: str | None, wanted: set[int], remap: Mapping[Any, Any] | None
    ) -> list[str]:
        runner, ready = PartRunner(self), []
        for part in self.db_obj.parts:
            eng = runner.engine(part.uuid)
            first = part.first_object or 0
            eng.objects = self.objects[first : first + len(eng.objects)]
            mine = [one - first for one in wanted if first <= one < first + len(eng.objects)]
            ready += eng.make_ready(halted=halted, failed=failed, objects=mine, remap=remap)
        return ready

    def _ready(
        self,
        halted: str | None,
        failed: str | None,
        objects: Iterable[int] | None,
        remap: Mapping[Any, Any] | None,
    ) -> tuple[dict[int, list[int] | None], int]:
        """Work out where objects go on, and which is the first to be run."""
        for word in (halted, failed):
            if word is not None and word not in _WORDS:
                raise WorkflowAPIError(f"no place {word!r} to go on at; use one of {', '.join(_WORDS)}, or None")
        wanted = self._chosen(objects)
        graph = self._graph()
        self._moves = self._moved(graph, remap)
        return self._starts(graph, self._moves, wanted, halted, failed)

    def _starts(
        self,
        graph: WorkflowGraph,
        moved: Mapping[Record, Move],
        wanted: set[int],
        halted: str | None,
        failed: str | None,
    ) -> tuple[dict[int, list[int] | None], int]:
        """Return where objects go on that do not just begin, None for those that don't; and the first one to be run.

        Raises:
            DefinitionChanged: a workflow that halted inside a task is not what it was.
        """
        starts: dict[int, list[int] | None] = {}
        first = len(self.db_obj.objects)
        for record in reversed(self.db_obj.objects):
            status = record.status
            if status is ObjectStatus.COMPLETED:
                continue
            word = halted if status is ObjectStatus.HALTED else failed if status is ObjectStatus.ERROR else "current"
            if word is None or record.ordinal not in wanted:
                starts[record.ordinal] = None
                continue
            first = record.ordinal
            move = moved.get(record)
            position = record.callback_pos if move is None else move.position
            if position is not None or record.loops:
                starts[record.ordinal] = start = _start(position or [0], word)
                check_inside(graph, start, record.loops if move is None else move.loops)
        return starts, first

    def recover(self, *, stop_on_error: bool = False, stop_on_halt: bool = False, workers: int | None = None) -> None:
        """Go on with what was not begun or was under way; what halted or failed stays where it is.

        This is what becomes of a run whose worker is gone.

        Raises:
            Exception: as :meth:`resume`.
        """
        self.resume(halted=None, failed=None, stop_on_error=stop_on_error, stop_on_halt=stop_on_halt, workers=workers)

    def restart(
        self, obj: str, task: str, objects: Any = None, stop_on_error: bool = True, stop_on_halt: bool = True
    ) -> None:
        """Run again from a token and a task, in the words of :class:`~wfgraph.engine.GenericWorkflowEngine`.

        Raises:
            Exception: as :meth:`process`.
        """
        self._not_in_parts("restart")
        if self._idle and self.db_obj.objects:
            self._moves = self._moved(self._graph(), None)
            at = self.state.token_pos
            move = self._moves.get(self.db_obj.objects[at]) if 0 <= at < len(self.db_obj.objects) else None
            if move is not None and move.position is not None:
                self.state.callback_pos = list(move.position)
        with self._stepping_aside():
            super().restart(obj, task, objects, stop_on_error, stop_on_halt)

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
            and type(self).callback_chooser is DbWorkflowEngine.callback_chooser
            and "callback_chooser" not in vars(self)
            and not found.entered
        )

    def interrupt(self) -> None:
        """Ask the run that is under way to stop after the task in hand; safe to call from a signal handler.

        Asked from another thread, it stops after the task only where each is stored, otherwise after the token in hand.
        """
        if self._sharing is not None:
            self._sharing.interrupt()
        if isinstance(self._keeper, Keeper):
            self._keeper.interrupt(self)

    def save(self, status: Any = None) -> None:
        """Store what tokens were changed while no task ran. During a run, what happens is stored by itself.

        Args:
            status: of no meaning here; the status of a run follows from what becomes of it.

        Raises:
            Exception: as :meth:`process`.
        """
        if not self._idle or not self.db_obj.objects:
            return
        self._not_in_parts("save")
        with self._kept(self.objects, {}, afresh=False, ends=self.db_obj.status):
            self._keeper.edited(self)

    @property
    def idempotency_key(self) -> str:
        """What is the same whenever this visit of this object to this task runs again, and only then.

        For services that do a thing once per key, however often they are asked: ``pay(..., key=eng.idempotency_key)``.

        Raises:
            WorkflowError: no task runs.
        """
        if not isinstance(self._keeper, Keeper):
            raise WorkflowError("idempotency_key is for tasks of a stored run: no object is in hand")
        return self._keeper.idempotency_key(self)

    @classproperty
    def processing_factory(cls: Any) -> Any:  # noqa: N805 - a class property
        """The class with the hooks around runs and tokens; override it with a subclass of yours."""
        return StoredProcessingFactory

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

    @property
    def _idle(self) -> bool:
        """Whether nothing of its run is under way."""
        return type(self._keeper) is Nowhere

    # Keeping ---------------------------------------------------------------------------------------------------------

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
        graph = compile_graph(callbacks)
        stored = self.db_obj.definition
        if self.policy == "pinned" and stored not in (None, fingerprint(graph)):
            for version in self.versions:
                older = compile_graph(version)
                if fingerprint(older) == stored:
                    (key,) = known
                    self.callbacks.replace(version, key)
                    return older
        return graph

    def _moved(self, graph: WorkflowGraph, remap: Mapping[Any, Any] | None) -> dict[Record, Move]:
        """Return where objects stand in a definition that is not the one in which they were stored.

        Raises:
            DefinitionChanged: they can't, or must not, stand in it.
            WorkflowAPIError: there is no such policy.
        """
        if self.policy not in _POLICIES:
            raise WorkflowAPIError(f"no policy {self.policy!r}; use one of {', '.join(_POLICIES)}")
        stored = self.db_obj.definition
        standing = [
            one
            for one in self.db_obj.objects
            if one.callback_pos is not None and one.status is not ObjectStatus.COMPLETED
        ]
        if stored is None or (stored == fingerprint(graph) and not remap):
            return {}
        if not standing:
            return {}
        old = self.runs.definition(stored)
        if self.policy != "remap" and stored != fingerprint(graph):
            found = "none of engine.versions is" if self.policy == "pinned" else "this one is not"
            raise DefinitionChanged(
                f"the objects of the run {self.uuid} stand in the definition {stored}, the policy is {self.policy}, and "
                f"{found} that definition"
            )
        return moves(old, graph, standing, remap)

    def _chosen(self, objects: Iterable[int] | None) -> set[int]:
        known = range(len(self.db_obj.objects))
        if objects is None:
            # What waits for its branches goes on by itself when they have ended, unless somebody names it.
            return {one.ordinal for one in self.db_obj.objects if one.halt_action != WAITS_FOR_BRANCHES}
        chosen = set(objects)
        if unknown := sorted(one for one in chosen if one not in known):
            raise WorkflowAPIError(
                f"the run {self.uuid} has no object {unknown[0]}; its {len(known)} objects count from 0"
            )
        return chosen

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
        graph = self._graph()
        run = self.db_obj
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
        self._keeper = keeper = Keeper(self.runs, run, objects, epoch, graph, self.granularity, self.lease, starts)
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
        finally:
            self._keeper = Nowhere()
            keeper.close(self, status)

    def _claim_moves(self, graph: WorkflowGraph, afresh: bool) -> dict[Record, Move]:
        if self._moves is not None:
            return self._moves
        if not afresh:
            return self._moved(graph, None)
        standing = [one for one in self.db_obj.objects if one.callback_pos is not None]
        return {one: Move(None, None, one.visits, None) for one in standing}

    def __repr__(self) -> str:
        return f"<DbWorkflowEngine of {self.db_obj!r} in {self.runs.database.url}>"

    __str__ = __repr__


def _start(position: list[int], word: str) -> list[int]:
    """Return the position that a word of :meth:`DbWorkflowEngine.restart` means for a token that stands somewhere."""
    steps: dict[str, Callable[[int], int]] = {
        "current": lambda index: index,
        "next": lambda index: index + 1,
        "prev": lambda index: max(0, index - 1),
    }
    return [0] if word == "first" else [*position[:-1], steps[word](position[-1])]


def _stored_first(eng: Any, callback: Any, obj: Any) -> None:
    """Run a task, after it is stored that the token has come to it."""
    eng._keeper.task_begins(eng)
    type(eng).execute_callback(eng, callback, obj)
