"""Mistakes, each of which both type checkers must find: one that they don't find is an unused ``ignore``, an error itself."""

from __future__ import annotations

from typing import Any

from wfgraph import Trace, check, compile_graph, ops, task
from wfgraph.celery import CeleryWorkflows
from wfgraph.engine import GenericWorkflowEngine, MachineState
from wfgraph.errors import HaltProcessing
from wfgraph.patterns import CHOICE, FOR, HALT, IF, IF_ELSE, TASK_JUMP_BWD, TRY, WHILE
from wfgraph.storage import DbWorkflowEngine, batch, once
from wfgraph.views import render


def ship(order: dict[str, int], eng: GenericWorkflowEngine) -> bool:
    return True


def engines(engine: GenericWorkflowEngine) -> None:
    engine.process(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    engine.process([1], stop_on_eror=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    engine.callbacks.replace(7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    engine.callbacks.add("ship")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    engine.state.callback_pos = 1  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    engine.state.token_pos = "first"  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    engine.tier = "fastest"  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    engine.trace = []  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    engine.restart("current")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    if engine.has_completed:
        engine.jump_call("back")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    engine.halt(message="why")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def others() -> None:
    MachineState(token_pos="0")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    HaltProcessing(msg="why")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Trace().step  # type: ignore[attr-defined]  # noqa: B018  # pyright: ignore[reportAttributeAccessIssue]


def patterns() -> list[Any]:
    return [
        IF("ship", [ship]),  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
        IF(ship, 3),  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
        IF_ELSE(ship, [ship]),  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
        IF_ELSE(ship, None, ship),  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
        WHILE([ship], ship),  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
        FOR(3, "item", ship),  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
        HALT(action=1),  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
        TASK_JUMP_BWD("-1"),  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
        CHOICE("kind", a=ship),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        TRY([ship]),  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    ]


@task("ship")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
def named(order: Any, eng: Any) -> None: ...


@task(ops.Call(), id=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
def numbered(order: Any, eng: Any) -> None: ...


def graphs() -> None:
    compile_graph(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    graph = compile_graph([ship])
    graph.nods  # type: ignore[attr-defined]  # noqa: B018  # pyright: ignore[reportAttributeAccessIssue]
    graph.nodes[0].op = ops.Call()  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    check([ship], severities={"WF101": "fatal"})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    check([ship])[0].severty  # type: ignore[attr-defined]  # noqa: B018  # pyright: ignore[reportAttributeAccessIssue]
    render([ship], "flow.svg")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def stored() -> None:
    DbWorkflowEngine.with_name(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    engine = DbWorkflowEngine.from_uuid("1f", "runs.db")
    engine.process(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    engine.resume("next")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    engine.db_obj.state  # type: ignore[attr-defined]  # noqa: B018  # pyright: ignore[reportAttributeAccessIssue]
    batch(tokens="ten")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    once("key")(3)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType]
    CeleryWorkflows(None, [ship])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
