"""Store a workflow in tables of your own, halt it, and resume it the next day.

A student takes six tests a day. A system checks the grades one after the other; at a failing one it halts, the student
repeats that test, and the next day the check goes on from there. This is the example of the storage-capable engine in
the documentation of `workflow` 2.x, in the spelling of SQLAlchemy 2.

    python examples/exam_grades.py
"""

from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from wfgraph.engine import ProcessingFactory, TransitionActions
from wfgraph.engine_db import DbWorkflowEngine
from wfgraph.errors import HaltProcessing
from wfgraph.patterns.controlflow import HALT, IF

# The tables -----------------------------------------------------------------------------------------------------------

engine = create_engine("sqlite://")
session = Session(engine)


class Base(DeclarativeBase):
    """The base of the two tables."""


class Workflow(Base):
    """A student's day: which grade is being checked."""

    __tablename__ = "workflow"
    id: Mapped[int] = mapped_column(primary_key=True)
    state_token_pos: Mapped[int] = mapped_column(default=-1)
    grades: Mapped[list["Grade"]] = relationship(
        backref="workflow", cascade="all, delete, delete-orphan", order_by="Grade.id"
    )

    def save(self, token_pos):
        """Save object to persistent storage."""
        self.state_token_pos = token_pos
        try:
            session.add(self)
            session.commit()
        except Exception:
            session.rollback()
            raise


class Grade(Base):
    """The grade of one test."""

    __tablename__ = "grade"
    id: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[int] = mapped_column(default=0)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("workflow.id"))

    def __init__(self, grade):
        self.data = grade
        session.add(self)


# The engine -----------------------------------------------------------------------------------------------------------


class MyDbWorkflowEngine(DbWorkflowEngine):
    """Saves which token it is at."""

    def __init__(self, db_obj):
        """Load an old `token_pos` from the db into the engine."""
        # Read before `super`, which resets the state.
        token_pos = db_obj.state_token_pos
        self.db_obj = db_obj
        super(DbWorkflowEngine, self).__init__()
        if token_pos is not None:
            self.state.token_pos = token_pos
            self.save()

    def save(self, token_pos=None):
        """Save the state of the workflow."""
        if token_pos is not None:
            self.state.token_pos = token_pos
        self.db_obj.save(self.state.token_pos)

    @staticmethod
    def processing_factory():
        """Provide a processing factory."""
        return MyProcessingFactory


class MyProcessingFactory(ProcessingFactory):
    """Processing factory for persistence requirements."""

    @staticmethod
    def transition_exception_mapper():
        """Define our handlers of transition exceptions."""
        return MyTransitionActions

    @staticmethod
    def before_processing(eng, objects):
        """Make sure the engine has a relationship with its objects, and that they are stored."""
        if not eng.db_obj.grades:
            for obj in objects:
                eng.db_obj.grades.append(obj)
            eng.save()

    @staticmethod
    def after_processing(eng, objects):
        """Save after we processed all the objects successfully."""
        eng.save()


class MyTransitionActions(TransitionActions):
    """Saves where the run was halted, too."""

    @staticmethod
    def HaltProcessing(obj, eng, callbacks, e):
        """Save whenever HaltProcessing is raised, so that we don't lose the state."""
        eng.save()
        raise e


# The workflow, and what Zack makes of it ------------------------------------------------------------------------------


def grade_is_not_passing(obj, eng):
    """Tell whether the student has failed a test."""
    print(f"Testing grade #{obj.id}, with data {obj.data}")
    return obj.data < 5


def amend_grade(obj, eng):
    """Help fate along."""
    print("Amending this grade..")
    obj.data = 5


callbacks = [IF(grade_is_not_passing, [HALT()])]
evil_callbacks = [IF(grade_is_not_passing, [amend_grade])]


def first_day():
    """Check the grades of the day, up to the first failing one."""
    my_db_engine = MyDbWorkflowEngine(Workflow())
    my_db_engine.callbacks.replace(callbacks)
    try:
        my_db_engine.process([Grade(6), Grade(5), Grade(4), Grade(5), Grade(2), Grade(6)])
    except HaltProcessing:
        print("The student has failed this test!")


def second_day():
    """Load yesterday's workflow, and go on with other callbacks."""
    revived_workflow = session.scalars(select(Workflow)).one()
    my_db_engine = MyDbWorkflowEngine(revived_workflow)
    print("\nWhat Zak sees:", [grade.data for grade in revived_workflow.grades])
    my_db_engine.callbacks.replace(evil_callbacks)
    print("Note how the engine resumes from the last failing test:")
    my_db_engine.restart("current", "first", objects=revived_workflow.grades)


def what_the_professor_sees():
    """Look at the grades again."""
    revived_workflow = session.scalars(select(Workflow)).one()
    print("\nWhat the professor sees:", [grade.data for grade in revived_workflow.grades])


if __name__ == "__main__":
    Base.metadata.create_all(engine)
    with session:
        first_day()
        second_day()
        session.commit()
        what_the_professor_sees()
    engine.dispose()
