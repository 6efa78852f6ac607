"""The documentation's example of a stored workflow, run as a script."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "exam_grades.py"
PRINTED = """\
Testing grade #1, with data 6
Testing grade #2, with data 5
Testing grade #3, with data 4
The student has failed this test!

What Zak sees: [6, 5, 4, 5, 2, 6]
Note how the engine resumes from the last failing test:
Testing grade #3, with data 4
Amending this grade..
Testing grade #4, with data 5
Testing grade #5, with data 2
Amending this grade..
Testing grade #6, with data 6

What the professor sees: [6, 5, 5, 5, 5, 6]
"""


@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
def test_the_example_of_the_exam_prints_what_is_documented(tier: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLE)],
        env={"WFGRAPH_TIER": tier, "PYTHONPATH": str(EXAMPLE.parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ("", PRINTED) == (done.stderr, done.stdout)
