# -*- coding: utf-8 -*-
"""Curation of submitted records: an engine of its own, with hooks and handlers in all the ways they are written."""

import json
import logging
import sys

import six

from workflow.engine import (  # the engine, and what is around it
    ActionMapper,
    Continue,
    GenericWorkflowEngine,
    ProcessingFactory,
    TransitionActions,
)
from workflow.errors import HaltProcessing, WorkflowError
from workflow.utils import classproperty, staticproperty


def show(name, *values):
    """Write an event, one line of JSON."""
    print(json.dumps([name] + list(values), default=str))


class Record(object):
    """What is curated."""

    def __init__(self, title, year=2015):
        self.title = title
        self.year = year
        self.callback_pos = None
        self.problems = []

    def __repr__(self):
        return "<Record %s>" % self.title


class CurationMapper(ActionMapper):
    """Keeps the position by reference, and counts tasks."""

    @staticmethod
    def before_callbacks(obj, eng):
        show("before_callbacks", obj.title, len(eng))

    @staticmethod
    def before_each_callback(eng, callback_func, obj):
        obj.callback_pos = eng.state.callback_pos
        eng.tasks_begun += 1

    @staticmethod
    def after_each_callback(eng, callback_func, obj):
        show("after_each", callback_func.__name__, list(obj.callback_pos))

    @staticmethod
    def after_callbacks(obj, eng):
        show("after_callbacks", obj.title, list(obj.callback_pos), obj.callback_pos == eng.state.callback_pos)


class CurationActions(TransitionActions):
    """Handlers, as clients write them: with six, with the exception, and by going on."""

    @staticmethod
    def HaltProcessing(obj, eng, callbacks, exc_info):
        show("halted", obj.title, exc_info[1].message, exc_info[1].action, eng.state.callback_pos)
        six.reraise(*exc_info)

    @staticmethod
    def WorkflowError(obj, eng, callbacks, exc_info):
        show("workflow error", exc_info[1].message)
        raise exc_info[1]

    @staticmethod
    def UnicodeError(obj, eng, callbacks, exc_info):
        obj.problems.append(str(exc_info[1]))
        raise Continue

    @staticmethod
    def Exception(obj, eng, callbacks, exc_info):
        show("failed", obj.title, exc_info[0].__name__)
        super(CurationActions, CurationActions).Exception(obj, eng, callbacks, exc_info)


class DocumentedActions(CurationActions):
    """A handler as the documentation prints it."""

    @staticmethod
    def HaltProcessing(obj, eng, callbacks, e):
        raise e


class CurationFactory(ProcessingFactory):
    """The mapper given as one kind of property, the actions as another."""

    @staticproperty
    def action_mapper():  # pylint: disable=no-method-argument
        return CurationMapper

    @classproperty
    def transition_exception_mapper(cls):
        return CurationActions

    @staticmethod
    def before_object(eng, objects, obj):
        eng.started.append(obj.title)
        super(CurationFactory, CurationFactory).before_object(eng, objects, obj)

    @staticmethod
    def after_processing(eng, objects):
        show("after_processing", eng.started, eng.tasks_begun)
        super(CurationFactory, CurationFactory).after_processing(eng, objects)


class CurationEngine(GenericWorkflowEngine):
    """Sets attributes before the base is initialised, because its logger needs them."""

    def __init__(self, collection):
        self.collection = collection
        self.started = []
        self.tasks_begun = 0
        super(CurationEngine, self).__init__()
        self.setVar("collection", collection)

    def init_logger(self):
        """Log under the name of the collection."""
        logger = logging.getLogger("curation.%s" % self.collection)
        logger.addHandler(logging.NullHandler())
        return logger

    @classproperty
    def processing_factory(cls):
        return CurationFactory

    def execute_callback(self, callback, obj):
        """Run a task; skipped for records that are too old."""
        if obj.year >= 1900:
            super(CurationEngine, self).execute_callback(callback, obj)


class DocumentedEngine(CurationEngine):
    """The documentation's way to give the classes: static methods that return them."""

    @staticproperty
    def processing_factory():  # pylint: disable=no-method-argument
        class Factory(CurationFactory):
            transition_exception_mapper = DocumentedActions

        return Factory


def check_title(obj, eng):
    """Check the title."""
    if not obj.title:
        raise UnicodeError("no title")
    if obj.title == "broken":
        raise WorkflowError("can't curate", id_workflow=7)
    if obj.title == "worse":
        raise ValueError("worse")


def ask_curator(obj, eng):
    if obj.title.startswith("?"):
        eng.haltProcessing("please look", action="curate")  # deprecated


def publish(obj, eng):
    show("publish", obj.title, eng.getVar("collection"), eng.current_taskname)


def main():
    eng = CurationEngine("hep")
    show("logger", eng.log.name)
    eng.setWorkflow([check_title, [ask_curator, publish]])
    eng.process([Record("Good"), Record(""), Record("Old", 1850)])
    asked = [Record("?"), Record("After")]
    try:
        eng.process(asked)
    except HaltProcessing as error:
        show("caller", error.action, eng.state.token_pos, eng.state.callback_pos)
    eng.restart("current", "next")
    for title in ("broken", "worse"):
        try:
            eng.process([Record(title)])
        except (WorkflowError, ValueError) as error:
            show("raised", type(error).__name__, getattr(error, "id_workflow", None))
    documented = DocumentedEngine("docs")
    documented.setWorkflow([ask_curator])
    try:
        documented.process([Record("?")])
    except (HaltProcessing, TypeError) as error:
        show("documented handler", type(error).__name__)
    show("end", eng.tasks_begun, eng.state.token_pos, eng.hasVar("collection"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
