"""A plugin for pytest: ``pytest --wfgraph package.module:flow`` checks definitions as tests.

Each definition is one test, which fails with the report of ``wfgraph check`` when something of at least the severity
``warning`` (or what ``fail-on`` in ``[tool.wfgraph]`` says) is found. Needs the extra ``[cli]``. Without the option the
plugin does nothing and imports nothing.
"""

from __future__ import annotations

from typing import Any

import pytest

__all__ = ["pytest_addoption", "pytest_collection_modifyitems"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option ``--wfgraph``."""
    parser.getgroup("wfgraph").addoption(
        "--wfgraph",
        action="append",
        default=[],
        metavar="TARGET",
        help="check a definition (module:attribute), or all of a module or file; can be given several times",
    )


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add a test for each definition.

    Raises:
        UsageError: a target can't be loaded, or the configuration is wrong.
    """
    targets = config.getoption("wfgraph")
    if not targets:
        return
    try:
        from wfgraph.cli.check import reports
        from wfgraph.cli.console import CommandError
    except ImportError as error:
        raise pytest.UsageError(f"--wfgraph needs the extra [cli]: pip install 'wfgraph[cli]' ({error})") from error
    try:
        found = reports(tuple(targets))
    except CommandError as error:
        raise pytest.UsageError(f"--wfgraph: {error}") from error
    items += [_Definition.from_parent(session, name=f"wfgraph {name}", report=report) for name, report in found]


class _Fault(Exception):
    """A definition has findings."""


class _Definition(pytest.Item):
    """One definition: passes when its report is empty."""

    def __init__(self, *, report: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.report = report

    def runtest(self) -> None:
        if self.report:
            raise _Fault(self.report)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: Any) -> Any:
        if isinstance(excinfo.value, _Fault):
            return str(excinfo.value).rstrip()
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        return self.path, None, self.name
