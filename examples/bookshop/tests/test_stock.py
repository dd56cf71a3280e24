"""A module that overrides a fixture of the conftest above it, and asks for the one it overrides."""

import pytest


@pytest.fixture(scope="module")
def inventory(inventory):
    inventory.copies["Dune"] = 0
    return inventory


def test_sold_out(cart):
    with pytest.raises(LookupError, match="Dune is sold out"):
        cart.add("Dune")
