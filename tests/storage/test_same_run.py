"""Storing changes nothing in a run: generated workflows do at each granularity what they do in an engine that stores nothing."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seeded import EndlessError, Maker

from wfgraph._contract import Nowhere
from wfgraph.engine_db import DbWorkflowEngine as DocumentedEngine
from wfgraph.errors import HaltProcessing
from wfgraph.storage import Database, DbWorkflowEngine, batch, connect

GRANULARITIES = ["task", "token", batch(2, 60_000), batch(50, 60_000)]
TOKENS = [1, 2, 3, 4, 5]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = connect(f"sqlite:///{tmp_path_factory.mktemp('same')}/runs.db", durability="process")
    yield made
    made.close()


def observe(seed: int, eng: Any, flags: bool) -> list[Any]:
    """Return what is seen of a run and of two restarts: what the tasks saw, the ends, the states."""
    maker = Maker(seed)
    definition = maker.block()
    eng.callbacks.replace(definition)
    words = [(maker.rng.choice(["current", "next", "first"]), maker.rng.choice(["current", "next"])) for _ in "ab"]
    calls = [lambda: eng.process(list(TOKENS), stop_on_error=flags, stop_on_halt=flags)]
    calls += [lambda obj=obj, task=task: eng.restart(obj, task) for obj, task in words]
    seen: list[Any] = []
    if eng.callbacks.empty():
        return []
    for call in calls:
        try:
            call()
        except EndlessError:
            seen.append("endless")
            break
        except Exception as error:
            seen.append("halted" if isinstance(error, HaltProcessing) else "failed")
        seen.append((eng.state.__getstate__(), deepcopy(_plain(eng.extra_data)), eng.has_completed))
    return [maker.log, seen]


def _plain(extra_data: Any) -> Any:
    return {key: value for key, value in extra_data.items() if key != "_Iterators"}


def plain_engine() -> Any:
    """Return an engine of the documented kind, over objects that are stored nowhere."""

    class Run:
        name = uuid = "run"
        status = None
        objects: tuple[Any, ...] = ()

        def save(self, status: Any = None) -> None:
            """Store nothing."""

    eng = DocumentedEngine(Run())
    eng._keeper = Nowhere()
    return eng


@settings(max_examples=max(10, settings.default.max_examples // 10))
@given(seed=st.integers(0, 2**32), flags=st.booleans())
@pytest.mark.slow
def test_what_is_stored_runs_as_what_is_not(stored: Database, seed: int, flags: bool) -> None:
    expected = observe(seed, plain_engine(), flags)
    for granularity in GRANULARITIES:
        eng = DbWorkflowEngine.with_name("same", stored, granularity=granularity)
        assert expected == observe(seed, eng, flags), granularity


@settings(max_examples=max(10, settings.default.max_examples // 10))
@given(seed=st.integers(0, 2**32))
@pytest.mark.slow
def test_what_is_stored_is_what_became_of_it(stored: Database, seed: int) -> None:
    """The granularities agree about the rows, too."""
    rows = []
    for granularity in GRANULARITIES:
        eng = DbWorkflowEngine.with_name("same", stored, granularity=granularity)
        seen = observe(seed, eng, False)
        if not seen or "endless" in seen[1]:
            return  # an object that was in hand is known to be so in memory only
        found = DbWorkflowEngine.from_uuid(eng.uuid, stored)
        rows.append([(one.status, one.callback_pos, one.node, one.stored) for one in found.database_objects])
        assert rows[-1] == [(one.status, one.callback_pos, one.node, one.stored) for one in eng.database_objects], (
            "memory and database agree"
        )
    assert all(one == rows[0] for one in rows)
