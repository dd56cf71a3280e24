"""A run that is killed, at whatever moment and whichever of its processes, loses at most what was in flight.

``python -m pytest tests/measure/test_resume.py --kills 50`` kills more often than an ordinary run does.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import fixturescope
from fixturescope.document import Document
from tests.measure.helpers import digest, processes_of, write

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="its processes are found in /proc")

SHOP = {
    "conftest.py": """
        import time
        import pytest

        for number in range(12):
            def make(number=number):
                @pytest.fixture(name=f"item_{number}")
                def item():
                    time.sleep(0.01)
                    yield
                    time.sleep(0.002)
                return item
            globals()[f"item_{number}"] = make()

        @pytest.fixture(params=["a", "b"])
        def kind(request):
            return request.param
        """,
    "test_shop.py": """
        import pytest

        @pytest.mark.parametrize("number", range(12))
        def test_item(number, request, kind):
            request.getfixturevalue(f"item_{number}")
        """,
}

TARGETS = 14
"""Twelve items, and two kinds."""

ORDERS = 3
"""For each at least: clocks, clocks again, memory."""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return write(tmp_path / "shop", SHOP)


def command(shop: Path, *options: str) -> list[str]:
    words = ["measure", str(shop), "--python", sys.executable, "--only", "own", "--repeat", "2:2", "--visits", "2"]
    return [sys.executable, "-m", "fixturescope", *words, "-o", os.devnull, *options]


def start(shop: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(shop, *options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def journal_of(shop: Path) -> Path:
    return shop / ".fixturescope" / "runs" / "latest" / "journal.jsonl"


def keys(shop: Path) -> list[tuple[str, object, str, int]]:
    """What the journal holds, by fixture, parameter, kind and visit."""
    found = []
    for line in journal_of(shop).read_text("utf-8").splitlines()[1:]:
        order = json.loads(line)[0]
        if "fixturescope_empty" not in order["key"]:
            found.append((order["key"], order["carrier"]["number"], order["kind"], order["visit"]))
    return found


def wait_for_results(shop: Path, number: int, process: subprocess.Popen[str]) -> None:
    """Wait until the journal holds so many results, or the run is over."""
    while process.poll() is None:
        if journal_of(shop).exists() and len(journal_of(shop).read_bytes().splitlines()) > number:
            return
        time.sleep(0.01)


def document_of(shop: Path) -> Document:
    return fixturescope.load(shop / ".fixturescope" / "runs" / "latest" / "document.json")


def resumed(shop: Path) -> None:
    """Resume until the run is over, and see that all is there once and nothing else."""
    done = subprocess.run(command(shop, "--resume"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    document = document_of(shop)
    assert Counter(one.status for one in document.measurements) == {"ok": TARGETS}
    assert all(one.memory is not None for one in document.measurements)
    assert len(keys(shop)) == len(set(keys(shop))) >= TARGETS * ORDERS


def descendants(root: int) -> list[int]:
    """Living processes below one, the nearest first."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            parents[int(path.parent.name)] = int(fields[1])
    found, level = [], [root]
    while level:
        level = [pid for pid, parent in parents.items() if parent in level]
        found += level
    return found


def nothing_left(shop: Path) -> bool:
    """Whether all processes of a run end, at once or soon: the guard needs a moment."""
    for _ in range(100):
        if not processes_of(str(shop)):
            return True
        time.sleep(0.05)
    return False


def moments(config: pytest.Config) -> Iterator[tuple[str, float]]:
    number = config.getoption("--kills")
    dice = random.Random(None if number else 7)
    for at in range(number or 6):
        yield ("host", "collector", "child")[at % 3], dice.uniform(0, 1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "moment" in metafunc.fixturenames:
        metafunc.parametrize(("who", "moment"), list(moments(metafunc.config)))


def test_killed_at_any_moment(shop: Path, who: str, moment: float) -> None:
    before = digest(shop)
    process = start(shop, "--no-progress")
    wait_for_results(shop, int(moment * TARGETS * ORDERS * 0.9), process)
    time.sleep(moment * 0.05)
    below = descendants(process.pid)
    # below the host are the collector, a child of it, and the guard, whose command line alone names no rootdir
    project = [pid for pid in below if str(shop) in Path(f"/proc/{pid}/cmdline").read_text()] if below else []
    victim = {"host": [process.pid], "collector": project[:1], "child": project[1:2]}[who]
    for pid in victim:
        os.kill(pid, signal.SIGKILL)
    _, err = process.communicate()
    if who == "host":
        assert process.returncode == -signal.SIGKILL
        assert nothing_left(shop)
        resumed(shop)
    else:  # the host starts it again, and goes on
        assert process.returncode == 0, err
        assert Counter(one.status for one in document_of(shop).measurements) == {"ok": TARGETS}
        assert len(keys(shop)) == len(set(keys(shop))) >= TARGETS * ORDERS
    assert nothing_left(shop)
    assert digest(shop) == before


def test_interrupted_once_it_ends_with_a_whole_document(shop: Path) -> None:
    process = start(shop)
    wait_for_results(shop, 6, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 4, err
    document = document_of(shop)
    statuses = Counter(one.status for one in document.measurements)
    assert statuses["ok"] + statuses["unmeasurable"] == TARGETS
    assert {one.reason for one in document.measurements if one.status != "ok"} == {
        "the run was stopped before its turn"
    }
    assert nothing_left(shop)
    resumed(shop)


def wait_for_startup(process: subprocess.Popen[str]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("startup: plugins"):
            return


def test_interrupted_once_while_starts_are_timed_it_ends_with_a_whole_document(shop: Path) -> None:
    process = start(shop, "--no-memory")
    wait_for_startup(process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 0, err
    document = document_of(shop)
    assert Counter(one.status for one in document.measurements) == {"ok": TARGETS}
    assert document.startup is not None
    assert document.startup.reason == "the run was stopped before its end"
    assert nothing_left(shop)


def test_killed_while_starts_are_timed_it_leaves_nothing(shop: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "t"
    scratch.mkdir()
    process = subprocess.Popen(
        command(shop, "--no-memory"), stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(scratch)}
    )
    wait_for_startup(process)
    process.kill()
    process.communicate()
    assert nothing_left(shop)
    for _ in range(100):
        if not list(scratch.iterdir()):
            break
        time.sleep(0.05)
    assert not list(scratch.iterdir())


def test_interrupted_twice_it_stops_at_once_and_the_journal_is_whole(tmp_path: Path) -> None:
    slow = {**SHOP, "conftest.py": SHOP["conftest.py"].replace("time.sleep(0.01)", "time.sleep(0.5)")}
    shop = write(tmp_path / "shop", slow)
    process = start(shop)
    wait_for_results(shop, 2, process)
    time.sleep(0.3)  # the next measurement, of two seconds, has begun
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    assert nothing_left(shop)
    found = keys(shop)
    assert 0 < len(found) < TARGETS
    assert len(found) == len(set(found))


def test_what_was_measured_of_another_source_is_measured_again(shop: Path) -> None:
    process = start(shop)
    wait_for_results(shop, 6, process)
    process.send_signal(signal.SIGINT)
    process.communicate()
    conftest = shop / "conftest.py"
    conftest.write_text(conftest.read_text("utf-8").replace("time.sleep(0.01)", "time.sleep(0.04)"), "utf-8")
    subprocess.run(command(shop, "--resume"), capture_output=True, check=True)
    slow = [one for one in document_of(shop).measurements if "item_" in one.fixture]
    assert len(slow) == 12
    assert all(one.setup_s is not None and one.setup_s.own.median >= 0.04 for one in slow)


def test_nothing_to_resume(shop: Path) -> None:
    done = subprocess.run(command(shop, "--resume"), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no unfinished run to resume" in done.stderr
    subprocess.run(command(shop), capture_output=True, check=True)
    done = subprocess.run(command(shop, "--resume"), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no unfinished run to resume" in done.stderr
