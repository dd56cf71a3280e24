"""Fixtures that every test of the shop can see."""

import pytest
from bookshop import Cart, Inventory


@pytest.fixture(scope="session")
def prices():
    """Set up once, however many tests ask for it."""
    return {"Emma": 8, "Dune": 10, "Ulysses": 12}


@pytest.fixture(scope="module")
def inventory(prices):
    """One for each module; test_stock.py overrides it."""
    return Inventory(dict.fromkeys(prices, 3))


@pytest.fixture
def cart(inventory):
    """The end of a chain, cart → inventory → prices; tests/online overrides it."""
    cart = Cart(inventory)
    yield cart
    cart.empty()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """Nobody asks for it, every test gets it."""
    monkeypatch.delenv("HTTP_PROXY", raising=False)


@pytest.fixture(params=["EUR", "GBP", "SEK"])
def currency(request):
    """Set up three times for each test that uses it."""
    return request.param


@pytest.fixture
def member_customer():
    """Asked for by name, at run time: once as it is written here, once put together."""
    return {"name": "Ada", "discount": 0.1}


@pytest.fixture
def guest_customer():
    """Only ever asked for by a name that is put together at run time: no one can be certain from source."""
    return {"name": "", "discount": 0.0}


@pytest.fixture(scope="session")
def printer():
    """No test uses it. Can it go?"""
    return "PRN"


@pytest.fixture
def receipt(printer, cart):
    """No test uses it either, and only it uses ``printer``: a dead chain."""
    return f"{printer}: {cart.titles}"
