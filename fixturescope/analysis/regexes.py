"""Regular expressions on known texts: only such as cannot take long, whatever somebody means them to do.

A pattern is tried where the number of ways to match it is small: quantifiers stand behind single characters and classes
alone, and the product of what each of them, and each alternative, may do is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from fixturescope.analysis.basics import NOT_PLAIN, plain, wrap
from fixturescope.analysis.values import Constant, MatchValue, PatternValue, Unknown, Value, current

MAX_WAYS = 5_000_000
"""Ways to match a pattern at all places of a text, at most: what takes a tenth of a second."""

MAX_PATTERN = 200
"""Characters of a pattern, or of what it is replaced by."""

_TOKEN = re.compile(
    r"""(?P<quantifier>(?:[*+?]|\{\d{1,2}(?:,\d{0,2})?\})\??)
    |(?P<open>\((?:\?:|\?P<\w+>|(?!\?)))
    |(?P<close>\))
    |(?P<bar>\|)
    |(?P<anchor>[\^$]|\\b)
    |(?P<one>\\[dDwWsS]|\\[^\w\s]|\[\^?\]?[^\[\]\\]*(?:\\[dDwWsS\W][^\[\]\\]*)*\]|[^\\\[\]{}()*+?|^$])""",
    re.VERBOSE,
)

_AMBIGUOUS = re.compile(r"--|&&|\|\||~~")


def is_tame(pattern: str, text: str) -> bool:
    """Return whether it is known that looking for a pattern in a text takes no time to speak of."""
    if len(pattern) > MAX_PATTERN or not pattern.isascii() or not text.isascii():
        return False
    if _AMBIGUOUS.search(pattern):
        return False  # Python warns of it, and may read it otherwise some day
    ways, at, before = len(text) + 1, 0, ""
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None:
            return False
        kind = str(token.lastgroup)
        if kind == "quantifier":
            if before != "one":
                return False
            ways *= len(text) + 1
        elif kind == "bar":
            ways *= 2
        if ways > MAX_WAYS:
            return False
        at, before = token.end(), kind
    return True


def call(name: str, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value | None:
    """Return what a function of ``re`` gives; None where that is not worked out.

    Args:
        name: The function, without ``re.``.
        args: Its arguments; the pattern may be a compiled one.
        kwargs: Its keyword arguments.
    """
    given = [one.text if isinstance(one := current(arg), PatternValue) else plain(one) for arg in args]
    names, run = _CALLS.get(name, ((), None))
    named = {key: plain(value) for key, value in kwargs.items()}
    if run is None or len(given) > len(names) or not set(named) <= set(names[len(given) :]):
        return None
    asked = dict(zip(names, given)) | named
    texts = [asked.get(key, "" if key in ("count", "maxsplit") else NOT_PLAIN) for key in names]
    counts = [asked[key] for key in ("count", "maxsplit") if key in asked]
    if not all(isinstance(text, str) for text, key in zip(texts, names) if key not in ("count", "maxsplit")):
        return None
    if not all(isinstance(count, int) for count in counts) or len(asked.get("repl", "")) > MAX_PATTERN:
        return None
    if name != "escape" and not is_tame(asked["pattern"], asked.get("string", "")):
        return None
    try:
        return run(**asked)
    except (re.error, IndexError, OverflowError):
        return None


def method(receiver: PatternValue | MatchValue, name: str, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Value:
    """Return what a method of a compiled pattern, or of a match, gives."""
    if isinstance(receiver, PatternValue):
        found = call(name, (receiver, *args), kwargs) if name not in ("compile", "escape") else None
        return Unknown("text", "*") if found is None else found
    if kwargs:
        return Unknown("keyword arguments")
    if name == "groups" and not args:
        return wrap(receiver.groups[1:])
    if name == "group":
        parts = [group(receiver, plain(arg)) for arg in args or (Constant(0),)]
        if any(isinstance(part, Unknown) for part in parts):
            return Unknown("no such group")
        return parts[0] if len(parts) == 1 else wrap(tuple(plain(part) for part in parts))
    return Unknown(name)


def group(match: MatchValue, which: object) -> Value:
    """Return one group of a match, by number or name."""
    place = dict(match.names).get(which) if isinstance(which, str) else which
    if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < len(match.groups):
        return Unknown("no such group")
    return wrap(match.groups[place])


def _match(match: re.Match[str] | None) -> Value:
    if match is None:
        return Constant(None)
    return MatchValue((match[0], *match.groups()), tuple(match.re.groupindex.items()))


_CALLS: Mapping[str, tuple[tuple[str, ...], Callable[..., Value]]] = {
    "compile": (("pattern",), lambda pattern: PatternValue(re.compile(pattern).pattern)),
    "escape": (("pattern",), lambda pattern: Constant(re.escape(pattern))),
    "findall": (("pattern", "string"), lambda pattern, string: wrap(re.findall(pattern, string))),
    "fullmatch": (("pattern", "string"), lambda pattern, string: _match(re.fullmatch(pattern, string))),
    "match": (("pattern", "string"), lambda pattern, string: _match(re.match(pattern, string))),
    "search": (("pattern", "string"), lambda pattern, string: _match(re.search(pattern, string))),
    "split": (("pattern", "string", "maxsplit"),
              lambda pattern, string, maxsplit=0: wrap(re.split(pattern, string, maxsplit=maxsplit))),
    "sub": (("pattern", "repl", "string", "count"),
            lambda pattern, repl, string, count=0: Constant(re.sub(pattern, repl, string, count=count))),
}  # fmt: skip
"""Names of the parameters, and what is called."""
