import pytest


@pytest.fixture
def shadowed_in_sub():
    return 2


@pytest.fixture
def dead_invisible():
    return 1
