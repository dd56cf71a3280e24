import functools
import os
import unittest
from unittest import mock

import imported
import pytest
from helpers import fetch
from imported import Base, used_imported_as_alias as used_alias, used_imported_into_module  # noqa: F401

used_attribute = imported.used_by_attribute
pytestmark = [pytest.mark.usefixtures("used_by_module_mark")]
needs_alias = pytest.mark.usefixtures("used_by_mark_alias")
NAME = "used_by_constant"


def around(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def instead(function):
    def wrapper():
        return function(1)

    return wrapper


def test_imported(used_imported_into_module, used_alias, used_attribute, used_through_conftest_import, used_starred):
    pass


def test_made(used_renamed, used_assigned, used_lambda, used_through_default_of_scope):
    pass


def test_plugins(used_second_plugin, tmp_path):
    pass


@pytest.mark.usefixtures("used_only_by_usefixtures_string")
def test_mark():
    """dead_only_in_string"""
    # dead_only_in_comment
    assert "dead_only_in_string"


@needs_alias
def test_alias():
    pass


@pytest.mark.usefixtures("used_by_class_mark")
class TestMarked(Base):
    def test_own(self, used_class_inherited):
        pass


@pytest.mark.skip(reason="not today")
def test_skipped(used_by_skipped_test):
    pass


def test_keyword_only(*, used_by_keyword_only):
    pass


@mock.patch("os.getcwd")
@mock.patch("os.getpid")
def test_mocked(dead_hidden_by_mock, getcwd, used_behind_mock):
    pass


@around
def test_wrapped(used_by_wrapped_test):
    pass


@instead
def test_replaced(dead_wrapped_away):
    pass


test_lambda = lambda used_by_lambda: None  # noqa: E731


@pytest.mark.parametrize("used_indirectly", [3, 4], indirect=True)
def test_indirect(used_indirectly):
    pass


@pytest.mark.parametrize("dead_hidden_by_parameter", [3, 4])
def test_direct(dead_hidden_by_parameter, dead_hidden_by_default=1):
    pass


class OldStyle(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def used_in_unittest(self, used_by_unittest_autouse):
        yield

    @pytest.fixture
    def dead_in_unittest(self):
        return 1

    @pytest.mark.usefixtures("used_by_unittest_mark")
    def test_marked(self, dead_in_unittest_argument=None):
        pass


@pytest.fixture
def used_by_unittest_autouse():
    return 1


# ------------------------------------------------------------------------------------------------------ getfixturevalue


def test_literal(request):
    request.getfixturevalue("used_by_literal")
    request.getfixturevalue(NAME)
    request.getfixturevalue("used_asks")


def test_loop(request):
    for name in ["used_in_loop_one", "used_in_loop_two"]:
        request.getfixturevalue(name)


def test_pattern(request):
    for size in ("small", "large"):
        request.getfixturevalue(f"used_{size}_box")
    colour = os.environ.get("A_COLOUR_THAT_NOBODY_SETS")
    if colour:
        request.getfixturevalue(f"maybe_{colour}_paint")


def test_helper(request):
    fetch(request, "used_by_helper")


class TestMethod:
    def fetch(self, request):
        return request.getfixturevalue("used_by_method_helper")

    def test_method(self, request):
        self.fetch(request)


@pytest.mark.parametrize("name", ["used_by_parametrized_name"])
def test_name(name, request):
    request.getfixturevalue(name)
