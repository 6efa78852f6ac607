"""The graph: data only. Definition, ops, WorkflowGraph, Program, the text form and the verifier."""
