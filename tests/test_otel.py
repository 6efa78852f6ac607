"""OpenTelemetry is told of runs, tokens and tasks, and is never in their way."""

from __future__ import annotations

import doctest
import logging
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api import outcome
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from wfgraph import otel
from wfgraph.engine import ActionMapper, GenericWorkflowEngine, ProcessingFactory, TransitionActions
from wfgraph.engine_db import DbWorkflowEngine
from wfgraph.errors import HaltProcessing, WorkflowAPIError, WorkflowError
from wfgraph.patterns import HALT, PARALLEL_SPLIT, RUN_WF, SYNCHRONIZE, WHILE
from wfgraph.storage import DbWorkflowEngine as StoredEngine
from wfgraph.utils import classproperty

TIERS = pytest.mark.parametrize("tier", ["interpreted", "compiled"])


class Spans:
    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))

    @property
    def all(self) -> list[ReadableSpan]:
        """In the order in which they began."""
        return sorted(self.exporter.get_finished_spans(), key=lambda span: span.start_time or 0)

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.all if span.name == name]

    @property
    def runs(self) -> list[ReadableSpan]:
        return self.named("wfgraph.run")

    @property
    def tokens(self) -> list[ReadableSpan]:
        return self.named("wfgraph.token")

    def told(self, attribute: str) -> list[Any]:
        """Return an attribute of the tokens."""
        return [of(span, attribute) for span in self.tokens]


@pytest.fixture
def spans() -> Spans:
    return Spans()


@pytest.fixture(autouse=True)
def _all_spans_are_left() -> Iterator[None]:
    yield
    assert not trace.get_current_span().get_span_context().is_valid
    assert () == otel._tokens.get()


def of(span: ReadableSpan, attribute: str) -> Any:
    return (span.attributes or {}).get(f"wfgraph.{attribute}")


def events(span: ReadableSpan) -> list[tuple[Any, ...]]:
    """Return the tasks that a span tells of, and the names of other events."""
    return [
        ((event.attributes or {})["wfgraph.task.name"], (event.attributes or {})["wfgraph.task.position"])
        if event.name == "wfgraph.task"
        else (event.name,)
        for event in span.events
    ]


def parents(spans: list[ReadableSpan], of: list[ReadableSpan]) -> list[int | None]:
    """Return the places of the parents of spans among others."""
    ids = [span.context.span_id for span in of if span.context]
    return [None if span.parent is None else ids.index(span.parent.span_id) for span in spans]


def engine(spans: Spans, *tasks: Any, tier: str = "auto", kind: Any = GenericWorkflowEngine, **options: Any) -> Any:
    eng = kind()
    eng.tier = tier
    eng.callbacks.replace(list(tasks))
    otel.instrument(eng, spans.provider, **options)
    return eng


def a(obj: Any, eng: Any) -> None: ...


def b(obj: Any, eng: Any) -> None: ...


def fails(obj: Any, eng: Any) -> None:
    raise LookupError("lost")


def at_first(obj: Any, eng: Any) -> bool:
    return bool(eng.state.token_pos == 0)


@TIERS
def test_a_run_is_a_span_around_one_for_each_token_with_an_event_for_each_task(spans: Spans, tier: str) -> None:
    engine(spans, a, [b], tier=tier).process(["x", "y"])
    (run,) = spans.runs
    assert [0, 0] == parents(spans.tokens, [run])
    assert [0, 1] == spans.told("token.position")
    assert [[("a", "[0]"), ("b", "[1, 0]")]] * 2 == [events(span) for span in spans.tokens]
    assert ["completed"] * 2 == spans.told("token.outcome")
    assert ("completed", 2, "wfgraph.engine.GenericWorkflowEngine") == tuple(
        of(run, name) for name in ("run.outcome", "run.tokens", "engine")
    )
    assert {StatusCode.UNSET} == {span.status.status_code for span in spans.all}


@pytest.mark.unobserved
def test_without_tasks_tokens_run_in_the_compiled_tier(spans: Spans) -> None:
    seen: list[bool] = []
    eng = engine(spans, lambda obj, eng: seen.append(eng.state._cursor is not None), tier="compiled", tasks=False)
    eng.process([1, 2])
    assert ([True, True], [[], []]) == (seen, [events(span) for span in spans.tokens])


@TIERS
@pytest.mark.parametrize("tasks", [True, False])
def test_a_halt_is_told_where_it_is_and_is_no_error(spans: Spans, tier: str, tasks: bool) -> None:
    eng = engine(spans, a, [HALT("why", action="look")], b, tier=tier, tasks=tasks)
    with pytest.raises(HaltProcessing):
        eng.process([1])
    (token,), (run,) = spans.tokens, spans.runs
    assert ("halt", "HALT", "[1, 0]") == tuple(
        of(token, name) for name in ("token.outcome", "task.name", "task.position")
    )
    halt = token.events[-1]
    assert ("wfgraph.halt", {"wfgraph.halt.message": "why", "wfgraph.halt.action": "look"}) == (
        halt.name,
        dict(halt.attributes or {}),
    )
    assert ("halt", StatusCode.UNSET, StatusCode.UNSET) == (
        of(run, "run.outcome"),
        run.status.status_code,
        token.status.status_code,
    )


@TIERS
@pytest.mark.parametrize("tasks", [True, False])
def test_an_error_is_told_with_its_traceback(spans: Spans, tier: str, tasks: bool) -> None:
    eng = engine(spans, a, fails, tier=tier, tasks=tasks)
    with pytest.raises(LookupError, match="lost"):
        eng.process([1])
    for span in spans.all:
        assert (StatusCode.ERROR, "LookupError: lost") == (span.status.status_code, span.status.description)
        assert "LookupError" == (span.attributes or {})["error.type"]
        told = dict(span.events[-1].attributes or {})
        assert ("LookupError", "lost") == (told["exception.type"], told["exception.message"])
        assert "in fails" in str(told["exception.stacktrace"])
    assert [("error", "fails")] == [(of(span, "token.outcome"), of(span, "task.name")) for span in spans.tokens]


def test_what_errors_and_halts_say_can_be_left_out(spans: Spans) -> None:
    for task in (fails, HALT("secret")):
        with pytest.raises(Exception, match=r"lost|secret"):
            engine(spans, task, messages=False).process([1])
    text = "".join(span.to_json() for span in spans.all)
    assert [] == [word for word in ("lost", "secret") if word in text]
    assert ["LookupError", None] == [(span.attributes or {}).get("error.type") for span in spans.tokens]


@TIERS
@pytest.mark.parametrize(
    ("leave", "outcomes", "run"),
    [
        (lambda eng: eng.stop(), ["stop"], "stop"),
        (lambda eng: eng.abort(), ["abort"], "stop"),
        (lambda eng: eng.skip_token(), ["skip_token", "completed"], "completed"),
        (lambda eng: eng.continue_next_token(), ["next_token", "completed"], "completed"),
        (lambda eng: eng.jump_token(1), ["jump_token", "completed"], "completed"),
        (lambda eng: eng.jump_call(1), ["completed", "completed"], "completed"),
        (lambda eng: eng.break_current_loop(), ["completed", "completed"], "completed"),
    ],
)
def test_a_token_that_is_left_says_how(spans: Spans, tier: str, leave: Any, outcomes: list[str], run: str) -> None:
    engine(spans, lambda obj, eng: leave(eng) if at_first(obj, eng) else None, b, tier=tier).process([1, 2])
    assert (outcomes, [run]) == (spans.told("token.outcome"), [of(span, "run.outcome") for span in spans.runs])


def test_a_token_that_is_taken_up_again_has_another_span(spans: Spans) -> None:
    def back(obj: Any, eng: Any) -> None:
        if not at_first(obj, eng) and not obj:
            obj.append("again")
            eng.jump_token(-1)

    engine(spans, back).process([[], []])
    assert [0, 1, 0, 1] == spans.told("token.position")


@TIERS
def test_going_on_after_halts_and_errors_stays_in_one_run(spans: Spans, tier: str) -> None:
    def halts(obj: Any, eng: Any) -> None:
        if obj == "halts":
            eng.halt("why")
        if obj == "fails":
            raise WorkflowError("bad")

    eng = engine(spans, halts, tier=tier)
    eng.process(["halts", "fails", "goes", "halts", "goes"], stop_on_halt=False, stop_on_error=False)
    assert ["halt", "error", "completed", "halt", "completed"] == spans.told("token.outcome")
    assert [0] * 5 == parents(spans.tokens, spans.runs)


def test_a_restart_after_a_halt_is_another_run_and_not_the_halt_again(spans: Spans) -> None:
    eng = engine(spans, HALT("why"), a)
    try:
        eng.process([1])
    except HaltProcessing:
        eng.restart("current", "next")
    assert ["halt", "completed"] == spans.told("token.outcome")
    assert [0, 1] == parents(spans.tokens, spans.runs)


def test_a_restart_within_a_task_is_a_run_within_its_token(spans: Spans) -> None:
    def again(obj: Any, eng: Any) -> None:
        if obj == "outer":
            eng.restart("first", "first", objects=["inner"])
            eng.stop()

    engine(spans, again, b).process(["outer"])
    outer, inner = spans.tokens
    assert [None, 0] == parents(spans.runs, [outer])
    assert [1] == parents([inner], spans.runs)
    assert ["stop", "completed"] == spans.told("token.outcome")
    assert [[("again", "[0]")], [("again", "[0]"), ("b", "[1]")]] == [events(outer), events(inner)]


@pytest.mark.parametrize("scope", ["engine", "class"])
def test_other_workflows_and_branches_are_within_the_token_that_runs_them(spans: Spans, scope: str) -> None:
    class Own(GenericWorkflowEngine): ...

    eng = Own()
    otel.instrument(eng if scope == "engine" else Own, spans.provider)
    eng.callbacks.replace([RUN_WF([a]), SYNCHRONIZE([a], [b], b), PARALLEL_SPLIT([a, b])])
    eng.process([1])
    outer, *inner = spans.tokens
    assert 5 == len(spans.runs)
    assert [0] * 4 == parents(spans.runs[1:], [outer])
    assert [1, 2, 3, 4] == sorted(parents(inner, spans.runs), key=str)
    assert ["RUN_WF", "SYNCHRONIZE", "PARALLEL_SPLIT"] == [name for name, _ in events(outer)]


def test_spans_of_ones_own_are_within_the_token_and_the_run_within_ones_own(spans: Spans) -> None:
    tracer = spans.provider.get_tracer("mine")

    def works(obj: Any, eng: Any) -> None:
        with tracer.start_as_current_span("query"):
            pass

    with tracer.start_as_current_span("request"):
        engine(spans, works).process([1])
    assert [0] == parents(spans.runs, spans.named("request"))
    assert [0] == parents(spans.named("query"), spans.tokens)


def test_hooks_and_handlers_of_ones_own_are_called_as_before(spans: Spans) -> None:
    seen: list[Any] = []

    class Actions(ActionMapper):
        @staticmethod
        def before_callbacks(obj: Any, eng: Any) -> None:
            seen.append("before_callbacks")

        @staticmethod
        def after_callbacks(obj: Any, eng: Any) -> None:
            seen.append("after_callbacks")

        @staticmethod
        def before_each_callback(eng: Any, callback_func: Any, obj: Any) -> None:
            seen.append(f"before {callback_func.__name__}")

        @staticmethod
        def after_each_callback(eng: Any, callback_func: Any, obj: Any) -> None:
            seen.append(f"after {callback_func.__name__}")

    class Handlers(TransitionActions):
        @staticmethod
        def LookupError(obj: Any, eng: Any, callbacks: Any, exc_info: Any) -> None:
            seen.append(str(exc_info[1]))

    class Factory(ProcessingFactory):
        @classproperty
        def action_mapper(cls: Any) -> Any:  # noqa: N805 - a class property
            return Actions

        @classproperty
        def transition_exception_mapper(cls: Any) -> Any:  # noqa: N805 - a class property
            return Handlers

        @staticmethod
        def after_object(eng: Any, objects: Any, obj: Any) -> None:
            seen.append("after_object")

    class Own(GenericWorkflowEngine):
        @classproperty
        def processing_factory(cls: Any) -> Any:  # noqa: N805 - a class property
            return Factory

    def process(eng: Any) -> list[Any]:
        seen.clear()
        eng.callbacks.replace([a, lambda obj, eng: fails(obj, eng) if at_first(obj, eng) else None])
        eng.process([1, 2])
        return list(seen)

    plain = process(Own())
    assert plain == process(engine(spans, a, kind=Own))
    assert ["error", "completed"] == spans.told("token.outcome"), "it failed, whatever its handler makes of that"
    assert ["completed"] == [of(span, "run.outcome") for span in spans.runs]
    assert Factory is engine(spans, a, kind=Own).processing_factory


@pytest.mark.parametrize("hook", ["before_callbacks", "after_callbacks", "before_each_callback"])
def test_an_error_of_a_hook_is_told_and_raised(spans: Spans, hook: str) -> None:
    def fail(*_: Any) -> None:
        raise LookupError("of the hook")

    factory = type("Factory", (ProcessingFactory,), {"action_mapper": type("A", (ActionMapper,), {hook: fail})})
    kind: Any = type("Own", (GenericWorkflowEngine,), {"processing_factory": factory})
    with pytest.raises(LookupError, match="of the hook"):
        engine(spans, a, kind=kind).process([1])
    assert ["error"] == spans.told("token.outcome")
    assert ["error"] == [of(span, "run.outcome") for span in spans.runs]


def test_an_error_of_a_handler_is_that_of_the_run_and_the_tasks_error_that_of_the_token(spans: Spans) -> None:
    def fail(*_: Any) -> None:
        raise KeyError("of the handler")

    handlers = type("H", (TransitionActions,), {"LookupError": staticmethod(fail)})
    factory = type("Factory", (ProcessingFactory,), {"transition_exception_mapper": handlers})
    kind: Any = type("Own", (GenericWorkflowEngine,), {"processing_factory": factory})
    with pytest.raises(KeyError, match="of the handler"):
        engine(spans, fails, kind=kind).process([1])
    assert ["KeyError", "LookupError"] == [(span.attributes or {})["error.type"] for span in spans.all]


def test_a_token_without_a_definition_fails_the_run(spans: Spans) -> None:
    class Keyed:
        def getFeature(self, name: str) -> str:
            return "unknown"

    with pytest.raises(KeyError):
        engine(spans, a).process([1, Keyed()])
    assert (["completed"], ["error"]) == (
        spans.told("token.outcome"),
        [of(span, "run.outcome") for span in spans.runs],
    )


@pytest.mark.parametrize("granularity", ["task", "token", "batch"])
def test_stored_runs_are_told_with_their_uuid_and_resumed_ones_again(
    spans: Spans, granularity: str, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"

    def halts(obj: Any, eng: Any) -> None:
        if obj["halts"]:
            eng.halt("why")

    def stored(make: Any, name: str) -> Any:
        return engine(spans, a, halts, b, kind=lambda: make(name, url, granularity=granularity))

    eng = stored(StoredEngine.with_name, "orders")
    eng.process([{"halts": False}, {"halts": True}, {"halts": False}], stop_on_halt=False)
    stored(StoredEngine.from_uuid, eng.uuid).resume()
    assert ["completed", "halt", "completed", "completed"] == spans.told("token.outcome")
    assert [0, 1, 2, 1] == spans.told("token.position")
    assert [("b", "[2]")] == events(spans.tokens[-1])
    assert {(eng.uuid, "orders")} == {(of(span, "run.uuid"), of(span, "run.name")) for span in spans.all}


def test_an_engine_that_saves_tells_the_error_and_raises_its_own(spans: Spans) -> None:
    class Run:
        uuid, name, status, objects = "u-1", None, None, ()

        def save(self, status: Any = None) -> None: ...

    class Order:
        def save(self, status: Any = None) -> None: ...

    with pytest.raises(WorkflowError, match="lost"):
        engine(spans, fails, kind=lambda: DbWorkflowEngine(Run())).process([Order()])
    assert ["wfgraph.errors.WorkflowError", "LookupError"] == [
        (span.attributes or {})["error.type"] for span in spans.all
    ]


class Fails(SpanProcessor):
    """Fails wherever it is asked."""

    def __init__(self, *where: str) -> None:
        self.where = where

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        if "start" in self.where:
            raise RuntimeError("no spans today")

    def on_end(self, span: Any) -> None:
        if "end" in self.where:
            raise RuntimeError("no spans today")


@TIERS
@pytest.mark.parametrize("where", ["start", "end"])
@pytest.mark.parametrize(("task", "raised"), [(a, None), (fails, "LookupError"), (HALT("why"), "HaltProcessing")])
def test_a_processor_that_fails_is_logged_once_and_breaks_no_run(
    tier: str, where: str, task: Any, raised: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    provider = TracerProvider()
    provider.add_span_processor(Fails(where))
    eng = engine(Spans(), task, tier=tier)
    otel.instrument(eng, provider)
    ended = outcome(lambda eng: eng.process([1, 2]), eng)
    assert raised == (ended and ended[0])
    assert (1 if raised is None else 0) == eng.state.token_pos
    assert ["wfgraph.otel"] == [record.name for record in caplog.records if record.levelno >= logging.WARNING]


def test_an_exporter_that_fails_breaks_no_run(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(SpanExporter):
        def export(self, spans: Any) -> Any:
            raise OSError("no collector")

    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(Broken()))
    eng = engine(Spans(), a)
    otel.instrument(eng, provider)
    eng.process([1])
    assert eng.has_completed
    assert "Exception while exporting Span" in caplog.text


def test_a_class_is_told_of_with_its_subclasses_until_that_is_taken_back(spans: Spans) -> None:
    class Own(GenericWorkflowEngine): ...

    class Sub(Own):
        processing_factory = type("Factory", (ProcessingFactory,), {})

    def process(kind: Any) -> int:
        spans.exporter.clear()
        eng = kind()
        eng.callbacks.replace([a])
        eng.process([1])
        return len(spans.all)

    otel.instrument(Own, spans.provider)
    assert [2, 2, 0] == [process(kind) for kind in (Own, Sub, GenericWorkflowEngine)]
    otel.uninstrument(Own)
    otel.uninstrument(Own)
    assert [0, 0] == [process(kind) for kind in (Own, Sub)]
    otel.instrument(GenericWorkflowEngine, spans.provider)
    try:
        assert [2, 2] == [process(kind) for kind in (Own, Sub)]
    finally:
        otel.uninstrument(GenericWorkflowEngine)
    assert [0, 0] == [process(kind) for kind in (Own, GenericWorkflowEngine)]


@pytest.mark.parametrize("target", [[a], dict, None])
def test_what_is_no_engine_is_refused(target: Any) -> None:
    for change in (otel.instrument, otel.uninstrument):
        with pytest.raises(WorkflowAPIError, match="a class of engines, can be instrumented"):
            change(target)


@TIERS
def test_an_engine_that_is_instrumented_by_a_task_is_told_of_from_its_next_run_on(spans: Spans, tier: str) -> None:
    eng = GenericWorkflowEngine()
    eng.callbacks.replace([lambda obj, eng: otel.instrument(eng, spans.provider), WHILE(lambda obj, eng: False, a)])
    eng.tier = tier
    eng.process([1, 2])
    assert [] == spans.told("token.position")
    eng.process([1, 2])
    assert [0, 1] == spans.told("token.position")


def test_tasks_that_are_run_by_hand_have_no_token(spans: Spans) -> None:
    engine(spans).run_callbacks([a], [1], 1)
    assert [] == spans.all


def test_an_instrumented_engine_can_be_sent_to_another_process_without_its_provider(spans: Spans) -> None:
    there = pickle.loads(pickle.dumps(engine(spans, a)._observer))  # noqa: S301 - made here
    assert (None, True) == (there._provider, there.tasks)


def test_workers_run_the_tokens_of_an_instrumented_engine(spans: Spans) -> None:
    eng = engine(spans, a)
    eng.process([1, 2, 3], workers=1)
    assert (2, True) == (eng.state.token_pos, eng.has_completed)


def test_running_a_workflow_imports_neither_opentelemetry_nor_what_tests_need() -> None:
    code = (
        "import sys\n"
        "from wfgraph.engine import GenericWorkflowEngine\n"
        "engine = GenericWorkflowEngine()\n"
        "engine.callbacks.replace([lambda obj, eng: None])\n"
        "engine.process([1])\n"
        "print(sorted({'opentelemetry', 'pytest', 'wfgraph.testing', 'wfgraph.otel', 'asyncio'} & set(sys.modules)))"
    )
    root = Path(otel.__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert "[]\n" == done.stdout


def test_the_example_in_the_documentation_of_the_module_works() -> None:
    assert (0, 3) == tuple(doctest.testmod(otel))
