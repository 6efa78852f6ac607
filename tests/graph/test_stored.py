"""A stored graph, letter by letter: what is written, what of it is read again, and how damage is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wfgraph import compile_graph, ops, task
from wfgraph.compiler.stored import StoredTask, graph_from, graph_from_json, graph_to_json
from wfgraph.errors import WorkflowDefinitionError
from wfgraph.graph import outcomes as out
from wfgraph.graph.ops import Op
from wfgraph.graph.text import graph_text
from wfgraph.patterns import FOR, IF, WHILE


def a(obj: Any, eng: Any) -> None: ...
def b(obj: Any, eng: Any) -> None: ...


@task(ops.Call((out.RETURN, out.jump(None))))
def leaps(obj: Any, eng: Any) -> None: ...


@task(ops.Call((out.RETURN, out.HALT)))
def halts(obj: Any, eng: Any) -> None: ...


def doing(op: Op, name: str = "do") -> Any:
    def made(obj: Any, eng: Any) -> None: ...

    made.__name__ = made.__qualname__ = name
    made.__module__ = "flow"
    return task(op)(made)


def test_a_stored_graph_is_written_letter_by_letter() -> None:
    which = doing(ops.Choice((("x", 1), (2, 3)), None, 2), "which")
    calls = doing(ops.Call((out.RETURN, out.jump(None), out.HALT), "told"), "c\u00e4lls")
    flow = [which, [calls], doing(ops.Split(((a,), (b, [b]))), "split")]
    graph = compile_graph(flow)
    node = '{"name":"%s","identity":["%s","",false],"declared":%s,"op":{%s},"opaque":false}'
    returns = '"op":"Call","outcomes":[["return",null]],"describe":""'
    nodes = [
        node % ("which", "flow.which", "true", '"op":"Choice","cases":[["x",1],["2",3]],"default":2,"describe":""'),
        node
        % (
            *(r"c\u00e4lls", r"flow.c\u00e4lls", "true"),
            '"op":"Call","outcomes":[["return",null],["jump_call",null],["halt",null]],"describe":"told"',
        ),
        node % ("split", "flow.split", "true", '"op":"Split","lanes":2'),
        *(node % (name, f"{__name__}.{name}", "false", returns) for name in ("a", "b", "b")),
    ]
    bodies = [
        '{"blocks":[[0,1]],"tasks":[[0,0],[1,0],[0,2]]}',
        '{"blocks":[],"tasks":[[0,0]]}',
        '{"blocks":[[0,1]],"tasks":[[0,0],[1,0]]}',
    ]
    edges = [
        '[-1,0,"next","must",""]',
        *('[0,1,"case","must","x"]', '[0,-2,"case","must","2"]', '[0,2,"case","must","default"]'),
        *('[1,2,"next","may",""]', '[1,-3,"halt","may",""]', '[1,2,"resume","may",""]'),
        *('[2,-2,"next","must",""]', '[2,3,"spawn","must","0"]', '[2,4,"spawn","must","1"]'),
        *('[3,-2,"join","must",""]', '[4,5,"next","must",""]', '[5,-2,"join","must",""]'),
    ]
    assert graph_to_json(graph) == (
        f'{{"format":1,"bodies":[{",".join(bodies)}],"nodes":[{",".join(nodes)}],"edges":[{",".join(edges)}]}}'
    )


@pytest.mark.parametrize(
    ("op", "written", "read"),
    [
        (ops.OPAQUE, {"op": "Opaque"}, ops.OPAQUE),
        (ops.Call(asks=(a,)), {"op": "Call", "outcomes": [["return", None]], "describe": ""}, ops.Call()),
        (
            ops.Branch(out.jump(-1), out.BREAK, a, "unless", "c"),
            {
                "op": "Branch", "when_true": ["jump_call", -1], "when_false": ["break", None],
                "keyword": "unless", "describe": "c",
            },
            ops.Branch(out.jump(-1), out.BREAK, None, "unless", "c"),
        ),
        (ops.While(a, "c"), {"op": "While", "describe": "c"}, ops.While(None, "c")),
        (
            ops.Choice((("x", 1), (b"y", 2)), a),
            {"op": "Choice", "cases": [["x", 1], ["b'y'", 2]], "describe": ""},
            ops.Choice((("x", 1), ("b'y'", 2))),
        ),
        (ops.Choice((), None, 0), {"op": "Choice", "cases": [], "default": 0, "describe": ""}, ops.Choice((), None, 0)),
        (ops.Jump(1), {"op": "Jump", "offset": 1}, ops.Jump(1)),
        (ops.Break(), {"op": "Break"}, ops.Break()),
        (ops.Halt("look"), {"op": "Halt", "message": "look"}, ops.Halt("look")),
        (ops.Stop(), {"op": "Stop"}, ops.Stop()),
        (ops.NextToken(), {"op": "NextToken"}, ops.NextToken()),
        (ops.JumpToken(-2), {"op": "JumpToken", "offset": -2}, ops.JumpToken(-2)),
        (ops.Fail("no"), {"op": "Fail", "message": "no"}, ops.Fail("no")),
        (
            ops.SubWorkflow([a], "key"),
            {"op": "SubWorkflow", "outkey": "key"},
            ops.SubWorkflow((), "key"),
        ),
    ],
    ids=range(14),
)  # fmt: skip
def test_an_op_is_stored_and_read_without_the_callables_that_it_holds(op: Op, written: Any, read: Op) -> None:
    text = graph_to_json(compile_graph([doing(op), a, b]))
    assert written == json.loads(text)["nodes"][0]["op"]
    found = graph_from_json(text)
    assert read == found.nodes[0].op
    assert text == graph_to_json(found)


@pytest.mark.parametrize("flags", [(True, False, False, None), (False, True, True, "k")])
def test_a_loop_is_stored_with_all_but_its_items(flags: tuple[bool, bool, bool, str | None]) -> None:
    reverse, cached, constant, key = flags
    op = ops.For(a, None, reverse, cached, constant, key, "x in y")
    text = graph_to_json(compile_graph([doing(op), b]))
    told = {"op": "For", "reverse": reverse, "cached": cached, "constant": constant}
    assert told | ({"key": key} if key else {}) | {"describe": "x in y"} == json.loads(text)["nodes"][0]["op"]
    found: Any = graph_from_json(text).nodes[0].op
    assert (reverse, cached, constant, key, "x in y") == (
        *(found.reverse, found.cached, found.constant, found.key, found.describe),
    )
    assert () == found.items(None, None)


def test_the_branches_of_parallel_patterns_are_stored_in_the_order_of_their_hosts() -> None:
    inner = doing(ops.Split(((b,), (a, b))), "inner")
    waits = doing(ops.Synchronize(((inner,), (a,)), (b,), (out.RETURN, out.STOP)), "waits")
    graph = compile_graph([doing(ops.Split(((b, [b]), (a,))), "outer"), waits])
    text = graph_to_json(graph)
    assert {"op": "Synchronize", "lanes": 2, "outcomes": [["return", None], ["stop", None]]} == json.loads(text)[
        "nodes"
    ][1]["op"]
    found = graph_from_json(text)
    assert (graph_text(graph), text) == (graph_text(found), graph_to_json(found))
    assert [(lane.host, lane.first, lane.join) for lane in graph.lanes] == [
        (lane.host, lane.first, lane.join) for lane in found.lanes
    ]


def opaque_condition(obj: Any, eng: Any) -> Any:
    return getattr(eng, obj)()


@pytest.mark.parametrize("asked", [a, leaps, halts, opaque_condition])
def test_what_a_condition_may_do_by_itself_is_stored(asked: Any) -> None:
    graph = compile_graph([a, [IF(asked, b), WHILE(asked, a), FOR(asked, "x", b)], b])
    found = graph_from_json(graph_to_json(graph))
    assert graph_text(graph) == graph_text(found)
    for one, other in zip(graph.nodes, found.nodes, strict=True):
        assert (one.wild, one.opaque, one.exits) == (other.wild, other.opaque, other.exits)
        assert list(graph.assumed_edges(one.id)) == list(found.assumed_edges(other.id))


def test_what_stands_for_a_task_says_so_and_refuses_to_run() -> None:
    found = graph_from_json(graph_to_json(compile_graph([doing(ops.Stop())])))
    stood = found.nodes[0].item.task
    assert isinstance(stood, StoredTask)
    assert ("do", "<stored task flow.do>") == (found.nodes[0].name, repr(stood))
    with pytest.raises(WorkflowDefinitionError) as caught:
        stood(None, None)
    assert "flow.do is a task of a stored graph, which can be looked at but not run" == caught.value.message
    assert stood is caught.value.payload


# Damage ----------------------------------------------------------------------------------------------------------------

FORMAT = "this is no stored graph of format 1, as `wfgraph draw -o x.json` writes"


@pytest.mark.parametrize("content", [None, [], "x", {}, {"format": "1"}, {"format": 2, "bodies": []}])
def test_what_is_no_stored_graph_is_told_from_one_that_is_damaged(content: Any) -> None:
    with pytest.raises(WorkflowDefinitionError) as caught:
        graph_from(content)
    assert FORMAT == caught.value.message


def test_what_is_no_json_is_told_with_the_place() -> None:
    with pytest.raises(WorkflowDefinitionError) as caught:
        graph_from_json("{")
    said = "a stored graph is JSON; this is not: Expecting property name enclosed in double quotes: "
    assert f"{said}line 1 column 2 (char 1)" == caught.value.message


@pytest.mark.parametrize(
    ("node", "change", "said"),
    [
        (0, {"op": "Nothing"}, "AttributeError: module 'wfgraph.graph.ops' has no attribute 'Nothing'"),
        (0, {"op": "Op"}, "ValueError: there is no op 'Op'"),
        (0, {"op": "Enum"}, "ValueError: there is no op 'Enum'"),
        (0, {"op": "OPAQUE"}, "ValueError: there is no op 'OPAQUE'"),
        (0, {"describe": 5}, "TypeError: describe of Call is 5"),
        (0, {"outcomes": [["return", "1"]]}, "TypeError: a jump is by '1'"),
        (0, {"outcomes": [["nothing", None]]}, "ValueError: 'nothing' is not a valid Control"),
        (1, {"offset": "1"}, "TypeError: offset of Jump is '1'"),
        (1, {"offset": None}, "TypeError: offset of Jump is None"),
        (2, {"default": "1"}, "TypeError: default of Choice is '1'"),
        (2, {"describe": None}, "TypeError: describe of Choice is None"),
        (3, {"reverse": 2}, "TypeError: reverse of For is 2"),
        (3, {"key": 2}, "TypeError: key of For is 2"),
    ],
)
def test_what_is_damaged_in_an_op_is_named(node: int, change: dict[str, Any], said: str) -> None:
    flow = [*map(doing, (ops.Call(), ops.Jump(1), ops.Choice((("x", 1),), None, 2), ops.For(a, key="k"))), a, a]
    content = json.loads(graph_to_json(compile_graph(flow)))
    content["nodes"][node]["op"] |= change
    with pytest.raises(WorkflowDefinitionError) as caught:
        graph_from(content)
    assert f"the stored graph is damaged: {said}" == caught.value.message


def test_one_fault_of_a_graph_is_told() -> None:
    content = json.loads(graph_to_json(compile_graph([a])))
    content["edges"].pop()
    with pytest.raises(WorkflowDefinitionError) as caught:
        graph_from(content)
    assert "the stored graph is damaged: ValueError: node 0 has no way out" == caught.value.message


def test_tasks_of_which_the_lists_know_nothing_are_damage() -> None:
    content = json.loads(graph_to_json(compile_graph([a])))
    content["nodes"].append(content["nodes"][0])
    with pytest.raises(WorkflowDefinitionError) as caught:
        graph_from(content)
    assert caught.value.message.startswith("the stored graph is damaged: ValueError: ")


def test_a_file_can_not_put_control_characters_into_an_identity_nor_ask_for_branches_without_end() -> None:
    content = json.loads(graph_to_json(compile_graph([a, doing(ops.Split(()))])))
    content["nodes"][0] |= {"name": 5, "identity": ["x\x1b[31m", "y\nz", 1], "declared": 1, "opaque": 1}
    found = graph_from(content)
    stood: Any = found.nodes[0].item.task
    assert ("5", r"x\x1b[31m", r"y\nz", True, True) == (
        *(stood.__name__, stood.recorded_name, stood.recorded_detail),
        *(stood.recorded_anonymous, stood.recorded_declared),
    )
    assert found.nodes[0].opaque is True
    content["nodes"][1]["op"]["lanes"] = 10**12
    with pytest.raises(WorkflowDefinitionError) as caught:
        graph_from(content)
    assert caught.value.message.startswith("the stored graph is damaged: ")
