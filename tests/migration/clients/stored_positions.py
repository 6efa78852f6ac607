"""Positions that are stored as JSON and taken up again by a fresh engine, in another process of the site."""

import json
import os
import sys
import tempfile

from workflow import engine as workflow_engine
from workflow.errors import HaltProcessing as Halt
from workflow.patterns import IF_ELSE
from workflow.patterns.controlflow import HALT
from workflow.engine import MachineState


def show(name, *values):
    print(json.dumps([name] + list(values), default=str))


class Store(object):
    """A folder of JSON files, a file per item."""

    def __init__(self, folder):
        self.folder = folder

    def path(self, key):
        return os.path.join(self.folder, "%s.json" % key)

    def save(self, key, eng, items):
        state = eng.state.__getstate__()
        data = {
            "token_pos": state["token_pos"],
            "callback_pos": list(state["callback_pos"]),
            "keys": sorted(state),
            "items": items,
        }
        with open(self.path(key), "w") as stream:
            json.dump(data, stream)

    def load(self, key):
        with open(self.path(key)) as stream:
            return json.load(stream)


# Tasks ---------------------------------------------------------------------------------------------------------------


def log_step(name):
    def step(obj, eng):
        obj["steps"].append([name, list(eng.state.callback_pos)])

    step.__name__ = name
    return step


def is_approved(obj, eng):
    return obj.get("approved")


def wait_for_approval(obj, eng):
    if obj.get("approved") is None:
        eng.haltProcessing(msg="approval of %s" % obj["name"], action="approve", payload={"name": obj["name"]})


def approval():
    return [
        log_step("receive"),
        [
            log_step("extract"),
            [wait_for_approval, log_step("approved or not")],
        ],
        IF_ELSE(is_approved, [log_step("publish"), log_step("announce")], [log_step("reject")]),
        log_step("done"),
    ]


def fresh():
    """Return an engine as a new process would make it."""
    eng = workflow_engine.GenericWorkflowEngine()
    eng.callbacks.replace(approval())
    return eng


def first_day(store):
    items = [{"name": "a", "steps": [], "approved": True}, {"name": "b", "steps": []}, {"name": "c", "steps": []}]
    eng = fresh()
    try:
        eng.process(items)
    except Halt as halt:
        show("halted", halt.message, halt.action, halt.payload)
    store.save("day", eng, items)


def resume(store, how, change):
    """Go on where the last process has halted; return whether it is at the end."""
    data = store.load("day")
    items = data["items"]
    eng = fresh()
    eng.state.token_pos = data["token_pos"]
    eng.state.callback_pos = data["callback_pos"]
    change(items[data["token_pos"]])
    ended = True
    try:
        eng.restart("current", how, objects=items)
    except Halt as halt:
        show("halted again", halt.message, eng.state.token_pos, eng.state.callback_pos)
        ended = False
    store.save("day", eng, items)
    return ended


def main():
    store = Store(tempfile.mkdtemp())
    first_day(store)
    show("stored", store.load("day")["token_pos"], store.load("day")["callback_pos"], store.load("day")["keys"])
    show("ended", resume(store, "current", lambda item: item.update(approved=False)))
    show("ended", resume(store, "next", lambda item: item.update(approved=True)))
    for item in store.load("day")["items"]:
        show(item["name"], item["steps"])
    # The state by itself: copies, and refuses what is no position.
    state = MachineState()
    state.__setstate__({"token_pos": 2, "callback_pos": [1, 0], "current_object_processed": False})
    show("state", state.token_pos, state.callback_pos)
    try:
        state.token_pos = -2
    except AttributeError:
        show("refused", state.token_pos)
    state.reset()
    show("reset", state.token_pos, state.callback_pos)
    eng = workflow_engine.GenericWorkflowEngine()
    eng.callbacks.replace([log_step("x"), HALT()])
    eng.setPosition(0, [1])
    show("set", eng.getCurrObjId(), eng.getCurrTaskId())


if __name__ == "__main__":
    sys.exit(main())
