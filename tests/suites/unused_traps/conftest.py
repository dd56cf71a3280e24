"""Fixtures that look unused and are not, and the other way round. Where two have one name, a docstring says which is dead;
else the name does: ``used_…``, ``dead_…``, ``maybe_…``.
"""

import os

import pytest
from imported import dead_imported_nowhere_used, used_through_conftest_import  # noqa: F401
from starred import *  # noqa: F403

pytest_plugins = ["plugin"]

SIZES = ("small", "large")


# ------------------------------------------------------------------------------------------- asked for from far away


@pytest.fixture
def used_by_ini():
    yield


@pytest.fixture
def used_only_by_usefixtures_string():
    yield


@pytest.fixture
def used_by_class_mark():
    yield


@pytest.fixture
def used_by_module_mark():
    yield


@pytest.fixture
def used_by_mark_alias():
    yield


@pytest.fixture
def used_by_unittest_mark():
    yield


@pytest.fixture
def used_by_autouse_leaf():
    return 1


@pytest.fixture
def used_by_autouse_middle(used_by_autouse_leaf):
    return used_by_autouse_leaf


@pytest.fixture(autouse=True)
def used_autouse_top(used_by_autouse_middle):
    yield


@pytest.fixture
def used_by_inherited_test():
    return 1


@pytest.fixture
def used_by_skipped_test():
    return 1


@pytest.fixture
def used_through_default_of_scope(used_session_thing):
    return used_session_thing


@pytest.fixture(scope="session")
def used_session_thing():
    return 1


@pytest.fixture
def used_by_keyword_only():
    return 1


@pytest.fixture
def used_behind_mock():
    return 1


@pytest.fixture
def used_by_wrapped_test():
    return 1


@pytest.fixture
def used_by_lambda():
    return 1


@pytest.fixture(params=[1, 2])
def used_indirectly(request):
    return request.param


# ------------------------------------------------------------------------------------------------------ getfixturevalue


@pytest.fixture
def used_by_literal():
    return 1


@pytest.fixture
def used_by_constant():
    return 1


@pytest.fixture
def used_in_loop_one():
    return 1


@pytest.fixture
def used_in_loop_two():
    return 1


@pytest.fixture
def used_small_box():
    return 1


@pytest.fixture
def used_large_box():
    return 1


@pytest.fixture
def used_by_helper():
    return 1


@pytest.fixture
def used_by_method_helper():
    return 1


@pytest.fixture
def used_by_parametrized_name():
    return 1


@pytest.fixture
def used_by_asking_fixture():
    return 1


@pytest.fixture
def used_asks(request):
    return request.getfixturevalue("used_by_asking_fixture")


@pytest.fixture
def maybe_red_paint():
    return 1


@pytest.fixture
def maybe_blue_paint():
    return 1


# ---------------------------------------------------------------------------------------------------- ways to make them


@pytest.fixture(name="used_renamed")
def make_renamed():
    return 1


@pytest.fixture(name="dead_renamed")
def used_renamed():
    return 1


def _make():
    return 1


used_assigned = pytest.fixture(_make)
dead_assigned = pytest.fixture(scope="module")(lambda: 1)
used_lambda = pytest.fixture(lambda: 1)


if os.name == "no such system":

    @pytest.fixture
    def dead_on_this_system():
        return 1


# ----------------------------------------------------------------------------------------------------------------- dead


@pytest.fixture
def dead_leaf():
    return 1


@pytest.fixture
def dead_middle(dead_leaf):
    return dead_leaf


@pytest.fixture
def dead_top(dead_middle, used_session_thing):
    return dead_middle


@pytest.fixture
def dead_only_in_comment():
    return 1


@pytest.fixture
def dead_only_in_string():
    return 1


@pytest.fixture
def dead_only_called():
    return 1


@pytest.fixture
def dead_hidden_by_parameter_leaf():
    return 1


@pytest.fixture
def dead_hidden_by_parameter(dead_hidden_by_parameter_leaf):
    return 1


@pytest.fixture
def dead_hidden_by_default():
    return 1


@pytest.fixture
def dead_hidden_by_mock():
    return 1


@pytest.fixture
def dead_in_unittest_argument():
    return 1


@pytest.fixture
def dead_asked_by_plain_function():
    return 1


@pytest.fixture
def dead_wrapped_away():
    return 1


# ---------------------------------------------------------------------------------------------------------- overridden


@pytest.fixture
def used_overridden_and_asked():
    return 1


@pytest.fixture
def shadowed_in_sub():
    """Dead: its only users get another one."""
    return 1


@pytest.fixture
def via_another():
    return 1


@pytest.fixture
def used_via(via_another):
    return via_another


@pytest.fixture(autouse=True)
def autouse_taken_over():
    """Used where no module has another one."""
    yield


def only_calls():
    return dead_only_called()
