import pytest


@pytest.fixture
def dead_autouse_always_overridden():
    """Used, in the stead of the conftest's."""


def test_other(same_in_plugin):
    pass


def test_cannot_see(request):
    """It asks for what only ``sub`` has, and so fails."""
    try:
        request.getfixturevalue("dead_invisible")
    except LookupError:
        pass
