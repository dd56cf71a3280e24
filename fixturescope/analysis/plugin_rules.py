"""What widely used plugins do to tests while pytest collects them, where no source of the suite says so."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from fixturescope.analysis.nodes import CollectedTest
from fixturescope.analysis.values import Constant, FunctionValue, Mark


class PluginRule(Protocol):
    """One plugin's effect on collected tests."""

    module: str
    """Dotted name of the plugin's module: the rule holds where that is registered."""

    def marks(self, test: CollectedTest, options: Mapping[str, str]) -> tuple[Mark, ...]:
        """Return marks that the plugin puts on a test.

        Args:
            test: The test as its source has it.
            options: Ini options of the project.
        """


class AnyioBackend:
    """anyio gives each coroutine test that is marked for it the fixture ``anyio_backend``."""

    module = "anyio.pytest_plugin"

    def marks(self, test: CollectedTest, options: Mapping[str, str]) -> tuple[Mark, ...]:
        """See ``PluginRule.marks``."""
        if not _is_coroutine(test) or test.is_unittest:
            return ()
        if options.get("anyio_mode") != "auto" and not any(mark.name == "anyio" for mark in test.marks):
            return ()
        return (Mark("usefixtures", (Constant("anyio_backend"),), applied=True, line=test.line),)


def _is_coroutine(test: CollectedTest) -> bool:
    function = test.function
    return isinstance(function, FunctionValue) and function.facts.is_async and not function.facts.is_generator


RULES: tuple[PluginRule, ...] = (AnyioBackend(),)


def rules_for(modules: Collection[str]) -> tuple[PluginRule, ...]:
    """Return the rules of those plugins that are registered."""
    return tuple(rule for rule in RULES if rule.module in modules)
