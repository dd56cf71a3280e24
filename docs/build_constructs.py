# ruff: noqa: INP001 - a script beside the page that it writes
"""Writes ``docs/seen.md`` from ``docs/constructs.toml``: ``python docs/build_constructs.py``; a test compares the two."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FOLDER = Path(__file__).parent

_HEAD = """\
# What can be seen without running

`fixturescope analyze` follows module-level code as far as it decides which fixtures there are, without importing or
running any of it. Each row is a test: pytest registers what the example registers, and `analyze` must say the same.

- **exact**: names, scopes, parameters and requests are those that pytest sees.
- **possible**: the fixture is listed, and its `certainty` says that it may not be there.
- **pattern**: the name is known in part; a diagnostic has the place, and requests that fit are not called unknown.

What is not in the table is unknown, never guessed. An evaluation that would take too long, or nest too deeply, stops with a
diagnostic that says where; `limits` in the [settings](cli.md) moves the bounds. Code of functions that are called only while
tests run makes no fixture. The network and the environment are not read, nor any file outside the rootdir; of data below it,
only what such code itself reads, at most 1 MB a file, and never what a run of pytest may change.

| construct | seen |
|---|---|
"""


def constructs() -> dict[str, Any]:
    """Return the table as it stands in the file."""
    return tomllib.loads((FOLDER / "constructs.toml").read_text(encoding="utf-8"))


def page() -> str:
    """Return the page."""
    table = constructs()
    rows = "".join(f"| {row['what'].replace('|', chr(92) + '|')} | {row['seen']} |\n" for row in table["row"])
    examples = "".join(
        f"\n### {row['what']}\n\n```python\n{row['example']}\n```\n{_files(row)}" for row in table["row"]
    )
    return f"{_HEAD}{rows}\n## Examples\n\nAll of them stand behind this:\n\n```python{table['prelude']}```\n{examples}"


def _files(row: dict[str, Any]) -> str:
    """Return what stands beside an example."""
    shown = (f"\nWith `{name}`:\n\n```\n{text}```\n" for name, text in row.get("files", {}).items())
    return "".join(shown)


if __name__ == "__main__":
    (FOLDER / "seen.md").write_text(page(), encoding="utf-8")
