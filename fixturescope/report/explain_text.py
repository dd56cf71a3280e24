"""What ``fixturescope explain`` says, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fixturescope.model import Advice, Trial
from fixturescope.report import Options
from fixturescope.report.explain import Branch, Cost, FixtureExplained, TestExplained
from fixturescope.report.tables import as_text, counted, make_table
from fixturescope.text import printable
from fixturescope.units import show_bytes, show_seconds


def render_explained(explained: TestExplained | FixtureExplained, options: Options) -> str:
    """Return it as text."""
    body = _test(explained) if isinstance(explained, TestExplained) else _fixture(explained)
    return as_text(body, options)


# ------------------------------------------------------------------------------------------------------------------ test


def _test(test: TestExplained) -> RenderableType:
    about = f"{counted(test.items, 'item')}, {counted(test.fixtures, 'fixture')}"
    table = make_table("sets up", "scope", ("first", "right"), ("again", "right"), "shared with", "because of", "where")
    for depth, branch in _walk(test.tree, 0):
        cost = branch.cost
        table.add_row(
            Text(f"{'  ' * depth}{printable(branch.name)}", "dim" if branch.again else "bold"),
            branch.scope,
            "(above)" if branch.again else _seconds(cost, first=True),
            "" if branch.again else _seconds(cost, first=False),
            counted(branch.others, "item") if branch.others else "nobody",
            branch.via,
            Text(printable(branch.where), "dim"),
        )
    return Group(
        Text.assemble((printable(test.id), "bold"), "  ", (printable(test.where), "dim"), f"  {about}"),
        *_sums(test),
        Text(),
        Padding(table, (0, 0, 0, 2), expand=False),
    )


def _walk(branches: tuple[Branch, ...], depth: int) -> Iterator[tuple[int, Branch]]:
    for branch in branches:
        yield depth, branch
        yield from _walk(branch.needs, depth + 1)


def _sums(test: TestExplained) -> Iterator[Text]:
    if test.alone_s is None or test.own_s is None or test.shared_s is None:
        yield Text("  nothing was measured; fixturescope measure says what it waits for", "dim")
        return
    yield Text(f"  run by itself it waits {show_seconds(test.alone_s)} for its fixtures")
    yield Text(
        f"  in a full run it alone causes {show_seconds(test.own_s)}; "
        f"{show_seconds(test.shared_s)} are set up for others, too"
    )
    if test.unmeasured:
        names = ", ".join(map(printable, test.unmeasured))
        yield Text(f"  not measured, and so not in these figures: {names}", "yellow")


def _seconds(cost: Cost | None, *, first: bool) -> str:
    return "?" if cost is None else show_seconds(cost.first_s if first else cost.warm_s)


# --------------------------------------------------------------------------------------------------------------- fixture


def _fixture(explained: FixtureExplained) -> RenderableType:
    one = explained.fixture
    autouse = ", autouse" if one.autouse else ""
    made = f", made at {printable(one.made_at)}" if one.made_at else ""
    parts: list[RenderableType] = [
        Text.assemble((printable(one.name), "bold"), "  ", (printable(explained.where), "dim")),
        Text(f"  {one.scope} scope{autouse}, {one.origin}{made}; id {printable(one.id)}", "dim"),
    ]
    parts += [Text(f"  {printable(one.doc)}")] if one.doc else []
    parts += [Text(f"  hides {printable(hidden)}", "dim") for hidden in explained.hides]
    parts += [Text(), *_users(explained), Text(), *_costs(explained)]
    if explained.advice:
        parts += [Text(), Text("Advice", "bold")]
        parts += [_advice(number, advice, trial) for number, advice, trial in explained.advice]
    return Group(*parts)


def _users(explained: FixtureExplained) -> Iterator[RenderableType]:
    one, users = explained.fixture, explained.users
    if not one.usage:
        yield Text("Nobody uses it", "bold")
        yield Text(f"  {printable(explained.why_unused)}")
        return
    yield Text(f"Used by {counted(one.usage, 'item')}, set up {counted(one.setups, 'time')} in a full run", "bold")
    yield Text(f"  {counted(users.directly, 'test function')} ask for it themselves")
    for id_, tests in users.through:
        yield Text(f"  {counted(tests, 'test function')} through {printable(id_)}")
    for path, items in users.by_module:
        yield Text(f"    {printable(path)}: {items}", "dim")
    more = users.modules - len(users.by_module)
    if more > 0:
        yield Text(f"    … and {counted(more, 'more module')}", "dim")


def _costs(explained: FixtureExplained) -> Iterator[RenderableType]:
    yield Text("Cost", "bold")
    failed = [one for one in explained.measurements if one.status != "ok"]
    for one in failed:
        yield Text(f"  {one.status}: {printable((one.reason or '').partition(chr(10))[0])}", "yellow")
    if explained.cost is None:
        yield Text("  not measured", "dim")
        return
    table = _cost_table(explained)
    yield Padding(table, (0, 0, 0, 2), expand=False)
    for lens, best, worst, of in explained.places:
        place = f"{best}" if best == worst else f"{best} to {worst}"
        yield Text(f"  {lens}: place {place} of {of}", "dim")


def _cost_table(explained: FixtureExplained) -> Table:
    table = make_table("set-up and teardown of", "scope", ("first", "right"), ("again", "right"), ("peak", "right"))
    needs = [(f"  needs {one.name}", one.scope, one.cost) for one in explained.needs]
    for name, scope, cost in [("itself", explained.fixture.scope, explained.cost), *needs]:
        memory = show_bytes(cost.memory.own) if cost and cost.memory else "?"
        table.add_row(printable(name), scope, _seconds(cost, first=True), _seconds(cost, first=False), memory)
    return table


def _advice(number: int, advice: Advice, trial: Trial | None) -> Text:
    saves = "" if advice.saves_s is None else f", saves {show_seconds(advice.saves_s.likely)} a run"
    tried = "" if trial is None else f", tried: {trial.verdict}"
    return Text(f"  {number}. {printable(advice.title)} ({advice.safety}{saves}{tried})")
