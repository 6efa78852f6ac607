"""Effects of tasks that declare nothing, found by reading their code: nothing is run, and nothing is imported.

The reader is an abstract interpreter of Python's syntax trees: it follows the values that matter (the engine, what leads
to it, functions, small constants) through variables, branches, loops, handlers and calls, and writes down what each call
of the task may tell the engine. What it can't follow makes the task opaque; it is never guessed.

What is taken for granted: closures, globals and attributes stay as they are when the graph is made; a token does not
hold the engine; operators, properties, iteration and the methods of plain data do not steer; neither do Python's library,
nor installed packages that never name this one, unless they are handed something that does; and an engine's class does not
change what the documented methods mean.
"""

from __future__ import annotations

from typing import Any

from wfgraph.compiler.inference.findings import Effects, Note, NoteKind
from wfgraph.compiler.inference.reader import read

__all__ = ["Effects", "Inference", "Note", "NoteKind"]


class Inference:
    """The effects of tasks, each of which is read once.

    Args:
        engine: the class of the engine that is to run them; None where it is not known.
    """

    def __init__(self, engine: type | None = None) -> None:
        self.engine = engine
        # The tasks are kept, so that the numbers stay their own.
        self._known: dict[int, tuple[Any, Effects]] = {}
        self._facts: dict[int, tuple[Any, Effects]] = {}

    def effects(self, task: Any) -> Effects:
        """Return what a call of a task may do, as far as its code tells."""
        found = self._known.get(id(task))
        if found is None:
            found = self._known[id(task)] = (task, read(task, self.engine))
        return found[1]

    def facts(self, task: Any) -> Effects:
        """Return what the code of a task tells even where its author has declared its effect on the flow."""
        found = self._facts.get(id(task))
        if found is None:
            found = self._facts[id(task)] = (task, read(task, self.engine, declared=False))
        return found[1]
