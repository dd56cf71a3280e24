"""``# fixturescope: ignore[FS101]`` comments: which diagnostics of which lines they silence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from fixturescope.analysis import facts as f
from fixturescope.analysis.frames import Module
from fixturescope.analysis.walk import statements
from fixturescope.model import Diagnostic


class Ignores:
    """The ignore comments of a suite.

    A comment counts for the statement that it is on, one on a line of its own for the next statement, and one on a
    decorator for the function or class that is decorated.

    Args:
        modules: The files.
        relative: Shows a path as the diagnostics do.
    """

    def __init__(self, modules: Iterable[Module], relative: Callable[[Path], str]) -> None:
        self._codes: dict[tuple[str, int], list[tuple[str, ...]]] = {}
        for module in modules:
            if module.facts.ignores:
                self._add(module.facts, relative(module.path))

    def _add(self, facts: f.ModuleFacts, path: str) -> None:
        decorated = {
            decorator.line: statement.line
            for statement in statements(facts.body, functions=True)
            if isinstance(statement, f.Function | f.Class)
            for decorator in statement.decorators
        }
        for line, codes in facts.ignores:
            for target in {line, decorated.get(line, line)}:
                self._codes.setdefault((path, target), []).append(codes)

    def silences(self, diagnostic: Diagnostic) -> bool:
        """Return whether a comment asks not to be told this; a comment without codes asks not to be told anything."""
        return any(
            not codes or any(code and diagnostic.code.startswith(code.upper()) for code in codes)
            for codes in self._codes.get((diagnostic.path, diagnostic.line), ())
        )
