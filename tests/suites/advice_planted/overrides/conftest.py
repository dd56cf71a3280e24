import pytest


@pytest.fixture
def region():
    return "north"


@pytest.fixture
def overridden():
    return "near"


@pytest.fixture
def extended(extended):
    return [*extended, "near"]
