"""The one builder: a description becomes a definition, for either library."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from differential.exclusions import FIXED_PATTERNS
from differential.real import Library

__all__ = ["Builder", "Recorder", "Token", "TooLong"]

LIMIT = 150
"""How many events a run may have: endless loops must agree too, up to there."""


class TooLong(BaseException):
    """Ends a run that has gone on for long enough; no Exception, so that nothing handles it."""


class Token:
    """A token that counts; one with a type also chooses its definition."""

    log = logging.getLogger("differential.token")
    log.disabled = True

    def __init__(self, name: int, value: int) -> None:
        self.name = name
        self.value = value


class KeyedToken(Token):
    """A token with a type."""

    def __init__(self, name: int, value: int, kind: str) -> None:
        super().__init__(name, value)
        self.kind = kind

    def getFeature(self, name: str) -> str:
        assert name == "type"
        return self.kind


@dataclass
class Recorder:
    """The log of one run, and how often each thing in it has been done.

    Attributes:
        events: the log.
        counts: how often each was done.
        lost: at which event the real library first came to a position that is no place.
    """

    events: list[Any] = field(default_factory=list)
    counts: dict[Any, int] = field(default_factory=dict)
    lost: int | None = None

    @property
    def full(self) -> bool:
        return len(self.events) >= LIMIT

    def note(self, eng: Any, *what: Any) -> None:
        if self.full:
            raise TooLong
        self.events.append((*what, list(eng.state.callback_pos), eng.state.token_pos))

    def lose(self) -> None:
        if self.lost is None:
            self.lost = len(self.events)

    def nth(self, what: Any) -> int:
        """Return how often this was asked for the same thing before."""
        self.counts[what] = self.counts.get(what, -1) + 1
        return self.counts[what]


class Builder:
    """Makes definitions of descriptions; names tasks by their number."""

    def __init__(self, library: Library, recorder: Recorder) -> None:
        self.library = library
        self.recorder = recorder
        self.own_halt = type("OwnHalt", (library.error("HaltProcessing"),), {})
        self._made = 0

    def definition(self, described: Any) -> list[Any]:
        return [self.item(item) for item in described]

    def item(self, described: Any) -> Any:
        kind, *arguments = described
        made: Callable[..., Any] = getattr(self, f"_{kind}", None) or self._pattern
        return made(*arguments) if made != self._pattern else made(kind, *arguments)

    def _name(self, prefix: str) -> str:
        self._made += 1
        return f"{prefix}{self._made}"

    # Items -----------------------------------------------------------------------------------------------------------

    def _task(self, actions: Any, again: bool) -> Any:
        name = self._name("task")

        def run(obj: Any, eng: Any) -> None:
            self.recorder.note(eng, name, obj.value)
            count = self.recorder.nth(name)
            if actions and (again or count < len(actions)):
                self.act(actions[count % len(actions)], obj, eng)

        run.__name__ = name
        return run

    def _block(self, described: Any) -> list[Any]:
        return self.definition(described)

    def _tuple(self, described: Any) -> tuple[Any, ...]:
        return tuple(self.definition(described))

    def _none(self) -> None:
        return None

    def _pattern(self, kind: str, *arguments: Any) -> Any:
        """Make a pattern whose arguments are plain values, or conditions and branches."""
        if self.library.real and kind in FIXED_PATTERNS:
            return FIXED_PATTERNS[kind](*arguments)
        return self.library.pattern(kind)(*map(self._argument, arguments))

    def _argument(self, value: Any) -> Any:
        if not isinstance(value, tuple):
            return value
        return self.condition(value) if value[0] in ("values", "cmp") else self.item(value)

    def _EMPTY_CALL(self) -> Any:
        return self.library.pattern("EMPTY_CALL")

    def _CHOICE(self, answers: Any, branches: Any) -> Any:
        name = self._name("choice")

        def arbiter(obj: Any, eng: Any) -> str:
            self.recorder.note(eng, name, obj.value)
            return f"k{answers[self.recorder.nth(name) % len(answers)]}"

        arbiter.__name__ = name
        made = {f"k{index}": self.item(branch) for index, branch in enumerate(branches)}
        return self.library.pattern("CHOICE")(arbiter, **made)

    def _TASK_JUMP_BWD(self, step: int) -> tuple[Any, ...]:
        """Jump back to a task that logs: a loop that never does could not be ended."""
        empty = [self.library.pattern("EMPTY_CALL")] * (-step - 1)
        return (self._task((), False), *empty, self.library.pattern("TASK_JUMP_BWD")(step))

    def _OBJ_JUMP_BWD(self, step: int) -> Any:
        test = self.condition(("values", (True, True)))
        return self.library.pattern("IF")(test, self._pattern("OBJ_JUMP_BWD", step))

    def _SIMPLE_MERGE(self, branches: Any, final: Any) -> Any:
        pattern = self.library.pattern("SIMPLE_MERGE")
        if self.library.real:
            pattern = pattern.__wrapped__  # without what writes to the first branch's docstring
        return pattern(*map(self.item, (*branches, final)))

    def _TRY(self, call: Any, retry: int, onfailure: str) -> Any:
        failure = self.item(("task", (), False)) if onfailure == "call" else RuntimeError("gave up")
        return self.library.pattern("TRY")(self.item(call), retry, failure, verbose=False)

    def condition(self, described: Any) -> Any:
        kind, *arguments = described
        if kind == "cmp":
            a, b, operator = arguments
            return self.library.pattern("CMP")(self._side(a), b, operator)
        (answers,) = arguments
        name = self._name("test")

        def test(obj: Any, eng: Any) -> Any:
            self.recorder.note(eng, name, obj.value)
            count = self.recorder.nth(name)
            answer = answers[count] if count < len(answers) else False
            if isinstance(answer, tuple):
                return self.act(answer[1], obj, eng)
            return answer

        return test

    def _side(self, side: Any) -> Any:
        name = self._name("side")

        def value(obj: Any, eng: Any) -> Any:
            self.recorder.note(eng, name, obj.value)
            return obj.value if side == "value" else side

        return value

    # Actions ---------------------------------------------------------------------------------------------------------

    def act(self, action: Any, obj: Any, eng: Any) -> None:
        kind, *arguments = action
        getattr(self, f"_do_{kind}")(obj, eng, *arguments)

    def _do_return(self, obj: Any, eng: Any) -> None:
        pass

    def _do_add(self, obj: Any, eng: Any, number: int) -> None:
        obj.value += number

    def _do_store(self, obj: Any, eng: Any, key: str) -> None:
        eng.extra_data[key] = eng.extra_data.get(key, 0) + obj.value

    def _do_jump_call(self, obj: Any, eng: Any, offset: int) -> None:
        eng.jump_call(offset)

    def _do_break(self, obj: Any, eng: Any) -> None:
        eng.break_current_loop()

    def _do_continue(self, obj: Any, eng: Any) -> None:
        eng.continue_next_token()

    def _do_stop(self, obj: Any, eng: Any) -> None:
        eng.stop()

    def _do_halt(self, obj: Any, eng: Any, message: str) -> None:
        eng.halt(message, action="look", payload={"token": obj.name})

    def _do_skip(self, obj: Any, eng: Any) -> None:
        eng.skip_token()

    def _do_abort(self, obj: Any, eng: Any) -> None:
        eng.abort()

    def _do_jump_token(self, obj: Any, eng: Any, offset: int) -> None:
        eng.jump_token(offset)

    def _do_raise(self, obj: Any, eng: Any, name: str) -> None:
        if name == "OwnHalt":
            raise self.own_halt("own")
        if name == "WorkflowError":
            raise self.library.error(name)("own", payload=obj.name)
        raise {"ValueError": ValueError, "KeyError": KeyError}[name]("own")

    def _do_legacy(self, obj: Any, eng: Any, name: str, *arguments: Any) -> None:
        if name == "setVar":
            arguments = (*arguments, obj.value)
        result = getattr(eng, name)(*arguments)
        self.recorder.note(eng, name, result)

    def _do_move(self, obj: Any, eng: Any, distance: int) -> None:
        """Change the position in place, as clients do; never below the place before the first."""
        position = eng.getCurrTaskId()
        position[-1] = max(-1, position[-1] + distance)
        eng.setPosition(eng.getCurrObjId(), position)

    def _do_restart(self, obj: Any, eng: Any, token: str, task: str) -> None:
        eng.restart(token, task)
        self.recorder.note(eng, "restarted", eng.state.current_object_processed)

    def _do_restart_stop(self, obj: Any, eng: Any, token: str, task: str) -> None:
        eng.restart(token, task)
        eng.stop()

    def _do_process(self, obj: Any, eng: Any, count: int) -> None:
        eng.process([Token(100 + index, index) for index in range(count)])
        self.recorder.note(eng, "processed", eng.state.current_object_processed)
