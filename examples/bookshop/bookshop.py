"""A shop so small that its tests are the interesting part."""

from __future__ import annotations


class Inventory:
    """How many copies of each title are left."""

    def __init__(self, copies: dict[str, int]) -> None:
        self.copies = dict(copies)


class Cart:
    """What one customer has chosen."""

    def __init__(self, inventory: Inventory, discount: float = 0.0) -> None:
        self.inventory = inventory
        self.discount = discount
        self.titles: list[str] = []

    def add(self, title: str) -> None:
        """Take a copy off the shelf."""
        if not self.inventory.copies.get(title):
            raise LookupError(f"{title} is sold out")
        self.inventory.copies[title] -= 1
        self.titles.append(title)

    def total(self, prices: dict[str, int]) -> float:
        """Return the price of everything in the cart."""
        return sum(prices[title] for title in self.titles) * (1 - self.discount)

    def empty(self) -> None:
        """Put everything back."""
        while self.titles:
            self.inventory.copies[self.titles.pop()] += 1
