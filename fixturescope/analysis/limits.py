"""What libcst's native parser survives, and what stands in the place of what it would not.

The parser recurses on the machine's stack, and where that ends, so does the process: no exception, no diagnostic,
no worker. So nothing deeper than these limits reaches it.

Where the limits come from (libcst 1.9 on Linux, one process a case): on 8 MB of stack it dies somewhere between 1,000
and 3,000 nested brackets and between 3,000 and 10,000 operators, attributes or clauses; a bracket takes 10 kB, an
operator up to 2.5 kB, a block 20 kB. One line at these limits gets by with 1 MB, all of them at once with less
than 3 MB: 8 times and 3 times less than a main thread has. Time, too: brackets cost the cube of their depth,
100 of them a second, 50 less than 0.2 s. Code that people write: at most 15 brackets and 260 strings in a row in the
standard library and 60 MB of site-packages.
"""

from __future__ import annotations

import re

from fixturescope.analysis.lexer import JOINED, LETTER, WORD_CHARACTER

MAX_BRACKETS = 50
"""Brackets within brackets in one logical line."""

MAX_DEPTH = 400
"""Levels of one expression's tree: brackets, and operators, attributes, calls, strings in one element of a list."""

MAX_BLOCKS = 50
"""Blocks within blocks. Python allows 100 levels of indentation, and 20 blocks within blocks of one function."""

MAX_CLAUSES = 300
"""``elif``, ``except`` or ``case`` clauses of one statement; and ``elif`` clauses and blocks on one path."""

MAX_LENGTH = 1_000_000
"""Characters of one logical line."""

SHORT = 2 * MAX_BRACKETS
"""A line of so few characters, strings and replacement fields apart, cannot nest too deep."""

_SPACE = r"[ \t\f\x02]"
_WORD = rf"{LETTER}{WORD_CHARACTER}*"
_OPERATOR = re.compile(
    r"[,;]|[(\[{]|[)\]}]|\x01|\*\*|//|:=|->|[-+*/%@&|^~.]|[<>=!]=|<<|>>|[<>]"
    r"|\b(?:not|and|or|in|is|if|else|for|lambda|await|async|yield|from)\b"
)
_CLASS = re.compile(rf"class{_SPACE}+({_WORD})")
_TARGETS = re.compile(
    rf"(?:{_WORD}{_SPACE}*(?:,{_SPACE}*{_WORD}{_SPACE}*)*,?{_SPACE}*=(?!=){_SPACE}*)+|{_WORD}{_SPACE}*(?=:[^=])"
)
_BARE_HEADERS = {
    "if": "if ...:",
    "elif": "elif ...:",
    "else": "else:",
    "while": "while ...:",
    "for": "for _ in ...:",
    "with": "with ...:",
    "try": "try:",
    "except": "except ...:",
    "finally": "finally:",
    "match": "match ...:",
    "case": "case _:",
}
_CLAUSES = frozenset({"elif", "else", "except", "finally", "try", "case"})


def refusal(code: str, length: int) -> str | None:
    """Return why libcst should not see a logical line, None if it may.

    Args:
        code: The line, its replacement fields in their places.
        length: How long its source is, in characters.
    """
    if length > MAX_LENGTH:
        return f"a statement of {length} characters"
    if len(code) <= MAX_DEPTH and code.count("(") + code.count("[") + code.count("{") <= MAX_BRACKETS:
        return None
    operators = _OPERATOR.findall(code)
    if len(operators) <= MAX_BRACKETS:
        return None
    brackets, depth = _tree_depth(operators)
    if brackets > MAX_BRACKETS:
        return f"brackets nested {brackets} deep"
    if depth > MAX_DEPTH:
        return f"an expression nested {depth} deep"
    return None


def stand_in(code: str, keyword: str) -> str:
    """Return what is emitted in the place of a logical line that libcst should not see.

    It keeps the names that are assigned, a decorator's presence, and the blocks of ``class``, ``if`` and their like.
    ``pass`` stands for the whole statement, its block included.

    Args:
        code: The line.
        keyword: Its first word or character.
    """
    opens_block = code.rstrip(" \t\f" + JOINED).endswith(":")
    if keyword == "@":
        return "@..."
    if opens_block:
        match = _CLASS.match(code)
        return f"class {match[1]}:" if match else _BARE_HEADERS.get(keyword, "pass")
    if keyword in _CLAUSES:
        return f"{_BARE_HEADERS[keyword]} pass"
    if match := _TARGETS.match(code):
        targets = match[0].replace(JOINED, " ").rstrip()
        return f"{targets} ..." if targets.endswith("=") else f"{targets} = ..."
    return "pass"


def _tree_depth(operators: list[str]) -> tuple[int, int]:
    """Return how deep brackets nest, and about how deep the tree of an expression is.

    A chain of operators, attributes or calls makes a tree as deep as it is long; a comma begins another chain.
    """
    outer: list[tuple[int, int, int]] = []
    brackets = deepest = chain = below = 0
    for operator in operators:
        if operator in ",;":
            deepest = max(deepest, chain + below)
            chain = below = 0
        elif operator in "([{":
            outer.append((deepest, chain + 1, below))
            brackets = max(brackets, len(outer))
            deepest = chain = below = 0
        elif operator in ")]}":
            inner = max(deepest, chain + below) + 1
            if outer:
                deepest, chain, below = outer.pop()
                below = max(below, inner)
        else:
            chain += 1
    inner = max(deepest, chain + below)
    while outer:
        deepest, chain, below = outer.pop()
        inner = max(deepest, chain + max(below, inner + 1))
    return brackets, inner
