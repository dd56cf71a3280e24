import pytest


@pytest.fixture
def used_imported_into_module():
    return 1


@pytest.fixture
def used_imported_as_alias():
    return 1


@pytest.fixture
def used_through_conftest_import():
    return 1


@pytest.fixture
def used_by_attribute():
    return 1


@pytest.fixture
def dead_imported_nowhere_used():
    return 1


class Base:
    @pytest.fixture
    def used_class_inherited(self):
        return 1

    @pytest.fixture
    def dead_class_inherited(self):
        return 1

    @pytest.fixture(autouse=True)
    def used_class_autouse(self):
        yield

    @pytest.fixture
    def same_in_class(self):
        return 1

    def test_inherited(self, used_by_inherited_test):
        pass
