"""A plugin that ends a start of pytest early: after plugins, or after conftests. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STAGE_VARIABLE = "FIXTURESCOPE_STAGE"
"""``plugins``, ``conftests``, or ``modules`` for a whole collection, which this plugin leaves alone."""

SOME_FAILED = 61
"""Exit code where pytest's would be 1, which an exception that nobody catches has as well."""

_stage = os.environ.pop(STAGE_VARIABLE, "modules")


class _Plugins:
    """Everything up to the collection, under ``--noconftest``."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self, parser: pytest.Parser, args: list[str]) -> None:
        """Drop the options that only a conftest knows: the project's own settings may hold some."""
        _, unknown = parser.parse_known_and_unknown_args(args)
        for option in unknown:
            if option in args:
                args.remove(option)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> bool:
        """Collect nothing."""
        return True


class _Lenient:
    """Lets the settings pass that only a conftest knows: pytest looks for them once it has collected."""

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection(self) -> Iterator[None]:
        outcome: Any = yield
        if outcome.excinfo is not None:
            outcome.force_result(True)


class _Conftests:
    """Every folder is walked, and its conftest loaded; no file is collected."""

    def pytest_configure(self, config: pytest.Config) -> None:
        """Ask for whole files: no test of any name will be found."""
        config.args[:] = [argument.partition("::")[0] for argument in config.args]

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Leave out all files."""
        return None if collection_path.is_dir() else True

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> pytest.CollectReport | None:
        """Import no file that was asked for by name: pytest asks nobody whether to ignore that."""
        if isinstance(collector, pytest.File) and not isinstance(collector, pytest.Package):
            return pytest.CollectReport(collector.nodeid, "passed", None, [])
        return None


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    """Come in for the rest of the start: this hook is called for a plugin as soon as it is registered."""
    stages: dict[str, tuple[type, ...]] = {"plugins": (_Plugins, _Lenient), "conftests": (_Conftests,)}
    for plugin in stages.get(_stage, ()):
        pluginmanager.register(plugin())


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Tell a collection with errors from a pytest that went down."""
    if exitstatus == pytest.ExitCode.TESTS_FAILED:
        session.exitstatus = SOME_FAILED
