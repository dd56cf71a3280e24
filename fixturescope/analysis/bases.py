"""Whether a class of a library, or of the project's own code, may be one that unittest runs: judged by text.

Tests that subclass what they test (``class Frame(DataFrame)``) inherit from the largest modules of a project, and those
are worth no parsing to learn that no ``TestCase`` is among their bases.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol

MAX_BASES = 200
"""Classes above one that are looked at; of one with more, anything may be the case."""

_NAME = re.compile(r"(\w+(?:\.\w+)*)(?:\[[^\[\]]*\])?")
"""A base: dotted name, indexed or not."""


class Texts(Protocol):
    """What is known of modules without parsing them."""

    def path_of(self, dotted: str) -> Path | None:
        """Return the source file of a module, or None."""

    def is_opaque(self, dotted: str) -> bool:
        """Return whether a module is there, but no class of it is followed to its bases: it has no source, or is Python's."""

    def text_of(self, path: Path) -> str:
        """Return the text of a file."""

    def classes_of(self, path: Path) -> Collection[str]:
        """Return the names of classes that a file defines at its top level."""

    def origins_of(self, dotted: str, path: Path, name: str) -> Sequence[tuple[str, str]]:
        """Return the modules, and the names there, that a name of a module is imported from."""


def may_be_run_by_unittest(dotted: str, texts: Texts) -> bool:
    """Return whether a class, by its dotted name, may inherit from ``TestCase`` or set ``__test__``."""
    queue = [dotted]
    for one in queue:
        above = _bases(one, texts)
        if above is None or len(queue) > MAX_BASES:
            return True
        queue.extend(base for base in above if base not in queue)
    return False


def _bases(dotted: str, texts: Texts) -> list[str] | None:
    """Return the dotted names of a class's bases, or where it is imported from; None where it may be a test's or is not known."""
    if dotted.startswith("builtins."):
        return []
    if dotted.partition(".")[0] == "unittest":
        return None
    module, _, name = dotted.rpartition(".")
    if texts.is_opaque(module):
        return []
    path = texts.path_of(module)
    if path is None:
        return None
    text = texts.text_of(path)
    if "__test__" in text or re.search(
        rf"^(?:[ \t]*{re.escape(name)}[ \t]*=(?!=)|{re.escape(name)}[ \t]*:)", text, re.MULTILINE
    ):
        return None
    if name not in texts.classes_of(path):
        origins = texts.origins_of(module, path, name)
        return [".".join(origins[0])] if len(origins) == 1 else None
    headers = re.findall(rf"^class[ \t]+{re.escape(name)}[ \t]*(:|\([^()]*\)[ \t]*:)", text, re.MULTILINE)
    listed = _listed(headers[0]) if len(headers) == 1 else None
    found = [_absolute(base, module, path, texts) for base in listed or ()]
    return None if listed is None or None in found else [base for base in found if base is not None]


def _listed(header: str) -> list[str] | None:
    """Return the bases in a class's header; None where they are more than names."""
    bare = re.sub(r"#[^\n]*", "", header.rstrip(": \t").strip("()"))
    while "[" in bare and (inner := re.sub(r"\[[^\[\]]*\]", "", bare)) != bare:
        bare = inner
    parts = [part.strip() for part in bare.split(",")]
    bases = [part for part in parts if part and not re.match(r"metaclass[ \t]*=", part)]
    return bases if all(_NAME.fullmatch(base) for base in bases) else None


def _absolute(base: str, module: str, path: Path, texts: Texts) -> str | None:
    """Return the dotted name of what a module calls by a name."""
    first, _, rest = base.partition(".")
    if first in texts.classes_of(path):
        return None if rest else f"{module}.{first}"
    origins = texts.origins_of(module, path, first)
    if len(origins) == 1:
        return ".".join((*origins[0], *([rest] if rest else [])))
    imported = re.search(rf"^[ \t]*import[ \t]+{re.escape(first)}[ \t]*$", texts.text_of(path), re.MULTILINE)
    if rest and imported and not origins:
        return base
    return f"builtins.{base}" if not origins and hasattr(builtins, base) else None
