"""Ordinary tests: arguments, a parametrized fixture, parametrized tests, a class with a fixture of its own."""

import pytest


def test_a_new_cart_is_empty(cart):
    assert cart.titles == []


@pytest.mark.parametrize("title", ["Emma", "Dune", "Ulysses"])
def test_adding_takes_a_copy(cart, title):
    cart.add(title)
    assert cart.inventory.copies[title] == 2


def test_the_currency_has_three_letters(currency):
    assert len(currency) == 3


class TestTotal:
    @pytest.fixture
    def full_cart(self, cart):
        for title in ("Emma", "Dune"):
            cart.add(title)
        return cart

    def test_is_the_sum(self, full_cart, prices):
        assert full_cart.total(prices) == 18

    @pytest.mark.usefixtures("full_cart")
    def test_filling_a_cart_leaves_copies(self, inventory):
        assert inventory.copies["Emma"] == 2
