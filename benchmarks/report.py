"""The HTML report of a suite with thousands of fixtures: how large it is, and how quick in a browser without a network.

    python -m benchmarks.report [--fixtures N] [--axe axe.min.js] [--shots FOLDER]

The browser is Chromium, driven by playwright (``pip install playwright``; no browser is downloaded). Without them, only the
size and the time to write the page are shown. With ``axe.min.js`` of the npm package axe-core, its findings are, too.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fixturescope.document import Document, from_graph
from fixturescope.graph import Edge, FixtureGraph
from fixturescope.model import (
    SCOPES,
    AllocationSite,
    AnalysisInfo,
    Bytes,
    Duration,
    Fixture,
    ImportedModule,
    Measurement,
    Memory,
    Request,
    Samples,
    Startup,
    StartupStep,
    Test,
)
from fixturescope.report import render
from fixturescope.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDTHS = (390, 900, 1440)
"""Of a telephone, of half a screen, of a screen."""

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

SORT = """
async (column) => {
  const heads = [...document.querySelectorAll("#table thead button")];
  const began = performance.now();
  (heads.find((one) => one.textContent === column) || heads[0]).click();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - began;
}
"""

FIND = """
async (words) => {
  const box = document.querySelector("#table input");
  const began = performance.now();
  box.value = words;
  box.dispatchEvent(new Event("input"));
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - began;
}
"""

OPEN = """
async (at) => {
  const began = performance.now();
  location.hash = address(at % fixtures.length);
  await new Promise((done) => addEventListener("hashchange", () => requestAnimationFrame(() => setTimeout(done)), {once: true}));
  return performance.now() - began;
}
"""


def make_document(count: int, *, seed: int = 6) -> Document:
    """Return the document of a measured suite with so many fixtures, and four tests to each: the same one for one seed."""
    chance = random.Random(seed)
    files = [
        f"tests/{area}/{kind}/conftest.py"
        for area in ("api", "core", "db", "ui", "tools", "plugins")
        for kind in ("unit", "slow", "end_to_end")
    ]
    fixtures, measurements, edges = [], [], []
    for at in range(count):
        path = files[at % len(files)] if at % 9 else "conftest.py"
        name = f"{chance.choice(_NOUNS)}_{chance.choice(_NOUNS)}_{at}"
        scope = chance.choices(SCOPES, (60, 8, 15, 2, 15))[0]
        usage = 0 if at % 11 == 10 else 1 + int(chance.paretovariate(0.9)) % 900
        setups = (
            usage if scope == "function" else min(usage, chance.randint(1, 12)) if scope != "session" else min(usage, 1)
        )
        id_ = f"{path}::{name}"
        fixtures.append(
            Fixture(
                id=id_,
                name=name,
                function=name,
                path=path,
                line=10 + at,
                scope=scope,
                visible_from="directory",
                visible_in=path.rpartition("/")[0],
                origin="static",
                autouse=at % 40 == 0,
                category=chance.choice(("data", "server", "mock", "environment patch", "temporary files", "other")),
                doc=f"The {name.replace('_', ' ')} that tests of this folder share.",
                usage=usage,
                setups=setups,
                unused=None if usage else "certain",
                has_teardown=at % 3 == 0,
            )
        )
        measurements.append(_measurement(id_, name, at, chance))
        edges += [
            Edge(source=id_, target=other.id, name=other.name, tests=usage)
            for other in chance.sample(fixtures, min(len(fixtures), chance.choice((0, 1, 1, 2))))
            if other.id != id_
        ]
    tests = _tests(fixtures, count * 4, chance)
    graph = FixtureGraph(
        fixtures=fixtures,
        tests=tests,
        edges=edges,
        diagnostics=(),
        reasons={one.id: "none of the tests that could see it asks for it" for one in fixtures if one.unused},
        info=AnalysisInfo(
            rootdir="/home/ada/large",
            python="/home/ada/large/.venv/bin/python",
            python_version="3.13.0",
            pytest_version="9.0.0",
            chosen_by=".venv",
            files=len(files) + 400,
            settings=Settings().to_builtins(),
        ),
    )
    return from_graph(graph.annotated(measurements, measured=("made by a benchmark",), startup=_startup(chance)))


_NOUNS = (
    "client",
    "user",
    "order",
    "session",
    "engine",
    "queue",
    "token",
    "model",
    "schema",
    "cache",
    "clock",
    "worker",
)


def _measurement(id_: str, name: str, at: int, chance: random.Random) -> Measurement:
    if at % 37 == 36:
        return Measurement(fixture=id_, status="error", reason=f"ConnectionError: {name} cannot be reached\n{id_}:12")
    warm = 10 ** chance.uniform(-5, -0.5)
    size = int(10 ** chance.uniform(3, 8))
    stack = tuple(f"src/large/{chance.choice(_NOUNS)}.py:{chance.randint(1, 900)} load" for _ in range(6))
    return Measurement(
        fixture=id_,
        status="ok",
        carrier=f"tests/test_{at % 400}.py::test_{at}",
        isolation="fork",
        setup_s=_duration(warm, chance),
        teardown_s=_duration(warm / 7, chance),
        memory=Memory(
            peak=Bytes(own=size, cumulative=size * 2),
            retained=Bytes(own=size // 3, cumulative=size // 2),
            leaked=Bytes(own=size // 50, cumulative=size // 50),
            leaked_again=Bytes(own=0, cumulative=0),
            allocations=at,
            top=(
                AllocationSite(size=size // 2, allocations=at, stack=stack),
                AllocationSite(size=size // 4, allocations=at, stack=stack[1:]),
            ),
        ),
        rss_peak=size,
    )


def _duration(warm: float, chance: random.Random) -> Duration:
    samples = tuple(warm * chance.lognormvariate(0, 0.08) for _ in range(12))
    own = Samples(median=sorted(samples)[6], spread=0.1, samples=samples)
    cold = warm * chance.uniform(1, 6)
    return Duration(cold=cold, cold_cumulative=cold * 2, own=own, cumulative=Samples(median=warm * 2, spread=0.1))


def _tests(fixtures: list[Fixture], count: int, chance: random.Random) -> list[Test]:
    used = [one for one in fixtures if one.usage]
    found = []
    for at in range(count):
        asked = {one.name: one.id for one in chance.sample(used, chance.randint(1, 6))}
        found.append(
            Test(
                id=f"tests/test_{at % 400}.py::test_{at}",
                path=f"tests/test_{at % 400}.py",
                line=at,
                name=f"test_{at}",
                closure=asked,
                requests=tuple(Request(name=name, via="argument", line=at) for name in asked),
            )
        )
    return found


def _startup(chance: random.Random) -> Startup:
    names = ("python", "pytest", "plugins", "conftests", "modules")
    return Startup(
        steps=tuple(StartupStep(name=name, wall_s=0.1 + 0.7 * at) for at, name in enumerate(names)),
        imports=tuple(
            ImportedModule(name=f"package_{at}", self_s=chance.random() / 9, cumulative_s=chance.random())
            for at in range(300)
        ),
        artifacts={"flame graph": "imports.html"},
    )


# -------------------------------------------------------------------------------------------------------------- browser


@dataclass(frozen=True)
class Seen:
    """What a browser made of the page."""

    first_paint_ms: float
    ready_ms: float
    sort_ms: tuple[float, ...]
    find_ms: tuple[float, ...]
    open_ms: tuple[float, ...]
    said: tuple[str, ...]
    """Errors and warnings of the console."""
    asked_for: tuple[str, ...]
    """Whatever it asked for but the page itself."""
    too_wide: dict[int, int]
    """Width of the window → pixels by which the page is wider."""


def look(browser: Browser, path: Path, shots: Path | None) -> Seen:
    """Open the page without a network, and use it."""
    said: list[str] = []
    asked_for: list[str] = []
    too_wide: dict[int, int] = {}
    page = _open(browser, path, 1440, "light", said, asked_for)
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    ready = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    sorts = tuple(page.evaluate(SORT, column) for column in ("fixture", "set-ups", "peak", "where", "full run"))
    finds = tuple(page.evaluate(FIND, words) for words in ("c", "client", "tests/db order", ""))
    opens = tuple(page.evaluate(OPEN, at) for at in (1, 100, 2000))
    page.context.close()
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            page = _open(browser, path, width, scheme, said, asked_for)
            too_wide[width] = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if shots is not None:
                page.screenshot(path=shots / f"{path.stem}-{width}-{scheme}.png", full_page=True)
            page.context.close()
    return Seen(paint, ready, sorts, finds, opens, tuple(said), tuple(asked_for), too_wide)


def audit(browser: Browser, path: Path, axe: Path) -> dict[str, list[dict[str, Any]]]:
    """Return what axe-core finds, by how the page is shown; with a fixture open, too."""
    found = {}
    for scheme in ("light", "dark"):
        for width in (390, 1440):
            page = _open(browser, path, width, scheme, [], [])
            for state in ("page", "fixture"):
                if state == "fixture":
                    page.evaluate(OPEN, 1)
                page.evaluate(axe.read_text("utf-8"))  # from outside: the page's own policy lets no other script in
                found[f"{state}, {width}, {scheme}"] = page.evaluate("async () => (await axe.run()).violations")
            page.context.close()
    return found


def _open(browser: Browser, path: Path, width: int, scheme: Any, said: list[str], asked_for: list[str]) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
    page = context.new_page()
    address = path.resolve().as_uri()
    page.on("console", lambda one: said.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda one: asked_for.append(one.url) if one.url not in (address, "data:,") else None)
    page.goto(address)
    page.wait_for_timeout(200)
    return page


def chromium() -> str | None:
    """Return where Chromium is; None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((found for name in names if (found := shutil.which(name))), None)


def main(arguments: list[str] | None = None) -> int:
    """Make the page, look at it, and print the figures."""
    parser = argparse.ArgumentParser(description="The HTML report of a large suite.")
    parser.add_argument("--fixtures", type=int, default=3000)
    parser.add_argument("--page", type=Path, help="look at this page instead")
    parser.add_argument("--axe", type=Path, help="axe.min.js of the npm package axe-core")
    parser.add_argument("--shots", type=Path, help="folder for pictures of the page")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        path = options.page or _written(options.fixtures, Path(folder))
        try:
            from playwright.sync_api import sync_playwright
        except ImportError:
            print("playwright is not installed: pip install playwright")
            return 1
        program = chromium()
        if program is None:
            print("there is no Chromium here")
            return 1
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=program, args=FLAGS)
            _print_seen(look(browser, path, options.shots))
            if options.axe:
                _print_audit(audit(browser, path, options.axe))
            browser.close()
    return 0


def _written(count: int, folder: Path) -> Path:
    document = make_document(count)
    began = time.perf_counter()
    text = render(document, "html")
    print(f"{count} fixtures: written in {time.perf_counter() - began:.2f} s, {len(text.encode()) / 1e6:.2f} MB")
    path = folder / "report.html"
    path.write_text(text, "utf-8")
    return path


def _print_seen(seen: Seen) -> None:
    print(f"first paint {seen.first_paint_ms:.0f} ms, everything drawn {seen.ready_ms:.0f} ms")
    for what, times in (("sorting", seen.sort_ms), ("finding", seen.find_ms), ("opening a fixture", seen.open_ms)):
        print(f"{what}: {', '.join(f'{one:.0f} ms' for one in times)}")
    print(f"console: {len(seen.said)} errors and warnings {json.dumps(seen.said[:5]) if seen.said else ''}")
    print(
        f"asked for besides the page: {len(seen.asked_for)} {json.dumps(seen.asked_for[:5]) if seen.asked_for else ''}"
    )
    print(f"wider than the window by: {', '.join(f'{over} px at {width}' for width, over in seen.too_wide.items())}")


def _print_audit(found: dict[str, list[dict[str, Any]]]) -> None:
    for where, violations in found.items():
        print(f"axe-core, {where}: {len(violations)} violations")
        for one in violations:
            print(f"  {one['impact']}: {one['id']}: {one['help']} ({len(one['nodes'])} times)")
            print(f"    {one['nodes'][0]['html'][:160]}")


if __name__ == "__main__":
    sys.exit(main())
