"""Callables that are hard to see through, each with what it may tell the engine, written down by hand.

``@case("halt return")``: these are the outcomes; ``@case("?")``: nothing can be told. What is raised when one is really
called must be among them: :mod:`test_inference` runs them all.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from functools import partial, wraps
from typing import Any

import click
import hypothesis

from wfgraph.errors import (
    BreakFromThisLoop,
    ContinueNextToken,
    HaltProcessing,
    JumpCall,
    JumpCallForward,
    JumpToken,
    WorkflowError,
)
from wfgraph.patterns import CMP, HALT, IF, PROFILE, TRY

CASES: dict[str, tuple[Any, str]] = {}
BACK = -2
OFFSETS = {"back": -1, "on": 2}


def case(expected: str, name: str = "") -> Any:
    def keep(function: Any) -> Any:
        key = name or getattr(function, "__name__", type(function).__name__)
        assert key not in CASES, key
        CASES[key] = (function, expected)
        return function

    return keep


# Straight -------------------------------------------------------------------------------------------------------------


@case("return")
def does_nothing(obj, eng): ...


@case("halt")
def halts(obj, eng):
    eng.halt("why", action="look")


@case("halt return")
def halts_at_times(obj, eng):
    if obj.get("big"):
        eng.halt("big")


@case("jump_call:-2")
def jumps_by_a_global(obj, eng):
    eng.jump_call(BACK)


@case("jump_call:?")
def jumps_by_data(obj, eng):
    eng.jump_call(obj.get("offset", 1))


@case("jump_call:1 jump_call:-1")
def jumps_by_one_of_two(obj, eng):
    eng.jump_call(1 if obj.get("big") else -1)


@case("jump_call:3")
def jumps_by_a_sum(obj, eng, base=1):
    step = base + 2
    eng.jump_call(step)


@case("jump_token:-1")
def goes_back_a_token(obj, eng):
    eng.jump_token(-1)


@case("stop abort skip_token next_token break")
def one_of_many(obj, eng):
    kind = obj.get("kind")
    if kind == 1:
        eng.stop()
    elif kind == 2:
        eng.abort()
    elif kind == 3:
        eng.skip_token()
    elif kind == 4:
        eng.continue_next_token()
    else:
        eng.break_current_loop()


@case("return")
def dead_code(obj, eng):
    return
    eng.halt()


@case("return")
def never(obj, eng):
    if False:
        eng.halt()


@case("halt return")
def short_circuit(obj, eng):
    obj.get("big") and eng.halt()


@case("stop")
def after_a_choice(obj, eng):
    (eng.log.info if obj else eng.log.debug)("x")
    eng.stop()


@case("halt jump_call:2")
def matches(obj, eng):
    match obj.get("kind"):
        case 1:
            eng.halt()
        case _:
            eng.jump_call(2)


# Names ----------------------------------------------------------------------------------------------------------------


@case("halt")
def under_another_name(obj, eng):
    machine = eng
    leave = machine.halt
    leave("why")


@case("halt")
def by_getattr(obj, eng):
    getattr(eng, "ha" + "lt")()


@case("?")
def by_an_unknown_name(obj, eng):
    getattr(eng, obj.get("method", "stop"))()


@case("halt stop")
def by_one_of_two_names(obj, eng):
    getattr(eng, "halt" if obj.get("big") else "stop")()


@case("break")
def unpacked(obj, eng):
    pair = (obj, eng)
    _, second = pair
    second.break_current_loop()


@case("break")
def starred(*args):
    args[1].break_current_loop()


@case("halt stop", "from_a_table")
def from_a_table(obj, eng):
    {"a": eng.halt, "b": eng.stop}["a" if obj.get("big") else "b"]()


# Closures and helpers -------------------------------------------------------------------------------------------------


def jumper(offset):
    def jump(obj, eng):
        eng.jump_call(offset)

    return jump


CASES["a closure"] = (jumper(-3), "jump_call:-3")


def changing():
    step = 1

    def jump(obj, eng):
        nonlocal step
        step += 1
        eng.jump_call(step)

    return jump


CASES["a closure that changes"] = (changing(), "jump_call:?")


def changing_around():
    step = 1

    def jump(obj, eng, leave=lambda obj, eng: eng.jump_call(step)):
        step = 3  # another variable: the default is made outside
        leave(obj, step)

    step = 2
    return jump.__defaults__[0]


CASES["a lambda in a default"] = (changing_around(), "jump_call:?")


def leave(engine, offset=2):
    engine.jump_call(offset)


def deeper(engine):
    leave(engine, offset=-1)


@case("jump_call:2")
def by_a_helper(obj, eng):
    leave(eng)


@case("jump_call:-1")
def by_a_helper_of_a_helper(obj, eng):
    deeper(eng)


@case("halt return")
def by_an_inner_function(obj, eng):
    def check(item):
        if item == "big":
            eng.halt()

    for item in obj:
        check(item)


@case("stop return")
def by_a_lambda_in_sorted(obj, eng):
    sorted(obj, key=lambda item: eng.stop())


@case("halt return")
def in_a_comprehension(obj, eng):
    return [eng.halt() for key in obj if key == "big"]


@case("halt return")
def in_any(obj, eng):
    any(eng.halt() for key in obj if key == "big")


@case("?")
def in_a_generator_that_is_kept(obj, eng):
    later = (eng.halt() for _ in obj)
    list(later)


def down(obj, eng, depth):
    if depth == 0:
        eng.stop()
    down(obj, eng, depth)


@case("halt return")
def recursive(obj, eng):
    if obj.get("big"):
        eng.halt()
    if obj.get("deep"):
        recursive({}, eng)


def logged(function):
    @wraps(function)
    def wrapper(*args, **kwargs):
        with contextlib.suppress(KeyError):
            args[0]["seen"] = True
        return function(*args, **kwargs)

    return wrapper


@case("halt")
@logged
def decorated(obj, eng):
    eng.halt()


@case("return", "a wrapper that lies")
@wraps(halts)
def keeps_quiet(obj, eng):
    return None


CASES["a partial"] = (partial(lambda offset, obj, eng: eng.jump_call(offset), 4), "jump_call:4")
CASES["a lambda that chooses"] = (lambda obj, eng: eng.stop() if obj else eng.halt(), "stop halt")


@case("stop return")
@functools.lru_cache
def cached(obj, eng):
    eng.stop()


# Objects --------------------------------------------------------------------------------------------------------------


class Step:
    offset = 2

    def __init__(self, reason=""):
        self.reason = reason

    def __call__(self, obj, eng):
        self.leave(eng)

    def leave(self, eng):
        eng.halt(self.reason)

    def jump(self, obj, eng):
        eng.jump_call(self.offset)

    @staticmethod
    def stop(obj, eng):
        eng.stop()

    @classmethod
    def skip(cls, obj, eng):
        cls.stop(obj, eng)


class Louder(Step):
    def leave(self, eng):
        if eng.extra_data.get("quiet"):
            return
        super().leave(eng)


CASES["an object"] = (Step(), "halt")
CASES["a subclass"] = (Louder("x"), "halt return")
CASES["a bound method"] = (Step().jump, "jump_call:?")
CASES["a static method"] = (Step.stop, "stop")
CASES["a class method"] = (Step.skip, "stop")


@case("halt")
def makes_an_object(obj, eng):
    Step("why")(obj, eng)


class Stopping:
    def leave(self, eng):
        eng.stop()


class Changeling:
    def __new__(cls):
        return Stopping()

    def leave(self, eng): ...


@case("?")
def makes_something_else(obj, eng):
    Changeling().leave(eng)


# Exceptions -----------------------------------------------------------------------------------------------------------


class OwnHalt(HaltProcessing):
    pass


@case("halt")
def raises_by_itself(obj, eng):
    raise OwnHalt("why")


@case("jump_call:2")
def raises_a_jump(obj, eng):
    raise JumpCall(2)


class JumpByAnother(JumpCall):
    def __init__(self, offset):
        super().__init__()
        self.args = (offset + 2,)


@case("jump_call:?")
def raises_a_jump_that_has_its_own_way(obj, eng):
    raise JumpByAnother(1)


@case("jump_token:1 next_token")
def raises_one_of_two(obj, eng):
    raise JumpToken(1) if obj.get("big") else ContinueNextToken


@case("error")
def fails(obj, eng):
    raise WorkflowError("no")


@case("return")
def swallows(obj, eng):
    try:
        eng.halt()
    except Exception:
        obj["halted"] = False


@case("halt")
def swallows_something_else(obj, eng):
    try:
        eng.halt()
    except BreakFromThisLoop:
        eng.stop() if False else eng.halt()


@case("halt return")
def lets_pass(obj, eng):
    try:
        obj["missing"]
        eng.halt()
    except KeyError:
        return
    except Exception:
        raise


@case("stop")
def turns_into(obj, eng):
    try:
        eng.halt()
    except HaltProcessing:
        eng.stop()


@case("halt")
def raises_again(obj, eng):
    try:
        eng.halt()
    except HaltProcessing as halt:
        obj["why"] = str(halt)
        raise halt


@case("return")
def finally_returns(obj, eng):
    try:
        eng.halt()
    finally:
        return  # noqa: B012 - that is the case


@case("halt")
def finally_cleans_up(obj, eng):
    try:
        eng.halt()
    finally:
        obj["closed"] = True


@case("return")
def suppresses(obj, eng):
    with contextlib.suppress(HaltProcessing):
        eng.halt()


LOCK = threading.Lock()


@case("halt")
def halts_under_a_lock(obj, eng):
    with LOCK:
        eng.halt()


# Loops ----------------------------------------------------------------------------------------------------------------


@case("stop")
def until_it_stops(obj, eng):
    while True:
        if len(obj) < 100:
            eng.stop()


@case("halt return")
def breaks(obj, eng):
    while True:
        if not obj:
            break
        eng.halt()


@case("jump_call:5 halt")
def for_else(obj, eng):
    for key in obj:
        if key == "big":
            eng.halt()
    else:
        eng.jump_call(5)


@case("jump_call:?")
def counts(obj, eng):
    step = 0
    for _ in obj:
        step += 1
    eng.jump_call(step)


# More of the language ----------------------------------------------------------------------------------------------------


def by_keyword(*, engine, how="stop", **others):
    getattr(engine, how)()


@case("halt")
def hands_on_keywords(obj, eng):
    options = {"how": "halt"}
    by_keyword(engine=eng, **options)


@case("stop")
def defaults_of_keywords(obj, eng):
    by_keyword(engine=eng, other=1)


@case("error")
def called_wrongly(obj, eng):
    by_keyword(eng)


@case("stop halt")
def by_get(obj, eng):
    table = {"a": eng.stop}
    table.get(obj.get("key"), eng.halt)()


@case("halt return")
def remembers_in_a_dict(obj, eng):
    seen = {"big": False}
    for key in obj:
        seen[key] = True
    if seen["big"]:
        eng.halt()


@case("?")
def put_into_a_list(obj, eng):
    steps = []
    steps.append(eng.halt)
    steps[0]()


@case("return", "isinstance decides")
def decides_by_type(obj, eng, limit=3):
    if isinstance(limit, str):
        eng.halt()


@case("return")
def imports(obj, eng):
    import json
    from os import path as where

    obj["text"] = json.dumps({}) + where.join("a", "b")


@case("?")
def defines_a_class(obj, eng):
    class Inner:
        def run(self):
            eng.halt()

    Inner().run()


@case("?")
def many_assignments(obj, eng):
    first, *rest = 1, 2, eng
    number: int = 0
    number += first
    obj["n"] = number
    del number
    for one in rest:
        if obj.get("big"):
            one.halt()


COUNT = 0


@case("jump_call:? return")
def counts_in_a_global(obj, eng):
    global COUNT
    COUNT += 1
    if COUNT > 3:
        eng.jump_call(COUNT)


@case("return stop")
def with_a_file(obj, eng):
    with contextlib.nullcontext(obj) as same:
        if same.get("big"):
            eng.stop()


@case("return halt")
def matches_parts(obj, eng):
    match obj:
        case {"big": found, **rest} if found:
            eng.halt(str(rest))
        case [first, *others]:
            obj.update(first, others=others)


@case("return")
def collects(obj, eng):
    obj["pairs"] = {key: [value for value in obj if value] for key in obj}
    obj["names"] = {f"{key!r}" for key in obj}
    obj["last"] = (key := len(obj)) and -key


@case("?")
def maps(obj, eng):
    list(map(lambda key: eng.halt(), obj))  # noqa: C417 - that is the case


@case("return")
def maps_plainly(obj, eng):
    obj["names"] = list(map(str, obj)) + sorted(obj, key=len)


@case("return")
def keeps_data(obj, eng):
    eng.extra_data.setdefault("seen", []).append(1)
    eng.extra_data.update({"a": 1})
    setattr(eng, "note", 1)  # noqa: B010 - that is the case
    eng.log.info("%s of %s", eng.state.token_pos, len(eng.objects))


@case("?")
def exchanges_a_method(obj, eng):
    eng.halt = eng.stop


@case("?")
def resets(obj, eng):
    eng.state.reset()


@case("halt")
def by_execute_callback(obj, eng):
    eng.execute_callback(halts, obj)


@case("return")
def by_legacy_names(obj, eng):
    eng.setVar("a", eng.getVar("b"))
    eng.delVar("a")


@case("error")
def jumps_the_wrong_way(obj, eng):
    eng.jumpCallForward(-1)


@case("?")
def rewinds_by_process(obj, eng):
    eng.process([])


@case("?")
def says_what_is_not_there(obj, eng):
    eng.jumpTokenBackward(1)


@case("?")
def gives_it_to_the_library(obj, eng):
    contextlib.closing(eng).__exit__()


class Worker(threading.Thread):
    def __init__(self, engine):
        super().__init__()
        self.engine = engine


@case("return")
def starts_a_thread(obj, eng):
    threading.Thread(target=lambda: eng.halt()).join(0) if obj is None else None


def rewinds_by_hand(engine):
    engine.state.callback_pos[-1] = 0


@case("?")
def rewinds_in_a_thread(obj, eng):
    threading.Thread(target=rewinds_by_hand, kwargs={"engine": eng})


@case("?")
def makes_a_worker(obj, eng):
    Worker(eng)


def numbers(engine):
    yield from range(3)
    yield 3
    engine.log.info("done")


@case("return")
def uses_a_generator(obj, eng):
    obj["sum"] = sum(numbers(eng))


def stops_late(engine):
    yield 1
    engine.stop()


@case("?")
def uses_a_generator_that_steers(obj, eng):
    list(stops_late(eng))


class Lazy:
    offset = 1

    @property
    def engine(self):
        return None

    def __getattr__(self, name):
        return name

    def twice(self, obj, eng):
        self.once(obj, eng=eng)

    def once(self, obj, eng):
        made = Step("x")
        made.reason = self.offset
        made.leave(eng)


CASES["methods of methods"] = (Lazy().twice, "halt")


@case("halt return stop")
def one_of_two_functions(obj, eng):
    for step in (halts, Step.stop):
        step(obj, eng)


@case("return")
def while_else(obj, eng):
    left = 3
    while left:
        left -= 1
        if left == 7:
            continue
    else:
        obj["left"] = left
    assert left == 0


@case("?")
def lambdas_with_defaults(obj, eng):
    steps = [lambda engine=eng: engine.halt() for _ in obj]
    for step in steps:
        step()


# What exists already ----------------------------------------------------------------------------------------------------

STEPS = {"a": halts, "b": Step.stop}
PAIR = (halts, Step.stop)


@case("halt stop")
def from_a_table_outside(obj, eng):
    STEPS[obj.get("kind", "a")](obj, eng)


@case("stop")
def from_a_pair_outside(obj, eng):
    PAIR[1](obj, eng)


class Held:
    __slots__ = ("step",)

    @property
    def now(self):
        return self.step


HELD = Held()
HELD.step = 1


@case("?")
def calls_what_a_property_gives(obj, eng):
    HELD.now(obj, eng)


@case("return")
def calls_a_package(obj, eng):
    hypothesis.note("seen")
    click.style(obj.get("name", ""))


@case("?")
def gives_it_to_a_package(obj, eng):
    click.style(eng)


@contextlib.contextmanager
def closing_up():
    yield 1
    raise HaltProcessing("late")


@case("?")
def uses_a_manager_of_the_project(obj, eng):
    with closing_up():
        pass


PREPARED = KeyError("prepared")


@case("error")
def raises_what_is_prepared(obj, eng):
    raise PREPARED


@case("?")
def raises_what_the_engine_does_not_know(obj, eng):
    raise JumpCallForward(1)


@case("?")
def raises_anything(obj, eng):
    raise obj.get("error", ValueError)


def again():
    raise


@case("?")
def raises_again_elsewhere(obj, eng):
    try:
        eng.halt()
    except HaltProcessing:
        again()


@case("return")
def catches_all(obj, eng):
    try:
        eng.halt()
    except:  # noqa: E722 - that is the case
        obj["caught"] = 1 < len(obj) < 3


@case("return halt")
def catches_some(obj, eng):
    errors = obj.get("errors", (KeyError,))
    try:
        eng.halt()
    except errors:
        del obj["caught"]


@case("?")
def decorates_within(obj, eng):
    @logged
    def inner(token, engine):
        engine.halt()

    inner(obj, eng)


@case("return")
def compares(obj, eng, limit="a"):
    if eng is None or limit == 3:
        eng.halt()
    made = dict(a=1, b=2)  # noqa: C408 - that is the case
    obj["n"] = [key for key in made if False] + list(eng.current_object_processed if False else [])
    return "a" + 1


@case("return")
def exchanges_the_definitions(obj, eng):
    eng.callbacks.storage = {}


@case("?")
def sets_the_position(obj, eng):
    eng.setPosition(0, [1])


@case("return", "reads what is current")
def reads_what_is_current(obj, eng):
    obj["at"] = str(eng.curr_task_id) + str(len(list(eng.getObjects())))


@case("?")
def stores_the_engine_outside(obj, eng):
    global COUNT
    COUNT = eng


@case("?")
def stores_code(obj, eng):
    HELD.step = lambda: eng.halt()


@case("stop halt")
def unpacks_one_of_two(obj, eng):
    first, _second = (eng.stop, eng.halt) if obj.get("big") else (eng.halt, eng.stop)
    first()


# What is not told -------------------------------------------------------------------------------------------------------


@case("?")
def evaluates(obj, eng):
    eval("eng.halt()", {"eng": eng})  # noqa: S307 - that is the case


@case("?")
def moves_the_position(obj, eng):
    eng.state.callback_pos[-1] += 1


@case("?")
def restarts(obj, eng):
    if obj.get("never"):
        eng.restart("current", "first")


@case("?")
def hides_the_engine(obj, eng):
    obj["engine"] = eng


@case("?")
def calls_what_is_stored(obj, eng):
    eng.extra_data["todo"](obj, eng)


@case("?")
def hands_it_to_the_token(obj, eng):
    obj.run(eng)


@case("return", "reads the position")
def reads_the_position(obj, eng):
    obj["at"] = list(eng.state.callback_pos)


# Patterns -------------------------------------------------------------------------------------------------------------

CASES["IF"] = (IF(CMP(1, 2, "<"), halts)[0], "break jump_call:1")
CASES["HALT"] = (HALT("why"), "halt")
CASES["TRY"] = (TRY(halts_at_times), "halt return")
CASES["TRY that gives up"] = (TRY(fails, retry=0, onfailure=jumper(2), verbose=False), "jump_call:2 return")
CASES["PROFILE"] = (PROFILE(halts_at_times), "halt return")
CASES["eval"] = (eval, "?")
CASES["len"] = (len, "return")
