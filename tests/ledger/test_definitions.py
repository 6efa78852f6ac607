"""What a definition may hold, and what becomes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pytest

from ledger import Subject, both, fixed, note, ours, outcome
from wfgraph.errors import WorkflowDefinitionError
from wfgraph.patterns import CALLFUNC, PROFILE, TRY
from wfgraph.patterns.controlflow import CHOICE, CMP, FOR, IF, IF_ELSE, IF_NOT, TASK_JUMP_IF, WHILE


def a(obj: Any, eng: Any) -> None:
    obj.append("a")


def b(obj: Any, eng: Any) -> None:
    obj.append("b")


class Falsy:
    def __call__(self, obj: Any, eng: Any) -> None:
        obj.append("falsy")

    def __bool__(self) -> bool:
        return False


class Steps(list[Any]):
    """A callable that can be iterated over as well."""

    def __call__(self, obj: Any, eng: Any) -> None:
        obj.append("called")


@both
def test_empty_items_are_dropped_at_the_top_and_nested_empty_lists_keep_their_slot(lib: Subject) -> None:
    eng = lib.engine([], a, None, [b, [], None, a], (None, []))
    assert [a, [b, [], a]] == eng.callbacks.get()


@fixed(ours=[a], real="TypeError")
def test_replace_takes_one_callable(lib: Subject, expected: Any) -> None:
    eng = lib.engine()
    assert expected == outcome(lambda: eng.callbacks.replace(a) or eng.callbacks.get())


@fixed(ours=[[a, [b]]], real=[[a, None, [None, b]]])
def test_add_drops_none_from_nested_lists(lib: Subject, expected: Any) -> None:
    eng = lib.engine()
    eng.callbacks.add([a, None, [None, b]])
    assert expected == eng.callbacks.get()


@fixed(ours=["a", "falsy"], real=["a"])
def test_a_callable_that_is_false_is_a_task(lib: Subject, expected: Any) -> None:
    assert expected == lib.run(a, Falsy())


@fixed(ours=["called"], real=["a", "a", "a"])
def test_a_callable_that_can_be_iterated_over_is_a_task(lib: Subject, expected: Any) -> None:
    assert expected == lib.run(Steps([a]))


@fixed(ours=True, real=False)
def test_clear_none_clears_all(lib: Subject, expected: Any) -> None:
    eng = lib.engine(a)
    eng.callbacks.add(b, "other")
    eng.callbacks.clear(None)
    assert expected == eng.callbacks.empty()


@ours
@pytest.mark.parametrize("keys", [(), ("other",)])
def test_a_missing_definition_fails_before_any_hook(lib: Subject, keys: tuple[str, ...]) -> None:
    called: list[Any] = []
    eng = lib.engine(hooks={"before_processing": lambda eng, objects: called.append(objects)})
    for key in keys:
        eng.callbacks.add(a, key)
    assert outcome(lambda: eng.process([[]])) in ("WorkflowError", "KeyError")
    assert [] == called


@fixed(ours=("WorkflowError", []), real=(None, [[[]]]))
def test_a_definition_that_was_emptied_fails_instead_of_doing_nothing(lib: Subject, expected: Any) -> None:
    called: list[Any] = []
    eng = lib.engine(a, hooks={"before_processing": lambda eng, objects: called.append(objects)})
    eng.callbacks.get().clear()
    assert expected == (outcome(lambda: eng.process([[]])), called)


async def sleeps(obj: Any, eng: Any) -> None: ...


async def streams(obj: Any, eng: Any) -> AsyncIterator[None]:
    yield


class Waits:
    async def __call__(self, obj: Any, eng: Any) -> None: ...


@ours
@pytest.mark.parametrize(
    "bad", [b"text", 1.5, frozenset(), {"a": a}, (n for n in "ab"), object(), partial(sleeps), streams, Waits()]
)
def test_what_is_no_task_is_refused_before_any_task_runs(lib: Subject, bad: Any) -> None:
    obj: list[str] = []
    eng = lib.engine(a, [b, bad])
    with pytest.raises(WorkflowDefinitionError, match=r"at \[1, 1\] is") as caught:
        eng.process([obj])
    assert ((1, 1), bad, []) == (caught.value.address, caught.value.payload, obj)


@fixed(ours="WorkflowDefinitionError", real="RecursionError")
def test_a_text_is_refused_instead_of_walked_for_ever(lib: Subject, expected: Any) -> None:
    assert expected == outcome(lambda: lib.run("text"))


@fixed(ours="WorkflowDefinitionError", real=[])
def test_a_generator_function_is_refused_instead_of_doing_nothing(lib: Subject, expected: Any) -> None:
    def yields(obj: Any, eng: Any) -> Any:
        obj.append("never")
        yield

    assert expected == outcome(lambda: lib.run(yields))


@fixed(ours=["deep"], real="RecursionError")
def test_a_definition_may_be_nested_deeper_than_python_recurses(lib: Subject, expected: Any) -> None:
    deep = note("deep")
    for _ in range(3_000):
        deep = [deep]
    assert expected == outcome(lambda: lib.run(deep))


@fixed(ours="WorkflowDefinitionError", real="RecursionError")
def test_a_list_inside_itself_is_refused_instead_of_walked_for_ever(lib: Subject, expected: Any) -> None:
    loop: list[Any] = [a]
    loop.append(loop)
    assert expected == outcome(lambda: lib.run(loop))


@fixed(ours=["old", "old"], real=["old", "new"])
def test_a_task_that_changes_the_definition_changes_the_next_run(lib: Subject, expected: Any) -> None:
    tokens: list[list[str]] = [[], []]
    lib.engine(note("old"), lambda obj, eng: eng.callbacks.replace([note("new")])).process(tokens)
    assert expected == [token[0] for token in tokens]


OF_ITSELF = partial(a)
OF_ITSELF.__setstate__((OF_ITSELF, (), {}, {}))  # type: ignore[attr-defined]


@ours
@pytest.mark.parametrize(
    ("pattern", "asked"),
    [
        (IF("ready", a), "'ready'"),
        (IF(OF_ITSELF, a), "partial"),
        (IF(None, a), "None"),  # type: ignore[arg-type]
        (WHILE(None, a), "None"),  # type: ignore[arg-type]
        (CHOICE(None, x=a), "None"),  # type: ignore[arg-type]
        (IF_NOT([b], a), "[b]"),
        (IF_ELSE(lambda obj: True, a, b), "<lambda>"),
        (WHILE(partial(a, None), a), "partial(a)"),
        (TASK_JUMP_IF(7, 1), "7"),
        (CHOICE(lambda: "x", x=a), "<lambda>"),
        (FOR(lambda obj: [1], "item", a), "<lambda>"),
        (CMP(lambda obj: 1, 1, "=="), "<lambda>"),
    ],
)
def test_a_condition_that_can_not_be_asked_is_refused_with_the_address_of_its_pattern(
    lib: Subject, pattern: Any, asked: str
) -> None:
    with pytest.raises(WorkflowDefinitionError) as caught:
        lib.run(a, pattern)
    place = "[1]" if callable(pattern) else "[1, 0]"
    expected = f"at {place} asks {asked}, which can't be called with (obj, eng), the token and the engine"
    assert expected in caught.value.message


@pytest.mark.parametrize(
    "use",
    [
        lambda: FOR([1], OF_ITSELF, a),
        lambda: TRY(OF_ITSELF),
        lambda: TRY(a, onfailure=OF_ITSELF),
        lambda: PROFILE(OF_ITSELF),
        lambda: CALLFUNC(OF_ITSELF),
    ],
)
def test_a_partial_of_itself_is_nothing_that_a_pattern_could_call(use: Callable[[], Any]) -> None:
    with pytest.raises(WorkflowDefinitionError):
        use()


@both
def test_a_task_that_compares_itself_in_its_own_way_is_never_compared(lib: Subject) -> None:
    class Fussy:
        def __call__(self, obj: Any, eng: Any) -> None:
            obj.append("fussy")

        def __eq__(self, other: object) -> bool:
            raise TypeError(f"compared with {other}")

        __hash__ = object.__hash__

    assert ["fussy", "a"] == lib.run(Fussy(), a)
