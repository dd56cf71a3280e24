"""The static half: source files to a fixture graph.

In: the paths of a project. Out: a ``FixtureGraph`` that says what pytest would resolve. Nothing of the project is
imported or run here, nothing is printed, and nothing is written but the cache.
"""

from __future__ import annotations

from fixturescope.analysis.pipeline import analyze

__all__ = ["analyze"]
