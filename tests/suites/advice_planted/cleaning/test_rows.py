def test_rows(database):
    assert not database


def test_basket(basket, table, dear_table):
    assert basket
    assert table
    assert dear_table
