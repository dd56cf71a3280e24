import pytest


@pytest.fixture(autouse=True)
def dead_autouse_always_overridden():
    yield


@pytest.fixture
def same_in_plugin():
    return 2
