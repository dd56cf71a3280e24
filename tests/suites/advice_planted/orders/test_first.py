from json import loads as parse

import pytest


@pytest.fixture
def order():  # planted: merge
    found = {}
    found["tea"] = 3
    found["milk"] = 1
    return found


@pytest.fixture(scope="session")
def invoice():  # planted: merge
    return tuple(sorted(range(100)))


@pytest.fixture
def parsed():  # fine: merge
    found = parse("3")
    found += 1
    return found


@pytest.fixture
def counted():  # fine: merge
    found = {}
    found["tea"] = 3
    return found


def test_order(order, invoice, parsed, counted):
    assert order["tea"] == 3
    assert invoice[0] == 0
    assert parsed == 4
    assert counted["tea"] == 3
