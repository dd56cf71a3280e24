import os
import time
from unittest.mock import Mock

import pytest


@pytest.fixture
def rules():  # planted: widen-scope
    return sorted(range(100))


def test_rules_first(rules, catalog, engine):
    assert rules[0] == 0
    assert catalog[0] == "milk"
    assert engine.startswith("engine")


def test_rules_last(rules, catalog, engine):
    assert rules[-1] == 99
    assert "tea" in catalog
    assert "EUR" in engine


def test_rules_length(rules, constant_text, popular_table):
    assert popular_table
    numbers = list(rules)
    numbers.append(100)
    assert len(rules) == 100
    assert constant_text


class TestTill:
    @pytest.fixture
    def till(self):  # planted: widen-scope
        return dict(cents=3)

    def test_cents(self, till):
        assert till["cents"] == 3

    def test_keys(self, till):
        assert sorted(till) == ["cents"]


@pytest.fixture
def changed_by_test(tmp_path_factory):  # fine: widen-scope
    return [str(tmp_path_factory)]


def test_change(changed_by_test):
    changed_by_test.append(1)


def test_after_change(changed_by_test):
    assert len(changed_by_test) == 1


@pytest.fixture
def changed_by_alias(tmp_path_factory):  # fine: widen-scope
    return {"a": [str(tmp_path_factory)]}


def test_alias(changed_by_alias):
    inner = changed_by_alias["a"]
    for one in inner, inner:
        one.clear()


def test_after_alias(changed_by_alias):
    assert changed_by_alias["a"]


@pytest.fixture
def changed_by_fixture(tmp_path_factory):  # fine: widen-scope
    return {"a": str(tmp_path_factory)}


@pytest.fixture
def filled(changed_by_fixture):  # fine: widen-scope
    changed_by_fixture["b"] = 2
    return changed_by_fixture


def test_filled(filled):
    assert filled["b"] == 2


def test_unfilled(changed_by_fixture):
    assert "b" not in changed_by_fixture


@pytest.fixture
def changed_through_another(tmp_path_factory):  # fine: widen-scope
    return [str(tmp_path_factory)]


@pytest.fixture
def handed_on(changed_through_another):  # fine: widen-scope
    return changed_through_another


def test_handed_on(handed_on):
    handed_on.pop()


def test_not_handed_on(changed_through_another):
    assert changed_through_another


@pytest.fixture
def folder(tmp_path):  # fine: widen-scope
    return tmp_path / "folder"


def test_folder(folder):
    assert not folder.exists()


def test_folder_again(folder):
    folder.mkdir()


@pytest.fixture
def named_after_test(request):  # fine: widen-scope
    return request.node.name.upper()


def test_name(named_after_test):
    assert named_after_test == "TEST_NAME"


def test_other_name(named_after_test):
    assert named_after_test == "TEST_OTHER_NAME"


@pytest.fixture
def environment():  # fine: widen-scope
    os.environ["SHOP"] = "open"
    yield "open"
    del os.environ["SHOP"]


def test_open(environment):
    assert os.environ["SHOP"] == environment


def test_closed():
    assert "SHOP" not in os.environ


def test_open_again(environment):
    assert environment


@pytest.fixture
def sold_elsewhere(tmp_path_factory):  # fine: widen-scope
    return [str(tmp_path_factory)]


def test_sell(sold_elsewhere):
    import helpers

    helpers.sell(sold_elsewhere)


def test_not_sold(sold_elsewhere):
    assert len(sold_elsewhere) == 1


@pytest.fixture
def account(tmp_path_factory):  # fine: widen-scope
    return Account(str(tmp_path_factory))


class Account:
    def __init__(self, name):
        self.balance = 0

    def earn(self, amount):
        self.balance += amount


def test_earn(account):
    account.earn(3)
    assert account.balance == 3


def test_poor(account):
    assert account.balance == 0


@pytest.fixture
def mailer():  # fine: widen-scope
    return Mock()


def test_mail(mailer):
    assert not mailer.called


def test_mail_again(mailer):
    assert not mailer.called


@pytest.fixture
def cheap():  # fine: widen-scope
    return sorted("abc")


def test_cheap(cheap):
    assert cheap


def test_cheap_again(cheap):
    assert cheap


@pytest.fixture
def used_once():  # fine: widen-scope
    return sorted("abc")


def test_once(used_once):
    assert used_once


class TestInstance:
    @pytest.fixture
    def mine(self):  # fine: widen-scope
        self.extra = 3
        return sorted("abc")

    def test_mine(self, mine):
        assert self.extra == len(mine)

    def test_mine_again(self, mine):
        assert self.extra == len(mine)


@pytest.fixture
def clock():  # fine: cache
    return [time.time()]


def test_clock(clock):
    clock.append(1)


def test_clock_again(clock):
    clock.append(2)


@pytest.fixture
def price_list():  # planted: cache
    return sorted(range(1000))


def test_prices(price_list):
    price_list.append(1)


def test_more_prices(price_list):
    price_list.sort()


@pytest.fixture
def tax_table():  # planted: cache
    made = dict.fromkeys(range(1000), 0.19)
    return made


def test_tax(tax_table):
    tax_table[3] = 0.07


def test_no_tax(tax_table):
    del tax_table[3]
