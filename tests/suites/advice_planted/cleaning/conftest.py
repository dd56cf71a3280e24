import html.parser  # planted: startup-import

import pytest

PARSER = html.parser.HTMLParser


@pytest.fixture
def database():
    return {"rows": 3}


@pytest.fixture(autouse=True)
def clean(database):  # planted: narrow-autouse
    database.clear()


@pytest.fixture
def basket():
    return ["tea"]


@pytest.fixture(autouse=True)
def emptied(basket):  # planted: narrow-autouse
    yield
    basket.clear()
