"""How far evaluation goes before it says that it does not know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of the evaluator; settings may move them."""

    call_depth: int = 12
    """How deep calls are followed."""
    steps: int = 400_000
    """Statements evaluated in one module."""
    loop: int = 10_000
    """Times that one loop's body is evaluated."""


DEFAULT = Bounds()
"""The bounds that hold where nobody sets others."""
