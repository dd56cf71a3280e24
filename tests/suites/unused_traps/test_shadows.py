import pytest


@pytest.fixture
def shadowed():
    """Dead: replaced below."""
    return 1


@pytest.fixture
def shadowed():  # noqa: F811
    return 2


@pytest.fixture
def autouse_taken_over():
    """The name is autouse here too, and this is its nearest definition."""
    return 1


@pytest.fixture
def same_in_two_modules():
    return 1


def test_shadowed(shadowed, same_in_two_modules):
    pass


class TestOne:
    @pytest.fixture
    def same_in_class(self):
        return 1

    def test_one(self, same_in_class):
        pass


class TestTwo:
    @pytest.fixture
    def same_in_class(self):
        """Dead: the same name as in the class above, and nobody here asks."""
        return 1

    def test_two(self):
        pass


class TestNothingCollected:
    @pytest.fixture
    def dead_in_class_without_tests(self):
        return 1

    @pytest.fixture(autouse=True)
    def dead_autouse_in_class_without_tests(self):
        yield
