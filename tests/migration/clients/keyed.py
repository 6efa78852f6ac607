"""Workflows by the type of a record: definitions under keys, put together from plugins."""

import json
import sys
from unittest import mock

import workflow.engine as we, workflow.errors

RECORDS = [("article", "A"), ("thesis", "T"), ("article", "B"), ("unknown", "U"), (None, "N")]


def show(name, *values):
    print(json.dumps([name] + list(values), default=str))


class Record(object):
    """A record that knows its type."""

    def __init__(self, kind, title):
        self.kind = kind
        self.title = title
        self.done = []

    def getFeature(self, name):
        return getattr(self, "kind") if name == "type" else None


class Settings(object):
    """Has a method of the same name as engines have; it is none."""

    def __init__(self):
        self.values = {"language": "en"}

    def getVar(self, key, default=None):
        return self.values.get(key, default)

    def language(self):
        return self.getVar("language")


settings = Settings()


def step(name):
    def run(obj, eng):
        obj.done.append([name, eng.getCurrObjId(), list(eng.getCurrTaskId())])

    run.__name__ = name
    return run


def next_if_seen(obj, eng):
    """Pass over what was seen before."""
    seen = eng.getVar("seen", [])
    if obj.title in seen:
        eng.continueNextToken()
    seen.append(obj.title)


def stop_at_end(obj, eng):
    if eng.getVar("stop") == obj.title:
        eng.stopProcessing()


def leave(obj, eng):
    eng.breakFromThisLoop()


def plugins(eng):
    """Put the definitions together."""
    eng.addManyCallbacks("article", [next_if_seen, [step("metadata"), step("references")]])
    eng.addCallback("article", step("index"))
    eng.addCallback(
        "thesis",  # what is defended
        step("thesis"),
    )
    eng.addManyCallbacks("thesis", [[step("supervisor"), leave, step("never")], stop_at_end, step("archive")])
    eng.addCallback(key="report", func=step("report"))
    eng.removeCallbacks("report")


def run(eng, records):
    try:
        eng.process(records)
    except (KeyError, workflow.errors.WorkflowError) as error:
        show("error", type(error).__name__)
    for record in records:
        show("record", record.title, record.done)


def main():
    eng = we.GenericWorkflowEngine()
    plugins(eng)
    show("keys", sorted(eng.getCallbacks(None)), len(eng.getCallbacks("article")), settings.language())
    run(eng, [Record(*found) for found in RECORDS[:3]])
    again = [Record(*found) for found in RECORDS[:3]]
    eng.setVar("stop", "T")
    run(eng, again)
    show("seen", eng.getVar("seen"), eng.hasVar("stop"), eng.getCurrObjId())
    run(eng, [Record(*RECORDS[3])])
    eng.delVar("stop")
    eng.removeAllCallbacks()
    show("empty", eng.callbacks.empty())
    run(eng, [Record(*RECORDS[0])])
    with mock.patch("workflow.engine.GenericWorkflowEngine.process") as process:
        eng.process([1])
    show("mocked", process.call_args[0])
    run_keyless()


def run_keyless():
    """Tokens without a type have the definition under the star."""
    eng = we.GenericWorkflowEngine()
    eng.setWorkflow([lambda obj, eng: obj.append(eng.getCurrObjId()), lambda obj, eng: eng.setVar("last", obj)])
    tokens = [[], [], []]
    eng.process(tokens)
    show("plain", tokens, eng.getVar("last"))


if __name__ == "__main__":
    sys.exit(main())
