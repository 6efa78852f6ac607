"""The compiler: nested callback lists -> Definition -> WorkflowGraph -> Program."""
