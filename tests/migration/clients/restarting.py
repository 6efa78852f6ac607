"""Merging duplicates: tasks that restart the engine and jump between tokens, and listeners that hear of it."""

import json
import sys

from workflow.engine import GenericWorkflowEngine, ProcessingFactory, TransitionActions
from workflow.errors import AbortProcessing, ContinueNextToken, HaltProcessing, StopProcessing
from workflow.signals import workflow_finished, workflow_halted, workflow_started


def show(name, *values):
    print(json.dumps([name] + list(values), default=str))


class Record(dict):
    """A record with its own log, which some handlers of the library want."""

    class log(object):
        @staticmethod
        def debug(*args):
            pass


# Listeners -----------------------------------------------------------------------------------------------------------

HEARD = []


def hear(name):
    def listener(sender, *args, **kwargs):
        HEARD.append(name)

    return listener


STARTED, FINISHED, HALTED = hear("started"), hear("finished"), hear("halted")
workflow_started.connect(STARTED)
workflow_finished.connect(FINISHED)
workflow_halted.connect(HALTED)


# The engine, in the documentation's way: staticmethods that return classes --------------------------------------------


class MergeActions(TransitionActions):
    """Says how each token has ended."""

    @staticmethod
    def ContinueNextToken(obj, eng, callbacks, exc_info):
        show("left", obj["id"])
        TransitionActions.ContinueNextToken(obj, eng, callbacks, exc_info)

    @staticmethod
    def StopProcessing(obj, eng, callbacks, exc_info):
        show("stopped", obj["id"], isinstance(exc_info[1], StopProcessing))
        super(MergeActions, MergeActions).StopProcessing(obj, eng, callbacks, exc_info)


class MergeFactory(ProcessingFactory):
    transition_exception_mapper = MergeActions

    @staticmethod
    def before_processing(eng, objects):
        eng.depth = getattr(eng, "depth", 0) + 1
        show("begins", eng.depth, len(objects))
        super(MergeFactory, MergeFactory).before_processing(eng, objects)


class MergeEngine(GenericWorkflowEngine):
    processing_factory = MergeFactory


# Tasks ---------------------------------------------------------------------------------------------------------------


def count(obj, eng):
    obj["visits"] = obj.get("visits", 0) + 1
    show("visit", obj["id"], obj["visits"], eng.getCurrObjId(), eng.getCurrTaskId())


def restart_once(obj, eng):
    """The classic: start all over from inside, and then end what is left of the outer run."""
    if obj["id"] == 2 and not eng.hasVar("restarted"):
        eng.setVar("restarted", True)
        eng.restart("first", "first")
        eng.stopProcessing()


def back_once(obj, eng):
    if obj["id"] == 3 and obj["visits"] < 3:
        eng.jumpToken(-1)


def skip_odd(obj, eng):
    if obj.get("odd"):
        raise ContinueNextToken


def halt_for_merge(obj, eng):
    if obj.get("duplicate"):
        eng.halt("merge?", action="merge", payload=[obj["id"]])


def again(obj, eng):
    if obj.get("again"):
        obj["again"] -= 1
        eng.jumpCallBack(-1)


def sub_run(obj, eng):
    """Run another engine inside a task."""
    inner = GenericWorkflowEngine()
    inner.setWorkflow([lambda o, eng: o.append(eng.getVar("x", "inner"))])
    found = [[], []]
    inner.process(found)
    obj["found"] = found
    eng.jumpCall(1)


def main():
    eng = MergeEngine()
    eng.setWorkflow([count, restart_once, [skip_odd, back_once], sub_run])
    records = [Record(id=1, odd=True), Record(id=2), Record(id=3)]
    eng.process(records)
    show("records", records, eng.depth, eng.hasVar("restarted"))
    show("heard", HEARD)
    del HEARD[:]
    eng = MergeEngine()
    eng.setWorkflow([count, again, halt_for_merge, count])
    records = [Record(id=1, again=2), Record(id=2, duplicate=True), Record(id=3, duplicate=True)]
    eng.process(records, stop_on_halt=False)
    show("halted tokens", [record["visits"] for record in records], HEARD)
    for obj, task in (("prev", "first"), ("current", "prev"), ("next", "first")):
        try:
            eng.restart(obj, task, objects=records)
        except HaltProcessing as halt:
            show("halt", halt.message, halt.payload, eng.getCurrObjId(), eng.getCurrTaskId())
    aborting = MergeEngine()
    aborting.setWorkflow([count, lambda obj, eng: eng.abortProcessing(), count])
    aborting.process([Record(id=9), Record(id=10)])
    show("aborted", aborting.getCurrObjId(), issubclass(AbortProcessing, Exception))


if __name__ == "__main__":
    sys.exit(main())
