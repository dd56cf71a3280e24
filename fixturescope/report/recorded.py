"""The section of the report for a terminal that says what a run of the suite recorded, and how well it was predicted."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fixturescope.document import Document
from fixturescope.report import Options
from fixturescope.report.prediction import LEAST_S, Agreement, Prediction, predict
from fixturescope.report.tables import ROWS, heading, make_table
from fixturescope.text import printable
from fixturescope.units import show_seconds


def section(document: Document, options: Options) -> RenderableType:
    """Return what was recorded: its sum beside the predicted one and, where more is asked for, each fixture."""
    prediction = predict(document)
    head = heading("Recorded in a run of the suite", len({one.fixture for one in document.recorded}))
    table = [Padding(_table(prediction, options), (0, 0, 0, 2), expand=False)] if options.verbose else []
    return Group(head, *table, *_sums(document, prediction))


def _table(prediction: Prediction, options: Options) -> Table:
    made = make_table(
        "name",
        "scope",
        ("expected", "right"),
        ("set up", "right"),
        ("recorded", "right"),
        ("predicted", "right"),
        ("of it", "right"),
        "where",
    )
    for row in prediction.rows if options.wide else prediction.rows[:ROWS]:
        fixture = row.fixture
        made.add_row(
            Text(printable(fixture.name), "bold"),
            fixture.scope,
            str(fixture.setups),
            str(row.setups),
            show_seconds(row.recorded_s),
            show_seconds(row.predicted_s),
            f"{row.predicted_s / row.recorded_s:.0%}" if row.recorded_s else "?",
            Text(printable(f"{fixture.path}:{fixture.line}"), "dim"),
        )
    return made


def _sums(document: Document, prediction: Prediction) -> Iterator[Text]:
    total = sum(one.setup_s.own + one.teardown_s.own for one in document.recorded)
    yield Text(f"  {show_seconds(total)} in all set-ups and teardowns of that run")
    if not prediction.rows:
        return
    limit = f"{prediction.ranked} fixtures above {show_seconds(LEAST_S)}"
    yield Text(
        f"  measured by themselves: {show_seconds(prediction.predicted_s)} predicted for the"
        f" {show_seconds(prediction.recorded_s)} of those that were{_agreement(prediction.predicted, limit)}"
    )
    yield Text(
        f"  with the set-ups that there were: {show_seconds(prediction.replayed_s)}"
        f"{_agreement(prediction.replayed, limit)}"
    )
    if prediction.unmeasured:
        yield Text(
            f"  not measured by themselves: {len(prediction.unmeasured)},"
            f" {show_seconds(prediction.unmeasured_s)} of that run",
            "dim",
        )


def _agreement(agreement: Agreement, limit: str) -> str:
    ratio = "" if agreement.ratio is None else f", {agreement.ratio:.0%}"
    rank = "" if agreement.rank is None else f", rank correlation {agreement.rank:.3f} over {limit}"
    return f"{ratio}{rank}"
