"""What a start costs, as the reports show it."""

from __future__ import annotations

import msgspec

from fixturescope.document import Document, from_graph
from fixturescope.model import Startup, StartupStep
from fixturescope.report import Options, render
from fixturescope.report.imports import StepRow, import_parents, view_startup
from fixturescope.report.view import make_view
from tests import samples
from tests.conftest import Golden


def document(startup: Startup) -> Document:
    return msgspec.structs.replace(from_graph(samples.graph()), startup=startup)


def section(startup: Startup, options: Options | None = None) -> str:
    text = render(document(startup), options=options)
    return text[text.index("\nStartup\n") + 1 :]


def test_whole_section(golden: Golden) -> None:
    golden(section(samples.startup()), "terminal_startup.txt")


def test_whole_section_with_details(golden: Golden) -> None:
    golden(section(samples.startup(), Options(wide=True, verbose=True)), "terminal_startup_verbose.txt")


def test_no_section_where_nothing_was_measured_or_the_summary_is_asked_for() -> None:
    assert "Startup" not in render(samples.shop())
    assert make_view(from_graph(samples.shop())).startup is None
    assert "Startup" not in render(document(samples.startup()), options=Options(quiet=True))


def test_nothing_known_but_why() -> None:
    assert section(Startup(reason="python: cannot be started")) == "Startup\n  python: cannot be started\n"


def test_hostile_names_are_spelled_out() -> None:
    text = section(samples.hostile_startup(), Options(wide=True, verbose=True))
    assert [one for one in text if not one.isprintable() and one != "\n"] == []
    assert r"\x1b[31m[red]ev\u202eil[/red]" in text


def test_the_slowest_ten_are_shown_and_the_rest_counted() -> None:
    imports = tuple(samples.imported(f"m{at:02}", 1.0, float(30 - at)) for at in range(13))
    lines = section(Startup(imports=imports)).splitlines()
    assert [line.split()[0] for line in lines[3:13]] == [f"m{at:02}" for at in range(10)]
    assert lines[13:] == ["  … and 3 more; --wide shows all"]
    assert len(section(Startup(imports=imports), Options(wide=True)).splitlines()) == 16


def test_a_step_adds_to_the_one_before_it() -> None:
    steps = (
        StartupStep(name="python", wall_s=1.0),
        StartupStep(name="plugins", wall_s=4.0),
        StartupStep(name="conftests", wall_s=3.5),
    )
    assert view_startup(Startup(steps=steps)).steps == (
        StepRow("python", 1.0, None),
        StepRow("plugins", 4.0, None),
        StepRow("conftests", 3.5, -0.5),
    )


def test_an_import_is_shown_where_one_package_enters_another() -> None:
    view = view_startup(samples.startup())
    assert [(row.name, row.importer) for row in view.entered] == [
        ("conftest.py", None),
        ("torch", "conftest.py"),
        ("numpy", "torch"),
        ("tests/conftest.py", None),
        ("shop", "tests/conftest.py"),
        ("pytest_mock", None),
        ("site", None),
        ("os", "site"),
        ("tests/test_cart.py", None),
    ]
    assert [row.name for row in view.modules[:3]] == ["torch.nn", "numpy.core", "torch"]
    assert len(view.modules) == 16


def test_a_parent_is_the_last_import_of_that_name() -> None:
    assert import_parents(samples.startup().imports) == (
        *(None, 0, None, 2, 3, 2, None),
        *(None, 7, 8, 8, 10, None, 12, 13, None),
    )
