"""Workflows and runs as plain data, and the strategies that generate them.

A definition is a tuple of items. An item is a tuple whose first member says what it is::

    ("task", actions, again)       a task; its nth run does ``actions[n]``, the ones after those return, or start over
    ("block", items), ("tuple", items), ("none",)
    ("IF", condition, branch), ...  a pattern; a branch is an item, or ("block", items)

An action is what a task does: ``("return",)``, ``("jump_call", -2)``, ``("halt", "why")``, ``("restart", obj, task)``, ...
A condition is ``("values", answers)``, one answer per evaluation and then False, where ``("do", action)`` as an answer acts
instead; or ``("cmp", a, b, op)``, where ``"value"`` as *a* stands for the token's value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from hypothesis import strategies as st

__all__ = ["Engine", "Program", "flows", "items", "programs", "steer"]

Item = tuple[Any, ...]
Action = tuple[Any, ...]

WORDS = ("prev", "current", "next", "first")


@dataclass(frozen=True)
class Engine:
    """What an engine class overrides.

    Attributes:
        hooks: the hooks that log.
        hook_actions: what a hook does at its nth call.
        handlers: pairs of exception name and what its handler does.
        overrides: pairs of method name and how it is overridden.
        other: the definition that an overridden ``callback_chooser`` returns for every other token.
    """

    hooks: tuple[str, ...] = ()
    hook_actions: tuple[tuple[str, tuple[Action, ...]], ...] = ()
    handlers: tuple[tuple[str, str], ...] = ()
    overrides: tuple[tuple[str, str], ...] = ()
    other: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Program:
    """A workflow, and what is done with it.

    Attributes:
        definitions: pairs of key and items; a single one under ``"*"``, or one per type of token.
        tokens: one ``(value, type)`` each; the type is None where tokens have none.
        engine: the engine class.
        calls: what is called on the engine, one after the other: ``("process", kwargs)`` or
            ``("restart", obj, task, kwargs)``, or the same under the name ``"revive ..."``: on a fresh engine to which
            the state was assigned after a journey through JSON.
    """

    definitions: tuple[tuple[str, tuple[Item, ...]], ...]
    tokens: tuple[tuple[int, str | None], ...]
    engine: Engine = field(default_factory=Engine)
    calls: tuple[tuple[Any, ...], ...] = (("process", ()),)

    def mentions(self, word: str) -> bool:
        """Tell whether something of this name occurs anywhere."""
        return f"'{word}'" in repr(self)


# Actions -------------------------------------------------------------------------------------------------------------

_offsets = st.integers(-4, 5)
_move = st.tuples(st.just("move"), st.integers(-3, 3))
_errors = st.tuples(st.just("raise"), st.sampled_from(["ValueError", "WorkflowError", "OwnHalt", "KeyError"]))
_plain = st.sampled_from([("return",), ("return",), ("add", 1), ("add", 2), ("store", "a"), ("store", "b")])
_jump_call = st.tuples(st.just("jump_call"), _offsets)
_jump_token = st.tuples(st.just("jump_token"), st.integers(-3, 3))
_ending = st.sampled_from([("continue",), ("stop",), ("halt", "why"), ("halt", ""), ("skip",), ("abort",)])
_legacy = st.one_of(
    st.tuples(
        st.just("legacy"), st.sampled_from(["jumpCall", "jumpCallForward", "jumpCallBack", "jumpToken"]), _offsets
    ),
    st.tuples(st.just("legacy"), st.sampled_from(["jumpTokenForward", "jumpTokenBack"]), st.integers(-2, 2)),
    st.tuples(
        st.just("legacy"),
        st.sampled_from(
            [
                "continueNextToken",
                "stopProcessing",
                "breakFromThisLoop",
                "haltProcessing",
                "skipToken",
                "abortProcessing",
            ]
        ),
    ),
    st.tuples(st.just("legacy"), st.sampled_from(["setVar", "getVar", "hasVar", "delVar"]), st.sampled_from("ab")),
)

steer = st.one_of(_plain, _jump_call, _jump_call, st.just(("break",)), _ending, _jump_token, _errors, _legacy)
"""What a task may do without looking at where it is."""

_nested = st.one_of(
    st.tuples(st.just("restart"), st.sampled_from(WORDS), st.just("first")),
    st.tuples(st.sampled_from(["restart", "restart_stop"]), st.sampled_from(WORDS), st.sampled_from(WORDS)),
    st.just(("process", 2)),
)
restless = st.one_of(_plain, _move, _move, _jump_call, _nested, st.just(("halt", "here")))
"""What a task may do that changes the position by hand or runs the engine inside itself."""


def tasks(actions: st.SearchStrategy[Action], again: bool = True) -> st.SearchStrategy[Item]:
    """Generate tasks that do such actions."""
    repeat = st.sampled_from([False, False, False, True]) if again else st.just(False)
    return st.tuples(st.just("task"), st.lists(actions, max_size=3).map(tuple), repeat)


# Items ---------------------------------------------------------------------------------------------------------------

_answers = st.sampled_from([True, True, False, 1, 0, "yes", ""])


def conditions(actions: st.SearchStrategy[Action] | None = None) -> st.SearchStrategy[Item]:
    """Generate conditions; with actions, a condition may do one of them instead of answering."""
    answer = _answers if actions is None else st.one_of(_answers, _answers, st.tuples(st.just("do"), actions))
    side = st.integers(0, 4)
    operator = st.sampled_from(["eq", "gt", "gte", "lt", "lte", "==", ">", ">=", "<", "<="])
    return st.one_of(
        st.tuples(st.just("values"), st.lists(answer, max_size=4).map(tuple)),
        st.tuples(st.just("cmp"), st.one_of(side, st.just("value")), side, operator),
        st.tuples(st.just("cmp"), st.just((0, 1, 2)), side, st.just("in")),
    )


def _leaves(actions: st.SearchStrategy[Action]) -> st.SearchStrategy[Item]:
    task = tasks(actions)
    pattern = st.one_of(
        st.sampled_from([("BREAK",), ("STOP",), ("HALT",), ("OBJ_NEXT",), ("EMPTY_CALL",), ("ERROR",)]),
        st.tuples(st.sampled_from(["TASK_JUMP_FWD", "OBJ_JUMP_FWD"]), st.integers(1, 3)),
        st.tuples(st.sampled_from(["TASK_JUMP_BWD", "OBJ_JUMP_BWD"]), st.integers(-3, -1)),
        st.tuples(st.just("TASK_JUMP_IF"), conditions(), st.integers(-3, 3)),
        st.tuples(st.just("ENG_SET"), st.sampled_from("ab"), st.integers(0, 2)),
        st.tuples(st.just("ENG_GET"), st.sampled_from("abc")),
        st.tuples(st.just("TRY"), tasks(actions, again=False), st.integers(0, 2), st.sampled_from(["raise", "call"])),
    )
    return st.one_of(task, task, task, task, pattern)


def _around(
    inner: st.SearchStrategy[Item], task: st.SearchStrategy[Item], condition: st.SearchStrategy[Item]
) -> st.SearchStrategy[Item]:
    """Generate an item that holds others."""
    many = st.lists(inner, max_size=4).map(tuple)
    block = st.tuples(st.just("block"), many)
    branch = st.one_of(block, block, task)
    loose = st.one_of(branch, st.tuples(st.just("tuple"), many))
    return st.one_of(
        block,
        st.tuples(st.just("tuple"), many),
        st.tuples(st.sampled_from(["IF", "IF_NOT", "WHILE", "WHILE"]), condition, loose),
        st.tuples(st.just("IF_ELSE"), condition, branch, branch),
        st.tuples(
            st.just("CHOICE"),
            st.lists(st.integers(0, 3), min_size=1, max_size=3).map(tuple),
            st.lists(branch, min_size=1, max_size=3).map(tuple),
        ),
        st.tuples(st.just("SIMPLE_MERGE"), st.lists(branch, min_size=1, max_size=3).map(tuple), task),
    )


def items(actions: st.SearchStrategy[Action], acting: bool = False) -> st.SearchStrategy[Item]:
    """Generate items of every kind; ``acting`` conditions may do what tasks do."""
    condition = conditions(actions if acting else None)
    task = tasks(actions)
    return st.recursive(_leaves(actions), lambda inner: _around(inner, task, condition), max_leaves=10)


@cache  # building one takes Hypothesis longer than to draw from it
def flows(actions: st.SearchStrategy[Action], acting: bool = False) -> st.SearchStrategy[tuple[Item, ...]]:
    """Generate whole definitions."""
    inner = st.one_of(items(actions, acting), tasks(actions), st.just(("none",)))
    return st.lists(inner, min_size=1, max_size=5).map(tuple)


# Runs ----------------------------------------------------------------------------------------------------------------

_flags = st.lists(st.sampled_from(["stop_on_error", "stop_on_halt"]), max_size=2, unique=True).map(tuple)
_process = st.one_of(
    st.tuples(st.just("process"), _flags),
    st.tuples(st.just("process"), st.lists(st.sampled_from(["initial_run", "reset_state"]), max_size=2).map(tuple)),
)
_restart = st.tuples(
    st.sampled_from(["restart", "restart", "revive restart"]), st.sampled_from(WORDS), st.sampled_from(WORDS), _flags
)
_calls = st.builds(
    lambda first, more: (first, *more),
    st.tuples(st.just("process"), _flags),
    st.lists(st.one_of(_restart, _restart, _process), max_size=3),
)

_HOOKS = (
    "before_processing",
    "after_processing",
    "before_object",
    "after_object",
    "before_callbacks",
    "after_callbacks",
    "before_each_callback",
    "after_each_callback",
)
_HANDLED = (
    "StopProcessing",
    "HaltProcessing",
    "ContinueNextToken",
    "JumpToken",
    "SkipToken",
    "AbortProcessing",
    "Exception",
    "ValueError",
    "WorkflowError",
)


def _pairs(keys: st.SearchStrategy[str], values: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[Any]:
    return st.dictionaries(keys, values, max_size=most).map(lambda found: tuple(sorted(found.items())))


_hooks = st.lists(st.sampled_from(_HOOKS), max_size=8, unique=True).map(tuple)
_hook_action = st.one_of(st.just(("return",)), _jump_call, st.just(("break",)), st.just(("halt", "hook")), _errors)
_handlers = _pairs(
    st.sampled_from(_HANDLED), st.sampled_from(["super", "break", "continue", "swallow", "raise", "reraise"]), 4
)
_overrides = _pairs(
    st.sampled_from(["execute_callback", "run_callbacks", "callback_chooser", "jump_call", "break_current_loop"]),
    st.sampled_from(["super", "super", "other"]),
    3,
)

plain_engines = st.just(Engine())
hooked_engines = st.builds(
    Engine,
    hooks=_hooks,
    hook_actions=_pairs(
        st.sampled_from(["before_each_callback", "before_callbacks"]), st.lists(_hook_action, max_size=4).map(tuple), 1
    ),
    handlers=_handlers,
)
overridden_engines = st.builds(
    Engine, hooks=_hooks, overrides=_overrides, other=st.lists(tasks(steer), max_size=3).map(tuple)
)
engines = st.one_of(plain_engines, hooked_engines, overridden_engines)


@st.composite
def programs(
    draw: st.DrawFn,
    actions: st.SearchStrategy[Action] = steer,
    engine: st.SearchStrategy[Engine] = plain_engines,
    *,
    acting: bool = False,
    keyed: bool = False,
) -> Program:
    """Generate whole programs.

    Args:
        draw: given by Hypothesis.
        actions: what tasks do.
        engine: the engines.
        acting: conditions act too.
        keyed: tokens choose their definition.
    """
    flow = flows(actions, acting)
    if keyed:
        definitions = tuple((key, draw(flow)) for key in ("a", "b"))
        kinds: Any = st.sampled_from(["a", "a", "b", "b", "b", "c", None])
    else:
        definitions = (("*", draw(flow)),)
        kinds = st.none()
    tokens = draw(st.lists(st.tuples(st.integers(0, 3), kinds), min_size=0 if keyed else 1, max_size=4))
    return Program(definitions, tuple(tokens), draw(engine), draw(_calls))
