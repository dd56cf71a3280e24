"""What the source text of an installed pytest says about itself, so that every release is right by construction."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import libcst as cst
import msgspec

from fixturescope.analysis.literals import string_value
from fixturescope.analysis.paths import names_in, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fixturescope.analysis.modules import ModuleFinder

_PYTEST_VERSION = re.compile(r"""^(?:__version__\s*=\s*)?version\s*=\s*['"]([^'"]+)['"]""", re.MULTILINE)

MAKES_FIXTURES = re.compile(r"^[ \t]*@(?:pytest\.)?(?:fixture|yield_fixture)\b", re.MULTILINE)
"""How pytest's own modules make fixtures that tests can ask for; those that do not are not parsed."""

_BLOCK = re.compile(r"(?:@|(?:async[ ]+)?def[ ]|class[ ])")
_KEPT = re.compile(r"^def[ ](?:pytest_|(?:yield_)?fixture\b)", re.MULTILINE)


class PytestSource(msgspec.Struct, frozen=True, kw_only=True):
    """The target's pytest, as its source text says."""

    version: tuple[int, ...]
    directory: Path
    """Its ``_pytest`` folder."""
    essential_plugins: tuple[str, ...]
    default_plugins: tuple[str, ...]
    builtin_plugins: frozenset[str]
    merged_plugins: frozenset[str]
    """Names of external plugins that pytest refuses because it has them built in."""
    closure_follows_overrides: bool
    """``fixtures.py`` walks override chains while it computes a closure."""
    fixtures_by_node: bool
    """``fixtures.py`` keeps fixtures by collection node, no longer by node id prefix."""
    env_considers_entry_points: bool
    """``PYTEST_PLUGINS`` and ``pytest_plugins`` may give names of entry points."""
    pythonpath_before_plugins: bool
    """The ``pythonpath`` setting is in force when plugins are looked up."""


def read_pytest(finder: ModuleFinder) -> PytestSource | None:
    """Return what the source of the pytest on a search path says about itself; None when there is no pytest."""
    package = finder.find_module("_pytest")
    if package is None or package.path is None:
        return None
    directory = package.path.parent
    config = read_text(directory / "config" / "__init__.py") or ""
    fixtures = read_text(directory / "fixtures.py") or ""
    names: dict[str, tuple[str, ...]] = {}
    for name in ("essential_plugins", "default_plugins", "builtin_plugins"):
        names[name] = _assigned_names(config, name, names)
    added = re.findall(r"""^builtin_plugins\.add\(['"](\w+)['"]\)""", config, re.MULTILINE)
    merged = _assigned_names(read_text(directory / "deprecated.py") or "", "DEPRECATED_EXTERNAL_PLUGINS", {})
    return PytestSource(
        version=_pytest_version(directory),
        directory=directory,
        essential_plugins=names["essential_plugins"],
        default_plugins=names["default_plugins"],
        builtin_plugins=frozenset((*names["default_plugins"], *names["builtin_plugins"], *added)),
        merged_plugins=frozenset(merged),
        closure_follows_overrides="def traverse_fixture_closure" in fixtures,
        fixtures_by_node="_arg2node2fixturedefs" in fixtures,
        env_considers_entry_points="import_plugin(import_spec, consider_entry_points=True)" in config,
        pythonpath_before_plugins="_configure_python_path" in config,
    )


def _pytest_version(directory: Path) -> tuple[int, ...]:
    match = _PYTEST_VERSION.search(read_text(directory / "_version.py") or "")
    text = match.group(1) if match else ""
    if not text:
        infos = (name for name in names_in(directory.parent) if re.match(r"pytest-\d.*\.dist-info\Z", name))
        text = next(infos, "").removeprefix("pytest-").removesuffix(".dist-info")
    numbers = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in numbers.group().split(".")) if numbers else ()


def _assigned_names(source: str, name: str, known: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the strings in a module-level tuple or set of strings; stars and sums of known names are followed."""
    match = re.search(rf"^{name}\s*=\s*(.*?^[)}}]$|.*?$)", source, re.MULTILINE | re.DOTALL)
    if match is None:
        return ()
    try:
        node = cst.parse_expression(match.group(1))
    except cst.ParserSyntaxError:
        return ()
    return tuple(dict.fromkeys(_strings(node, known)))


def _strings(node: cst.BaseExpression, known: Mapping[str, tuple[str, ...]]) -> list[str]:
    if isinstance(node, cst.SimpleString):
        text = string_value(node.value)
        return [text] if isinstance(text, str) else []
    if isinstance(node, cst.Name):
        return list(known.get(node.value, ()))
    if isinstance(node, cst.BinaryOperation):
        return [*_strings(node.left, known), *_strings(node.right, known)]
    if isinstance(node, cst.IfExp):  # ``[…] if sys.version_info >= (3, 8) else []``: older ones are not supported
        return _strings(node.body, known)
    if isinstance(node, cst.Tuple | cst.List | cst.Set):
        return [text for element in node.elements for text in _strings(element.value, known)]
    if isinstance(node, cst.Call):  # ``set(default_plugins)``
        return [text for argument in node.args for text in _strings(argument.value, known)]
    return []


def without_machinery(content: bytes) -> bytes:
    """Return a module of pytest's own without functions and classes that hold no fixture, no hook and no decorator for them.

    Lines keep their numbers. Four fifths of the time for reading those modules goes into the rest. A module that does not
    parse without it (text at the margin within a string ends a function, to this) is returned whole.
    """
    lines = content.decode("utf-8", "replace").split("\n")
    kept: list[str] = []
    start = 0
    while start < len(lines):
        end = _block_end(lines, start)
        block = "\n".join(lines[start:end])
        drops = _BLOCK.match(block) and not MAKES_FIXTURES.search(block) and not _KEPT.search(block)
        kept.extend([""] * (end - start) if drops else lines[start:end])
        start = end
    text = "\n".join(kept)
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return content
    return text.encode()


def _block_end(lines: list[str], start: int) -> int:
    """Return the line behind the top-level function or class that starts at a line, its decorators included."""
    end = start
    if not _BLOCK.match(lines[start]):
        return start + 1
    while end < len(lines) and (lines[end].startswith("@") or not _BLOCK.match(lines[end])):
        end += 1  # decorators, over as many lines as they take, up to the def
    end += 1
    while end < len(lines) and (not lines[end] or lines[end][0] in " \t)#"):
        end += 1
    return end
