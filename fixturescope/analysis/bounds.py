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
    seconds: int = 60
    """How long the evaluation of one module may take, of which those that it imports are no part."""
    items: int = 20_000
    """Items that are looked at in one collection; of a larger one only the size is known."""
    text: int = 10_000
    """Characters of a text that is worked out."""


DEFAULT = Bounds()
"""The bounds that hold where nobody sets others."""
