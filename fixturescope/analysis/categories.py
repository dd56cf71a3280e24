"""What kind of thing a fixture provides: by the project's own rules, or inferred from its name, requests and body.

In: a fixture's model and its facts. Out: the name of a category. Rules are asked in their order and the first that
fits decides; an inferred category is a guess from words, and the report says that it is one.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Sequence

from fixturescope.analysis import facts as f
from fixturescope.model import Fixture
from fixturescope.settings import CategoryRule

INFERRED = "categories are inferred from names, requests and bodies; rules in the settings decide instead"
"""Stands among the notes where no rule was given."""

_BY_REQUEST = {
    "mocker": "mock", "monkeypatch": "environment patch", "tmp_path": "path", "tmpdir": "path", "tmp_path_factory": "path",
    "tmpdir_factory": "path",
}  # fmt: skip
_BY_WORD: tuple[tuple[str, frozenset[str]], ...] = (
    ("mock", frozenset({"mock", "mocked", "fake", "stub", "dummy", "patched", "spy"})),
    ("database", frozenset({"db", "database", "engine", "postgres", "postgresql", "mysql", "sqlite", "redis", "mongo", "transaction"})),
    ("client", frozenset({"client", "api", "requester", "browser", "page", "http"})),
    ("server", frozenset({"server", "service", "daemon", "listener", "broker", "app", "application", "container"})),
    ("model", frozenset({"model", "module", "network", "net", "tokenizer", "checkpoint", "weights", "pipeline"})),
    ("factory", frozenset({"factory", "maker", "make", "builder", "create", "generator"})),
    ("path", frozenset({"path", "dir", "directory", "folder", "file", "filename", "tmp", "tmpdir"})),
    ("config only", frozenset({"config", "cfg", "conf", "settings", "options", "args", "params"})),
    ("environment patch", frozenset({"env", "environ", "environment", "restore", "reset", "clear", "isolate", "disable", "no"})),
    ("data", frozenset({"data", "dataset", "df", "frame", "series", "array", "sample", "samples", "records", "rows", "json", "values"})),
)  # fmt: skip
OTHER = "other"


def category(fixture: Fixture, facts: f.Function | f.Lambda | None, rules: Sequence[CategoryRule]) -> str:
    """Return the category of a fixture of the project.

    Args:
        fixture: What is known of it.
        facts: Its function; None when that is not known.
        rules: Those of the settings; none: the category is inferred.
    """
    if rules:
        return next((rule.name for rule in rules if _fits(rule, fixture)), OTHER)
    return _inferred(fixture, facts)


def _fits(rule: CategoryRule, fixture: Fixture) -> bool:
    requests = [request.name for request in fixture.requests]
    return (
        (not rule.match or any(fnmatch.fnmatchcase(fixture.name, glob) for glob in rule.globs(rule.match)))
        and (rule.regex is None or re.search(rule.regex, fixture.name) is not None)
        and (not rule.path or any(fnmatch.fnmatchcase(fixture.path, glob) for glob in rule.globs(rule.path)))
        and (not rule.requests or any(_any_fits(requests, glob) for glob in rule.globs(rule.requests)))
        and (rule.made_by is None or any(re.search(rule.made_by, step) for step in fixture.why))
    )


def _any_fits(names: Iterable[str], glob: str) -> bool:
    return any(fnmatch.fnmatchcase(name, glob) for name in names)


def _inferred(fixture: Fixture, facts: f.Function | f.Lambda | None) -> str:
    if isinstance(facts, f.Function) and _gives_a_function(facts):
        return "factory"
    words = re.findall(r"[a-z]+|[A-Z][a-z]*", fixture.name)
    for name, known in _BY_WORD:
        if not known.isdisjoint(word.lower() for word in words):
            return name
    requested = next((_BY_REQUEST[r.name] for r in fixture.requests if r.name in _BY_REQUEST), None)
    if requested is not None:
        return requested
    values = [value for value in _given(facts.body or ()) if value is not None] if isinstance(facts, f.Function) else []
    if values and all(isinstance(value, f.Const | f.Seq | f.Map | f.FStr) for value in values):
        return "config only" if all(isinstance(value, f.Map) for value in values) else "data"
    return OTHER


def _gives_a_function(facts: f.Function) -> bool:
    """Whether a fixture returns or yields a function that it defines."""
    body = facts.body or ()
    defined = {statement.name for statement in body if isinstance(statement, f.Function)}
    values = list(_given(body))
    return any(isinstance(v, f.Lambda) or (isinstance(v, f.Name) and v.id in defined) for v in values)


def _given(body: Sequence[f.Stmt]) -> Iterator[f.Expr | None]:
    for statement in body:
        if isinstance(statement, f.Return | f.Yield):
            yield statement.value
        for name in ("body", "orelse", "final"):
            part = getattr(statement, name, None)
            if part and not isinstance(statement, f.Function | f.Class):
                yield from _given(part)
