def test_currencies(currencies, rates, ledger):
    assert currencies[0] == "EUR"
    assert rates
    assert ledger


def test_rates(rates, ledger, statement):
    assert rates[0] == 1.0
    assert ledger
    assert statement


def test_more_rates(rates, ledger, catalog):
    assert rates[-1] == 1.1
    assert ledger
    assert "tea" in catalog
