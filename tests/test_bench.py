"""The benchmarks measure the same work everywhere, and say what they measured. Nothing here is about how long it takes."""

from __future__ import annotations

import json
import sys
import threading
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

pytest.importorskip("bench")

from bench import __main__ as command
from bench import durable, ingestion, measure, report, stores, tasks
from bench.engines import ENGINES, Cannot, Engine
from bench.growth import growth
from bench.imports import Import, imports
from bench.measure import Cell, Plan, Spread
from bench.workers import __main__ as command_of_workers
from bench.workers import costs
from bench.workloads import BY_NAME, WORKLOADS, Workload, nested
from wfgraph.compiler.pipeline import compile_graph
from wfgraph.patterns import controlflow

SHORT = Plan(sample=1, budget=1, least=2, most=2, sizes=(100,), compiling=1, processes=1)
OWN = [engine for engine in ENGINES if not engine.adapter.startswith("peer")]
PEERS = [engine for engine in ENGINES if engine not in OWN]
SIMPLE = [BY_NAME["straight"], BY_NAME["ifelse"], replace(BY_NAME["while"], rounds=5, calls=21)]
SHORTER = [
    replace(workload, build=lambda _: nested(1_000), calls=1_000) if workload.fresh else workload
    for workload in WORKLOADS
]

CALLED = tasks.codes_of(
    [
        *tasks.TASKS,
        *ingestion.BOUND.values(),
        *(tasks.another_round, tasks.first_way, tasks.second_way, tasks.third_way),
        *(tasks.again, tasks.jump_back),
    ]
)


def _calls(run: Callable[[], object]) -> dict[CodeType, int]:
    """Count the calls of tasks, conditions and hooks."""
    counts: dict[CodeType, int] = {}

    def see(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            counts[frame.f_code] = counts.get(frame.f_code, 0) + 1

    around = sys.getprofile()
    threading.setprofile(see)
    sys.setprofile(see)
    try:
        run()
    finally:
        sys.setprofile(around)
        threading.setprofile(None)
    return {code: count for code, count in counts.items() if code in CALLED or code is tasks.HOOK_CODE}


def _counted(engine: Engine, workload: Workload) -> dict[CodeType, int]:
    """Count, for new tokens and for the ones after them, which must come to the same."""

    def work() -> dict[CodeType, int]:
        stage = engine.stage(workload)
        first = _calls(stage(workload.make_tokens(_tokens(workload))))
        assert first == _calls(stage(workload.make_tokens(_tokens(workload))))
        return first

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations within other libraries
        try:
            return measure.in_deep_stack(work) if workload.deep else work()
        except Cannot as reason:
            pytest.skip(str(reason))


def _tokens(workload: Workload) -> int:
    return 8 if workload.least == 8 else 1


@pytest.mark.parametrize("workload", SHORTER, ids=lambda workload: workload.name)
@pytest.mark.parametrize("engine", OWN, ids=lambda engine: engine.name)
def test_the_libraries_do_the_same_work(engine: Engine, workload: Workload) -> None:
    counts = _counted(engine, workload)
    hooks = counts.pop(tasks.HOOK_CODE, 0)
    assert workload.calls * _tokens(workload) == sum(counts.values())
    assert (workload.calls if workload.hooked else 0) == hooks


@pytest.mark.parametrize("workload", SIMPLE, ids=lambda workload: workload.name)
@pytest.mark.parametrize("engine", PEERS, ids=lambda engine: engine.name)
@pytest.mark.usefixtures("no_event_loop")
def test_the_peers_do_the_same_work(engine: Engine, workload: Workload) -> None:
    assert workload.calls * _tokens(workload) == sum(_counted(engine, workload).values())


def test_nested_lists_hold_as_many_tasks_as_they_should() -> None:
    graph = compile_graph(nested(1_234))
    assert (1_234, {5}) == (len(graph.nodes), {len(node.item.address) for node in graph.nodes})


def test_every_workload_is_done_or_has_a_reason() -> None:
    for workload in WORKLOADS:
        assert workload.beyond or workload.name in ("straight", "single", "ifelse", "while")


def test_the_ingestion_is_as_long_and_as_deep_as_it_says() -> None:
    graph = compile_graph(ingestion.definition(controlflow))
    assert (126, 9) == (len(graph.nodes), max(len(node.item.address) for node in graph.nodes))


@pytest.mark.slow
def test_engines_are_sampled_equally_often() -> None:
    cells = measure.measure(BY_NAME["jumps"], [engine for engine in ENGINES if engine in OWN[:3]], SHORT)
    assert ["measured"] * 3 == [cell.status for cell in cells.values()]
    assert {2} == {cell.samples for cell in cells.values()}
    own = cells["hand-written"].ratio
    assert own == Spread(1.0, 1.0, 1.0)


def test_a_peer_that_is_not_installed_is_shown_as_that() -> None:
    missing = Engine("missing", "peer_missing", "no_such_module_of_ours", "no-such-distribution-of-ours")
    cells = {"straight": measure.measure(BY_NAME["straight"], [OWN[0], missing], SHORT)}
    assert "not installed" == cells["straight"]["missing"].status
    text = report.as_text(report.Report([OWN[0], missing], cells))
    assert "| not installed |" in text


def test_what_fails_is_shown_as_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(engine: Engine, workload: Workload) -> Any:
        raise RecursionError("too deep")

    monkeypatch.setattr(Engine, "stage", fail)
    cells = measure.measure(BY_NAME["straight"], [OWN[0]], SHORT)
    assert Cell("failed", "RecursionError: too deep") == cells["hand-written"]


@pytest.mark.slow
def test_the_table_is_well_formed() -> None:
    cells = {name: measure.measure(BY_NAME[name], OWN[:3], SHORT) for name in ("straight", "for")}
    text = report.as_text(report.Report(OWN[:3], cells, growth((100,), 1), [Import("workflow.engine", None, 0)]))
    tables = [part.splitlines() for part in text.split("\n\n") if part.startswith("|")]
    assert [4, 4, 4, 3] == [len(table) for table in tables]
    for table in tables:
        assert 1 == len({line.count("|") for line in table})
        assert 1 == len({len(line) for line in table})


def test_the_command_line_writes_json(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr(command, "QUICK", SHORT)
    target = tmp_path / "bench.json"
    chosen = ["--only", "jumps,growth", "--engines", "interpreted,compiled"]
    assert 0 == command.main(["--quick", "--json", str(target), *chosen])
    assert "a task that jumps back" in capsys.readouterr().out
    found = json.loads(target.read_text(encoding="utf-8"))
    assert {"about", "durable", "engines", "workloads", "growth", "imports"} == set(found)
    cells = found["workloads"]["jumps"]["engines"]
    assert {"hand-written", "interpreted", "compiled"} == set(cells)
    assert all(cell["ns"]["low"] <= cell["ns"]["median"] <= cell["ns"]["high"] for cell in cells.values())
    assert ["compile_graph", "build_program"] == [row["function"] for row in found["growth"]]


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--only", "straigth"])
    assert "no straigth; known: straight" in capsys.readouterr().err


def test_imports_are_measured_in_processes() -> None:
    found = imports(1, ("json", "no_such_module_of_ours"))
    assert [1, 0] == [row.samples for row in found]
    assert found[1].ms is None


@pytest.mark.slow
def test_storing_is_measured_and_told() -> None:
    found = durable.durable(3, 2, ("wfgraph",))
    assert {("sqlite", unit, name) for unit in ("task", "token", "batch") for name in ("raw", "wfgraph")} <= {
        (row.database, row.unit, row.name) for row in found
    }
    assert all(row.rate is not None and row.rate.median > 0 for row in found)
    told = report.as_text(report.Report(durable=[*found, replace(found[1], name="other", rate=None, reason="missing")]))
    assert "| stored at once |" in told
    assert "failed" in told
    assert ["other on sqlite: missing"] == report.reasons_of_durable(
        [replace(found[1], name="other", rate=None, reason="missing")]
    )


def test_what_is_compared_is_stored() -> None:
    """Raw statements and wfgraph leave the same in their databases."""
    with durable.places() as databases:
        for place in databases:
            for unit in ("task", "token", "batch"):
                job = stores.raw(place, unit)
                tokens = stores.make_tokens(3)
                job.ready(tokens)
                job.run(tokens)
                assert [5, 5, 5] == [token["n"] for token in tokens]
                kept = stores.raw_rows(place)
                job.end()
                assert [5, 5, 5] == [json.loads(text)["n"] for text in kept]


def _workers_cost(shard: int) -> Any:
    # A token takes 2 ms and 10 of its message; of the processors 3 and 12.
    share = 1 / shard
    return costs.Cost("nothing", shard, 0.002 + 0.010 * share, 0.002 + 0.010 * share, 0.001, 0.002 * share)


def test_the_model_of_workers_is_fitted_to_the_ends_and_tells_the_middle() -> None:
    model = costs.model_of([_workers_cost(1), _workers_cost(10), _workers_cost(100)])
    found = (model.message, model.token, model.message_processor, model.token_processor)
    assert pytest.approx((0.010, 0.002, 0.012, 0.003)) == found
    assert pytest.approx(1 / 0.003) == model.rate(0, 10, workers=1, cores=8)
    assert pytest.approx(1 / 0.008) == model.rate(0.005, 10, workers=1, cores=8)
    assert pytest.approx(2 / (0.005 + 0.003 + 0.0012)) == model.rate(0.005, 10, workers=50, cores=2), (
        "processors are full"
    )


@pytest.mark.long
@pytest.mark.timeout(900)
def test_workers_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == command_of_workers.main(["--quick"])
    said = capsys.readouterr().out
    assert 16 == said.count("stored |")
    for head in ("PostgreSQL, Redis, 1 worker", "SQLite, Redis, 1 worker", "each task stored", "predicted tokens/s"):
        assert head in said


def test_what_watching_costs_is_measured_in_turns() -> None:
    from bench import otel

    found = otel.measured(2, tokens=3)
    assert {"unwatched", "a log line per token", "a span per token", "and events for tasks", "the SDK alone"} == set(
        found
    )
    assert {2} == set(map(len, found.values()))
