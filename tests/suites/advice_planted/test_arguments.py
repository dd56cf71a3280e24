import pytest
from helpers import wrapped


@pytest.fixture
def prices():  # planted: usefixtures
    return {"tea": 3}


@pytest.fixture(params=[1, 2])
def size(request):  # planted: usefixtures
    return request.param


@pytest.fixture
def effect():  # fine: usefixtures
    yield


@pytest.fixture
def meant():  # fine: usefixtures
    return 1


@pytest.fixture
def wrapped_away():  # fine: usefixtures
    return 1


@pytest.fixture
def all_of_them():  # fine: usefixtures
    return 1


def test_prices(prices, size):
    assert True


def test_effect(effect, ratio, rounded, spread, middle, shared_server):
    assert ratio
    assert rounded
    assert spread
    assert middle
    assert shared_server


@pytest.fixture
def _meant():
    return 1


def test_underscore(_meant, popular_table):
    assert popular_table


@pytest.mark.usefixtures("meant")
def test_marked():
    assert True


@wrapped
def test_wrapped(wrapped_away):
    assert True


def test_locals(all_of_them):
    assert locals()


@pytest.mark.parametrize("name", ["tea"])
def test_dynamic(request, name):
    assert request.getfixturevalue(f"price_of_{name}")


def test_language(language):
    assert language == '"en"'


def test_tables(table, model, dear_table):
    assert table
    assert model
    assert dear_table
