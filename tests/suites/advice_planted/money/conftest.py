import csv

import pytest


@pytest.fixture(autouse=True)
def currencies():  # planted: drop-autouse
    return sorted(["EUR", "USD"])


@pytest.fixture(autouse=True)
def rates():  # fine: drop-autouse
    return sorted([1.0, 1.1])


@pytest.fixture
def ledger():
    return {"sum": 0}


@pytest.fixture(autouse=True)
def balanced(ledger):  # fine: narrow-autouse
    ledger["sum"] = 0


@pytest.fixture
def statement():  # planted: lazy-import
    return csv.list_dialects()
