"""View → the data that the page's own script draws from: plain, each string made safe to show, what is empty left out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from fixturescope.document import Document
from fixturescope.model import SCOPES, Duration, Measurement
from fixturescope.report.view import View
from fixturescope.report.view.costs import CostRow
from fixturescope.report.view.details import Detail, Neighbour, make_details
from fixturescope.report.view.network import make_network
from fixturescope.report.view.tree import Division, make_tree
from fixturescope.text import printable

PICTURED = 24
"""So many fixtures are in the picture of the graph."""

SITES = 4
"""So many places that hold memory are named for a measurement, each with `FRAMES` of its callers."""

FRAMES = 8

IMPORTS = 30
"""So many of the modules that a set-up imports are named."""

DIGITS = 4
"""Digits of a figure that count."""


def page_data(document: Document, view: View) -> dict[str, Any]:
    """Return all that the script draws from.

    Fixtures are known by their place in ``fixtures``: those on which a full run spends most first.
    """
    details = make_details(document, view.graph, view.costs)
    at = {one.fixture.id: number for number, one in enumerate(details)}
    changes: dict[str, list[int]] = {}
    for row in view.changes.rows:
        for id_, _ in row.fixtures:
            changes.setdefault(id_, []).append(row.number)
    network = make_network(document, view.costs, PICTURED)
    frames: dict[str, int] = {}
    return {
        "measured": view.costs is not None,
        "scopes": SCOPES,
        "fixtures": [
            {**_fixture(one, at, changes.get(one.fixture.id, ()), frames), **_label(one, view.labels)}
            for one in details
        ],
        "frames": list(frames),
        "changes": {row.number: row.advice.title for row in view.changes.rows},
        "trees": {}
        if view.costs is None
        else {
            by: [
                _row(part.name, part.above, figure(part.seconds), None if part.fixture is None else at[part.fixture])
                for part in make_tree(document, view.costs, by)
            ]
            for by in get_args(Division)
        },
        "network": {
            "fixtures": [at[node.id] for node in network.nodes],
            "links": [[link.source, link.target, link.via, link.tests] for link in network.links],
            "left_out": network.left_out,
        },
    }


def as_json(data: Any) -> str:
    """Return data as JSON in which nothing can end the element that it stands in, or be more than a string."""
    text = json.dumps(_shown(data), separators=(",", ":"), ensure_ascii=False)
    for one in "&<>\u2028\u2029":
        text = text.replace(one, f"\\u{ord(one):04x}")
    return text


def figure(number: float) -> float:
    """Return a number with the digits that count."""
    return float(f"{number:.{DIGITS}g}")


def _shown(data: Any) -> Any:
    if isinstance(data, str):
        return printable(data)
    if isinstance(data, Mapping):
        return {_shown(key): _shown(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_shown(one) for one in data]
    return data


def _row(*cells: Any) -> list[Any]:
    """Return a row without the empty cells at its end."""
    row = list(cells)
    while row and row[-1] is None:
        row.pop()
    return row


def _filled(**fields: Any) -> dict[str, Any]:
    """Return the fields that hold something."""
    return {name: value for name, value in fields.items() if value not in (None, "", (), [], {}, 0)}


def _fixture(detail: Detail, at: Mapping[str, int], changes: Sequence[int], frames: dict[str, int]) -> dict[str, Any]:
    """Return one fixture; ``frames`` takes the frames of stacks, which many share, each with its place."""
    one = detail.fixture
    failed = [each for each in detail.measurements if each.status != "ok"]
    return {
        "id": one.id,
        "name": one.name,
        "scope": one.scope,
        "where": detail.where,
        "usage": one.usage,
        "setups": one.setups,
        **_filled(
            category=one.category,
            origin=one.origin if one.origin != "static" else None,
            plugin=one.plugin,
            autouse=one.autouse,
            is_async=one.is_async,
            teardown=one.has_teardown,
            params=one.params,
            unused=one.unused,
            doc=one.doc,
            status=(failed or detail.measurements)[0].status if detail.measurements else None,
            cost=None if detail.cost is None else _cost(detail.cost),
            recorded=None if detail.recorded_s is None else figure(detail.recorded_s),
            measured=[_measurement(each, frames) for each in detail.measurements],
            made=detail.why_made,
            why_unused=detail.why_unused,
            why=[[step.via, step.name, at.get(step.target, step.target)] for step in detail.why_used],
            needs=_neighbours(detail.needs, at),
            needed_by=_neighbours(detail.needed_by, at),
            namesakes=[at[id_] for id_ in detail.namesakes],
            more_namesakes=detail.more_namesakes,
            tests=detail.tests,
            users=detail.users,
            changes=changes,
        ),
    }


def _label(detail: Detail, labels: Mapping[str, str]) -> dict[str, str]:
    label = labels[detail.fixture.id]
    return {} if label == detail.fixture.name else {"label": label}


def _neighbours(neighbours: Iterable[Neighbour], at: Mapping[str, int]) -> list[list[Any]]:
    return [[at[one.id], one.via, one.tests] for one in neighbours if one.id in at]


def _cost(row: CostRow) -> dict[str, Any]:
    return {
        "run": figure(row.run_s),
        "low": figure(row.run_s_low),
        "high": figure(row.run_s_high),
        "best": row.best,
        "worst": row.worst,
        "share": figure(row.share),
        "first": figure(row.first_s),
        "setup": figure(row.setup_s),
        "waits": figure(row.waits_s),
        "teardown": figure(row.teardown_s),
        **({} if row.peak is None else {"peak": row.peak, "retained": row.retained, "leaked": row.leaked}),
        **({} if row.gpu is None else {"gpu": row.gpu}),
    }


def _measurement(one: Measurement, frames: dict[str, int]) -> dict[str, Any]:
    memory = one.memory
    return {
        "status": one.status,
        **_filled(
            param=one.param,
            reason=one.reason,
            carrier=one.carrier,
            isolation=one.isolation,
            setup=_duration(one.setup_s),
            teardown=None
            if one.teardown_s is None
            else [figure(one.teardown_s.cold), figure(one.teardown_s.own.median)],
            memory=None
            if memory is None
            else [memory.peak.own, memory.peak.cumulative, memory.retained.own, memory.leaked.own, memory.allocations],
            no_memory=one.memory_reason,
            sites=[]
            if memory is None
            else [
                [site.size, site.allocations, *(frames.setdefault(frame, len(frames)) for frame in site.stack[:FRAMES])]
                for site in memory.top[:SITES]
            ],
            rss=one.rss_peak,
            gpu=[[gpu.device, gpu.allocated, gpu.peak, gpu.leaked] for gpu in one.gpu or ()],
            imports=one.modules_imported[:IMPORTS],
            more_imports=max(0, len(one.modules_imported) - IMPORTS),
            left=one.left_behind,
        ),
    }


def _duration(duration: Duration | None) -> list[Any] | None:
    """Return seconds: the first, the warm median, and all samples."""
    if duration is None:
        return None
    samples = [figure(sample) for sample in duration.own.samples]
    return [figure(duration.cold), figure(duration.own.median), *samples]
