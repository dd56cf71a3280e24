"""Everything below this folder gets another cart."""

import pytest
from bookshop import Cart


@pytest.fixture
def cart(inventory, customer):
    return Cart(inventory, discount=customer["discount"])


@pytest.fixture
def customer(request, who):
    """Which fixture this asks for is known only when ``who`` is; but it ends in ``_customer``."""
    return request.getfixturevalue(f"{who}_customer")


@pytest.fixture
def who():
    return "guest"
