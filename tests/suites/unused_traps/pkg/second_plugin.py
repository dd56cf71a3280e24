import pytest


@pytest.fixture
def used_second_plugin(used_plugin):
    return used_plugin


@pytest.fixture
def tmp_path(tmp_path):
    return tmp_path / "used: it overrides a fixture of pytest"
