"""What was recorded → the document that every fixturescope reads, with nothing but the standard library."""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from time import localtime, strftime
from typing import Any

import pytest

from fixturescope._version import __version__
from fixturescope.measure.probe import folders
from fixturescope.measure.probe.records import SECOND, Found, Place, Row

SCHEMA_VERSION = 1
"""The same as in ``document.py``, which the probe cannot import; a test compares them."""

DIGITS = 9
"""Of seconds: the clock counts nanoseconds."""

_localtime, _strftime = localtime, strftime  # bound before a test can put others in their place


def build(config: pytest.Config, found: Found, measured: Sequence[str]) -> dict[str, Any]:
    """Return the document as plain data.

    Args:
        config: Of the run.
        found: What was recorded, merged.
        measured: How that came about, in sentences.
    """
    rootdir = str(config.rootpath)
    named = _Names(config)
    places = {row.place: row for row in found.rows}
    ids = named.ids(places)
    setups = Counter[Place]()
    for row in found.rows:
        setups[row.place] += row.setups
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "fixturescope", "version": __version__},
        "python": {
            "path": sys.executable or "",
            "version": platform.python_version(),
            "chosen_by": "it ran the suite",
        },
        "pytest": {
            "version": pytest.__version__,
            "inifile": named.relative(str(config.inipath)) if config.inipath else None,
            "plugins": sorted(set(named.distributions.values())),
        },
        "rootdir": rootdir,
        "notes": [
            "recorded by pytest --fixturescope: fixtures are those that were set up; who else could use them is not known"
        ],
        "fixtures": [named.fixture(place, row, ids[place], setups[place]) for place, row in places.items()],
        "measured": [*measured, *found.trouble],
        "recorded": [_recorded(row, ids[row.place]) for row in found.rows],
    }
    cleaned: dict[str, Any] = _as_text(document)
    return cleaned


def write(document: dict[str, Any], path: str, config: pytest.Config) -> str:
    """Write the document whole or not at all.

    Args:
        document: From `build`.
        path: From where pytest was started; empty: into a new folder below the rootdir.
        config: Of the run.

    Returns:
        Where it is, absolute.

    Raises:
        OSError: It cannot be written.
    """
    if path:
        target = os.path.join(config.invocation_params.dir, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
    else:
        runs = os.path.join(config.rootpath, folders.RUNS)
        target = os.path.join(folders.make(runs, _strftime(folders.NAMED, _localtime())), "document.json")
    descriptor, name = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".document.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
            file.write("\n")
        os.chmod(name, 0o644)
        os.replace(name, target)
    except BaseException:  # also an interrupted run leaves no half of a document
        os.unlink(name)
        raise
    return target


def costliest(document: dict[str, Any], most: int) -> list[tuple[str, int, float]]:
    """Return id, set-ups and seconds (self, set-up and teardown, all parameters) of the costliest fixtures."""
    setups: Counter[str] = Counter()
    seconds: dict[str, float] = {}
    for row in document["recorded"]:
        setups[row["fixture"]] += row["setups"]
        seconds[row["fixture"]] = seconds.get(row["fixture"], 0.0) + row["setup_s"]["self"] + row["teardown_s"]["self"]
    ranked = sorted(seconds.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(id_, setups[id_], cost) for id_, cost in ranked[:most]]


def _recorded(row: Row, id_: str) -> dict[str, Any]:
    return {
        "fixture": id_,
        "param": row.param,
        "setups": row.setups,
        "setup_s": {"self": _seconds(row.setup_self), "cumulative": _seconds(row.setup_cumulative)},
        "teardown_s": {"self": _seconds(row.teardown_self), "cumulative": _seconds(row.teardown_cumulative)},
        "first_test": row.first_test,
    }


def _seconds(nanoseconds: int) -> float:
    return round(nanoseconds / SECOND, DIGITS)


class _Names:
    """Names fixtures as the analysis does, as far as that can be known from what pytest holds.

    Args:
        config: Of the run.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._rootdir = str(config.rootpath)
        self.distributions: dict[str, str] = {}
        """Top-level module of a plugin → the distribution that brings it."""
        for plugin, distribution in config.pluginmanager.list_plugin_distinfo():
            module = str(getattr(plugin, "__name__", type(plugin).__module__))
            self.distributions[module.partition(".")[0]] = str(distribution.project_name)

    def ids(self, places: Iterable[Place]) -> dict[Place, str]:
        """Return the id of each fixture; of several that would share one, the later ones get a number."""
        seen: Counter[str] = Counter()
        found = {}
        for place in places:
            base = self._id(place)
            seen[base] += 1
            found[place] = base if seen[base] == 1 else f"{base}#{seen[base]}"
        return found

    def fixture(self, place: Place, row: Row, id_: str, setups: int) -> dict[str, Any]:
        """Return a fixture as it stands in the document."""
        origin, plugin = self._origin(place)
        return {
            "id": id_,
            "name": place.name,
            "function": place.function,
            "path": self._path(place),
            "line": place.line,
            "scope": row.scope,
            "params": row.params,
            "visible_from": _kind(place.visible_in),
            "visible_in": place.visible_in,
            "origin": origin,
            "plugin": plugin,
            "setups": setups,
        }

    def relative(self, path: str) -> str:
        """Return a path from the rootdir, absolute outside it."""
        inside = path.startswith(self._rootdir + os.sep)
        return path[len(self._rootdir) + 1 :].replace(os.sep, "/") if inside else path

    def _path(self, place: Place) -> str:
        return place.module if place.file is None else self.relative(place.file)

    def _origin(self, place: Place) -> tuple[str, str | None]:
        top = place.module.partition(".")[0]
        if top in ("_pytest", "pytest"):
            return "builtin", "pytest"
        if top in self.distributions:
            return "plugin", self.distributions[top]
        path = self._path(place)
        if os.path.isabs(path) or "site-packages" in path.split("/"):
            return "plugin", os.path.splitext(os.path.basename(path))[0]
        return "static", None

    def _id(self, place: Place) -> str:
        if place.xunit:
            return f"{place.visible_in}::{place.name}"
        origin, plugin = self._origin(place)
        prefix = self._path(place) if origin == "static" else f"{plugin}:{place.module}"
        *outer, attribute = place.qualname.split(".")
        if "<locals>" in outer or attribute == "<lambda>":  # made by a call: it is known by what tests request
            outer, attribute = [], place.name
        return "::".join((prefix, *outer, attribute))


def _kind(node: str) -> str:
    if not node:
        return "session"
    if "::" in node:
        return "class"
    return "module" if os.path.splitext(node)[1] else "directory"


def _as_text(data: Any) -> Any:
    """Return plain data with every lone surrogate spelled out, since JSON in UTF-8 cannot hold one."""
    if isinstance(data, str):
        return data.encode("utf-8", "backslashreplace").decode()
    if isinstance(data, dict):
        return {_as_text(key): _as_text(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_as_text(one) for one in data]
    return data
