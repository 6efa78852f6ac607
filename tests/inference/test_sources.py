"""Which piece of a file a function comes from, and which names are its own."""

from __future__ import annotations

import ast
import linecache
import textwrap
from types import CodeType, FunctionType
from typing import Any

import pytest

from inference.defining import defined
from wfgraph.compiler.inference.sources import Source, children, node_of, scope_of


def module(text: str) -> dict[str, Any]:
    """Return what a file of this text defines."""
    return defined(textwrap.dedent(text), {"__name__": "sources"})


def text_of(function: FunctionType) -> str | None:
    source = node_of(function)
    return None if source is None else ast.unparse(source.node)


# Names --------------------------------------------------------------------------------------------------------------------

SCOPES = [
    ("def f(a, /, b, *c, d, **e): pass", "a:1 b:1 c:1 d:1 e:1", "", ""),
    ("def f(a): a = 1; b = a; b += 1; c: int = 2; del c", "a:2 b:2 c:2", "", ""),
    ("def f(): a, (b, *c) = d, [e] = g.h, i[j] = k", "a:1 b:1 c:1 d:1 e:1", "", ""),
    ("def f():\n for a in b: pass\n with c as d, e as (g, h): pass", "a:1 d:1 g:1 h:1", "", ""),
    ("def f():\n try: pass\n except a as b: pass\n except c: pass", "b:1", "", ""),
    ("def f():\n import a.b.c, d.e as g\n from h import i, j as k", "a:1 g:1 i:1 k:1", "", ""),
    ("def f():\n def a(): b = 1\n async def c(): d = 1\n class e: pass", "a:1 c:1 e:1", "", ""),
    ("def f(): return (a := b) + c", "a:1", "", ""),
    ("def f(): return [a for a in b if (c := a)] + [(d := e) for e in g]", "c:1 d:1", "", ""),
    ("def f(): return [a for a in (b := c)]", "b:1", "", ""),
    (
        "def f():\n match a:\n  case [b, *c]: pass\n  case {'d': e, **g}: pass\n  case h() as i: pass\n  case _: pass",
        "b:1 c:1 e:1 g:1 i:1",
        "",
        "",
    ),
    ("def f():\n global a, b\n a = c = 1", "c:1", "a b", ""),
    ("def f():\n global a\n def g():\n  nonlocal c\n  c = 1\n c = 2\n a = 3", "c:1 g:1", "a", "c"),
    (
        "def f():\n a = b = c = 1\n def g():\n  def h():\n   nonlocal a\n   a = 2\n def i():\n  nonlocal b\n  b = 2",
        "a:1 b:1 c:1 g:1 i:1",
        "",
        "a b",
    ),
    ("def f():\n def g(a=(b := 1), *, c=(d := 2), e): pass", "b:1 d:1 g:1", "", ""),
    ("def f():\n @(a := b)\n def g(): pass", "a:1 g:1", "", ""),
    ("def f():\n if a: b = 1\n elif c: b = 2\n else: d = 3\n while e: g = 1", "b:2 d:1 g:1", "", ""),
    ("lambda a, *b, c=1, **d: (e := a)", "a:1 b:1 c:1 d:1 e:1", "", ""),
    ("lambda: (lambda a=(b := 1): (c := 2))", "b:1", "", ""),
]


def function_in(text: str) -> Any:
    first: Any = ast.parse(text).body[0]
    return first.value if isinstance(first, ast.Expr) else first


@pytest.mark.parametrize(("text", "bound", "declared", "shared"), SCOPES)
def test_a_function_has_the_names_that_it_binds(text: str, bound: str, declared: str, shared: str) -> None:
    node = function_in(text)
    scope = scope_of(node)
    assert bound.split() == sorted(f"{name}:{scope.bound[name]}" for name in scope.local)
    assert declared.split() == sorted(scope.declared)
    assert shared.split() == sorted(scope.shared)
    assert not scope.yields
    assert scope is scope_of(node)


def test_a_variable_of_a_function_around_it_is_not_its_own() -> None:
    outer: Any = function_in("def f():\n a = 1\n def g():\n  nonlocal a\n  a = b = 2")
    scope = scope_of(outer.body[1])
    assert {"b"} == scope.local
    assert {"a"} == scope.declared


@pytest.mark.parametrize(
    ("text", "yields"),
    [
        ("def f(): yield", True),
        ("def f():\n a = yield 1\n b = 2", True),
        ("def f():\n if a:\n  yield from b\n return 3", True),
        ("lambda: (yield)", True),
        ("def f():\n def g(): yield\n return g", False),
        ("def f(): return lambda: (yield)", False),
        ("def f(): return 1", False),
    ],
)
def test_a_generator_is_known_by_what_it_yields_itself(text: str, yields: bool) -> None:
    assert yields is scope_of(function_in(text)).yields


def test_the_parts_of_a_piece_of_syntax_are_in_their_order() -> None:
    node = function_in("lambda: f(a, b=c)[d:e] + 1 if g else {h: i}")
    for part in ast.walk(node):
        left_out = (ast.expr_context, ast.operator)
        assert [one for one in ast.iter_child_nodes(part) if not isinstance(one, left_out)] == children(part)
    bare = ast.Name("a")
    assert [] == children(bare)
    del node.body
    assert [node.args] == children(node)


# Places -------------------------------------------------------------------------------------------------------------------


def test_functions_are_found_wherever_they_are_defined() -> None:
    found = module(
        """
        KEPT = []
        def keep(function):
            KEPT.append(function)
            return function

        @keep
        def plain(): return 1

        @keep
        @(lambda function:
            function)
        def decorated(): return 2

        class Kind:
            @keep
            def method(self): return 3
            keep(lambda self: 4)

        if KEPT:
            @keep
            def chosen(): return 5
        else:
            pass

        try:
            raise KeyError
        except KeyError:
            @keep
            def caught(): return 6
        finally:
            @keep
            def last(): return 7

        for _ in (1,):
            with open("/dev/null"):
                match KEPT:
                    case _:
                        @keep
                        def deep(): return 8

        def around():
            def outer(unused=keep(lambda: 9)):
                @keep
                def inner():
                    return 10
                keep(lambda: 11)
            outer()
        around()

        keep(lambda: KEPT); keep(lambda: keep)
        [keep(lambda: one) for one in (1, 2)]
        keep((lambda: (keep(lambda: KEPT), 15))); KEPT[-1]()
        """
    )
    texts = [text_of(function) for function in found["KEPT"]]
    assert [
        "@keep\ndef plain():\n    return 1",
        "@keep\n@lambda function: function\ndef decorated():\n    return 2",
        "@keep\ndef method(self):\n    return 3",
        "lambda self: 4",
        "@keep\ndef chosen():\n    return 5",
        "@keep\ndef caught():\n    return 6",
        "@keep\ndef last():\n    return 7",
        "@keep\ndef deep():\n    return 8",
        "lambda: 9",
        "@keep\ndef inner():\n    return 10",
        "lambda: 11",
        "lambda: KEPT",
        "lambda: keep",
        "lambda: one",
        "lambda: one",
        "lambda: (keep(lambda: KEPT), 15)",
        "lambda: KEPT",
    ] == texts
    sources = [node_of(function) for function in found["KEPT"]]
    around = [[getattr(node, "name", "lambda") for node in source.around] for source in sources if source]
    assert [[]] * 8 + [["around"], ["outer", "around"], ["outer", "around"]] + [[]] * 5 + [["lambda"]] == around


def test_functions_on_one_line_are_told_apart_by_where_their_steps_stand_or_have_no_source() -> None:
    found = module(
        """
        same = [lambda: None or 1, lambda: None or 1]
        other = [lambda: same, lambda a: same]; third = lambda: [same,
            2]; fourth = lambda: None
        """
    )
    sources = [node_of(one) for one in (*found["other"], found["third"], found["fourth"])]
    assert [("lambda: same", 9), ("lambda a: same", 23), ("lambda: [same, 2]", 48), ("lambda: None", 17)] == [
        (ast.unparse(one.node), one.node.col_offset) for one in sources if one is not None
    ]
    same = zip(
        map(node_of, found["same"]), (8, 27), strict=True
    )  # up to Python 3.12, no step of theirs stands for the whole
    assert all(source is None or source.node.col_offset == column for source, column in same)


def test_functions_without_a_source_have_none() -> None:
    found = module("def task(): return 1\n")
    task = found["task"]
    moved = FunctionType(task.__code__.replace(co_firstlineno=2), {})
    renamed = FunctionType(task.__code__.replace(co_name="other"), {})
    other = FunctionType(task.__code__.replace(co_consts=(None, 2)), {})
    nowhere = FunctionType(task.__code__.replace(co_filename="<nowhere at all>"), {})
    assert [None] * 4 == [node_of(one) for one in (moved, renamed, other, nowhere)]
    file = task.__code__.co_filename
    for text in ("def task(: return 1\n", "def task(): return '\0'\n"):
        linecache.cache[file] = (len(text), None, [text], file)
        assert node_of(FunctionType(task.__code__.replace(co_consts=(None, 3)), {})) is None


def test_the_body_of_a_class_is_no_function() -> None:
    code = module("class Kind:\n    def kind(self): return 1\n")["Kind"].kind.__code__
    text = "".join(linecache.getlines(code.co_filename))
    body = next(
        one for one in compile(text, code.co_filename, "exec", dont_inherit=True).co_consts if isinstance(one, CodeType)
    )
    assert node_of(FunctionType(body, {})) is None


def test_a_file_that_is_read_anew_is_looked_at_anew() -> None:
    found = module("def task(): return 1\n")
    code = found["task"].__code__
    assert "def task():\n    return 1" == text_of(found["task"])
    text = "def task(): return 2\n"
    linecache.cache[code.co_filename] = (len(text), None, [text], code.co_filename)
    assert "def task():\n    return 2" == text_of(FunctionType(code.replace(co_consts=(None, 2)), {}))
    assert node_of(FunctionType(code.replace(co_consts=(None, 4)), {})) is None


def test_a_source_that_was_loaded_with_its_module_is_found() -> None:
    text = "def task():\n    return 1\n"

    class Loader:
        def get_source(self, name: str) -> str:
            return text

    namespace: dict[str, Any] = {"__name__": "loaded", "__loader__": Loader()}
    exec(compile(text, "loaded/from/nowhere.py", "exec", dont_inherit=True), namespace)  # noqa: S102
    assert "def task():\n    return 1" == text_of(namespace["task"])


def test_globals_that_functions_rebind_are_known() -> None:
    found = module(
        """
        def task(): return STEP
        def change():
            global STEP, OTHER
        class Kind:
            def change(self):
                if self:
                    global THIRD
        """
    )
    source = node_of(found["task"])
    assert source is not None
    assert {"STEP", "OTHER", "THIRD"} == source.rebound


def test_variables_around_a_function_are_steady_that_are_set_once() -> None:
    found = module(
        """
        def outermost(far, twice):
            once = 1
            twice = 2
            def middle(given):
                near = far = 3
                changed = 4
                def change():
                    nonlocal changed
                    changed = 5
                return lambda: (far, twice, once, given, near, changed, nowhere)
            return middle
        made = outermost(1, 2)(3)

        def going():
            step = 1
            yield lambda: step
        going_on = next(going())

        async def later():
            step = 1
            return lambda: step
        try:
            later().send(None)
        except StopIteration as stop:
            waited = stop.value
        """
    )
    source = node_of(found["made"])
    assert source is not None
    names = ("far", "once", "given", "near", "twice", "changed", "nowhere")
    assert ["far", "once", "given", "near"] == [name for name in names if source.steady(name)]
    for name in ("going_on", "waited"):
        one: Source | None = node_of(found[name])
        assert one is not None
        assert not one.steady("step")
