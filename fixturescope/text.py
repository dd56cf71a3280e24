"""Names of unknown origin, made safe to show.

A fixture can be called anything: escape sequences that repaint a terminal, overrides that turn a line around, line
breaks. Every format that is meant for eyes shows names through ``printable``.
"""

from __future__ import annotations


def printable(text: str) -> str:
    """Return text with every character that is not shown as itself spelled out, as in a Python literal."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def shorten(text: str, width: int) -> str:
    """Return text with its middle left out, so that it is at most ``width`` characters long."""
    if len(text) <= width:
        return text
    head = (width - 1) // 2
    return f"{text[:head]}…{text[len(text) - (width - 1 - head) :]}"


def counted(number: int, noun: str) -> str:
    """Return a number of things."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
