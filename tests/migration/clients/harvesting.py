"""Harvesting with loop tasks of one's own, which move the position of the engine."""

from __future__ import print_function

import json
import sys

import workflow.engine
from workflow.patterns.controlflow import IF, IF_NOT


def show(name, *values):
    print(json.dumps([name] + list(values), default=str))


# Loops ---------------------------------------------------------------------------------------------------------------


def foreach(items, variable):
    """Begin a loop over items; ``end_for`` is its end."""

    def _foreach(obj, eng):
        place = str(eng.getCurrTaskId())
        iterators = eng.getVar("iterators", {})
        if place not in iterators:
            values = items(obj, eng) if callable(items) else items
            iterators[place] = {"values": list(values), "at": 0}
        found = iterators[place]
        if found["at"] < len(found["values"]):
            eng.setVar(variable, found["values"][found["at"]])
            found["at"] += 1
        else:
            del iterators[place]
            eng.delVar(variable)
            # Past the end of the loop, which is as many tasks away as it has.
            eng.jumpCallForward(3)

    _foreach.__name__ = "foreach(%s)" % variable
    _foreach.hide = True
    return _foreach


def end_for(obj, eng):
    """Go back to the beginning of the loop."""
    position = eng.getCurrTaskId()
    position[-1] -= 3
    eng.setPosition(eng.getCurrObjId(), position)


def repeat_while(condition, steps):
    """Go back some steps as long as a condition holds."""

    def _repeat(obj, eng):
        if condition(obj, eng):
            v = eng.getCurrTaskId()
            v[-1] = max(v[-1] - steps - 1, -1)
            eng.setPosition(
                eng.getCurrObjId(),
                v,
            )

    return _repeat


# Tasks ---------------------------------------------------------------------------------------------------------------


def list_sets(obj, eng):
    return obj["sets"]


def harvest(obj, eng):
    obj.setdefault("harvested", []).append(eng.getVar("set"))
    show("harvest", obj["name"], eng.getVar("set"), eng.getCurrTaskId())


def is_big(obj, eng):
    return len(obj["harvested"]) > 2


def is_known(obj, eng):
    return obj["name"] in eng.getVar("known", [])


def remember(obj, eng):
    eng.getVar("known").append(obj["name"])
    eng.setVar("count", eng.getVar("count", 0) + 1)


def warn(obj, eng):
    show("big", obj["name"])


def attempt(obj, eng):
    obj["attempts"] = obj.get("attempts", 0) + 1


def enough(obj, eng):
    return obj["attempts"] < 3


class HarvestEngine(workflow.engine.GenericWorkflowEngine):
    """Knows how often each task was run."""

    def __init__(self):
        self.runs = {}
        super(HarvestEngine, self).__init__()

    def execute_callback(self, callback, obj):
        name = callback.__name__
        self.runs[name] = self.runs.get(name, 0) + 1
        super(HarvestEngine, self).execute_callback(callback, obj)


def main():
    eng = HarvestEngine()
    eng.setWorkflow(
        [
            [foreach(list_sets, "set"), harvest, end_for],
            IF(is_big, [warn]),
            IF_NOT(is_known, remember),
            [attempt, repeat_while(enough, 1)],
        ]
    )
    repositories = [
        {"name": "arxiv", "sets": ["physics", "math", "cs"]},
        {"name": "empty", "sets": []},
        {"name": "arxiv", "sets": ["q-bio"]},
    ]
    for one in repositories:
        one["harvested"] = []
    eng.process(repositories)
    show("repositories", repositories)
    show("runs", sorted((name, count) for name, count in eng.runs.items() if not name.startswith("_")))
    show("store", eng.store["known"], eng.getVar("count"), eng.store["iterators"], eng.hasVar("set"))
    show("state", eng.getCurrObjId(), eng.getCurrTaskId(), eng.has_completed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
