"""Compares `analyze`'s document with pytest's dump, test function by test function, and renders the table.

Every edge of pytest's (a name in a function's closure) ends in exactly one of matched, mismatched, missing and
unsourced, so nothing can be lost on the way: `Edges.total` is checked against their sum.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.oracle.readings import Claim, ClaimedTest, Definition, Place, TrueFunction, Truth, Variant

EXAMPLES_PER_KIND = 10
"""How many concrete differences of each kind a comparison keeps."""


@dataclass(frozen=True)
class Example:
    """One concrete difference: its kind, the test or fixture, what pytest says and what we say."""

    kind: str
    where: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.where}: pytest {self.expected}, we {self.got}"


@dataclass(frozen=True)
class Functions:
    """Test functions.

    Attributes:
        matched: On both sides.
        missing: Collected by pytest, not in the document.
        extra: In the document, not collected by pytest.
        misdescribed: Matched, but with another path, class or name.
        lines_off: Matched, but with another line.
        varying: Matched, and pytest gives different items of it different closures; compared with the likest.
        uncollected: In the document, in places that pytest failed to collect or that skipped themselves; left out.
    """

    matched: int = 0
    missing: int = 0
    extra: int = 0
    misdescribed: int = 0
    lines_off: int = 0
    varying: int = 0
    uncollected: int = 0


@dataclass(frozen=True)
class Edges:
    """Names in closures.

    Attributes:
        total: Pytest's.
        matched: The same file and line.
        mismatched: Another file or line.
        missing: Not in the document's closure, those of missing functions included.
        extra: In the document's closure only, those of extra functions included.
        unsourced: Pytest's definition was made at run time and has no source to read.
    """

    total: int = 0
    matched: int = 0
    mismatched: int = 0
    missing: int = 0
    extra: int = 0
    unsourced: int = 0


@dataclass(frozen=True)
class Items:
    """Item counts.

    Attributes:
        total: Items of all of pytest's test functions.
        exact: Items of functions whose count we called exact, and was.
        exact_wrong: Functions whose count we called exact, and was not.
        at_least: Functions whose count we called a lower bound, and was one.
        at_least_violated: Functions whose lower bound lies above pytest's count.
    """

    total: int = 0
    exact: int = 0
    exact_wrong: int = 0
    at_least: int = 0
    at_least_violated: int = 0

    @property
    def exact_share(self) -> float:
        """Share of pytest's items whose function we counted exactly; 1 where there are none."""
        return self.exact / self.total if self.total else 1.0


@dataclass(frozen=True)
class Unused:
    """Fixtures defined below the rootdir, `unused` against "in no item's closure".

    Attributes:
        used: Used, and we say so.
        certain: Unused, and we say ``certain``.
        possible: Unused, and we say ``possible``.
        false_certain: Used, and we say ``certain``.
        false_possible: Used, and we say ``possible``.
        missed: Unused, and we say used.
        unlisted: Known to pytest, not in the document.
        undecided: In no closure of pytest's, used to us by ``getfixturevalue``, which no closure shows, or by tests that
            pytest did not collect.
    """

    used: int = 0
    certain: int = 0
    possible: int = 0
    false_certain: int = 0
    false_possible: int = 0
    missed: int = 0
    unlisted: int = 0
    undecided: int = 0


@dataclass(frozen=True)
class Comparison:
    """The whole result for one suite.

    Attributes:
        suite: Its name.
        other_items: Items of kinds that are no Python test functions (doctests, plugins' own), by kind.
        unsourced: Edges to definitions made at run time, by (module of the function, requested name).
        errors: Collectors that pytest failed on, each with its reason; why the suite could not be compared.
        unexpected: How many of the errors are not known to be the suite's own.
        examples: Concrete differences, at most `EXAMPLES_PER_KIND` of a kind.
        made: Whether there was anything to compare; if not, the errors say why, and no number means anything.
    """

    suite: str
    functions: Functions = Functions()
    edges: Edges = Edges()
    items: Items = Items()
    unused: Unused = Unused()
    other_items: Mapping[str, int] = field(default_factory=dict)
    unsourced: Mapping[tuple[str, str], int] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    unexpected: int = 0
    examples: tuple[Example, ...] = ()
    made: bool = True

    @property
    def agrees(self) -> bool:
        """Whether nothing that we say contradicts pytest, and nothing that it found is missing."""
        functions, edges, items, unused = self.functions, self.edges, self.items, self.unused
        wrong = (
            *(functions.missing, functions.extra, functions.misdescribed, functions.lines_off),
            *(edges.mismatched, edges.missing, edges.extra),
            *(items.exact_wrong, items.at_least_violated),
            *(unused.false_certain, unused.false_possible, unused.missed, unused.unlisted),
        )
        return self.made and not any(wrong) and not self.unexpected


def compare(suite: str, truth: Truth, claim: Claim, *, expected_errors: Sequence[str] = ()) -> Comparison:
    """Compares one suite's two sides.

    Args:
        suite: Name for the table.
        truth: What pytest resolved.
        claim: What `analyze` says.
        expected_errors: Collectors that are known to fail, whatever the environment.
    """
    notes = _Notes()
    expected = {function.id: function for function in truth.functions if function.is_function}
    claimed, uncollected = _tests_to_compare(truth, claim, notes)
    pairs = [(function, claimed[key]) for key, function in expected.items() if key in claimed]
    missing = [function for key, function in expected.items() if key not in claimed]
    extra = [test for key, test in claimed.items() if key not in expected]
    for function in missing:
        notes.see("function missing", function.id, f"collects {function.items} items", "nothing")
    for test in extra:
        notes.see("function extra", test.id, "nothing", f"{test.items} items")
    notes.extra_functions += len(extra)
    edges = _edges(pairs, missing, extra, claim, notes)
    return Comparison(
        suite=suite,
        functions=_functions(pairs, missing, uncollected, notes),
        edges=edges,
        items=_items(pairs, expected.values(), notes),
        unused=_unused(truth, claim, uncollected, notes),
        other_items=dict(_other_items(truth)),
        unsourced=dict(notes.unsourced),
        errors=tuple(f"{identity}: {_last_line(reason)}" for identity, reason in truth.errors.items()),
        unexpected=len(set(truth.errors) - set(expected_errors)),
        examples=tuple(notes.examples),
    )


def failure(suite: str, message: str) -> Comparison:
    """The row of a suite that could not be compared at all."""
    return Comparison(suite, errors=(message,), unexpected=1, made=False)


COLUMNS = (
    *("suite", "functions", "edges", "matched", "mismatched", "missing", "extra"),
    *("exact items", "wrong items", "unused", "unused wrong", "uncollected", "unsourced", "other items", "errors"),
)
"""The table's columns."""


def render_table(comparisons: Sequence[Comparison]) -> str:
    """The table as plain text, a row a suite, and below it what made fixtures and items that no source shows."""
    rows = [COLUMNS, *(_cells(comparison) for comparison in comparisons)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*lines, *_footnotes(comparisons)]) + "\n"


def render_examples(comparison: Comparison) -> str:
    """The differences of one suite, one a line, its errors first; empty when there are none."""
    return "".join(f"{comparison.suite}: {line}\n" for line in [*comparison.errors, *map(str, comparison.examples)])


@dataclass
class _Notes:
    """What the parts of one comparison leave behind for its result."""

    examples: list[Example] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    unsourced: Counter[tuple[str, str]] = field(default_factory=Counter)
    extra_functions: int = 0

    def see(self, kind: str, where: str, expected: object, got: object) -> None:
        self.kinds[kind] += 1
        if self.kinds[kind] <= EXAMPLES_PER_KIND:
            self.examples.append(Example(kind, where, str(expected), str(got)))


def _tests_to_compare(truth: Truth, claim: Claim, notes: _Notes) -> tuple[dict[str, ClaimedTest], list[ClaimedTest]]:
    """Splits the document's tests into those to compare, by id, and those in places that pytest did not collect."""
    collected = {function.id for function in truth.functions}
    lost = [identity for identity in (*truth.errors, *truth.skipped) if identity not in ("", ".")]
    claimed: dict[str, ClaimedTest] = {}
    uncollected: list[ClaimedTest] = []
    for test in claim.tests:
        if test.id not in collected and any(_below(test.id, identity) for identity in lost):
            uncollected.append(test)
        elif test.id in claimed:
            notes.see("function extra", test.id, "one test of this id", "two")
            notes.extra_functions += 1
        else:
            claimed[test.id] = test
    return claimed, uncollected


def _below(identity: str, collector: str) -> bool:
    return identity.startswith((f"{collector}::", f"{collector}/"))


def _functions(
    pairs: Sequence[tuple[TrueFunction, ClaimedTest]],
    missing: Sequence[TrueFunction],
    uncollected: Sequence[ClaimedTest],
    notes: _Notes,
) -> Functions:
    misdescribed = lines_off = 0
    for function, test in pairs:
        expected, got = (function.path, function.cls, function.name), (test.path, test.cls, test.name)
        if expected != got:
            misdescribed += 1
            notes.see("function misdescribed", function.id, expected, got)
        if function.line is not None and function.line != test.line:
            lines_off += 1
            notes.see("function line", function.id, function.line, test.line)
    return Functions(
        matched=len(pairs),
        missing=len(missing),
        extra=notes.extra_functions,
        misdescribed=misdescribed,
        lines_off=lines_off,
        varying=sum(len(function.variants) > 1 for function, _ in pairs),
        uncollected=len(uncollected),
    )


def _edges(
    pairs: Sequence[tuple[TrueFunction, ClaimedTest]],
    missing: Sequence[TrueFunction],
    extra: Sequence[ClaimedTest],
    claim: Claim,
    notes: _Notes,
) -> Edges:
    kinds: Counter[str] = Counter()
    total = 0
    for function in missing:
        for name, definition in _closure(function).items():
            total += 1
            if definition.place is None:
                notes.unsourced[definition.module, name] += 1
            kinds["unsourced" if definition.place is None else "missing"] += 1
            notes.see("edge missing", f"{function.id} → {name}", definition.described, "no such test")
    for test in extra:
        kinds["extra"] += len(test.closure)
    for function, test in pairs:
        variant = min(
            function.variants, key=lambda variant: len(list(_differences(variant, test, claim))), default=None
        )
        if variant is None:
            variant = Variant(function.items, {}, ())
        total += len(variant.closure)
        kinds["matched"] += len(variant.closure)
        for kind, name, expected, got in _differences(variant, test, claim):
            kinds[kind] += 1
            kinds["matched"] -= kind != "extra"
            if kind == "unsourced":
                notes.unsourced[variant.closure[name].module, name] += 1
            else:
                notes.see(f"edge {kind}", f"{function.id} → {name}", expected, got)
    edges = Edges(total, **kinds)
    assert edges.matched + edges.mismatched + edges.missing + edges.unsourced == edges.total
    return edges


def _closure(function: TrueFunction) -> Mapping[str, Definition]:
    return function.variants[0].closure if function.variants else {}


def _differences(variant: Variant, test: ClaimedTest, claim: Claim) -> Iterable[tuple[str, str, str, str]]:
    """Yields (kind, name, what pytest has, what we have) for each name that is not the same on both sides."""
    for name, definition in variant.closure.items():
        got = claim.fixtures.get(test.closure.get(name, ""))
        described = (
            "nothing" if name not in test.closure else f"unknown id {test.closure[name]}" if got is None else got.place
        )
        if definition.place is None:
            yield "unsourced", name, definition.described, str(described)
        elif name not in test.closure:
            yield "missing", name, str(definition.place), "nothing"
        elif got is None or got.place != definition.place:
            yield "mismatched", name, str(definition.place), str(described)
    for name, identity in test.closure.items():
        if name not in variant.closure:
            yield "extra", name, "nothing", identity


def _items(pairs: Sequence[tuple[TrueFunction, ClaimedTest]], expected: Iterable[TrueFunction], notes: _Notes) -> Items:
    exact = exact_wrong = at_least = violated = 0
    for function, test in pairs:
        if test.exact and test.items == function.items:
            exact += function.items
        elif test.exact:
            exact_wrong += 1
            notes.see("items", function.id, function.items, f"exactly {test.items}")
        elif test.items <= function.items:
            at_least += 1
            notes.see("items not exact", function.id, function.items, f"at least {test.items}")
        else:
            violated += 1
            notes.see("items bound", function.id, function.items, f"at least {test.items}")
    return Items(sum(function.items for function in expected), exact, exact_wrong, at_least, violated)


def _unused(truth: Truth, claim: Claim, uncollected: Sequence[ClaimedTest], notes: _Notes) -> Unused:
    """Compares fixtures by place and name: one definition may be registered for many classes or modules."""
    in_use = {(found.name, found.place) for function in truth.functions for found in _definitions_in(function)}
    known = {
        (found.name, found.place)
        for found in truth.registered
        if found.place and not Path(found.place.file).is_absolute()
    }
    only_uncollected = {identity for test in uncollected for identity in test.closure.values()}
    kinds: Counter[str] = Counter()
    listed: dict[tuple[str, Place | None], list[str | None]] = {}
    for fixture in claim.fixtures.values():
        if not fixture.local:
            continue
        key: tuple[str, Place | None] = (fixture.name, fixture.place)
        listed.setdefault(key, []).append(fixture.unused)
        elsewhere = fixture.dynamic or fixture.id in only_uncollected
        if fixture.unused is None and key not in in_use and elsewhere:
            kinds["undecided"] += 1
            del listed[key]
    for (name, place), verdicts in listed.items():
        verdict = None if None in verdicts else "possible" if "possible" in verdicts else "certain"
        used = (name, place) in in_use
        kind = _unused_kind(used, verdict)
        kinds[kind] += 1
        if kind in ("false_certain", "false_possible", "missed", "possible"):
            notes.see(f"unused {kind}", f"{name} {place}", "used" if used else "unused", verdict or "used")
    claimed_places = {(fixture.name, fixture.place) for fixture in claim.fixtures.values()}
    for name, place in sorted(known - claimed_places, key=str):
        kinds["unlisted"] += 1
        notes.see("fixture unlisted", f"{name} {place}", "registers it", "nothing")
    return Unused(**kinds)


def _unused_kind(used: bool, verdict: str | None) -> str:
    if used:
        return "used" if verdict is None else f"false_{verdict}"
    return verdict or "missed"


def _definitions_in(function: TrueFunction) -> Iterable[Definition]:
    for variant in function.variants:
        yield from variant.closure.values()
        yield from variant.reached


def _other_items(truth: Truth) -> Counter[str]:
    found: Counter[str] = Counter()
    for function in truth.functions:
        if not function.is_function:
            found[function.kind] += function.items
    return found


def _cells(comparison: Comparison) -> tuple[str, ...]:
    if not comparison.made:
        return (comparison.suite, *["-"] * (len(COLUMNS) - 2), str(len(comparison.errors)))
    functions, edges, items, unused = comparison.functions, comparison.edges, comparison.items, comparison.unused
    found = f"{functions.matched + functions.missing}{signed(functions.missing, functions.extra)}"
    return (
        comparison.suite,
        found,
        *(str(number) for number in (edges.total, edges.matched, edges.mismatched, edges.missing, edges.extra)),
        f"{_floored_percent(items.exact_share)} %",
        str(items.exact_wrong + items.at_least_violated),
        f"{unused.certain}+{unused.possible}",
        str(unused.false_certain + unused.false_possible + unused.missed + unused.unlisted),
        *(str(number) for number in (functions.uncollected, edges.unsourced, sum(comparison.other_items.values()))),
        str(len(comparison.errors)),
    )


def signed(missing: int, extra: int) -> str:
    """How many are missing and how many too many, as the table shows it."""
    return (f" -{missing}" if missing else "") + (f" +{extra}" if extra else "")


def _floored_percent(share: float) -> str:
    """One decimal, never rounded up: 100.0 means all."""
    return f"{int(share * 1000) / 10:.1f}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])


def _footnotes(comparisons: Iterable[Comparison]) -> Iterable[str]:
    for comparison in comparisons:
        makers: dict[str, dict[str, int]] = {}
        for (module, name), count in sorted(comparison.unsourced.items()):
            makers.setdefault(module, {})[name] = count
        for module, names in makers.items():
            found = f"{sum(names.values())} edges to {', '.join(names)}"
            yield f"{comparison.suite}: made at run time by {module}, no source to read: {found}"
        for kind, count in comparison.other_items.items():
            yield f"{comparison.suite}: not a Python test function: {count} items of {kind}"


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else ""
