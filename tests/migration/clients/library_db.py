"""A library's loans, stored by objects of its own: the engine that saves, over dicts instead of tables."""

import json
import logging
import sys
import uuid

try:
    from workflow.engine_db import DbProcessingFactory, DbWorkflowEngine, EnumLabel, ObjectStatus, WorkflowStatus
except ImportError:
    DbWorkflowEngine = None
from workflow.errors import HaltProcessing, WorkflowError
from workflow.utils import classproperty


# What is logged is for the site's own handlers, of which there are none here.
logging.getLogger().addHandler(logging.NullHandler())


def show(name, *values):
    print(json.dumps([name] + list(values), default=str))


class Priority(EnumLabel):
    """Labels of one's own."""

    HIGH = 1
    LOW = 2

    @classproperty
    def labels(cls):
        return {1: "At once", 2: "Some day"}


class Run(object):
    """The stored run."""

    def __init__(self, name):
        self.name = name
        self.uuid = str(uuid.UUID(int=7))
        self.status = None
        self.objects = []

    def save(self, status=None):
        if status is not None:
            self.status = status
        show("run is", self.status.name if self.status else None)


class Loan(object):
    """A token; what is saved is kept in a list."""

    def __init__(self, title, days, priority=Priority.LOW):
        self.title = title
        self.days = days
        self.priority = priority
        self.status = ObjectStatus.INITIAL
        self.saved = []
        self.error = None

    @property
    def known_statuses(self):
        return ObjectStatus

    def save(self, status=None, callback_pos=None, task_counter=None, id_workflow=None):
        # Both names, because both are in use.
        position = callback_pos if callback_pos is not None else task_counter
        self.status = status
        self.saved.append([status.name, list(position) if position is not None else None])

    def set_error_message(self, text):
        self.error = text.strip().splitlines()[-1]


class LoanFactory(DbProcessingFactory):
    """Counts what has ended."""

    @staticmethod
    def after_object(eng, objects, obj):
        super(LoanFactory, LoanFactory).after_object(eng, objects, obj)
        eng.ended += 1


class LoanEngine(DbWorkflowEngine):
    """Reads its objects from the run."""

    def __init__(self, db_obj, **kwargs):
        self.ended = 0
        super(LoanEngine, self).__init__(db_obj, **kwargs)

    @classproperty
    def processing_factory(cls):
        return LoanFactory


def check(obj, eng):
    if obj.days < 0:
        raise ValueError("negative: %s" % obj.title)


def remind(obj, eng):
    if obj.days > 30:
        eng.haltProcessing("overdue", action="remind")


def hurry(obj, eng):
    if obj.priority is Priority.HIGH:
        eng.setVar("hurried", eng.getVar("hurried", []) + [obj.title])


def close(obj, eng):
    obj.days = 0


def main():
    run = Run("loans")
    eng = LoanEngine(run)
    eng.setWorkflow([check, [remind, hurry], close])
    show("engine", eng.name, eng.uuid, eng.known_statuses.__name__, repr(eng), Priority.HIGH.label)
    run.objects = [Loan("Faust", 3), Loan("Ulysses", 40, Priority.HIGH), Loan("Emma", 2)]
    try:
        eng.process(run.objects)
    except HaltProcessing as halt:
        show("halt", halt.message, halt.action, eng.status.name)
    show("halted", [obj.title for obj in eng.halted_objects], [obj.title for obj in eng.final_objects])
    run.objects[1].days = 10
    eng.restart("current", "current")
    for loan in run.objects:
        show(loan.title, loan.days, loan.status.name, loan.saved)
    show("after", eng.ended, eng.status.name, eng.has_completed, eng.getVar("hurried"))
    show("labels", [status.label for status in WorkflowStatus][:5], sorted(Priority.labels.items()))
    failing = LoanEngine(Run("failing"))
    failing.setWorkflow([check, close])
    bad = Loan("Bad", -1)
    try:
        failing.process([bad])
    except (WorkflowError, TypeError) as error:
        show("error", type(error).__name__, bad.status.name, bad.error, failing.status.name)


if __name__ == "__main__":
    sys.exit(main())
