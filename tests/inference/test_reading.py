"""What is read of single statements: outcomes, why nothing can be told, notes, and which data is read and written."""

from __future__ import annotations

import contextlib
import linecache
import os
import threading
from functools import partial
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any, cast

import pytest

from inference import farm
from inference.defining import defined
from inference.test_inference import unforeseen
from wfgraph.compiler.inference import Effects, Inference
from wfgraph.engine import GenericWorkflowEngine
from wfgraph.utils import is_a

NAMES: dict[str, Any] = {
    "Engine": GenericWorkflowEngine,
    "cast": cast,
    "contextlib": contextlib,
    "import_module": import_module,
    "is_a": is_a,
    "os": os,
    "partial": partial,
    "threading": threading,
}
READ = Path(__file__).with_name("reading.txt").read_text(encoding="utf-8")


def cases(text: str) -> dict[str, dict[str, str]]:
    """Return what is to be read of which statements, by subject."""
    found: dict[str, dict[str, str]] = {}
    for block in text.strip().split("\n\n"):
        if block.startswith("# "):
            told = found[block[2:]] = {}
        else:
            body, _, expected = block.rpartition("\n-> ")
            assert body not in told, body
            told[body] = expected
    return found


CASES = cases(READ)
AHEAD = 1000
"""How many lines stand before a task, so that its lines are not taken for those of the farm."""


def make(body: str) -> FunctionType:
    text = "\n" * AHEAD + "".join(["def task(obj, eng):\n", *(f"    {line}\n" for line in body.splitlines())])
    made: FunctionType = defined(text, {**vars(farm), **NAMES, "__name__": "flow"})["task"]
    return made


def told(found: Effects) -> str:
    reason, _, line = found.opaque.partition(", line ")
    parts = [
        f"? {reason}" + (f" in {place(int(line))}" if line else "") if reason else " ".join(map(str, found.outcomes)),
        *(f"{note.kind.value} {note.detail} in {place(note.line)}" for note in found.notes),
        *([" ".join(["reads", *sorted(found.reads)])] if found.reads else []),
        *([" ".join(["writes", *sorted(found.writes)])] if found.writes else []),
        *(["elsewhere"] if found.elsewhere else []),
        *(["acts"] if found.acts else []),
    ]
    return "; ".join(parts)


def place(line: int) -> str:
    return str(line - AHEAD - 1) if line > AHEAD else linecache.getline(farm.__file__, line).strip()


@pytest.mark.parametrize("subject", CASES)
def test_statements_are_read_as_it_is_written_down(subject: str) -> None:
    found = {body: told(Inference().effects(make(body))) for body in CASES[subject]}
    assert CASES[subject] == found


@pytest.mark.parametrize("subject", CASES)
def test_no_statement_does_what_was_not_foreseen(subject: str) -> None:
    for body in CASES[subject]:
        assert not unforeseen(make(body), ({}, {"a": 1, "n": 1})), body
