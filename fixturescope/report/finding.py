"""What a report says first: the answer, in a sentence or two. All formats say it in the same words."""

from __future__ import annotations

from fixturescope.document import OWN_ORIGINS
from fixturescope.model import Effort, Safety
from fixturescope.report.view import View
from fixturescope.report.view.changes import TOP
from fixturescope.text import counted
from fixturescope.units import show_seconds

NAMED = 5
"""So many fixtures are named, at most."""


SAFETY: dict[Safety, str] = {"likely": "likely safe", "possible": "may be safe", "unlikely": "unlikely to be safe"}
"""How safe a change is."""

EFFORT: dict[Effort, str] = {
    "line": "a line or two",
    "function": "a function and its users",
    "design": "a new design",
}
"""What there is to do."""


def finding(view: View) -> tuple[str, tuple[str, ...]]:
    """Return the sentence, without its full stop, and the names that belong behind it."""
    if view.costs is None:
        return _of_source(view)
    rows = view.costs.rows
    if not view.costs.leading:
        return "no fixture that a full run sets up could be measured", ()
    number = min(view.costs.leading, NAMED)
    share = sum(row.share for row in rows[:number])
    first = f"{number} of {len(rows)} take" if number > 1 else f"1 of {len(rows)} takes"
    return (
        f"fixtures take {show_seconds(view.costs.run_s)} of a full run; {first} {percent(share)} of that",
        tuple(view.labels[row.id] for row in rows[:number]),
    )


def promise(view: View) -> str:
    """Return what the first changes save together, as a sentence without its full stop; empty where nothing is advised."""
    rows = [row for row in view.changes.rows if not row.is_refuted]
    if not rows:
        return ""
    if view.changes.top_s is None:
        return f"{counted(len(rows), 'change')} {'is' if len(rows) == 1 else 'are'} advised"
    number = sum(row.saves_s is not None and row.is_promised for row in rows[:TOP])
    of_all = f" of {len(rows)} that are advised" if number < len(rows) else ""
    saves = "saves" if number == 1 else "save"
    return f"{counted(number, 'change')}{of_all} {saves} about {show_seconds(view.changes.top_s.likely)}"


def percent(share: float) -> str:
    """Return a share; one that is not nothing is not rounded to nothing, and one that is not all of it not to 100 %."""
    if 0 < share < 0.01:
        return "< 1 %"
    return f"{99 if 0.99 < share < 1 else round(share * 100)} %"


def _of_source(view: View) -> tuple[str, tuple[str, ...]]:
    own = sum(1 for row in view.fixtures if row.origin in OWN_ORIGINS)
    at_least = "" if view.items_are == "exact" else "at least "
    certain = tuple(view.labels[row.id] for row in view.unused if row.certainty == "certain")
    unused = f"no test uses {len(certain)} of them" if certain else "each of them may be used"
    items = f"{at_least}{counted(view.items, 'test item')}"
    return f"{counted(own, 'fixture')} of this suite for {items}; {unused}", certain[:NAMED]
