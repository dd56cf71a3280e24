import pytest

__all__ = ["dead_starred", "used_starred"]


@pytest.fixture
def used_starred():
    return 1


@pytest.fixture
def dead_starred():
    return 1
