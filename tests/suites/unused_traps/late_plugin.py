import pytest


@pytest.fixture
def used_late_plugin():
    return 1


@pytest.fixture
def dead_late_plugin():
    return 1
