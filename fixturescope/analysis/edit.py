"""Changes to fixtures as edits of source: what is not changed keeps its formatting and its comments.

Nothing is written here: an edit holds a file as it is and as it would be. What cannot be changed by rule is an error that
names the place and says what to do by hand.
"""

from __future__ import annotations

import ast
import difflib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import libcst as cst

from fixturescope.analysis.rewrite import Refusal, Rewriter
from fixturescope.errors import UsageError
from fixturescope.graph import FixtureGraph
from fixturescope.model import SCOPES, Change, Fixture

BY_HAND = "change it by hand"

_OWN = ("static", "generated")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_SKIPPED = frozenset({"site-packages", "node_modules", "__pycache__"})


@dataclass(frozen=True)
class FileEdit:
    """One file, before and after."""

    path: str
    """From the rootdir with ``/`` as separator, absolute outside it."""
    before: bytes
    after: bytes
    encoding: str = "utf-8"

    @property
    def diff(self) -> str:
        """The unified diff, as ``git apply`` and ``patch -p1`` take it."""
        old, new = (_LINES.findall(data.decode(self.encoding)) for data in (self.before, self.after))
        lines = difflib.unified_diff(old, new, f"a/{self.path}", f"b/{self.path}")
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def edit(rootdir: str | os.PathLike[str], graph: FixtureGraph, changes: Sequence[Change]) -> tuple[FileEdit, ...]:
    """Return the files that changes touch, as they would be with all of them.

    Args:
        rootdir: pytest's.
        graph: Of the files as they are now.
        changes: What to change.

    Raises:
        UsageError: A change is none, or cannot be made by rule.
    """
    root = Path(rootdir)
    by_file: dict[str, list[Change]] = {}
    for change in dict.fromkeys(changes):
        by_file.setdefault(_file(graph, change), []).append(change)
    return tuple(_edited(root, graph, path, wanted) for path, wanted in by_file.items())


def diff(edits: Sequence[FileEdit]) -> str:
    """Return the unified diff of several files."""
    return "".join(one.diff for one in edits)


def _file(graph: FixtureGraph, change: Change) -> str:
    """Return the file that a change is in."""
    fixture = graph.fixture(change.fixture)
    if change.op == "usefixtures":
        if change.to in {one.id for one in graph.fixtures}:
            raise UsageError(
                f"{change.to} is a fixture, and marks have no effect on fixtures",
                path=fixture.path,
                line=fixture.line,
                hint=BY_HAND,
            )
        return graph.test(change.to or "").path
    if fixture.origin not in _OWN:
        raise UsageError(f"{fixture.id} is not the project's own: {fixture.plugin or fixture.origin} brings it")
    if fixture.origin == "generated" or fixture.function == "<lambda>":
        raise UsageError(
            "is not made by a decorator over a def",
            path=fixture.path,
            line=fixture.line,
            hint=f"it is registered at {fixture.made_at or f'{fixture.path}:{fixture.line}'}: {BY_HAND}",
        )
    return fixture.path


def _edited(root: Path, graph: FixtureGraph, path: str, changes: Sequence[Change]) -> FileEdit:
    try:
        before = (root / path).read_bytes()
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", path=path) from None
    try:
        rewriter = Rewriter(cst.parse_module(before))
    except (cst.ParserSyntaxError, RecursionError, UnicodeDecodeError):
        raise UsageError("cannot be parsed", path=path, hint=BY_HAND) from None
    line = 0
    try:
        for change in changes:
            fixture = graph.fixture(change.fixture)
            line = fixture.line
            if change.op == "remove":
                _check_imports(root, fixture)
            if change.op == "usefixtures":
                line = graph.test(change.to or "").line
            _ask(rewriter, graph, fixture, change)
        module = rewriter.rewritten()
    except Refusal as refusal:
        raise UsageError(str(refusal), path=path, line=refusal.line or line, hint=refusal.hint or BY_HAND) from None
    return FileEdit(path, before, module.bytes, module.encoding)


def _ask(rewriter: Rewriter, graph: FixtureGraph, fixture: Fixture, change: Change) -> None:
    """Ask for one change."""
    if change.op == "usefixtures":
        test = graph.test(change.to or "")
        rewriter.use_fixtures(test.line, test.name, fixture.name)
        return
    at = fixture.line, fixture.function
    if change.op == "scope":
        if change.to not in SCOPES:
            raise Refusal(f"there is no scope {change.to!r}", hint=f"one of: {', '.join(SCOPES)}")
        if fixture.scope_is == "dynamic":
            raise Refusal("its scope is decided by a function at run time")
        rewriter.set_scope(*at, change.to)
    elif change.op == "drop_autouse":
        rewriter.drop_autouse(*at)
    elif change.op == "remove":
        rewriter.remove(*at)
    else:
        rewriter.move_import(*at, change.to or "")


def _check_imports(root: Path, fixture: Fixture) -> None:
    """Refuse to take out what another file imports by name."""
    path = Path(fixture.path)
    module = path.parent.name if path.name == "__init__.py" else path.stem
    for file in _sources(root):
        found = _imports(file, module, fixture.function)
        if found is not None and file != root / path:
            place = f"{file.relative_to(root).as_posix()}:{found}"
            raise Refusal(f"{place} imports {fixture.function}", hint=f"take it out of {place} first")


def _sources(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            one
            for one in folders
            if one not in _SKIPPED and not one.startswith(".") and not (Path(folder) / one / "pyvenv.cfg").exists()
        )
        yield from (Path(folder) / name for name in sorted(files) if name.endswith(".py"))


def _imports(file: Path, module: str, name: str) -> int | None:
    """Return the line where a file imports a name from a module; None where it does not."""
    try:
        data = file.read_bytes()
        if name.encode() not in data or module.encode() not in data:
            return None
        tree = ast.parse(data)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2] == module:
            if any(alias.name == name for alias in node.names):
                return node.lineno
    return None
