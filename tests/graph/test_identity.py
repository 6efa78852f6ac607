"""Identities, fingerprints, stored graphs and differences: how a task is found again in another version."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import deque
from functools import partial
from hashlib import blake2b, sha256
from importlib.machinery import ModuleSpec
from itertools import pairwise
from types import MethodType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfgraph import compile_graph, task
from wfgraph.compiler.stored import graph_from_json, graph_to_json
from wfgraph.errors import WorkflowDefinitionError
from wfgraph.graph import ops, outcomes
from wfgraph.graph.difference import Reason, _longest_rise, difference, same_tasks, stranded
from wfgraph.graph.identity import fingerprint, identities
from wfgraph.graph.text import graph_text
from wfgraph.patterns import (
    BREAK,
    CALLFUNC,
    CHOICE,
    EMPTY_CALL,
    FOR,
    HALT,
    IF,
    IF_ELSE,
    OBJ_NEXT,
    PARALLEL_SPLIT,
    RUN_WF,
    SIMPLE_MERGE,
    STOP,
    SYNCHRONIZE,
    TASK_JUMP_FWD,
    TRY,
    WHILE,
)
from wfgraph.views.extract import diagram_of
from wfgraph.views.html import diagram_json
from wfgraph.views.tree import diagram_tree


def a(obj: Any, eng: Any) -> None: ...
def b(obj: Any, eng: Any, most: int = 1) -> None: ...
def c(obj: Any, eng: Any) -> None: ...
def d(obj: Any, eng: Any) -> None: ...


def jumps(obj: Any, eng: Any) -> None:
    if obj:
        eng.jump_call(2)
    eng.halt("look")


def made(most: Any) -> Any:
    def inner(obj: Any, eng: Any) -> Any:
        return most

    return inner


def sent(what: Any, where: Any, obj: Any, eng: Any, most: int = 1) -> None: ...


class Limit:
    def __init__(self, most: int) -> None:
        self.most, self._hidden = most, object()

    def __call__(self, obj: Any, eng: Any) -> None: ...

    def check(self, obj: Any, eng: Any) -> None: ...


class Slotted:
    __slots__ = ("most", "unset")

    def __init__(self) -> None:
        self.most = 7

    def __call__(self, obj: Any, eng: Any) -> None: ...


EVERYTHING = [
    a,
    lambda obj, eng: 1,
    IF_ELSE(a, [a, HALT("x" * 50)], a),
    CHOICE(a, ("x", a), ("y", [a, a])),
    jumps,
    WHILE(a, [a, FOR([1], "k", a)]),
    FOR(a, lambda obj, eng, position, item: None, [a]),
    SIMPLE_MERGE(a, a, a),
    PARALLEL_SPLIT([a, IF(a, a)], SYNCHRONIZE(a, b)),
    SYNCHRONIZE(a, b),
    RUN_WF([a, b]),
    [],
    [[c], made(3), partial(b, most=4), Limit(5), Limit(6).check, Slotted()],
    OBJ_NEXT(),
    TRY(b, retry=2),
    STOP(),
]


def digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=6).hexdigest()


def names(flow: Any) -> list[str]:
    return [str(one).replace(f"{__name__}.", "") for one in identities(compile_graph(flow))]


def test_a_task_is_known_by_its_name_what_it_was_made_with_and_the_patterns_around_it() -> None:
    inner = "made.<locals>.inner(most=3)"
    assert [inner, "b(most=4)", "Limit(most=5)", "Limit.check(most=6)", "Slotted(most=7)"] == names(EVERYTHING[12][1:])
    assert ["IF_ELSE(a)", "if a yes / c", "BREAK", "if a no / c"] == names(IF_ELSE(a, [[c]], c))
    assert ["CHOICE(a)", "choice a x / b", "BREAK", "choice a y / b", "choice a y / b #2", "BREAK #2"] == names(
        CHOICE(a, ("x", b), ("y", [b, b]))
    )
    assert ["WHILE(a)", "while a / IF(b)", "while a / if b / c", "TASK_JUMP_BWD(-2)"] == names(WHILE(a, [IF(b, c)]))
    assert "merge 1 / b" in names(SIMPLE_MERGE(a, b, c))
    assert "PARALLEL_SPLIT branch 1 / if a / c" in names([PARALLEL_SPLIT(b, IF(a, c))])


def test_an_id_is_a_name_and_plain_lists_count_for_nothing() -> None:
    assert ["store"] == names([[[task(id="store")(made(1))]]])


class Words(list[str]): ...


def renamed(function: Any, name: str | None = None, **given: Any) -> Any:
    """Return the function with another name and other attributes."""
    function.__name__ = name or function.__name__
    for key, value in given.items():
        setattr(function, key, value)
    return function


class Called:
    """Has a qualified name of its own, but no other."""

    def __init__(self) -> None:
        self.__qualname__ = "desk.sign"

    def __call__(self, obj: Any, eng: Any) -> None: ...


def head(op: ops.Op) -> Any:
    @task(op)
    def ask(obj: Any, eng: Any) -> None: ...

    return ask


@pytest.mark.parametrize(
    ("flow", "told"),
    [
        ([b, b, b], ["b", "b #2", "b #3"]),
        (HALT(), ["HALT"]),
        (HALT("é" * 50), [f"HALT('{'é' * 36}... {digest(repr('é' * 50))})"]),
        (TASK_JUMP_FWD(2), ["TASK_JUMP_FWD(+2)"]),
        (
            CALLFUNC(c),
            [
                "CALLFUNC(debug=False, fixed=[], from_engine=dict …, from_token=dict …, function=c, "
                "kwargs=dict …, outkey=None, stopper=None, wanted=[])"
            ],
        ),
        (partial(sent, "x", 1, most=4), ["sent('x', 1, most=4)"]),
        (partial(sent, b"x" * 38, 1), [f"sent(b'{'x' * 35}... {digest(repr(b'x' * 38))}, 1)"]),
        (
            partial(sent, "x" * 38, "\n" * 20),
            ["sent('" + "x" * 38 + "', '" + r"\n" * 18 + "... " + digest(repr("\n" * 20)) + ")"],
        ),
        (MethodType(partial(b), "x"), ["b"]),
        (renamed(made(3), "fetch"), ["made.<locals>.fetch(most=3)"]),
        (renamed(made(3), __module__=None), ["?.made.<locals>.inner(most=3)"]),
        (Called(), ["desk.sign"]),
        *(
            (made(held), [f"made.<locals>.inner(most={told} …)"])
            for held, told in [
                ([1], "list"),
                ({1: 2}, "dict"),
                ({1}, "set"),
                (bytearray(b"x"), "bytearray"),
                (deque([1]), "deque"),
                (Words("x"), "Words"),
            ]
        ),
        (made(("x" * 36,)), [f"made.<locals>.inner(most=['{'x' * 36}'])"]),
        (made(("x", (1, [2]), ())), ["made.<locals>.inner(most=['x', [1, list …], []])"]),
        (made(((((1, 2),),),)), ["made.<locals>.inner(most=[[[tuple …]]])"]),
        (
            made(tuple(range(50))),
            [f"made.<locals>.inner(most={str([*range(50)])[:37]}... {digest(str([*range(50)]))})"],
        ),
        (
            made(tuple(range(51))),
            [
                f"made.<locals>.inner(most=[{', '.join(map(str, range(12)))}... "
                f"{digest(str([*range(50)])[:-1] + ', 51 in all]')})"
            ],
        ),
        (CHOICE(a, ("x", b), ("x", c)), ["CHOICE(a)", "choice a / b", "BREAK", "choice a x / c", "BREAK #2"]),
        (
            [head(ops.Choice((("x", 1), ("y", 1)), default=1, describe="day")), b, BREAK()],
            ["head.<locals>.ask", "choice day x, y, default / b", "BREAK"],
        ),
        ([WHILE(a, [b, [b], c])], ["WHILE(a)", "while a / b", "while a / b #2", "while a / c", "TASK_JUMP_BWD(-4)"]),
        (
            PARALLEL_SPLIT(IF(a, [b, c])),
            [
                "PARALLEL_SPLIT",
                "PARALLEL_SPLIT branch 0 / IF(a)",
                "PARALLEL_SPLIT branch 0 / if a / b",
                "PARALLEL_SPLIT branch 0 / if a / c",
            ],
        ),
    ],
)
def test_names_are_told_in_full(flow: Any, told: list[str]) -> None:
    assert told == names(flow)


@pytest.mark.parametrize(
    ("spec", "file", "module"),
    [
        (ModuleSpec("flows.__main__", None), "/srv/flows/__main__.py", "flows"),
        (ModuleSpec("flows.nightly", None), "/srv/flows/nightly.py", "flows.nightly"),
        (None, "/srv/nightly.py", "nightly"),
        (None, None, "__main__"),
        ("missing", "missing", "__main__"),
    ],
)
def test_what_was_started_is_known_by_its_name_elsewhere(
    monkeypatch: pytest.MonkeyPatch, spec: Any, file: Any, module: str
) -> None:
    found = {"__spec__": spec, "__file__": file}
    main = SimpleNamespace(**{name: value for name, value in found.items() if value != "missing"})
    monkeypatch.setitem(sys.modules, "__main__", main)
    assert [f"{module}.made.<locals>.inner(most=1)"] == names(renamed(made(1), __module__="__main__"))


def test_a_long_text_is_cut_and_ends_with_what_stands_for_all_of_it() -> None:
    short, long = (f"{'x' * most}" for most in (200, 201))
    assert [short, f"{long[:182]}… {digest(long)}"] == names([task(id=short)(made(1)), task(id=long)(made(1))])


def test_control_characters_are_escaped_wherever_they_come_from() -> None:
    limit = Limit(5)
    vars(limit)["at\x1b[31m"] = 6
    assert [r"Limit(most=5, at\x1b[31m=6)"] == names(limit)
    assert ["CHOICE(a)", r"choice a \n / b", "BREAK"] == names(CHOICE(a, ("\n", b)))

    @task(ops.Split(((b,),)))
    def split(obj: Any, eng: Any) -> None: ...

    split.__name__ = "\ud800"
    assert [r"\ud800 branch 0 / b"] == names(split)[1:]
    assert [
        r"* rewired CHOICE(a) at [0]: case \n leads to c at [1]; was b at [1]",
        r"* rewired CHOICE(a) at [0]: case y leads to b at [3]; was c at [3]",
    ] == lines(CHOICE(a, ("\n", b), y=c), CHOICE(a, ("\n", c), y=b))[-2:]


def test_a_task_stays_the_same_whatever_happens_to_a_list_that_it_was_made_with() -> None:
    box = [0]
    graphs = [compile_graph([made(held)]) for held in (box, (1, box), {"in": box})]
    before = [fingerprint(graph) for graph in graphs]
    box.append(1)
    assert before == [fingerprint(graph) for graph in graphs]


def test_long_texts_and_deep_nesting_stay_apart() -> None:
    assert 2 == len(set(names([HALT("x" * 50 + "1"), HALT("x" * 50 + "2")])))
    deep: Any = a
    for number in range(300):
        deep = IF(made(number), deep)
    found = names(deep)
    assert len(set(found)) == len(found)
    assert max(map(len, found)) <= 200


def test_the_fingerprint_is_of_the_structure_and_not_of_the_code() -> None:
    def version(body: str) -> Any:
        scope: dict[str, Any] = {"__name__": "flow"}
        exec(f"def fetch(obj, eng):\n    {body}", scope)  # noqa: S102
        return [scope["fetch"], a]

    assert fingerprint(compile_graph(version("pass"))) == fingerprint(compile_graph(version("eng.halt('x')")))
    prints = [fingerprint(compile_graph(flow)) for flow in ([a, b], [b, a], [[a], b], [a, b, c], [a, IF(a, b)], [a])]
    assert len(set(prints)) == len(prints)


def test_the_fingerprint_is_of_what_is_told_of_each_task() -> None:
    """Fingerprints are kept in databases: another way to make them would part all runs from their definitions."""
    named = partial(task, ops.Call((outcomes.RETURN, outcomes.jump(2))))
    flow = [named(id="größe")(made(1)), jumps, IF(a, [HALT("x")]), STOP(), PARALLEL_SPLIT(b), SYNCHRONIZE(c, jumps)]
    told = [
        ["größe", None, [0], "Call", [["return", "next", ""], ["jump_call:2", "jump", "jump_call:2"]]],
        [f"{__name__}.jumps", None, [1], "Opaque"],
        ["IF(a)", None, [2, 0], "Branch", [["jump_call:1", "true", ""], ["break", "false", ""]]],
        ["if a / HALT('x')", None, [2, 1, 0], "Halt", [["halt", "halt", ""]]],
        ["STOP", None, [3], "Stop", [["stop", "stop", ""]]],
        ["PARALLEL_SPLIT", None, [4], "Split"],
        [f"SYNCHRONIZE(then {__name__}.jumps)", None, [5], "Synchronize"],
        [f"PARALLEL_SPLIT branch 0 / {__name__}.b", 0, [0], "Opaque"],
        [f"SYNCHRONIZE branch 0 / {__name__}.c", 1, [0], "Opaque"],
    ]
    assert sha256(json.dumps(told).encode()).hexdigest()[:32] == fingerprint(compile_graph(flow))


def test_the_fingerprint_is_the_same_in_every_process() -> None:
    code = (
        "from wfgraph import compile_graph; from wfgraph.graph.identity import fingerprint;"
        "from wfgraph.patterns import *; print(fingerprint(compile_graph([IF(EMPTY_CALL, HALT('x')), EMPTY_CALL])))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": s}
        )
        for s in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout != ""


def test_the_program_that_was_started_has_the_name_of_its_file(tmp_path: Any) -> None:
    script = tmp_path / "nightly.py"
    script.write_text(
        "from wfgraph import compile_graph\nfrom wfgraph.graph.identity import identities\n"
        "def fetch(obj, eng): pass\nprint(*identities(compile_graph([fetch])))\n"
    )
    for arguments in ([str(script)], ["-m", "nightly"]):
        done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True, cwd=tmp_path)
        assert "nightly.fetch\n" == done.stdout


# Stored graphs -------------------------------------------------------------------------------------------------------


def test_a_stored_graph_is_a_graph() -> None:
    graph = compile_graph(EVERYTHING)
    text = graph_to_json(graph)
    found = graph_from_json(text)
    assert graph_text(graph) == graph_text(found)
    assert graph.to_mermaid().replace("<br/>then b", "") == found.to_mermaid(), "but for what a SYNCHRONIZE ends with"
    assert list(map(str, identities(graph))) == list(map(str, identities(found)))
    assert fingerprint(graph) == fingerprint(found)
    assert [node.opaque for node in graph.nodes] == [node.opaque for node in found.nodes]
    assert text == graph_to_json(found)
    with pytest.raises(
        WorkflowDefinitionError, match=r"a is a task of a stored graph, which can be looked at but not run"
    ):
        found.nodes[0].item.task(None, None)


def test_a_deep_graph_is_stored() -> None:
    deep: Any = [a]
    for _ in range(3000):
        deep = [deep]
    graph = compile_graph(deep)
    assert graph_text(graph) == graph_text(graph_from_json(graph_to_json(graph)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "a stored graph is JSON; this is not"),
        ("[" * 100_000, "a stored graph is JSON; this is not"),
        ("[1]", "this is no stored graph of format 1"),
        ('{"format": 2}', "this is no stored graph of format 1"),
        ('{"format": 1}', "the stored graph is damaged: KeyError"),
    ],
)
def test_what_is_no_stored_graph_is_refused(text: str, said: str) -> None:
    with pytest.raises(WorkflowDefinitionError, match=said):
        graph_from_json(text)


@pytest.mark.parametrize("end", [-7, -8, 2])
def test_a_stored_edge_that_leads_nowhere_is_refused(end: int) -> None:
    content = json.loads(graph_to_json(compile_graph([EMPTY_CALL, EMPTY_CALL])))
    content["edges"][0][1] = end
    with pytest.raises(WorkflowDefinitionError, match="the stored graph is damaged"):
        graph_from_json(json.dumps(content))


DAMAGE = [None, "x", -50, -1, 50, [], {}, "Op", True, 1.5, 1e999, ["jump_call", 1], "\ud800\x1b[31m\u202e</script>"]


def test_a_damaged_stored_graph_is_refused_or_read_but_nothing_else() -> None:
    graph = compile_graph(EVERYTHING)
    content = json.loads(graph_to_json(graph))
    rng = random.Random(1)  # noqa: S311 - no secret

    def places(found: Any) -> Any:
        items = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
        for key, value in items:
            yield found, key
            yield from places(value)

    everywhere = list(places(content))
    refused = 0
    for _ in range(150):
        inside, key = rng.choice(everywhere)
        was, inside[key] = inside[key], rng.choice(DAMAGE)
        try:
            found = graph_from_json(json.dumps(content))
        except WorkflowDefinitionError:
            refused += 1
        else:
            told = (graph_text(found), diagram_tree(diagram_of(found)), *difference(found, graph).lines())
            assert all(char.isprintable() or char == "\n" for text in told for char in text)
            assert diagram_json(diagram_of(found, everything=True))
        inside[key] = was
    assert 40 < refused < 140
    graph_from_json(json.dumps(content))


# Which task is which -------------------------------------------------------------------------------------------------


def same(old: Any, new: Any) -> list[tuple[str, str]]:
    before, after = compile_graph(old), compile_graph(new)
    return [(before.where(one), after.where(other)) for one, other in same_tasks(before, after).items()]


def why(old: Any, new: Any) -> list[tuple[str, Reason]]:
    before, after = compile_graph(old), compile_graph(new)
    return [(before.where(lost.node), lost.reason) for lost in stranded(before, after)]


def test_tasks_are_followed_when_others_come_and_go() -> None:
    assert [("[0]", "[1, 0]"), ("[2]", "[0]")] == same([a, b, c], [c, [a], d])
    assert [("[1, 0]", "[0, 0]"), ("[1, 1]", "[0, 1, 1]")] == same([a, IF(b, c)], [IF(b, [d, c])])


def test_no_task_is_taken_for_another() -> None:
    assert [("[0]", Reason.ALIKE)] == why([a, b], [a, a, b])
    assert [("[0]", Reason.ALIKE), ("[1]", Reason.ALIKE)] == why([a, a, b], [a, b])
    assert [("[0]", Reason.GONE)] == why([a, b], [b])
    assert [("[0]", Reason.GUARDED)] == why([a], [IF(b, a)])
    assert [("[0, 0]", Reason.GONE), ("[0, 1]", Reason.RELEASED)] == why([IF(b, a)], [a])
    assert [("[0, 1, 0]", Reason.GUARDED)] == why([IF(b, [c])], [IF(a, [IF(b, [c])])])[1:]
    assert [("[0, 1]", Reason.GUARDED), ("[0, 3]", Reason.GUARDED)] == why([IF_ELSE(b, a, c)], [IF_ELSE(b, c, a)])
    assert [("[0]", Reason.CHANGED)] == why([HALT("ask Ann")], [HALT("ask Bob")])
    assert [("[0]", Reason.CHANGED)] == why([made(1)], [made(2)])
    assert [("[0]", Reason.CHANGED)] == why([HALT("\n" * 30 + "ask Ann")], [HALT("\n" * 30 + "ask Bob")])
    street = "a rather long name of a street"
    assert [("[0]", Reason.CHANGED)] == why([CALLFUNC(c, args=[street, "1"])], [CALLFUNC(c, args=[street, "2"])])
    assert [("[0]", Reason.CHANGED)] == why([made(((1, *range(9)), 2))], [made(((1, *range(10)), 2))])
    assert [("[0]", Reason.CHANGED)] == why([made(b"x" * 37 + b"1")], [made(b"x" * 37 + b"2")])
    assert [("[0]", "[1]")] == same([task(id="x")(lambda obj, eng: 1)], [a, task(id="x")(lambda obj, eng: 2)])
    assert [("[0]", Reason.ANONYMOUS)] == why([lambda obj, eng: 1, a], [lambda obj, eng: 2, a, b])


def test_graphs_of_one_fingerprint_are_the_same_whatever_their_names() -> None:
    assert [("[0]", "[0]"), ("[1]", "[1]"), ("[2]", "[2]")] == same([lambda o, e: 1, a, a], [lambda o, e: 2, a, a])


def lines(old: Any, new: Any) -> list[str]:
    found = difference(compile_graph(old), compile_graph(new))
    return [line.replace(f"{__name__}.", "") for line in found.lines()]


def test_a_difference_is_told_as_a_reader_would() -> None:
    before = [a, IF(b, [HALT("x")]), jumps, d, WHILE(c, a), c]
    after = [a, IF(d, [HALT("x")]), jumps, made(1), WHILE(c, [a, b]), c]
    assert [
        "~ changed IF(d) at [1, 0]; was IF(b) at [1, 0]",
        "+ added made.<locals>.inner(most=1) at [3]",
        "+ added while c / b at [4, 2]",
        "- removed d at [3]",
    ] == lines(before, after)
    assert ["> moved c at [0]; was c at [2]"] == lines([a, b, c], [c, a, b])
    assert ["* rewired jumps at [0]: jump jump_call:2 leads to b at [2]; was c at [2]"] == [
        line for line in lines([jumps, b, c, d], [jumps, c, b, d]) if line.startswith("*")
    ]
    assert not lines(before, before)
    assert not difference(compile_graph(before), compile_graph(before))
    assert difference(compile_graph(before), compile_graph(after))


def test_ways_of_one_label_are_told_apart() -> None:
    before = [CHOICE(a, (("x",), b), (("y",), [])), d, c]
    after = [CHOICE(a, (("x",), c), (("y",), []), (("z",), b)), d]
    assert ["> moved choice a tuple / c at [0, 1]; was c at [2]"] == lines(before, after)


@given(st.lists(st.integers(), unique=True, max_size=9))
def test_the_longest_rise_rises_and_is_a_longest(numbers: list[int]) -> None:
    found = _longest_rise(numbers)
    assert all(one < other for one, other in pairwise(found))
    rest = iter(numbers)
    assert all(number in rest for number in found)

    def longest(start: int, least: float) -> int:
        return max(
            (1 + longest(place + 1, numbers[place]) for place in range(start, len(numbers)) if numbers[place] > least),
            default=0,
        )

    assert longest(0, float("-inf")) == len(found)
