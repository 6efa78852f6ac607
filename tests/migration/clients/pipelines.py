"""Pipelines built of patterns, and a page that describes them by what it reads from the tasks."""

import json
import sys

from workflow.engine import GenericWorkflowEngine as Engine
from workflow.patterns import CHOICE, IF, IF_ELSE, IF_NOT, WHILE, TASK_JUMP_BWD, TASK_JUMP_IF
from workflow.patterns.controlflow import BREAK, CMP, SIMPLE_MERGE, STOP
from workflow.patterns.utils import EMPTY_CALL, ENG_GET, ENG_SET, OBJ_SET, TRY


def show(name, *values):
    print(json.dumps([name] + list(values), default=str))


# Tasks with what the site reads of them ------------------------------------------------------------------------------


def task(name, description=None, hide=False, branch=False):
    def run(obj, eng):
        obj["said"] += name

    run.__name__ = name
    run.__doc__ = "Say %s." % name
    run.description = description or "says %s" % name
    run.hide = hide
    run.branch = branch
    return run


a, b, c, d = task("a"), task("b", hide=True), task("c", "says c, loudly", branch=True), task("d")


def is_long(obj, eng):
    """Whether much was said."""
    return len(obj["said"]) > 3


def is_short(obj, eng):
    return len(obj["said"]) < 4


def kind(obj, eng):
    return obj["kind"]


def fail_once(obj, eng):
    obj["failures"] = obj.get("failures", 0) + 1
    if obj["failures"] < 2:
        raise IOError("not yet")


PIPELINES = [
    ("plain", [a, (b, c), [d, None]]),
    ("if", [a, IF(is_short, [b, c]), IF_NOT(is_short, d), d]),
    ("else", [IF_ELSE(is_long, [a], [b, IF_ELSE(is_short, [c], [d])]), a]),
    ("while", [WHILE(is_short, [a, b]), c]),
    ("choice", [CHOICE(kind, ("x", [a]), ("y", [b, c]), z=[d]), d]),
    ("merge", [a, SIMPLE_MERGE(b, c, d), d]),
    ("jump", [a, TASK_JUMP_IF(is_long, 2), TASK_JUMP_BWD(-2), b]),
    ("break", [[a, BREAK(), b], c]),
    ("stop", [a, IF(is_short, STOP()), b]),
    ("try", [TRY(fail_once, retry=3, verbose=False), a]),
    ("vars", [ENG_SET("k", "v"), OBJ_SET("o", 1), IF(CMP(ENG_GET("k"), "v", "=="), [a]), EMPTY_CALL, b]),
]


def describe(definition, depth=0):
    """Yield what the page shows of a definition: the tasks that are not hidden, with what is in their closures."""
    for item in definition:
        if isinstance(item, (list, tuple)):
            for line in describe(item, depth + 1):
                yield line
            continue
        cells = item.__closure__ or ()
        branches = sorted(cell.cell_contents.__name__ for cell in cells if callable(cell.cell_contents))
        yield [
            depth,
            item.__name__,
            getattr(item, "description", None),
            bool(getattr(item, "hide", False)),
            bool(getattr(item, "branch", False)),
            [name for name in branches if name in ("is_long", "is_short", "kind")],
            bool(item.__doc__),
            item.__code__.co_argcount,
        ]


def main():
    for name, definition in PIPELINES:
        eng = Engine()
        eng.setWorkflow(definition)
        tokens = [{"said": "", "kind": key} for key in ("x", "y", "z")]
        try:
            eng.process(tokens)
        except Exception as error:
            show("error", name, type(error).__name__)
        show(name, [token["said"] for token in tokens], eng.getCurrObjId(), eng.getCurrTaskId())
        if name in ("plain", "if", "while", "choice"):
            for line in describe(eng.getCallbacks()):
                show("task", *line)
    show("store", sorted(eng.store), tokens[0]["o"])


if __name__ == "__main__":
    sys.exit(main())
