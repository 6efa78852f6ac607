"""What is written in and about the figure of a task."""

from __future__ import annotations

from pathlib import PurePath
from textwrap import wrap
from typing import Any

from wfgraph.graph import ops
from wfgraph.graph.describing import arguments_of, describe
from wfgraph.graph.identity import Identity, Recorded
from wfgraph.graph.location import location_of
from wfgraph.graph.workflow_graph import Node, WorkflowGraph
from wfgraph.utils import attribute, escape_control, is_a
from wfgraph.views.diagram import About, Role

__all__ = ["about", "line", "role_of", "texts", "wrapped"]

_WIDTH, _LINES = 30, 3
_LABEL = 40
_DOC = 600
_MOST_ARGUMENTS = 3

_ROLES: tuple[tuple[type[ops.Op], Role], ...] = (
    (ops.Branch, Role.CONDITION),
    (ops.Choice, Role.CHOICE),
    (ops.While, Role.LOOP),
    (ops.For, Role.LOOP),
    (ops.Jump, Role.JUMP),
    (ops.Break, Role.JUMP),
    (ops.Halt, Role.HALT),
    (ops.Stop, Role.STOP),
    (ops.NextToken, Role.TOKEN),
    (ops.JumpToken, Role.TOKEN),
    (ops.Fail, Role.FAIL),
    (ops.Split, Role.PARALLEL),
    (ops.Synchronize, Role.PARALLEL),
    (ops.SubWorkflow, Role.SUBWORKFLOW),
)
_CONDITIONS = (Role.CONDITION, Role.CHOICE, Role.LOOP)


def role_of(node: Node) -> Role:
    """Return what the figure of a task stands for."""
    return next((role for kind, role in _ROLES if isinstance(node.op, kind)), Role.TASK)


def texts(node: Node, role: Role) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the lines of a task's figure, and the smaller ones beneath."""
    name, text = node.name, node.op.text
    if role in _CONDITIONS:
        described: str = getattr(node.op, "describe", "")
        if described and role is Role.CONDITION:
            # The question that "yes" and "no" answer; the pattern's word, "if not" among them, is its cluster's title.
            return wrapped(f"{described}?"), ()
        return wrapped(text if described else f"{text} {name}"), ()
    if role is Role.JUMP:
        return wrapped(f"jump {text}" if text else "break"), ()
    if text and text.startswith(name):
        return wrapped(text), ()
    if text:
        return wrapped(name), wrapped(text)
    return wrapped(name), _arguments(node)


def _arguments(node: Node) -> tuple[str, ...]:
    """Return what a user's task was made with, where that tells something."""
    task = node.item.task
    if is_a(task, Recorded):
        ours = "." not in task.recorded_name  # others are known by their module, too
        return wrapped(task.recorded_detail[1:-1]) if task.recorded_detail and not ours else ()
    if _is_ours(task):
        return ()
    told = [f"{name}={describe(value)}" if name else describe(value) for name, value in arguments_of(task)]
    more = ["…"] if len(told) > _MOST_ARGUMENTS else []
    return wrapped(", ".join([*told[:_MOST_ARGUMENTS], *more])) if told else ()


def _is_ours(task: Any) -> bool:
    return str(attribute(task, "__module__")).startswith("wfgraph.")


def about(graph: WorkflowGraph, node: Node, identity: Identity) -> About:
    """Collect what there is to say about a task."""
    task = node.item.task
    inner = attribute(task, "func", task)
    doc = None if is_a(task, Recorded) else attribute(inner, "__doc__")
    location = None if is_a(task, Recorded) else location_of(node)
    return About(
        where=graph.where(node.id),
        name=escape_control(node.name[:_DOC]),
        doc="\n".join(escape_control(one.strip()) for one in doc.strip()[:_DOC].splitlines())
        if isinstance(doc, str)
        else "",
        module="" if is_a(task, Recorded) else escape_control(str(attribute(inner, "__module__") or "")),
        # Without its directory: pictures are shown to others, and are the same on every machine.
        source=escape_control(f"{PurePath(location.file).name}:{location.line}") if location else "",
        identity=str(identity),
    )


def line(text: str) -> str:
    """Cut a text to one line of bounded length, free of control characters."""
    shown = escape_control(text[: _LABEL + 1])
    return shown if len(shown) <= _LABEL else shown[: _LABEL - 1] + "…"


def wrapped(text: str) -> tuple[str, ...]:
    """Wrap a text to a few lines, free of control characters."""
    shown = escape_control(text[: _WIDTH * (_LINES + 1)])
    # Names have no blanks to be wrapped at: let them break after underscores and dots, too.
    if len(shown) > _WIDTH:
        shown = _breakable(shown)
    return tuple(wrap(shown, _WIDTH, max_lines=_LINES, placeholder="…", drop_whitespace=True)) or ("(no name)",)


def _breakable(text: str) -> str:
    words = []
    for word in text.split(" "):
        while len(word) > _WIDTH:
            cut = max(word.rfind(mark, 1, _WIDTH) for mark in "_.-/,(") + 1 or _WIDTH
            words.append(word[:cut])
            word = word[cut:]
        words.append(word)
    return " ".join(words)
