"""A measured suite made by hand, with one of everything that a report can show of costs, advice and trials."""

from __future__ import annotations

from typing import Any

import msgspec

from fixturescope.document import Document, from_graph
from fixturescope.graph import Edge
from fixturescope.model import (
    Advice,
    AllocationSite,
    Bytes,
    Change,
    Differing,
    Duration,
    Evidence,
    GpuMemory,
    Measurement,
    Memory,
    Range,
    Reading,
    Recorded,
    Request,
    Samples,
    Total,
    Trial,
)
from tests import samples
from tests.samples import HOSTILE, fixture, test

MIB = 1 << 20

READINGS = (Reading(fixture="conftest.py::prices", digest="0"),)
"""Bodies were read, so that there is advice."""


def duration(cold: float, warm: float, *, needs: float = 0.0, spread: float = 0.1) -> Duration:
    """Seconds of one fixture whose warm samples lie ``spread`` around the median."""
    taken = tuple(warm * (1 + spread * step) for step in (-1.0, -0.5, 0.0, 0.5, 1.0))
    own = Samples(median=warm, spread=spread, samples=taken)
    return Duration(
        cold=cold, cold_cumulative=cold + needs, own=own, cumulative=Samples(median=warm + needs, spread=spread)
    )


def measurement(name: str, cold: float, warm: float, **fields: Any) -> Measurement:
    """A measurement of ``conftest.py::name``."""
    size = fields.pop("size", MIB)
    needs = fields.pop("needs", 0.0)
    leaks = fields.pop("leaks", 0)
    defaults: dict[str, Any] = {
        "fixture": f"conftest.py::{name}",
        "status": "ok",
        "carrier": "tests/test_shop.py::test_empty",
        "isolation": "fork",
        "setup_s": duration(cold, warm, needs=needs),
        "teardown_s": duration(cold / 10, warm / 10),
        "memory": Memory(
            peak=Bytes(own=size, cumulative=size * 2),
            retained=Bytes(own=size // 2, cumulative=size),
            leaked=Bytes(own=leaks, cumulative=leaks),
            leaked_again=Bytes(own=leaks, cumulative=leaks),
            allocations=12,
            top=(
                AllocationSite(
                    size=size // 2, allocations=3, stack=("shop/prices.py:12 load", f"conftest.py:8 {name}")
                ),
            ),
        ),
        "rss_peak": size * 2,
        "gpu_reason": "no GPU library is loaded",
    }
    return Measurement(**{**defaults, **fields})


def advice() -> tuple[Advice, ...]:
    """One that is proven, one that is refuted, one that nobody tried."""
    return (
        Advice(
            id="widen-scope:conftest.py::cart",
            kind="widen-scope",
            fixtures=("conftest.py::cart",),
            title="Make cart module-scoped: 21 of its 24 set-ups go",
            safety="likely",
            evidence=(
                Evidence(text="24 set-ups of 51.0 ms"),
                Evidence(text="no test changes its value", path="tests/test_shop.py", line=4),
            ),
            against=(Evidence(text="it asks for nothing that is narrower"),),
            saves_s=Range(low=1.0, likely=1.1, high=1.2),
            changes=(Change(op="scope", fixture="conftest.py::cart", to="module"),),
        ),
        Advice(
            id="drop-autouse:conftest.py::no_proxy",
            kind="drop-autouse",
            fixtures=("conftest.py::no_proxy",),
            title="Drop autouse of no_proxy",
            safety="possible",
            evidence=(Evidence(text="only 2 of 9 items read what it changes"),),
            saves_s=Range(low=0.01, likely=0.02, high=0.03),
            saves_bytes=Range(low=0.0, likely=float(MIB), high=2.0 * MIB),
            effort="function",
        ),
        Advice(
            id="delete:conftest.py::printer",
            kind="delete",
            fixtures=("conftest.py::printer", "conftest.py::receipt"),
            title="Delete printer and receipt, which no test uses",
            safety="likely",
            evidence=(Evidence(text="no test asks for it", path="conftest.py", line=40),),
        ),
    )


def trials() -> tuple[Trial, ...]:
    return (
        Trial(
            changes=advice()[0].changes,
            advice=advice()[0].id,
            verdict="proven",
            reason="8 items ended as before in all orders",
            tests=8,
            saved_s=Range(low=0.9, likely=1.05, high=1.1),
        ),
        Trial(
            changes=(Change(op="drop_autouse", fixture="conftest.py::no_proxy"),),
            advice=advice()[1].id,
            verdict="refuted",
            reason="1 of 9 items ended otherwise",
            tests=9,
            differing=(
                Differing(
                    test="tests/test_shop.py::test_empty",
                    order="reversed",
                    before="passed",
                    after="failed",
                    reason="AssertionError: HTTP_PROXY is set",
                ),
            ),
        ),
    )


def shop() -> Document:
    """The shop of ``samples``, measured, with a prepared recording, edges, trials and a start."""
    graph = samples.shop().annotated(
        (
            measurement("prices", 0.9, 0.2, size=40 * MIB, leaks=MIB),
            measurement("cart", 0.08, 0.05, param="empty", needs=0.2),
            measurement("cart", 0.08, 0.05, param="full", needs=0.2),
            measurement("cart", 0.08, 0.06, param="huge", needs=0.2, size=4 * MIB),
            measurement(
                "no_proxy",
                0.002,
                0.001,
                gpu=(GpuMemory(device="torch:cuda:0", allocated=3 * MIB, peak=5 * MIB),),
                modules_imported=("torch", "torch.nn"),
                left_behind=("thread watchdog",),
            ),
            Measurement(
                fixture="conftest.py::resource",
                param="a",
                status="error",
                reason="ConnectionError: [Errno 111] no database at localhost:5432\nconftest.py:33",
                carrier="tests/test_shop.py::test_empty",
            ),
            measurement("printer", 0.4, 0.3, memory=None, memory_reason="memray cannot be used here"),
        ),
        measured=("fork: nothing speaks against it", "not collected: tests/test_old.py: SyntaxError"),
        startup=samples.startup(),
        recorded=(
            Recorded(
                fixture="conftest.py::prices",
                setups=1,
                setup_s=Total(own=0.95, cumulative=0.95),
                teardown_s=Total(own=0.01, cumulative=0.01),
                first_test="tests/test_shop.py::test_empty",
            ),
            Recorded(
                fixture="conftest.py::cart",
                setups=24,
                setup_s=Total(own=1.2, cumulative=2.15),
                teardown_s=Total(own=0.1, cumulative=0.1),
            ),
        ),
    )
    ids = {
        "prices": "conftest.py::prices",
        "cart": "conftest.py::cart",
        "no_proxy": "conftest.py::no_proxy",
        "tmp_path": "pytest:_pytest.tmpdir::tmp_path",
    }
    tests = (
        test(
            "test_empty",
            line=4,
            closure={name: ids[name] for name in ("no_proxy", "prices", "cart")},
            requests=(Request(name="cart", via="argument", line=4),),
        ),
        test(
            "test_full",
            line=8,
            items=8,
            items_are="at_least",
            cls="TestCart",
            closure=ids,
            requests=(
                Request(name="cart", via="argument", line=8),
                Request(name="tmp_path", via="argument", line=8),
            ),
        ),
    )
    edges = (
        Edge(source="conftest.py::cart", target="conftest.py::prices", name="prices", tests=2),
        Edge(source="conftest.py::receipt", target="conftest.py::printer", name="printer"),
    )
    startup = msgspec.structs.replace(
        samples.startup(), artifacts={"importtime": "importtime.txt", "flame graph": "imports.html"}
    )
    return msgspec.structs.replace(
        from_graph(graph), tests=tests, edges=edges, trials=trials(), startup=startup, readings=READINGS
    )


def hostile() -> Document:
    """A measured suite in which everything that the project can name is named ``HOSTILE``."""
    names = [HOSTILE, *_ATTACKS]
    fixtures = tuple(
        fixture(
            name,
            path=name,
            doc=name,
            usage=2,
            setups=2,
            category=name,
            made_at=name,
            why=(name,),
            plugin=name,
        )
        for name in names
    )
    ids = [one.id for one in fixtures]
    graph = samples.graph(
        fixtures=(*fixtures, *samples.hostile().fixtures[1:]),
        tests=tuple(
            test(
                name,
                path=name,
                closure=dict(zip(names, ids)),
                requests=(Request(name=name, via="argument", line=1),),
            )
            for name in names
        ),
        diagnostics=samples.hostile().diagnostics,
        reasons={f"conftest.py::{HOSTILE}2": "\n".join(names)},
        rootdir=HOSTILE,
        inifile=HOSTILE,
        python=HOSTILE,
        plugins=tuple(names),
        notes=tuple(names),
    ).annotated(
        [
            *(
                measurement(
                    name,
                    0.2,
                    0.1,
                    param=name,
                    carrier=name,
                    modules_imported=(name,),
                    left_behind=(name,),
                    reason=name,
                    memory=Memory(
                        peak=Bytes(own=MIB, cumulative=MIB),
                        retained=Bytes(own=MIB, cumulative=MIB),
                        leaked=Bytes(own=0, cumulative=0),
                        allocations=1,
                        top=(AllocationSite(size=MIB, allocations=1, stack=(name, name)),),
                    ),
                )
                for name in names
            ),
            Measurement(fixture=f"conftest.py::{HOSTILE}2", status="error", reason="\n".join(names)),
        ],
        measured=tuple(names),
        startup=msgspec.structs.replace(
            samples.hostile_startup(), artifacts={name: name for name in (*names, "javascript:alert(1)", "/etc/passwd")}
        ),
    )
    edges = tuple(Edge(source=one, target=ids[0], name=name, tests=1) for one, name in zip(ids[1:], names[1:]))
    return msgspec.structs.replace(from_graph(graph), edges=edges, readings=READINGS)


def hostile_advice() -> tuple[Advice, ...]:
    """Advice in which everything that the project can name is hostile."""
    return tuple(
        Advice(
            id=f"delete:{name}",
            kind="delete",
            fixtures=(f"conftest.py::{name}",),
            title=name,
            safety="likely",
            evidence=(Evidence(text=name, path=name, line=1),),
            against=(Evidence(text=name, path=name, line=1),),
            changes=(Change(op="scope", fixture=f"conftest.py::{name}", to=name),),
        )
        for name in (HOSTILE, *_ATTACKS)
    )


_ATTACKS = (
    "</script><script>alert(1)</script><!--<script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload='alert(1)'>",
    "{{ 7*7 }}{% raw %}",
    '=HYPERLINK("http://evil.example","x")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(1)",
    "-2+3",
    "\t=1",
    "a|b | c",
    "a\\|b\\",
    "`code` ``more``",
    "[link](javascript:alert(1)) ![image](http://evil.example/x.png)",
    "**bold** _em_ ~~gone~~ # title $x$",
    "@everybody #1 http://evil.example www.evil.example ada@evil.example",
    "</details></table></div>",
    'a"]; click a "javascript:alert(1)"; b["x',
    "end; subgraph x; %%{init: {}}%% --> b",
    'x"]; evil [label="y\\',
    "\\N\\G\\l",
    "<b>&amp;#quot;",
    "]]><evil/>",
    "```\n# not a title",
)
"""Names that are syntax in one format or another."""
