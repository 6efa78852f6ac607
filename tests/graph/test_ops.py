"""What ops, outcomes and declarations say: the ways out of each, its text, what it asks, and what is refused."""

from __future__ import annotations

from enum import Enum
from functools import partial, wraps
from typing import Any

import pytest

from wfgraph import compile_graph, errors, ops, task
from wfgraph.graph import outcomes as out
from wfgraph.graph.ops import Op
from wfgraph.graph.outcomes import Control, Outcome, told_by
from wfgraph.graph.task import Declaration, declaration_of, op_of
from wfgraph.graph.text import graph_lines


def a(obj: Any, eng: Any) -> None: ...
def b(obj: Any, eng: Any) -> None: ...


class Colour(Enum):
    RED = 1


def assign(obj: Any, eng: Any, place: str, item: Any) -> None: ...


STORES = ops.CalledWith(assign, 2)


CASES = (("x", 1), (2, 3), (None, 5), (Colour.RED, 7), (b"y", 9), (1.5, 11), ((1, 2), 13))
CASE_WAYS = (
    "case x > jump_call:1, case 2 > jump_call:3, case None > jump_call:5, case <Colour.RED: 1> > jump_call:7, "
    "case b'y' > jump_call:9, case 1.5 > jump_call:11, case tuple > jump_call:13"
)
EVERY = (
    *(out.RETURN, out.BREAK, out.HALT, out.STOP, out.ABORT, out.NEXT_TOKEN, out.SKIP_TOKEN, out.ERROR),
    *(out.jump(2), out.jump(None), out.jump_token(-1), out.jump_token(None)),
)
EVERY_WAY = (
    "next > return, break > break, halt > halt, stop > stop, stop abort > abort, token next_token > next_token, "
    "token skip_token > skip_token, error > error, jump jump_call:2 > jump_call:2, jump jump_call:? > jump_call:?, "
    "token jump_token:-1 > jump_token:-1, token jump_token:? > jump_token:?"
)

OPS: list[tuple[Op, str, str, tuple[Any, ...]]] = [
    (ops.OPAQUE, "", "next > return", ()),
    (ops.Call(), "", "next > return", ()),
    (ops.Call(EVERY, "told", (a, b)), "told", EVERY_WAY, (a, b)),
    (ops.Branch(out.jump(1), out.BREAK), "if", "true > jump_call:1, false > break", ()),
    (ops.Branch(out.RETURN, out.HALT, a, "unless", "c"), "unless c", "true > return, false > halt", (a,)),
    (ops.While(), "while", "loop > return, false > break", ()),
    (ops.While(a, "c"), "while c", "loop > return, false > break", (a,)),
    (ops.For(a), "for", "loop > return, false done > break", (a,)),
    (ops.For(a, assign, describe="x in y"), "for x in y", "loop > return, false done > break", (a, STORES)),
    (ops.For(a, assign, constant=True), "for", "loop > return, false done > break", (STORES,)),
    (ops.For(a, assign, key="k"), "for", "loop > return, false done > break", (a,)),
    (ops.For(a, assign, key="", constant=True), "for", "loop > return, false done > break", ()),
    (ops.Choice(CASES), "choice", CASE_WAYS, ()),
    (ops.Choice((("x", 1),), a, 0, "c"), "choice c", "case x > jump_call:1, case default > jump_call:0", (a,)),
    (ops.Jump(2), "+2", "jump > jump_call:2", ()),
    (ops.Jump(-1), "-1", "jump > jump_call:-1", ()),
    (ops.Break(), "", "break > break", ()),
    (ops.Halt(), "", "halt > halt", ()),
    (ops.Halt("look"), "look", "halt > halt", ()),
    (ops.Stop(), "", "stop > stop", ()),
    (ops.NextToken(), "", "token next > next_token", ()),
    (ops.JumpToken(1), "+1", "token +1 > jump_token:1", ()),
    (ops.Fail(), "", "error > error", ()),
    (ops.Fail("wrong"), "wrong", "error > error", ()),
    (ops.Split(((a,), (b,))), "", "next > return", ()),
    (ops.Synchronize(((a,),)), "", "next > return", ()),
    (ops.Synchronize(((a,),), (b,), (out.RETURN, out.STOP)), "", "next > return, stop > stop", ()),
    (ops.SubWorkflow([a]), "sub-workflow", "next > return, halt > halt", ()),
]


@pytest.mark.parametrize(("op", "text", "ways", "asked"), OPS, ids=range(len(OPS)))
def test_an_op_tells_its_text_its_ways_out_and_whom_it_asks(op: Op, text: str, ways: str, asked: Any) -> None:
    found = [f"{way.kind.value} {way.label}".rstrip() + f" > {way.outcome}" for way in op.exits()]
    assert (text, ways, asked) == (op.text, ", ".join(found), op.asked)


def test_every_op_is_written_down_here() -> None:
    assert {getattr(ops, name) for name in ops.__all__ if name[0].isupper() and name != "OPAQUE"} - {
        *(ops.CalledWith, ops.EdgeKind, ops.Exit, ops.Op)
    } == {type(op) for op, *_ in OPS}


def test_opaque_is_what_nothing_is_known_of() -> None:
    assert [ops.OPAQUE, ops.Synchronize(((a,),))] == [op for op, *_ in OPS if op.opaque]
    with pytest.raises(NotImplementedError):
        Op().exits()


def test_a_choice_decides_by_equality_and_else_by_its_default() -> None:
    given: list[Any] = []

    def arbiter(obj: Any, eng: Any) -> Any:
        given.append((obj, eng))
        return obj

    choice = ops.Choice((("x", 1), (2, 3)), arbiter)
    assert [1, 3, 3] == [choice.decide(value, "eng") for value in ("x", 2, 2.0)]
    assert [("x", "eng"), (2, "eng"), (2.0, "eng")] == given
    assert 0 == ops.Choice((("x", 1),), arbiter, 0).decide("y", None)
    with pytest.raises(KeyError) as caught:
        choice.decide("y", None)
    assert ("CHOICE has no branch 'y'; known: 'x', 2; give a default= for all others",) == caught.value.args
    with pytest.raises(AssertionError, match=r"^only the task itself can tell$"):
        ops.Choice(()).decide("y", None)


# Outcomes --------------------------------------------------------------------------------------------------------------


class MyHalt(errors.HaltProcessing):
    pass


@pytest.mark.parametrize(
    ("kind", "control"),
    [
        (errors.JumpCall, Control.JUMP),
        (errors.BreakFromThisLoop, Control.BREAK),
        (errors.HaltProcessing, Control.HALT),
        (MyHalt, Control.HALT),
        (errors.StopProcessing, Control.STOP),
        (errors.AbortProcessing, Control.ABORT),
        (errors.ContinueNextToken, Control.NEXT_TOKEN),
        (errors.SkipToken, Control.SKIP_TOKEN),
        (errors.JumpToken, Control.JUMP_TOKEN),
        (errors.JumpTokenForward, Control.JUMP_TOKEN),
        (errors.JumpTokenBack, Control.JUMP_TOKEN),
        (errors.Rewind, Control.JUMP_TOKEN),
        (errors.WorkflowError, None),
        (ValueError, None),
        (KeyboardInterrupt, None),
    ],
)
def test_what_the_engine_is_told_by_an_exception(kind: type[BaseException], control: Control | None) -> None:
    assert control is told_by(kind)


def test_only_jumps_have_a_distance() -> None:
    assert "halt" == str(Outcome(Control.HALT, 3))
    assert ("jump_call:0", "jump_token:?") == (str(out.jump(0)), str(out.jump_token(None)))


# Declarations ----------------------------------------------------------------------------------------------------------


def test_a_declaration_is_kept_on_the_callable_and_counts_for_it_alone() -> None:
    @task(ops.Halt("look"), id="review", ignore=iter(["WF1", "WF2"]))
    def declared(obj: Any, eng: Any) -> None: ...

    @wraps(declared)
    def wrapper(obj: Any, eng: Any) -> None: ...

    assert Declaration(declared, ops.Halt("look"), "review", ("WF1", "WF2")) == declaration_of(declared)
    assert ops.Halt("look") == op_of(declared)
    for other in (wrapper, a, partial(declared), 5, None):
        assert (None, ops.OPAQUE) == (declaration_of(other), op_of(other))


def test_a_task_that_is_only_named_is_opaque() -> None:
    named = task(id="x")(lambda obj, eng: None)
    assert Declaration(named, None, "x", ()) == declaration_of(named)
    assert ops.OPAQUE is op_of(named)
    nameless = task()(lambda obj, eng: None)
    assert Declaration(nameless, None, None, ()) == declaration_of(nameless)


class Holder:
    def method(self, obj: Any, eng: Any) -> None: ...


def test_a_declared_method_is_declared_however_it_is_reached() -> None:
    one, other = Holder(), Holder()
    assert one.method == task(ops.Stop())(one.method)
    assert ops.Stop() == op_of(other.method) == op_of(Holder.method)


def test_what_is_no_op_and_what_takes_no_attributes_is_refused() -> None:
    with pytest.raises(TypeError) as caught:
        task("look")  # type: ignore[arg-type]
    assert (
        "@task takes an op of wfgraph.graph.ops, not 'look'; write @task() or @task(ops.Call(...))",
    ) == caught.value.args
    with pytest.raises(TypeError) as caught:
        task(ops.Stop())(len)
    assert ("<built-in function len> takes no attributes; wrap it in a function to declare it",) == caught.value.args


# The text form ---------------------------------------------------------------------------------------------------------


def named(name: str, op: Op) -> Any:
    def made(obj: Any, eng: Any) -> None: ...

    made.__name__ = name
    return task(op)(made)


def test_the_text_form_shows_what_is_known_what_is_possible_and_nothing_that_breaks_a_line() -> None:
    unknown = named("un\nknown", ops.OPAQUE)
    calls = named("calls", ops.Call((out.RETURN, out.jump(None)), "calls(1)"))
    line = named("line", ops.Call(describe="li\x1bne"))
    cases = named("which", ops.Choice((("x\ny", 1),)))
    graph = compile_graph([unknown, calls, line, [cases, task(ops.Call())(b)]])
    assert [
        "graph of 5 tasks",
        "entry -next-> [0]",
        r"[0] un\nknown (opaque)",
        "    -next?-> [1]",
        "[1] calls(1) (loose)",
        "    -next?-> [2]",
        r"[2] line: li\x1bne",
        "    -next-> [3, 0]",
        "[3, 0] which: choice",
        r"    -case x\ny-> [3, 1]",
        "[3, 1] b",
        "    -next-> exit",
    ] == list(graph_lines(graph))
    assert "".join(line + "\n" for line in graph_lines(graph)) == f"{graph:text}"


def test_a_case_of_more_digits_than_python_writes_is_named_by_its_type() -> None:
    huge = 10**5000
    (way,) = ops.Choice(cases=((huge, 1),), arbiter=len).exits()[:1]
    assert "<int object>" == way.label
    with pytest.raises(KeyError, match="has no branch <int object>; known: 'a'"):
        ops.Choice(cases=(("a", 1),), arbiter=len).offset_of(huge)
