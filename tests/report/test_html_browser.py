"""The page in a browser without a network; left out where playwright or Chromium are not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.report import FLAGS, chromium
from fixturescope.document import Document
from fixturescope.report import render
from tests import samples, samples_measured

sync_api = pytest.importorskip("playwright.sync_api", reason="drives the browser")
if chromium() is None:
    pytest.skip("there is no Chromium here", allow_module_level=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as play:
        started = play.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield started
        started.close()


class Visit:
    """One page that is open, and all that it complained of."""

    def __init__(self, browser: Any, path: Path, width: int = 1200) -> None:
        self.said: list[str] = []
        self.page = browser.new_context(viewport={"width": width, "height": 800}, offline=True).new_page()
        self.page.on("console", lambda one: self.said.append(one.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda one: (self.said.append(f"dialog: {one.message}"), one.dismiss()))
        self.page.goto(path.as_uri())

    def title(self) -> str | None:
        """Name of the fixture that is open."""
        found: str | None = self.page.evaluate("card.open ? document.getElementById('card-title').textContent : null")
        return found

    def names(self) -> list[str]:
        """The names in the table, from above."""
        found: list[str] = self.page.evaluate(
            "[...document.querySelectorAll('#table tbody .name')].map((one) => one.textContent)"
        )
        return found


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(
        "fixturescope.report.view.advise",
        lambda document: (
            samples_measured.hostile_advice() if document.rootdir == samples.HOSTILE else samples_measured.advice()
        ),
    )

    def write(document: Document) -> Path:
        path = tmp_path / "page.html"
        path.write_text(render(document, "html"), "utf-8")
        return path

    return write


def test_hostile_names_do_no_harm(browser: Any, written: Any) -> None:
    visit = Visit(browser, written(samples_measured.hostile()), width=390)
    for at in range(len(samples_measured.hostile().fixtures)):
        visit.page.evaluate(f"location.hash = address({at})")
        visit.page.wait_for_function(
            f"card.open && document.getElementById('card-title').textContent === fixtures[{at}].name"
        )
    assert visit.said == []
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_one_walks_from_fixture_to_fixture_and_back(browser: Any, written: Any) -> None:
    path = written(samples_measured.shop())
    visit = Visit(browser, path)
    visit.page.click("#table tbody .name >> text=cart")
    visit.page.wait_for_function("card.open")
    assert visit.title() == "cart"
    visit.page.click("#card .net text >> text=prices")
    visit.page.wait_for_function("document.getElementById('card-title').textContent === 'prices'")
    visit.page.evaluate("history.back()")
    visit.page.wait_for_function("document.getElementById('card-title').textContent === 'cart'")
    visit.page.keyboard.press("Escape")
    visit.page.wait_for_function("!card.open && !location.hash")
    assert visit.said == []


def test_a_deep_link_opens_its_fixture(browser: Any, written: Any) -> None:
    path = written(samples_measured.shop())
    visit = Visit(browser, path)
    visit.page.goto(f"{path.as_uri()}#fixture=conftest.py%3A%3Aprices")
    visit.page.reload()
    assert visit.title() == "prices"
    visit.page.goto(f"{path.as_uri()}#fixture=%E0%A4%A")
    visit.page.reload()
    assert visit.title() is None
    assert visit.said == []


def test_the_table_sorts_and_filters(browser: Any, written: Any) -> None:
    visit = Visit(browser, written(samples_measured.shop()))
    assert visit.names()[:3] == ["cart", "prices", "no_proxy"]
    visit.page.click("#table thead >> text=peak")
    assert visit.names()[:3] == ["prices", "cart", "no_proxy"]
    visit.page.click("#table thead >> text=fixture")
    assert visit.names() == sorted(visit.names())
    assert visit.page.get_attribute("#table thead th", "aria-sort") == "ascending"
    visit.page.fill("#table input", "conftest pri")
    assert visit.names() == ["prices", "printer"]
    visit.page.select_option("#table select >> nth=1", "unused")
    assert visit.names() == ["printer"]
    assert visit.page.text_content("#table [role=status]") == "1 of 8 fixtures"
    visit.page.click(".heat td[data-scope=session] button")
    assert visit.names() == ["prices"]
    assert visit.said == []


def test_the_icicle_is_walked_with_the_keyboard(browser: Any, written: Any) -> None:
    visit = Visit(browser, written(samples_measured.shop()))
    focused = "document.activeElement.textContent.replace(/ [^ ]+ [^ ]+$/, '')"
    visit.page.evaluate("icicle.boxes.get(0).focus()")
    visit.page.keyboard.press("ArrowDown")
    assert visit.page.evaluate(focused) == "conftest.py"
    visit.page.keyboard.press("ArrowDown")
    visit.page.keyboard.press("ArrowRight")
    assert visit.page.evaluate(focused) == "prices"
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_function("card.open")
    assert visit.title() == "prices"
    assert visit.said == []


def test_it_prints(browser: Any, written: Any) -> None:
    visit = Visit(browser, written(samples_measured.shop()))
    assert visit.page.pdf().startswith(b"%PDF")
    assert visit.said == []
