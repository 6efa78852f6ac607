"""The parallel patterns: every branch runs once, nothing is lost, nothing outlives the run."""

from __future__ import annotations

import json
import logging
import threading
import time

import pytest
from helpers import Duplicable, Needy, add, engine

from wfgraph import signals
from wfgraph.engine import GenericWorkflowEngine, ProcessingFactory, TransitionActions
from wfgraph.errors import HaltProcessing, StopProcessing, WorkflowDefinitionError, WorkflowError
from wfgraph.graph import ops, outcomes
from wfgraph.graph.task import op_of
from wfgraph.patterns import parallel
from wfgraph.patterns.controlflow import BREAK, HALT, IF, TASK_JUMP_BWD, TASK_JUMP_FWD
from wfgraph.patterns.parallel import MAX_TIMEOUT, PARALLEL_SPLIT, SYNCHRONIZE
from wfgraph.patterns.utils import EMPTY_CALL, ENG_GET, TRY
from wfgraph.utils import classproperty

SOON = 10
"""For how long a test waits for what must happen, in seconds, before it fails."""


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        thread.join(SOON)
    assert not any(thread.is_alive() for thread in left)


def fail(text, kind=ValueError):
    def failing(obj, eng):
        raise kind(text)

    return failing


def await_(event):
    def waiting(obj, eng):
        assert event.wait(SOON)

    return waiting


def run(*callbacks, obj=None, **kwargs):
    eng = engine(*callbacks, **kwargs)
    eng.process([[] if obj is None else obj])
    return eng


def heard(signal):
    """Return a list of the senders of a signal, which fills as they send; it must be kept for as long as that."""
    senders = Senders()
    signal.connect(senders.hear)
    return senders


class Senders(list):
    def hear(self, sender, **_):
        self.append(sender)


# PARALLEL_SPLIT ------------------------------------------------------------------------------------------------------


def test_split_goes_on_while_its_branches_run():
    obj, gone_on = [], threading.Event()
    run(PARALLEL_SPLIT([await_(gone_on), add("branch")]), add("main"), lambda obj, eng: gone_on.set(), obj=obj)
    assert obj == ["main", "branch"]


@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
def test_split_runs_every_branch_once_with_an_engine_of_its_own(tier):
    obj, engines = [], []

    def work(name):
        def working(obj, eng):
            obj.append(name)
            engines.append(eng)

        return working

    eng = run(PARALLEL_SPLIT(*[work(n) if n % 2 else [work(n)] for n in range(10)]), obj=obj, tier=tier)
    assert sorted(obj) == list(range(10))
    assert len({*map(id, engines), id(eng)}) == 11


def test_split_runs_its_branches_at_the_same_time():
    barrier = threading.Barrier(4)
    run(PARALLEL_SPLIT(*[lambda obj, eng: barrier.wait(SOON)] * 4))
    assert not barrier.broken


def test_split_shares_a_lock_and_leaves_nothing_else():
    locks = []
    look = lambda obj, eng: locks.append(eng.extra_data["lock"])  # noqa: E731
    eng = run(PARALLEL_SPLIT(look, [look]))
    assert locks == [eng.extra_data["lock"]] * 2
    with locks[0]:
        assert locks[0].locked()
    assert set(eng.extra_data) == {"lock"}
    del eng.extra_data["lock"]
    json.dumps(eng.extra_data)


def test_the_pool_of_split_is_bounded(monkeypatch):
    monkeypatch.setattr(parallel, "_MAX_WORKERS", 2)
    threads, obj = set(), []
    run(PARALLEL_SPLIT(*[[lambda obj, eng: threads.add(threading.get_ident()), add(n)] for n in range(50)]), obj=obj)
    assert sorted(obj) == list(range(50))
    assert len(threads) <= 2


def test_jumps_and_stops_in_a_branch_stay_in_it():
    obj = []
    run(
        PARALLEL_SPLIT(
            [TASK_JUMP_FWD(2), add("no"), add("a"), IF(lambda obj, eng: True, [add("b"), BREAK(), add("no")])],
            [lambda obj, eng: eng.stop(), add("no")],
            TASK_JUMP_FWD(5),
            BREAK(),
        ),
        add("main"),
        obj=obj,
    )
    assert sorted(obj) == ["a", "b", "main"]


def test_the_addresses_of_a_branch_are_those_of_its_graph():
    seen = []
    look = lambda obj, eng: seen.append(list(eng.state.callback_pos))  # noqa: E731
    run(PARALLEL_SPLIT([look, [look, (look, None, look)]]))
    assert seen == [[0], [1, 0], [1, 1], [1, 2]]
    assert op_of(PARALLEL_SPLIT(look, (look, [look], None))).lanes == ((look,), (look, [look]))


def test_empty_branches_are_allowed():
    eng = run(PARALLEL_SPLIT([], None, ()), PARALLEL_SPLIT())
    assert op_of(PARALLEL_SPLIT([], None)).lanes == ((), ())
    assert set(eng.extra_data) == {"lock"}


def test_what_can_not_be_a_branch_is_refused():
    with pytest.raises(WorkflowDefinitionError):
        PARALLEL_SPLIT(5)


@pytest.mark.parametrize("branch", [fail("lost?"), [[fail("lost?")]], fail("lost?", SystemExit)])
def test_an_error_in_a_branch_is_reported_once_by_log_and_signal(branch, caplog):
    errors, obj = heard(signals.workflow_error), []
    engines = []
    eng = run(PARALLEL_SPLIT([lambda obj, eng: engines.append(eng), branch]), add("main"), obj=obj)
    assert errors == engines != [eng]
    record = next(record for record in caplog.records if record.levelno == logging.ERROR)
    assert record.name == eng.log.name
    assert "PARALLEL_SPLIT failed" in record.message
    assert "lost?" in str(record.exc_info[1])
    assert record.exc_info[1].__traceback__ is not None
    assert obj == ["main"]


def test_an_error_that_the_branch_keeps_to_itself_is_reported_too(caplog):
    class Quiet(TransitionActions):
        @staticmethod
        def Exception(obj, eng, callbacks, exc_info):
            raise exc_info[1]

    class QuietFactory(ProcessingFactory):
        @classproperty
        def transition_exception_mapper(self):
            return Quiet

    class QuietEngine(GenericWorkflowEngine):
        @classproperty
        def processing_factory(self):
            return QuietFactory

    errors = heard(signals.workflow_error)
    eng = run(PARALLEL_SPLIT(fail("lost?")), kind=QuietEngine)
    assert len(errors) == 1
    assert errors[0] is not eng
    assert "PARALLEL_SPLIT failed" in caplog.text


def test_a_branch_that_can_not_be_compiled_is_reported(caplog):
    errors = heard(signals.workflow_error)
    PARALLEL_SPLIT([5])([], engine())
    assert len(errors) == 1
    assert "is not callable: 5" in caplog.text


def test_errors_are_reported_without_blinker(monkeypatch, caplog):
    monkeypatch.setattr(type(parallel.Signal), "signals", lambda self, eng=None: None)
    run(PARALLEL_SPLIT(fail("lost?"), EMPTY_CALL))
    assert "PARALLEL_SPLIT failed" in caplog.text


def test_a_halt_in_a_branch_is_told_and_halts_nothing_else(caplog):
    halts, errors, obj = heard(signals.workflow_halted), heard(signals.workflow_error), []
    eng = run(PARALLEL_SPLIT([HALT("look\nhere"), add("no")]), add("main"), obj=obj)
    assert (len(halts), errors, obj) == (1, [], ["main"])
    assert halts[0] is not eng
    assert [record.message for record in caplog.records if record.levelno == logging.WARNING] == [
        r"the branch [HALT, <lambda>] of PARALLEL_SPLIT was halted: look\nhere"
    ]


@pytest.mark.parametrize(
    ("last", "error"), [(HALT(), HaltProcessing), (fail("main"), ValueError), (lambda obj, eng: eng.stop(), None)]
)
def test_the_branches_have_ended_when_the_run_has_however_it_ends(last, error):
    obj, started, go = [], threading.Event(), threading.Event()
    timer = threading.Timer(0.05, go.set)
    eng = engine(
        PARALLEL_SPLIT([lambda obj, eng: started.set(), await_(go), add("branch")]),
        lambda obj, eng: timer.start(),
        await_(started),
        last,
    )
    if error is None:
        eng.process([obj])
    else:
        with pytest.raises(error):
            eng.process([obj])
    assert obj == ["branch"]
    timer.join()


def test_split_called_by_hand_waits():
    obj = []
    eng = engine()
    PARALLEL_SPLIT(add("a"), [add("b")])(obj, eng)
    assert sorted(obj) == ["a", "b"]
    assert "lock" in eng.extra_data


@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
def test_split_for_many_tokens_with_jumps_and_a_restart(tier):
    tokens = [[] for _ in range(5)]
    eng = engine(
        PARALLEL_SPLIT(add("a"), [add("b")]),
        IF(lambda obj, eng: obj.count("again") < 1, [add("again")]),
        lambda obj, eng: eng.jump_call(-2) if obj.count("again") == 1 and obj.append("again") is None else None,
        lambda obj, eng: eng.halt() if obj is tokens[3] and "seen" not in obj else None,
        tier=tier,
    )
    with pytest.raises(HaltProcessing):
        eng.process(tokens)
    tokens[3].append("seen")
    eng.restart("current", "current")
    assert [token.count("a") for token in tokens] == [2] * 5
    assert [token.count("b") for token in tokens] == [2] * 5


def test_a_split_in_a_branch_of_a_split_is_waited_for():
    obj = []
    run(PARALLEL_SPLIT([PARALLEL_SPLIT([add("deep")], add("deep")), add("branch")]), obj=obj)
    assert sorted(obj) == ["branch", "deep", "deep"]


def test_split_in_a_run_inside_a_task():
    obj = []

    def nested(obj, eng):
        if "x" not in obj:
            obj.append("x")
            eng.restart("current", "first", [obj])

    run(PARALLEL_SPLIT(add("a")), nested, obj=obj)
    assert sorted(obj) == ["a", "a", "x"]


def test_split_for_tokens_that_choose_their_definition():
    class Keyed(list):
        def getFeature(self, name):
            return "thesis"

    obj = Keyed()
    eng = GenericWorkflowEngine()
    eng.callbacks.replace([PARALLEL_SPLIT(add("a")), SYNCHRONIZE([add("b")], add("c"))], "thesis")
    eng.process([obj])
    assert sorted(obj) == ["a", "b", "c"]


@pytest.mark.parametrize("pattern", [lambda: PARALLEL_SPLIT(add("a")), lambda: SYNCHRONIZE([add("a")], EMPTY_CALL)])
def test_branches_of_an_engine_that_needs_arguments(pattern):
    obj = []
    with pytest.raises(WorkflowError, match=r"needs another engine.*Needy.*override `duplicate`"):
        run(pattern(), kind=Needy, args=("db",), obj=obj)
    assert obj == []
    run(pattern(), kind=Duplicable, args=("db",), obj=obj)
    assert obj == ["a"]


def test_ops_of_split():
    made = PARALLEL_SPLIT(EMPTY_CALL, comment="both")
    assert (made.__name__, made.__doc__) == ("PARALLEL_SPLIT", "both")
    assert [way.outcome for way in op_of(made).exits()] == [outcomes.RETURN]


# SYNCHRONIZE ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
def test_synchronize_runs_every_branch_once_and_then_the_last(tier):
    obj = []
    branches = [add(n) if n % 2 else [add(n)] for n in range(40)]
    run(SYNCHRONIZE(*branches, add("last")), add("after"), obj=obj, tier=tier)
    assert sorted(obj[:40]) == list(range(40))
    assert obj[40:] == ["last", "after"]


def test_each_branch_has_a_thread_of_its_own():
    barrier, threads = threading.Barrier(40), set()

    def meet(obj, eng):
        barrier.wait(SOON)
        threads.add(threading.get_ident())

    run(SYNCHRONIZE(*[meet, [meet]] * 20, EMPTY_CALL))
    assert len(threads) == 40
    assert threading.get_ident() not in threads


def test_callables_get_the_engine_itself_lists_another_and_the_last_the_own_thread():
    seen = {}

    def look(name):
        def looking(obj, eng):
            seen[name] = (eng, threading.get_ident())

        return looking

    eng = run(SYNCHRONIZE(look("call"), [look("list")], (look("tuple"),), look("last")))
    assert seen["call"][0] is seen["last"][0] is eng
    assert len({id(seen[name][0]) for name in seen}) == 3
    assert seen["last"][1] == threading.get_ident() not in {seen["call"][1], seen["list"][1], seen["tuple"][1]}
    assert eng.extra_data == {}


@pytest.mark.parametrize("args", [(), (len,), ([len],)])
def test_synchronize_needs_two(args):
    with pytest.raises(Exception, match="You must pass at least two callables"):
        SYNCHRONIZE(*args)


def test_the_last_steers_the_token():
    obj = []
    run(SYNCHRONIZE(EMPTY_CALL, TASK_JUMP_FWD(2)), add("no"), add("yes"), obj=obj)
    assert obj == ["yes"]
    with pytest.raises(HaltProcessing):
        run(SYNCHRONIZE(EMPTY_CALL, HALT()))


@pytest.mark.parametrize("kind", [list, tuple])
def test_the_last_may_be_a_list_of_ordinary_tasks(kind):
    obj, places = [], []
    last = kind([add("a"), [lambda obj, eng: places.append(list(eng.state.callback_pos))], BREAK(), add("no")])
    eng = run(SYNCHRONIZE(add("branch"), last), add("after"), obj=obj)
    assert obj == ["branch", "a", "after"]
    assert places == [[0, 2, 0]]
    assert eng.callbacks.get()[0][0].__name__ == "SYNCHRONIZE"
    assert len(SYNCHRONIZE([], None)) == 1
    run(SYNCHRONIZE([], None))


def test_a_single_failure_is_raised_as_it_is_and_the_last_does_not_run():
    obj = []
    with pytest.raises(ValueError, match="one"):
        run(SYNCHRONIZE(fail("one"), [add("other")], add("last")), obj=obj)
    assert obj == ["other"]


def test_several_failures_are_listed():
    with pytest.raises(WorkflowError) as caught:
        run(SYNCHRONIZE(fail("one"), [fail("t\nwo", KeyError)], EMPTY_CALL, fail("three", HaltProcessing), EMPTY_CALL))
    message = caught.value.message
    assert message.startswith("3 branches of SYNCHRONIZE failed: failing: ValueError: one; [failing]: KeyError: ")
    assert "HaltProcessing(three" in message
    assert "\n" not in message
    assert str(caught.value.__cause__) == "one"


def test_several_failures_let_a_run_go_on_that_goes_on_after_errors():
    bad = fail("bad")
    pick = lambda obj, eng: bad(obj, eng) if obj[0] == "bad" else None  # noqa: E731
    eng = engine(SYNCHRONIZE(pick, [pick], add("last")))
    tokens = [["bad"], ["good"]]
    eng.process(tokens, stop_on_error=False)
    assert tokens == [["bad"], ["good", "last"]]


@pytest.mark.parametrize("branch", [HALT("look"), [HALT("look")]])
def test_a_halt_in_a_branch_halts_and_the_branches_run_again(branch):
    obj = []
    eng = engine(add("0"), SYNCHRONIZE([add("other")], TRY(branch) if callable(branch) else branch, add("last")))
    with pytest.raises(HaltProcessing) as caught:
        eng.process([obj])
    assert (caught.value.message, eng.state.callback_pos, obj) == ("look", [1], ["0", "other"])
    with pytest.raises(HaltProcessing):
        eng.restart("current", "current")
    assert obj == ["0", "other", "other"]


def test_several_halts_are_one_halt(caplog):
    with pytest.raises(HaltProcessing) as caught:
        run(SYNCHRONIZE(HALT("first"), [HALT("second")], EMPTY_CALL))
    assert caught.value.message == "first"
    assert "second" in caplog.text


@pytest.mark.parametrize("branch", [TASK_JUMP_FWD(2), BREAK(), fail("", StopProcessing), TASK_JUMP_BWD()])
def test_a_branch_can_not_steer_the_token_around_its_task(branch):
    obj = []
    with pytest.raises(WorkflowError, match="a branch can't steer the token"):
        run(SYNCHRONIZE(branch, EMPTY_CALL, add("last")), obj=obj)
    assert obj == []


def test_a_branch_that_is_a_list_may_jump_and_stop_within_itself():
    obj = []
    run(SYNCHRONIZE([TASK_JUMP_FWD(2), add("no"), fail("", StopProcessing), add("no")], [BREAK()], add("ok")), obj=obj)
    assert obj == ["ok"]


@pytest.mark.parametrize("others", [(), (fail("too"),)])
def test_a_time_out_names_what_has_not_ended(others):
    go, obj = threading.Event(), []

    def slow(obj, eng):
        go.wait(SOON)

    try:
        with pytest.raises(WorkflowError, match=r"SYNCHRONIZE waited for 0\.05 seconds.*not ended: slow") as caught:
            run(SYNCHRONIZE(slow, EMPTY_CALL, *others, add("last"), timeout=0.05), obj=obj)
    finally:
        go.set()
    assert obj == []
    assert ("failing: ValueError: too" in caught.value.message) is bool(others)
    assert (caught.value.__cause__ is not None) is bool(others)


def test_an_error_does_not_wait_out_the_time_limit():
    started = time.monotonic()
    with pytest.raises(ValueError, match="quick"):
        run(SYNCHRONIZE(fail("quick"), EMPTY_CALL, EMPTY_CALL))
    assert time.monotonic() - started < SOON
    assert MAX_TIMEOUT == 30000


def test_no_time_limit():
    run(SYNCHRONIZE(EMPTY_CALL, EMPTY_CALL, timeout=None))
    with pytest.raises(TypeError):
        SYNCHRONIZE(EMPTY_CALL, EMPTY_CALL, time_out=5)


@pytest.mark.parametrize("tier", ["interpreted", "compiled"])
def test_branches_may_ask_for_the_position(tier):
    seen, obj = [], []
    look = lambda obj, eng: seen.append(list(eng.state.callback_pos))  # noqa: E731
    run(EMPTY_CALL, [SYNCHRONIZE(look, look, look), add("next")], obj=obj, tier=tier)
    assert seen == [[1, 0]] * 3
    assert obj == ["next"]


def test_split_in_a_branch_of_synchronize_is_waited_for():
    obj = []
    run(SYNCHRONIZE(PARALLEL_SPLIT(add("a")), [PARALLEL_SPLIT(add("a"))], EMPTY_CALL), obj=obj)
    assert obj == ["a", "a"]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (SYNCHRONIZE(EMPTY_CALL, [ENG_GET("x"), [EMPTY_CALL]], EMPTY_CALL), {outcomes.RETURN}),
        (SYNCHRONIZE(EMPTY_CALL, len, EMPTY_CALL), {outcomes.RETURN, outcomes.HALT}),
        (SYNCHRONIZE([[HALT()]], EMPTY_CALL, BREAK()), {outcomes.BREAK, outcomes.HALT}),
        (SYNCHRONIZE(EMPTY_CALL, [EMPTY_CALL])[0], {outcomes.RETURN}),
        (SYNCHRONIZE(EMPTY_CALL, EMPTY_CALL, TASK_JUMP_FWD(3)), {outcomes.jump(3)}),
    ],
)
def test_ops_of_synchronize(made, expected):
    op = op_of(made)
    assert isinstance(op, ops.Synchronize)
    assert not op.opaque
    assert {way.outcome for way in op.exits()} == expected
    assert made.__doc__.startswith("SYNCHRONIZE(")


def test_synchronize_with_a_last_task_of_which_nothing_is_known():
    op = op_of(SYNCHRONIZE(EMPTY_CALL, len, print))
    assert op.opaque
    assert (op.lanes, op.final) == (((EMPTY_CALL,), (len,)), (print,))
