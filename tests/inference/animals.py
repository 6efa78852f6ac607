"""Tasks that show what is read from statements: which way control goes, what is caught, stored and noted on the way.

Each is kept with what should be read of it: its outcomes, or ``?`` and why; and, where they are given, what it makes the
checks tell, and what it reads, writes and does beside. Lines are named by what stands in them. A module of its own, as
pytest rewrites the assertions of tests.
"""

from __future__ import annotations

import itertools
import json
import json.scanner
import os
import re
import threading
import types
import urllib.request
from abc import ABC
from collections import deque
from collections.abc import Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from functools import cached_property, partialmethod
from operator import methodcaller
from typing import Any

import click

from wfgraph.errors import (
    BreakFromThisLoop,
    HaltProcessing,
    JumpCall,
    JumpToken,
    StopProcessing,
    WorkflowTransition,
)


@dataclass
class Animal:
    """A task, its outcomes, and what else is told of it."""

    task: Any
    outcomes: str
    told: dict[str, str]


ANIMALS: dict[str, Animal] = {}


def animal(outcomes: str, why: str = "", **told: str) -> Any:
    def keep(task: Any) -> Any:
        assert task.__name__ not in ANIMALS, task.__name__
        ANIMALS[task.__name__] = Animal(task, outcomes, {"why": why, **told})
        return task

    return keep


# What animals use ----------------------------------------------------------------------------------------------------------


def raises_a_halt() -> None:
    raise HaltProcessing("from outside")


def leave(engine: Any) -> None:
    engine.halt()


def leave_or_not(engine: Any, token: Any) -> None:
    if token.get("big"):
        engine.halt()


def returns_a_halt(engine: Any) -> Any:
    return engine.halt()


def returns_nothing() -> None:
    return


async def later() -> None: ...


class Quiet:
    def leave(self, eng):
        pass


class Loud:
    def leave(self, eng):
        eng.halt()


class Gate:
    """A context manager that steers when it is entered."""

    def __enter__(self):
        raise HaltProcessing("closed")

    def __exit__(self, *args):
        return None


class Passage:
    """A context manager whose value steers, and which steers when it is left."""

    def __enter__(self):
        return self

    def leave(self):
        raise HaltProcessing("half way")

    def __exit__(self, *args):
        raise StopProcessing


GATE, LOCK = Gate(), threading.Lock()
SHUT = False
JUMP, FAILS = JumpCall(2), KeyError("prepared")
ERRORS = (KeyError, HaltProcessing)
CATCHES_NOTHING = (KeyError,)


class Held:
    value: Any = None


HELD = Held()


# Leaving ------------------------------------------------------------------------------------------------------------------


@animal("halt")
def stops_at_a_helper_that_never_returns(obj, eng):
    returns_a_halt(eng)
    eng.stop()


@animal("halt")
def knows_what_a_helper_returns(obj, eng):
    if returns_nothing() is None:
        eng.halt()
    eng.stop()


@animal("halt")
def halts_in_a_condition(obj, eng):
    if eng.halt():
        eng.stop()
    else:
        eng.abort()


@animal("halt stop")
def takes_what_both_branches_set(obj, eng):
    if obj.get("big"):
        step = eng.halt
    else:
        step = eng.stop
    step()


@animal("?", notes="not awaited later: later()", why="an async function is called: later()")
def drops_a_coroutine(obj, eng):
    later()


@animal("return halt")
def does_not_decide_by_a_global(obj, eng):
    if SHUT:
        eng.halt()


@animal("return halt")
def does_not_decide_by_what_python_offers(obj, eng):
    if __debug__:
        eng.halt()


@animal("halt")
def decides_by_its_own_default(obj, eng, shut=True):
    if shut:
        eng.halt()
    eng.stop()


@animal("return halt")
def asserts_with_a_message_that_halts(obj, eng):
    assert not obj.get("big"), eng.halt()


@animal("return")
def asserts_what_is_true(obj, eng, yes=True):
    assert yes, eng.halt()


@animal("halt")
def halts_in_what_is_asserted(obj, eng):
    assert eng.halt(), eng.stop()
    eng.abort()


@animal("stop")
def goes_on_after_an_assertion(obj, eng):
    assert obj is not None, "no token"
    eng.stop()


# Loops --------------------------------------------------------------------------------------------------------------------


@animal("halt stop skip_token")
def breaks_out_of_two_tries(obj, eng):
    step = eng.abort
    while True:
        try:
            if obj.get("big"):
                step = eng.halt
                break
        except KeyError:
            eng.skip_token()
        try:
            if obj is not None:
                step = eng.stop
                break
        except KeyError:
            eng.skip_token()
    step()


@animal("halt stop skip_token break return")
def goes_on_from_two_tries(obj, eng):
    step = eng.break_current_loop
    for key in obj:
        try:
            if key == "big":
                step = eng.halt
                continue
        except KeyError:
            return
        try:
            if key == "kind":
                step = eng.stop
                continue
        except KeyError:
            return
        step = eng.skip_token
    step()


@animal("stop")
def passes_by_a_loop(obj, eng):
    while False:
        eng.halt()
    else:
        eng.stop()
    eng.abort()


@animal("halt")
def halts_in_the_condition_of_a_loop(obj, eng):
    while eng.halt():
        eng.stop()
    else:
        eng.abort()


@animal("halt")
def halts_before_a_loop(obj, eng):
    for _ in [1, eng.halt()]:
        eng.stop()
    else:
        eng.abort()


@animal("stop")
def leaves_a_loop_by_its_end_only(obj, eng):
    for _ in obj:
        pass
    else:
        eng.stop()
    eng.halt()


@animal("stop halt")
def leaves_a_loop_by_break_or_its_end(obj, eng):
    for key in obj:
        if key == "big":
            break
    else:
        eng.stop()
    eng.halt()


@animal("return")
def leaves_a_loop_by_return_only(obj, eng):
    while True:
        if obj is not None:
            return
    eng.halt()


@animal("stop")
def comes_to_the_end_by_break_only(obj, eng):
    while True:
        step = eng.stop
        break
    step()


@animal("stop halt return")
def takes_what_the_last_round_left(obj, eng):
    step, after = len, len
    for _ in (1, 2, 3):
        step = after
        after = eng.halt if obj.get("big") else eng.stop
    step(obj)


@animal("halt")
def goes_on_in_the_outer_loop(obj, eng):
    for _ in (1, 2):
        while True:
            break
        continue
    eng.halt()


# Choosing -----------------------------------------------------------------------------------------------------------------


@animal("halt stop")
def names_all_that_is_left(obj, eng):
    match obj.get("big"):
        case True:
            eng.halt()
        case other:
            eng.stop(other)


@animal("halt stop return")
def lets_through_what_its_guard_refuses(obj, eng):
    match obj.get("big"):
        case True:
            eng.halt()
        case _ if obj:
            eng.stop()


@animal("halt return")
def lets_through_what_has_another_shape(obj, eng):
    match obj.get("big"):
        case True as found:
            eng.halt(found)


@animal("stop")
def never_gets_past_a_guard(obj, eng):
    match obj:
        case _ if False:
            eng.halt()
        case _:
            eng.stop()


@animal("halt")
def halts_in_what_is_matched(obj, eng):
    match [1, eng.halt()]:
        case _:
            eng.stop()


MATCHED = "something of which nothing is known is called: machine.halt()"


@animal("?", why=MATCHED)
def takes_the_engine_out_of_a_dict(obj, eng):
    match {"a": eng}:
        case {"a": machine}:
            machine.halt()


@animal("?", why=MATCHED)
def takes_the_engine_out_of_a_list(obj, eng):
    match [obj, eng]:
        case [_, *others]:
            [machine] = others
            machine.halt()


@animal("?", why='something of which nothing is known is called: others["a"].halt()')
def takes_the_engine_out_of_the_rest(obj, eng):
    match {"a": eng, "b": 1}:
        case {"b": 1, **others}:
            others["a"].halt()


@animal("?", why="the engine is stored outside the task: match eng:")
def matches_into_a_global(obj, eng):
    global MATCH
    match eng:
        case found:
            pass
    match eng:
        case MATCH:
            pass


@animal("return", reads="obj['kind'] obj[?]", writes="obj[?]['seen']")
def writes_into_a_part_that_was_matched(obj, eng):
    match obj:
        case {"kind": dict(found)}:
            found["seen"] = obj["kind"]


@animal("return", reads="", writes="obj['seen']")
def writes_into_the_whole_that_was_matched(obj, eng):
    match obj:
        case found:
            found["seen"] = 1


# Functions in a task ------------------------------------------------------------------------------------------------------


@animal("halt stop")
def calls_what_was_set_at_times(obj, eng):
    step = eng.halt

    def go():
        step()

    if obj.get("big"):
        step = eng.stop
    go()


UNKNOWN = "something of which nothing is known is called"


@animal("?", why=f"{UNKNOWN}: step()")
def calls_what_a_function_in_it_exchanges(obj, eng):
    step = dict

    def exchange():
        nonlocal step
        step = raises_a_halt

    exchange()
    step()


@animal("?", why=f"{UNKNOWN}: step()")
def calls_in_a_function_what_another_exchanges(obj, eng):
    step = dict

    def exchange():
        nonlocal step
        step = raises_a_halt

    def go():
        step()

    exchange()
    go()


@animal("halt")
def calls_through_three_functions(obj, eng):
    step = eng.halt

    def outer():
        def middle():
            def inner():
                step()

            inner()

        middle()

    outer()


@animal("return")
def calls_what_is_not_set_yet(obj, eng):
    def go():
        def deeper():
            step()

        deeper()

    go()
    step = raises_a_halt


@animal("halt")
def decorates_from_below(obj, eng):
    @lambda function: eng.halt
    @lambda function: eng.stop
    def step(): ...

    step()


@animal("return", why="")
def decides_before_it_defines(obj, eng):
    def step(how=1):
        return how

    if step() == 2:
        eng.halt()


@animal("?", why="ClassDef in a task: class again:", notes="restarts restart: once()")
def takes_a_class_for_anything(obj, eng):
    again = once = eng.restart

    class again:
        pass

    again()
    once()


@animal("?", why="AsyncFunctionDef in a task: async def again(): ...", notes="restarts restart: once()")
def takes_an_async_function_for_anything(obj, eng):
    again = once = eng.restart

    async def again(): ...

    again()
    once()


@animal("?", why="TryStar in a task: try:", notes="restarts restart: once()")
def takes_what_is_set_where_nobody_looks_for_anything(obj, eng):
    again = once = eng.restart
    try:
        again = len
    except* KeyError:
        print(obj)
    again(obj)
    once()


# Names --------------------------------------------------------------------------------------------------------------------


@animal("halt")
def deletes_another_name(obj, eng):
    step = eng.halt
    other = eng.stop
    del other
    step()


@animal("return")
def calls_what_it_has_deleted(obj, eng):
    step = eng.halt
    del step
    step()


@animal("?", why=f"{UNKNOWN}: nowhere_to_be_found()")
def calls_what_is_not_there(obj, eng):
    nowhere_to_be_found()


OUTSIDE = "the engine is stored outside the task"


@animal("?", why=f"{OUTSIDE}: def KEPT():", beside="elsewhere")
def keeps_a_function_outside(obj, eng):
    global KEPT

    def KEPT():
        eng.halt()


@animal("?", why=f"{OUTSIDE}: if KEPT := eng:", beside="elsewhere")
def keeps_it_outside_in_passing(obj, eng):
    global KEPT
    if KEPT := eng:
        pass


@animal("return", beside="elsewhere")
def imports_for_all(obj, eng):
    global json
    import json


@animal("return", beside="elsewhere")
def imports_a_part_for_all(obj, eng):
    global dumps
    from json import dumps


@animal("return", beside="elsewhere")
def keeps_what_it_catches(obj, eng):
    global KEPT
    try:
        pass
    except KeyError as KEPT:
        pass


@animal("halt")
def annotates_and_looks(obj, eng):
    eng.halt().x: int


@animal("halt")
def annotates_and_looks_up(obj, eng):
    obj[eng.halt()]: int


@animal("halt", writes="")
def annotates_without_a_value(obj, eng):
    step: Any
    step = eng.halt
    step()


# Storing ------------------------------------------------------------------------------------------------------------------


@animal("return", reads="obj.count obj['n']", writes="obj.count obj['n']", beside="")
def counts_in_the_token(obj, eng):
    obj["n"] += 1
    obj.count += 1


@animal("return", reads="", writes="obj.e obj['a'] obj['b'] obj['c'] obj['d']", beside="")
def writes_many_parts(obj, eng):
    obj["a"] = obj["b"] = 1
    (obj["c"], [obj.e, *obj["d"]]) = 1, (2, 3, 4)
    step: int = 1
    obj["a"] = step


@animal("return", reads="", writes="obj.b obj['a'] obj[?]", beside="")
def deletes_parts(obj, eng, key=None):
    del obj["a"], obj.b
    for one in "ab":
        del obj[one]


@animal("return", reads="obj['list']", writes="obj['list'][0] obj['list'][?]")
def writes_parts_of_parts(obj, eng, mixed=(1, "b")):
    obj["list"][0] = 1
    for key in mixed:
        obj["list"][key] = 1


@animal("return", reads="", writes="eng.extra_data eng.extra_data['a']", beside="")
def writes_common_data(obj, eng):
    eng.extra_data["a"] = 1
    for key in "bc":
        eng.extra_data[key] = 1


@animal("return", beside="elsewhere", writes="", why="")
def writes_elsewhere(obj, eng):
    HELD.value = 1


@animal("return", beside="elsewhere", writes="", why="")
def notes_on_the_engine(obj, eng):
    eng.note = 1


@animal("return", beside="elsewhere")
def writes_what_is_harmless(obj, eng):
    eng.log.note = 3


@animal("?", why="a part of the engine is changed: eng.machinery.speed = 3")
def writes_what_is_not_known(obj, eng):
    eng.machinery.speed = 3


BY_HAND = "the position is set by hand"


@animal("?", why=f"{BY_HAND}: eng.state.token_pos = 3", notes="moves state: eng.state.token_pos = 3")
def writes_the_place_of_the_token(obj, eng):
    eng.state.token_pos = 3


@animal("?", why=f"{BY_HAND}: eng.state = obj", notes="moves state: eng.state = obj")
def exchanges_the_state(obj, eng):
    eng.state = obj


@animal("?", why="eng.jump_call is exchanged: eng.jump_call = 3")
def exchanges_a_control(obj, eng):
    eng.jump_call = 3


@animal("?", why="eng._inner is exchanged: eng._inner = 3")
def exchanges_what_is_private(obj, eng):
    eng._inner = 3


@animal("?", why="eng.note is exchanged: eng.note = len")
def exchanges_data_for_code(obj, eng):
    eng.note = len


@animal("?", why="code is stored in an object: HELD.value = len")
def stores_code_in_an_object(obj, eng):
    HELD.value = len


HIDDEN = "the engine, or its position, is stored in an object"


@animal("?", why=f'{HIDDEN}: obj["engine"] = eng')
def stores_the_engine_in_the_token(obj, eng):
    obj["engine"] = eng


@animal("?", why=f'{HIDDEN}: obj["at"] = eng.state.callback_pos')
def stores_the_position_in_the_token(obj, eng):
    obj["at"] = eng.state.callback_pos


@animal("?", why=f"{UNKNOWN}: step()")
def takes_apart_what_is_longer_than_its_names(obj, eng):
    first, *others = [eng.halt, eng.stop]
    if obj.get("big"):
        first()
    for step in others:
        step()


@animal("halt stop")
def takes_the_first_of_what_is_longer(obj, eng):
    first, *_others = eng.halt, eng.stop
    first()


@animal("halt")
def takes_apart_by_place(obj, eng):
    (_, (step, _)), __ = (eng.stop, (eng.halt, eng.abort)), eng.skip_token
    step()


@animal("return", writes="obj[?]['a']", reads="obj[?]")
def writes_into_what_is_left(obj, eng):
    _, *others = obj
    others["a"] = 1


@animal("jump_call:3")
def adds_up(obj, eng):
    step = 1
    step += 2
    eng.jump_call(step)


# Handlers -----------------------------------------------------------------------------------------------------------------


@animal("return", notes="swallows halt: eng.halt()")
def swallows_from_within(obj, eng):
    try:
        try:
            eng.halt()
        except KeyError:
            pass
    except Exception:
        pass


@animal("return", notes="swallows halt: eng.halt(); swallows stop: eng.stop()")
def swallows_in_the_end(obj, eng):
    try:
        if obj.get("big"):
            eng.halt()
        try:
            eng.stop()
        finally:
            obj["seen"] = True
    finally:
        return


@animal("return", notes="")
def swallows_on_purpose(obj, eng):
    try:
        eng.halt()
    except HaltProcessing:
        pass


@animal("halt", notes="")
def hands_on_what_it_catches(obj, eng):
    try:
        eng.halt()
    except Exception:
        obj["seen"] = True
        raise


@animal("jump_call:2 jump_call:-2 jump_call:? return", notes="swallows jump_call:1: eng.jump_call(1)")
def swallows_one_of_two(obj, eng):
    try:
        eng.jump_call(1)
    except Exception:
        if obj.get("big"):
            eng.jump_call(-2)
        if obj.get("kind"):
            eng.jump_call(2)
        if obj.get("offset"):
            eng.jump_call(obj["offset"])


@animal("stop", notes="")
def raises_the_inner_one(obj, eng):
    try:
        eng.halt()
    except HaltProcessing:
        try:
            eng.stop()
        except StopProcessing:
            raise


@animal("halt")
def raises_the_outer_one_after_the_inner(obj, eng):
    try:
        eng.halt()
    except HaltProcessing:
        try:
            eng.stop()
        except StopProcessing:
            pass
        raise


@animal("?", why="a bare raise outside a handler: raise")
def raises_without_a_reason(obj, eng):
    raise


@animal("?", why="an exception of which nothing is known is raised: raise eng")
def raises_the_engine(obj, eng):
    raise eng


@animal("error")
def raises_a_number(obj, eng):
    raise 3


@animal("?", why="WorkflowTransition, which the engine does not know, is raised: raise WorkflowTransition")
def raises_what_nobody_knows(obj, eng):
    raise WorkflowTransition


@animal("jump_call:?")
def raises_a_prepared_jump(obj, eng):
    raise JUMP


@animal("error")
def raises_a_prepared_error(obj, eng):
    raise FAILS from None


@animal("halt")
def halts_for_a_cause(obj, eng):
    raise KeyError from eng.halt()


@animal("break")
def raises_a_class(obj, eng):
    raise BreakFromThisLoop


@animal("stop halt return")
def comes_to_its_handler_from_anywhere(obj, eng):
    step = eng.halt
    try:
        obj["big"]
        step = eng.stop
        obj["missing"]
    except KeyError:
        step()


@animal("stop halt abort")
def comes_to_its_end_from_anywhere(obj, eng):
    step = eng.halt
    try:
        if not obj:
            step = eng.stop
            return
        obj["kind"]
        step = eng.abort
    finally:
        step()


@animal("halt")
def goes_on_after_cleaning_up(obj, eng):
    try:
        step = eng.halt
    finally:
        obj["seen"] = True
    step()


@animal("stop")
def is_stopped_while_cleaning_up(obj, eng):
    try:
        eng.halt()
    finally:
        eng.stop()


@animal("stop halt")
def joins_what_its_handlers_set(obj, eng):
    try:
        obj["kind"]
    except KeyError:
        step = eng.stop
    else:
        step = eng.halt
    step()


@animal("halt stop")
def does_not_catch_what_else_raises(obj, eng):
    try:
        pass
    except HaltProcessing:
        eng.stop()
    else:
        eng.halt()


@animal("return")
def catches_by_a_tuple_that_exists(obj, eng):
    try:
        eng.halt()
    except ERRORS:
        pass


@animal("halt return")
def catches_nothing_by_a_tuple_that_exists(obj, eng):
    try:
        eng.halt()
    except CATCHES_NOTHING:
        pass


@animal("return")
def catches_by_one_of_many(obj, eng):
    try:
        eng.halt()
    except (KeyError, HaltProcessing, ValueError):
        pass


@animal("stop abort skip_token")
def catches_one_after_the_other(obj, eng):
    try:
        eng.halt()
    except KeyError:
        eng.abort()
    except HaltProcessing:
        eng.stop()
    except Exception:
        eng.skip_token()


@animal("return jump_token:2 halt")
def may_catch_it_or_not(obj, eng):
    try:
        if obj.get("big"):
            eng.halt()
        eng.jump_token(2)
    except obj.get("errors", JumpToken):
        pass


@animal("return", notes="swallows halt: eng.halt()")
def catches_everything(obj, eng):
    try:
        eng.halt()
    except:
        pass


# Managers of contexts ------------------------------------------------------------------------------------------------------


@animal("return")
def suppresses_by_the_second(obj, eng):
    with suppress(KeyError), suppress(HaltProcessing), suppress(ValueError):
        eng.halt()


@animal("halt return")
def suppresses_something_else(obj, eng):
    with suppress(KeyError):
        eng.halt()


@animal("halt stop")
def goes_on_after_what_may_be_suppressed(obj, eng):
    with suppress(KeyError), nullcontext(), LOCK:
        eng.halt()
    eng.stop()


@animal("halt")
def does_not_go_on_after_a_lock(obj, eng):
    with LOCK:
        eng.halt()
    eng.stop()


@animal("halt")
def halts_before_it_enters(obj, eng):
    with suppress(eng.halt()):
        pass
    eng.stop()


@animal("halt stop")
def halts_at_the_second_door(obj, eng):
    with suppress(HaltProcessing), nullcontext(eng.log.info(eng.halt())):
        eng.abort()
    eng.stop()


@animal("?", why=f"{UNKNOWN}: machine.halt()")
def gets_the_engine_from_a_manager(obj, eng):
    with nullcontext(eng) as machine:
        machine.halt()


@animal("halt")
def enters_what_steers(obj, eng):
    with GATE:
        eng.stop()


@animal("halt")
def enters_what_steers_and_is_new(obj, eng):
    with Gate() as _gate:
        eng.stop()


@animal("halt stop")
def is_steered_by_what_it_leaves(obj, eng):
    with Passage() as passage:
        if obj.get("big"):
            passage.leave()


@animal("halt stop return")
def is_steered_by_what_it_leaves_through_a_return(obj, eng):
    with LOCK, Passage() as passage:
        if obj is None:
            passage.leave()
        return


@animal("halt abort stop")
def takes_what_was_set_before_it_was_suppressed(obj, eng):
    step = eng.stop
    with suppress(KeyError):
        obj["kind"]
        step = eng.abort
        obj["missing"]
        eng.halt()
    step()


# Threads ------------------------------------------------------------------------------------------------------------------


@animal("stop", notes="thread halt: engine.halt()")
def keeps_its_names_where_a_thread_halts(obj, eng):
    machine = eng
    threading.Thread(target=leave, args=(eng,))
    machine.stop()


# What exists already ------------------------------------------------------------------------------------------------------


class Slotted:
    __slots__ = ("empty", "step")


class Dynamic:
    def __getattr__(self, name):
        return raises_a_halt


class Described:
    later = partialmethod(raises_a_halt)

    def leave(self):
        raise HaltProcessing

    @cached_property
    def step(self):
        return raises_a_halt


class Step:
    def __call__(self, obj, eng):
        eng.halt()


SLOTTED, DYNAMIC, DESCRIBED = Slotted(), Dynamic(), Described()
SLOTTED.step = raises_a_halt
LIST, SET, NESTED, QUEUE = [raises_a_halt], {raises_a_halt}, {"a": [raises_a_halt]}, deque([raises_a_halt])
OBJECTS, NUMBERS, TEXT = [DESCRIBED], [1, 2], "text"
KEYS = {raises_a_halt: 1}
HOLDING = types.SimpleNamespace(held=leave)
MANY = [raises_a_halt, *range(16)]
HALTS_BY_NAME = methodcaller("halt")
PATTERN = re.compile("a")
READ_ONLY = types.MappingProxyType({"a": 1})


@animal("halt", beside="elsewhere")
def calls_what_a_slot_holds(obj, eng):
    SLOTTED.step()


@animal("return")
def calls_what_an_empty_slot_holds(obj, eng):
    SLOTTED.empty()


@animal("?", why=f"{UNKNOWN}: DYNAMIC.step()")
def calls_what_is_made_up(obj, eng):
    DYNAMIC.step()


@animal("?", why=f"{UNKNOWN}: DESCRIBED.later()")
def calls_what_a_descriptor_gives(obj, eng):
    DESCRIBED.later()


@animal("?", why=f"{UNKNOWN}: DESCRIBED.step()")
def calls_what_a_descriptor_keeps(obj, eng):
    DESCRIBED.step()


@animal("halt")
def calls_a_method_of_what_stands_in_a_list(obj, eng):
    OBJECTS[0].leave()


@animal("halt")
def calls_what_stands_in_a_dict(obj, eng):
    NESTED["a"][0]()


@animal("halt return")
def calls_what_stands_in_a_set(obj, eng):
    for step in SET:
        step()


@animal("?", why=f"{UNKNOWN}: QUEUE[0]()")
def calls_what_stands_in_a_queue(obj, eng):
    QUEUE[0]()


@animal("?", why=f"{UNKNOWN}: MANY[0]()")
def calls_one_of_many(obj, eng):
    MANY[0]()


@animal("halt return")
def calls_the_keys_of_a_dict(obj, eng):
    for step in KEYS:
        step()


@animal("?", why=f"{UNKNOWN}: step()")
def calls_the_keys_of_its_own_dict(obj, eng):
    for step in {raises_a_halt: 1}:
        step()


@animal("return")
def looks_at_plain_data(obj, eng):
    for one in NUMBERS:
        obj["n"] = one.real
    obj["text"] = TEXT[0].upper() + TEXT.upper() + str(PATTERN.match(TEXT).group()) + str(READ_ONLY["a"])


@animal("return")
def calls_a_method_of_a_number(obj, eng):
    for one in NUMBERS:
        one.bit_length()


@animal("halt")
def calls_what_an_object_holds(obj, eng):
    HOLDING.held(eng)


@animal("?", why="methodcaller() is called, and can't be read: HALTS_BY_NAME(eng)")
def halts_by_a_name_that_is_held(obj, eng):
    HALTS_BY_NAME(eng)


@animal("?", why=f'{UNKNOWN}: list(map(methodcaller("halt"), [eng]))')
def halts_by_a_name_that_is_mapped(obj, eng):
    list(map(methodcaller("halt"), [eng]))


@animal(
    "?",
    why="the engine is handed out with something of which nothing is known: "
    'list(map(eng.extra_data.get("step", str), [eng]))',
)
def hands_it_out_with_what_is_stored(obj, eng):
    list(map(eng.extra_data.get("step", str), [eng]))


@animal("?", why=f"{UNKNOWN}: eng.halt()")
def maps_an_object_that_is_called(obj, eng):
    list(map(Step(), [obj], [eng]))


@animal("?", why=f"{UNKNOWN}: sorted(LIST, key=lambda step: step())")
def calls_what_stands_in_a_list_in_passing(obj, eng):
    sorted(LIST, key=lambda step: step())


@animal("return")
def sorts_plain_data(obj, eng):
    sorted(NUMBERS, key=lambda one: one.bit_length())


@animal("?", why="code is stored in an object: HELD.value = LIST")
def stores_a_list_of_code_in_an_object(obj, eng):
    HELD.value = LIST


@animal("return")
def stores_a_list_in_an_object(obj, eng):
    HELD.value = NUMBERS


# What steers nothing by itself --------------------------------------------------------------------------------------------


class Lying:
    """An object that says it is of another class, if it is asked."""

    @property
    def __class__(self):
        return int


class Asking(type):
    def __instancecheck__(cls, one):
        return True


class Asked(metaclass=Asking): ...


class Hooked(ABC):
    @classmethod
    def __subclasshook__(cls, kind):
        return True


LYING = Lying()
SCAN = json.scanner.py_make_scanner(json.JSONDecoder(parse_float=lambda _: raises_a_halt()))
SCAN_INTO_A_CLASS = json.scanner.py_make_scanner(json.JSONDecoder(parse_float=Gate))
SCAN_PLAINLY = json.scanner.py_make_scanner(json.JSONDecoder())


@contextmanager
def closing_up():
    yield


@animal("halt return", reads="obj.step")
def takes_what_it_finds_or_halts(obj, eng):
    getattr(obj, "step", eng.halt)()


@animal("halt stop")
def takes_one_of_two_by_name(obj, eng, names=("halt", "stop")):
    getattr(eng, names[0] if obj else names[1])()


@animal("?", why=f'{UNKNOWN}: getattr(eng, obj.get("kind"))()')
def takes_what_it_does_not_know(obj, eng):
    getattr(eng, obj.get("kind"))()


@animal("?", why=f'{UNKNOWN}: getattr(HELD, obj.get("kind"))()')
def takes_what_it_does_not_know_of_an_object(obj, eng):
    getattr(HELD, obj.get("kind"))()


@animal("return", why="")
def asks_for_a_number_that_is_none(obj, eng):
    getattr(obj, 3)


@animal("return")
def asks_for_nothing(obj, eng):
    getattr(obj)
    setattr(obj)
    delattr(obj)


@animal("return", writes="obj.a obj.b", beside="")
def sets_by_name(obj, eng):
    setattr(obj, "a", 1)
    delattr(obj, "b")


@animal("return", writes="obj", beside="")
def sets_by_a_name_that_is_not_known(obj, eng):
    setattr(obj, obj.get("kind"), 1)


@animal("return", writes="obj obj.a")
def sets_by_a_name_that_is_none(obj, eng):
    for name in ("a", 3):
        setattr(obj, name, 1)


@animal("return", writes="obj.a obj.b")
def sets_one_of_two_names(obj, eng):
    setattr(obj, "a" if obj else "b", 1)


@animal("?", why='eng.halt is exchanged: setattr(eng, "halt", 3)')
def exchanges_a_control_by_name(obj, eng):
    setattr(eng, "halt", 3)


@animal("?", why='eng.halt is exchanged: delattr(eng, "halt")')
def deletes_a_control_by_name(obj, eng):
    delattr(eng, "halt")


@animal(
    "?",
    why='an attribute of the engine is set by a name that is not known: setattr(eng, obj.get("kind"), 1)',
    writes="obj",
)
def exchanges_by_a_name_that_is_not_known(obj, eng):
    setattr(eng, obj.get("kind"), 1)


@animal("?", why='code is stored in an object: setattr(HELD, "value", len)')
def stores_code_by_name(obj, eng):
    setattr(HELD, "value", len)


@animal("return")
def enters_a_generator(obj, eng):
    with closing_up():
        pass


@animal("?", why='scan_once() holds code of the project: SCAN("1.5", 0)')
def calls_what_python_has_made_around_code(obj, eng):
    SCAN("1.5", 0)


@animal("?", why='scan_once() holds code of the project: SCAN_INTO_A_CLASS("1.5", 0)')
def calls_what_python_has_made_around_a_class(obj, eng):
    SCAN_INTO_A_CLASS("1.5", 0)


@animal("halt stop")
def does_not_ask_who_may_have_a_hook(obj, eng, limit=3):
    if isinstance(limit, Hooked):
        eng.halt()
    eng.stop()


@animal("return halt")
def does_not_decide_by_the_class_of_a_global(obj, eng):
    if isinstance(SHUT, bool):
        eng.halt()


@animal("?", why=f'{UNKNOWN}: getattr(eng, obj.get("kind")).add(1)')
def asks_for_a_part_that_is_not_known(obj, eng):
    getattr(eng, obj.get("kind")).add(1)


@animal("return")
def asks_for_a_part_of_an_object_that_is_not_known(obj, eng):
    getattr(HELD, obj.get("kind")).add(1)


@animal("return")
def calls_what_python_has_made_around_its_own(obj, eng):
    SCAN_PLAINLY("1.5", 0)


@animal("return", beside="")
def asks_what_is_pure(obj, eng):
    len(obj)
    str(obj)
    isinstance(obj, dict)


@animal("halt", beside="elsewhere")
def prints_before_it_halts(obj, eng):
    print(obj)
    json.dumps(1)
    sorted(obj)
    eng.halt()


@animal("halt", beside="elsewhere acts")
def acts_before_it_halts(obj, eng):
    os.getpid()
    json.dumps(1)
    eng.halt()


@animal("halt", beside="elsewhere acts")
def acts_by_a_part_of_a_package(obj, eng):
    urllib.request.Request("https://example.org")
    eng.halt()


@animal("halt", beside="elsewhere acts")
def acts_by_an_installed_package(obj, eng):
    click.style("a")
    eng.halt()


@animal("return", beside="elsewhere")
def acts_and_does_not_halt(obj, eng):
    os.getpid()


@animal("?", why="the engine is given to style(): click.style(eng)")
def gives_the_engine_to_a_package(obj, eng):
    click.style(eng)


@animal("?", why="map() of code that steers: map(lambda key: eng.halt(), obj)")
def maps_what_halts(obj, eng):
    map(lambda key: eng.halt(), obj)


@animal("?", why="starmap() of code that steers: itertools.starmap(lambda *keys: eng.halt(), obj)")
def maps_what_halts_by_a_tool(obj, eng):
    itertools.starmap(lambda *keys: eng.halt(), obj)


@animal("halt return")
def sorts_by_what_halts(obj, eng):
    sorted(obj, key=lambda key: eng.halt())


KEPT_GENERATOR = "a generator that steers and is kept"


@animal("halt return")
def uses_up_a_generator(obj, eng):
    set(eng.halt() for _ in obj)


@animal("halt return")
def uses_up_a_generator_in_a_text(obj, eng):
    ",".join(eng.halt() for _ in obj)


@animal("halt return")
def uses_up_a_generator_in_the_token(obj, eng):
    obj.update(eng.halt() for _ in obj)


@animal("?", why=f"{KEPT_GENERATOR}: enumerate(eng.halt() for _ in obj)")
def keeps_a_generator(obj, eng):
    enumerate(eng.halt() for _ in obj)


@animal("?", why=f"{KEPT_GENERATOR}: deque(eng.halt() for _ in obj)")
def gives_a_generator_to_a_library(obj, eng):
    deque(eng.halt() for _ in obj)


@animal("?", why=f"{KEPT_GENERATOR}: eng.log.info(eng.halt() for _ in obj)")
def gives_a_generator_to_a_log(obj, eng):
    eng.log.info(eng.halt() for _ in obj)


@animal("stop")
def decides_by_what_its_default_is(obj, eng, limit=3, kinds=(str, bytes)):
    if isinstance(limit, str) or isinstance(limit, (str, bytes)) or isinstance(limit, Mapping):
        eng.halt()
    if isinstance(limit, kinds) or isinstance(limit, Held) or isinstance(limit, (Held, kinds)):
        eng.halt()
    if isinstance(limit, int) and isinstance(limit, (str, int)) and isinstance(limit, (int, kinds)):
        eng.stop()
    eng.abort()


@animal("halt stop")
def does_not_ask_what_may_lie(obj, eng, one=LYING):
    if isinstance(one, int):
        eng.halt()
    eng.stop()


@animal("halt stop")
def does_not_ask_who_may_lie(obj, eng, limit=3):
    if isinstance(limit, Asked) and isinstance(limit, Hooked):
        eng.halt()
    eng.stop()


@animal("halt stop")
def does_not_decide_by_the_class_of_an_attribute(obj, eng):
    if isinstance(HELD.value, int):
        eng.halt()
    eng.stop()


@animal("halt stop")
def does_not_decide_by_what_is_no_class(obj, eng, limit=3):
    if isinstance(limit, 3) or isinstance(limit, obj):
        eng.halt()
    eng.stop()


# Some more ----------------------------------------------------------------------------------------------------------------

REBOUND = dict


def rebinds():
    global REBOUND
    REBOUND = raises_a_halt


@animal("?", why=f"{UNKNOWN}: REBOUND()")
def calls_a_global_that_is_exchanged(obj, eng):
    REBOUND()


def made_around_what_changes():
    kind, step = Quiet, dict

    def calls_a_closure_that_is_exchanged(obj, eng):
        step()

    def makes_of_a_class_that_is_exchanged(obj, eng):
        kind().leave(eng)

    def calls_a_closure_that_is_not_set(obj, eng):
        later()

    def change():
        nonlocal kind, step
        kind, step = Loud, raises_a_halt

    if kind is Loud:
        later = change
    return calls_a_closure_that_is_exchanged, makes_of_a_class_that_is_exchanged, calls_a_closure_that_is_not_set


for made, code in zip(made_around_what_changes(), ("step()", "kind().leave(eng)", "later()"), strict=True):
    animal("?", why=f"{UNKNOWN}: {code}")(made)


@animal("halt return")
def is_done_after_a_break(obj, eng):
    for _ in obj:
        break
        eng.stop()
    if obj.get("big"):
        eng.halt()


@animal("stop return")
def forgets_what_ends_with_a_return(obj, eng):
    step = eng.stop
    for key in obj:
        if key != "big":
            continue
        step = eng.halt
        return
    step()


@animal("stop halt")
def breaks_with_another_step(obj, eng):
    step = eng.stop
    for key in obj:
        if key == "big":
            step = eng.halt
            break
    step()


@animal("stop")
def sets_it_under_a_lock(obj, eng):
    step = eng.halt
    with LOCK:
        step = eng.stop
    step()


@animal("halt return", notes="")
def does_not_swallow_what_it_does_not_catch(obj, eng):
    try:
        eng.halt()
    except KeyError:
        pass


@animal("halt")
def annotates_what_it_calls(obj, eng):
    step: Any = eng.halt
    step()


@animal("error")
def raises_what_is_no_exception(obj, eng):
    raise int


@animal("?", why=f"{UNKNOWN}: others[0]()")
def calls_what_is_left(obj, eng):
    _, *others = [lambda: None, lambda: raises_a_halt()]
    others[0]()


@animal("?", why=f"{UNKNOWN}: step()")
def takes_code_out_of_a_dict(obj, eng):
    match {"a": raises_a_halt}:
        case {"a": step}:
            step()


@animal("return", reads="obj['kind'] obj[?]", writes="obj[?]['a']")
def takes_data_out_of_the_token(obj, eng):
    match {"a": 1}:
        case {"a": number}:
            number()
    match obj["kind"], obj:
        case _:
            pass
    match obj:
        case [{"b": found}]:
            found["a"] = 1


@animal("return", reads="obj[?]", writes="obj['seen']")
def names_the_whole_that_was_matched(obj, eng):
    match obj:
        case {"kind": _} as found:
            found["seen"] = 1


@animal("return", beside="elsewhere")
def takes_the_engine_for_a_dict(obj, eng):
    eng["a"] = 1


@animal("return")
def deletes_what_is_not_set(obj, eng):
    if obj is None:
        step = 1
    else:
        del step
