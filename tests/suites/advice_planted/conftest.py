"""Known problems are marked `planted: KIND`, what only looks like one `fine: KIND`."""

import decimal  # planted: startup-import
import fractions
import json
import os
import statistics  # planted: startup-import
import time

import pytest

CENT = decimal.Decimal("0.01")


# set up again and again


@pytest.fixture
def catalog():  # planted: widen-scope
    return tuple(sorted(["tea", "milk", "salt"]))


@pytest.fixture
def settings():
    return {"currency": "EUR"}


@pytest.fixture
def engine(settings):  # planted: widen-scope
    return "engine of " + settings["currency"]


@pytest.fixture(scope="session")
def region():
    return "all"


@pytest.fixture
def region_label(region):  # fine: widen-scope
    return "region: " + region


# held for longer than anybody needs


@pytest.fixture(scope="session")
def server():  # planted: narrow-scope
    yield "server"
    time.sleep(0)


@pytest.fixture(scope="session")
def worker():  # planted: narrow-scope
    yield "worker"
    time.sleep(0)


@pytest.fixture(scope="session")
def shared_server():  # fine: narrow-scope
    yield "server of two files"
    time.sleep(0)


@pytest.fixture(scope="session")
def constant_text():  # fine: narrow-scope
    return "text"


@pytest.fixture(scope="session")
def base_server():  # fine: narrow-scope
    yield "server"
    time.sleep(0)


@pytest.fixture(scope="session")
def client(base_server):
    return base_server + " and client"


@pytest.fixture(scope="session")
def table():  # planted: retained
    return bytes(3)


@pytest.fixture(scope="session")
def model():  # planted: retained
    return bytes(4)


@pytest.fixture(scope="session")
def popular_table():  # fine: retained
    return bytes(5)


@pytest.fixture(scope="session")
def small_table():  # fine: retained
    return bytes(6)


@pytest.fixture(scope="session")
def dear_table():  # fine: retained
    return bytes(7)


# imports


@pytest.fixture
def ratio():  # planted: lazy-import
    return str(fractions.Fraction(1, 3))


@pytest.fixture
def rounded():  # fine: lazy-import
    return str(decimal.Decimal("1.005").quantize(CENT))


@pytest.fixture
def spread():  # fine: lazy-import
    return statistics.pstdev([1, 2, 3])


@pytest.fixture
def middle():
    return statistics.median([1, 2, 3])


# nobody uses them


@pytest.fixture
def leaf():
    return 1


@pytest.fixture
def branch(leaf):
    return leaf


@pytest.fixture
def tree(branch):  # planted: delete
    return branch


@pytest.fixture
def common_part():
    return 1


@pytest.fixture
def first_head(common_part):  # planted: delete
    return common_part


@pytest.fixture
def second_head(common_part):
    return common_part


@pytest.fixture
def price_of_tea():  # fine: delete
    return 3


@pytest.fixture
def offered():  # fine: delete  # fixturescope: ignore[FS101]
    return 1


@pytest.fixture
def overridden():  # planted: delete
    return "root"


@pytest.fixture
def extended():  # fine: delete
    return ["root"]


# every test gets them


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):  # fine: drop-autouse
    monkeypatch.delenv("HTTP_PROXY", raising=False)


@pytest.fixture(autouse=True)
def not_on_fridays():  # fine: drop-autouse
    if os.environ.get("FRIDAY"):
        pytest.skip("it is Friday")


@pytest.fixture(autouse=True)
def language():  # planted: drop-autouse
    return json.dumps("en")
