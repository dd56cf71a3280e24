# ruff: noqa: INP001 - a script beside the pages that it writes
"""Writes ``docs/diagnostics/``: a page for each code, and the list of all, from the classes of the checks.

``python docs/build_diagnostics.py`` renews the pages; a test compares them with what this would write.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fixturescope.analysis.checks import CHECKS, Check

FOLDER = Path(__file__).parent / "diagnostics"

_LANGUAGES = {".py": "python", ".toml": "toml", ".ini": "ini"}

_INDEX = """\
# Diagnostics

What `fixturescope analyze` says about a suite besides its fixtures. `error`: the suite fails, or could not be read;
`warning`: very likely a mistake; `info`: worth a look. What something dynamic could make wrong is called *possible*,
and is never more than `info`.

Codes do not change. `select` and `ignore` in the [settings](../cli.md) take codes or their beginnings (`FS1`). A
comment `# fixturescope: ignore[FS101]` on the line, on the line above it or on a decorator leaves out one place;
without codes it leaves out whatever is said about that place.

| code | what | severity |
|---|---|---|
"""


def pages() -> dict[str, str]:
    """Return file name → Markdown of all pages."""
    found = {f"{check.code}.md": _page(check) for check in CHECKS}
    rows = [f"| [{check.code}]({check.code}.md) | {check.name} | `{check.severity}` |\n" for check in CHECKS]
    return {"index.md": _INDEX + "".join(rows), **found}


def _page(check: type[Check]) -> str:
    return "\n".join(
        [
            f"# {check.code}: {check.name}",
            "",
            f"{check.summary} Severity: `{check.severity}`.",
            "",
            check.explanation(),
            "",
            "## Reported",
            "",
            *_suite(check.BAD),
            "## Not reported",
            "",
            *_suite(check.GOOD),
        ]
    )


def _suite(files: Mapping[str, str]) -> list[str]:
    lines = []
    for name, text in files.items():
        language = _LANGUAGES.get(Path(name).suffix, "")
        lines += [f"`{name}`", "", f"```{language}", *text.splitlines(), "```", ""]
    return lines


def main() -> None:
    """Write the pages."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8", newline="\n")


if __name__ == "__main__":
    main()
