"""``setUp`` of ``unittest`` and the ``setup_*`` functions of xunit style, measured like fixtures.

pytest makes a fixture of its own of each ``setup_module``, ``setup_class``, ``setUpClass`` and so on. ``setUp`` alone runs
where the test itself does, so we call it in its place.
"""

from __future__ import annotations

import inspect
import unittest
from collections.abc import Iterable
from typing import Any

import pytest

from fixturescope.measure.probe import pytest_compat

TEST_CASE_METHOD = "setUp"


class SetUpMethod:
    """``setUp`` and ``tearDown`` of one class, with as much of a fixture definition as the inventory looks at.

    Args:
        node: The collected class.
    """

    argname = TEST_CASE_METHOD
    argnames: tuple[str, ...] = ()
    params = None
    scope = "function"

    def __init__(self, node: pytest.Class) -> None:
        self.baseid = node.nodeid
        self.func = node.obj.setUp


def set_up_methods(items: Iterable[pytest.Item]) -> dict[str, SetUpMethod]:
    """Return node id → method for each collected class that has one of its own."""
    found: dict[str, SetUpMethod] = {}
    for item in items:
        node = item.parent
        if not isinstance(node, pytest.Class) or node.nodeid in found:
            continue
        cls = node.obj
        if not (inspect.isclass(cls) and issubclass(cls, unittest.TestCase)):
            continue
        isolated = issubclass(cls, unittest.IsolatedAsyncioTestCase)  # its methods run in a loop of its own
        if cls.setUp is not unittest.TestCase.setUp and not isolated:
            found[node.nodeid] = SetUpMethod(node)
    return found


def case_of(item: pytest.Item) -> Any:
    """Return the instance whose methods a test runs, between pytest's set-up and teardown of it."""
    return getattr(item, "_testcase", None) or getattr(item, "instance", None)


def prepare(case: Any) -> None:
    """Do what Django's test cases do before ``setUp``: they make a client and begin a transaction."""
    kind = type(case)
    if getattr(kind, "_pre_setup_ran_eagerly", False):  # with setUpClass
        kind._pre_setup_ran_eagerly = False  # noqa: SLF001 - Django has no public name for it
    elif hasattr(case, "_pre_setup"):
        case._pre_setup()  # noqa: SLF001 - see above


def tear_down(case: Any) -> None:
    """Do what ``unittest`` does after a test, and Django's test cases after that."""
    try:
        case.tearDown()
        case.doCleanups()
    finally:
        if hasattr(case, "_post_teardown"):
            case._post_teardown()  # noqa: SLF001 - see above


def place_of(fixturedef: Any, nodes: dict[str, Any]) -> pytest_compat.Place:
    """Return where the function is written that pytest's own fixture calls.

    Args:
        fixturedef: Such a fixture.
        nodes: Node id → collector.
    """
    name = pytest_compat.xunit_name(fixturedef)
    owner = getattr(nodes.get(str(fixturedef.baseid)), "obj", None)
    function = getattr(owner, name or "", None)
    return pytest_compat.locate(fixturedef.func if function is None else function)
