"""For tests of workflows: run one token through a definition, and say which way it must have taken.

>>> from wfgraph.patterns import IF
>>> def count(order, eng): order["pieces"] = len(order["parts"])
>>> def is_large(order, eng): return order["pieces"] > 1
>>> def call_carrier(order, eng): raise OSError("no network in tests")
>>> flow = [count, IF(is_large, call_carrier)]
>>> walk = assert_path(flow, {"parts": "ab"}, ["count", "call_carrier"], stubs={"call_carrier": None})
>>> walk.outcome, walk.token["pieces"], walk.names
('completed', 2, ('count', 'IF', 'call_carrier'))
"""

from wfgraph.testing.paths import Task
from wfgraph.testing.walks import Outcome, Walk, assert_path, run

__all__ = ["Outcome", "Task", "Walk", "assert_path", "run"]
