"""Engines, as their users write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, assert_type

from wfgraph import Trace
from wfgraph.engine import Callbacks, GenericWorkflowEngine, MachineState
from wfgraph.errors import HaltProcessing, WorkflowError
from wfgraph.runtime.trace import Step


@dataclass
class Order:
    net: float
    total: float = 0.0


def add_vat(order: Order, eng: GenericWorkflowEngine) -> None:
    order.total = order.net * 1.19


def look(order: Order, eng: GenericWorkflowEngine) -> str:
    if order.total > 1000:
        eng.halt("a person must look", action="review", payload={"total": order.total})
    if order.total < 0:
        eng.continue_next_token()
    return "small"


def steer(order: Order, eng: GenericWorkflowEngine) -> int:
    """Each of these ends the task, so that nothing needs to be returned."""
    match round(order.total):
        case 0:
            eng.stop()
        case 1:
            eng.jump_call(-1)
        case 2:
            eng.jump_token(1)
        case 3:
            eng.break_current_loop()
        case 4:
            eng.skip_token()
        case 5:
            eng.abort()
        case 6:
            eng.rewind("current", "first")
        case other:
            return other


class CountingEngine(GenericWorkflowEngine):
    """A subclass with an attribute and methods of its own."""

    max_steps = 100
    tier = "compiled"

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.seen = 0

    def execute_callback(self, callback: Any, obj: Any) -> None:
        self.seen += 1
        super().execute_callback(callback, obj)

    def callback_chooser(self, obj: Order) -> list[Any]:
        found: list[Any] = self.callbacks.get("large" if obj.net > 10 else "small")
        return found


def count(order: Order, eng: CountingEngine) -> None:
    eng.extra_data["most"] = eng.most


def use() -> None:
    engine = CountingEngine(7)
    engine.callbacks.add(add_vat, "small")
    engine.callbacks.add_many([look, [count]], "small")
    engine.callbacks.replace((add_vat, [look, None]), key="large")
    engine.trace = Trace()
    engine.process([Order(5)], stop_on_error=False)
    engine.process((Order(net) for net in (1.0, 20.0)), stop_on_halt=False)
    assert_type(engine.callbacks, Callbacks)
    assert_type(engine.state, MachineState)
    assert_type(engine.state.token_pos, int)
    assert_type(engine.state.callback_pos, list[int])
    assert_type(engine.has_completed, bool)
    assert_type(engine.current_taskname, str | None)
    assert_type(engine.trace.steps, list[Step])
    assert_type(len(engine), int)
    try:
        engine.process([Order(5000)])
    except HaltProcessing as halt:
        assert_type(halt.message, str)
        assert_type(halt.action, str | None)
        assert_type(halt.as_dict(), dict[str, Any])
        engine.restart("current", "next")
    except WorkflowError as error:
        assert_type(error.message, str)


if __name__ == "__main__":
    use()
