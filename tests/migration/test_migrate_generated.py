"""Generated sources: what is migrated is the same program apart from the names, and migrating it again changes nothing."""

from __future__ import annotations

import ast
import io
import tokenize

from hypothesis import example, given
from hypothesis import strategies as st

from wfgraph._legacy import replacements
from wfgraph.migrate import migrate_text

REPLACED = replacements()
SEPARATORS = st.sampled_from([", ", ",", " , ", ",\n        ", ",  # why\n  "])
NAMES = st.sampled_from(["x", "obj", "'é'", "'k'", "0", "-1", "None", "other.getVar('a')", "f'{x}'", "'a' 'b'"])


def joined(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map("".join)


def call(name: str, *arguments: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return calls with any white space between the arguments, and sometimes a comma after the last."""
    parts = [st.just(f"{name}(")]
    for at, argument in enumerate(arguments):
        parts += [SEPARATORS, argument] if at else [st.sampled_from(["", " ", "\n    "]), argument]
    ends = [")", " )", "\n)", ",)", ",\n    )"] if arguments else [")", " )"]
    return joined(*parts, st.sampled_from(ends))


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    values = [call(f"eng.{name}") for name in ("getCurrObjId", "getCurrTaskId", "getObjects", "stopProcessing")]
    values += [call(f"eng.{name}", inner) for name in ("getVar", "hasVar", "haltProcessing", "jumpCall", "setWorkflow")]
    values += [call(f"eng.{name}", inner, inner) for name in ("getVar", "setVar", "addCallback", "replaceCallbacks")]
    values += [call("f", inner, inner), joined(inner, st.just(" + "), inner), joined(st.just("not "), inner)]
    values += [joined(st.just("lambda o, eng: "), inner), joined(inner, st.just(" if x else "), inner)]
    values += [joined(st.just("[y for y in "), inner, st.just("]")), joined(st.just("(y := "), inner, st.just(")"))]
    values += [
        joined(st.just("eng.store["), inner, st.just("]")),
        joined(st.just("eng.addCallback(func=x, key="), inner, st.just(")")),
    ]
    # In parentheses, so that any of them may be anywhere.
    return st.one_of(values).map("({})".format)


EXPRESSIONS = st.recursive(NAMES, larger, max_leaves=6)
PLAIN = [
    EXPRESSIONS,
    joined(st.just("x = "), EXPRESSIONS),
    call("eng.setVar", EXPRESSIONS, EXPRESSIONS),
    call("eng.setPosition", EXPRESSIONS, EXPRESSIONS),
    call("eng.delVar", EXPRESSIONS),
    call("eng.jumpCallBack", st.sampled_from(["-1", "0", "x", "1"])),
    st.sampled_from(["import workflow.engine", "from workflow.errors import SkipToken", "import workflow.utils as w"]),
    st.just("workflow.engine.Break"),
]
LINES = st.tuples(st.sampled_from(["", "def task(obj, eng): ", "if x: ", "pass; "]), st.one_of(PLAIN)).map("".join)
SOURCES = st.tuples(st.lists(LINES, min_size=1, max_size=6), st.sampled_from(["\n", "\r\n", "\r"])).map(
    lambda found: "\n".join([*found[0], ""]).replace("\n", found[1])
)


class Expected(ast.NodeTransformer):
    """Puts the new names into a tree by itself; what was migrated already is brought to the same form."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        one = REPLACED.get(getattr(node.func, "attr", ""))
        if one is None or getattr(getattr(node.func, "value", None), "id", "") != "eng" or one.parameters is None:
            return node
        values = dict(zip(one.parameters, node.args, strict=False)) | {str(k.arg): k.value for k in node.keywords}
        if one.name == "setPosition" and not node.parent_is_statement:  # type: ignore[attr-defined]
            return node
        for form in one.forms[::-1]:
            tree = ast.parse(form).body[0]
            used = {found.id for found in ast.walk(tree) if isinstance(found, ast.Name)} & set(one.parameters)
            if used == set(values) or one.name == "haltProcessing":
                return Filled(values).visit(tree if isinstance(tree, ast.Assign) else tree.value)  # type: ignore[attr-defined, no-any-return]
        raise AssertionError(form)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        node.value.parent_is_statement = True  # type: ignore[attr-defined]
        self.generic_visit(node)
        return node.value if isinstance(node.value, ast.Assign) else node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        self.generic_visit(node)
        [target] = node.targets
        if isinstance(target, ast.Subscript) and ast.unparse(target.value) == "eng.extra_data":
            update = ast.Attribute(target.value, "update", ast.Load())
            return ast.Expr(ast.Call(update, [ast.Dict([target.slice], [node.value])], []))
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr == "store" and ast.unparse(node.value) == "eng":
            node.attr = "extra_data"
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name("wfgraph", node.ctx) if node.id == "workflow" else node

    def visit_alias(self, node: ast.alias) -> ast.AST:
        return ast.alias(node.name.replace("workflow.", "wfgraph."), node.asname)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        return ast.ImportFrom((node.module or "").replace("workflow.", "wfgraph."), node.names, node.level)


class Filled(ast.NodeTransformer):
    def __init__(self, values: dict[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.values.get(node.id, node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if ast.unparse(node.func) == "eng.halt":
            node.args = node.args[: len(self.values)]
        return self.generic_visit(node)


class Marked(ast.NodeVisitor):
    def visit_Call(self, node: ast.Call) -> None:
        node.parent_is_statement = False  # type: ignore[attr-defined]
        self.generic_visit(node)


def meaning(text: str) -> str:
    tree = ast.parse(text.replace("\r\n", "\n").replace("\r", "\n"))
    Marked().visit(tree)
    found = Expected().visit(tree)
    for node in ast.walk(found):
        if isinstance(node, ast.Call):
            node.keywords.sort(key=lambda keyword: keyword.arg or "")
    return ast.dump(found)


def comments(text: str) -> list[str]:
    lines = io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"))
    return [token.string for token in tokenize.generate_tokens(lines.readline) if token.type == tokenize.COMMENT]


def uses_of_old_names(text: str) -> int:
    tree = ast.parse(text.replace("\r\n", "\n").replace("\r", "\n"))
    return sum(
        isinstance(node, ast.Attribute) and node.attr in REPLACED and ast.unparse(node.value) == "eng"
        for node in ast.walk(tree)
    )


@example("eng.setVar('k', (eng.hasVar((x)))  # why\n )\n")
@given(SOURCES)
def test_only_names_change_and_only_once(text: str) -> None:
    found = migrate_text(text)
    assert meaning(text) == meaning(found.text)
    assert comments(text) == comments(found.text)
    if not found.looks:
        assert 0 == uses_of_old_names(found.text)
    again = migrate_text(found.text)
    assert found.text == again.text
    assert 0 == again.changes


@given(SOURCES)
def test_what_is_told_is_in_a_line_that_has_it(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for look in migrate_text(text).looks:
        if look.message.startswith("`eng."):
            assert look.message.split("`")[1].partition(".")[2] in lines[look.line - 1]
