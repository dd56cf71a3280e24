import pytest


@pytest.fixture
def same_in_two_modules():
    """Dead: the other module's is used, this one is not."""
    return 1


@pytest.fixture
def via_another(used_via):
    """Used, and asks for the conftest's through another fixture."""
    return used_via


def test_via(via_another):
    pass


@pytest.fixture
def used_overridden_and_asked(used_overridden_and_asked):
    return used_overridden_and_asked


def test_override(used_overridden_and_asked):
    pass


@pytest.fixture
def used_dynamic_override(request):
    return request.getfixturevalue("used_via")


def test_dynamic_override(used_dynamic_override):
    pass
