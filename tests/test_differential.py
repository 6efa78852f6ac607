"""wfgraph does what ``workflow`` 2.1.6 does, except for the list in ``differential/exclusions.py``.

Five strategies with 100 examples each; ``--long`` makes it 10,000 each.
"""

from __future__ import annotations

from differential import programs as make
from differential.programs import Program, programs
from differential.runs import compare
from hypothesis import given


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


@given(programs(make.restless, make.engines, acting=True))
def test_nested_runs_and_positions_changed_by_tasks_agree(program: Program) -> None:
    compare(program)
