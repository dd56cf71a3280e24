from types import SimpleNamespace

import pytest


@pytest.fixture
def shop(tmp_path):  # planted: split
    return {"cart": list("abc"), "till": list("123")}


def test_shop_cart(shop):
    assert shop["cart"][0] == "a"


def test_shop_till(shop):
    till = shop["till"]
    assert till[0] == "1"


@pytest.fixture
def office(tmp_path):  # planted: split
    return SimpleNamespace(desk=list("abc"), lamp=list("123"))


def test_desk(office):
    assert office.desk[0] == "a"


def test_lamp(office):
    assert office.lamp[0] == "1"


def test_desk_again(office):
    assert office.desk


@pytest.fixture
def pair(tmp_path):  # fine: split
    return list("abc"), list("123")


def test_pair(pair):
    left, right = pair
    assert left != right


def test_pair_again(pair):
    assert pair[0] != pair[1]


@pytest.fixture
def one_sided(tmp_path):  # fine: split
    return {"used": list("abc"), "unused": list("123")}


def test_one_side(one_sided):
    assert one_sided["used"]


def test_one_side_again(one_sided):
    assert one_sided["used"][0]


@pytest.fixture(scope="session", params=["a", "b"])
def backend(request):  # planted: grouping
    return request.param


@pytest.fixture(scope="module", params=["a", "b"])
def dialect(request):  # planted: grouping
    return request.param


@pytest.fixture(scope="session", params=["a", "b"])
def in_order(request):  # fine: grouping
    return request.param


def test_backend(backend, server):
    assert backend
    assert server


def test_backend_again(backend):
    assert backend


def test_region(region_label):
    assert region_label == "region: all"


def test_region_again(region_label):
    assert region_label == "region: all"


def test_dialect(dialect):
    assert dialect


def test_dialect_again(dialect):
    assert dialect


def test_order(in_order):
    assert in_order


KEPT = []


@pytest.fixture
def cache():  # planted: leak
    KEPT.append(list(range(1000)))
    yield KEPT[-1]


@pytest.fixture
def thread():  # planted: leak
    yield "thread"


@pytest.fixture
def first_time_only():  # fine: leak
    yield "value"


@pytest.fixture
def little():  # fine: leak
    yield "value"


def test_leaks(cache, thread, first_time_only, little):
    assert cache
    assert thread
    assert first_time_only
    assert little


class TestWorker:
    def test_worker(self, worker):
        assert worker


def test_shared_server(shared_server, client, small_table, popular_table):
    assert shared_server
    assert client
    assert small_table
    assert popular_table
