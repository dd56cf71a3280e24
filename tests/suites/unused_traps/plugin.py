import pytest

pytest_plugins = "pkg.second_plugin"


@pytest.fixture
def used_plugin():
    return 1


@pytest.fixture
def dead_plugin():
    return 1


@pytest.fixture
def same_in_plugin():
    """Dead: the conftest of ``other`` overrides it for its only user."""
    return 1
