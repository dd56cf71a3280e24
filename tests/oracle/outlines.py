"""Is the outline safe? On every file, facts from the outline must equal facts from the whole file.

``python -m tests.oracle.outlines [PATH…]`` compares each Python file below the paths, or below the sources of the
oracle's pinned suites, and prints the first statement that differs in each file that does.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from fixturescope.analysis.extract import extract_module, extract_outline
from fixturescope.analysis.outline import decode, outline
from tests.oracle.run import default_cache


class MetadataLines:
    """Line numbers from libcst's own metadata, for a file that no outline has touched."""

    def __init__(self, wrapper: MetadataWrapper) -> None:
        self._positions = wrapper.resolve(PositionProvider)

    def line(self, node: cst.CSTNode) -> int:
        """A ``def``'s own line, not its first decorator's."""
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            start = node.asynchronous if isinstance(node, cst.FunctionDef) and node.asynchronous else node.name
            return self._positions[start].start.line
        return self._positions[node].start.line

    def lambda_line(self, node: cst.Lambda, statement: cst.CSTNode) -> int:
        """The line of the keyword."""
        return self._positions[node].start.line


def difference(text: str) -> str | None:
    """Return the first statement in which the outline's facts differ from the whole file's, or None.

    A file that libcst cannot parse as a whole has nothing to compare with.
    """
    try:
        wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
    except cst.ParserSyntaxError:
        return None
    whole = extract_module(wrapper.module, MetadataLines(wrapper))
    short = extract_outline(outline(text)).body
    for expected, got in zip(whole, short):
        if expected != got:
            return f"line {expected.line}: the whole file says {expected!r:.600}, its outline {got!r:.600}"
    return None if len(whole) == len(short) else f"{len(whole)} statements, in the outline {len(short)}"


def compare_file(path: Path) -> tuple[Path, str | None]:
    """Compare one file; one that cannot be read is no difference."""
    try:
        return path, difference(decode(path.read_bytes()))
    except (OSError, UnicodeDecodeError, SyntaxError, LookupError, RecursionError):
        return path, None


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare all files and return 1 if any differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("paths", nargs="*", type=Path)
    paths = parser.parse_args(arguments).paths or sorted(default_cache().glob("*/source"))
    files = sorted({file for path in paths for file in _python_files(path)})
    with ProcessPoolExecutor() as pool:
        results = list(pool.map(compare_file, files, chunksize=8))
    differing = [(path, found) for path, found in results if found is not None]
    for path, found in differing:
        print(f"{path}: {found}")
    print(f"{len(files)} files compared, {len(differing)} differ")
    return 1 if differing or not files else 0


def _python_files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for folder, names, files in os.walk(path):
        names[:] = [name for name in names if not name.startswith(".")]
        yield from (Path(folder, file) for file in files if file.endswith(".py"))


if __name__ == "__main__":
    sys.exit(main())
