"""The import profile: what ``-X importtime`` says of a start, and what our plugin timed, as one tree.

Until our plugin was imported the interpreter's rows count, from there on our own clock, which also sees what has no row
(see ``probe/imports.py``). Both nest alike, and both are settled alike:

- ``import a.b`` makes Python import ``a`` from within the import of ``a.b``, so that ``a.b`` would look like the importer
  of ``a``. The importer is whoever asked for ``a.b``: ``a`` and ``a.b`` stand side by side below it.
- If ``a`` itself then imports ``a.b``, nothing is left for the one that was asked for: it goes into ``a``.

A module's cumulative time is its own and that of all below it, so the selfs of a tree sum to the cumulative of its root,
to the nanosecond. The interpreter's rows are rounded up to microseconds each, so its own cumulatives may differ from
those here by a microsecond a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fixturescope.model import ImportedModule

PROBE = "fixturescope.measure.probe.imports"
"""The module, and plugin, that times imports."""

_ROW = re.compile(r"import time: +(\d+) \| +(\d+) \| ((?:  )*)(.*)")
"""Self and cumulative microseconds, two blanks a level, name. Not only at the start of a line: a module that is
imported may have written to stderr without ending its line."""


@dataclass(frozen=True)
class Timed:
    """One import that our plugin timed; fields as in ``probe.imports.FILE_VARIABLE``."""

    name: str
    begin_ns: int
    end_ns: int
    parent: int | None = None
    file: str | None = None


@dataclass(eq=False)
class _Node:
    name: str
    self_ns: int
    children: list[_Node] = field(default_factory=list)
    file: str | None = None
    cumulative_ns: int = 0


def merge(text: str, timed: Sequence[Timed], rootdir: Path) -> tuple[ImportedModule, ...]:
    """Return all imports of a start, in the order in which they began.

    Args:
        text: What the interpreter wrote under ``-X importtime``.
        timed: What our plugin timed, in the order in which the imports began; empty if it could not tell.
        rootdir: Where paths start.
    """
    return tuple(_in_order([*_interpreter_roots(text), *_timed_roots(timed)], rootdir))


def _interpreter_roots(text: str) -> list[_Node]:
    """Build trees of rows: a row comes when its import is over, so after those that are part of it."""
    open_: list[tuple[int, _Node]] = []
    for line in text.split("\n"):  # a name may hold what splitlines takes for the end of one
        found = _ROW.search(line)
        if found is None:
            continue
        name = found[4]
        level = len(found[3]) // 2
        at = len(open_)
        while at and open_[at - 1][0] > level:
            at -= 1
        node = _Node(name, int(found[1]) * 1000, [child for _, child in open_[at:]])
        del open_[at:]
        if name == PROBE:  # what it needed of others, pytest would need next
            open_ += [(level, one) for one in _not_ours(node.children)]
            break
        open_ += [(level, one) for one in _settle(node)]
    return [node for _, node in open_]


def _not_ours(nodes: Iterable[_Node]) -> Iterator[_Node]:
    for node in nodes:
        if node.name.partition(".")[0] == "fixturescope":
            yield from _not_ours(node.children)
        else:
            yield node


def _timed_roots(timed: Sequence[Timed]) -> list[_Node]:
    nodes = [_Node(one.name, one.end_ns - one.begin_ns, file=one.file) for one in timed]
    roots: list[_Node] = []
    below: list[list[_Node]] = [[] for _ in timed]
    for at in reversed(range(len(timed))):  # those that are part of an import come after it
        node, parent = nodes[at], timed[at].parent
        if parent is not None:
            nodes[parent].self_ns -= timed[at].end_ns - timed[at].begin_ns
        node.children = below[at][::-1]
        (roots if parent is None else below[parent]).extend(reversed(_settle(node)))
    return roots[::-1]


def _settle(node: _Node) -> list[_Node]:
    """Take the packages that a dotted name brought out of its import; return what stands in its place."""
    packages = [child for child in node.children if node.name.startswith(f"{child.name}.")]
    node.children = [child for child in node.children if child not in packages]
    if packages and any(one.name == node.name for one in _walk(packages)):
        package = packages[-1]
        package.self_ns += node.self_ns
        package.children += node.children
        return [*packages[:-1], _summed(package)]
    return [*packages, _summed(node)]


def _summed(node: _Node) -> _Node:
    node.cumulative_ns = node.self_ns + sum(child.cumulative_ns for child in node.children)
    return node


def _walk(nodes: Iterable[_Node]) -> Iterator[_Node]:
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.children


def _in_order(roots: Sequence[_Node], rootdir: Path) -> Iterator[ImportedModule]:
    waiting: list[tuple[_Node, str | None]] = [(root, None) for root in reversed(roots)]
    while waiting:
        node, importer = waiting.pop()
        yield ImportedModule(
            name=node.name,
            self_s=node.self_ns / 1e9,
            cumulative_s=node.cumulative_ns / 1e9,
            imported_by=importer,
            path=None if node.file is None else _shown(Path(node.file), rootdir, is_root=importer is None),
        )
        waiting += [(child, node.name) for child in reversed(node.children)]


def _shown(file: Path, rootdir: Path, *, is_root: bool) -> str | None:
    """Leave out the insides of plugins: pytest's loader brings those too, and their names say it all."""
    if file.is_relative_to(rootdir) and "site-packages" not in file.parts:
        return file.relative_to(rootdir).as_posix()
    return file.as_posix() if is_root else None
