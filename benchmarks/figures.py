"""Samples to figures: medians, spreads, and ratios pair by pair. Plain arithmetic, no clock and no process."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    """The middle and the ends of some figures."""

    median: float
    low: float
    high: float
    count: int


def spread(figures: Sequence[float]) -> Spread:
    """Return median, least and greatest.

    Raises:
        ValueError: There are no figures.
    """
    if not figures:
        raise ValueError("no figures")
    return Spread(statistics.median(figures), min(figures), max(figures), len(figures))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Return ``theirs / ours``, pair by pair: how many times less ours takes. What slows a machine down slows both of a pair.

    Raises:
        ValueError: The runs do not pair up, or ours took nothing.
    """
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} runs and {len(theirs)} do not pair up")
    if not all(figure > 0 for figure in ours):
        raise ValueError("a run that took nothing has no ratio")
    return spread([their / our for our, their in zip(ours, theirs, strict=True)])


def order(round_number: int, names: Sequence[str]) -> tuple[str, ...]:
    """Return the order in which a round runs: forwards, backwards, forwards, …"""
    return tuple(names if round_number % 2 == 0 else reversed(names))


def seconds(figure: float) -> str:
    """Return a time as the table shows it."""
    return f"{figure:.2f} s" if figure < 100 else f"{figure:.0f} s"


def megabytes(figure: float) -> str:
    """Return a memory as the table shows it."""
    return f"{figure / 1e6:.0f} MB"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as text, the first column to the left and the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"
