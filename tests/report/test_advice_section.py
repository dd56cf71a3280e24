"""The section of the report for a terminal that says what to change first, word for word."""

from __future__ import annotations

from typing import Any

import pytest

from fixturescope.document import Document, from_graph
from fixturescope.model import Advice, Change, Evidence, Range, Trial
from fixturescope.report import Options, advice_section, terminal
from fixturescope.report.tables import as_text
from tests import samples


def advice(number: int, **fields: Any) -> Advice:
    defaults: dict[str, Any] = {
        "id": f"widen-scope:conftest.py::cart{number}",
        "kind": "widen-scope",
        "fixtures": (f"conftest.py::cart{number}",),
        "title": f"Widen cart{number}",
        "safety": "likely",
        "evidence": (Evidence(text="it is slow"), Evidence(text="all may share it", path="conftest.py", line=3)),
        "against": (Evidence(text="a test changes it", path="test_a.py"),),
        "saves_s": Range(low=1.0, likely=1.25, high=2.0),
    }
    return Advice(**{**defaults, **fields})


def shown(document: Document, **options: Any) -> str:
    return as_text(advice_section.section(document, Options(**options)), Options(**options))


@pytest.fixture
def document() -> Document:
    return from_graph(samples.shop())


def test_the_section(document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    found = (
        advice(1),
        advice(
            2, safety="possible", saves_s=None, saves_bytes=Range(low=1024, likely=1024, high=1024), effort="design"
        ),
        advice(3, safety="unlikely", saves_s=None, effort="function"),
        *(advice(number) for number in range(4, 8)),
    )
    monkeypatch.setattr(advice_section, "advise", lambda document: found)
    assert shown(document).splitlines() == [
        "What to change first (7)",
        "   1  Widen cart1",
        "      saves 1.25 s (1.00 s to 2.00 s); likely safe; a line or two, by hand",
        "   2  Widen cart2",
        "      saves 1.00 KiB; may be safe; a new design, by hand",
        "   3  Widen cart3",
        "      unlikely to be safe; a function and its users, by hand",
        "   4  Widen cart4",
        "      saves 1.25 s (1.00 s to 2.00 s); likely safe; a line or two, by hand",
        "   5  Widen cart5",
        "      saves 1.25 s (1.00 s to 2.00 s); likely safe; a line or two, by hand",
        "  … and 2 more; --wide shows all",
    ]
    assert len(shown(document, wide=True).splitlines()) == 15
    assert shown(document, verbose=True).splitlines()[2:6] == [
        "      saves 1.25 s (1.00 s to 2.00 s); likely safe; a line or two, by hand",
        "        because it is slow",
        "        because conftest.py:3: all may share it",
        "        but test_a.py: a test changes it",
    ]


def test_a_trial_speaks_louder_than_reading(document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    change = Change(op="scope", fixture="conftest.py::cart1", to="module")
    trial = Trial(changes=(change,), advice=advice(1).id, verdict="refuted", reason="test_a failed in reversed order")
    monkeypatch.setattr(advice_section, "advise", lambda document: (advice(1), advice(2)))
    tried = from_graph(samples.shop().with_trials([trial]))
    assert shown(tried).splitlines()[1:4] == [
        "   1  Widen cart1",
        "      saves 1.25 s (1.00 s to 2.00 s); refuted by a trial; a line or two",
        "        tried: test_a failed in reversed order",
    ]


def test_where_nothing_is_worth_it(document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advice_section, "advise", lambda document: ())
    assert shown(document).splitlines() == ["What to change first (0)", "  nothing that is worth it"]


def test_hostile_names_do_no_harm(document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = samples.HOSTILE
    found = advice(1, title=bad, evidence=(Evidence(text=bad, path=bad, line=1),), against=(Evidence(text=bad),))
    monkeypatch.setattr(advice_section, "advise", lambda document: (found,))
    text = shown(document, verbose=True)
    assert all(line.isprintable() for line in text.splitlines())
    assert "\x1b" not in text


def test_it_stands_in_the_report_where_bodies_were_read() -> None:
    from fixturescope.model import Reading

    plain = samples.shop()
    read = plain.with_readings([Reading(fixture="conftest.py::cart", digest="")])
    assert "What to change first" not in terminal.render(from_graph(plain), Options())
    assert "What to change first" in terminal.render(from_graph(read), Options())
