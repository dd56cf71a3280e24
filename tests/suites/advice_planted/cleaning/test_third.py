import textwrap

import pytest

WIDTH = 3


@pytest.fixture
def shortened():  # fine: startup-import
    return textwrap.shorten("a text that is long", 10)


def test_shortened(shortened, model, popular_table):
    assert shortened
    assert popular_table
    assert model


def test_nothing():
    assert True
