"""The contract of ready-made storage, on every database: what is stored, and what goes on from there."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from wfgraph.errors import (
    DefinitionChanged,
    HaltProcessing,
    NotStorable,
    OwnershipLost,
    RunOwned,
    StorageError,
    UnknownRun,
    WorkflowAPIError,
    WorkflowError,
    WorkflowObjectStatusError,
)
from wfgraph.patterns import FOR, HALT, IF, PARALLEL_SPLIT, RUN_WF, SYNCHRONIZE, WHILE
from wfgraph.statuses import ObjectStatus, WorkflowStatus
from wfgraph.storage import Base, Database, DbWorkflowEngine, Granularity, Interrupted, Store, batch, once
from wfgraph.storage.writer import Writer

GRANULARITIES = ["task", "token", batch(3, 1000)]
every = pytest.mark.parametrize("granularity", GRANULARITIES, ids=["task", "token", "batch"])


def step(name: str) -> Any:
    def task(obj: Any, eng: Any) -> None:
        obj.setdefault("went", []).append(name)

    task.__name__ = task.__qualname__ = name
    return task


def ask(obj: Any, eng: Any) -> None:
    if not obj.get("approved"):
        eng.halt("look at it", action="approve", payload={"n": obj["n"]})


def large(obj: Any, eng: Any) -> bool:
    return bool(obj["n"] > 10)


def fail(obj: Any, eng: Any) -> None:
    obj["went"].append("fail")
    if obj["n"] < 0:
        raise ValueError("negative")


FLOW = [step("a"), IF(large, [ask, step("b")]), fail, step("c")]


def begun(database: Database, flow: Any, **options: Any) -> DbWorkflowEngine:
    eng = DbWorkflowEngine.with_name("flow", database, **options)
    eng.callbacks.replace(flow)
    return eng


def again(eng: DbWorkflowEngine, flow: Any, **options: Any) -> DbWorkflowEngine:
    found = DbWorkflowEngine.from_uuid(eng.uuid, eng.runs.database, **options)
    found.callbacks.replace(flow)
    return found


def statuses(eng: DbWorkflowEngine) -> list[str]:
    return [one.status.name for one in again(eng, []).db_obj.objects]


def run_all(eng: DbWorkflowEngine, tokens: Any) -> None:
    eng.process(tokens, stop_on_error=False, stop_on_halt=False)


@every
def test_what_becomes_of_each_object_is_stored(database: Database, granularity: Any) -> None:
    eng = begun(database, FLOW, granularity=granularity)
    run_all(eng, [{"n": 1}, {"n": 20}, {"n": -1}, {"n": 2}])
    found = again(eng, FLOW)
    assert [["a", "fail", "c"], ["a"], ["a", "fail"], ["a", "fail", "c"]] == [token["went"] for token in found.objects]
    assert ["COMPLETED", "HALTED", "ERROR", "COMPLETED"] == statuses(eng)
    assert WorkflowStatus.ERROR is found.status
    halted, failed = found.db_obj.objects[1:3]
    assert ("look at it", "approve", {"n": 20}) == (halted.halt_message, halted.halt_action, halted.halt_payload)
    assert [1, 1, 0] == halted.callback_pos
    assert "if large / storage.test_storage.ask" in str(halted.node)
    assert "ValueError" == failed.error_type
    assert "ValueError: negative" in str(failed.error_message)
    assert [2] == failed.callback_pos
    assert [halted] == found.halted_objects


@every
def test_it_goes_on_where_it_stands(database: Database, granularity: Any) -> None:
    eng = begun(database, FLOW, granularity=granularity)
    run_all(eng, [{"n": 1}, {"n": 20}, {"n": -1}])
    later = again(eng, FLOW, granularity=granularity)
    later.objects[2]["n"] = 3
    later.resume()
    assert ["a", "b", "fail", "c"] == again(eng, FLOW).objects[1]["went"]
    assert ["a", "fail", "fail", "c"] == again(eng, FLOW).objects[2]["went"]
    assert ["a", "fail", "c"] == again(eng, FLOW).objects[0]["went"], "what is completed is not run again"
    assert WorkflowStatus.COMPLETED is again(eng, FLOW).status


@pytest.mark.parametrize(
    ("word", "went"),
    [
        ("current", ["a"]),
        ("next", ["a", "b", "fail", "c"]),
        ("prev", ["a"]),
        ("first", ["a", "a"]),
        (None, ["a"]),
    ],
)
def test_the_words_of_restart(database: Database, word: str | None, went: list[str]) -> None:
    eng = begun(database, FLOW)
    run_all(eng, [{"n": 20}])
    later = again(eng, FLOW)
    later.resume(halted=word)
    assert went == later.objects[0]["went"] == again(eng, FLOW).objects[0]["went"]
    assert ("COMPLETED" if word == "next" else "HALTED") == statuses(eng)[0]


def test_only_some_objects(database: Database) -> None:
    eng = begun(database, FLOW)
    run_all(eng, [{"n": 20}, {"n": 30}, {"n": 40}])
    eng.resume(objects=[1])
    assert ["HALTED", "COMPLETED", "HALTED"] == statuses(eng)
    with pytest.raises(WorkflowAPIError, match=r"has no object 7; its 3 objects count from 0"):
        eng.resume(objects=[7])


def test_the_documented_restart(database: Database) -> None:
    eng = begun(database, FLOW)
    with pytest.raises(HaltProcessing):
        eng.process([{"n": 1}, {"n": 20}, {"n": 2}])
    assert ["COMPLETED", "HALTED", "INITIAL"] == statuses(eng)
    later = again(eng, FLOW)
    assert (1, [1, 1, 0]) == (later.state.token_pos, later.state.callback_pos)
    later.restart("current", "next")
    assert ["COMPLETED"] * 3 == statuses(eng)
    assert ["a", "b", "fail", "c"] == later.objects[1]["went"]


@every
def test_a_loop_goes_on_in_its_round(database: Database, granularity: Any) -> None:
    def look(obj: Any, eng: Any) -> None:
        obj["seen"].append([eng.extra_data["x"], eng.extra_data["y"]])
        if eng.extra_data["x"] == 2 and eng.extra_data["y"] == "b" and len(obj["seen"]) == 4:
            eng.halt("in the middle")

    def after(obj: Any, eng: Any) -> None:
        obj["after"].append([eng.extra_data["x"], eng.extra_data["y"]])

    flow = [FOR([1, 2, 3], "x", [FOR(["a", "b"], "y", [look, after])])]
    eng = begun(database, flow, granularity=granularity)
    run_all(eng, [{"seen": [], "after": []}, {"seen": [0, 0, 0, 0], "after": []}])
    again(eng, flow, granularity=granularity).resume()
    found = again(eng, flow).objects[0]
    pairs = [[x, y] for x in (1, 2, 3) for y in ("a", "b")]
    assert pairs == found["seen"]
    assert pairs == found["after"]


def test_what_follows_in_a_halted_round_sees_its_item(database: Database) -> None:
    def halt_at_two(obj: Any, eng: Any) -> None:
        if eng.extra_data["x"] == 2 and obj["halts"]:
            eng.halt()

    def note(obj: Any, eng: Any) -> None:
        obj["noted"].append(eng.extra_data["x"])

    flow = [FOR([1, 2, 3], "x", [halt_at_two, note])]
    eng = begun(database, flow)
    run_all(eng, [{"halts": True, "noted": []}, {"halts": False, "noted": []}])
    again(eng, flow).resume()
    assert [1, 2, 3] == again(eng, flow).objects[0]["noted"]


def test_extra_data_is_the_runs(database: Database) -> None:
    def count(obj: Any, eng: Any) -> None:
        eng.extra_data["count"] = eng.extra_data.get("count", 0) + 1
        if obj == 2:
            eng.halt()

    eng = begun(database, [count])
    run_all(eng, [1, 2, 3])
    later = again(eng, [count])
    assert 3 == later.extra_data["count"]
    later.resume(halted="current")
    assert 4 == again(eng, [count]).extra_data["count"]


@pytest.mark.parametrize("tokens", [[1, "text", None, 2.5, True, [1, [2]], {"a": {"b": []}}], []])
def test_any_json_is_a_token(database: Database, tokens: list[Any]) -> None:
    eng = begun(database, [lambda obj, eng: None])
    eng.process(tokens)
    assert tokens == again(eng, []).objects
    assert ["COMPLETED"] * len(tokens) == statuses(eng)


def test_the_same_token_twice_is_two_objects(database: Database) -> None:
    token = {"n": 1}
    eng = begun(database, FLOW)
    eng.process([token, token])
    assert 2 == len(again(eng, []).objects)


def test_texts_come_back_as_they_were(database: Database) -> None:
    text = "naïve \U0001f600 \u202e \u2028 ' \" \\ % %s {} \0 end"
    eng = begun(database, [HALT()])

    def halt(obj: Any, eng: Any) -> None:
        obj["more"] = text
        eng.halt(text.replace("\0", ""), payload=[text])

    eng.callbacks.replace([halt])
    run_all(eng, [{"text": text}])
    found = again(eng, [])
    assert {"text": text, "more": text} == found.objects[0]
    assert [text] == found.db_obj.objects[0].halt_payload


# What can't be stored -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"when": {1, 2}}, r"token 1\['deep'\]\[0\]\['when'\] can't be stored: a set is no JSON"),
        ({1: 2}, r"token 1\['deep'\]\[0\] can't be stored: the key 1 is no text; use '1'"),
        ((1, 2), r"a tuple would come back as a list"),
        (float("nan"), r"nan is no number to JSON"),
        ("\ud800", r"half a character"),
        (object(), r"of type object is no JSON"),
    ],
)
def test_tokens_that_are_no_json_are_refused_before_anything_runs(database: Database, value: Any, message: str) -> None:
    ran: list[Any] = []
    eng = begun(database, [lambda obj, eng: ran.append(obj)])
    with pytest.raises(NotStorable, match=message):
        eng.process([{"fine": 1}, {"deep": [value]}])
    assert not ran
    assert [] == eng.runs.runs()


@every
def test_a_task_that_makes_a_token_unstorable_fails(database: Database, granularity: Any) -> None:
    def spoil(obj: Any, eng: Any) -> None:
        if obj["n"] == 2:
            obj["set"] = {1}

    flow = [step("a"), spoil, step("b")]
    eng = begun(database, flow, granularity=granularity)
    run_all(eng, [{"n": 1}, {"n": 2}, {"n": 3}])
    assert ["COMPLETED", "ERROR", "COMPLETED"] == statuses(eng)
    found = again(eng, []).db_obj.objects[1]
    assert "token 1['set'] can't be stored: a set is no JSON; use a sorted list" in str(found.error_message)
    assert "set" not in again(eng, []).objects[1]


@every
@pytest.mark.parametrize("also_fails", [False, True])
def test_what_can_not_be_stored_goes_on_where_it_was_stored_last(
    database: Database, granularity: Any, also_fails: bool
) -> None:
    keys: list[str] = []
    mended: list[bool] = []

    def spoil(obj: Any, eng: Any) -> None:
        keys.append(eng.idempotency_key)
        obj["spoiled"] = [1] if mended else {1}
        if also_fails and not mended:
            raise ValueError("this, too")

    flow = [step("a"), once("b")(step("b")), step("c"), spoil, step("d")]
    eng = begun(database, flow, granularity=granularity)
    run_all(eng, [{}, {}])
    assert ["ERROR", "ERROR"] == statuses(eng)
    found = again(eng, []).db_obj.objects[0]
    assert "token 0['spoiled'] can't be stored" in str(found.error_message)
    assert ("this, too" in str(found.error_message)) == also_fails
    assert str(found.error_message).endswith("; it stands where it was stored last")
    mended.append(True)
    later = again(eng, flow)
    later.resume()
    assert [{"went": ["a", "b", "c", "d"], "spoiled": [1]}] * 2 == later.objects
    assert keys[:2] == keys[2:]


@every
def test_what_could_not_be_stored_goes_on_in_the_same_engine_as_in_a_new_one(
    database: Database, granularity: Any
) -> None:
    def spoil(obj: Any, eng: Any) -> None:
        obj["went"].append("spoil")
        if obj["n"] == 1 and "mended" not in obj:
            obj["spoiled"] = {1}

    given: list[Any] = [{"n": n} for n in range(3)]
    eng = begun(database, [step("a"), spoil, step("b")], granularity=granularity)
    run_all(eng, given)
    assert again(eng, []).objects == eng.objects == given, "in memory, too, it is what was stored of it last"
    eng.objects[1]["mended"] = True
    eng.resume()
    assert [["a", "spoil", "b"]] * 3 == [token["went"] for token in again(eng, []).objects]


def test_a_run_goes_past_all_tokens_of_a_batch_that_can_not_be_stored(database: Database) -> None:
    def spoil(obj: Any, eng: Any) -> None:
        if obj["n"] in (3, 4, 5, 8):
            obj["spoiled"] = {1}
        if obj["n"] in (5, 10):
            eng.halt()

    eng = begun(database, [spoil], granularity=batch(50, 60_000))
    run_all(eng, [{"n": n} for n in range(12)])
    left = {number: status for number, status in enumerate(statuses(eng)) if status != "COMPLETED"}
    assert {3: "ERROR", 4: "ERROR", 5: "ERROR", 8: "ERROR", 10: "HALTED"} == left


def test_tokens_that_come_in_a_tuple_go_on_like_others(database: Database) -> None:
    def spoil(obj: Any, eng: Any) -> None:
        obj["tried"] = {1} if "tried" not in obj and eng.status is WorkflowStatus.RUNNING else 2

    eng = begun(database, [spoil])
    with pytest.raises(WorkflowError, match="can't be stored"):
        eng.process(({},))
    assert [{}] == eng.objects


@every
@pytest.mark.parametrize("how", ["moves on", "halts", "fails", "skips"])
@pytest.mark.parametrize("same", [True, False], ids=["same engine", "new engine"])
def test_a_token_that_leaves_in_extra_data_what_can_not_be_stored_fails(
    database: Database, granularity: Any, how: str, same: bool
) -> None:
    mended: list[bool] = []

    def spoil(obj: Any, eng: Any) -> None:
        eng.extra_data["count"] = eng.extra_data.get("count", 0) + 1
        if obj["n"] != 1 or mended:
            return
        eng.extra_data["open"] = {"file": object()}
        if how == "halts":
            eng.halt("look")
        if how == "fails":
            raise ValueError("this, too")
        if how == "skips":
            eng.skip_token()

    flow = [step("a"), spoil, step("b")]
    eng = begun(database, flow, granularity=granularity)
    run_all(eng, [{"n": 0}, {"n": 1}, {"n": 2}])
    found = again(eng, flow, granularity=granularity)
    failed = [one for one in found.db_obj.objects if one.status is ObjectStatus.ERROR]
    assert 1 in [one.ordinal for one in failed]
    for one in failed:
        text = str(one.error_message)
        assert "extra_data['open']['file'] can't be stored: " in text
        assert re.search(r"\btoken 1: |\btokens \d to \d, one of them: ", text)
        assert text.endswith("; it stands where it was stored last")
        assert (how == "fails" and one.ordinal == 1) == ("this, too" in text)
    if granularity in GRANULARITIES[:2]:
        assert [1] == [one.ordinal for one in failed]
    assert found.extra_data == eng.extra_data
    mended.append(True)
    later = eng if same else found
    later.resume()
    assert [["a", "b"]] * 3 == [token["went"] for token in again(eng, []).objects]
    assert {"count": 3} == again(eng, []).extra_data


@pytest.mark.parametrize("halts", [False, True])
def test_tokens_between_which_nobody_looks_fail_together_where_one_of_them_spoils_extra_data(
    database: Database, halts: bool
) -> None:
    def spoil(obj: Any, eng: Any) -> None:
        eng.extra_data["count"] = eng.extra_data.get("count", 0) + 1
        if obj["n"] == 5 and eng.owner == "first":
            eng.extra_data["open"] = object()
            if halts:
                eng.halt()

    flow, at_once = [step("a"), spoil], batch(50, 60_000)
    eng = begun(database, flow, granularity=at_once, owner="first")
    run_all(eng, [{"n": n} for n in range(9)])
    failed = 3 if halts else 4  # of those that nobody looked between, whatever came after the one that has halted
    assert ["COMPLETED"] * 3 + ["ERROR"] * failed + ["COMPLETED"] * (6 - failed) == statuses(eng)
    told = [str(one.error_message) for one in again(eng, []).db_obj.objects[3:5]]
    named = (
        f"tokens 3 to {2 + failed}, one of them: extra_data['open'] can't be stored: object of type object is no JSON"
    )
    assert [named in one for one in told] == [True, True]
    again(eng, flow, granularity=at_once).resume()
    assert {"count": 9} == again(eng, []).extra_data


def test_a_token_of_a_part_is_named_by_its_place_in_the_run(database: Database) -> None:
    def spoil(obj: Any, eng: Any) -> None:
        if obj["n"] == 3:
            eng.extra_data["open"] = object()

    eng = begun(database, [spoil])
    eng.submit([{"n": n} for n in range(4)], part_size=2)
    with pytest.raises(WorkflowError, match=r"token 3: extra_data\['open'\] can't be stored: "):
        eng.resume(stop_on_error=True)
    assert ["COMPLETED"] * 3 + ["ERROR"] == statuses(eng)


@every
@pytest.mark.parametrize("what", ["the payload of the halt", "the result of once('spoil')"])
def test_what_a_task_gives_to_be_stored_is_named_with_its_token(
    database: Database, granularity: Any, what: str
) -> None:
    def spoil(obj: Any, eng: Any) -> Any:
        if "halt" in what:
            eng.halt("look", payload={"when": {1}})
        return {"when": {1}}

    eng = begun(database, [once("spoil")(spoil)], granularity=granularity)
    eng.submit([{"n": n} for n in range(4)], part_size=2)
    eng.resume()
    text = str(again(eng, []).db_obj.objects[3].error_message)
    assert f"token 3: {what}['when'] can't be stored: a set is no JSON; use a sorted list" in text


def test_extra_data_that_can_not_be_stored_is_refused_before_anything_runs(database: Database) -> None:
    ran: list[Any] = []
    flow = [lambda obj, eng: ran.append(obj)]
    eng = begun(database, flow)
    eng.extra_data["open"] = {"file": object()}
    with pytest.raises(NotStorable, match=r"^extra_data\['open'\]\['file'\] can't be stored"):
        eng.process([{}])
    assert [] == eng.runs.runs()
    del eng.extra_data["open"]
    eng.submit([{}])
    later = again(eng, flow)
    later.extra_data["open"] = object()
    with pytest.raises(NotStorable, match=r"^extra_data\['open'\] can't be stored"):
        later.resume()
    assert (WorkflowStatus.NEW, []) == (again(eng, []).status, ran)
    del later.extra_data["open"]
    later.resume()
    assert [{}] == ran


@every
@pytest.mark.parametrize("how", ["is interrupted", "exits", "is aborted", "halts", "fails"])
@pytest.mark.parametrize("at", [0, 1, 4], ids="token {}".format)
def test_a_run_that_ends_in_a_token_goes_on_in_the_same_engine_as_in_a_new_one(
    database: Database, granularity: Any, how: str, at: int
) -> None:
    def end(obj: Any, eng: Any) -> None:
        eng.extra_data["count"] = eng.extra_data.get("count", 0) + 1
        obj["went"].append("end")
        if obj["n"] != at or mended:
            return
        if how == "is interrupted":
            raise KeyboardInterrupt
        if how == "exits":
            raise SystemExit
        if how == "is aborted":
            eng.abort()
        if how == "halts":
            eng.halt()
        raise ValueError

    mended: list[bool] = []
    flow, seen = [step("a"), [end], step("b")], []
    for same in (True, False):
        mended.clear()
        given: list[Any] = [{"n": n} for n in range(6)]
        eng = begun(database, flow, granularity=granularity)
        with suppress(KeyboardInterrupt, SystemExit, HaltProcessing, WorkflowError):
            eng.process(given)
        found = again(eng, flow, granularity=granularity)
        assert found.objects == eng.objects == given
        assert found.extra_data == {key: value for key, value in eng.extra_data.items() if key != "_Iterators"}
        assert [repr(one) for one in found.db_obj.objects] == [repr(one) for one in eng.db_obj.objects]
        mended.append(True)
        later = eng if same else found
        later.resume()
        seen.append((again(eng, []).objects, again(eng, []).extra_data, statuses(eng)))
    assert seen[0] == seen[1]
    batch_has_what_the_token_had_shared = granularity in GRANULARITIES[2:] and how in ("is interrupted", "exits")
    assert [token["went"] for token in seen[0][0] if token["n"] != at] == [["a", "end", "b"]] * 5
    assert seen[0][0][at]["went"] == ["a", *["end"] * (2 if how == "fails" else 1), "b"]
    runs_again = how in ("fails", "is aborted") or batch_has_what_the_token_had_shared
    assert {"count": 7 if runs_again else 6} == seen[0][1]


# Owners ---------------------------------------------------------------------------------------------------------------


def test_a_run_has_one_owner(database: Database) -> None:
    seen: list[Exception] = []
    flow: list[Any] = []

    def meddle(obj: Any, eng: Any) -> None:
        other = again(eng, flow, owner="other")
        with pytest.raises(RunOwned) as caught:
            other.resume()
        seen.append(caught.value)

    flow += [meddle]
    eng = begun(database, flow, owner="first")
    eng.process([{}])
    assert "is owned by the worker first, for another" in str(seen[0])


@every
def test_what_a_late_worker_writes_is_refused(database: Database, granularity: Any) -> None:
    flow: list[Any] = []

    def lose(obj: Any, eng: Any) -> None:
        obj["went"] = [*obj.get("went", []), eng.owner]
        if eng.owner != "slow" or obj["n"] != 1:
            return
        eng._keeper._heart.stop()  # it sleeps, and its lease runs out
        with database.writing() as connection:
            connection.exec_driver_sql("UPDATE wfgraph_workflow SET lease_until = 1")
        again(eng, flow, owner="quick").recover()

    flow += [lose, step("end")]
    eng = begun(database, flow, owner="slow", granularity=granularity)
    with pytest.raises(OwnershipLost, match="was taken over by quick; this worker has stopped"):
        eng.process([{"n": 0}, {"n": 1}, {"n": 2}])
    found = again(eng, [])
    assert ["COMPLETED"] * 3 == statuses(eng)
    assert ["quick", "end"] == found.objects[1]["went"]
    assert ["quick", "end"] == found.objects[2]["went"]
    assert WorkflowStatus.COMPLETED is found.status


def test_a_cancelled_run_stops(database: Database) -> None:
    def cancel(obj: Any, eng: Any) -> None:
        eng.runs.cancel(eng.uuid)

    eng = begun(database, [cancel, step("a")], granularity="task")
    with pytest.raises(OwnershipLost, match="it was cancelled"):
        eng.process([{}, {}])
    assert ["INITIAL", "INITIAL"] == statuses(eng)
    later = again(eng, [step("a")])
    with pytest.raises(WorkflowObjectStatusError, match="is CANCELLED, and can't become RUNNING"):
        later.resume()


def test_a_run_that_was_loaded_too_early_is_loaded_again(database: Database) -> None:
    eng = begun(database, FLOW)
    run_all(eng, [{"n": 20}])
    early = again(eng, FLOW)
    again(eng, FLOW).resume()
    with pytest.raises(OwnershipLost, match=r"another worker has had the run .* since it was loaded; load it again"):
        early.resume()


def test_a_run_of_which_something_could_not_be_stored_is_loaded_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise SQLAlchemyError("no space left on device")

    eng = begun(database, FLOW)
    eng.submit([{"n": 1}])
    with monkeypatch.context() as patched:
        patched.setattr(Writer, "_attempt", full)
        with pytest.raises(StorageError, match="no space left on device; make room"):
            eng.resume()
    eng.runs.release(eng.uuid, eng.db_obj.epoch)  # its lease has run out
    with pytest.raises(
        OwnershipLost, match=r"not all that was done to the run .* could be stored; load it again: from_uuid"
    ):
        eng.resume()
    again(eng, FLOW).resume()
    assert (["COMPLETED"], ["a", "fail", "c"]) == (statuses(eng), again(eng, []).objects[0]["went"])


@every
def test_an_interrupted_run_ends_after_the_task_in_hand(database: Database, granularity: Any) -> None:
    def interrupt(obj: Any, eng: Any) -> None:
        obj["went"].append("interrupt")
        if obj["n"] == 1 and eng.owner == "first":
            eng.interrupt()

    flow = [step("a"), interrupt, step("b")]
    eng = begun(database, flow, granularity=granularity, owner="first")
    with pytest.raises(Interrupted):
        run_all(eng, [{"n": 0}, {"n": 1}, {"n": 2}])
    found = again(eng, flow)
    assert found.db_obj.interrupted
    assert ["COMPLETED", "RUNNING", "INITIAL"] == statuses(eng)
    assert [2] == found.db_obj.objects[1].callback_pos
    assert [found.uuid] == [run.uuid for run in found.runs.runs(interrupted=True)]
    found.recover()
    assert [["a", "interrupt", "b"]] * 3 == [token["went"] for token in again(eng, flow).objects]


def test_a_run_interrupted_while_it_is_claimed_runs_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    eng = begun(database, FLOW)
    claim = Store.claim

    def interrupted(*given: Any) -> int:
        eng.interrupt()
        return claim(*given)

    monkeypatch.setattr(Store, "claim", interrupted)
    with pytest.raises(Interrupted):
        run_all(eng, [{"n": 0}])
    monkeypatch.undo()
    assert (["INITIAL"], False) == (statuses(eng), eng.db_obj.leased)
    later = again(eng, FLOW)
    later.interrupt()  # of a run that is not under way
    later.recover()
    assert WorkflowStatus.COMPLETED is later.status


# Once, and keys -------------------------------------------------------------------------------------------------------


@every
def test_once_is_once_for_each_object(database: Database, granularity: Any) -> None:
    tickets: list[int] = []

    @once("ticket")
    def ticket(obj: Any, eng: Any) -> Any:
        tickets.append(obj["n"])
        obj["ticket"] = len(tickets)
        return {"ticket": len(tickets)}

    def crash(obj: Any, eng: Any) -> None:
        if obj["n"] == 1 and len(tickets) < 4:
            raise KeyboardInterrupt

    flow = [ticket, crash, step("a")]
    eng = begun(database, flow, granularity=granularity)
    with pytest.raises(KeyboardInterrupt):
        run_all(eng, [{"n": 0}, {"n": 1}, {"n": 2}])
    tickets += [9, 9]
    again(eng, flow, granularity=granularity).recover()
    assert [0, 1, 9, 9, 2] == tickets
    assert [1, 2, 5] == [token["ticket"] for token in again(eng, flow).objects]


@every
def test_idempotency_keys_are_of_the_visit(database: Database, granularity: Any) -> None:
    keys: list[list[str]] = [[]]

    def pay(obj: Any, eng: Any) -> None:
        keys[-1].append(eng.idempotency_key)
        obj["paid"] = obj.get("paid", 0) + 1
        if len(keys) == 1 and len(keys[0]) == 3:
            raise KeyboardInterrupt

    def unpaid(obj: Any, eng: Any) -> bool:
        return bool(obj.get("paid", 0) < 4)

    flow = [WHILE(unpaid, [pay])]
    eng = begun(database, flow, granularity=granularity)
    with pytest.raises(KeyboardInterrupt):
        eng.process([{}])
    keys.append([])
    again(eng, flow, granularity=granularity).recover()
    assert 3 == len(set(keys[0])), "each round pays anew"
    repeated = keys[1][0]
    assert repeated in keys[0], "what is done again has the key that it had"
    assert 4 == len({*keys[0], *keys[1]})


def test_an_idempotency_key_is_for_tasks(database: Database) -> None:
    with pytest.raises(WorkflowError, match="idempotency_key is for tasks"):
        _ = begun(database, FLOW).idempotency_key


# Steering, and what runs inside tasks ---------------------------------------------------------------------------------


@every
def test_token_jumps(database: Database, granularity: Any) -> None:
    def jump(obj: Any, eng: Any) -> None:
        obj["visits"] = obj.get("visits", 0) + 1
        if obj["n"] == 1 and obj["visits"] == 1:
            eng.jump_token(-1)
        if obj["n"] == 2:
            eng.jump_token(2)

    eng = begun(database, [jump], granularity=granularity)
    eng.process([{"n": n} for n in range(5)])
    assert [2, 2, 1, 0, 1] == [token.get("visits", 0) for token in again(eng, []).objects]
    assert ["COMPLETED", "COMPLETED", "COMPLETED", "INITIAL", "COMPLETED"] == statuses(eng)


@pytest.mark.parametrize(
    ("call", "expected", "status"),
    [
        ("stop", ["COMPLETED", "COMPLETED", "INITIAL"], WorkflowStatus.HALTED),
        ("continue_next_token", ["COMPLETED"] * 3, WorkflowStatus.COMPLETED),
        ("skip_token", ["COMPLETED"] * 3, WorkflowStatus.COMPLETED),
        ("abort", ["COMPLETED", "HALTED", "INITIAL"], WorkflowStatus.HALTED),
    ],
)
def test_ways_to_leave_a_token(database: Database, call: str, expected: list[str], status: WorkflowStatus) -> None:
    def leave(obj: Any, eng: Any) -> None:
        obj["changed"] = True
        if obj["n"] == 1:
            getattr(eng, call)()

    eng = begun(database, [leave, step("a")], granularity="task")
    eng.process([{"n": n} for n in range(3)])
    assert expected == statuses(eng)
    assert status is again(eng, []).status


@pytest.mark.parametrize(
    ("word", "expected"),
    [("next", ["leaves", "b"]), ("current", ["leaves", "b"]), ("first", ["a", "leaves", "b"]), (None, [])],
)
def test_an_aborted_object_goes_on_where_it_is_told_to(
    database: Database, word: str | None, expected: list[str]
) -> None:
    ran: list[str] = []

    def leaves(obj: Any, eng: Any) -> None:
        ran.append("leaves")
        if len(ran) == 2:
            eng.abort()

    flow = [lambda obj, eng: ran.append("a"), leaves, lambda obj, eng: ran.append("b")]
    eng = begun(database, flow, granularity="task")
    eng.process([{}])
    ran[:] = ["before", "the abort"]
    eng.resume(halted=word)
    assert ["before", "the abort", *expected] == ran


def test_branches_and_workflows_inside_a_task_are_stored_as_a_part_of_it(database: Database) -> None:
    def other(name: str) -> Any:
        return partial(lambda obj, eng, name: obj.__setitem__(name, True), name=name)

    flow = [
        SYNCHRONIZE([other("left")], [other("right")], step("joined")),
        RUN_WF([other("inner")], data_connector=lambda obj, eng: [obj]),
        PARALLEL_SPLIT([other("split")]),
    ]
    eng = begun(database, flow, granularity="task")
    eng.process([{}])
    found = again(eng, []).objects[0]
    assert {"left", "right", "inner", "split", "went"} == set(found)
    assert ["COMPLETED"] == statuses(eng)


def test_a_restart_inside_a_task_belongs_to_the_run(database: Database) -> None:
    def nested(obj: Any, eng: Any) -> None:
        obj["n"] += 1
        if obj["n"] == 1:
            eng.restart("current", "first")

    eng = begun(database, [nested, step("a")])
    eng.process([{"n": 0}])
    assert "COMPLETED" == statuses(eng)[0]
    assert again(eng, []).db_obj.status is WorkflowStatus.COMPLETED


@every
def test_a_token_goes_on_after_a_run_of_others_inside_it(database: Database, granularity: Any) -> None:
    def nested(obj: Any, eng: Any) -> None:
        obj["went"].append("nested")
        if obj["n"] == 1:
            eng.restart("next", "first")
            obj["went"].append("back")

    flow = [step("a"), nested, step("b")]
    eng = begun(database, flow, granularity=granularity)
    eng.process([{"n": n} for n in range(5)])
    found = again(eng, flow)
    assert ["COMPLETED"] * 5 == statuses(eng)
    assert ["a", "nested", "back", "b"] == found.objects[1]["went"]
    assert [["a", "nested", "b"]] * 4 == [token["went"] for token in found.objects if token["n"] != 1]


@every
def test_a_run_inside_a_token_that_fails_fails_both(database: Database, granularity: Any) -> None:
    def nested(obj: Any, eng: Any) -> None:
        if obj["n"] == 1 and not obj.get("again"):
            obj["again"] = True
            eng.restart("next", "first")
        if obj["n"] == 2:
            raise ValueError("inside")

    eng = begun(database, [step("a"), nested, step("b")], granularity=granularity)
    with pytest.raises(WorkflowError, match="inside"):
        eng.process([{"n": n} for n in range(4)])
    assert ["COMPLETED", "ERROR", "ERROR", "INITIAL"] == statuses(eng)
    assert [[1], [1]] == [one.callback_pos for one in again(eng, []).db_obj.objects[1:3]]


def test_tokens_of_ones_own_class(database: Database) -> None:
    class Order:
        def __init__(self, total: int) -> None:
            self.total = total

    class Orders(DbWorkflowEngine):
        def to_stored(self, token: Any) -> Any:
            return {"total": token.total}

        def from_stored(self, value: Any) -> Any:
            return Order(value["total"])

    def add(obj: Any, eng: Any) -> None:
        obj.total += 1

    eng = Orders.with_name("orders", database)
    eng.callbacks.replace([add])
    eng.process([Order(1), Order(2)])
    assert [2, 3] == [order.total for order in Orders.from_uuid(eng.uuid, database).objects]


@every
@pytest.mark.parametrize("ended", [False, True], ids=["failed", "ended"])
def test_a_token_that_cant_be_rebuilt_hides_no_error(
    database: Database, caplog: pytest.LogCaptureFixture, granularity: Any, ended: bool
) -> None:
    away: list[bool] = []

    class Away(DbWorkflowEngine):
        def from_stored(self, value: Any) -> Any:
            if away:
                raise RuntimeError("the service is away")
            return value

    def spoil(obj: Any, eng: Any) -> None:
        away.append(True)
        if ended:
            raise KeyboardInterrupt
        obj["bad"] = object()

    eng = Away.with_name("orders", database, granularity=granularity)
    eng.callbacks.replace([spoil])
    with pytest.raises(KeyboardInterrupt if ended else WorkflowError):
        eng.process([{"n": 1}])
    away.clear()
    assert ["INITIAL" if ended else "ERROR"] == statuses(eng)
    assert "the service is away" in caplog.text


def test_a_workflow_halted_inside_a_task_goes_on_inside_it(database: Database) -> None:
    def inner_halt(obj: Any, eng: Any) -> None:
        obj["went"].append("inner")
        eng.halt("inside")

    def flow(*added: Any) -> list[Any]:
        return [step("a"), RUN_WF([*added, inner_halt, step("after")]), step("b")]

    eng = begun(database, flow())
    run_all(eng, [{"n": 1}])
    assert "HALTED" == statuses(eng)[0]
    with pytest.raises(DefinitionChanged, match=r"the workflow inside RUN_WF.* has changed"):
        again(eng, flow(step("new"))).resume(halted="current")
    again(eng, flow()).resume(halted="current")
    assert ["a", "inner", "after", "b"] == again(eng, flow()).objects[0]["went"]


# Beginnings and mistakes ----------------------------------------------------------------------------------------------


def test_submitted_runs_wait_for_a_worker(database: Database) -> None:
    eng = begun(database, FLOW)
    uuid = eng.submit([{"n": 1}, {"n": 2}])
    assert WorkflowStatus.NEW is again(eng, []).status
    with pytest.raises(StorageError, match="is stored already; go on with it"):
        eng.submit([{"n": 1}])
    DbWorkflowEngine.from_uuid(uuid[:10], database)
    later = again(eng, FLOW)
    later.resume()
    assert ["COMPLETED"] * 2 == statuses(eng)


def test_edits_between_runs_are_saved(database: Database) -> None:
    eng = begun(database, FLOW)
    run_all(eng, [{"n": 20}])
    later = again(eng, FLOW)
    later.objects[0]["approved"] = True
    later.save()
    found = again(eng, FLOW)
    assert found.objects[0]["approved"]
    assert WorkflowStatus.HALTED is found.status
    found.resume(halted="current")
    assert ["COMPLETED"] == statuses(eng)


def test_a_run_that_waits_for_a_worker_may_be_edited(database: Database) -> None:
    eng = begun(database, FLOW)
    eng.submit([{"n": 1}])
    eng.objects[0]["n"] = 2
    eng.save()
    assert ({"n": 2}, WorkflowStatus.NEW) == (again(eng, []).objects[0], again(eng, []).status)


@every
def test_other_tokens_inside_a_task_are_a_part_of_it(database: Database, granularity: Any) -> None:
    def others(obj: Any, eng: Any) -> None:
        if obj["n"] == 1:
            eng.process([{"n": 7}, {"n": 8}, {"n": 9}])

    eng = begun(database, [step("a"), others, step("b")], granularity=granularity)
    eng.process([{"n": 0}, {"n": 1}])
    assert [{"n": 0, "went": ["a", "b"]}, {"n": 1, "went": ["a", "b"]}] == again(eng, []).objects
    assert ["COMPLETED", "COMPLETED"] == statuses(eng)


def test_nothing_is_stored_of_a_run_that_can_not_begin(database: Database) -> None:
    eng = DbWorkflowEngine.with_name("flow", database)
    with pytest.raises(WorkflowError, match="callbacks are empty"):
        eng.process([{}])
    eng.callbacks.replace([step("a")])
    eng.callbacks.replace([step("b")], "other")
    with pytest.raises(WorkflowError, match="a stored run has one definition, and this engine has 2"):
        eng.process([{}])
    assert [] == eng.runs.runs()


@pytest.mark.parametrize("uuid", ["no-such-run", "", "%"])
def test_an_unknown_uuid_is_an_error_and_makes_nothing(database: Database, uuid: str) -> None:
    begun(database, FLOW).submit([{"n": 1}])
    with pytest.raises(UnknownRun, match="there is no run"):
        DbWorkflowEngine.from_uuid(uuid, database)
    assert 1 == len(begun(database, FLOW).runs.runs())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"granularity": "step"}, "no granularity 'step'; use one of task, token, batch"),
        ({"lease": 0}, "a lease lasts"),
    ],
)
def test_options_that_make_no_sense(database: Database, options: Any, message: str) -> None:
    with pytest.raises(WorkflowAPIError, match=message):
        begun(database, FLOW, **options)


def test_other_tokens_than_the_runs_are_refused(database: Database) -> None:
    eng = begun(database, FLOW)
    eng.process([{"n": 1}])
    with pytest.raises(WorkflowAPIError, match="has 1 objects, and these are 2; begin another run"):
        eng.process([{"n": 1}, {"n": 2}])


@pytest.mark.parametrize("given", [(0, 5), (5, 0)])
def test_a_batch_has_a_size(given: tuple[int, int]) -> None:
    with pytest.raises(StorageError, match="a batch is of at least one token"):
        batch(*given)
    assert Granularity(tokens=50, seconds=0.25) == batch()


def test_the_history_has_no_bookkeeping(database: Database) -> None:
    eng = begun(database, [step("a"), WHILE(lambda obj, eng: len(obj["went"]) < 3, [step("b")])], granularity="task")
    eng.process([{}])
    rows = eng.runs.steps(eng.uuid)
    assert [[0], [1, 0], [1, 1], [1, 0], [1, 1], [1, 0]] == [row.callback_pos for row in rows]
    assert "test_storage.a" in rows[0].node
    assert {"done"} == {row.outcome for row in rows}


def test_deleting_a_run_deletes_all_of_it(database: Database) -> None:
    eng = begun(database, [once("k")(step("a"))], granularity="task")
    eng.process([{}])
    eng.runs.delete(eng.uuid)
    assert [] == eng.runs.runs()
    with database.reading() as connection:
        for table in ("object", "step", "result"):
            assert [] == list(connection.execute(select(Base.metadata.tables[f"wfgraph_{table}"])))


def test_illegal_changes_of_status_are_refused() -> None:
    from wfgraph.storage.lifecycle import OBJECTS, RUNS

    with pytest.raises(WorkflowObjectStatusError, match="from CANCELLED it may become nothing else") as caught:
        RUNS.check(WorkflowStatus.CANCELLED, WorkflowStatus.RUNNING, "u")
    assert WorkflowStatus.CANCELLED is caught.value.obj_status
    with pytest.raises(WorkflowObjectStatusError, match="the object 3 is INITIAL, and can't become COMPLETED"):
        OBJECTS.check(ObjectStatus.INITIAL, ObjectStatus.COMPLETED, 3)


def test_a_registered_list_that_was_changed_since_is_stored_as_it_is_run(database: Database) -> None:
    eng = begun(database, [step("a")], granularity="task")
    eng.callbacks.get().extend([[], step("b")])
    eng.process([{}])
    assert [[0], [2]] == [row.callback_pos for row in eng.runs.steps(eng.uuid)]
    assert [(0,), (2,)] == [node.item.address for node in eng._graph().nodes]


def test_what_a_task_holds_in_extra_data_for_a_moment_fails_no_token_of_a_batch(database: Database) -> None:
    keys: list[str] = []

    def hold(obj: Any, eng: Any) -> None:
        eng.extra_data["connection"] = object()
        if obj["n"] % 3 == 2:
            keys.append(eng.idempotency_key)
        del eng.extra_data["connection"]

    eng = begun(database, [hold, step("a")], granularity=batch(50, 60_000))
    eng.process([{"n": number} for number in range(9)])
    assert (["COMPLETED"] * 9, 3) == (statuses(eng), len(set(keys)))


def test_what_a_task_that_was_ended_held_in_extra_data_fails_no_token_of_a_batch(database: Database) -> None:
    ended: list[int] = []

    def hold(obj: Any, eng: Any) -> None:
        eng.extra_data["connection"] = object()
        if obj["n"] == 6 and not ended:
            ended.append(6)
            raise KeyboardInterrupt
        del eng.extra_data["connection"]

    flow = [step("a"), hold]
    eng = begun(database, flow, granularity=batch(50, 60_000))
    with pytest.raises(KeyboardInterrupt):
        eng.process([{"n": number} for number in range(9)])
    assert (["COMPLETED"] * 6, {}) == (statuses(eng)[:6], eng.extra_data)
    eng.resume()
    assert [["a"]] * 9 == [token["went"] for token in again(eng, flow).objects]
