"""Two documents of one suite, side by side: what came, what went, what costs more. No string of any format."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from fixturescope.document import OWN_ORIGINS, Document
from fixturescope.errors import UsageError
from fixturescope.model import Duration, Fixture, Measurement
from fixturescope.report.noise import Noise, Pair, Verdict, Visits, judge, run_noise
from fixturescope.report.rank import rank

LEAST_BYTES = 64 << 10
"""A smaller difference in memory is never named."""

LEAST_BYTES_RATIO = 1.05
"""Nor is a smaller ratio."""

GATES = ("time", "total", "memory", "startup", "new-unused", "added", "removed", "scope")
"""What ``--fail-on`` knows; the first four take ``>N%``."""

What = Literal["set-up and teardown", "peak memory", "retained memory", "startup"]


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """One fixture, and where it stands."""

    id: str
    name: str
    where: str


class Renamed(msgspec.Struct, frozen=True, kw_only=True):
    """One fixture under another id: it does the same under another name or in another place."""

    old: Named
    new: Named


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """One property of a fixture that is another now."""

    fixture: Named
    field: Literal["scope", "autouse", "params", "usage", "setups"]
    old: str
    new: str


class CostChange(msgspec.Struct, frozen=True, kw_only=True):
    """One figure that differs beyond noise."""

    what: What
    fixture: Named | None
    """Null for a step of the start."""
    label: str
    """The parameter of the fixture, or the step."""
    old: float
    new: float
    ratio: float
    """New ÷ old; of times, what the whole run was slower or faster by taken out."""
    low: float
    """The least ratio that noise allows."""
    high: float


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """All that differs between two documents, fixtures of the project itself first by id."""

    old: str
    """Version of fixturescope, pytest and Python that wrote the first."""
    new: str
    added: tuple[Named, ...]
    removed: tuple[Named, ...]
    renamed: tuple[Renamed, ...]
    fields: tuple[FieldChange, ...]
    worse: tuple[CostChange, ...]
    """Slower or heavier, the largest ratio first."""
    better: tuple[CostChange, ...]
    new_unused: tuple[Named, ...]
    used_again: tuple[Named, ...]
    total_old_s: float | None
    """What a full run spends on all fixtures that both measured; null where nothing was."""
    total_new_s: float | None
    compared: int
    """Times that both have."""
    drift: float
    """New ÷ old of the whole run: 1.05 where the machine was 5 % slower."""
    noise: tuple[float, ...]
    """Relative standard deviation of a ratio, for short, middling and long times."""
    notes: tuple[str, ...]
    """What makes the two less comparable."""


def compare(old: Document, new: Document) -> Comparison:
    """Return what differs between two documents of one suite.

    Times differ where `noise.judge` says so; bytes by more than `LEAST_BYTES` and `LEAST_BYTES_RATIO`.
    """
    before, after = _own(old), _own(new)
    renamed = _renamed(old, new)
    ids = {one.id: one.id for one in before.values() if one.id in after} | {a.id: b.id for a, b in renamed}
    pairs = _pairs(old, new, {**_all_ids(old, new), **ids})
    noise = run_noise([pair for *_, pair in pairs])
    costs = [*_slower(pairs, noise, new), *_heavier(old, new, {**_all_ids(old, new), **ids}), *_startup(old, new)]
    return Comparison(
        old=_written_by(old),
        new=_written_by(new),
        added=_named(after[one] for one in after if one not in ids.values()),
        removed=_named(before[one] for one in before if one not in ids),
        renamed=tuple(Renamed(old=_name(a), new=_name(b)) for a, b in renamed),
        fields=tuple(_fields(before, after, ids)),
        worse=tuple(sorted((one for one in costs if one.ratio > 1), key=lambda one: (-one.ratio, _key(one)))),
        better=tuple(sorted((one for one in costs if one.ratio < 1), key=lambda one: (one.ratio, _key(one)))),
        new_unused=_named(
            one for one in after.values() if one.unused == "certain" and not _was_unused(one, before, ids)
        ),
        used_again=_named(
            after[b] for a, b in ids.items() if before[a].unused == "certain" and after[b].unused is None
        ),
        total_old_s=_total(old, {old_id for old_id, *_ in pairs}),
        total_new_s=_total(new, {new_id for _, new_id, *_ in pairs}),
        compared=len(pairs),
        drift=noise.drift,
        noise=noise.spread,
        notes=tuple(_notes(old, new)),
    )


def failures(comparison: Comparison, gates: Iterable[str]) -> tuple[str, ...]:
    """Return why a comparison does not pass its gates, a sentence each; empty where it does.

    Args:
        comparison: Of two documents.
        gates: ``time>10%``, ``total>5%``, ``memory>10%``, ``startup>10%``, ``new-unused``, ``added``, ``removed``,
            ``scope``. ``time`` is of any one fixture, ``total`` of all together.

    Raises:
        UsageError: There is no such gate.
    """
    return tuple(reason for gate in gates for reason in _failures(comparison, gate))


# ------------------------------------------------------------------------------------------------------------- fixtures


def _own(document: Document) -> dict[str, Fixture]:
    return {one.id: one for one in document.fixtures if one.origin in OWN_ORIGINS}


def _all_ids(old: Document, new: Document) -> dict[str, str]:
    known = {one.id for one in new.fixtures}
    return {one.id: one.id for one in old.fixtures if one.id in known}


def _renamed(old: Document, new: Document) -> list[tuple[Fixture, Fixture]]:
    """Return pairs of a fixture that is gone and one that came which do the same, where that leaves no doubt."""
    before, after = _own(old), _own(new)
    gone = [one for one in before.values() if one.id not in after]
    came = [one for one in after.values() if one.id not in before]
    bodies = [{one.fixture: one.digest for one in document.readings} for document in (old, new)]
    found: list[tuple[Fixture, Fixture]] = []
    for one in gone:
        same = [other for other in came if _does_the_same(one, other, *bodies)]
        rivals = [other for other in gone if any(_does_the_same(other, it, *bodies) for it in same)]
        if len(same) == 1 and len(rivals) == 1:
            found.append((one, same[0]))
    return found


def _does_the_same(one: Fixture, other: Fixture, old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    if one.id in old and other.id in new:
        return old[one.id] == new[other.id]
    asked = [[request.name for request in each.requests] for each in (one, other)]
    alike = (one.scope, one.params, one.autouse, one.has_teardown, one.doc, asked[0])
    return alike == (other.scope, other.params, other.autouse, other.has_teardown, other.doc, asked[1]) and (
        one.name == other.name or (one.path, one.line) == (other.path, other.line)
    )


def _fields(
    before: Mapping[str, Fixture], after: Mapping[str, Fixture], ids: Mapping[str, str]
) -> Iterable[FieldChange]:
    names: tuple[Literal["scope", "autouse", "params", "usage", "setups"], ...]
    names = ("scope", "autouse", "params", "usage", "setups")
    for a, b in sorted(ids.items()):
        for field in names:
            old, new = getattr(before[a], field), getattr(after[b], field)
            if old != new:
                yield FieldChange(fixture=_name(after[b]), field=field, old=_shown(old), new=_shown(new))


def _shown(value: object) -> str:
    words: dict[object, str] = {None: "none", True: "yes", False: "no"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def _was_unused(one: Fixture, before: Mapping[str, Fixture], ids: Mapping[str, str]) -> bool:
    return any(b == one.id and before[a].unused is not None for a, b in ids.items())


def _name(fixture: Fixture) -> Named:
    where = f"{fixture.path}:{fixture.line}" if fixture.line else fixture.path
    return Named(id=fixture.id, name=fixture.name, where=where)


def _named(fixtures: Iterable[Fixture]) -> tuple[Named, ...]:
    return tuple(sorted(map(_name, fixtures), key=lambda one: one.id))


# ---------------------------------------------------------------------------------------------------------------- costs


def _pairs(old: Document, new: Document, ids: Mapping[str, str]) -> list[tuple[str, str, str, Pair]]:
    """Return the samples of set-up and teardown that both documents have: ids, parameter, samples."""
    after = {(one.fixture, one.param): one for one in new.measurements}
    found = []
    for one in old.measurements:
        other = after.get((ids.get(one.fixture, ""), one.param))
        if other is None or one.status != "ok" or other.status != "ok":
            continue
        samples = Pair(_visits(one), _visits(other))
        if samples.old and samples.new:
            found.append((one.fixture, other.fixture, one.param or "", samples))
    return found


def _visits(measurement: Measurement) -> Visits:
    """Return set-up and teardown of each round together, by the process that took them."""
    parts = [part.own.by_visit for part in (measurement.setup_s, measurement.teardown_s) if isinstance(part, Duration)]
    return tuple(tuple(sum(each) for each in zip(*visit)) for visit in zip(*parts))


def _slower(pairs: Sequence[tuple[str, str, str, Pair]], noise: Noise, new: Document) -> Iterable[CostChange]:
    fixtures = {one.id: one for one in new.fixtures}
    for _, id_, param, pair in pairs:
        verdict = judge(pair, noise, len(pairs))
        if verdict.differs and id_ in fixtures:
            yield _change("set-up and teardown", fixtures[id_], param, verdict)


def _change(what: What, fixture: Fixture | None, label: str, verdict: Verdict) -> CostChange:
    return CostChange(
        what=what,
        fixture=None if fixture is None else _name(fixture),
        label=label,
        old=verdict.old,
        new=verdict.new,
        ratio=verdict.ratio,
        low=verdict.low,
        high=verdict.high,
    )


def _heavier(old: Document, new: Document, ids: Mapping[str, str]) -> Iterable[CostChange]:
    fixtures = {one.id: one for one in new.fixtures}
    after = {(one.fixture, one.param): one.memory for one in new.measurements}
    for one in old.measurements:
        id_ = ids.get(one.fixture, "")
        memory = after.get((id_, one.param))
        if one.memory is None or memory is None or id_ not in fixtures:
            continue
        for what, a, b in _sizes(one.memory.peak.own, memory.peak.own, one.memory.retained.own, memory.retained.own):
            ratio = max(b, 1) / max(a, 1)
            if abs(b - a) > LEAST_BYTES and max(ratio, 1 / ratio) > LEAST_BYTES_RATIO:
                yield _change(what, fixtures[id_], one.param or "", Verdict(a, b, ratio, ratio, ratio, differs=True))


def _sizes(peak_old: int, peak_new: int, held_old: int, held_new: int) -> tuple[tuple[What, int, int], ...]:
    return ("peak memory", peak_old, peak_new), ("retained memory", held_old, held_new)


def _startup(old: Document, new: Document) -> Iterable[CostChange]:
    """Compare the steps of the start, each with all before it."""
    before, after = _steps(old), _steps(new)
    both = [name for name in before if name in after]
    for name in both:
        verdict = judge(Pair((before[name],), (after[name],)), run_noise([]), len(both))
        if verdict.differs:
            yield _change("startup", None, name, verdict)


def _steps(document: Document) -> dict[str, tuple[float, ...]]:
    steps = () if document.startup is None else document.startup.steps
    return {step.name: step.samples for step in steps if step.samples}


def _total(document: Document, ids: set[str]) -> float | None:
    rows = [row.impact for row in rank(document).rows if row.fixture.id in ids]
    return sum(rows) if rows else None


def _key(change: CostChange) -> tuple[str, str, str]:
    return change.what, change.fixture.id if change.fixture else "", change.label


# ---------------------------------------------------------------------------------------------------------------- gates


def _failures(comparison: Comparison, gate: str) -> Iterable[str]:
    found = re.fullmatch(r"([a-z-]+)(?:>(\d+(?:\.\d+)?)%)?", gate.replace(" ", ""))
    name, limit = (found[1], found[2]) if found else ("", None)
    if name not in GATES or (limit is None) == (name in GATES[:4]):
        raise UsageError(
            f"--fail-on: there is no gate {gate!r}",
            hint="as in time>10%, total>5%, memory>10%, startup>10%, new-unused, added, removed, scope",
        )
    most = 1 + float(limit or 0) / 100
    if name == "total":
        ratio = (comparison.total_new_s or 0.0) / (comparison.total_old_s or 1.0) / comparison.drift
        if comparison.total_old_s and ratio > most:
            yield f"{gate}: all fixtures together, {ratio:.2f} ×"
    elif limit is not None:
        kinds = {
            "time": ("set-up and teardown",),
            "memory": ("peak memory", "retained memory"),
            "startup": ("startup",),
        }
        for one in comparison.worse:
            if one.what in kinds[name] and one.ratio > most:
                label = one.label if one.fixture is None else one.fixture.id + (f"[{one.label}]" if one.label else "")
                yield f"{gate}: {one.what} of {label}, {one.ratio:.2f} ×"
    elif name == "scope":
        yield from (
            f"{gate}: {one.fixture.id}, {one.old} → {one.new}" for one in comparison.fields if one.field == name
        )
    else:
        named = {"new-unused": comparison.new_unused, "added": comparison.added, "removed": comparison.removed}[name]
        yield from (f"{gate}: {one.id}" for one in named)


# ---------------------------------------------------------------------------------------------------------------- notes


def _written_by(document: Document) -> str:
    return (
        f"fixturescope {document.tool.version}, pytest {document.pytest.version}, Python {document.python.version}, "
        f"{len(document.fixtures)} fixtures, {document.summary.items} items"
    )


def _notes(old: Document, new: Document) -> Iterable[str]:
    for what, a, b in (
        ("Python", old.python.version, new.python.version),
        ("pytest", old.pytest.version, new.pytest.version),
        ("fixturescope", old.tool.version, new.tool.version),
    ):
        if a != b:
            yield f"{what} is another: {a} → {b}"
    if bool(old.measurements) != bool(new.measurements):
        yield "only one of the two was measured, so costs are not compared"
    ways = [{one.isolation for one in document.measurements if one.isolation} for document in (old, new)]
    if all(ways) and ways[0] != ways[1]:
        yield "they were measured in different ways (fork, fresh)"
