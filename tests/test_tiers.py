"""The compiled tier does what the interpreter does: same events, same state, same outcome, for generated workflows."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seeded import EndlessError, Maker

from wfgraph.compiler import codegen
from wfgraph.engine import GenericWorkflowEngine


def observe(seed: int, tier: str) -> list[Any]:
    maker = Maker(seed)
    eng = GenericWorkflowEngine()
    eng.tier = tier
    eng.callbacks.replace(maker.block())
    seen: list[Any] = []
    words = [
        (maker.rng.choice(["current", "next", "first"]), maker.rng.choice(["current", "next", "prev"])) for _ in "ab"
    ]
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
        seen.append((eng.state.__getstate__(), deepcopy(dict(eng.extra_data)), eng.has_completed))
    return [maker.log, seen]


@pytest.mark.parametrize("patience", [1, codegen.PATIENCE])
@settings(max_examples=5 * settings.default.max_examples)
@given(st.integers(min_value=0))
def test_the_tiers_agree(patience: int, seed: int) -> None:
    """With a patience of 1, every jump and every resumed token goes on in a routine of its own."""
    with patch.object(codegen, "PATIENCE", patience):
        assert observe(seed, "interpreted") == observe(seed, "compiled")
