r"""Rewrites code for ``workflow`` 2.x into code for wfgraph: its imports, and the deprecated names of engines.

What is rewritten are tokens of the source: comments, formatting, line ends, the encoding and its mark stay as they are.
What can't be known to be safe is left, and told with its line (:class:`~wfgraph.migrate.source.Look`).

A file goes through ``source`` (bytes to text and tokens), ``scopes`` (what each name is bound to), ``imports`` and
``methods`` (what to replace), and is put together again in ``rewriting``. ``files`` finds, reads and writes files;
``names`` has the tables.

>>> print(migrate_text("from workflow.engine import GenericWorkflowEngine  # the engine\n").text, end="")
from wfgraph.engine import GenericWorkflowEngine  # the engine
"""

from wfgraph.migrate.files import FileResult, migrate_paths, write
from wfgraph.migrate.rewriting import Rewritten, migrate_text
from wfgraph.migrate.source import Look, Unreadable

__all__ = ["FileResult", "Look", "Rewritten", "Unreadable", "migrate_paths", "migrate_text", "write"]
