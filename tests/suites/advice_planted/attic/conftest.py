import pytest


@pytest.fixture
def of_another_run():  # fine: delete
    return 1
