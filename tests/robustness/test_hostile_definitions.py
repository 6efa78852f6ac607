"""Whatever a definition holds, it is compiled, checked and drawn, or refused with one error that names the place."""

from __future__ import annotations

import io
from contextlib import redirect_stdout, suppress
from typing import Any

import pytest
from hypothesis import given
from robustness.hostile import Boxed, definitions, scripts_in

from wfgraph import check, compile_graph
from wfgraph.compiler.codegen import source_of
from wfgraph.compiler.pipeline import build_program
from wfgraph.compiler.stored import graph_from_json, graph_to_json
from wfgraph.errors import WorkflowDefinitionError, WorkflowError
from wfgraph.graph.difference import difference
from wfgraph.graph.nesting import clean
from wfgraph.graph.text import graph_text
from wfgraph.graph.verify import verify_graph, verify_program
from wfgraph.graph.workflow_graph import WorkflowGraph
from wfgraph.testing import run


def compiled(definition: Any) -> WorkflowGraph | None:
    """Compile a definition; None where it is refused, as it has to be."""
    refused: WorkflowDefinitionError | None = None
    try:
        return compile_graph(definition)
    except WorkflowDefinitionError as error:
        refused = error
    assert refused.message.isprintable(), refused.message
    assert refused.address is not None or "a workflow definition is a list" in refused.message
    assert len(refused.message) < 2_000
    return None


@given(definitions)
def test_a_definition_compiles_or_is_refused_by_its_address(boxed: Boxed) -> None:
    definition = boxed.content
    graph = compiled(definition)
    found = check(definition)
    if graph is None:
        assert any(one.severity == "error" for one in found)
        with pytest.raises(WorkflowDefinitionError):
            build_program(clean(definition))
        return
    verify_graph(graph)
    program = build_program(clean(definition))
    verify_program(program)
    compile(source_of(program), "<source>", "exec")
    assert graph_text(graph) == graph_text(graph_from_json(graph_to_json(graph)))
    assert not difference(graph, graph_from_json(graph_to_json(graph)))


@given(definitions)
def test_what_compiles_is_drawn(boxed: Boxed) -> None:
    graph = compiled(boxed.content)
    if graph is None:
        return
    for style in ("text", "tree", "dot", "mermaid"):
        text = format(graph, style).expandtabs()
        assert all(line.isprintable() for line in text.splitlines()), style
    assert 2 == scripts_in(format(graph, "html"))


@given(definitions)
def test_what_compiles_is_run_within_its_bounds(boxed: Boxed) -> None:
    """What a task raises is the workflow's own; a run leaves its graph nowhere, and ends when it has taken its steps."""
    if compiled(boxed.content) is None:
        return
    with redirect_stdout(io.StringIO()), suppress(WorkflowDefinitionError, WorkflowError):
        try:
            run(boxed.content, {}, max_steps=50)
        except AssertionError as error:
            if "was not done after 50 tasks" not in str(error):
                raise
