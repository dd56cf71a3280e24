"""The same names, other fixtures: ``cart`` is the one of this folder, ``who`` is hidden by a parameter."""

import pytest


@pytest.mark.parametrize(("who", "total"), [("guest", 10), ("member", 9)])
def test_members_get_a_discount(cart, prices, who, total):
    cart.add("Dune")
    assert cart.total(prices) == total


def test_a_guest_pays_in_full(cart, prices):
    cart.add("Emma")
    assert cart.total(prices) == 8


def test_asking_by_name(request):
    assert request.getfixturevalue("member_customer")["name"] == "Ada"
