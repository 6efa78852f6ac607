"""What is read from statements, and that what is read is never less than what a run shows."""

from __future__ import annotations

import linecache
import re
from typing import Any

import pytest

from inference.animals import ANIMALS
from inference.test_inference import TOKENS, outcomes_of, permits, seen
from wfgraph.compiler.inference import Inference


def text_at(file: str, line: int) -> str:
    return linecache.getline(file, line).partition("  #")[0].strip()


def told_of(task: Any) -> dict[str, str]:
    """Return all that is read of a task, as texts."""
    found = Inference().effects(task)
    file = task.__code__.co_filename
    return {
        "why": re.sub(r", line (\d+)$", lambda match: f": {text_at(file, int(match[1]))}", found.opaque),
        "notes": "; ".join(f"{note.kind.value} {note.detail}: {text_at(note.file, note.line)}" for note in found.notes),
        "reads": " ".join(sorted(found.reads)),
        "writes": " ".join(sorted(found.writes)),
        "beside": " ".join(name for name in ("elsewhere", "acts") if getattr(found, name)),
    }


@pytest.mark.parametrize("name", ANIMALS)
def test_an_animal_is_read_as_it_is_written_down(name: str) -> None:
    one = ANIMALS[name]
    found = outcomes_of(one.task)
    assert set(one.outcomes.split()) == ({"?"} if found is None else {str(outcome) for outcome in found})
    told = told_of(one.task)
    assert one.told == {about: told[about] for about in one.told}


@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning")
@pytest.mark.parametrize("name", ANIMALS)
def test_nothing_comes_of_an_animal_that_was_not_foreseen(name: str) -> None:
    one = ANIMALS[name]
    known = outcomes_of(one.task)
    for token in TOKENS:
        found = seen(one.task, dict(token))
        assert known is None or found is None or permits(known, found), (token, found)
