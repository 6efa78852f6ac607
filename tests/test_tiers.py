"""The compiled tier does what the interpreter does: same events, same state, same outcome, for generated workflows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seeded import EndlessError, Maker

from wfgraph.engine import GenericWorkflowEngine


def observe(seed: int, tier: str) -> list[Any]:
    maker = Maker(seed)
    eng = GenericWorkflowEngine()
    eng.tier = tier
    eng.callbacks.replace(maker.block())
    seen: list[Any] = []
    words = [(maker.rng.choice(["current", "next", "first"]), maker.rng.choice(["current", "next", "prev"])) for _ in "ab"]
    calls: list[Callable[[], None]] = [lambda: eng.process([1, 2, 3])]
    calls += [lambda obj=obj, task=task: eng.restart(obj, task) for obj, task in words]
    if eng.callbacks.empty():
        return []
    for call in calls:
        try:
            call()
        except EndlessError:
            break
        except Exception as error:
            seen.append((type(error), str(error)))
        seen.append((eng.state.__getstate__(), dict(eng.extra_data), eng.has_completed))
    return [maker.log, seen]


@given(st.integers(min_value=0))
def test_the_tiers_agree(seed: int) -> None:
    assert observe(seed, "interpreted") == observe(seed, "compiled")


@pytest.mark.parametrize("seed", range(300))
def test_the_tiers_agree_on_these(seed: int) -> None:
    assert observe(seed, "interpreted") == observe(seed, "compiled")
