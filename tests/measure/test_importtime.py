"""The interpreter's rows and our own clock, as one tree."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fixturescope.measure.importtime import PROBE, Timed, merge
from fixturescope.model import ImportedModule

ROOT = Path("/suite")
US = 1000

RECORDED = """\
import time: self [us] | cumulative | imported package
import time:       147 |        147 |   _io
import time:        23 |         23 |   marshal
import time:       277 |        277 |   posix
import time:       294 |        740 | _frozen_importlib_external
import time:       163 |        163 |   time
import time:       251 |        413 | zipimport
import time:       108 |        108 |     _codecs
import time:       537 |        645 |   codecs
import time:       822 |        822 |   encodings.aliases
import time:      1158 |       2625 | encodings
"""
"""CPython 3.11, the first lines of a start."""


def text(*rows: tuple[int, int, str]) -> str:
    """Rows of level, self microseconds and name; nobody reads the cumulative ones."""
    return "".join(f"import time: {self_us:9} | {self_us:10} | {'  ' * level}{name}\n" for level, self_us, name in rows)


def drawn(modules: tuple[ImportedModule, ...]) -> list[str]:
    """Each module with its microseconds, moved in under whoever imported it."""
    lines, above = [], []
    for one in modules:
        while above and above[-1] != one.imported_by:
            above.pop()
        assert bool(above) == (one.imported_by is not None)
        self_us, cumulative_us = round(one.self_s * 1e6), round(one.cumulative_s * 1e6)
        lines.append(f"{'  ' * len(above)}{one.name} {self_us}/{cumulative_us}")
        above.append(one.name)
    return lines


def test_recorded_rows() -> None:
    assert drawn(merge(RECORDED, (), ROOT)) == [
        "_frozen_importlib_external 294/741",  # _io, marshal and posix, each rounded up
        "  _io 147/147",
        "  marshal 23/23",
        "  posix 277/277",
        "zipimport 251/414",
        "  time 163/163",
        "encodings 1158/2625",
        "  codecs 537/645",
        "    _codecs 108/108",
        "  encodings.aliases 822/822",
    ]


@pytest.mark.parametrize(
    ("rows", "tree"),
    [
        ("", []),
        ("import time: self [us] | cumulative | imported package\n", []),
        ("no row\nimport time: x | 3 | a\n", []),
        (text((0, 1, "größe.日本"), (0, 2, "a b|c")), ["größe.日本 1/1", "a b|c 2/2"]),
        (text((0, 1, "<script>\x1b[31m\u2028\x1c")), ["<script>\x1b[31m\u2028\x1c 1/1"]),
        (text((0, 1, "(null)")), ["(null) 1/1"]),
        ("half a line of a module" + text((0, 7, "a")), ["a 7/7"]),
        (text((1, 1, "b"), (1, 2, "c"), (0, 4, "a")), ["a 4/7", "  b 1/1", "  c 2/2"]),
        (text((2, 1, "cut"), (1, 2, "off")), ["off 2/3", "  cut 1/1"]),
        (text((9, 1, "c"), (1, 2, "b"), (0, 4, "a")), ["a 4/7", "  b 2/3", "    c 1/1"]),
    ],
)
def test_rows(rows: str, tree: list[str]) -> None:
    assert drawn(merge(rows, (), ROOT)) == tree


@pytest.mark.parametrize(
    ("rows", "tree"),
    [
        # import a.b from m
        (
            text((2, 1, "a"), (1, 2, "a.b"), (0, 4, "m")),
            ["m 4/7", "  a 1/1", "  a.b 2/2"],
        ),
        # import a.b.c from m
        (
            text((3, 1, "a"), (2, 2, "a.b"), (1, 4, "a.b.c"), (0, 8, "m")),
            ["m 8/15", "  a 1/1", "  a.b 2/2", "  a.b.c 4/4"],
        ),
        # import a.b, and a itself has imported it, by way of x
        (
            text((3, 1, "a.b"), (2, 2, "x"), (1, 4, "a"), (0, 8, "a.b")),
            ["a 12/15", "  x 2/3", "    a.b 1/1"],
        ),
        # a imports its own a.b: nothing to take out
        (text((1, 1, "a.b"), (0, 2, "a")), ["a 2/3", "  a.b 1/1"]),
        # ab is no package of abc
        (text((1, 1, "ab"), (0, 2, "abc")), ["abc 2/3", "  ab 1/1"]),
    ],
)
def test_a_package_stands_beside_the_module_whose_import_brought_it(rows: str, tree: list[str]) -> None:
    assert drawn(merge(rows, (), ROOT)) == tree


TIMED = (
    Timed("conftest", 0, 100 * US, None, "/suite/conftest.py"),
    Timed("slow", 10 * US, 60 * US, 0),
    Timed("slow.deep", 20 * US, 30 * US, 1),
    Timed("brought", 60 * US, 80 * US, 0),
    Timed("a.b", 80 * US, 95 * US, 0),
    Timed("a", 81 * US, 90 * US, 4),
    Timed("test_it", 200 * US, 230 * US, None, "/suite/tests/test_it.py"),
    Timed("plugin", 300 * US, 301 * US, None, "/env/site-packages/plugin.py"),
    Timed("plugin.inside", 300 * US, 301 * US, 7, "/env/site-packages/plugin/inside.py"),
)
TIMED_TREE = [
    "conftest 15/100",
    "  slow 40/50",
    "    slow.deep 10/10",
    "  brought 20/20",
    "  a 9/9",
    "  a.b 6/6",
    "test_it 30/30",
    "plugin 0/1",
    "  plugin.inside 1/1",
]


def test_our_own_clock() -> None:
    modules = merge("", TIMED, ROOT)
    assert drawn(modules) == TIMED_TREE
    assert {one.name: one.path for one in modules if one.path} == {
        "conftest": "conftest.py",
        "test_it": "tests/test_it.py",
        "plugin": "/env/site-packages/plugin.py",
    }


def test_rows_count_until_our_plugin_is_there_and_what_it_needed_of_others_stays() -> None:
    rows = text(
        (0, 5, "site"),
        (2, 1, "fixturescope._version"),
        (3, 7, "re"),
        (2, 2, "typing"),
        (1, 3, "fixturescope"),
        (1, 4, "atexit"),
    ) + text((0, 6, PROBE), (0, 50, "slow"), (0, 9, "late"))
    assert sorted(drawn(merge(rows, TIMED, ROOT))) == sorted(
        ["site 5/5", "atexit 4/4", "typing 2/9", "  re 7/7", *TIMED_TREE]
    )


def test_selfs_sum_to_the_cumulative_of_the_roots() -> None:
    """Of any tree: what is moved or folded loses nothing."""
    seed = random.Random(5)
    timed: list[Timed] = []

    def grow(begin: int, end: int, parent: int | None, depth: int) -> None:
        while begin < end and len(timed) < 3000:
            stop = seed.randint(begin + 1, end)
            name = ".".join(seed.choice("ab") for _ in range(seed.randint(1, 3)))
            timed.append(Timed(name, begin, stop, parent))
            if depth:
                grow(begin, stop, len(timed) - 1, depth - 1)
            begin = seed.randint(stop, end)

    for _ in range(40):
        timed.clear()
        grow(0, 10**9, None, 6)
        modules = merge("", timed, ROOT)
        total = sum(one.cumulative_s for one in modules if one.imported_by is None)
        real = sum(one.end_ns - one.begin_ns for one in timed if one.parent is None) / 1e9
        assert sum(one.self_s for one in modules) == pytest.approx(total, abs=1e-9)
        assert total == pytest.approx(real, abs=1e-9)


def test_a_chain_of_any_depth() -> None:
    timed = [Timed(f"m{at}", at, 100_000 - at, at - 1 if at else None) for at in range(20_000)]
    assert len(merge(text(*((at, 1, f"r{at}") for at in reversed(range(2000)))), timed, ROOT)) == 22_000
