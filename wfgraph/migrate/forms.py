"""What is written instead of a call: the form that fits, with the texts of the arguments put into it."""

from __future__ import annotations

import ast
import io
import tokenize
from dataclasses import dataclass

from wfgraph._legacy import Replacement
from wfgraph.migrate.calls import Call
from wfgraph.migrate.scopes import Scopes
from wfgraph.migrate.source import Edits

__all__ = ["Form", "chosen_form", "rendered"]

_BARE = (ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.Call, ast.Tuple, ast.List, ast.Dict, ast.JoinedStr)
_WHOLE = (ast.If, ast.While, ast.Return, ast.Assign, ast.Expr, ast.Assert)
_WORKING = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, *(ast.ListComp, ast.DictComp, ast.SetComp))


@dataclass(frozen=True, slots=True)
class Form:
    """Code that does the same as a deprecated call.

    Attributes:
        text: the code; ``eng`` is the engine, the other names are parameters.
        statement: whether it is one, and no expression.
        inserts: whether it is the same call but for its name, with all arguments named.
        tests: whether it is a comparison.
    """

    text: str
    statement: bool
    inserts: bool
    tests: bool


def _form(text: str) -> Form:
    node = ast.parse(text).body[0]
    value = getattr(node, "value", None)
    inserts = isinstance(value, ast.Call) and not value.args and bool(value.keywords)
    return Form(text, not isinstance(node, ast.Expr), inserts, isinstance(value, ast.Compare))


def _parameters(text: str, old: Replacement) -> set[str]:
    names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    return names & set(old.parameters or ())


def chosen_form(old: Replacement, call: Call, scopes: Scopes) -> Form | None:
    """Return the first form that has all arguments of a call, and may stand where it stands."""
    parent = scopes.parents[call.node]
    # An assignment evaluates its value before its key: only where at most one of them does anything.
    busy = sum(any(isinstance(node, _WORKING) for node in ast.walk(value)) for value in call.values.values())
    for text in old.forms:
        form = _form(text)
        if _parameters(text, old) != set(call.values):
            continue
        if form.statement and not call.is_all_of(parent):
            continue
        if form.statement and len(old.forms) > 1 and busy > 1:
            continue
        # What it gives back is another thing than before.
        if old.name == "delVar" and not isinstance(parent, ast.Expr):
            continue
        return form
    return None


def rendered(form: Form, call: Call, edits: Edits, scopes: Scopes) -> str:
    """Return a form with the texts of the engine and of the arguments in the places of their names."""
    texts = {name: _argument(form, call, name, edits) for name in call.values}
    texts["eng"] = ast.unparse(call.receiver)
    parts, at, before = [], 0, ""
    for token in tokenize.generate_tokens(io.StringIO(form.text).readline):
        if token.type == tokenize.NAME and token.string in texts and before != ".":
            parts += [form.text[at : token.start[1]], texts[token.string]]
            at = token.end[1]
        before = token.string
    text = "".join([*parts, form.text[at:]])
    return f"({text})" if form.tests and not isinstance(scopes.parents[call.node], _WHOLE) else text


def _argument(form: Form, call: Call, name: str, edits: Edits) -> str:
    text = edits.apply(*call.stretches[name])
    value = call.values[name]
    loose = isinstance(value, ast.NamedExpr | ast.GeneratorExp)
    if loose or (form.tests and not isinstance(value, _BARE)) or call.has_lines(name):
        return text if _enclosed(text) else f"({text})"
    return text


def _enclosed(text: str) -> bool:
    """Tell whether a text is in parentheses of its own."""
    if not (text.startswith("(") and text.endswith(")")):
        return False
    depth = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.OP:
            depth += (token.string in "([{") - (token.string in ")]}")
            if depth == 0 and token.end[1] < len(text.splitlines()[-1]):
                return False
    return True
