"""wfgraph does what ``workflow`` 2.1.6 does, except for the list in ``differential/exclusions.py``.

Not compared yet: workflows whose tasks run the engine inside the run (``programs.restless``); some of them still differ.
"""

from __future__ import annotations

from differential import programs as make
from differential.programs import Program, programs
from differential.runs import compare
from hypothesis import given, settings


@given(programs())
def test_patterns_and_control_calls_agree(program: Program) -> None:
    compare(program)


@given(programs(make.steer, make.hooked_engines, acting=True))
def test_hooks_and_handlers_agree(program: Program) -> None:
    compare(program)


@given(programs(make.steer, make.overridden_engines))
def test_overridden_methods_agree(program: Program) -> None:
    compare(program)


@given(programs(make.steer, make.engines, keyed=True))
def test_keyed_tokens_agree(program: Program) -> None:
    compare(program)


def test_the_default_is_a_hundred_examples_each() -> None:
    assert settings().max_examples in (100, 10_000)
