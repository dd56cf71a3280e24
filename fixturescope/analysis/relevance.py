"""Which function bodies bear on fixtures: one rule, asked twice.

The outline asks it of text, to decide which bodies to leave out before libcst parses anything; the extractor
asks it of the tree, to decide which bodies to lower into facts. Because both ask the same question of the same
words, facts from the outline equal facts from the whole file.

A *word* is an identifier or keyword in code: not in comments, not in string literals, but in the replacement
fields of f-strings.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

ALWAYS = frozenset({"getfixturevalue"})
"""Words that make any body relevant: a dynamic request."""

IN_HELPERS = frozenset({
    "class", "def", "exec", "fixture", "globals", "importorskip", "lambda", "mark", "metafunc", "parametrize", "partial",
    "register", "register_fixture", "setattr", "skip", "usefixtures", "vars",
})  # fmt: skip
"""Words that make the body of an undecorated helper relevant: it may make fixtures, tests, marks or decorators."""

IN_HOOKS = frozenset({"metafunc", "parametrize", "register"})
"""Words that make the body of a ``pytest_…`` hook relevant."""

METHODS = frozenset({"self", "cls"})
"""Words in a signature that make a function a method: module-level code does not call it."""

CONSTRUCTORS = frozenset({"__init__", "__post_init__"})
"""Methods whose body says what an instance holds."""

PLAIN_DECORATORS = frozenset({
    "abc.abstractmethod", "abstractmethod", "cached_property", "classmethod", "contextlib.contextmanager", "contextmanager",
    "final", "functools.cached_property", "functools.wraps", "hookimpl", "overload", "property", "pytest.hookimpl", "staticmethod",
    "typing.overload", "wraps",
})  # fmt: skip
"""Decorators that make no fixture."""

READ_EVERYTHING = frozenset({"eval", "exec", "locals", "vars"})
"""Words after which no argument can be called unread."""


def keeps_body(
    name: str, decorators: Sequence[str], signature_words: AbstractSet[str], body_words: AbstractSet[str]
) -> bool:
    """Return whether the body of a function can bear on fixtures beyond which of its arguments it reads.

    Args:
        name: The function's name.
        decorators: The dotted text of each decorator up to its first bracket, without white space: ``pytest.fixture``.
        signature_words: Words between the brackets of the parameter list.
        body_words: Words of the body, nested functions included.
    """
    if not ALWAYS.isdisjoint(body_words) or ("request" in signature_words and "request" in body_words):
        return True
    if any("fixture" in decorator for decorator in decorators):
        return True
    if name.startswith("test"):
        return "yield" in body_words  # a generator is no test
    if name in CONSTRUCTORS:
        return True
    if name.startswith("pytest_"):
        return not IN_HOOKS.isdisjoint(body_words)
    if any(
        not decorator.startswith(("pytest.mark.", "mark.")) and decorator not in PLAIN_DECORATORS
        for decorator in decorators
    ):
        return True
    if not IN_HELPERS.isdisjoint(body_words):
        return True
    gives = "return" in body_words or "yield" in body_words
    return gives and signature_words.isdisjoint(METHODS)  # parameters may be computed by calling it
