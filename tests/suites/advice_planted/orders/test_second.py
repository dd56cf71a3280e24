from ast import literal_eval as parse

import pytest


@pytest.fixture
def order():
    found = {}
    found["tea"] = 3
    found["milk"] = 1
    return found


@pytest.fixture(scope="session")
def invoice():
    return tuple(sorted(range(100)))


@pytest.fixture
def parsed():  # fine: merge
    found = parse("3")
    found += 1
    return found


@pytest.fixture
def counted():  # fine: merge
    found = {}
    found["tea"] = 4
    return found


def test_order(order, invoice, parsed, counted):
    assert order["milk"] == 1
    assert invoice[-1] == 99
    assert parsed == 4
    assert counted["tea"] == 4
