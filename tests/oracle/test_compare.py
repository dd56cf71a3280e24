"""Each kind of difference, made by hand from a pair that agrees, is seen, counted once and shown."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.oracle import compare, readings
from tests.oracle.compare import Comparison, Edges, Functions, Items, Unused

Json = dict[str, Any]


def definition(name: str, file: str, line: int | None, *, scope: str = "function") -> Json:
    """A row of a dump's `definitions`; without a line, one that has no source."""
    made = {"name": name, "file": file, "line": line, "first_line": 1, "function": name, "module": "m"}
    return {**made, "has_source": line is not None, "scope": scope, "baseid": ""}


def variant(items: int, closure: dict[str, int], reached: tuple[int, ...] = ()) -> Json:
    """A row of a function's `variants`."""
    return {"items": items, "closure": closure, "pseudo": [], "pruned": [], "reached": list(reached)}


def function(identity: str, line: int, *variants: Json, kind: str = "Function", is_function: bool = True) -> Json:
    """A row of a dump's `functions`."""
    path, *classes, name = identity.split("::")
    described = {
        "id": identity,
        "kind": kind,
        "is_function": is_function,
        "path": path,
        "cls": ".".join(classes),
        "name": name,
    }
    items = sum(row["items"] for row in variants) or 1
    return {
        **described,
        "line": line,
        "items": items,
        "deselected": 0,
        "parametrized": False,
        "variants": list(variants),
    }


def fixture(identity: str, name: str, path: str, line: int, unused: str | None = None) -> Json:
    """A row of a document's `fixtures`."""
    return {
        "id": identity,
        "name": name,
        "function": name,
        "path": path,
        "line": line,
        "unused": unused,
        "scope": "function",
    }


def case(identity: str, line: int, items: int, closure: dict[str, str], items_are: str = "exact") -> Json:
    """A row of a document's `tests`."""
    path, *classes, name = identity.split("::")
    described = {"id": identity, "path": path, "line": line, "cls": ".".join(classes), "name": name}
    return {**described, "items": items, "items_are": items_are, "closure": closure}


DUMP: Json = {
    "format": 1,
    "definitions": [
        definition("db", "conftest.py", 5),
        definition("db", "sub/conftest.py", 9),
        definition("tmp_path", "/elsewhere/tmpdir.py", 200),
        definition("idle", "conftest.py", 30),
        definition("made", "<string>", None),
    ],
    "functions": [
        function("test_a.py::test_one", 10, variant(3, {"db": 0, "tmp_path": 2})),
        function("sub/test_b.py::TestB::test_two", 20, variant(1, {"db": 1}, reached=(0,))),
        function("test_a.py::test_made", 15, variant(1, {"db": 0, "made": 4})),
        function("test_a.py::test_a", 1, variant(2, {"db": 0}), kind="DoctestItem", is_function=False),
    ],
    "registered": [{"definition": index, "autouse": False, "params": None} for index in range(5)],
    "errors": [{"id": "test_broken.py", "reason": "line\nE   ImportError: no x"}],
    "skipped": [{"id": "test_windows.py", "reason": "Skipped: not here"}],
    "wall_s": 1.5,
}
"""Three functions of five items with five edges, one without source; a doctest; places that were not collected."""

DOCUMENT: Json = {
    "fixtures": [
        fixture("conftest.py::db", "db", "conftest.py", 5),
        fixture("sub/conftest.py::db", "db", "sub/conftest.py", 9),
        fixture("pytest:tmpdir::tmp_path", "tmp_path", "/elsewhere/tmpdir.py", 200),
        fixture("conftest.py::idle", "idle", "conftest.py", 30, "certain"),
        fixture("conftest.py::broken_only", "broken_only", "conftest.py", 40),
    ],
    "tests": [
        case("test_a.py::test_one", 10, 3, {"db": "conftest.py::db", "tmp_path": "pytest:tmpdir::tmp_path"}),
        case("sub/test_b.py::TestB::test_two", 20, 1, {"db": "sub/conftest.py::db"}),
        case("test_a.py::test_made", 15, 1, {"db": "conftest.py::db"}),
        case("test_broken.py::test_x", 3, 1, {"broken_only": "conftest.py::broken_only"}),
        case("test_windows.py::test_y", 3, 1, {}),
    ],
}
"""What `analyze` would say of it, all of it right."""

AGREED = Comparison(
    suite="drawn",
    functions=Functions(matched=3, uncollected=2),
    edges=Edges(total=5, matched=4, unsourced=1),
    items=Items(total=5, exact=5),
    unused=Unused(used=2, certain=1, undecided=1),
    other_items={"DoctestItem": 2},
    unsourced={("m", "made"): 1},
    errors=("test_broken.py: E   ImportError: no x",),
)
"""The comparison of the two."""


def compared(dump: Json = DUMP, document: Json = DOCUMENT) -> Comparison:
    """The comparison, as the command makes it."""
    truth, claim = readings.truth_from(dump), readings.claim_from(document)
    return compare.compare("drawn", truth, claim, expected_errors=["test_broken.py"])


def test_a_right_document_agrees_and_everything_is_counted() -> None:
    found = compared()
    assert found == AGREED
    assert found.agrees


def edit_test(number: int, **changes: object) -> Callable[[Json, Json], None]:
    """A change of one test of the document."""
    return lambda _, document: document["tests"][number].update(changes)


def edit_fixture(number: int, **changes: object) -> Callable[[Json, Json], None]:
    """A change of one fixture of the document."""
    return lambda _, document: document["fixtures"][number].update(changes)


def drop(which: str, number: int) -> Callable[[Json, Json], None]:
    """Leaves one row of the document out."""
    return lambda _, document: document[which].pop(number)


def add(which: str, row: Json) -> Callable[[Json, Json], None]:
    """Puts one row more into the document."""
    return lambda _, document: document[which].append(row)


def only_an_override_reaches_it(dump: Json, document: Json) -> None:
    """Leaves the root's `db` to `test_two` alone, whose own `db` requests it; the document calls it unused."""
    del dump["functions"][2:]
    dump["functions"][0]["variants"][0].update(closure={"tmp_path": 2})
    document["tests"].pop(2)
    document["tests"][0].update(closure=TMP)
    document["fixtures"][0].update(unused="certain")


DB, TMP = {"db": "conftest.py::db"}, {"tmp_path": "pytest:tmpdir::tmp_path"}
NEW = case("test_a.py::test_new", 50, 4, DB)
DIFFERENCES: dict[str, tuple[Callable[[Json, Json], None], dict[str, object], str]] = {
    "function missing": (
        drop("tests", 0),
        {
            "functions": Functions(matched=2, missing=1, uncollected=2),
            "edges": Edges(total=5, matched=2, missing=2, unsourced=1),
            "items": Items(total=5, exact=2),
        },
        "function missing: test_a.py::test_one: pytest collects 3 items, we nothing",
    ),
    "function extra": (
        add("tests", NEW),
        {
            "functions": Functions(matched=3, extra=1, uncollected=2),
            "edges": Edges(total=5, matched=4, unsourced=1, extra=1),
        },
        "function extra: test_a.py::test_new: pytest nothing, we 4 items",
    ),
    "function twice": (
        add("tests", DOCUMENT["tests"][1]),
        {"functions": Functions(matched=3, extra=1, uncollected=2)},
        "function extra: sub/test_b.py::TestB::test_two: pytest one test of this id, we two",
    ),
    "other class": (
        edit_test(1, cls="TestC"),
        {"functions": Functions(matched=3, misdescribed=1, uncollected=2)},
        (
            "function misdescribed: sub/test_b.py::TestB::test_two: "
            "pytest ('sub/test_b.py', 'TestB', 'test_two'), we ('sub/test_b.py', 'TestC', 'test_two')"
        ),
    ),
    "other line of a test": (
        edit_test(1, line=19),
        {"functions": Functions(matched=3, lines_off=1, uncollected=2)},
        "function line: sub/test_b.py::TestB::test_two: pytest 20, we 19",
    ),
    "other file": (
        edit_test(1, closure=DB),
        {"edges": Edges(total=5, matched=3, mismatched=1, unsourced=1)},
        "edge mismatched: sub/test_b.py::TestB::test_two → db: pytest sub/conftest.py:9, we conftest.py:5",
    ),
    "other line": (
        edit_fixture(2, line=199),
        {"edges": Edges(total=5, matched=3, mismatched=1, unsourced=1)},
        "edge mismatched: test_a.py::test_one → tmp_path: pytest /elsewhere/tmpdir.py:200, we /elsewhere/tmpdir.py:199",
    ),
    "an id that no fixture has": (
        edit_test(1, closure={"db": "gone"}),
        {"edges": Edges(total=5, matched=3, mismatched=1, unsourced=1)},
        "edge mismatched: sub/test_b.py::TestB::test_two → db: pytest sub/conftest.py:9, we unknown id gone",
    ),
    "edge missing": (
        edit_test(0, closure=TMP),
        {"edges": Edges(total=5, matched=3, missing=1, unsourced=1)},
        "edge missing: test_a.py::test_one → db: pytest conftest.py:5, we nothing",
    ),
    "edge extra": (
        edit_test(1, closure={"db": "sub/conftest.py::db", **TMP}),
        {"edges": Edges(total=5, matched=4, extra=1, unsourced=1)},
        "edge extra: sub/test_b.py::TestB::test_two → tmp_path: pytest nothing, we pytest:tmpdir::tmp_path",
    ),
    "exact items wrong": (
        edit_test(0, items=2),
        {"items": Items(total=5, exact=2, exact_wrong=1)},
        "items: test_a.py::test_one: pytest 3, we exactly 2",
    ),
    "a bound above": (
        edit_test(0, items=4, items_are="at_least"),
        {"items": Items(total=5, exact=2, at_least_violated=1)},
        "items bound: test_a.py::test_one: pytest 3, we at least 4",
    ),
    "false certain": (
        edit_fixture(1, unused="certain"),
        {"unused": Unused(used=1, certain=1, false_certain=1, undecided=1)},
        "unused false_certain: db sub/conftest.py:9: pytest used, we certain",
    ),
    "false certain of one behind an override": (
        only_an_override_reaches_it,
        {
            "functions": Functions(matched=2, uncollected=2),
            "edges": Edges(total=2, matched=2),
            "items": Items(total=4, exact=4),
            "unused": Unused(used=1, certain=1, false_certain=1, undecided=1),
            "other_items": {},
            "unsourced": {},
        },
        "unused false_certain: db conftest.py:5: pytest used, we certain",
    ),
    "false possible": (
        edit_fixture(1, unused="possible"),
        {"unused": Unused(used=1, certain=1, false_possible=1, undecided=1)},
        "unused false_possible: db sub/conftest.py:9: pytest used, we possible",
    ),
    "unused missed": (
        edit_fixture(3, unused=None),
        {"unused": Unused(used=2, missed=1, undecided=1)},
        "unused missed: idle conftest.py:30: pytest unused, we used",
    ),
    "fixture unlisted": (
        drop("fixtures", 3),
        {"unused": Unused(used=2, unlisted=1, undecided=1)},
        "fixture unlisted: idle conftest.py:30: pytest registers it, we nothing",
    ),
    "fixture that pytest never saw, called used": (
        add("fixtures", fixture("x.py::ghost", "ghost", "x.py", 1)),
        {"unused": Unused(used=2, certain=1, missed=1, undecided=1)},
        "unused missed: ghost x.py:1: pytest unused, we used",
    ),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_difference_is_seen(name: str) -> None:
    change, expected, example = DIFFERENCES[name]
    dump, document = copy.deepcopy(DUMP), copy.deepcopy(DOCUMENT)
    change(dump, document)
    found = compared(dump, document)
    shown = [str(example) for example in found.examples]
    assert replace(found, examples=()) == replace(AGREED, **expected)  # type: ignore[arg-type]
    assert example in shown
    assert not found.agrees


def test_what_only_getfixturevalue_reaches_is_undecided() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["fixtures"][3].update(unused=None, usage_dynamic=2)
    found = compared(document=document)
    assert found.unused == Unused(used=2, undecided=2)
    assert found.agrees


def test_a_lower_bound_and_a_hedge_are_no_contradiction_but_are_shown() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["tests"][0].update(items=1, items_are="at_least")
    document["fixtures"][3].update(unused="possible")
    found = compared(document=document)
    assert found.items == Items(total=5, exact=2, at_least=1)
    assert found.unused == Unused(used=2, possible=1, undecided=1)
    assert [str(example) for example in found.examples] == [
        "items not exact: test_a.py::test_one: pytest 3, we at least 1",
        "unused possible: idle conftest.py:30: pytest unused, we possible",
    ]
    assert found.agrees


def test_an_unexpected_collection_error_is_no_agreement() -> None:
    found = compare.compare("drawn", readings.truth_from(DUMP), readings.claim_from(DOCUMENT))
    assert found == replace(AGREED, unexpected=1)
    assert not found.agrees


def test_a_definition_without_source_is_never_matched_nor_extra() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["tests"][2]["closure"]["made"] = "conftest.py::idle"
    assert compared(document=document).edges == Edges(total=5, matched=4, unsourced=1)


def test_items_with_different_closures_are_counted_and_the_likest_is_taken() -> None:
    dump = copy.deepcopy(DUMP)
    dump["functions"][0]["variants"] = [variant(1, {"db": 1}), variant(2, {"db": 0, "tmp_path": 2})]
    found = compared(dump)
    assert found == replace(AGREED, functions=Functions(matched=3, varying=1, uncollected=2))


def test_examples_are_bounded_by_kind() -> None:
    dump = copy.deepcopy(DUMP)
    dump["functions"] += [function(f"test_a.py::test_{number}", 60, variant(1, {})) for number in range(25)]
    found = compared(dump)
    assert found.functions.missing == 25
    assert len(found.examples) == compare.EXAMPLES_PER_KIND == 10


def test_a_collector_that_failed_does_not_hide_a_file_with_a_longer_name() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["tests"].append(case("test_broken.py2/test_x.py::test_x", 1, 1, {}))
    assert compared(document=document).functions == Functions(matched=3, extra=1, uncollected=2)


def test_absolute_paths_are_the_same_file_by_whichever_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "tmpdir.py").touch()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    dump, document = copy.deepcopy(DUMP), copy.deepcopy(DOCUMENT)
    dump["definitions"][2]["file"] = str(tmp_path / "real" / "tmpdir.py")
    document["fixtures"][2]["path"] = str(tmp_path / "link" / "tmpdir.py")
    assert compared(dump, document) == AGREED


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _, document: document.pop("tests"), "the document lacks 'tests'"),
        (lambda _, document: document["tests"][0].pop("items_are"), "the document lacks 'items_are'"),
        (edit_test(0, items_are="about"), "test test_a.py::test_one: items_are is 'about'"),
        (edit_fixture(0, unused="maybe"), "fixture conftest.py::db: unused is 'maybe'"),
        (add("fixtures", DOCUMENT["fixtures"][0]), "the document has a fixture id twice"),
    ],
)
def test_a_document_of_another_shape_is_refused(change: Callable[[Json, Json], None], message: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    change({}, document)
    with pytest.raises(readings.ReadingError) as caught:
        readings.claim_from(document)
    assert str(caught.value) == message


def test_an_older_dump_and_a_file_that_is_no_json_are_refused(tmp_path: Path) -> None:
    dump = tmp_path / "dump.json"
    dump.write_text(json.dumps({**DUMP, "format": 0}), encoding="utf-8")
    with pytest.raises(readings.ReadingError, match="not a dump of format 1: format is 0"):
        readings.read_truth(dump)
    dump.write_text("{", encoding="utf-8")
    with pytest.raises(readings.ReadingError, match=r"dump\.json: Expecting"):
        readings.read_claim(dump)


def test_the_table_names_everything_it_leaves_out() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["tests"][0].update(items=2)
    rows = [AGREED, compared(document=document), compare.failure("absent", "no network")]
    assert [row.agrees for row in rows] == [True, False, False]
    assert compare.render_table(rows) == (
        "suite   functions  edges  matched  mismatched  missing  extra  exact items  wrong items  unused  unused wrong"
        "  uncollected  unsourced  other items  errors\n"
        "------  ---------  -----  -------  ----------  -------  -----  -----------  -----------  ------  ------------"
        "  -----------  ---------  -----------  ------\n"
        "drawn           3      5        4           0        0      0      100.0 %            0     1+0             0"
        "            2          1            2       1\n"
        "drawn           3      5        4           0        0      0       40.0 %            1     1+0             0"
        "            2          1            2       1\n"
        "absent          -      -        -           -        -      -            -            -       -             -"
        "            -          -            -       1\n"
        "drawn: made at run time by m, no source to read: 1 edges to made\n"
        "drawn: not a Python test function: 2 items of DoctestItem\n"
        "drawn: made at run time by m, no source to read: 1 edges to made\n"
        "drawn: not a Python test function: 2 items of DoctestItem\n"
    )


def test_a_share_is_never_rounded_up_to_all() -> None:
    nearly = replace(AGREED, items=Items(total=100_000, exact=99_999))
    assert " 99.9 %" in compare.render_table([nearly])


def test_examples_are_rendered_a_line_each_after_the_errors() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["tests"][0].update(items=2)
    assert compare.render_examples(compared(document=document)) == (
        "drawn: test_broken.py: E   ImportError: no x\ndrawn: items: test_a.py::test_one: pytest 3, we exactly 2\n"
    )
