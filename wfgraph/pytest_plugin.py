"""A plugin for pytest: ``pytest --wfgraph package.module:flow`` checks definitions as tests.

Each definition is one test, which fails with the report of ``wfgraph check`` when something of at least the severity
``warning`` (or what ``fail-on`` in ``[tool.wfgraph]`` says) is found.

``pytest --wfgraph-cover package.module:flow`` tells at the end which tasks and edges of a definition no walk of
:mod:`wfgraph.testing` has come to. The fixture ``wfgraph_run`` is :func:`wfgraph.testing.run`.

The options need the extra ``[cli]``. Without them the plugin does nothing and imports nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from wfgraph.testing import Walk

__all__ = ["pytest_addoption", "pytest_collection_modifyitems", "pytest_configure", "wfgraph_run"]

_COVER = "--wfgraph-cover"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("wfgraph")
    group.addoption(
        "--wfgraph",
        action="append",
        default=[],
        metavar="TARGET",
        help="check a definition (module:attribute), or all of a module or file; can be given several times",
    )
    group.addoption(
        _COVER,
        action="append",
        default=[],
        metavar="TARGET",
        help="tell what of a definition (module:attribute) was never walked by wfgraph.testing; can be given several times",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin to note what is walked, if somebody wants to know.

    Raises:
        UsageError: a target can't be loaded.
    """
    targets = config.getoption("wfgraph_cover")
    if targets:
        config.pluginmanager.register(_loaded(_COVER, lambda: _cover(targets)), "wfgraph-cover")


def _cover(targets: list[str]) -> Any:
    from wfgraph.cli.targets import graph_of
    from wfgraph.testing.cover import Cover

    return Cover({target: graph_of(target) for target in targets})


@pytest.fixture
def wfgraph_run() -> Callable[..., Walk]:
    """Return :func:`wfgraph.testing.run`, which runs one token through a definition."""
    from wfgraph.testing import run

    return run


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Add a test for each definition.

    Raises:
        UsageError: a target can't be loaded, or the configuration is wrong.
    """
    targets = config.getoption("wfgraph")
    if not targets:
        return
    found = _loaded("--wfgraph", lambda: _reports(targets))
    items += [_Definition.from_parent(session, name=f"wfgraph {name}", report=report) for name, report in found]


def _reports(targets: list[str]) -> list[tuple[str, str]]:
    from wfgraph.cli.check import reports

    return reports(tuple(targets))


def _loaded(option: str, load: Callable[[], Any]) -> Any:
    """Return what an option needs.

    Raises:
        UsageError: a target can't be loaded, or the configuration is wrong.
    """
    try:
        from wfgraph.cli.console import CommandError
    except ImportError as error:
        raise pytest.UsageError(f"{option} needs the extra [cli]: pip install 'wfgraph[cli]' ({error})") from error
    try:
        return load()
    except CommandError as error:
        raise pytest.UsageError(f"{option}: {error}") from error


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
