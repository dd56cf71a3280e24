"""Whatever a fixture does is the status of that one fixture, with its reason; the others are measured all the same."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from fixturescope.model import Measurement
from tests.measure.helpers import SUITES, by_name, digest, measured, processes_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, and what is left behind is found in /proc")

FAULTS = SUITES / "faults"

ONCE = (
    "each sample is a first set-up, in a process of its own: "
    "only its first set-up in a process succeeds, a second one fails: "
)

STATUSES = {
    "well": ("ok", None),
    "raises": ("error", "ValueError: no such shop"),
    "needs_one_that_raises": ("error", "needs 'raises', whose set-up failed: ValueError: no such shop"),
    "skips": ("skipped", "only on Sundays"),
    "fails": ("error", "Failed: it was not to be"),
    "hangs": ("timeout", "took more than 2 s (--timeout) while setting up for test_faults.py::test_hangs"),
    "hangs_in_native_code": ("timeout", "took more than 2 s (--timeout) while setting up for"),
    "exits": ("error", "SystemExit: 3"),
    "leaves": ("crashed", "the process left with code 0 while setting up for test_faults.py::test_leaves"),
    "leaves_with_a_code": ("crashed", "the process left with code 7 while setting up"),
    "kills_itself": ("killed", "ended by SIGKILL (out of memory, or a person) while setting up"),
    "terminates_itself": ("killed", "ended by SIGTERM while setting up"),
    "segfaults": ("crashed", "ended by SIGSEGV while setting up"),
    "overflows_the_stack": ("crashed", "ended by SIGSEGV while setting up"),
    "out_of_memory": ("error", "more memory than --memory-limit allows: MemoryError"),
    "leaves_a_process": ("ok", None),
    "leaves_a_daemon": ("ok", None),
    "leaves_a_thread": ("ok", None),
    "leaves_a_thread_that_is_no_daemon": ("ok", None),
    "teardown_raises": ("teardown_error", "RuntimeError: cannot close"),
    "teardown_hangs": ("timeout", "took more than 2 s (--timeout) while tearing down for"),
    "forks_without_end": ("killed", "grew by more than|had started more than"),
    "reads_stdin": ("error", "OSError: pytest: reading from stdin while output is captured"),
    "floods": ("ok", None),
    "changes_folder": ("ok", None),
    "deletes_its_folder": ("ok", None),
    "deletes_the_temporary_folder": (
        "ok",
        f"{ONCE}FileNotFoundError",
    ),
    "ignores_signals": ("timeout", "took more than 2 s (--timeout) while setting up"),
    "changes_environment": ("ok", None),
    "mocks_time": ("ok", None),
    "mocks_os_and_gc": ("ok", None),
    "traces": ("ok", None),
    "needs_a_server": ("error", "needs something that is not here: ConnectionRefusedError: "),
    "only_once": ("ok", f"{ONCE}RuntimeError: there can be only one"),
    "closes_descriptors": ("error", "OSError: [Errno 9] Bad file descriptor"),
    "raises_an_odd_error": ("error", "conftest.raises_an_odd_error.<locals>.Odd: <exception str() failed>"),
    "needs_another_of_the_test": ("ok", "alone it fails; measured together with all that its test sets up before it"),
    "opens_the_shop": ("ok", None),
}
"""Fixture → status, and how the reason begins."""

MEASURED = [name for name, (status, _) in STATUSES.items() if status == "ok"]


@pytest.fixture(scope="module")
def before() -> dict[str, str]:
    return digest(FAULTS)


@pytest.fixture(scope="module")
def faults(before: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Measurement]:
    """All of them, measured in one run."""
    scratch = tmp_path_factory.mktemp("faults")
    return by_name(measured(FAULTS, scratch, timeout_s=2.0, memory_limit=1 << 28, least=2, most=2))


def test_the_table_names_all_of_them() -> None:
    source = (FAULTS / "conftest.py").read_text("utf-8")
    assert set(re.findall(r"^def (\w+)\(", source, re.MULTILINE)) == set(STATUSES)


@pytest.mark.parametrize("name", STATUSES)
def test_status_and_reason(faults: dict[str, Measurement], name: str) -> None:
    status, reason = STATUSES[name]
    found = faults[name]
    first = (found.reason or "").partition("\n")[0]
    assert found.status == status, found.reason
    if reason is None:
        assert found.reason is None
    else:
        assert any(first.startswith(begin) for begin in reason.split("|")), first


@pytest.mark.parametrize("name", MEASURED)
def test_those_that_can_be_set_up_have_their_figures(faults: dict[str, Measurement], name: str) -> None:
    found = faults[name]
    assert found.setup_s is not None
    assert len(found.setup_s.own.samples) >= 1
    assert found.setup_s.cold > 0  # also where time itself is mocked


@pytest.mark.parametrize("name", sorted(set(STATUSES) - set(MEASURED) - {"teardown_raises"}))
def test_no_figure_for_what_was_not_set_up(faults: dict[str, Measurement], name: str) -> None:
    found = faults[name]
    assert (found.setup_s, found.teardown_s, found.memory, found.gpu) == (None, None, None, None)
    assert found.memory_reason


def test_a_teardown_that_raises_has_the_figures_of_its_set_up(faults: dict[str, Measurement]) -> None:
    assert faults["teardown_raises"].setup_s is not None


def test_where_it_hangs_is_told(faults: dict[str, Measurement]) -> None:
    line = next(
        n for n, text in enumerate((FAULTS / "conftest.py").read_text().splitlines(), 1) if "def hangs()" in text
    )
    assert f'conftest.py", line {line + 1} in hangs' in (faults["hangs"].reason or "")


def test_where_it_crashes_is_told(faults: dict[str, Measurement]) -> None:
    reason = faults["segfaults"].reason or ""
    assert "Fatal Python error: Segmentation fault" in reason
    assert "in segfaults" in reason
    assert "_pytest" not in reason


def test_a_traceback_holds_the_frames_of_the_project_alone(faults: dict[str, Measurement]) -> None:
    reason = faults["raises"].reason or ""
    assert reason.endswith("ValueError: no such shop")
    assert re.findall(r'File "(.*)", line', reason) == [str(FAULTS / "conftest.py")]


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("leaves_a_process", "time.sleep(3600), 3 times"),
        ("leaves_a_daemon", "time.sleep(3601), 3 times"),
        ("leaves_a_thread", "thread sleeper, 3 times"),
        ("leaves_a_thread_that_is_no_daemon", "thread stayer, 3 times"),
    ],
)
def test_what_is_left_behind_is_named(faults: dict[str, Measurement], name: str, left: str) -> None:
    assert [one for one in faults[name].left_behind if one.endswith(left)]


def test_nothing_is_left_behind(faults: dict[str, Measurement]) -> None:
    assert faults
    assert processes_of("time.sleep(360") == []


def test_nothing_of_the_suite_is_changed(faults: dict[str, Measurement], before: dict[str, str]) -> None:
    assert faults
    assert digest(FAULTS) == before


@pytest.mark.parametrize(
    "name", ["well", "raises", "hangs", "leaves", "kills_itself", "segfaults", "out_of_memory", "leaves_a_daemon"]
)
def test_a_process_of_its_own_comes_to_the_same(name: str, tmp_path: Path) -> None:
    options = {"timeout_s": 3.0, "memory_limit": 1 << 28, "least": 2, "most": 2, "memory": False}
    found = by_name(measured(FAULTS, tmp_path, name=name, isolation="fresh", **options))[name]
    status, reason = STATUSES[name]
    assert (found.status, found.isolation) == (status, "fresh")
    assert (found.reason or "").startswith((reason or "").partition(" (")[0].replace("more than 2 s", "more than 3 s"))
    assert processes_of("time.sleep(360") == []
