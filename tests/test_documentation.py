"""The examples of the documentation, with the output that is printed there.

Left out: Celery. The example of the exam is in ``storage/test_exam``; here it is stored in a plain object, which is all
that the engine sees of it. The example of loops and interrupts is in ``test_engine``.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import pytest
from differential.real import OURS, REAL, Library
from helpers import drawn_whole

from wfgraph import check, compile_graph, signals
from wfgraph.engine import Continue, GenericWorkflowEngine, ProcessingFactory, TransitionActions
from wfgraph.errors import HaltProcessing
from wfgraph.patterns import CMP, FOR, HALT, IF, PARALLEL_SPLIT, SYNCHRONIZE, TASK_JUMP_IF
from wfgraph.runtime.callbacks import Callbacks
from wfgraph.utils import classproperty

both = pytest.mark.parametrize("library", [OURS, REAL], ids=lambda library: library.name)


@pytest.fixture(autouse=True, params=["interpreted", "compiled"])
def _tier(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WFGRAPH_TIER", request.param)


@pytest.fixture(autouse=True)
def _checked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hold checks and pictures to every definition of the documentation.

    None has an error, no warning is out of place, and the picture has a node for each task and an edge for each step.
    """
    usual, seen = Callbacks.replace, []

    def replace(self: Any, funcs: Any, key: str = "*") -> None:
        seen.append(list(funcs) if not callable(funcs) else [funcs])
        usual(self, funcs, key)

    monkeypatch.setattr(Callbacks, "replace", replace)
    yield
    found = [one for definition in seen for one in check(definition) if one.severity != "info"]
    assert [] == [str(one) for one in found if one.code not in _RIGHTLY_WARNED]
    if shutil.which("dot") is not None:
        for definition in seen:
            drawn_whole(compile_graph(definition))


_RIGHTLY_WARNED = {"WF106"}
"""An example shows that what follows ``continue_next_token`` does not run."""


def engine(*callbacks: Any, kind: Callable[[], Any] = GenericWorkflowEngine) -> Any:
    eng = kind()
    eng.callbacks.replace(list(callbacks))
    return eng


def note(name: str, does: Callable[[Any], Any] = lambda eng: None) -> Any:
    def task(obj: list[str], eng: Any) -> None:
        obj.append(name)
        does(eng)

    return task


# How do I use Workflow? ----------------------------------------------------------------------------------------------


class MyObject:
    def __init__(self, data: int) -> None:
        self.data = data


def print_data(obj: MyObject, eng: Any) -> None:
    print(obj.data)


def add_data(number_to_add: int) -> Any:
    @wraps(add_data)
    def _add_data(obj: MyObject, eng: Any) -> None:
        obj.data += number_to_add

    return _add_data


def test_basic_use_and_the_engine_can_be_reused(capsys: pytest.CaptureFixture[str]) -> None:
    my_engine = GenericWorkflowEngine()
    my_engine.callbacks.replace([add_data(1), print_data])
    my_object0, my_object1 = MyObject(0), MyObject(1)
    my_engine.process([my_object0, my_object1])
    assert ("1\n2\n", 1, 2) == (capsys.readouterr().out, my_object0.data, my_object1.data)
    my_engine.process([my_object0, my_object1])
    assert ("2\n3\n", 2, 3) == (capsys.readouterr().out, my_object0.data, my_object1.data)


def test_the_three_transformations_of_loops_and_interrupts() -> None:
    def append(obj: list[int], eng: Any) -> None:
        obj.append(eng.extra_data["now"])

    less = CMP(lambda obj, eng: obj, [0, 1, 0, 1], "<")
    engine(FOR(range(2), "now", [append]), TASK_JUMP_IF(less, -1), append).process(tokens := [[], [0, 1], [0, 1, 0, 1]])
    assert [[0, 1, 0, 1, 1], [0, 1, 0, 1, 1], [0, 1, 0, 1, 0, 1, 1]] == tokens


# The exam: processing factories and transition handlers -------------------------------------------------------------


class Grade:
    def __init__(self, number: int, data: int) -> None:
        self.id = number
        self.data = data


class Exam:
    """Takes the place of the model ``Workflow``."""

    def __init__(self) -> None:
        self.state_token_pos: int | None = None
        self.grades: list[Grade] = []

    def save(self, token_pos: int) -> None:
        self.state_token_pos = token_pos


class MyTransitionActions(TransitionActions):
    @staticmethod
    def HaltProcessing(obj: Any, eng: Any, callbacks: Any, e: Any) -> Any:
        eng.save()
        raise e


class MyProcessingFactory(ProcessingFactory):
    @staticmethod
    def transition_exception_mapper() -> Any:
        return MyTransitionActions

    @staticmethod
    def before_processing(eng: Any, objects: Any) -> None:
        if not eng.db_obj.grades:
            eng.db_obj.grades.extend(objects)

    @staticmethod
    def after_processing(eng: Any, objects: Any) -> None:
        eng.save()


class MyWorkflowEngine(GenericWorkflowEngine):
    def __init__(self, db_obj: Exam) -> None:
        token_pos = db_obj.state_token_pos
        self.db_obj = db_obj
        super().__init__()
        if token_pos is not None:
            self.state.token_pos = token_pos
            self.save()

    def save(self, token_pos: int | None = None) -> None:
        if token_pos is not None:
            self.state.token_pos = token_pos
        self.db_obj.save(self.state.token_pos)

    @staticmethod
    def processing_factory() -> Any:
        return MyProcessingFactory


def grade_is_not_passing(obj: Grade, eng: Any) -> bool:
    print(f"Testing grade #{obj.id}, with data {obj.data}")
    return obj.data < 5


def amend_grade(obj: Grade, eng: Any) -> None:
    print("Amending this grade..")
    obj.data = 5


def test_the_exam_is_halted_stored_and_resumed_by_another_engine(capsys: pytest.CaptureFixture[str]) -> None:
    exam = Exam()
    my_engine = engine(IF(grade_is_not_passing, [HALT()]), kind=lambda: MyWorkflowEngine(exam))
    with pytest.raises(HaltProcessing):
        my_engine.process([Grade(number, data) for number, data in enumerate([6, 5, 4, 5, 2, 6], 1)])
    tested = "Testing grade #1, with data 6\nTesting grade #2, with data 5\nTesting grade #3, with data 4\n"
    assert (tested, 2) == (capsys.readouterr().out, exam.state_token_pos)

    my_engine = engine(IF(grade_is_not_passing, [amend_grade]), kind=lambda: MyWorkflowEngine(exam))
    assert [6, 5, 4, 5, 2, 6] == [grade.data for grade in exam.grades]
    my_engine.restart("current", "first", objects=exam.grades)
    expected = """\
Testing grade #3, with data 4
Amending this grade..
Testing grade #4, with data 5
Testing grade #5, with data 2
Amending this grade..
Testing grade #6, with data 6
"""
    assert expected == capsys.readouterr().out
    assert ([6, 5, 5, 5, 5, 6], 5) == ([grade.data for grade in exam.grades], exam.state_token_pos)


def hearing(library: Library, heard: list[str]) -> Any:
    """Return an engine's class with every documented hook, each of which tells that it was called."""

    def told(base: type, *names: str, **more: Any) -> type:
        return type(base.__name__, (base,), {name: staticmethod(tell(name)) for name in names} | more)

    def tell(name: str) -> Any:
        return lambda *arguments: heard.append(name)

    parts = library.engine
    mapper = told(
        parts.ActionMapper, "before_callbacks", "after_callbacks", "before_each_callback", "after_each_callback"
    )
    names = ("before_processing", "after_processing", "before_object", "after_object")
    factory = told(parts.ProcessingFactory, *names, action_mapper=classproperty(lambda cls: mapper))
    return told(parts.GenericWorkflowEngine, processing_factory=classproperty(lambda cls: factory))


@both
def test_the_hooks_of_the_processing_factory_are_called_in_their_order(library: Library) -> None:
    heard: list[str] = []

    def task(obj: str, eng: Any) -> None:
        heard.append(obj)
        if obj == "left":
            eng.continue_next_token()

    engine(task, [task], kind=hearing(library, heard)).process(["done", "left"])
    each = ["before_each_callback", "done", "after_each_callback"]
    left = ["before_each_callback", "left", "after_each_callback"]
    assert heard == [
        *["before_processing", "before_object", "before_callbacks", *each, *each, "after_callbacks", "after_object"],
        *["before_object", "before_callbacks", *left, "after_callbacks", "after_processing"],
    ]


@both
def test_a_handler_is_added_by_a_method_with_the_name_of_the_exception(library: Library) -> None:
    class OutOfPaperError(Exception):
        pass

    class Actions(library.engine.TransitionActions):  # type: ignore[name-defined, misc]
        @staticmethod
        def OutOfPaperError(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
            obj.append(str(exc_info[1]))
            raise library.engine.Continue

    class Factory(library.engine.ProcessingFactory):  # type: ignore[name-defined, misc]
        transition_exception_mapper = classproperty(lambda cls: Actions)

    class Engine(library.engine.GenericWorkflowEngine):  # type: ignore[name-defined, misc]
        processing_factory = classproperty(lambda cls: Factory)

    def printing(obj: Any, eng: Any) -> None:
        raise OutOfPaperError("tray 2")

    tokens: list[list[str]] = [[], []]
    engine(printing, note("never"), kind=Engine).process(tokens)
    assert [["tray 2"], ["tray 2"]] == tokens


# Signals -------------------------------------------------------------------------------------------------------------


def silent_engine(*names: str) -> Any:
    """Return an engine's class in which what the documentation says sends the signals sends none."""

    def go_on(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
        raise Continue

    actions = type("Actions", (TransitionActions,), {"HaltProcessing": staticmethod(go_on)})
    hooks = {name: staticmethod(lambda eng, objects: None) for name in names}
    mapper = classproperty(lambda cls: actions)
    factory = type("Factory", (ProcessingFactory,), {**hooks, "transition_exception_mapper": mapper})
    return type("Engine", (GenericWorkflowEngine,), {"processing_factory": classproperty(lambda cls: factory)})


@pytest.mark.parametrize(
    ("signal", "callers"),
    [
        ("workflow_started", ["before_processing"]),
        ("workflow_finished", ["after_processing"]),
        ("workflow_halted", []),  # by TransitionActions.HaltProcessing
    ],
)
def test_signals_are_sent_by_what_the_table_says(signal: str, callers: list[str]) -> None:
    heard: list[Any] = []

    def hear(sender: Any) -> None:
        heard.append(sender)

    def halt_second(obj: str, eng: Any) -> None:
        if obj == "second" and signal == "workflow_halted":
            eng.halt()

    sending, silent = engine(halt_second), engine(halt_second, kind=silent_engine(*callers))
    with getattr(signals, signal).connected_to(hear):
        silent.process(["first", "second"])
        assert [] == heard
        with contextlib.suppress(HaltProcessing):
            sending.process(["first", "second"])
    assert [sending] == heard


# Useful engine methods -----------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("call", "rest_of_token", "tokens_after"),
    [
        (lambda eng: eng.stop(), "", ""),
        (lambda eng: eng.halt("list exhausted"), "", "!"),
        (lambda eng: eng.continue_next_token(), "", "z"),
        (lambda eng: eng.jump_token(-2), "", "wxyz"),
        (lambda eng: eng.jump_call(3), "de", "z"),
        (lambda eng: eng.break_current_loop(), "e", "z"),
    ],
    ids=["stop", "halt", "continue_next_token", "jump_token", "jump_call", "break_current_loop"],
)
def test_the_table_of_methods(library: Library, call: Any, rest_of_token: str, tokens_after: str) -> None:
    visits: list[str] = []
    once = [call]

    def visit(name: str) -> Any:
        return lambda obj, eng: visits.append(obj + name)

    def steer(obj: str, eng: Any) -> None:
        if obj == "y" and once:
            visits.clear()
            once.pop()(eng)

    eng = engine([steer, visit("b"), visit("c"), visit("d")], visit("e"), kind=library.engine.GenericWorkflowEngine)
    if tokens_after == "!":
        with pytest.raises(library.error("HaltProcessing")) as caught:
            eng.process(list("wxyz"))
        assert ("list exhausted", []) == (caught.value.message, visits)
        return
    eng.process(list("wxyz"))
    assert visits == ["y" + name for name in rest_of_token] + [
        token + name for token in tokens_after for name in "bcde"
    ]


def if_else(call: Any) -> Any:
    def inner_call(obj: Any, eng: Any) -> None:
        if call(obj, eng):
            eng.jump_call(1)
        else:
            eng.jump_call(2)

    return inner_call


@both
@pytest.mark.parametrize(
    ("holds", "expected"),
    [
        ("", "mandatory preferred save"),
        ("fulltext duplicates", "mandatory preferred save"),
        ("stage", "synchronize replace mandatory mandatory preferred save"),
        ("stage fulltext", "extract populate synchronize replace mandatory mandatory preferred save"),
        ("stage duplicates", "stop"),
        ("stage fulltext duplicates", "extract populate stop"),
    ],
)
def test_the_if_else_task_in_its_workflow(library: Library, holds: str, expected: str) -> None:
    def condition(name: str) -> Any:
        return lambda obj, eng: name in holds.split()

    flow = [
        if_else(condition("stage")),
        [
            [if_else(condition("fulltext")), [note("extract"), note("populate")], []],
            [
                if_else(condition("duplicates")),
                [note("stop", lambda eng: eng.stop())],
                [note("synchronize"), note("replace")],
            ],
            note("mandatory"),
        ],
        [note("mandatory"), note("preferred"), note("save")],
    ]
    token: list[str] = []
    engine(*flow, kind=library.engine.GenericWorkflowEngine).process([token])
    assert expected.split() == token


# Patterns ------------------------------------------------------------------------------------------------------------


def test_parallel_split_starts_its_tasks_after_the_one_before() -> None:
    token: list[str] = []
    eng = engine(note("a"), PARALLEL_SPLIT(note("b"), note("c"), note("d")))
    eng.process([token])
    assert ("a", {"b", "c", "d"}, 4) == (token[0], set(token[1:]), len(token))


def test_parallel_split_gives_its_tasks_the_token_another_engine_and_the_lock() -> None:
    token: list[str] = []
    seen: list[tuple[Any, Any, Any]] = []

    def look(obj: Any, eng: Any) -> None:
        seen.append((obj, eng, eng.extra_data["lock"]))

    eng = engine(PARALLEL_SPLIT(look, [look]))
    eng.process([token])
    assert [(token, eng.extra_data["lock"])] * 2 == [(obj, lock) for obj, _, lock in seen]
    assert 3 == len({id(eng), *(id(other) for _, other, _ in seen)})


def test_the_printed_parallel_split_can_be_written_by_oneself() -> None:
    threads: list[threading.Thread] = []

    def printed_parallel_split(*args: Any) -> Any:
        def _parallel_split(obj: Any, eng: Any, calls: Any) -> None:
            lock = threading.Lock()
            eng.store["lock"] = lock
            for func in calls:
                new_eng = eng.duplicate()
                new_eng.setWorkflow([lambda o, e: e.store.update({"lock": lock}), func])
                threads.append(threading.Thread(target=new_eng.process, args=([obj],)))
                threads[-1].start()

        return lambda o, e: _parallel_split(o, e, args)

    def run(token: list[str]) -> None:
        engine(note("a"), printed_parallel_split(note("b"), [note("c"), note("d")])).process([token])
        for thread in threads:
            thread.join()

    token: list[str] = []
    with pytest.warns(DeprecationWarning, match="`store`|`duplicate`|`setWorkflow`"):
        run(token)
    assert ("a", ["b", "c", "d"]) == (token[0], sorted(token[1:]))


@pytest.mark.parametrize("branch", [list, tuple, lambda tasks: tasks[0]], ids=["list", "tuple", "callable"])
def test_synchronize_runs_the_last_after_all_the_others(branch: Any) -> None:
    token: list[str] = []
    synchronized = SYNCHRONIZE(branch([note("b")]), note("c"), note("d"), note("a"), timeout=60)
    engine(synchronized).process([token])
    assert (["b", "c", "d"], "a", "SYNCHRONIZE") == (sorted(token[:-1]), token[-1], synchronized.__name__)


def test_synchronize_needs_two() -> None:
    with pytest.raises(Exception, match="You must pass at least two callables"):
        SYNCHRONIZE(note("a"))
