"""Compares every fixture that pytest registered for a suite with the document's: place, scope and what it requests.

The suite's own are those that pytest holds for a place in the suite, or that are written below its rootdir; what its
plugins bring is seen in the closures alone. *Generated* is a fixture that no decorated ``def`` of a module or a class
makes: one that is written within a function or a loop, a lambda, an undecorated function, or no source at all.
"""

from __future__ import annotations

import ast
import functools
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ABOUT_REQUESTS = ("the name", "which arguments", "a base class", "plugin ")
"""How those messages of FS003 begin that do not speak of fixtures which something registers."""


@dataclass(frozen=True)
class Registered:
    """A fixture as pytest holds it.

    Attributes:
        name: What tests request.
        place: File and line of its ``def``; None where there is no source.
        scope: Its scope.
        requests: Its arguments, ``request`` apart.
        where: Node ids of the places that it is registered for.
        generated: Whether no decorated ``def`` of a module or class makes it.
    """

    name: str
    place: tuple[str, int] | None
    scope: str
    requests: frozenset[str]
    where: tuple[str, ...]
    generated: bool

    def __str__(self) -> str:
        place = "no source" if self.place is None else f"{self.place[0]}:{self.place[1]}"
        return f"{self.name} ({self.scope}, {place}, asks for {', '.join(sorted(self.requests)) or 'nothing'})"


@dataclass(frozen=True)
class Fixtures:
    """What became of a suite's own fixtures.

    Attributes:
        total: Fixtures that pytest registered.
        matched: The document has the same: name, place, scope (or says that it cannot be known) and requests.
        generated: Those of `total` that are generated.
        found: Those of `matched` that are generated.
        wrong: The document has another scope, place or other requests; or a certain one that pytest has not.
        named: Generated, not in the document, but a diagnostic at the file that registers them says that some may be.
        silent: Not in the document, and nothing says so.
        scopes_unknown: Those of `matched` whose scope the document says cannot be known.
        examples: What is wrong, named or silent, one a line.
    """

    total: int
    matched: int
    generated: int
    found: int
    wrong: int
    named: int
    silent: int
    scopes_unknown: int
    examples: tuple[str, ...]


def compare(dump: Mapping[str, Any], document: Mapping[str, Any]) -> Fixtures:
    """Compares a dump of pytest's with the document that `analyze` wrote.

    Args:
        dump: What the dump plugin wrote.
        document: What ``analyze --format json`` wrote.
    """
    expected = list(registered(dump))
    claimed = _by_name(document)
    uncertain = _uncertain(document)
    examples: list[str] = []
    counts = dict.fromkeys(("matched", "found", "wrong", "named", "silent", "scopes_unknown"), 0)
    for fixture in expected:
        verdict, why = _verdict(fixture, claimed.get(fixture.name, ()), uncertain)
        if verdict in ("matched", "scopes_unknown"):
            counts["matched"] += 1
            counts["found"] += fixture.generated
            counts["scopes_unknown"] += verdict == "scopes_unknown"
        else:
            counts[verdict] += 1
            examples.append(f"{verdict}: pytest {fixture}, we {why}")
    for extra in _extra(expected, document, dump):
        counts["wrong"] += 1
        examples.append(f"wrong: pytest nothing, we {_described(extra)}")
    return Fixtures(
        total=len(expected), generated=sum(one.generated for one in expected), examples=tuple(examples), **counts
    )


def registered(dump: Mapping[str, Any]) -> Iterator[Registered]:
    """Yields the suite's own fixtures, each once, however many places it is registered for."""
    found: dict[tuple[object, ...], list[str]] = {}
    generated: dict[tuple[object, ...], bool] = {}
    root = Path(dump["rootdir"])
    for row in dump["registered"]:
        definition = dump["definitions"][row["definition"]]
        if not definition["baseid"] and Path(definition["file"] or "/").is_absolute():
            continue
        place = (_spelled(definition["file"]), definition["line"]) if definition["has_source"] else None
        requests = frozenset(definition["requests"]) - {"request"}
        key = definition["name"], place, definition["scope"], requests
        found.setdefault(key, []).append(definition["baseid"])
        generated[key] = place is None or not _is_written(root / place[0], place[1])
    for key, where in found.items():
        name, place, scope, requests = key
        yield Registered(name, place, scope, requests, tuple(where), generated[key])  # type: ignore[arg-type]


def _verdict(
    fixture: Registered, claimed: Sequence[Mapping[str, Any]], uncertain: Mapping[str, Sequence[str]]
) -> tuple[str, str]:
    """Returns what became of a fixture, and what the document has in its place."""
    here = [one for one in claimed if _same_place(fixture, one)]
    for one in here:
        if _requests(one) == fixture.requests:
            if one["scope_is"] == "dynamic":
                return "scopes_unknown", ""
            if one["scope"] == fixture.scope:
                return "matched", ""
    if here:
        return "wrong", "; ".join(map(_described, here))
    said = [text for where in fixture.where for text in _said(where, uncertain)]
    if said:
        return "named", said[0]
    return "silent", "; ".join(map(_described, claimed)) or "nothing"


def _same_place(fixture: Registered, claimed: Mapping[str, Any]) -> bool:
    """Whether it is written in the same place; for one without source: whether it is visible in the same place."""
    if fixture.place is not None:
        return (_spelled(claimed["path"]), claimed["line"]) == fixture.place
    visible = claimed["visible_in"]
    return visible in fixture.where or any(where.startswith(f"{visible}::") for where in fixture.where)


def _extra(
    expected: Iterable[Registered], document: Mapping[str, Any], dump: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """Yields generated fixtures that the document is certain of and pytest has not, in places that it collected."""
    names = {fixture.name for fixture in expected}
    failed = tuple(row["id"] for row in (*dump["errors"], *dump["skipped"]) if row["id"] not in ("", "."))
    collected = {row["path"] for row in dump["functions"]}
    for fixture in document["fixtures"]:
        if fixture["origin"] != "generated" or fixture["certainty"] != "certain" or fixture["name"] in names:
            continue
        where = fixture["visible_in"]
        file = where.partition("::")[0]
        if not where.startswith(failed) and (not file.endswith(".py") or file in collected):
            yield fixture


def _requests(claimed: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(one["name"] for one in claimed["requests"] if one["via"] == "argument") - {"request"}


def _described(claimed: Mapping[str, Any]) -> str:
    asks = ", ".join(sorted(_requests(claimed))) or "nothing"
    return f"{claimed['name']} ({claimed['scope']}, {claimed['path']}:{claimed['line']}, asks for {asks})"


def _by_name(document: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for fixture in document["fixtures"]:
        found.setdefault(fixture["name"], []).append(fixture)
    return found


def _uncertain(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """File → what the document says may be there, or what it could not read of it."""
    found: dict[str, list[str]] = {}
    for one in document["diagnostics"]:
        about_names = one["code"] == "FS003" and not one["fixture"] and not one["message"].startswith(ABOUT_REQUESTS)
        if about_names or one["code"] in ("FS001", "FS002"):
            found.setdefault(one["path"], []).append(f"{one['path']}:{one['line']}: {one['message']}")
    return found


def _said(where: str, uncertain: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """What is said of the file that registers for a node id: that of a module, or a folder's conftest."""
    file = where.partition("::")[0]
    if not file.endswith(".py"):
        file = f"{file}/conftest.py" if file not in ("", ".") else "conftest.py"
    return uncertain.get(file, ())


def _is_written(path: Path, line: int) -> bool:
    """Whether a decorated function of a module or class, outside loops, stands at a line."""
    return line in _written(path)


@functools.cache
def _written(path: Path) -> frozenset[int]:
    try:
        with tokenize.open(path) as stream:
            tree = ast.parse(stream.read())
    except (OSError, SyntaxError, ValueError):
        return frozenset()
    return frozenset(_decorated(tree))


def _decorated(node: ast.AST) -> Iterator[int]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            if child.decorator_list:
                yield child.lineno
        elif not isinstance(child, ast.For | ast.AsyncFor | ast.While | ast.Lambda):
            yield from _decorated(child)


def _spelled(file: str) -> str:
    return Path(file).resolve().as_posix() if Path(file).is_absolute() else file
